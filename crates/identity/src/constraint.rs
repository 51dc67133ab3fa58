//! What keeps parties apart: never-same, and values of which a customer has only one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use onefold_event::Subject;

use crate::link::{LinkGroup, PartyIndex};
use crate::verdict::PairVerdicts;
use crate::{IdentityRules, PartyDecision};

/// Two parties that may not be one customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForbiddenPair {
    /// The one.
    pub left: Subject,
    /// The other.
    pub right: Subject,
    /// What forbids it.
    pub reason: ForbiddenReason,
}

impl fmt::Display for ForbiddenPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { left, right, reason } = self;
        match reason {
            ForbiddenReason::Decision(id) => write!(f, "{id} says that {left} and {right} are never one customer"),
            ForbiddenReason::Exclusive(scope) => {
                write!(f, "{left} and {right} have different values of {scope}, of which a customer has only one")
            }
        }
    }
}

/// What forbids that two parties are one customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ForbiddenReason {
    /// A person said so.
    Decision(Subject),
    /// Each has a value of this kind and issuer, of which one has only one, and they share none.
    Exclusive(String),
}

/// Exclusive values of a party: per scope, those that it ever asserted.
type ExclusiveValues = BTreeMap<usize, BTreeSet<usize>>;

/// Classes that occur, each with its least party.
type LeastParties = BTreeMap<usize, usize>;

/// All by which a set of parties can be kept apart from another one. It grows with the different values and decisions of the
/// set, not with its parties.
#[derive(Default)]
pub(crate) struct SetTraits {
    exclusive: BTreeMap<usize, ScopeValues>,
    /// Per separation, who is on its left and on its right.
    sides: BTreeMap<usize, (LeastParties, LeastParties)>,
}

/// Exclusive values of a set in one scope.
struct ScopeValues {
    /// Values that each of them has who has any: whoever has one of these is kept apart from nobody.
    core: BTreeSet<usize>,
    /// The sets of values that occur, each with whose it is.
    sets: BTreeMap<BTreeSet<usize>, LeastParties>,
}

impl SetTraits {
    pub(crate) fn merge(&mut self, other: Self) {
        for (scope, more) in other.exclusive {
            let Some(held) = self.exclusive.get_mut(&scope) else {
                self.exclusive.insert(scope, more);
                continue;
            };
            // Who has one of the values that all have is apart from nobody, so only what both sets share stays in the
            // core.
            held.core.retain(|value| more.core.contains(value));
            more.sets.into_iter().for_each(|(set, classes)| add_classes(held.sets.entry(set).or_default(), classes));
        }
        for (separation, (left, right)) in other.sides {
            let sides = self.sides.entry(separation).or_default();
            add_classes(&mut sides.0, left);
            add_classes(&mut sides.1, right);
        }
    }
}

fn add_classes(known: &mut LeastParties, more: LeastParties) {
    for (class, party) in more {
        known.entry(class).and_modify(|least| *least = party.min(*least)).or_insert(party);
    }
}

/// The lesser one first.
fn smaller_first<T>(one: T, other: T, len: impl Fn(&T) -> usize) -> (T, T) {
    if len(&one) < len(&other) { (one, other) } else { (other, one) }
}

/// What is forbidden between any two parties.
pub(crate) struct PairConstraints<'a> {
    pub(crate) verdicts: PairVerdicts<'a>,
    /// Per party, its exclusive values.
    exclusive: Vec<ExclusiveValues>,
    scopes: Vec<&'a str>,
}

impl<'a> PairConstraints<'a> {
    /// Of two decisions on one pair the later holds. `groups` are the admissible links: who is in none of them meets nobody.
    pub(crate) fn new(
        index: &PartyIndex<'a>,
        standing: &[&'a PartyDecision],
        groups: &[LinkGroup],
        rules: &IdentityRules,
    ) -> Self {
        let linked: BTreeSet<usize> = groups.iter().flat_map(|group| &group.holders).copied().collect();
        let (exclusive, scopes) = exclusive_values(index, linked, rules);
        Self { verdicts: PairVerdicts::new(index, standing), exclusive, scopes }
    }

    /// The same between all of them, whatever links them.
    pub(crate) fn of_all(index: &PartyIndex<'a>, standing: &[&'a PartyDecision], rules: &IdentityRules) -> Self {
        let (exclusive, scopes) = exclusive_values(index, 0..index.len(), rules);
        Self { verdicts: PairVerdicts::new(index, standing), exclusive, scopes }
    }

