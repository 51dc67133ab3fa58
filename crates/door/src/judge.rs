//! Duplicates, conflicts and re-mappings among a batch, what is stored, and what is on its way there (rule A3).

use std::collections::HashMap;
use std::ops::Range;

use onefold_event::{ContentDigest, Event, EventError, EventId, decode};
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
}

/// A judgement; what is new becomes a verdict once it is written.
#[derive(Debug)]
pub(crate) enum DoorJudgement {
    New,
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
        let facts = facts.get(&FactsOf::one(subject, candidate.event.header.fact.0));
        let known = copies(facts.map_or(&[][..], Vec::as_slice), recent, subject, id);
        let here = fresh.entry((subject, id)).or_default();
        let same_here = here.iter().any(|e| batch.get(*e).is_some_and(|e| e.digest == candidate.digest));
        let judgement = if !candidate.beyond.is_empty() {
            DoorJudgement::Done(DoorVerdict::Refused(candidate.beyond.clone()))
        } else if known.iter().any(|copy| copy.digest == candidate.digest) {
            DoorJudgement::Done(DoorVerdict::Duplicate)
        } else if same_here {
            DoorJudgement::DuplicateInBatch
        } else if !known.is_empty() {
            let first = positions.len();
            positions.extend(known.iter().map(|copy| (copy.partition, copy.offset)));
            DoorJudgement::Contested(first..positions.len())
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
    for (candidate, judgement) in batch.iter().zip(&mut judged) {
        if let DoorJudgement::Contested(places) = judgement {
            let copies = earlier.get(places.clone()).unwrap_or_default();
            *judgement = DoorJudgement::Done(contradiction_in_log(candidate, copies)?);
        }
    }
    Ok(judged)
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
