//! Sets of parties while they become customers: first fit, group by group.

use crate::PartyLink;
use crate::constraint::{PairConstraints, SetTraits};
use crate::link::{LinkGroup, PartyIndex};

/// The sets so far. Of two that are joined the smaller one moves, so that no party moves more often than the number of
/// parties can be halved.
pub(crate) struct ClusterBuilder<'a> {
    constraints: &'a PairConstraints<'a>,
    /// From so many parties on a set takes no more of them by values.
    full: usize,
    /// The set of each party.
    of: Vec<usize>,
    sets: Vec<PartySet>,
    #[cfg(test)]
    moved: usize,
}

/// Parties that are one customer; empty once they are part of another set.
#[derive(Default)]
pub(crate) struct PartySet {
    /// Its least party, by which sets are in order.
    pub(crate) least: usize,
    pub(crate) members: Vec<usize>,
    pub(crate) traits: SetTraits,
}

impl<'a> ClusterBuilder<'a> {
    /// Each party by itself.
    pub(crate) fn new(index: &PartyIndex<'_>, constraints: &'a PairConstraints<'a>, full: u64) -> Self {
        let alone = |place| PartySet { least: place, members: vec![place], traits: constraints.traits_of(place) };
        Self {
            constraints,
            full: usize::try_from(full).unwrap_or(usize::MAX),
            of: (0..index.len()).collect(),
            sets: (0..index.len()).map(alone).collect(),
            #[cfg(test)]
            moved: 0,
        }
    }

    /// Each set of a group, by least party, joins the first that has room for it, else it is the next to join.
    pub(crate) fn join_group(&mut self, group: &LinkGroup) {
        let by_value = matches!(group.link, PartyLink::Strong(_) | PartyLink::Weak { .. });
        let of = |place: &usize| self.set_of(*place).map(|set| (self.sets.get(set).map_or(set, |set| set.least), set));
        let mut meant: Vec<(usize, usize)> = group.holders.iter().filter_map(of).collect();
        meant.sort_unstable();
        meant.dedup();
        let mut open: Vec<usize> = Vec::new();
        for (_, set) in meant {
            match open.iter_mut().find(|first| self.can_join(**first, set, by_value)) {
                Some(first) => *first = self.join_sets(*first, set),
                None => open.push(set),
            }
        }
    }

    fn can_join(&self, one: usize, other: usize, by_value: bool) -> bool {
        let (Some(one), Some(other)) = (self.sets.get(one), self.sets.get(other)) else { return false };
        if by_value && one.members.len().max(other.members.len()) >= self.full {
            return false;
        }
        !self.constraints.is_forbidden(&one.traits, &other.traits)
    }

    /// Answers where both are.
    fn join_sets(&mut self, one: usize, other: usize) -> usize {
        let len = |set: usize| self.sets.get(set).map_or(0, |set| set.members.len());
        let (from, into) = if len(one) < len(other) { (one, other) } else { (other, one) };
        let PartySet { least, members, traits } = self.sets.get_mut(from).map(std::mem::take).unwrap_or_default();
        for place in &members {
            if let Some(of) = self.of.get_mut(*place) {
                *of = into;
            }
        }
        #[cfg(test)]
        {
            self.moved += members.len();
        }
        if let Some(set) = self.sets.get_mut(into) {
            set.least = set.least.min(least);
            set.members.extend(members);
            set.traits.merge(traits);
        }
        into
    }

    /// Where the set of a party is.
    pub(crate) fn set_of(&self, party: usize) -> Option<usize> {
        self.of.get(party).copied()
    }

    /// The sets as they are at the end, their members in order; where they are does not change.
    pub(crate) fn finish(mut self) -> PartySets {
        self.sets.iter_mut().for_each(|set| set.members.sort_unstable());
        PartySets { of: self.of, sets: self.sets }
    }
}

/// The sets at the end.
pub(crate) struct PartySets {
    of: Vec<usize>,
    sets: Vec<PartySet>,
}

impl PartySets {
    /// The set of a party, and where it is.
    pub(crate) fn set_of(&self, party: usize) -> Option<(usize, &PartySet)> {
        let at = self.of.get(party).copied()?;
        Some((at, self.sets.get(at)?))
    }

    /// All of them, by least party.
    pub(crate) fn sets(&self) -> Vec<&PartySet> {
        let mut sets: Vec<&PartySet> = self.sets.iter().filter(|set| !set.members.is_empty()).collect();
        sets.sort_unstable_by_key(|set| set.least);
        sets
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use onefold_event::Subject;

    use super::*;
    use crate::link::link_groups;
    use crate::{IdentityRules, PartyFacts};

    /// Party `i` shares a value with the one before it and the one after it; values in the order of parties, or against it.
    fn chain(n: usize, against: bool) -> BTreeMap<Subject, PartyFacts> {
        let one = |i: usize| {
            let mut party = PartyFacts::new(format!("party:erp:{i:06}").parse().unwrap());
            let place = |i: usize| if against { n - i } else { i };
            let value = |i: usize| format!("loyalty:club:{:06}", place(i)).parse().unwrap();
            party.identifiers.extend([value(i), value(i + 1)]);
            (party.key.clone(), party)
        };
        (0..n).map(one).collect()
    }

    #[test]
    fn no_party_of_a_chain_moves_more_often_than_their_number_can_be_halved() {
        for (n, against) in [(1 << 10, false), (1 << 10, true), (1 << 13, false), (1 << 13, true)] {
            let (parties, rules) = (chain(n, against), IdentityRules::default());
            let index = PartyIndex::new(&parties);
            let groups = link_groups(&index, &[], &BTreeSet::new(), &rules);
            let constraints = PairConstraints::new(&index, &[], &groups, &rules);
            let mut forming = ClusterBuilder::new(&index, &constraints, u64::MAX);
            groups.iter().for_each(|group| forming.join_group(group));
            let most = n * n.ilog2() as usize / 2;
            assert!(forming.moved >= n - 1 && forming.moved <= most, "{n} {against}: {}", forming.moved);
            assert_eq!(forming.finish().sets().len(), 1);
        }
    }
}
