//! What a customer's parties alone say of decisions that cannot be honoured, and of why.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Subject;

use crate::constraint::{ForbiddenPair, PairConstraints};
use crate::decision::standing_decisions;
use crate::link::PartyIndex;
use crate::verdict::PairVerdicts;
use crate::{IdentityRules, PartyDecision, PartyFacts};

/// A decision *same* that holds and is not honoured: who is a customer's, and who is another's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptApart {
    /// The decision.
    pub decision: Subject,
    /// Parties of the customer that it names.
    pub parties: Vec<Subject>,
    /// Parties of others with whom it says that these are the same.
    pub others: Vec<Subject>,
}

/// The decisions that cannot be honoured of those that name a customer's parties, by their ids. `decisions` holds all that name
/// any of them, and those that supersede these, in any order. What a later decision says of a pair stands above them.
pub fn kept_apart(parties: &BTreeSet<Subject>, decisions: &[PartyDecision]) -> Vec<KeptApart> {
    let standing = standing_decisions(decisions);
    let is_of_others = |decision: &&&PartyDecision| match decision {
        PartyDecision::Link { parties: named, .. } => named.iter().any(|party| !parties.contains(party)),
        PartyDecision::Separate { .. } => false,
    };
    if !standing.iter().any(|decision| is_of_others(&decision)) {
        return Vec::new();
    }
    let named = standing.iter().flat_map(|decision| decision.parties()).cloned();
    let named: BTreeMap<Subject, PartyFacts> = named.map(|party| (party.clone(), PartyFacts::new(party))).collect();
    let index = PartyIndex::new(&named);
    let verdicts = PairVerdicts::new(&index, &standing);
    let class = |party: &Subject| index.place_of(party).map(|place| verdicts.class_of(place));
    let mut found = Vec::new();
    for decision in standing.iter().filter(is_of_others) {
        let (ours, others): (Vec<&Subject>, Vec<&Subject>) =
            decision.parties().partition(|party| parties.contains(*party));
        let classes: BTreeSet<usize> = ours.iter().filter_map(|party| class(party)).collect();
        let same = |other: usize| {
            classes.iter().any(|one| verdicts.verdict_between(*one, other) == Some((true, decision.id())))
        };
        let others: Vec<Subject> = others.into_iter().filter(|party| class(party).is_some_and(same)).cloned().collect();
        if !others.is_empty() {
            let parties = ours.into_iter().cloned().collect();
            found.push(KeptApart { decision: decision.id().clone(), parties, others });
        }
    }
    found.sort();
    found
}

/// What keeps the parties of one customer apart from those of another: the first of the one's that may not be with one of the
/// other's, and the first of those. None where nothing forbids it. `decisions` as for [`kept_apart`].
pub fn forbidden_pairs(
    one: &BTreeMap<Subject, PartyFacts>,
    other: &BTreeMap<Subject, PartyFacts>,
    decisions: &[PartyDecision],
    rules: &IdentityRules,
) -> Option<ForbiddenPair> {
    let all: BTreeMap<Subject, PartyFacts> =
        one.iter().chain(other).map(|(key, facts)| (key.clone(), facts.clone())).collect();
    let (index, standing) = (PartyIndex::new(&all), standing_decisions(decisions));
    let constraints = PairConstraints::of_all(&index, &standing, rules);
    let mut places = other.keys().filter_map(|party| index.place_of(party));
    let mut traits = constraints.traits_of(places.next()?);
    places.for_each(|place| traits.merge(constraints.traits_of(place)));
    let apart = |party: &Subject| {
        let place = index.place_of(party)?;
        Some((place, constraints.least_forbidden(place, &traits)?))
    };
    let (left, right) = one.keys().find_map(apart)?;
    let reason = constraints.reason_between(left, right)?;
    Some(ForbiddenPair { left: index.key_at(left)?.clone(), right: index.key_at(right)?.clone(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(n: usize) -> Subject {
        format!("party:erp:{n}").parse().unwrap()
    }

    fn same(n: i64, parties: &[usize]) -> PartyDecision {
        PartyDecision::Link {
            id: format!("decision:onefold:{n}").parse().unwrap(),
            parties: parties.iter().map(|n| party(*n)).collect(),
            recorded_at: n,
            supersedes: BTreeSet::new(),
        }
    }

    fn never(n: i64, left: usize, right: usize) -> PartyDecision {
        let (left, right) = (BTreeSet::from([party(left)]), BTreeSet::from([party(right)]));
        let id = format!("decision:onefold:{n}").parse().unwrap();
        PartyDecision::Separate { id, left, right, recorded_at: n, supersedes: BTreeSet::new() }
    }

    #[test]
    fn a_decision_that_names_others_too_is_not_honoured_unless_a_later_one_says_never() {
        let ours = BTreeSet::from([party(1), party(2)]);
        assert_eq!(kept_apart(&ours, &[same(1, &[1, 2])]), []);
        let found = kept_apart(&ours, &[same(1, &[1, 2]), same(2, &[2, 3])]);
        let kept = KeptApart {
            decision: "decision:onefold:2".parse().unwrap(),
            parties: vec![party(2)],
            others: vec![party(3)],
        };
        assert_eq!(found, std::slice::from_ref(&kept));
        assert_eq!(kept_apart(&ours, &[same(2, &[2, 3]), never(1, 2, 3)]), [kept]);
        assert_eq!(kept_apart(&ours, &[same(2, &[2, 3]), never(3, 2, 3)]), []);
    }
}
