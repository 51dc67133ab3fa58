//! The batch path's first steps: the log by subject, then each subject's facts into its state.
//!
//! It shares the pure functions with the live path and nothing else: no store, no inbox, no order of arrival.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use foldhash::HashMap;
use onefold_event::{DecodedEvent, KeyRing, Subject, SubjectKind, decode_digested, decode_with};
use onefold_fold::{AdmitOutcome, FactState, MOST_FACTS, SubjectState};
use onefold_log::{EVENTS_TOPIC, Log, LogRecord, StoredRecord};
use onefold_store::{KeyPrint, QuarantineEntry};
use onefold_view::{FactRef, GuestParty, parties_named};
use prost::Message;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::replay::ReplayRun;
use crate::row::{ExpectedRow, RowKey};
use crate::settle::{GREETS, SAYS, SEEN};
use crate::spill::{SpillFrame, SpillWriter};
use crate::verify::AuditError;

/// Records read at a time.
const CHUNK: usize = 4000;
/// Number of the field of a record that holds its subject.
const SUBJECT: u32 = 5;

impl ReplayRun {
    /// Reads every partition up to its position and lays the records out by subject.
    pub(crate) async fn scatter_records(
        self: &Arc<Self>,
        log: &Arc<dyn Log>,
        positions: &[u64],
    ) -> Result<(), AuditError> {
        let next = Arc::new(AtomicU32::new(0));
        let until: Arc<[u64]> = positions.into();
        let readers = std::thread::available_parallelism().map_or(2, usize::from);
        let mut reading = Vec::new();
        for _ in 0..readers {
            let (work, log, next, until) = (Arc::clone(self), Arc::clone(log), Arc::clone(&next), Arc::clone(&until));
            reading.push(tokio::spawn(async move {
                loop {
                    let partition = next.fetch_add(1, Ordering::Relaxed);
                    let Some(until) = until.get(partition as usize).copied() else { return Ok::<(), AuditError>(()) };
                    work.scatter_partition(log.as_ref(), partition, until).await?;
                }
            }));
        }
        for reader in reading {
            reader.await??;
        }
        Ok(())
    }

    async fn scatter_partition(&self, log: &dyn Log, partition: u32, until: u64) -> Result<(), AuditError> {
        let mut to = self.events.writer();
        let mut from = 0;
        while from < until {
            let records = log.read(EVENTS_TOPIC, partition, from, CHUNK).await?;
            let Some(last) = records.last() else {
                return Err(AuditError::Short { partition, from, until });
            };
            from = last.offset + 1;
            for stored in records.iter().filter(|record| record.offset < until) {
                self.scatter_record(stored, &mut to)?;
            }
            self.progress.add_records(records.len() as u64);
        }
        to.finish()?;
        Ok(())
    }

    fn scatter_record(&self, stored: &StoredRecord, to: &mut SpillWriter<'_>) -> Result<(), AuditError> {
        // What has no subject is no event; whoever reads it live says so too.
        let Some(subject) = subject_of(&stored.record.value) else {
            self.refuse_record(stored);
            return Ok(());
        };
        let place = [stored.offset.to_le_bytes(), stored.record.time.to_le_bytes()];
        let partition = stored.partition.to_le_bytes();
        let rest = [&partition[..], &place[0], &place[1], &stored.record.value];
        Ok(to.put_frame(self.shard_of(subject), 0, subject, "", &rest)?)
    }

