//! The customer of an owner key.

use crate::{Atom, Owner};

/// Who holds a part of an owner key at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held<C> {
    /// A hub value: it says nothing of whose the document is.
    Hub,
    /// One customer.
    Customer(C),
    /// Nobody.
    Nobody,
    /// Parties of more than one customer.
    Several,
}

/// The customer that holds all of an owner key, hub values left out; none where its parts disagree or one of them has no customer.
pub fn attribute<C: PartialEq>(owner: &Owner, holder: &dyn Fn(&Atom) -> Held<C>) -> Option<C> {
    let mut found: Option<C> = None;
    for atom in owner.atoms() {
        match (holder(atom), &found) {
            (Held::Hub, _) => {}
            (Held::Nobody | Held::Several, _) => return None,
            (Held::Customer(customer), Some(other)) if customer != *other => return None,
            (Held::Customer(customer), _) => found = Some(customer),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn customer(keys: &[&str]) -> Option<u8> {
        let atoms: BTreeSet<_> = keys.iter().filter_map(|key| Atom::parse(key)).collect();
        assert_eq!(atoms.len(), keys.len());
        attribute(&Owner::from_atoms(atoms), &|atom| match atom.to_string().as_str() {
            "identifier:phone:hub" => Held::Hub,
            "identifier:phone:two" => Held::Several,
            "party:a:1" | "identifier:phone:one" => Held::Customer(1),
            "party:a:2" => Held::Customer(2),
            _ => Held::Nobody,
        })
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
