//! Events into facts, facts into fragments.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Event, Subject, decode};
use onefold_stage::StageError;
use onefold_store::Admitted;
use onefold_view::{FactRef, Fragment, Guest, parties_named};

use crate::batch::Batch;
use crate::projector::Taken;

impl Batch<'_> {
    /// Admits every event and folds what changed; answers the subjects whose row is new or whose fragment changed.
    pub(crate) async fn admit(&mut self, taken: &[Taken]) -> Result<BTreeSet<String>, StageError> {
        self.load(taken.iter().map(|t| t.event.subject.clone())).await?;
        let (mut afresh, mut changed) = (BTreeSet::new(), BTreeSet::new());
        for t in taken {
            let Some(row) = self.rows.get_mut(t.event.subject.as_str()) else { continue };
            let digest = self.key.digest(&t.event);
            let admitted = row.new.admit(&t.event, &digest, t.recorded_at, t.partition, t.offset);
            match admitted {
                Admitted::Duplicate => continue,
                Admitted::Next if !afresh.contains(t.event.subject.as_str()) => {
                    let fact = FactRef { event: &t.event, recorded_at: t.recorded_at };
                    row.new.fragment.get_or_insert_with(|| Fragment::fold(&row.subject, &[])).apply(&fact);
                }
                _ => {
                    afresh.insert(t.event.subject.to_string());
                }
            }
            changed.insert(t.event.subject.to_string());
        }
        for key in afresh {
            self.fold_afresh(&key).await?;
        }
        Ok(changed)
    }

    /// Folds a subject from its facts in the log.
    async fn fold_afresh(&mut self, key: &str) -> Result<(), StageError> {
        let Some(row) = self.rows.get_mut(key) else { return Ok(()) };
        let stored = self.log.fetch("events", &row.new.history()).await?;
        let events: Vec<Event> = stored.iter().filter_map(|s| decode(&s.record.value).ok()).collect();
        if !row.new.fold_afresh(&row.subject, &events) {
            tracing::error!(subject = key, "a fact in the log no longer decodes; the subject is in quarantine");
        }
        Ok(())
    }

    /// Notes when each party was first seen, the least time of any event about or naming it (rule B7), and what is said of
    /// guests (rule C7).
    pub(crate) async fn see(&mut self, taken: &[Taken]) -> Result<(), StageError> {
        let mut seen: BTreeMap<String, i64> = BTreeMap::new();
        let mut guests: BTreeMap<Subject, Guest> = BTreeMap::new();
        for t in taken {
            parties_named(&t.event, &mut |party, guest| {
                match seen.get_mut(party.as_str()) {
                    Some(first) => *first = (*first).min(t.recorded_at),
                    None => drop(seen.insert(party.to_string(), t.recorded_at)),
                }
                if let Some(guest) = guest {
                    guests.entry(party.clone()).or_default().merge(guest);
                }
            });
        }
        self.load(guests.keys().cloned()).await?;
        for (party, guest) in &guests {
            if let Some(row) = self.rows.get_mut(party.as_str()) {
                row.new.greet(party, guest);
            }
        }
        self.load_owners(seen.keys().cloned()).await?;
        for (party, at) in seen {
            let Some(owner) = self.owners.get_mut(&party) else { continue };
            if owner.row.first_seen.is_none_or(|first| at < first) {
                owner.row.first_seen = Some(at);
                owner.touched = true;
            }
        }
        Ok(())
    }
}