    /// Folds the subjects of a shard, each from all its facts.
    pub(crate) fn fold_shard(&self, shard: usize) -> Result<(), AuditError> {
        let chunks = self.events.take_chunks(shard)?;
        let mut frames: Vec<(SpillFrame<'_>, u32)> = Vec::new();
        let mut first: HashMap<&str, (u32, u32)> = HashMap::default();
        for frame in chunks.frames() {
            let n = u32::try_from(frames.len()).unwrap_or(u32::MAX);
            let (_, last) = first.entry(frame.to).or_insert((n, n));
            if let Some((_, next)) = frames.get_mut(*last as usize).filter(|_| *last != n) {
                *next = n;
            }
            *last = n;
            frames.push((frame, u32::MAX));
        }
        let mut out = FoldOutput {
            words: self.words.writer(),
            states: self.states.writer(),
            seen_at: self.seen.writer(),
            seen: HashMap::default(),
            guests: HashMap::default(),
        };
        let mut count = 0;
        let mut own: Vec<SpillFrame<'_>> = Vec::new();
        for (key, (first, _)) in first {
            own.clear();
            let mut at = first;
            while let Some((frame, next)) = frames.get(at as usize) {
                own.push(*frame);
                at = *next;
            }
            count += self.fold_subject(key, &own, &mut out)?;
        }
        for (party, at) in out.seen.drain() {
            out.seen_at.put_frame(self.shard_of(&party), SEEN, &party, "", &[&at.to_le_bytes()])?;
        }
        for (party, guest) in out.guests.drain() {
            out.words.put_frame(
                self.lane_of(SubjectKind::Party, &party),
                GREETS,
                &party,
                "",
                &[&guest.encode_to_vec()],
            )?;
        }
        out.words.finish()?;
        out.states.finish()?;
        out.seen_at.finish()?;
        self.count.fetch_add(count, Ordering::Relaxed);
        self.progress.add_records(frames.len() as u64);
        Ok(())
    }

    fn fold_subject(&self, key: &str, frames: &[SpillFrame<'_>], out: &mut FoldOutput<'_>) -> Result<u64, AuditError> {
        let Ok(subject) = key.parse::<Subject>() else {
            frames.iter().for_each(|frame| self.refuse_frame(frame));
            return Ok(0);
        };
        let (mut state, mut afresh, mut count) = (SubjectState::default(), frames.len() > MOST_FACTS, 0);
        let mut copies = Vec::new();
        for frame in frames {
            let Some((partition, offset, at, value)) = read_place(frame.rest) else { continue };
            let Ok((digest, event)) = decode_digested(value, &self.key, self.keys.as_ref()) else {
                self.refuse_frame(frame);
                continue;
            };
            count += 1;
            parties_named(&event, &mut |party, guest| {
                match out.seen.get_mut(party.as_str()) {
                    Some(first) => *first = (*first).min(at),
                    None => drop(out.seen.insert(party.to_string(), at)),
                }
                if let Some(guest) = guest {
                    out.guests.entry(party.to_string()).or_default().merge_with(guest);
                }
            });
            if frames.len() > MOST_FACTS {
                // Taken in one by one, each would be looked for among all before it.
                state.note_named(&event);
                copies.push(FactState::new(&event.header, &digest, at, partition, offset));
                continue;
            }
            match state.admit(&event, &digest, at, partition, offset) {
                AdmitOutcome::Duplicate => {}
                AdmitOutcome::InOrder if !afresh => {
                    state.apply(&subject, &FactRef { event: &event, recorded_at: at });
                }
                _ => afresh = true,
            }
        }
        if count == 0 {
            return Ok(0);
        }
        if !copies.is_empty() {
            state = SubjectState { former: state.former, ..SubjectState::from_copies(copies) };
        }
        if afresh {
            fold_afresh(&subject, &mut state, frames, self.keys.as_ref());
        }
        self.send_mentions(&subject, &state, out)?;
        let (state, further) = state.split_rows();
        if !further.is_empty() {
            let subject = RowKey::new(key);
            let tell = |fact: &FactState| {
                self.rows.take_row(ExpectedRow::Fact { subject, id: &fact.row_id(), state: &fact.encode_to_vec() });
            };
            further.iter().for_each(tell);
        }
        out.states.put_frame(self.lane_of(subject.kind(), key), 0, key, "", &[&state.encode_to_vec()])?;
        Ok(count)
    }

    fn refuse_frame(&self, frame: &SpillFrame<'_>) {
        let Some((partition, offset, at, value)) = read_place(frame.rest) else { return };
        self.refuse_record(&StoredRecord { partition, offset, record: LogRecord::new("", value.to_vec(), at) });
    }

    /// A record that is no event belongs into quarantine.
    fn refuse_record(&self, stored: &StoredRecord) {
        if let Err(error) = decode_with(&stored.record.value, self.keys.as_ref()) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            self.rows.refused(QuarantineEntry::refused(EVENTS_TOPIC, stored, &error));
        }
    }

    /// What a folded subject says to others, and of whom.
    fn send_mentions(
        &self,
        subject: &Subject,
        state: &SubjectState,
        out: &mut FoldOutput<'_>,
    ) -> Result<(), AuditError> {
        let Some(fragment) = &state.fragment else { return Ok(()) };
        for (target, words) in fragment.outbound_mentions() {
            let lane = self.lane_of(target.kind(), target.as_str());
            out.words.put_frame(lane, SAYS, target.as_str(), subject.as_str(), &[&words.encode_to_vec()])?;
        }
        if subject.kind() == SubjectKind::Party {
            // Whom a source merged into whom, or took out again, may be one customer; which of both it says last is seen later.
            let own = KeyPrint::of(subject.as_str());
            for other in fragment.merged_with() {
                self.lock_found().links.connect_parties(own, KeyPrint::of(other.as_str()));
            }
        }
        if subject.kind() == SubjectKind::Decision {
            for party in fragment.decided_parties() {
                let (party, decision) = (RowKey::new(party.as_str()), RowKey::new(subject.as_str()));
                self.rows.take_row(ExpectedRow::Decision { party, decision });
            }
            self.lock_found().decisions.extend(fragment.decision(subject));
        }
        Ok(())
    }
}

/// Where the folding of a shard writes.
struct FoldOutput<'a> {
    words: SpillWriter<'a>,
    states: SpillWriter<'a>,
    seen_at: SpillWriter<'a>,
    /// Parties with the least time of any event about or naming them.
    seen: HashMap<String, i64>,
    /// What is said of guests.
    guests: HashMap<String, GuestParty>,
}

