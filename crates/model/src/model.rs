//! From events to customers: each step is a pass over all subjects, in the order in which the stages take them.

use std::collections::BTreeMap;

use onefold_event::{DecodedEvent, Micros, Subject};
use onefold_fold::{FactState, SubjectState};
use onefold_identity::{IdentityRules, Intermediary};
use onefold_view::{Bundle, Contribution, Fragment, MentionState, SettlementStep, parties_named};

use crate::{IdentityModel, LoggedEvent};

/// What a hub makes of a set of events.
#[derive(Debug, Clone, Default)]
pub struct HubModel {
    pub(crate) rules: IdentityRules,
    pub(crate) states: BTreeMap<Subject, SubjectState>,
    /// What each subject adds to owner keys.
    pub(crate) contributions: BTreeMap<Subject, BTreeMap<String, Contribution>>,
    pub(crate) bundles: BTreeMap<String, Bundle>,
    /// Who is one customer.
    pub(crate) identity: IdentityModel,
}

impl HubModel {
    /// Takes in events, in whatever order and however often each.
    pub fn of(events: &[LoggedEvent], rules: IdentityRules) -> Self {
        let folded = FoldedSubjects::of(events);
        let identity = IdentityModel::cluster(&folded, &rules);
        Self::attributed(folded, identity, rules)
    }

    /// The facts of some events under an identity that others gave: whose a document is as these say it, who is one customer as
    /// those did. A party that identity does not know stands alone, and holds no identifier.
    pub fn with_identity(facts: &[LoggedEvent], mut identity: IdentityModel, rules: IdentityRules) -> Self {
        let folded = FoldedSubjects::of(facts);
        identity.add_strangers(&folded.first_seen);
        Self::attributed(folded, identity, rules)
    }

    fn attributed(folded: FoldedSubjects, identity: IdentityModel, rules: IdentityRules) -> Self {
        let mut model = Self { rules, states: folded.states, identity, ..Self::default() };
        model.attribute();
        model.contribute();
        model
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
}

/// Subjects folded, with what they say to each other, before anybody owns anything.
#[derive(Debug, Default)]
pub(crate) struct FoldedSubjects {
    pub(crate) states: BTreeMap<Subject, SubjectState>,
    /// The least time of any event about or naming a party (rule B7).
    pub(crate) first_seen: BTreeMap<Subject, Micros>,
}

impl FoldedSubjects {
    pub(crate) fn of(events: &[LoggedEvent]) -> Self {
        let mut folded = Self::default();
        folded.fold_facts(events);
        folded.note_parties(events);
        folded.propagate();
        folded
    }

    /// Each subject's standing facts (rules A3 to A5). An event's place in the log is its place in the slice.
    fn fold_facts(&mut self, events: &[LoggedEvent]) {
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

    fn hear(&mut self, said: Vec<(Subject, BTreeMap<Subject, MentionState>)>) {
        for (from, words) in said {
            for (to, words) in words {
                let heard = &mut self.states.entry(to).or_default().inbound;
                heard.entry(from.to_string()).or_default().merge_with(words);
            }
        }
    }
}
