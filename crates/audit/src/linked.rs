//! Who may be one customer: sets of parties that nothing connects with each other.

use std::collections::BTreeSet;

use foldhash::HashMap;
use onefold_identity::{IdentifierKey, PartyDecision, UnionFind};
use onefold_store::KeyPrint;

/// The sets while they form. Parties are known by the prints of their keys, 8 bytes and a number each: two that share a print
/// stand in one set, which is clustered by their keys all the same.
#[derive(Default)]
pub(crate) struct CandidateLinks {
    numbers: HashMap<u64, usize>,
    sets: UnionFind,
}

impl CandidateLinks {
    /// Connects two parties.
    pub(crate) fn connect_parties(&mut self, one: KeyPrint, other: KeyPrint) {
        let (one, other) = (self.party_number(one), self.party_number(other));
        self.sets.union(one, other);
    }

    fn party_number(&mut self, party: KeyPrint) -> usize {
        let sets = &mut self.sets;
        *self.numbers.entry(party.0).or_insert_with(|| sets.push())
    }

    /// The sets, once all that connects is known, with what they are clustered by.
    pub(crate) fn finish(mut self, decisions: Vec<PartyDecision>, hubs: BTreeSet<IdentifierKey>) -> CandidateSets {
        self.numbers.values_mut().for_each(|number| *number = self.sets.find(*number));
        CandidateSets { sets: self.numbers, decisions, hubs }
    }
}

/// The set of each party that something connects with another.
pub(crate) struct CandidateSets {
    sets: HashMap<u64, usize>,
    /// All decisions, since one may supersede what others say.
    pub(crate) decisions: Vec<PartyDecision>,
    /// Values that link nobody.
    pub(crate) hubs: BTreeSet<IdentifierKey>,
}

impl CandidateSets {
    /// The number of a party's set; none where it is a customer by itself.
    pub(crate) fn set_of(&self, party: KeyPrint) -> Option<usize> {
        self.sets.get(&party.0).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_connected_through_others_stands_in_one_set() {
        let mut links = CandidateLinks::default();
        for (one, other) in [(1, 2), (3, 4), (2, 3), (7, 8), (9, 9)] {
            links.connect_parties(KeyPrint(one), KeyPrint(other));
        }
        let linked = links.finish(Vec::new(), BTreeSet::new());
        let set = |party| linked.set_of(KeyPrint(party));
        assert!(set(1).is_some() && (2..5).all(|party| set(party) == set(1)));
        assert!(set(7) == set(8) && set(7) != set(1) && set(9).is_some_and(|alone| Some(alone) != set(7)));
        assert_eq!(set(5), None);
    }
}
