//! From events to customers: each step is a pass over all subjects, in the order in which the stages take them.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{DecodedEvent, Micros, Subject, SubjectKind};
use onefold_fold::{FactState, SubjectState, asserted_identifiers};
use onefold_identity::{IdentifierKey, IdentityRules, Intermediary, PartyDecision, PartyFacts, cluster_parties};
use onefold_view::{Bundle, Contribution, Fragment, SettlementStep, parties_named};

use crate::LoggedEvent;

/// What a hub makes of a set of events.
#[derive(Debug, Clone, Default)]
pub struct HubModel {
    pub(crate) rules: IdentityRules,
    pub(crate) states: BTreeMap<Subject, SubjectState>,
    /// What each subject adds to owner keys.
    pub(crate) contributions: BTreeMap<Subject, BTreeMap<String, Contribution>>,
    pub(crate) bundles: BTreeMap<String, Bundle>,
    /// The least time of any event about or naming a party (rule B7).
    pub(crate) first_seen: BTreeMap<Subject, Micros>,
    /// The parties of each customer.
    pub(crate) customers: Vec<Vec<Subject>>,
    /// Identifiers that link nobody, since too many asserted them.
    pub(crate) hubs: BTreeSet<IdentifierKey>,
    /// Who holds an identifier now.
    pub(crate) holders: BTreeMap<IdentifierKey, BTreeSet<Subject>>,
    pub(crate) decisions: Vec<PartyDecision>,
}

impl HubModel {
    /// Takes in events, in whatever order and however often each.
    pub fn of(events: &[LoggedEvent], rules: IdentityRules) -> Self {
        let mut model = Self { rules, ..Self::default() };
        model.fold(events);
        model.note_parties(events);
        model.propagate();
        model.attribute();
        model.contribute();
        model.cluster();
        model
    }

    /// Each subject's standing facts (rules A3 to A5). An event's place in the log is its place in the slice.
    fn fold(&mut self, events: &[LoggedEvent]) {
        let mut copies: BTreeMap<&Subject, Vec<FactState>> = BTreeMap::new();
        for (offset, logged) in (0..).zip(events) {
            let header = &logged.event.header;
            let fact = FactState::new(header, &logged.digest, logged.recorded_at, 0, offset);
            copies.entry(&header.subject).or_default().push(fact);
        }
        for (subject, copies) in copies {
            let mut state = SubjectState::from_copies(copies);
            let places = state.history().into_iter().filter_map(|(_, offset)| usize::try_from(offset).ok());
            let history: Vec<DecodedEvent> =
                places.filter_map(|place| events.get(place)).map(|logged| logged.event.clone()).collect();
            state.fold_afresh(subject, &history);
            self.states.insert(subject.clone(), state);
        }
    }

    /// Parties begin with the first event that names them, guests with what it says of them (rules B7, C7).
    fn note_parties(&mut self, events: &[LoggedEvent]) {
        for logged in events {
            parties_named(&logged.event, &mut |party, guest| {
                let first = self.first_seen.entry(party.clone()).or_insert(logged.recorded_at);
                *first = (*first).min(logged.recorded_at);
                if let Some(guest) = guest {
                    self.states.entry(party.clone()).or_default().merge_guest(party, guest);
                }
            });
        }
    }

    /// What subjects say to each other: first what their own facts say, then in each step of settlement what they make of what they
    /// heard before it. Within a step all answer to the same: the outcome does not depend on the order of subjects.
    fn propagate(&mut self) {
        let said = |state: &SubjectState| state.fragment.as_ref().map(Fragment::outbound_mentions).unwrap_or_default();
        let outbound: Vec<_> = self.states.iter().map(|(from, state)| (from.clone(), said(state))).collect();
        self.hear(outbound);
        for step in SettlementStep::ALL {
            let replies: Vec<_> =
                self.states.iter().map(|(from, state)| (from.clone(), state.mentions_in_step(step, from))).collect();
            self.hear(replies);
        }
    }

    fn hear(&mut self, said: Vec<(Subject, BTreeMap<Subject, onefold_view::MentionState>)>) {
        for (from, words) in said {
            for (to, words) in words {
                let heard = &mut self.states.entry(to).or_default().inbound;
                heard.entry(from.to_string()).or_default().merge_with(words);
            }
        }
    }

    /// Whose each document is, rank by rank: owners flow from a lower rank to a higher one (rules C1 to C5).
    fn attribute(&mut self) {
        let documents = self.states.keys().filter(|subject| subject.kind().is_document());
        let mut documents: Vec<Subject> = documents.cloned().collect();
        documents.sort_by_key(|subject| subject.kind().rank());
        for document in documents {
            let Some(state) = self.states.get(&document) else { continue };
            let intermediary =
                |party: &Subject| self.states.get(party).map_or(Intermediary::None, SubjectState::intermediary);
            let keys_of = |parent: &Subject| self.states.get(parent)?.keys.clone();
            let keys = state.find_keys(&document, &intermediary, &keys_of);
            if let Some(state) = self.states.get_mut(&document) {
                state.keys = keys;
            }
        }
    }

    fn contribute(&mut self) {
        for (subject, state) in &self.states {
            let contributions = state.contributions(subject);
            for (owner, contribution) in &contributions {
                self.bundles.entry(owner.clone()).or_default().add(contribution);
            }
            self.contributions.insert(subject.clone(), contributions);
        }
    }

    /// Who is one customer (rules B1 to B6).
    fn cluster(&mut self) {
        let mut parties: BTreeMap<Subject, PartyFacts> = BTreeMap::new();
        let mut ever: BTreeMap<IdentifierKey, u64> = BTreeMap::new();
        for party in self.first_seen.keys().filter(|subject| subject.kind() == SubjectKind::Party) {
            let state = self.states.get(party);
            let fragment = state.and_then(|state| state.fragment.as_ref());
            let facts = fragment.map_or_else(|| PartyFacts::new(party.clone()), |fragment| fragment.party_facts(party));
            parties.insert(party.clone(), facts);
            for (key, stands) in asserted_identifiers(party, state) {
                *ever.entry(key.clone()).or_default() += 1;
                if stands {
                    self.holders.entry(key).or_default().insert(party.clone());
                }
            }
        }
        let is_hub = |(key, count): &(IdentifierKey, u64)| self.rules.is_hub(key.kind(), *count);
        self.hubs = ever.into_iter().filter(is_hub).map(|(key, _)| key).collect();
        self.decisions = self.states.iter().filter_map(|(subject, state)| state.party_decision(subject)).collect();
        self.customers = cluster_parties(&parties, &self.decisions, &self.hubs, &self.rules).sets;
    }
}
