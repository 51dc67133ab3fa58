//! Who is one customer, as some events say it.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Micros, Subject, SubjectKind};
use onefold_fold::{SubjectState, asserted_identifiers};
use onefold_identity::{
    AtomHolder, IdentifierKey, IdentityRules, OwnerAtom, PartyDecision, PartyFacts, cluster_parties,
};

use crate::LoggedEvent;
use crate::model::FoldedSubjects;

/// The customers that a set of events makes.
#[derive(Debug, Clone, Default)]
pub struct IdentityModel {
    /// The parties of each customer.
    customers: Vec<Vec<Subject>>,
    /// The place of each party's customer among them.
    places: BTreeMap<Subject, usize>,
    /// The least time of any event about or naming a party (rule B7).
    first_seen: BTreeMap<Subject, Micros>,
    /// Identifiers that link nobody, since too many asserted them.
    hubs: BTreeSet<IdentifierKey>,
    /// Who holds an identifier.
    holders: BTreeMap<IdentifierKey, BTreeSet<Subject>>,
    /// What is kept of each decision.
    decisions: BTreeMap<Subject, SubjectState>,
    /// What links each party.
    facts: BTreeMap<Subject, PartyFacts>,
}

impl IdentityModel {
    /// Of whole candidate components out of a larger hub: the events about their parties and decisions and those that make their
    /// guests, each party with when the hub first heard of it, and the values that are hubs there, all of whose holders need
    /// not be among the parties. A party without such a time is left out.
    pub fn of(
        events: &[LoggedEvent],
        first_seen: BTreeMap<Subject, Micros>,
        hubs: BTreeSet<IdentifierKey>,
        rules: &IdentityRules,
    ) -> Self {
        let folded = FoldedSubjects { first_seen, ..FoldedSubjects::of(events) };
        let mut model = Self { hubs, ..Self::default() };
        model.form(&folded, rules);
        model
    }

    /// Of a whole hub.
    pub(crate) fn cluster(folded: &FoldedSubjects, rules: &IdentityRules) -> Self {
        let mut model = Self::default();
        model.form(folded, rules);
        model
    }

    /// Clusters the parties (rules B1 to B6).
    fn form(&mut self, folded: &FoldedSubjects, rules: &IdentityRules) {
        let mut parties: BTreeMap<Subject, PartyFacts> = BTreeMap::new();
        let mut ever: BTreeMap<IdentifierKey, u64> = BTreeMap::new();
        for (party, first_seen) in &folded.first_seen {
            let state = folded.states.get(party);
            let fragment = state.and_then(|state| state.fragment.as_ref());
            let facts = fragment.map_or_else(|| PartyFacts::new(party.clone()), |fragment| fragment.party_facts(party));
            parties.insert(party.clone(), facts);
            self.first_seen.insert(party.clone(), *first_seen);
            for (key, stands) in asserted_identifiers(party, state) {
                *ever.entry(key.clone()).or_default() += 1;
                if stands {
                    self.holders.entry(key).or_default().insert(party.clone());
                }
            }
        }
        let is_hub = |(key, count): &(IdentifierKey, u64)| rules.is_hub(key.kind(), *count);
        self.hubs.extend(ever.into_iter().filter(is_hub).map(|(key, _)| key));
        let decisions = folded.states.iter().filter(|(subject, _)| subject.kind() == SubjectKind::Decision);
        self.decisions = decisions.map(|(subject, state)| (subject.clone(), state.clone())).collect();
        let made: Vec<PartyDecision> =
            self.decisions.iter().filter_map(|(subject, state)| state.party_decision(subject)).collect();
        self.customers = cluster_parties(&parties, &made, &self.hubs, rules).sets;
        let places = self.customers.iter().enumerate().flat_map(|(n, all)| all.iter().map(move |party| (party, n)));
        self.places = places.map(|(party, n)| (party.clone(), n)).collect();
        self.facts = parties;
    }

    /// Has parties of which it knows nothing stand alone.
    pub(crate) fn add_strangers(&mut self, first_seen: &BTreeMap<Subject, Micros>) {
        for (party, first_seen) in first_seen {
            if !self.places.contains_key(party) {
                self.places.insert(party.clone(), self.customers.len());
                self.customers.push(vec![party.clone()]);
                self.first_seen.insert(party.clone(), *first_seen);
            }
        }
    }

    /// The parties of every customer.
    pub fn customers(&self) -> &[Vec<Subject>] {
        &self.customers
    }

    /// The parties of the customer that holds a party; none where no event names it.
    pub fn customer(&self, party: &Subject) -> Option<&[Subject]> {
        self.place(party).and_then(|place| self.customers.get(place)).map(Vec::as_slice)
    }

    pub(crate) fn place(&self, party: &Subject) -> Option<usize> {
        self.places.get(party).copied()
    }

    /// When the hub first heard of a party; microseconds since 1970-01-01T00:00Z.
    pub fn first_seen(&self, party: &Subject) -> Option<Micros> {
        self.first_seen.get(party).copied()
    }

    /// What links these parties.
    pub fn facts_of(&self, parties: &[Subject]) -> BTreeMap<Subject, PartyFacts> {
        let facts = |party: &Subject| self.facts.get(party).cloned().unwrap_or_else(|| PartyFacts::new(party.clone()));
        parties.iter().map(|party| (party.clone(), facts(party))).collect()
    }

    /// Identifiers that link nobody, since too many parties asserted them.
    pub fn hubs(&self) -> &BTreeSet<IdentifierKey> {
        &self.hubs
    }

    /// Parties that hold an identifier.
    pub fn holders(&self, key: &IdentifierKey) -> impl Iterator<Item = &Subject> {
        self.holders.get(key).into_iter().flatten()
    }

    /// Who holds a party or an identifier, by the places of customers.
    pub(crate) fn holder(&self, atom: &OwnerAtom) -> AtomHolder<usize> {
        match atom {
            OwnerAtom::Party(party) => self.place(party).map_or(AtomHolder::Nobody, AtomHolder::Customer),
            OwnerAtom::Identifier(key) if self.hubs.contains(key) => AtomHolder::Hub,
            OwnerAtom::Identifier(key) => {
                AtomHolder::from_customers(self.holders(key).filter_map(|party| self.place(party)))
            }
            // Whoever asks for these asks for what they are made of.
            OwnerAtom::First(_) | OwnerAtom::Until(_) => AtomHolder::Nobody,
        }
    }

    /// Decisions that name these parties, and those that supersede them.
    pub fn decisions_on(&self, parties: &[Subject]) -> Vec<PartyDecision> {
        let names = |state: &SubjectState| {
            let fragment = state.fragment.as_ref();
            fragment.is_some_and(|fragment| fragment.decided_parties().iter().any(|party| parties.contains(party)))
        };
        let named = self.decisions.iter().filter(|(_, state)| names(state));
        let mut rows: BTreeMap<String, SubjectState> =
            named.map(|(subject, state)| (subject.to_string(), state.clone())).collect();
        for key in SubjectState::superseding_decisions(&rows) {
            let above = key.parse().ok().and_then(|subject: Subject| self.decisions.get(&subject).cloned());
            rows.extend(above.map(|state| (key, state)));
        }
        SubjectState::party_decisions(&rows)
    }
}
