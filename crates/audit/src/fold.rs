//! The batch path's first step: one partition of the log into the states of its subjects.
//!
//! It shares the pure functions with the live path and nothing else: no store, no inbox, no order of arrival.

use std::collections::{BTreeSet, HashMap};

use onefold_event::{Event, HubKey, Subject, decode};
use onefold_log::{Log, Stored};
use onefold_store::{Admitted, SubjectState};
use onefold_view::{FactRef, Fragment, Guest, parties_named};

use crate::verify::{AuditError, Progress};

/// Records read at a time.
const CHUNK: usize = 4000;

/// The subjects of one partition.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    pub(crate) states: HashMap<Subject, SubjectState>,
    /// Parties with the least time of any event about or naming them.
    pub(crate) seen: HashMap<Subject, i64>,
    /// What is said of guests.
    pub(crate) guests: HashMap<Subject, Guest>,
    pub(crate) events: u64,
}

/// Folds one partition up to a position.
pub(crate) async fn partition(
    log: &dyn Log,
    partition: u32,
    until: u64,
    key: &HubKey,
    progress: &Progress,
) -> Result<Folded, AuditError> {
    let mut folded = Folded::default();
    let mut afresh = BTreeSet::new();
    let mut from = 0;
    while from < until {
        let records = log.read("events", partition, from, CHUNK).await?;
        let Some(last) = records.last() else { break };
        from = last.offset + 1;
        for stored in records.iter().filter(|r| r.offset < until) {
            folded.take(stored, key, &mut afresh);
        }
        progress.add(records.len() as u64);
    }
    for subject in afresh {
        if let Some(state) = folded.states.get_mut(&subject) {
            fold_afresh(log, &subject, state).await?;
        }
    }
    Ok(folded)
}

impl Folded {
    fn take(&mut self, stored: &Stored, key: &HubKey, afresh: &mut BTreeSet<Subject>) {
        let Ok(event) = decode(&stored.record.value) else { return };
        self.events += 1;
        let at = stored.record.time;
        self.see(&event, at);
        let digest = key.digest(&event);
        let state = self.states.entry(event.subject.clone()).or_default();
        match state.admit(&event, &digest, at, stored.partition, stored.offset) {
            Admitted::Duplicate => {}
            Admitted::Next => {
                let fragment = state.fragment.get_or_insert_with(|| Fragment::fold(&event.subject, &[]));
                fragment.apply(&FactRef { event: &event, recorded_at: at });
            }
            Admitted::New | Admitted::Earlier | Admitted::Conflict => {
                afresh.insert(event.subject);
            }
        }
    }

    fn see(&mut self, event: &Event, at: i64) {
        parties_named(event, &mut |party, guest| {
            match self.seen.get_mut(party) {
                Some(first) => *first = (*first).min(at),
                None => drop(self.seen.insert(party.clone(), at)),
            }
            if let Some(guest) = guest {
                self.guests.entry(party.clone()).or_default().merge(guest);
            }
        });
    }
}

/// Folds a subject from all its facts, in their order.
async fn fold_afresh(log: &dyn Log, subject: &Subject, state: &mut SubjectState) -> Result<(), AuditError> {
    let stored = log.fetch("events", &state.history()).await?;
    let events: Vec<Event> = stored.iter().filter_map(|s| decode(&s.record.value).ok()).collect();
    state.fold_afresh(subject, &events);
    Ok(())
}
