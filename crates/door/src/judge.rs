//! Duplicates, conflicts and re-mappings among a batch, what is stored, and what is on its way there (rule A3).

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;

use onefold_event::{ContentDigest, Event, EventError, EventHeader, EventId, decode, encode};
use onefold_fold::FactState;
use onefold_log::{EVENTS_TOPIC, Log, StoredRecord};
use onefold_store::FactsOf;

use crate::error::DoorError;
use crate::recent::{LogCopy, RecentCopies};
use crate::verdict::DoorVerdict;

/// An event at the door, with what can be computed before its turn.
#[derive(Debug)]
pub(crate) struct DoorCandidate {
    pub(crate) event: Event,
    pub(crate) digest: ContentDigest,
    pub(crate) value: Vec<u8>,
    /// Bounds that it is beyond.
    pub(crate) beyond: Vec<EventError>,
    /// It is to be a newer version of what an older mapping made.
    pub(crate) remap: bool,
}

impl DoorCandidate {
    /// Its id as a newer version of what an older mapping made. Its last order is its mapping's number: an earlier event that it
    /// outranks is of a lesser one.
    pub(crate) fn remapped_id(&self) -> EventId {
        let header = &self.event.header;
        header.revision_order.last().map_or(header.id, |mapping| header.id.remapped(*mapping))
    }

    /// What is appended of it then.
    pub(crate) fn remapped_value(&self) -> Vec<u8> {
        let mut event = self.event.clone();
        event.header.id = self.remapped_id();
        encode(&event)
    }
}

/// A judgement; what is new becomes a verdict once it is written.
#[derive(Debug)]
pub(crate) enum DoorJudgement {
    New,
    /// A newer version of what an older mapping made.
    Remapped,
    /// The same as an earlier one of this batch.
    DuplicateInBatch,
    /// Another content than an earlier one of this batch.
    ContradictsInBatch(usize),
    /// Another content than copies in the log, which are at these places among all that were looked up: none once `judge` answers.
    Contested(Range<usize>),
    Done(DoorVerdict),
}

pub(crate) async fn judge(
    batch: &[DoorCandidate],
    facts: &HashMap<FactsOf, Vec<FactState>>,
    recent: &RecentCopies,
    log: &dyn Log,
) -> Result<Vec<DoorJudgement>, DoorError> {
    let mut judged = Vec::with_capacity(batch.len());
    // What contradicts something in the log is compared with it afterwards, all in one look-up.
    let mut positions = Vec::new();
    let mut fresh: HashMap<(&str, EventId), Vec<usize>> = HashMap::new();
    for (n, candidate) in batch.iter().enumerate() {
        let (subject, id) = (candidate.event.header.subject.as_str(), candidate.event.header.id);
        let facts = facts_of(facts, candidate);
        let known = copies(facts, recent, subject, id);
        let here = fresh.entry((subject, id)).or_default();
        let same_here = here.iter().any(|e| batch.get(*e).is_some_and(|e| e.digest == candidate.digest));
        let is_known = known.iter().any(|copy| copy.digest == candidate.digest);
        let mut contested = |with: &[LogCopy]| {
            let first = positions.len();
            positions.extend(with.iter().map(|copy| (copy.partition, copy.offset)));
            DoorJudgement::Contested(first..positions.len())
        };
        let judgement = if !candidate.beyond.is_empty() {
            DoorJudgement::Done(DoorVerdict::Refused(candidate.beyond.clone()))
        } else if let Some((remapped, rank)) =
            (!known.is_empty()).then(|| newest_remap(facts, recent, candidate)).flatten()
        {
            match rank {
                _ if remapped.digest == candidate.digest => DoorJudgement::Done(DoorVerdict::Duplicate),
                // An older mapping says again what it said.
                Ordering::Equal | Ordering::Greater if is_known => DoorJudgement::Done(DoorVerdict::Duplicate),
                _ => contested(&[remapped]),
            }
        } else if is_known {
            DoorJudgement::Done(DoorVerdict::Duplicate)
        } else if same_here {
            DoorJudgement::DuplicateInBatch
        } else if !known.is_empty() {
            contested(&known)
        } else if let Some(first) = here.first() {
            DoorJudgement::ContradictsInBatch(*first)
        } else {
            here.push(n);
            DoorJudgement::New
        };
        judged.push(judgement);
    }
    if positions.is_empty() {
        return Ok(judged);
    }
    let earlier = log.fetch(EVENTS_TOPIC, &positions).await?;
    let mut anew: HashMap<(&str, EventId), usize> = HashMap::new();
    for (n, (candidate, judgement)) in batch.iter().zip(&mut judged).enumerate() {
        let DoorJudgement::Contested(places) = judgement else { continue };
        let copies = earlier.get(places.clone()).unwrap_or_default();
        let verdict = contradiction_in_log(candidate, copies)?;
        *judgement = match &verdict {
            DoorVerdict::OlderMapping(earlier) if earlier.is_outranked => {
                let subject = candidate.event.header.subject.as_str();
                let first = anew.get(&(subject, candidate.remapped_id())).copied();
                match first.and_then(|first| Some((first, batch.get(first)?))) {
                    _ if is_superseded(facts_of(facts, candidate), &candidate.event.header) => {
                        DoorJudgement::Done(DoorVerdict::Duplicate)
                    }
                    _ if !candidate.remap => DoorJudgement::Done(verdict),
                    Some((_, other)) if other.digest == candidate.digest => DoorJudgement::DuplicateInBatch,
                    Some((first, _)) => DoorJudgement::ContradictsInBatch(first),
                    None => {
                        anew.insert((subject, candidate.remapped_id()), n);
                        DoorJudgement::Remapped
                    }
                }
            }
            _ => DoorJudgement::Done(verdict),
        };
    }
    Ok(judged)
}

