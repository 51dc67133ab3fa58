//! What one turn publishes.

use std::collections::{BTreeMap, BTreeSet};

use onefold_customer::{CustomerReader, CustomerRows};
use onefold_event::{Subject, party_id};
use onefold_fold::{FactState, SubjectState};
use onefold_identity::{IdentityRules, OwnerAtom};
use onefold_log::{ACTIONS_TOPIC, CUSTOMERS_TOPIC, IDENTITY_TOPIC, LogRecord, partition_of};
use onefold_stage::StageError;
use onefold_store::{FactsOf, IdentityChange, Members, Note, PublisherLease, ReadStore};
use onefold_view::CustomerView;
use uuid::Uuid;

use crate::action::action;
use crate::follow::{Asked, FollowedEvents};
use crate::identity::identity;
use crate::record::{Said, record};

/// Keys whose customers are in memory at a time.
const CHUNK: usize = 500;

/// Where a batch reads.
pub(crate) struct Source<'a> {
    pub(crate) read: &'a dyn ReadStore,
    pub(crate) rules: &'a IdentityRules,
    pub(crate) turn: &'a PublisherLease,
}

/// Records in the making: of each customer's id one, the last that was read.
pub(crate) struct Batch<'a> {
    source: Source<'a>,
    customers: BTreeMap<Uuid, Option<CustomerView>>,
    identity: Vec<LogRecord>,
    actions: Vec<LogRecord>,
    /// Parties whose ids are taken away where they head nobody.
    asked: BTreeSet<String>,
    /// Parties whose customers are told anew.
    swept: BTreeSet<String>,
    /// Whose these owner keys are.
    whose: BTreeMap<String, Option<Uuid>>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(source: Source<'a>) -> Self {
        Self {
            source,
            customers: BTreeMap::new(),
            identity: Vec::new(),
            actions: Vec::new(),
            asked: BTreeSet::new(),
            swept: BTreeSet::new(),
            whose: BTreeMap::new(),
        }
    }

    /// Takes in notes, the events that were followed, and a page of all parties.
    pub(crate) async fn take(
        &mut self,
        notes: &[(u64, Note)],
        followed: &FollowedEvents,
        swept: Vec<String>,
    ) -> Result<(), StageError> {
        let mut around = BTreeSet::new();
        for (number, note) in notes {
            match note {
                Note::Owner(key) => drop(around.insert(key.clone())),
                Note::Identity(change) => {
                    self.identity.push(identity(change, &number.to_string(), self.source.turn));
                }
            }
        }
        let (subjects, mut owners) = self.owners(followed).await?;
        let facts: Vec<FactsOf> = followed.asked.iter().map(Asked::facts).collect();
        let facts = self.source.read.facts(&facts).await?;
        let asked = followed.asked.iter().zip(&facts).filter_map(|(asked, facts)| self.own(asked, facts, &subjects));
        let asked: Vec<(&Asked, Option<String>)> = asked.collect();
        self.whose = asked.iter().filter_map(|(_, key)| Some((key.clone()?, None))).collect();
        self.asked = around.iter().filter(|key| OwnerAtom::is_party(key)).chain(&swept).cloned().collect();
        owners.extend(swept.iter().cloned());
        self.swept = swept.into_iter().collect();
        let owners: Vec<String> = owners.into_iter().collect();
        for chunk in owners.chunks(CHUNK) {
            self.read(chunk, &[]).await?;
        }
        let around: Vec<String> = around.into_iter().collect();
        for chunk in around.chunks(CHUNK) {
            self.read(&[], chunk).await?;
        }
        for (asked, key) in asked {
            let customer = key.and_then(|key| self.whose.get(&key).copied().flatten());
            self.actions.extend(action(&asked.event, customer, self.source.turn));
        }
        Ok(())
    }

    /// The rows of the events' subjects, and owner keys that may show something else for them.
    async fn owners(
        &self,
        followed: &FollowedEvents,
    ) -> Result<(BTreeMap<String, SubjectState>, BTreeSet<String>), StageError> {
        let subjects: Vec<String> = followed.subjects.iter().cloned().collect();
        let cases: BTreeSet<&str> = followed.asked.iter().map(|asked| asked.event.header.subject.as_str()).collect();
        let (mut kept, mut owners) = (BTreeMap::new(), BTreeSet::new());
        for keys in subjects.chunks(CHUNK) {
            for (key, state) in keys.iter().zip(self.source.read.subjects(keys).await?) {
                let (Some(state), Ok(subject)) = (state, key.parse::<Subject>()) else { continue };
                owners.extend(state.owners_of(&subject));
                if cases.contains(key.as_str()) {
                    kept.insert(key.clone(), state);
                }
            }
        }
        Ok((kept, owners))
    }

    /// The owner key of what was asked; none where this copy of the event is not the one that counts.
    fn own<'e>(
        &self,
        asked: &'e Asked,
        facts: &[FactState],
        subjects: &BTreeMap<String, SubjectState>,
    ) -> Option<(&'e Asked, Option<String>)> {
        let state = subjects.get(asked.event.header.subject.as_str())?;
        let counts = facts.iter().any(|fact| (fact.partition, fact.offset) == (asked.partition, asked.offset));
        counts.then(|| (asked, Some(state.owner_keys().trade).filter(|key| !key.is_empty())))
    }

    async fn read(&mut self, owners: &[String], around: &[String]) -> Result<(), StageError> {
        for rows in CustomerReader::new(self.source.read, self.source.rules).customers_of(owners, around).await? {
            self.customer(&rows);
        }
        Ok(())
    }

    /// A later reading takes the place of an earlier one.
    fn customer(&mut self, rows: &CustomerRows) {
        let Some(head) = rows.head() else { return };
        let id = party_id(head.as_str());
        for party in rows.parties.keys().filter(|party| self.asked.contains(*party)) {
            self.customers.insert(party_id(party), None);
        }
        self.customers.insert(id, Some(rows.view(self.source.rules, None, None)));
        for key in rows.bundles.keys() {
            if let Some(whose) = self.whose.get_mut(key) {
                *whose = Some(id);
            }
        }
        if self.swept.contains(head.as_str()) {
            let customer = Members { head: head.to_string(), parties: rows.parties.keys().cloned().collect() };
            let number = format!("{id}/{}", self.source.turn.version);
            self.identity.push(identity(&IdentityChange::Opened { customer }, &number, self.source.turn));
        }
    }

    /// The records with their places, `partitions` to a topic that is spread.
    pub(crate) fn records(self, partitions: u32) -> Vec<(String, u32, LogRecord)> {
        let turn = self.source.turn;
        let customer = |(id, view): (Uuid, Option<CustomerView>)| {
            let id = id.to_string();
            let ty = if view.is_some() { "onefold.customer.v2" } else { "onefold.customer.gone.v1" };
            let said = Said { id: format!("{id}/{}", turn.version), ty, subject: &id, time: turn.version };
            record(id.clone(), &said, turn.version, view.as_ref())
        };
        let spread = |topic: &'static str| {
            move |record: LogRecord| (topic.to_owned(), partition_of(&record.key, partitions), record)
        };
        let customers = self.customers.into_iter().map(customer).map(spread(CUSTOMERS_TOPIC));
        let identity = self.identity.into_iter().map(|record| (IDENTITY_TOPIC.to_owned(), 0, record));
        customers.chain(identity).chain(self.actions.into_iter().map(spread(ACTIONS_TOPIC))).collect()
    }
}