/// Folds a subject from all its facts, in their order.
fn fold_afresh(subject: &Subject, state: &mut SubjectState, frames: &[SpillFrame<'_>], keys: &dyn KeyRing) {
    let by_place: HashMap<(u32, u64), &[u8]> = frames
        .iter()
        .filter_map(|frame| read_place(frame.rest))
        .map(|(partition, offset, _, value)| ((partition, offset), value))
        .collect();
    let history = state.history();
    let values = history.iter().filter_map(|place| by_place.get(place));
    let events: Vec<DecodedEvent> = values.filter_map(|value| decode_with(value, keys).ok()).collect();
    state.fold_afresh(subject, &events);
}

/// Partition, offset, time and value of an event's frame.
fn read_place(rest: &[u8]) -> Option<(u32, u64, i64, &[u8])> {
    let (partition, rest) = rest.split_first_chunk()?;
    let (offset, rest) = rest.split_first_chunk()?;
    let (time, value) = rest.split_first_chunk()?;
    Some((u32::from_le_bytes(*partition), u64::from_le_bytes(*offset), i64::from_le_bytes(*time), value))
}

/// The subject of a record, without decoding the rest.
fn subject_of(value: &[u8]) -> Option<&str> {
    let mut rest = value;
    let mut found = None;
    while !rest.is_empty() {
        let (number, wire) = decode_key(&mut rest).ok()?;
        if number == SUBJECT && wire == WireType::LengthDelimited {
            let length = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
            let (text, after) = rest.split_at_checked(length)?;
            (found, rest) = (Some(text), after);
        } else {
            skip_field(wire, number, &mut rest, DecodeContext::default()).ok()?;
        }
    }
    std::str::from_utf8(found?).ok()
}
