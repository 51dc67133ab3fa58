//! What people decided of parties: B6.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Micros, Subject};

/// A decision that is not undone. It names parties, never customers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartyDecision {
    /// Each of these is the same customer as each other.
    Link {
        /// The decision.
        id: Subject,
        /// Whom it names.
        parties: BTreeSet<Subject>,
        /// When the hub took it in.
        recorded_at: Micros,
        /// Decisions that do not hold because of it.
        supersedes: BTreeSet<Subject>,
    },
    /// None of the one list is ever the same customer as one of the other.
    Separate {
        /// The decision.
        id: Subject,
        /// One side.
        left: BTreeSet<Subject>,
        /// The other.
        right: BTreeSet<Subject>,
        /// When the hub took it in.
        recorded_at: Micros,
        /// Decisions that do not hold because of it.
        supersedes: BTreeSet<Subject>,
    },
}

impl PartyDecision {
    /// Its subject.
    pub fn id(&self) -> &Subject {
        match self {
            Self::Link { id, .. } | Self::Separate { id, .. } => id,
        }
    }

    /// Everyone it names.
    pub fn parties(&self) -> impl Iterator<Item = &Subject> {
        let (one, other) = match self {
            Self::Link { parties, .. } => (parties, None),
            Self::Separate { left, right, .. } => (left, Some(right)),
        };
        one.iter().chain(other.into_iter().flatten())
    }

    /// The decisions that it names as superseded.
    pub fn supersedes(&self) -> &BTreeSet<Subject> {
        match self {
            Self::Link { supersedes, .. } | Self::Separate { supersedes, .. } => supersedes,
        }
    }

    /// The later of two holds.
    pub(crate) fn order_key(&self) -> (Micros, &Subject) {
        match self {
            Self::Link { id, recorded_at, .. } | Self::Separate { id, recorded_at, .. } => (*recorded_at, id),
        }
    }
}

/// The decisions that no other one supersedes, in order. Of two that name each other, the later holds.
pub(crate) fn standing_decisions(decisions: &[PartyDecision]) -> Vec<&PartyDecision> {
    let by_id: BTreeMap<&Subject, &PartyDecision> = decisions.iter().map(|d| (d.id(), d)).collect();
    let mut void = BTreeSet::new();
    for decision in by_id.values() {
        for other in decision.supersedes().iter().filter_map(|id| by_id.get(id)) {
            let each_other = other.supersedes().contains(decision.id());
            if other.id() != decision.id() && !(each_other && other.order_key() > decision.order_key()) {
                void.insert(other.id());
            }
        }
    }
    let mut standing: Vec<&PartyDecision> = by_id.into_values().filter(|d| !void.contains(d.id())).collect();
    standing.sort_by_key(|decision| decision.order_key());
    standing
}