    /// Why two parties may not be one customer. Exclusive values yield to a decision on this very pair, and to no other.
    pub(crate) fn reason_between(&self, a: usize, b: usize) -> Option<ForbiddenReason> {
        match self.verdicts.verdict_between(self.verdicts.class_of(a), self.verdicts.class_of(b)) {
            Some((false, id)) => return Some(ForbiddenReason::Decision(id.clone())),
            Some((true, _)) => return None,
            None => {}
        }
        let (one, other) = (self.exclusive.get(a)?, self.exclusive.get(b)?);
        let clash = |(scope, values): (&usize, &BTreeSet<usize>)| {
            other.get(scope).is_some_and(|others| values.is_disjoint(others)).then_some(*scope)
        };
        let scope = one.iter().find_map(clash)?;
        Some(ForbiddenReason::Exclusive(self.scopes.get(scope).map(|s| (*s).to_owned()).unwrap_or_default()))
    }

    /// Those of one party, as a set of its own.
    pub(crate) fn traits_of(&self, party: usize) -> SetTraits {
        let class = self.verdicts.class_of(party);
        let its = || LeastParties::from([(class, party)]);
        let own = self.exclusive.get(party).into_iter().flatten();
        let held = |values: &BTreeSet<usize>| ScopeValues {
            core: values.clone(),
            sets: BTreeMap::from([(values.clone(), its())]),
        };
        let sides = self.verdicts.separations(class).map(|(separation, side)| {
            let on = |is: bool| if is { its() } else { LeastParties::new() };
            (separation, (on(side.is_left()), on(side.is_right())))
        });
        SetTraits { exclusive: own.map(|(scope, values)| (*scope, held(values))).collect(), sides: sides.collect() }
    }

    /// Whether any party of the one set may not be with any of the other.
    pub(crate) fn is_forbidden(&self, one: &SetTraits, other: &SetTraits) -> bool {
        self.is_separated(one, other) || self.values_clash(one, other)
    }

    fn is_separated(&self, one: &SetTraits, other: &SetTraits) -> bool {
        let never =
            |one: &LeastParties, other: &LeastParties| one.keys().any(|a| other.keys().any(|b| self.is_never(*a, *b)));
        let (few, many) = smaller_first(&one.sides, &other.sides, |sides| sides.len());
        few.iter()
            .filter_map(|(separation, sides)| Some((sides, many.get(separation)?)))
            .any(|((left, right), (others_left, others_right))| never(left, others_right) || never(right, others_left))
    }

    /// Values are compared set by set, and class by class only where a decision may have said same.
    fn values_clash(&self, one: &SetTraits, other: &SetTraits) -> bool {
        let (few, many) = smaller_first(&one.exclusive, &other.exclusive, |held| held.len());
        few.iter().filter_map(|(scope, held)| Some((held, many.get(scope)?))).any(|(held, others)| {
            held.core.is_disjoint(&others.core)
                && held.sets.iter().any(|(set, one)| {
                    let mut disjoint = others.sets.iter().filter(|(other, _)| set.is_disjoint(other));
                    disjoint.any(|(_, other)| one.keys().any(|a| other.keys().any(|b| !self.is_same(*a, *b))))
                })
        })
    }

    /// The least party of a set with whom another one, who is not in it, may not be.
    pub(crate) fn least_forbidden(&self, party: usize, set: &SetTraits) -> Option<usize> {
        let class = self.verdicts.class_of(party);
        let never = |classes: &LeastParties| {
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
        self.verdicts.verdict_between(one, other).is_some_and(|(same, _)| same)
    }

    fn is_never(&self, one: usize, other: usize) -> bool {
        self.verdicts.verdict_between(one, other).is_some_and(|(same, _)| !same)
    }
}

/// Exclusive values of some parties, with the names of their scopes.
fn exclusive_values<'a>(
    index: &PartyIndex<'a>,
    of_these: impl IntoIterator<Item = usize>,
    rules: &IdentityRules,
) -> (Vec<ExclusiveValues>, Vec<&'a str>) {
    let (mut scopes, mut names): (BTreeMap<&'a str, usize>, Vec<&'a str>) = (BTreeMap::new(), Vec::new());
    let mut values: BTreeMap<(usize, &'a str), usize> = BTreeMap::new();
    let mut of: Vec<ExclusiveValues> = vec![ExclusiveValues::new(); index.len()];
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
            // Numbers instead of texts: sets of values are compared for each pair of sets that a link could join.
            let next = values.len();
            let value = *values.entry((scope, value)).or_insert(next);
            of.entry(scope).or_default().insert(value);
        }
    }
    (of, names)
}
