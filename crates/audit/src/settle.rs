//! What subjects said to each other, then whose each document is, rank by rank, and what it adds.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashSet};
use onefold_event::{Subject, SubjectKind};
use onefold_fold::{SubjectState, asserted_identifiers};
use onefold_identity::{IdentifierKey, Intermediary};
use onefold_view::{GuestParty, MentionState, OwnerKeys, SettlementStep};
use prost::Message;

use crate::replay::{ReplayRun, class_of};
use crate::row::{ExpectedRow, RowKey};
use crate::spill::{SpillFrame, SpillWriter};
use crate::verify::AuditError;

/// A frame of words: what the sender says.
pub(crate) const SAYS: u8 = 0;
/// A frame of words: whose the sender is, for a child that takes its owner from it.
pub(crate) const KEYS: u8 = 1;
/// A frame of words: what is said of a party as a guest (rule C7).
pub(crate) const GREETS: u8 = 2;
/// A frame for an owner: a contribution.
pub(crate) const ADDS: u8 = 0;
/// A frame for an owner: a party was seen at this time.
pub(crate) const SEEN: u8 = 1;

/// Stands for no further frame.
const LAST: u32 = u32::MAX;

impl ReplayRun {
    /// Has the subjects of a shard say what they say in one step of settlement (rule E5), before any of them is settled. What
    /// is said in a step depends on the steps before alone, so all lanes of a step may go side by side.
    pub(crate) fn reply_shard(&self, step: SettlementStep, shard: usize) -> Result<(), AuditError> {
        let classes: BTreeSet<usize> = step.speaking_kinds().iter().map(|kind| class_of(*kind)).collect();
        let mut out = self.words.writer();
        for class in classes {
            let lane = class * self.shards + shard;
            let words = self.words.peek_chunks(lane)?;
            let mut heard: HashMap<&str, BTreeMap<String, MentionState>> = HashMap::default();
            let mut awake: HashSet<&str> = HashSet::default();
            let speaks = |frame: &SpillFrame<'_>| {
                let kind = frame.to.split(':').next().and_then(SubjectKind::from_word);
                frame.tag == SAYS && kind.is_some_and(|kind| step.speaking_kinds().contains(&kind))
            };
            for frame in words.frames().filter(speaks) {
                let said = MentionState::decode(frame.rest).map_err(AuditError::Decode)?;
                if step.is_woken_by(&said) {
                    awake.insert(frame.to);
                }
                // A link alone says nothing of money.
                if said != MentionState::default() {
                    heard.entry(frame.to).or_default().entry(frame.from.to_owned()).or_default().merge_with(said);
                }
            }
            if awake.is_empty() {
                continue;
            }
            let states = self.states.peek_chunks(lane)?;
            for frame in states.frames().filter(|frame| awake.contains(frame.to)).collect::<Vec<_>>() {
                awake.remove(frame.to);
                let state = SubjectState::decode(frame.rest).map_err(AuditError::Decode)?;
                self.reply_of(step, frame.to, state, heard.remove(frame.to).unwrap_or_default(), &mut out)?;
            }
            for key in awake {
                let heard = heard.remove(key).unwrap_or_default();
                self.reply_of(step, key, SubjectState::default(), heard, &mut out)?;
            }
        }
        Ok(out.finish()?)
    }

    fn reply_of(
        &self,
        step: SettlementStep,
        key: &str,
        mut state: SubjectState,
        heard: BTreeMap<String, MentionState>,
        out: &mut SpillWriter<'_>,
    ) -> Result<(), AuditError> {
        let Ok(subject) = key.parse::<Subject>() else { return Ok(()) };
        state.inbound = heard;
        for (target, words) in state.mentions_in_step(step, &subject) {
            let lane = self.lane_of(target.kind(), target.as_str());
            out.put_frame(lane, SAYS, target.as_str(), key, &[&words.encode_to_vec()])?;
        }
        Ok(())
    }

    /// Settles the subjects of one class in a shard; all classes before it are settled. Parties come first, and are kept,
    /// since what they assert says of whom of them more must be known.
    pub(crate) fn attribute_shard(&self, class: usize, shard: usize) -> Result<(), AuditError> {
        let lane = class * self.shards + shard;
        let (states, words) = match class {
            0 => (self.states.peek_chunks(lane)?, self.words.peek_chunks(lane)?),
            _ => (self.states.take_chunks(lane)?, self.words.take_chunks(lane)?),
        };
        let mut heard: Vec<(SpillFrame<'_>, u32)> = Vec::new();
        let mut said: HashMap<&str, u32> = HashMap::default();
        for frame in words.frames() {
            let n = u32::try_from(heard.len()).unwrap_or(LAST);
            heard.push((frame, said.insert(frame.to, n).unwrap_or(LAST)));
        }
        let (words, added, asserted) = (self.words.writer(), self.added.writer(), self.asserted.writer());
        let mut out = SettleOutput { words, added, asserted, heard: &heard };
        let mut count = 0;
        for frame in states.frames() {
            let state = SubjectState::decode(frame.rest).map_err(AuditError::Decode)?;
            count += state.copy_count();
            let words = said.remove(frame.to).unwrap_or(LAST);
            self.settle_subject(frame.to, state, words, &mut out)?;
        }
        // Who is only named is a placeholder that later facts fill.
        for (key, words) in said {
            self.settle_subject(key, SubjectState::default(), words, &mut out)?;
        }
        out.words.finish()?;
        out.added.finish()?;
        out.asserted.finish()?;
        self.progress.add_records(count);
        Ok(())
    }

    fn settle_subject(
        &self,
        text: &str,
        mut state: SubjectState,
        words: u32,
        out: &mut SettleOutput<'_>,
    ) -> Result<(), AuditError> {
        let Ok(subject) = text.parse::<Subject>() else { return Ok(()) };
        let mut parents: Vec<(&str, OwnerKeys)> = Vec::new();
        let mut at = words;
        while let Some((frame, next)) = out.heard.get(at as usize) {
            at = *next;
            match frame.tag {
                KEYS => parents.push((frame.from, OwnerKeys::decode(frame.rest).map_err(AuditError::Decode)?)),
                GREETS => state.merge_guest(&subject, &read_guest(frame)?),
                _ => {
                    let inbound = MentionState::decode(frame.rest).map_err(AuditError::Decode)?;
                    state.inbound.entry(frame.from.to_owned()).or_default().merge_with(inbound);
                }
            }
        }
        if let Some(rank) = subject.kind().rank() {
            self.send_owners(&subject, rank, &mut state, &parents, out)?;
        }
        if subject.kind() == SubjectKind::Party {
            self.send_assertions(&subject, &state, out)?;
        }
        self.tell_rows(&subject, &state, out)
    }

    /// What a party says of itself, for who is one customer and for whose documents are.
    fn send_assertions(
        &self,
        party: &Subject,
        state: &SubjectState,
        out: &mut SettleOutput<'_>,
    ) -> Result<(), AuditError> {
        let own = IdentifierKey::of_party(party);
        // Its own number has been said where it was seen: it holds that whether anything is said about it or not.
        for (value, held) in asserted_identifiers(party, Some(state)).into_iter().filter(|(value, _)| *value != own) {
            let value = value.as_str();
            out.asserted.put_frame(self.shard_of(value), u8::from(held), value, party.as_str(), &[])?;
        }
        if state.intermediary() != Intermediary::None {
            self.lock_found().flagged.insert(party.clone(), state.intermediary());
        }
        Ok(())
    }

    /// Finds the keys of a document and tells its children.
    fn send_owners(
        &self,
        subject: &Subject,
        rank: u8,
        state: &mut SubjectState,
        parents: &[(&str, OwnerKeys)],
        out: &mut SettleOutput<'_>,
    ) -> Result<(), AuditError> {
        let flagged = self.flagged.get();
        let intermediary =
            |party: &Subject| flagged.and_then(|all| all.get(party)).copied().unwrap_or(Intermediary::None);
        let parents: HashMap<&str, &OwnerKeys> = parents.iter().map(|(from, keys)| (*from, keys)).collect();
        let keys_of = |parent: &Subject| parents.get(parent.as_str()).copied().cloned();
        let keys = state.find_keys(subject, &intermediary, &keys_of).filter(|keys| *keys != OwnerKeys::default());
        if let Some(keys) = &keys {
            let bytes = keys.encode_to_vec();
            for child in state.children() {
                if child.kind().rank().is_some_and(|of| of > rank) {
                    let lane = self.lane_of(child.kind(), child.as_str());
                    out.words.put_frame(lane, KEYS, child.as_str(), subject.as_str(), &[&bytes])?;
                }
            }
        }
        state.keys = keys;
        Ok(())
    }

    /// Gives the rows of a settled subject, and what it adds to its owners.
    fn tell_rows(&self, subject: &Subject, state: &SubjectState, out: &mut SettleOutput<'_>) -> Result<(), AuditError> {
        let bytes = state.encode_to_vec();
        if bytes.is_empty() {
            return Ok(());
        }
        let key = RowKey::new(subject.as_str());
        // Before the subject's own, which says whose it is.
        if state.is_decided() {
            self.rows.take_row(ExpectedRow::Decided { subject: key });
        }
        for former in state.former_keys(subject) {
            self.rows.take_row(ExpectedRow::Former { key: RowKey::new(&former), subject: key });
        }
        if let Some(number) = state.written_number(subject) {
            self.rows.take_row(ExpectedRow::Number { subject: key, place: number.place(), prefix: number.prefix() });
        }
        self.rows.take_row(ExpectedRow::Subject { key, state: &bytes, keys: state.keys.as_ref() });
        for owner in state.index_keys(subject) {
            self.rows.take_row(ExpectedRow::Document { owner: RowKey::new(&owner), at: state.at(), subject: key });
        }
        for (owner, contribution) in state.contributions(subject) {
            for item in contribution.open_items() {
                let (owner, invoice) = (RowKey::new(&item.owner), RowKey::new(&item.invoice));
                self.rows.take_row(ExpectedRow::OpenItem {
                    owner,
                    invoice,
                    due: item.due,
                    item: &item.encode_to_vec(),
                });
            }
            out.added.put_frame(self.shard_of(&owner), ADDS, &owner, "", &[&contribution.encode_to_vec()])?;
        }
        Ok(())
    }
}

fn read_guest(frame: &SpillFrame<'_>) -> Result<GuestParty, AuditError> {
    GuestParty::decode(frame.rest).map_err(AuditError::Decode)
}

/// What settling reads and writes.
struct SettleOutput<'a> {
    words: SpillWriter<'a>,
    added: SpillWriter<'a>,
    asserted: SpillWriter<'a>,
    /// All words of the shard, those for one subject chained.
    heard: &'a [(SpillFrame<'a>, u32)],
}
