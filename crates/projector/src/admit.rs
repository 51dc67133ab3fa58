//! Events into facts, facts into fragments.

use std::collections::{BTreeMap, HashMap, HashSet};

use onefold_event::{DecodedEvent, Subject, decode_with};
use onefold_fold::{AdmitOutcome, FactState};
use onefold_log::EVENTS_TOPIC;
use onefold_store::{FactsOf, QuarantineEntry};
use onefold_view::{FactRef, GuestParty, parties_named};

use crate::batch::ProjectBatch;
use crate::read::DecodedRecord;
use crate::row::SubjectEntry;
use crate::table::TablePlace;
use crate::transaction::TransactionLost;

impl ProjectBatch<'_> {
    /// Admits every event and folds what changed. To fold a long history afresh takes all its facts, so it is done once a
    /// batch: with the last portion that has events about it, none of `rest`.
    pub(crate) async fn admit_facts(
        &mut self,
        taken: &[DecodedRecord],
        rest: &[&[DecodedRecord]],
    ) -> Result<(), TransactionLost> {
        let subjects: Vec<&Subject> = taken.iter().map(|t| &t.event.header.subject).collect();
        self.load_subjects(&subjects).await?;
        self.read_further(taken).await?;
        let mut afresh = std::mem::take(&mut self.unfolded);
        for t in taken {
            let Some(place) = self.subjects.place_of(t.event.header.subject.as_str()) else { continue };
            let row = &mut self.subjects[place];
            match row.admit_copy(t) {
                AdmitOutcome::Duplicate => {}
                AdmitOutcome::InOrder if !afresh.contains(&place) => {
                    let fact = FactRef { event: &t.event, recorded_at: t.recorded_at };
                    let subject = row.subject.clone();
                    row.change_state().apply(&subject, &fact);
                }
                _ => {
                    afresh.insert(place);
                }
            }
        }
        if afresh.iter().any(|place| self.subjects[*place].state.is_long()) {
            let later: HashSet<&str> =
                rest.iter().flat_map(|p| p.iter()).map(|t| t.event.header.subject.as_str()).collect();
            let waits = |row: &SubjectEntry| row.state.is_long() && later.contains(row.subject.as_str());
            self.unfolded = afresh.iter().copied().filter(|place| waits(&self.subjects[*place])).collect();
            afresh.retain(|place| !self.unfolded.contains(place));
        }
        for place in afresh {
            self.fold_afresh(place).await?;
        }
        Ok(())
    }

    /// Reads what further rows of long histories say of the facts that events are of.
    async fn read_further(&mut self, taken: &[DecodedRecord]) -> Result<(), TransactionLost> {
        let mut asked = BTreeMap::new();
        for event in taken.iter().map(|t| &t.event) {
            if let Some(place) = self.subjects.place_of(event.header.subject.as_str())
                && self.subjects[place].state.is_long()
            {
                asked.insert(FactsOf::one(event.header.subject.as_str(), event.header.fact.0), place);
            }
        }
        self.load_further(asked).await
    }

    async fn load_further(&mut self, asked: BTreeMap<FactsOf, TablePlace>) -> Result<(), TransactionLost> {
        if asked.is_empty() {
            return Ok(());
        }
        let (facts, places): (Vec<FactsOf>, Vec<TablePlace>) = asked.into_iter().unzip();
        let found = self.read_facts(facts).await?;
        let mut facts: BTreeMap<TablePlace, Vec<FactState>> = BTreeMap::new();
        for (place, found) in places.into_iter().zip(found) {
            facts.entry(place).or_default().extend(found);
        }
        for (place, facts) in facts {
            self.subjects[place].add_facts(facts);
        }
        Ok(())
    }

    /// Folds a subject from its facts in the log.
    async fn fold_afresh(&mut self, place: TablePlace) -> Result<(), TransactionLost> {
        if self.subjects[place].state.is_long() {
            let all = FactsOf::all(self.subjects[place].subject.as_str());
            self.load_further(BTreeMap::from([(all, place)])).await?;
        }
        let row = &mut self.subjects[place];
        let stored = self.log.fetch(EVENTS_TOPIC, &row.state.history()).await?;
        let mut events: Vec<DecodedEvent> = Vec::with_capacity(stored.len());
        for stored in &stored {
            match decode_with(&stored.record.value, self.keys) {
                Ok(event) => events.push(event),
                Err(error) => {
                    let entry = QuarantineEntry::altered(EVENTS_TOPIC, stored, &row.subject, &error);
                    self.changes.refused.push(entry);
                }
            }
        }
        let subject = row.subject.clone();
        if !row.change_state().fold_afresh(&subject, &events) {
            tracing::error!(%subject, "a fact in the log no longer decodes; the subject is in quarantine");
        }
        Ok(())
    }

    /// Notes when each party was first seen, the least time of any event about or naming it (rule B7), and what is said of
    /// guests (rule C7).
    pub(crate) async fn note_first_seen(&mut self, taken: &[DecodedRecord]) -> Result<(), TransactionLost> {
        let mut seen: HashMap<Subject, i64> = HashMap::with_capacity(taken.len());
        let mut guests: BTreeMap<Subject, GuestParty> = BTreeMap::new();
        for t in taken {
            parties_named(&t.event, &mut |party, guest| {
                let first = seen.entry(party.clone()).or_insert(t.recorded_at);
                *first = (*first).min(t.recorded_at);
                if let Some(guest) = guest {
                    guests.entry(party.clone()).or_default().merge_with(guest);
                }
            });
        }
        self.load_subjects(&guests.keys().collect::<Vec<_>>()).await?;
        for (party, guest) in &guests {
            if let Some(place) = self.subjects.place_of(party.as_str()) {
                self.subjects[place].merge_guest(guest);
            }
        }
        let parties: Vec<&str> = seen.keys().map(Subject::as_str).collect();
        self.load_owners(&parties).await?;
        for (party, at) in seen {
            let Some(place) = self.owners.place_of(party.as_str()) else { continue };
            let owner = &mut self.owners[place];
            if owner.row.first_seen.is_none_or(|first| at < first) {
                owner.change_row().first_seen = Some(at);
            }
        }
        Ok(())
    }
}
