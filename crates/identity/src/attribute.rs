//! The customer of an owner key.

use crate::{Atom, Owner};

/// Who holds a part of an owner key at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl<C: PartialEq> Held<C> {
    /// Who holds a value that is no hub, given the customer of each party that holds it.
    pub fn by(customers: impl IntoIterator<Item = C>) -> Self {
        let mut customers = customers.into_iter();
        let Some(first) = customers.next() else { return Self::Nobody };
        if customers.all(|customer| customer == first) { Self::Customer(first) } else { Self::Several }
    }
}

/// Whose an owner key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose<C> {
    /// The customer that holds all of it; of the owners of a document's parts, each that holds any of them, once.
    pub customers: Vec<C>,
    /// Whether all of it is held: of the owners of parts, every one.
    pub whole: bool,
}

/// Whose an owner key is, given who holds the parties and identifiers of which it is made.
pub fn whose<C: PartialEq>(owner: &Owner, holder: &dyn Fn(&Atom) -> Held<C>) -> Whose<C> {
    let mut all = Whose { customers: Vec::new(), whole: true };
    let parts: Vec<&Owner> = match owner {
        Owner::Each(owners) => owners.iter().collect(),
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
pub fn attribute<C: PartialEq>(owner: &Owner, holder: &dyn Fn(&Atom) -> Held<C>) -> Option<C> {
    match held(owner, holder) {
        Held::Customer(customer) => Some(customer),
        Held::Hub | Held::Nobody | Held::Several => None,
    }
}

/// Who holds an owner. One that nobody can own says as little as a hub value.
fn held<C: PartialEq>(owner: &Owner, holder: &dyn Fn(&Atom) -> Held<C>) -> Held<C> {
    let mut found: Option<C> = None;
    for atom in owner.atoms() {
        match (part_held(atom, holder), &found) {
            (Held::Hub, _) => {}
            (Held::Nobody, _) => return Held::Nobody,
            (Held::Several, _) => return Held::Several,
            (Held::Customer(customer), Some(other)) if customer != *other => return Held::Several,
            (Held::Customer(customer), _) => found = Some(customer),
        }
    }
    found.map_or(Held::Hub, Held::Customer)
}

fn part_held<C: PartialEq>(atom: &Atom, holder: &dyn Fn(&Atom) -> Held<C>) -> Held<C> {
    match atom {
        Atom::Party(_) | Atom::Identifier(_) => holder(atom),
        Atom::First(owners) => {
            let steps = owners.iter().map(|owner| held(owner, holder));
            { steps }.find(|held| *held != Held::Hub).unwrap_or(Held::Hub)
        }
        Atom::Until(owners) => {
            let mut last = Held::Hub;
            for owner in owners {
                match held(owner, holder) {
                    Held::Hub => {}
                    Held::Customer(customer) => return Held::Customer(customer),
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

    fn owner(keys: &[&str]) -> Owner {
        let atoms: BTreeSet<_> = keys.iter().filter_map(|key| Atom::parse(key)).collect();
        assert_eq!(atoms.len(), keys.len());
        Owner::from_atoms(atoms)
    }

    fn holder(atom: &Atom) -> Held<u8> {
        match atom.to_string().as_str() {
            "identifier:phone:hub" => Held::Hub,
            "identifier:phone:two" => Held::Several,
            "party:a:1" | "identifier:phone:one" => Held::Customer(1),
            "party:a:2" => Held::Customer(2),
            _ => Held::Nobody,
        }
    }

    fn customer(keys: &[&str]) -> Option<u8> {
        attribute(&owner(keys), &holder)
    }

    fn first(steps: &[&[&str]]) -> Option<u8> {
        attribute(&Owner::first(steps.iter().map(|step| owner(step))), &holder)
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
            let all = whose(&Owner::each(parts.collect()), &holder);
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
