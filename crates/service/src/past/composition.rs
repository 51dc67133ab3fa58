//! What a customer's view was made of at the clocks, as the read model would have held it.

use std::collections::{BTreeMap, BTreeSet};

use onefold_customer::CustomerRows;
use onefold_event::{Micros, Subject};
use onefold_identity::PartyFacts;
use onefold_view::Contribution;

use super::{AnsweredClocks, PastWorld};
use crate::events::{EventPlace, places};

impl PastWorld {
    /// The clocks that it holds for.
    pub(crate) fn clocks(&self) -> &AnsweredClocks {
        &self.clocks
    }

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
    pub(crate) fn places_of(&self, subjects: &BTreeSet<Subject>) -> Vec<EventPlace> {
        subjects.iter().filter_map(|subject| self.facts.get(subject)).flat_map(|facts| places(facts)).collect()
    }
}
