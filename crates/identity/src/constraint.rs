//! What keeps parties apart: never-same, and values of which a customer has only one.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Subject;

use crate::join::Joined;
use crate::link::{Group, Index};
use crate::{Decision, Rules};

/// Two parties that may not be one customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Forbidden {
    /// The one.
    pub left: Subject,
    /// The other.
    pub right: Subject,
    /// What forbids it.
    pub reason: Reason,
}

/// What forbids that two parties are one customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A person said so.
    Decision(Subject),
    /// Each has a value of this kind and issuer, of which one has only one, and they share none.
    Exclusive(String),
}

/// Exclusive values of parties: per scope, the sets that occur, of values that count as one.
pub(crate) type Exclusive = BTreeMap<usize, BTreeSet<BTreeSet<usize>>>;

/// What is forbidden between any two parties.
pub(crate) struct Constraints<'a> {
    /// Per party, from whom a decision keeps it.
    pub(crate) never: BTreeMap<usize, BTreeMap<usize, &'a Subject>>,
    /// Pairs, the lesser first, that a decision makes the same.
    pub(crate) same: BTreeMap<(usize, usize), &'a Subject>,
    /// Per party, its exclusive values.
    pub(crate) exclusive: Vec<Exclusive>,
    scopes: Vec<&'a str>,
}

impl<'a> Constraints<'a> {
    /// Of two decisions on one pair the later holds. `groups` are the admissible links: what a decision says of values holds within a candidate component.
    pub(crate) fn new(index: &Index<'a>, standing: &[&'a Decision], groups: &[Group], rules: &Rules) -> Self {
        let mut verdicts: BTreeMap<(usize, usize), (bool, &'a Subject)> = BTreeMap::new();
        let mut say = |left: &[usize], right: &[usize], same: bool, id: &'a Subject| {
            for a in left {
                for b in right.iter().filter(|b| *b != a) {
                    verdicts.insert((*a.min(b), *a.max(b)), (same, id));
                }
            }
        };
        for decision in standing {
            match decision {
                Decision::Link { id, parties, .. } => {
                    let places = index.places(parties);
                    say(&places, &places, true, id);
                }
                Decision::Separate { id, left, right, .. } => say(&index.places(left), &index.places(right), false, id),
            }
        }
        let mut never: BTreeMap<usize, BTreeMap<usize, &'a Subject>> = BTreeMap::new();
        let mut same = BTreeMap::new();
        for ((a, b), (is_same, id)) in verdicts {
            if is_same {
                same.insert((a, b), id);
            } else {
                never.entry(a).or_default().insert(b, id);
                never.entry(b).or_default().insert(a, id);
            }
        }
        let (exclusive, scopes) = exclusive(index, groups, &same, rules);
        Self { never, same, exclusive, scopes }
    }

    /// Why two parties may not be one customer.
    pub(crate) fn between(&self, a: usize, b: usize) -> Option<Reason> {
        if let Some(id) = self.never.get(&a).and_then(|others| others.get(&b)) {
            return Some(Reason::Decision((*id).clone()));
        }
        let scope = clash(self.exclusive.get(a)?, self.exclusive.get(b)?)?;
        Some(Reason::Exclusive(self.scopes.get(scope).map(|s| (*s).to_owned()).unwrap_or_default()))
    }
}

/// The first scope in which some of the one and some of the other have values and share none.
pub(crate) fn clash(one: &Exclusive, other: &Exclusive) -> Option<usize> {
    one.iter().find_map(|(scope, sets)| {
        let others = other.get(scope)?;
        sets.iter().any(|set| others.iter().any(|other| set.is_disjoint(other))).then_some(*scope)
    })
}

/// Exclusive values by party. Where a decision makes two parties the same, their values count as one throughout their candidate component: else whoever shares a value with the one would be kept from the other, and the decision would part customers.
fn exclusive<'a>(
    index: &Index<'a>,
    groups: &[Group],
    same: &BTreeMap<(usize, usize), &'a Subject>,
    rules: &Rules,
) -> (Vec<Exclusive>, Vec<&'a str>) {
    let mut component = Joined::new(index.len());
    let mut linked = BTreeSet::new();
    for group in groups {
        linked.extend(&group.holders);
        for pair in group.holders.windows(2) {
            if let [a, b] = pair {
                component.join(*a, *b);
            }
        }
    }
    let mut scopes: BTreeMap<&'a str, usize> = BTreeMap::new();
    let mut values: BTreeMap<(usize, usize, &'a str), usize> = BTreeMap::new();
    let mut one = Joined::new(0);
    let mut of: Vec<Vec<(usize, usize)>> = vec![Vec::new(); index.len()];
    // Who is in no link meets nobody, so nothing is forbidden of it.
    for place in linked {
        let Some(facts) = index.facts.get(place) else { continue };
        let root = component.find(place);
        let identifiers = facts.identifiers.iter().filter(|key| rules.exclusive.contains(key.kind()));
        let born = facts.born_on.iter().filter(|_| rules.exclusive.contains(Rules::BORN_ON));
        let texts =
            identifiers.map(|key| (key.scope(), key.as_str())).chain(born.map(|day| (Rules::BORN_ON, day.as_str())));
        for (scope, value) in texts {
            let next = scopes.len();
            let scope = *scopes.entry(scope).or_insert(next);
            let value = *values.entry((root, scope, value)).or_insert_with(|| one.push());
            if let Some(of) = of.get_mut(place) {
                of.push((scope, value));
            }
        }
    }
    for (a, b) in same.keys() {
        let (Some(of_a), Some(of_b)) = (of.get(*a), of.get(*b)) else { continue };
        for (scope, value) in of_a {
            for (_, other) in of_b.iter().filter(|(other, _)| other == scope) {
                one.join(*value, *other);
            }
        }
    }
    let sets = of.into_iter().map(|values| {
        let mut sets: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (scope, value) in values {
            sets.entry(scope).or_default().insert(one.find(value));
        }
        sets.into_iter().map(|(scope, set)| (scope, BTreeSet::from([set]))).collect()
    });
    let sets = sets.collect();
    let mut names = vec![""; scopes.len()];
    for (scope, at) in scopes {
        if let Some(name) = names.get_mut(at) {
            *name = scope;
        }
    }
    (sets, names)
}
