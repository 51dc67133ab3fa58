//! What decisions say of any two parties: of those that name both, the latest that stands.

use std::collections::BTreeMap;

use onefold_event::Subject;

use crate::PartyDecision;
use crate::link::PartyIndex;

/// What a decision does with a party: it makes it the same as others, or it stands on one or both sides of a separation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DecisionSide {
    Same,
    Left,
    Right,
    Both,
}

impl DecisionSide {
    pub(crate) fn is_left(self) -> bool {
        matches!(self, Self::Left | Self::Both)
    }

    pub(crate) fn is_right(self) -> bool {
        matches!(self, Self::Right | Self::Both)
    }
}

/// The decisions that name a party, by their places among those that stand, with its side.
type NamedSides = Vec<(usize, DecisionSide)>;

/// The class of parties that no decision names.
const UNNAMED: usize = 0;

/// Parties that the same decisions name, on the same sides, are of one class: what is said of two parties follows from their
/// classes, so that a decision on ten thousand parties is not as many pairs.
pub(crate) struct PairVerdicts<'a> {
    ids: Vec<&'a Subject>,
    class_of: Vec<usize>,
    classes: Vec<NamedSides>,
}

impl<'a> PairVerdicts<'a> {
    pub(crate) fn new(index: &PartyIndex<'a>, standing: &[&'a PartyDecision]) -> Self {
        let mut named: BTreeMap<usize, NamedSides> = BTreeMap::new();
        for (at, decision) in standing.iter().enumerate() {
            let mut name = |party, side| {
                let named = named.entry(party).or_default();
                match named.last_mut() {
                    // On the left and on the right.
                    Some((last, known)) if *last == at => *known = DecisionSide::Both,
                    _ => named.push((at, side)),
                }
            };
            match decision {
                PartyDecision::Link { parties, .. } => {
                    index.places_of(parties).into_iter().for_each(|party| name(party, DecisionSide::Same));
                }
                PartyDecision::Separate { left, right, .. } => {
                    index.places_of(left).into_iter().for_each(|party| name(party, DecisionSide::Left));
                    index.places_of(right).into_iter().for_each(|party| name(party, DecisionSide::Right));
                }
            }
        }
        let mut known: BTreeMap<NamedSides, usize> = BTreeMap::from([(NamedSides::new(), UNNAMED)]);
        let mut class_of = vec![UNNAMED; index.len()];
        for (party, named) in named {
            let next = known.len();
            if let Some(class) = class_of.get_mut(party) {
                *class = *known.entry(named).or_insert(next);
            }
        }
        let mut classes = vec![NamedSides::new(); known.len()];
        for (named, class) in known {
            if let Some(slot) = classes.get_mut(class) {
                *slot = named;
            }
        }
        Self { ids: standing.iter().map(|decision| decision.id()).collect(), class_of, classes }
    }

    pub(crate) fn class_of(&self, party: usize) -> usize {
        self.class_of.get(party).copied().unwrap_or(UNNAMED)
    }

    /// Separations that name the parties of a class, by their places.
    pub(crate) fn separations(&self, class: usize) -> impl Iterator<Item = (usize, DecisionSide)> {
        self.classes.get(class).into_iter().flatten().copied().filter(|(_, side)| *side != DecisionSide::Same)
    }

    /// What is said of a party of the one class and another of the other: whether they are the same, and by which decision.
    pub(crate) fn verdict_between(&self, one: usize, other: usize) -> Option<(bool, &'a Subject)> {
        let (one, other) = (self.classes.get(one)?, self.classes.get(other)?);
        // One party may be named by ten thousand decisions and the other by one: the shorter list is walked, the
        // longer one searched.
        let (few, many) = if one.len() < other.len() { (one, other) } else { (other, one) };
        few.iter().rev().find_map(|(at, side)| {
            let (_, across) = many.get(many.binary_search_by_key(at, |(at, _)| *at).ok()?)?;
            let apart = (side.is_left() && across.is_right()) || (side.is_right() && across.is_left());
            let same = *side == DecisionSide::Same;
            (same || apart).then_some((same, *self.ids.get(*at)?))
        })
    }
}
