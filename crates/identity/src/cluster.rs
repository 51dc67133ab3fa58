//! Which parties are one customer: B5.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Subject;

use crate::constraint::{Constraints, Holding};
use crate::decision::standing;
use crate::join::Joined;
use crate::link::{Group, Index, groups};
use crate::{Decision, Forbidden, IdentifierKey, Link, PartyFacts, Rules};

/// The customers, as sets of parties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clusters {
    /// Every party is in exactly one; each is sorted, and they are by least party.
    pub sets: Vec<Vec<Subject>>,
    /// Decisions *same*, and merges at source, that something forbids.
    pub unhonoured: Vec<Unhonoured>,
}

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

impl Clusters {
    /// The customer of a party.
    pub fn of(&self, party: &Subject) -> Option<&[Subject]> {
        self.sets.iter().find(|set| set.binary_search(party).is_ok()).map(Vec::as_slice)
    }
}

/// Which parties are one customer, as a function of these sets alone.
///
/// `parties` holds whole candidate components, and every holder of each value that links in them: whether a party without a name is linked depends on all who share its phone. `decisions` are those that name any of them, and those that supersede these, in any order. `hubs` are the values that link nobody.
///
/// Links are taken group by group; within a group the present clusters of its holders, by least key, join the first that nothing forbids. What is forbidden is forbidden between clusters, so no chain brings two together who may not be.
pub fn cluster(
    parties: &BTreeMap<Subject, PartyFacts>,
    decisions: &[Decision],
    hubs: &BTreeSet<IdentifierKey>,
    rules: &Rules,
) -> Clusters {
    let index = Index::new(parties);
    let standing = standing(decisions);
    let groups = groups(&index, &standing, hubs, rules);
    let constraints = Constraints::new(&index, &standing, &groups, rules);
    let mut now = Forming::new(&index, &constraints);
    for group in &groups {
        now.take(&group.holders);
    }
    let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (place, head) in now.of.iter().enumerate() {
        sets.entry(*head).or_default().push(place);
    }
    Clusters {
        unhonoured: unhonoured(&index, &constraints, &groups, &now.of, &sets),
        sets: sets.values().map(|set| index.of(set)).collect(),
    }
}

/// The candidate components: everybody whom any admissible link connects, as if nothing were forbidden. Sorted, each and all.
pub fn components(
    parties: &BTreeMap<Subject, PartyFacts>,
    decisions: &[Decision],
    hubs: &BTreeSet<IdentifierKey>,
    rules: &Rules,
) -> Vec<Vec<Subject>> {
    let index = Index::new(parties);
    let mut joined = Joined::new(index.len());
    for group in groups(&index, &standing(decisions), hubs, rules) {
        for pair in group.holders.windows(2) {
            if let [a, b] = pair {
                joined.join(*a, *b);
            }
        }
    }
    let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for place in 0..index.len() {
        sets.entry(joined.find(place)).or_default().push(place);
    }
    sets.values().map(|set| index.of(set)).collect()
}

/// Clusters while they form; each is named by its least member.
struct Forming<'a> {
    constraints: &'a Constraints<'a>,
    of: Vec<usize>,
    members: BTreeMap<usize, Vec<usize>>,
    /// Exclusive values of each cluster.
    holding: BTreeMap<usize, Holding>,
}

impl<'a> Forming<'a> {
    fn new(index: &Index<'_>, constraints: &'a Constraints<'a>) -> Self {
        let alone = 0..index.len();
        let holding = alone.clone().map(|place| (place, constraints.holding(place))).collect();
        Self { constraints, of: alone.collect(), members: BTreeMap::new(), holding }
    }

    /// First fit: each cluster joins the first that has room for it, else it is the next to join.
    fn take(&mut self, holders: &[usize]) {
        let heads: BTreeSet<usize> = holders.iter().filter_map(|place| self.of.get(*place)).copied().collect();
        let mut open: Vec<usize> = Vec::new();
        for head in heads {
            match open.iter().find(|first| !self.forbidden(**first, head)) {
                Some(first) => self.merge(*first, head),
                None => open.push(head),
            }
        }
    }

    fn members(&self, head: usize) -> Vec<usize> {
        self.members.get(&head).cloned().unwrap_or_else(|| vec![head])
    }

    fn forbidden(&self, a: usize, b: usize) -> bool {
        if let (Some(one), Some(other)) = (self.holding.get(&a), self.holding.get(&b))
            && self.constraints.clash(one, other)
        {
            return true;
        }
        if self.constraints.never.is_empty() {
            return false;
        }
        let (few, other) = if self.size(a) < self.size(b) { (a, b) } else { (b, a) };
        let apart = |place: &usize| self.constraints.never.get(place);
        self.members(few)
            .iter()
            .filter_map(apart)
            .any(|from| from.keys().any(|place| self.of.get(*place) == Some(&other)))
    }

    fn size(&self, head: usize) -> usize {
        self.members.get(&head).map_or(1, Vec::len)
    }

    /// `head` is the greater of the two, since clusters are taken by least key.
    fn merge(&mut self, into: usize, head: usize) {
        let more = self.holding.remove(&head).unwrap_or_default();
        let holding = self.holding.entry(into).or_default();
        for (scope, sets) in more {
            let known = holding.entry(scope).or_default();
            for (set, parties) in sets {
                known.entry(set).or_default().extend(parties);
            }
        }
        let moved = self.members.remove(&head).unwrap_or_else(|| vec![head]);
        for place in &moved {
            if let Some(of) = self.of.get_mut(*place) {
                *of = into;
            }
        }
        self.members.entry(into).or_insert_with(|| vec![into]).extend(moved);
    }
}

/// One pair for each decision or merge at source and two customers that it names.
fn unhonoured(
    index: &Index<'_>,
    constraints: &Constraints<'_>,
    groups: &[Group],
    of: &[usize],
    sets: &BTreeMap<usize, Vec<usize>>,
) -> Vec<Unhonoured> {
    let decided = constraints.same.iter().map(|((a, b), id)| (*a, *b, Link::Decision((*id).clone())));
    let merged = groups.iter().filter_map(|group| match (&group.link, group.holders.as_slice()) {
        (link @ Link::AtSource { .. }, [a, b]) => Some((*a, *b, link.clone())),
        _ => None,
    });
    let mut found: BTreeMap<(Link, usize, usize), Unhonoured> = BTreeMap::new();
    for (a, b, link) in decided.chain(merged) {
        let (Some(x), Some(y)) = (of.get(a), of.get(b)) else { continue };
        if x == y {
            continue;
        }
        let at = (link.clone(), *x.min(y), *x.max(y));
        if found.contains_key(&at) {
            continue;
        }
        let (Some(one), Some(other)) = (sets.get(x), sets.get(y)) else { continue };
        let reason = one.iter().find_map(|p| other.iter().find_map(|q| Some((*p, *q, constraints.between(*p, *q)?))));
        let Some((p, q, reason)) = reason else { continue };
        if let (Some(left), Some(right), Some(p), Some(q)) = (index.key(a), index.key(b), index.key(p), index.key(q)) {
            let because = Forbidden { left: p.clone(), right: q.clone(), reason };
            found.insert(at, Unhonoured { link, left: left.clone(), right: right.clone(), because });
        }
    }
    found.into_values().collect()
}
