//! What keeps parties apart: never-same, and values of which a customer has only one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use onefold_event::Subject;

use crate::link::{Group, Index};
use crate::verdict::Verdicts;
use crate::{IdentityRules, PartyDecision};

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

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { left, right, reason } = self;
        match reason {
            Reason::Decision(id) => write!(f, "{id} says that {left} and {right} are never one customer"),
            Reason::Exclusive(scope) => {
                write!(f, "{left} and {right} have different values of {scope}, of which a customer has only one")
            }
        }
    }
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
type Exclusive = BTreeMap<usize, BTreeSet<usize>>;

/// Classes that occur, each with its least party.
type Classes = BTreeMap<usize, usize>;

/// All by which a set of parties can be kept apart from another one. It grows with the different values and decisions of the
/// set, not with its parties.
#[derive(Default)]
pub(crate) struct Traits {
    exclusive: BTreeMap<usize, ScopeValues>,
    /// Per separation, who is on its left and on its right.
    sides: BTreeMap<usize, (Classes, Classes)>,
}

/// Exclusive values of a set in one scope.
struct ScopeValues {
    /// Values that each of them has who has any: whoever has one of these is kept apart from nobody.
    core: BTreeSet<usize>,
    /// The sets of values that occur, each with whose it is.
    sets: BTreeMap<BTreeSet<usize>, Classes>,
}

impl Traits {
    pub(crate) fn merge(&mut self, other: Self) {
        for (scope, more) in other.exclusive {
            let Some(held) = self.exclusive.get_mut(&scope) else {
                self.exclusive.insert(scope, more);
                continue;
            };
            held.core.retain(|value| more.core.contains(value));
            more.sets.into_iter().for_each(|(set, classes)| add(held.sets.entry(set).or_default(), classes));
        }
        for (separation, (left, right)) in other.sides {
            let sides = self.sides.entry(separation).or_default();
            add(&mut sides.0, left);
            add(&mut sides.1, right);
        }
    }
}

fn add(known: &mut Classes, more: Classes) {
    for (class, party) in more {
        known.entry(class).and_modify(|least| *least = party.min(*least)).or_insert(party);
    }
}

/// The lesser one first.
fn ordered<T>(one: T, other: T, len: impl Fn(&T) -> usize) -> (T, T) {
    if len(&one) < len(&other) { (one, other) } else { (other, one) }
}

/// What is forbidden between any two parties.
pub(crate) struct Constraints<'a> {
    pub(crate) verdicts: Verdicts<'a>,
    /// Per party, its exclusive values.
    exclusive: Vec<Exclusive>,
    scopes: Vec<&'a str>,
}

impl<'a> Constraints<'a> {
    /// Of two decisions on one pair the later holds. `groups` are the admissible links: who is in none of them meets nobody.
    pub(crate) fn new(
        index: &Index<'a>,
        standing: &[&'a PartyDecision],
        groups: &[Group],
        rules: &IdentityRules,
    ) -> Self {
        let linked: BTreeSet<usize> = groups.iter().flat_map(|group| &group.holders).copied().collect();
        let (exclusive, scopes) = exclusive(index, linked, rules);
        Self { verdicts: Verdicts::new(index, standing), exclusive, scopes }
    }

    /// The same between all of them, whatever links them.
    pub(crate) fn of_all(index: &Index<'a>, standing: &[&'a PartyDecision], rules: &IdentityRules) -> Self {
        let (exclusive, scopes) = exclusive(index, 0..index.len(), rules);
        Self { verdicts: Verdicts::new(index, standing), exclusive, scopes }
    }

    /// Why two parties may not be one customer. Exclusive values yield to a decision on this very pair, and to no other.
    pub(crate) fn between(&self, a: usize, b: usize) -> Option<Reason> {
        match self.verdicts.between(self.verdicts.class(a), self.verdicts.class(b)) {
            Some((false, id)) => return Some(Reason::Decision(id.clone())),
            Some((true, _)) => return None,
            None => {}
        }
        let (one, other) = (self.exclusive.get(a)?, self.exclusive.get(b)?);
        let clash = |(scope, values): (&usize, &BTreeSet<usize>)| {
            other.get(scope).is_some_and(|others| values.is_disjoint(others)).then_some(*scope)
        };
        let scope = one.iter().find_map(clash)?;
        Some(Reason::Exclusive(self.scopes.get(scope).map(|s| (*s).to_owned()).unwrap_or_default()))
    }

