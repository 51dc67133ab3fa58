//! What was said to be the same and is kept apart.

use std::collections::BTreeMap;

use onefold_event::Subject;

use crate::constraint::PairConstraints;
use crate::forming::{PartySet, PartySets};
use crate::link::{LinkGroup, PartyIndex};
use crate::{ForbiddenPair, PartyLink};

/// A decision *same*, or a merge at source, that something forbids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnhonouredDecision {
    /// What would make them one.
    pub link: PartyLink,
    /// One whom it names.
    pub left: Subject,
    /// Another, who is another customer.
    pub right: Subject,
    /// The parties of the two customers that are kept apart.
    pub because: ForbiddenPair,
}

/// One pair for each decision or merge at source and two customers that it names; by what would link them, then by customer.
pub(crate) fn find_unhonoured(
    index: &PartyIndex<'_>,
    constraints: &PairConstraints<'_>,
    groups: &[LinkGroup],
    formed: &PartySets,
) -> Vec<UnhonouredDecision> {
    let mut pairs: BTreeMap<(&PartyLink, usize, usize), (usize, usize)> = BTreeMap::new();
    for group in groups {
        let said = match (&group.link, group.holders.as_slice()) {
            (PartyLink::Decision(id), holders) => decided_pairs(id, holders, constraints, formed),
            (PartyLink::AtSource { .. }, [a, b]) => vec![(*a, *b)],
            _ => continue,
        };
        for (a, b) in said {
            let (Some((x, one)), Some((y, other))) = (formed.set_of(a), formed.set_of(b)) else { continue };
            if x != y {
                let (one, other) = (one.least, other.least);
                pairs.insert((&group.link, one.min(other), one.max(other)), (a, b));
            }
        }
    }
    let mut reasons: BTreeMap<(usize, usize), Option<ForbiddenPair>> = BTreeMap::new();
    let unhonoured = |((link, ..), (a, b)): ((&PartyLink, usize, usize), (usize, usize))| {
        let ((x, one), (y, other)) = (formed.set_of(a)?, formed.set_of(b)?);
        let because =
            reasons.entry((x, y)).or_insert_with(|| forbidden_between(index, constraints, one, other)).clone()?;
        Some(UnhonouredDecision {
            link: link.clone(),
            left: index.key_at(a)?.clone(),
            right: index.key_at(b)?.clone(),
            because,
        })
    };
    pairs.into_iter().filter_map(unhonoured).collect()
}

/// Of each two customers that a decision names, the least two parties of whom no later decision speaks.
fn decided_pairs(
    id: &Subject,
    holders: &[usize],
    constraints: &PairConstraints<'_>,
    formed: &PartySets,
) -> Vec<(usize, usize)> {
    let verdicts = &constraints.verdicts;
    // Of each customer its parties' classes, each with its least party.
    let mut customers: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
    for party in holders {
        let Some((at, _)) = formed.set_of(*party) else { continue };
        customers.entry(at).or_default().entry(verdicts.class_of(*party)).or_insert(*party);
    }
    let customers: Vec<BTreeMap<usize, usize>> = customers.into_values().collect();
    let mut found = Vec::new();
    for (n, one) in customers.iter().enumerate() {
        for other in customers.iter().skip(n + 1) {
            let pairs = one.iter().flat_map(|a| other.iter().map(move |b| (a, b)));
            let says = pairs.filter(|((a, _), (b, _))| verdicts.verdict_between(**a, **b) == Some((true, id)));
            found.extend(says.map(|((_, p), (_, q))| (*p.min(q), *p.max(q))).min());
        }
    }
    found
}

/// The first party of the one customer that may not be with one of the other, and the first of those.
fn forbidden_between(
    index: &PartyIndex<'_>,
    constraints: &PairConstraints<'_>,
    one: &PartySet,
    other: &PartySet,
) -> Option<ForbiddenPair> {
    let apart = |party: &usize| Some((*party, constraints.least_forbidden(*party, &other.traits)?));
    let (left, right) = one.members.iter().find_map(apart)?;
    let reason = constraints.reason_between(left, right)?;
    Some(ForbiddenPair { left: index.key_at(left)?.clone(), right: index.key_at(right)?.clone(), reason })
}
