//! What the hub would have answered: the model of the events that count at the clocks, of everybody whom the question touches.

use std::collections::{BTreeMap, BTreeSet};

use onefold_customer::CustomerRows;
use onefold_event::{Micros, Subject, SubjectKind};
use onefold_fold::{FactState, SubjectState};
use onefold_identity::{IdentifierKey, PartyFacts};
use onefold_model::HubModel;
use onefold_view::{Contribution, CustomerView, PurchaseTallies};
use uuid::Uuid;

use super::AnsweredClocks;
use crate::customer::{held_by_several, name_of, needs_tallies};
use crate::events::{EventPlace, places};
use crate::{CustomerName, CustomerReference, ServiceError};

/// The part of the hub that a question touches, at its clocks.
pub(crate) struct PastWorld {
    pub(crate) model: HubModel,
    /// Copies that count, by subject, each list ordered as in a subject's row.
    pub(super) facts: BTreeMap<Subject, Vec<FactState>>,
    pub(crate) clocks: AnsweredClocks,
    /// Parties that any event which counts is about or names.
    pub(super) heard_of: BTreeSet<Subject>,
}

impl PastWorld {
    /// Whether any event that counts is about a party or names it.
    fn is_heard_of(&self, party: &Subject) -> bool {
        self.heard_of.contains(party)
    }

    /// Whether any event that counts is about a party's customer or names it.
    pub(super) fn is_customer_heard_of(&self, party: &Subject) -> bool {
        self.model.customer(party).unwrap_or_default().iter().any(|party| self.is_heard_of(party))
    }

    /// The party by which the one customer is found that holds a value.
    pub(super) fn holder_of(&self, key: &IdentifierKey) -> Result<Subject, ServiceError> {
        let mut customers: BTreeMap<Uuid, Subject> = BTreeMap::new();
        for party in self.model.identity().holders(key).filter(|party| self.is_heard_of(party)) {
            if let Some(id) = self.model.id_of(party) {
                customers.entry(id).or_insert_with(|| party.clone());
            }
        }
        let mut found: Vec<Subject> = customers.into_values().collect();
        match (found.pop(), found.len()) {
            (Some(party), 0) => Ok(party),
            (Some(party), _) => {
                let customers: Vec<CustomerName> =
                    found.iter().chain([&party]).filter_map(|party| self.name_of(party)).collect();
                Err(held_by_several(&format!("{key} was held"), customers))
            }
            (None, _) => Err(ServiceError::not_found(format!(
                "nobody held {key} at these clocks; ask without one for who does now"
            ))),
        }
    }

    /// A party of the customer that a document belongs to: in trade, else of the debt.
    pub(super) fn owner_of(&self, document: &Subject) -> Option<Subject> {
        let keys = self.model.state(document)?.owner_keys();
        keys.all().find_map(|key| self.customer_of(key))
    }

    /// A party of the customer that holds all of an owner key (rule C1).
    pub(super) fn customer_of(&self, key: &str) -> Option<Subject> {
        let whose = self.model.whose(key).filter(|whose| whose.whole)?;
        let [place] = whose.customers[..] else { return None };
        self.model.customers().get(place)?.first().cloned()
    }

    /// Id and name of the customer that holds a party.
    pub(crate) fn name_of(&self, party: &Subject) -> Option<CustomerName> {
        let view = self.model.view(party, None)?;
        Some(CustomerName { id: view.id.clone(), name: name_of(&view), parties: view.parties })
    }

    /// The view, with tallies of all documents where the bundles hold too few and the documents are not too many.
    pub(crate) fn view_of(&self, party: &Subject, today: Option<i64>) -> Option<CustomerView> {
        let bundles = self.model.bundles_of(party);
        if !needs_tallies(&bundles) {
            return self.model.view(party, today);
        }
        let mut tallies = PurchaseTallies::default();
        for (subject, _) in self.documents_of(&self.owners_of(party)) {
            let adds = self.model.contributions(subject).into_iter().flatten();
            let own = adds.filter(|(owner, _)| bundles.contains_key(*owner));
            own.filter_map(|(_, adds)| adds.tallies()).for_each(|one| tallies.add(one));
        }
        self.model.tallied_view(party, today, Some(&tallies))
    }

