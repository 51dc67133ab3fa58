//! The customer of an owner key.

use crate::{OwnerAtom, OwnerKey};

/// Who holds a part of an owner key at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtomHolder<C> {
    /// A hub value: it says nothing of whose the document is.
    Hub,
    /// One customer.
    Customer(C),
    /// Nobody.
    Nobody,
    /// Parties of more than one customer.
    Several,
}

impl<C: PartialEq> AtomHolder<C> {
    /// Who holds a value that is no hub, given the customer of each party that holds it.
    pub fn from_customers(customers: impl IntoIterator<Item = C>) -> Self {
        let mut customers = customers.into_iter();
        let Some(first) = customers.next() else { return Self::Nobody };
        if customers.all(|customer| customer == first) { Self::Customer(first) } else { Self::Several }
    }
}

/// Whose an owner key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ownership<C> {
    /// The customer that holds all of it; of the owners of a document's parts, each that holds any of them, once.
    pub customers: Vec<C>,
    /// Whether all of it is held: of the owners of parts, every one.
    pub whole: bool,
}

/// Whose an owner key is, given who holds the parties and identifiers of which it is made.
pub fn find_ownership<C: PartialEq>(owner: &OwnerKey, holder: &dyn Fn(&OwnerAtom) -> AtomHolder<C>) -> Ownership<C> {
    let mut all = Ownership { customers: Vec::new(), whole: true };
    let parts: Vec<&OwnerKey> = match owner {
        OwnerKey::Each(owners) => owners.iter().collect(),
        owner => vec![owner],
    };
    for part in parts {
        match attribute(part, holder) {
            Some(customer) if !all.customers.contains(&customer) => all.customers.push(customer),
            Some(_) => {}
            None => all.whole = false,
        }
    }
    all
}

/// The customer that holds all of an owner key, hub values left out; none where its parts disagree or one of them has no customer.
pub fn attribute<C: PartialEq>(owner: &OwnerKey, holder: &dyn Fn(&OwnerAtom) -> AtomHolder<C>) -> Option<C> {
    match holder_of(owner, holder) {
        AtomHolder::Customer(customer) => Some(customer),
        AtomHolder::Hub | AtomHolder::Nobody | AtomHolder::Several => None,
    }
}

/// Who holds an owner. One that nobody can own says as little as a hub value.
fn holder_of<C: PartialEq>(owner: &OwnerKey, holder: &dyn Fn(&OwnerAtom) -> AtomHolder<C>) -> AtomHolder<C> {
    let mut found: Option<C> = None;
    for atom in owner.atoms() {
        match (part_held(atom, holder), &found) {
            // A hub value neither names a customer nor contradicts one.
            (AtomHolder::Hub, _) => {}
            (AtomHolder::Nobody, _) => return AtomHolder::Nobody,
            (AtomHolder::Several, _) => return AtomHolder::Several,
            (AtomHolder::Customer(customer), Some(other)) if customer != *other => return AtomHolder::Several,
            (AtomHolder::Customer(customer), _) => found = Some(customer),
        }
    }
    found.map_or(AtomHolder::Hub, AtomHolder::Customer)
}

