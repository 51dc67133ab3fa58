//! What keeps parties apart: never-same, and values of which a customer has only one.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Subject;

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

/// Exclusive values of a party: per scope, those that it ever asserted.
pub(crate) type Exclusive = BTreeMap<usize, BTreeSet<usize>>;

/// Exclusive values of several parties: per scope, the sets that occur, each with whose it is.
pub(crate) type Holding = BTreeMap<usize, BTreeMap<BTreeSet<usize>, Vec<usize>>>;

/// What is forbidden between any two parties.
pub(crate) struct Constraints<'a> {
    /// Per party, from whom a decision keeps it.
    pub(crate) never: BTreeMap<usize, BTreeMap<usize, &'a Subject>>,
    /// Pairs, the lesser first, that a decision makes the same.
    pub(crate) same: BTreeMap<(usize, usize), &'a Subject>,
    /// Per party, its exclusive values.
    exclusive: Vec<Exclusive>,
    scopes: Vec<&'a str>,
}

impl<'a> Constraints<'a> {
    /// Of two decisions on one pair the later holds. `groups` are the admissible links: who is in none of them meets nobody.
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
        let (exclusive, scopes) = exclusive(index, groups, rules);
        Self { never, same, exclusive, scopes }
    }

    /// Why two parties may not be one customer. Exclusive values yield to a decision on this very pair, and to no other.
    pub(crate) fn between(&self, a: usize, b: usize) -> Option<Reason> {
        if let Some(id) = self.never.get(&a).and_then(|others| others.get(&b)) {
            return Some(Reason::Decision((*id).clone()));
        }
        if self.is_same(a, b) {
            return None;
        }
        let (one, other) = (self.exclusive.get(a)?, self.exclusive.get(b)?);
        let clash = |(scope, values): (&usize, &BTreeSet<usize>)| {
            other.get(scope).is_some_and(|others| values.is_disjoint(others)).then_some(*scope)
        };
        let scope = one.iter().find_map(clash)?;
        Some(Reason::Exclusive(self.scopes.get(scope).map(|s| (*s).to_owned()).unwrap_or_default()))
    }

    /// The exclusive values of one party, as those of a cluster.
    pub(crate) fn holding(&self, party: usize) -> Holding {
        let own = self.exclusive.get(party).into_iter().flatten();
        own.map(|(scope, values)| (*scope, BTreeMap::from([(values.clone(), vec![party])]))).collect()
    }

    /// Whether exclusive values keep any party of the one from any of the other: their values are compared set by set, and
    /// pair by pair only where a decision may have said same.
    pub(crate) fn clash(&self, one: &Holding, other: &Holding) -> bool {
        let apart = |(left, right): (&Vec<usize>, &Vec<usize>)| {
            self.same.is_empty() || left.iter().any(|a| right.iter().any(|b| !self.is_same(*a, *b)))
        };
        one.iter().filter_map(|(scope, sets)| Some((sets, other.get(scope)?))).any(|(sets, others)| {
            let mut pairs = sets.iter().flat_map(|(set, left)| {
                let disjoint = others.iter().filter(|(other, _)| set.is_disjoint(other));
                disjoint.map(move |(_, right)| (left, right))
            });
            pairs.any(apart)
        })
    }

    fn is_same(&self, a: usize, b: usize) -> bool {
        self.same.contains_key(&(a.min(b), a.max(b)))
    }
}

/// Exclusive values by party, with the names of their scopes.
fn exclusive<'a>(index: &Index<'a>, groups: &[Group], rules: &Rules) -> (Vec<Exclusive>, Vec<&'a str>) {
    let linked: BTreeSet<usize> = groups.iter().flat_map(|group| &group.holders).copied().collect();
    let (mut scopes, mut names): (BTreeMap<&'a str, usize>, Vec<&'a str>) = (BTreeMap::new(), Vec::new());
    let mut values: BTreeMap<(usize, &'a str), usize> = BTreeMap::new();
    let mut of: Vec<Exclusive> = vec![Exclusive::new(); index.len()];
    for place in linked {
        let (Some(facts), Some(of)) = (index.facts.get(place), of.get_mut(place)) else { continue };
        let identifiers = facts.identifiers.iter().filter(|key| rules.exclusive.contains(key.kind()));
        let born = facts.born_on.iter().filter(|_| rules.exclusive.contains(Rules::BORN_ON));
        let texts =
            identifiers.map(|key| (key.scope(), key.as_str())).chain(born.map(|day| (Rules::BORN_ON, day.as_str())));
        for (scope, value) in texts {
            let scope = *scopes.entry(scope).or_insert_with(|| {
                names.push(scope);
                names.len() - 1
            });
            let next = values.len();
            let value = *values.entry((scope, value)).or_insert(next);
            of.entry(scope).or_default().insert(value);
        }
    }
    (of, names)
}