    /// Owner keys of the customer that holds a party: those that something stands under, and its parties.
    pub(crate) fn owners_of(&self, party: &Subject) -> BTreeSet<String> {
        let parties = self.model.customer(party).unwrap_or_default().iter().map(Subject::to_string);
        self.model.bundles_of(party).into_keys().chain(parties).collect()
    }

    /// What was kept of a subject.
    pub(crate) fn state(&self, subject: &Subject) -> Option<&SubjectState> {
        self.model.state(subject)
    }

    /// Documents that stand under any of these owner keys.
    pub(crate) fn documents_of<'a>(
        &'a self,
        owners: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = (&'a Subject, &'a SubjectState)> {
        self.model.states().filter(|(subject, state)| !state.index_keys(subject).is_disjoint(owners))
    }

    /// Whose events are the history of a reference that means the customer of this party: a document's own, or those of a customer's
    /// parties, of decisions on them, and of its documents.
    pub(super) fn history_subjects(&self, reference: &CustomerReference, party: Option<&Subject>) -> BTreeSet<Subject> {
        match (reference.document(), party) {
            (Some(document), _) => BTreeSet::from([document.clone()]),
            (None, Some(party)) => self.subjects_of(party).into_iter().chain(self.decisions_on(party)).collect(),
            (None, None) => BTreeSet::new(),
        }
    }

    /// A customer's parties and documents.
    pub(super) fn subjects_of(&self, party: &Subject) -> Vec<Subject> {
        let owners = self.owners_of(party);
        let parties = self.model.customer(party).unwrap_or_default().iter();
        parties.chain(self.documents_of(&owners).map(|(subject, _)| subject)).cloned().collect()
    }

    /// Decisions that name a customer's parties, taken back or not.
    pub(super) fn decisions_on(&self, party: &Subject) -> Vec<Subject> {
        let parties = self.model.customer(party).unwrap_or_default();
        let names = |state: &SubjectState| {
            let fragment = state.fragment.as_ref();
            fragment.is_some_and(|fragment| fragment.decided_parties().iter().any(|named| parties.contains(named)))
        };
        let decisions = self.model.states().filter(|(subject, _)| subject.kind() == SubjectKind::Decision);
        decisions.filter(|(_, state)| names(state)).map(|(subject, _)| subject.clone()).collect()
    }
}

/// What a customer's view was made of, as the read model would have held it.
impl PastWorld {
    /// The rows of the customer that held a party.
    pub(crate) fn customer_rows(&self, party: &Subject) -> CustomerRows {
        let parties = self.model.customer(party).unwrap_or_default();
        let first_seen = |party: &Subject| self.model.identity().first_seen(party).unwrap_or(Micros::MAX);
        let bundles = self.model.bundles_of(party);
        let open = self.model.open_items().into_iter().filter(|item| bundles.contains_key(&item.owner)).collect();
        CustomerRows {
            parties: parties.iter().map(|party| (party.to_string(), first_seen(party))).collect(),
            open,
            hubs: self.model.hubs().clone(),
            decisions: self.model.identity().decisions_on(parties),
            bundles,
        }
    }

    /// What each party and document of the customer that held a party added to it.
    pub(crate) fn contributions(&self, party: &Subject) -> Vec<(Subject, BTreeMap<String, Contribution>)> {
        let owners = self.owners_of(party);
        let parties = self.model.customer(party).unwrap_or_default().iter();
        let subjects = parties.chain(self.documents_of(&owners).map(|(subject, _)| subject));
        let adds = |subject: &Subject| {
            let mut all = self.model.contributions(subject)?.clone();
            all.retain(|owner, _| owners.contains(owner));
            Some((subject.clone(), all))
        };
        subjects.filter_map(adds).collect()
    }

    /// What links the parties of the customer that held a party.
    pub(crate) fn party_facts(&self, party: &Subject) -> BTreeMap<Subject, PartyFacts> {
        self.model.identity().facts_of(self.model.customer(party).unwrap_or_default())
    }

    /// Places of the events that count of these subjects.
    pub(crate) fn places_of<'k>(&self, keys: impl Iterator<Item = &'k str>) -> Vec<EventPlace> {
        keys.filter_map(|key| self.facts.get(key)).flat_map(|facts| places(facts)).collect()
    }
}

/// Refuses what nothing was known of.
pub(crate) fn unheard_of(reference: &CustomerReference) -> ServiceError {
    ServiceError::not_found(format!(
        "nothing was known of {reference} at these clocks; ask for a later time, or without a clock for what is known now"
    ))
}
