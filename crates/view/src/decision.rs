//! What a person decided of parties, as one decision's standing facts say.

use std::collections::BTreeSet;

use onefold_event::{Body, Micros, Subject, SubjectKind};
use onefold_identity::PartyDecision;

/// The latest standing word of a decision; one that is undone has no parties.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct DecisionFragment {
    /// Parties linked, or one side of a separation.
    #[prost(string, repeated, tag = "1")]
    pub(crate) left: Vec<String>,
    /// The other side of a separation.
    #[prost(string, repeated, tag = "2")]
    pub(crate) right: Vec<String>,
    #[prost(bool, tag = "3")]
    pub(crate) separates: bool,
    #[prost(sint64, tag = "4")]
    pub(crate) recorded_at: Micros,
    #[prost(string, repeated, tag = "5")]
    pub(crate) supersedes: Vec<String>,
    #[prost(bool, tag = "6")]
    pub(crate) undone: bool,
}

impl DecisionFragment {
    pub(crate) fn apply(&mut self, body: &Body, recorded_at: Micros) {
        let (left, right, separates, undone, supersedes) = match body {
            Body::PartiesLinked(m) => (&m.parties, None, false, m.undone, &m.supersedes),
            Body::PartiesSeparated(m) => (&m.left, Some(&m.right), true, m.undone, &m.supersedes),
            _ => return,
        };
        *self = Self {
            left: left.clone(),
            right: right.cloned().unwrap_or_default(),
            separates,
            recorded_at,
            supersedes: supersedes.clone(),
            undone,
        };
    }

    /// Decisions that do not hold because of it.
    pub(crate) fn voided_documents(&self) -> impl Iterator<Item = Subject> {
        let named = self.supersedes.iter().filter(|_| !self.undone).filter_map(|text| text.parse::<Subject>().ok());
        named.filter(|other| other.kind() == SubjectKind::Decision)
    }

    pub(crate) fn to_decision(&self, id: &Subject) -> Option<PartyDecision> {
        let set = |texts: &[String]| -> BTreeSet<Subject> { texts.iter().filter_map(|t| t.parse().ok()).collect() };
        let (id, recorded_at, supersedes) = (id.clone(), self.recorded_at, set(&self.supersedes));
        if self.undone {
            return None;
        }
        Some(if self.separates {
            PartyDecision::Separate { id, left: set(&self.left), right: set(&self.right), recorded_at, supersedes }
        } else {
            PartyDecision::Link { id, parties: set(&self.left), recorded_at, supersedes }
        })
    }
}