fn facts_of<'f>(facts: &'f HashMap<FactsOf, Vec<FactState>>, candidate: &DoorCandidate) -> &'f [FactState] {
    let header = &candidate.event.header;
    facts.get(&FactsOf::one(header.subject.as_str(), header.fact.0)).map_or(&[], Vec::as_slice)
}

/// Of an event that a later mapping made anew, the copy that counts, and how it ranks against the candidate.
fn newest_remap(facts: &[FactState], recent: &RecentCopies, candidate: &DoorCandidate) -> Option<(LogCopy, Ordering)> {
    let header = &candidate.event.header;
    let own = candidate.remapped_id();
    // On its way to the store: of the same mapping's number.
    let waiting = (own != header.id).then(|| recent.of(header.subject.as_str(), own).next()).flatten();
    if let Some(copy) = waiting {
        return Some((copy, Ordering::Equal));
    }
    let newest = facts.iter().filter(|fact| is_remap(fact, header.id)).max_by(|a, b| {
        // Of copies that contradict each other the first counts.
        a.order.cmp(&b.order).then_with(|| b.recorded_at.cmp(&a.recorded_at)).then_with(|| b.digest.cmp(&a.digest))
    })?;
    let copy = LogCopy { digest: newest.digest, partition: newest.partition, offset: newest.offset };
    Some((copy, newest.order.cmp(&header.revision_order)))
}

/// Whether a later mapping made it of what the event with this id was made of.
fn is_remap(fact: &FactState, id: EventId) -> bool {
    fact.order.last().is_some_and(|mapping| id.remapped(*mapping).0 == fact.id)
}

/// Whether another version of the source, in the same place by its own order, came later: versions that nothing but their arrival
/// puts into an order stay in it, so that one made anew does not overtake what replaced it.
fn is_superseded(facts: &[FactState], header: &EventHeader) -> bool {
    let Some(own) = facts.iter().find(|fact| fact.id == header.id.0) else { return false };
    let Some((_, source)) = header.revision_order.split_last() else { return false };
    let same_place = |order: &[i64]| order.starts_with(source) && order.len() <= source.len() + 1;
    facts.iter().any(|other| {
        other.id != own.id
            && !is_remap(other, header.id)
            && same_place(&other.order)
            && (other.recorded_at, &other.id) > (own.recorded_at, &own.id)
    })
}

/// All copies of an id that are in the log, the earliest first.
fn copies(facts: &[FactState], recent: &RecentCopies, subject: &str, id: EventId) -> Vec<LogCopy> {
    let mut copies: Vec<LogCopy> = Vec::new();
    for fact in facts.iter().filter(|f| f.id == id.0) {
        copies.push(LogCopy { digest: fact.digest, partition: fact.partition, offset: fact.offset });
    }
    for copy in recent.of(subject, id) {
        if !copies.contains(&copy) {
            copies.push(copy);
        }
    }
    copies
}

/// A conflict if any earlier copy is of the same mapping; else the earlier ones are of older mappings.
fn contradiction_in_log(candidate: &DoorCandidate, copies: &[StoredRecord]) -> Result<DoorVerdict, DoorError> {
    let mut older = None;
    for stored in copies {
        let (partition, offset) = (stored.partition, stored.offset);
        let event = decode(&stored.record.value).map_err(|e| DoorError::Undecodable {
            partition,
            offset,
            problem: e.to_string(),
        })?;
        let verdict = DoorVerdict::contradiction(&candidate.event.header, &event.header, (partition, offset));
        if matches!(verdict, DoorVerdict::Conflict(_)) {
            return Ok(verdict);
        }
        older.get_or_insert(verdict);
    }
    // The log answers every position that it is asked for.
    older.ok_or(DoorError::Broken)
}