fn part_held<C: PartialEq>(atom: &OwnerAtom, holder: &dyn Fn(&OwnerAtom) -> AtomHolder<C>) -> AtomHolder<C> {
    match atom {
        OwnerAtom::Party(_) | OwnerAtom::Identifier(_) => holder(atom),
        OwnerAtom::First(owners) => {
            let steps = owners.iter().map(|owner| holder_of(owner, holder));
            { steps }.find(|held| *held != AtomHolder::Hub).unwrap_or(AtomHolder::Hub)
        }
        OwnerAtom::Until(owners) => {
            let mut last = AtomHolder::Hub;
            for owner in owners {
                match holder_of(owner, holder) {
                    AtomHolder::Hub => {}
                    AtomHolder::Customer(customer) => return AtomHolder::Customer(customer),
                    other => last = other,
                }
            }
            last
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn owner(keys: &[&str]) -> OwnerKey {
        let atoms: BTreeSet<_> = keys.iter().filter_map(|key| OwnerAtom::parse(key)).collect();
        assert_eq!(atoms.len(), keys.len());
        OwnerKey::from_atoms(atoms)
    }

    fn holder(atom: &OwnerAtom) -> AtomHolder<u8> {
        match atom.to_string().as_str() {
            "identifier:phone:hub" => AtomHolder::Hub,
            "identifier:phone:two" => AtomHolder::Several,
            "party:a:1" | "identifier:phone:one" => AtomHolder::Customer(1),
            "party:a:2" => AtomHolder::Customer(2),
            _ => AtomHolder::Nobody,
        }
    }

    fn customer(keys: &[&str]) -> Option<u8> {
        attribute(&owner(keys), &holder)
    }

    fn first(steps: &[&[&str]]) -> Option<u8> {
        attribute(&OwnerKey::first_of(steps.iter().map(|step| owner(step))), &holder)
    }

    #[test]
    fn where_all_of_a_step_is_hub_values_the_next_one_is_tried() {
        let hub = "identifier:phone:hub";
        assert_eq!(first(&[&[hub], &["identifier:phone:one"]]), Some(1));
        assert_eq!(first(&[&[hub], &["party:a:2"]]), Some(2));
        assert_eq!(first(&[&[hub, "identifier:phone:one"], &["party:a:2"]]), Some(1));
        // Whoever may come to hold a value can own.
        assert_eq!(first(&[&["identifier:phone:nobody"], &["party:a:2"]]), None);
        assert_eq!(first(&[&["identifier:phone:two"], &["party:a:2"]]), None);
        assert_eq!(first(&[&[hub], &[hub]]), None);
    }

    #[test]
    fn what_nobody_holds_is_anothers_until_somebody_does() {
        let until = |key: &str| attribute(&owner(&[key]).until(owner(&["party:a:2"])), &holder);
        for (key, whose) in [("one", 1), ("two", 2), ("nobody", 2), ("hub", 2)] {
            assert_eq!(until(&format!("identifier:phone:{key}")), Some(whose), "{key}");
        }
    }

    #[test]
    fn whoever_holds_several_parts_counts_once_and_a_part_that_nobody_holds_leaves_it_open() {
        let each = |parts: &[&[&str]]| {
            let parts = parts.iter().map(|part| owner(part));
            let all = find_ownership(&OwnerKey::each_of(parts.collect()), &holder);
            (all.customers, all.whole)
        };
        assert_eq!(each(&[&["party:a:1"], &["party:a:2"]]), (vec![1, 2], true));
        assert_eq!(each(&[&["party:a:1"], &["identifier:phone:one"]]), (vec![1], true));
        assert_eq!(each(&[&["party:a:1"], &[]]), (vec![1], false));
        assert_eq!(each(&[&["party:a:1"], &["party:a:1", "party:a:2"]]), (vec![1], false));
        assert_eq!(each(&[&["party:a:2"]]), (vec![2], true));
        assert_eq!(each(&[]), (vec![], false));
    }

    #[test]
    fn all_of_a_key_must_be_one_customers() {
        assert_eq!(customer(&[]), None);
        assert_eq!(customer(&["party:a:1"]), Some(1));
        assert_eq!(customer(&["party:a:1", "identifier:phone:one"]), Some(1));
        assert_eq!(customer(&["party:a:1", "party:a:2"]), None);
        assert_eq!(customer(&["party:a:1", "identifier:phone:two"]), None);
        assert_eq!(customer(&["party:a:1", "identifier:phone:nobody"]), None);
    }

    #[test]
    fn a_hub_value_says_nothing() {
        assert_eq!(customer(&["identifier:phone:hub"]), None);
        assert_eq!(customer(&["party:a:1", "identifier:phone:hub"]), Some(1));
    }
}