    /// Those of one party, as a set of its own.
    pub(crate) fn traits(&self, party: usize) -> Traits {
        let class = self.verdicts.class(party);
        let its = || Classes::from([(class, party)]);
        let own = self.exclusive.get(party).into_iter().flatten();
        let held = |values: &BTreeSet<usize>| ScopeValues {
            core: values.clone(),
            sets: BTreeMap::from([(values.clone(), its())]),
        };
        let sides = self.verdicts.separations(class).map(|(separation, side)| {
            let on = |is: bool| if is { its() } else { Classes::new() };
            (separation, (on(side.is_left()), on(side.is_right())))
        });
        Traits { exclusive: own.map(|(scope, values)| (*scope, held(values))).collect(), sides: sides.collect() }
    }

    /// Whether any party of the one set may not be with any of the other.
    pub(crate) fn forbid(&self, one: &Traits, other: &Traits) -> bool {
        self.separated(one, other) || self.clash(one, other)
    }

    fn separated(&self, one: &Traits, other: &Traits) -> bool {
        let never = |one: &Classes, other: &Classes| one.keys().any(|a| other.keys().any(|b| self.is_never(*a, *b)));
        let (few, many) = ordered(&one.sides, &other.sides, |sides| sides.len());
        few.iter()
            .filter_map(|(separation, sides)| Some((sides, many.get(separation)?)))
            .any(|((left, right), (others_left, others_right))| never(left, others_right) || never(right, others_left))
    }

    /// Values are compared set by set, and class by class only where a decision may have said same.
    fn clash(&self, one: &Traits, other: &Traits) -> bool {
        let (few, many) = ordered(&one.exclusive, &other.exclusive, |held| held.len());
        few.iter().filter_map(|(scope, held)| Some((held, many.get(scope)?))).any(|(held, others)| {
            held.core.is_disjoint(&others.core)
                && held.sets.iter().any(|(set, one)| {
                    let mut disjoint = others.sets.iter().filter(|(other, _)| set.is_disjoint(other));
                    disjoint.any(|(_, other)| one.keys().any(|a| other.keys().any(|b| !self.is_same(*a, *b))))
                })
        })
    }

    /// The least party of a set with whom another one, who is not in it, may not be.
    pub(crate) fn least_forbidden(&self, party: usize, set: &Traits) -> Option<usize> {
        let class = self.verdicts.class(party);
        let never = |classes: &Classes| {
            classes.iter().filter(|(other, _)| self.is_never(class, **other)).map(|(_, party)| *party).min()
        };
        let separated = self.verdicts.separations(class).filter_map(|(separation, side)| {
            let (left, right) = set.sides.get(&separation)?;
            let across = [side.is_left().then_some(right), side.is_right().then_some(left)];
            across.into_iter().flatten().filter_map(never).min()
        });
        let clashes = self.exclusive.get(party).into_iter().flatten().filter_map(|(scope, values)| {
            let held = set.exclusive.get(scope).filter(|held| held.core.is_disjoint(values))?;
            let disjoint = held.sets.iter().filter(|(others, _)| values.is_disjoint(others));
            let whose = disjoint.flat_map(|(_, classes)| classes);
            whose.filter(|(other, _)| !self.is_same(class, **other)).map(|(_, party)| *party).min()
        });
        separated.chain(clashes).min()
    }

    fn is_same(&self, one: usize, other: usize) -> bool {
        self.verdicts.between(one, other).is_some_and(|(same, _)| same)
    }

    fn is_never(&self, one: usize, other: usize) -> bool {
        self.verdicts.between(one, other).is_some_and(|(same, _)| !same)
    }
}

/// Exclusive values of some parties, with the names of their scopes.
fn exclusive<'a>(
    index: &Index<'a>,
    of_these: impl IntoIterator<Item = usize>,
    rules: &IdentityRules,
) -> (Vec<Exclusive>, Vec<&'a str>) {
    let (mut scopes, mut names): (BTreeMap<&'a str, usize>, Vec<&'a str>) = (BTreeMap::new(), Vec::new());
    let mut values: BTreeMap<(usize, &'a str), usize> = BTreeMap::new();
    let mut of: Vec<Exclusive> = vec![Exclusive::new(); index.len()];
    for place in of_these {
        let (Some(facts), Some(of)) = (index.facts.get(place), of.get_mut(place)) else { continue };
        let identifiers = facts.identifiers.iter().filter(|key| rules.exclusive.contains(key.kind()));
        let born = facts.born_on.iter().filter(|_| rules.exclusive.contains(IdentityRules::BORN_ON));
        let texts = identifiers
            .map(|key| (key.scope(), key.as_str()))
            .chain(born.map(|day| (IdentityRules::BORN_ON, day.as_str())));
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
