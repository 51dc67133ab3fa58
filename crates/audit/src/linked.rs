//! Who may be one customer: sets of parties that nothing connects with each other.

use std::collections::BTreeSet;

use foldhash::HashMap;
use onefold_identity::{IdentifierKey, PartyDecision, UnionFind};
use onefold_store::KeyPrint;

/// The sets while they form. Parties are known by the prints of their keys, 8 bytes and a number each: two that share a print
/// stand in one set, which is clustered by their keys all the same.
#[derive(Default)]
pub(crate) struct Links {
    numbers: HashMap<u64, usize>,
    sets: UnionFind,
}

impl Links {
    /// Connects two parties.
    pub(crate) fn connect(&mut self, one: KeyPrint, other: KeyPrint) {
        let (one, other) = (self.number(one), self.number(other));
        self.sets.union(one, other);
    }

    fn number(&mut self, party: KeyPrint) -> usize {
        let sets = &mut self.sets;
        *self.numbers.entry(party.0).or_insert_with(|| sets.push())
    }

    /// The sets, once all that connects is known, with what they are clustered by.
    pub(crate) fn done(mut self, decisions: Vec<PartyDecision>, hubs: BTreeSet<IdentifierKey>) -> Linked {
        self.numbers.values_mut().for_each(|number| *number = self.sets.find(*number));
        Linked { sets: self.numbers, decisions, hubs }
    }
}

/// The set of each party that something connects with another.
pub(crate) struct Linked {
    sets: HashMap<u64, usize>,
    /// All decisions, since one may supersede what others say.
    pub(crate) decisions: Vec<PartyDecision>,
    /// Values that link nobody.
    pub(crate) hubs: BTreeSet<IdentifierKey>,
}

impl Linked {
    /// The number of a party's set; none where it is a customer by itself.
    pub(crate) fn set(&self, party: KeyPrint) -> Option<usize> {
        self.sets.get(&party.0).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_connected_through_others_stands_in_one_set() {
        let mut links = Links::default();
        for (one, other) in [(1, 2), (3, 4), (2, 3), (7, 8), (9, 9)] {
            links.connect(KeyPrint(one), KeyPrint(other));
        }
        let linked = links.done(Vec::new(), BTreeSet::new());
        let set = |party| linked.set(KeyPrint(party));
        assert!(set(1).is_some() && (2..5).all(|party| set(party) == set(1)));
        assert!(set(7) == set(8) && set(7) != set(1) && set(9).is_some_and(|alone| Some(alone) != set(7)));
        assert_eq!(set(5), None);
    }
}
