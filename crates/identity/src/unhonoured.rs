//! What was said to be the same and is kept apart.

use std::collections::BTreeMap;

use onefold_event::Subject;

use crate::constraint::Constraints;
use crate::forming::{Formed, Set};
use crate::link::{Group, Index};
use crate::{Forbidden, Link};

/// A decision *same*, or a merge at source, that something forbids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unhonoured {
    /// What would make them one.
    pub link: Link,
    /// One whom it names.
    pub left: Subject,
    /// Another, who is another customer.
    pub right: Subject,
    /// The parties of the two customers that are kept apart.
    pub because: Forbidden,
}

/// One pair for each decision or merge at source and two customers that it names; by what would link them, then by customer.
pub(crate) fn unhonoured(
    index: &Index<'_>,
    constraints: &Constraints<'_>,
    groups: &[Group],
    formed: &Formed,
) -> Vec<Unhonoured> {
    let mut pairs: BTreeMap<(&Link, usize, usize), (usize, usize)> = BTreeMap::new();
    for group in groups {
        let said = match (&group.link, group.holders.as_slice()) {
            (Link::Decision(id), holders) => decided(id, holders, constraints, formed),
            (Link::AtSource { .. }, [a, b]) => vec![(*a, *b)],
            _ => continue,
        };
        for (a, b) in said {
            let (Some((x, one)), Some((y, other))) = (formed.of(a), formed.of(b)) else { continue };
            if x != y {
                let (one, other) = (one.least, other.least);
                pairs.insert((&group.link, one.min(other), one.max(other)), (a, b));
            }
        }
    }
    let mut reasons: BTreeMap<(usize, usize), Option<Forbidden>> = BTreeMap::new();
    let unhonoured = |((link, ..), (a, b)): ((&Link, usize, usize), (usize, usize))| {
        let ((x, one), (y, other)) = (formed.of(a)?, formed.of(b)?);
        let because = reasons.entry((x, y)).or_insert_with(|| forbidden(index, constraints, one, other)).clone()?;
        Some(Unhonoured { link: link.clone(), left: index.key(a)?.clone(), right: index.key(b)?.clone(), because })
    };
    pairs.into_iter().filter_map(unhonoured).collect()
}

/// Of each two customers that a decision names, the least two parties of whom no later decision speaks.
fn decided(id: &Subject, holders: &[usize], constraints: &Constraints<'_>, formed: &Formed) -> Vec<(usize, usize)> {
    let verdicts = &constraints.verdicts;
    // Of each customer its parties' classes, each with its least party.
    let mut customers: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
    for party in holders {
        let Some((at, _)) = formed.of(*party) else { continue };
        customers.entry(at).or_default().entry(verdicts.class(*party)).or_insert(*party);
    }
    let customers: Vec<BTreeMap<usize, usize>> = customers.into_values().collect();
    let mut found = Vec::new();
    for (n, one) in customers.iter().enumerate() {
        for other in customers.iter().skip(n + 1) {
            let pairs = one.iter().flat_map(|a| other.iter().map(move |b| (a, b)));
            let says = pairs.filter(|((a, _), (b, _))| verdicts.between(**a, **b) == Some((true, id)));
            found.extend(says.map(|((_, p), (_, q))| (*p.min(q), *p.max(q))).min());
        }
    }
    found
}

/// The first party of the one customer that may not be with one of the other, and the first of those.
fn forbidden(index: &Index<'_>, constraints: &Constraints<'_>, one: &Set, other: &Set) -> Option<Forbidden> {
    let apart = |party: &usize| Some((*party, constraints.least_forbidden(*party, &other.traits)?));
    let (left, right) = one.members.iter().find_map(apart)?;
    let reason = constraints.between(left, right)?;
    Some(Forbidden { left: index.key(left)?.clone(), right: index.key(right)?.clone(), reason })
}
