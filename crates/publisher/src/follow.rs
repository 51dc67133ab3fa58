//! What the events say that were projected since: their subjects, and what departments were asked to do.

use std::collections::BTreeSet;

use onefold_event::{Body, DecodedEvent, KeyRing, decode_with};
use onefold_log::{EVENTS_TOPIC, Log, LogError, StoredRecord};
use onefold_store::{FactsOf, PublisherLease};

/// An event that asks a department for something, or says that it was done, with its place in the log.
pub(crate) struct Asked {
    pub(crate) event: DecodedEvent,
    pub(crate) partition: u32,
    pub(crate) offset: u64,
}

impl Asked {
    /// What its subject's history says of it.
    pub(crate) fn facts(&self) -> FactsOf {
        FactsOf::one(self.event.header.subject.as_str(), self.event.header.fact.0)
    }
}

/// What was read.
#[derive(Default)]
pub(crate) struct FollowedEvents {
    /// Subjects of the events.
    pub(crate) subjects: BTreeSet<String>,
    pub(crate) asked: Vec<Asked>,
    /// Positions after it.
    pub(crate) positions: Vec<u64>,
    /// Events read.
    pub(crate) events: u64,
    /// There is more than was asked for.
    pub(crate) more: bool,
}

/// Reads at most about `max` events of those that the rows show already.
pub(crate) async fn follow(
    log: &dyn Log,
    keys: &dyn KeyRing,
    turn: &PublisherLease,
    max: usize,
) -> Result<FollowedEvents, LogError> {
    let at = |partition: usize| turn.positions.get(partition).copied().unwrap_or(0);
    let mut followed =
        FollowedEvents { positions: (0..turn.projected.len()).map(at).collect(), ..FollowedEvents::default() };
    let behind = followed.positions.iter().zip(&turn.projected).filter(|(at, end)| at < end).count().max(1);
    let share = max.div_ceil(behind).max(1);
    for (partition, end) in (0u32..).zip(&turn.projected) {
        let Some(position) = followed.positions.get(partition as usize).copied().filter(|at| at < end) else {
            continue;
        };
        let most = usize::try_from(end - position).unwrap_or(share).min(share);
        let records = log.read(EVENTS_TOPIC, partition, position, most).await?;
        let mut next = position;
        for stored in records {
            next = stored.offset + 1;
            followed.take(stored, keys);
        }
        followed.more |= next < *end;
        if let Some(position) = followed.positions.get_mut(partition as usize) {
            *position = next;
        }
    }
    Ok(followed)
}

impl FollowedEvents {
    fn take(&mut self, stored: StoredRecord, keys: &dyn KeyRing) {
        self.events += 1;
        // The key of an event's record is its subject.
        let Ok(subject) = std::str::from_utf8(&stored.record.key) else { return };
        if subject.starts_with("case:")
            && let Ok(event) = decode_with(&stored.record.value, keys)
            && matches!(event.body, Body::ActionRequested(_) | Body::ActionCompleted(_))
        {
            self.asked.push(Asked { event, partition: stored.partition, offset: stored.offset });
        }
        self.subjects.insert(subject.to_owned());
    }
}
