//! Whose a document is, said without naming a customer, so that a merge rewrites no document.

use std::collections::BTreeSet;
use std::fmt;

use onefold_event::{Subject, SubjectKind};

use crate::IdentifierKey;

/// Shards of what nobody owns, per source.
const SHARDS: u64 = 16;

/// What the key of whoever holds an identifier begins with, and that of a party.
const IDENTIFIER: &str = "identifier:";
const PARTY: &str = "party:";
/// What the keys of several begin with.
const SET: &str = "set:";
const FIRST: &str = "first:";
const UNTIL: &str = "until:";
const EACH: &str = "each:";

/// Stands for nobody among the owners of parts.
const NONE: &str = "none";

/// A part of an owner key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwnerAtom {
    /// A party.
    Party(Subject),
    /// Whoever holds a value.
    Identifier(IdentifierKey),
    /// The first of these that names somebody who can own, which a hub value does not. At least two, in the order of their claims.
    First(Vec<OwnerKey>),
    /// The first of these that some customer holds. At least two, in the order of their claims.
    Until(Vec<OwnerKey>),
}

/// Whose a document is: C1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum OwnerKey {
    /// Nobody that is known.
    #[default]
    None,
    /// A party, or the holder of a value.
    One(OwnerAtom),
    /// Several at one step: the customer that holds all of it. At least two.
    Set(BTreeSet<OwnerAtom>),
    /// Owners of a document's parts, under which stands what is counted once for each customer that holds any of them. At least two.
    Each(BTreeSet<OwnerKey>),
}

impl fmt::Display for OwnerAtom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Party(party) => party.fmt(f),
            Self::Identifier(key) => f.write_str(&Self::identifier_key(key)),
            Self::First(owners) => f.write_str(&join_members(FIRST, owners.iter().map(OwnerKey::text))),
            Self::Until(owners) => f.write_str(&join_members(UNTIL, owners.iter().map(OwnerKey::text))),
        }
    }
}

impl OwnerAtom {
    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(key) = Self::identifier_of(text) {
            return key.parse().ok().map(Self::Identifier);
        }
        let several = |members| split_members(members, OwnerKey::parse_named).filter(|owners| owners.len() > 1);
        if let Some(members) = text.strip_prefix(FIRST) {
            return several(members).map(Self::First);
        }
        if let Some(members) = text.strip_prefix(UNTIL) {
            return several(members).map(Self::Until);
        }
        let party: Subject = text.parse().ok()?;
        (party.kind() == SubjectKind::Party).then_some(Self::Party(party))
    }

    /// The key of whoever holds an identifier, such as `identifier:phone:+8613800138000`.
    pub fn identifier_key(identifier: impl fmt::Display) -> String {
        format!("{IDENTIFIER}{identifier}")
    }

    /// The identifier of such a key, as text; none of any other key.
    pub fn identifier_of(key: &str) -> Option<&str> {
        key.strip_prefix(IDENTIFIER)
    }

    /// Whether a key is a party's, told by its beginning.
    pub fn is_party(key: &str) -> bool {
        key.starts_with(PARTY)
    }

    /// Whether it names somebody who can own, whatever value becomes a hub.
    fn is_sure(&self) -> bool {
        match self {
            Self::Party(_) => true,
            Self::Identifier(_) => false,
            Self::First(owners) | Self::Until(owners) => owners.iter().any(OwnerKey::is_sure),
        }
    }
}

impl OwnerKey {
    /// The owner that these make together.
    pub fn from_atoms(mut atoms: BTreeSet<OwnerAtom>) -> Self {
        match atoms.len() {
            0 => Self::None,
            // A set of one would be another key than the atom itself, and its documents would stand apart.
            1 => atoms.pop_first().map_or(Self::None, Self::One),
            _ => Self::Set(atoms),
        }
    }

    /// The first of these steps that names somebody who can own. Whoever comes after a party is never asked; before that, a value may
    /// turn out to be a hub.
    pub fn first_of(steps: impl IntoIterator<Item = Self>) -> Self {
        let mut all: Vec<Self> = Vec::new();
        for step in steps {
            let steps = match step {
                Self::None => continue,
                Self::One(OwnerAtom::First(steps)) => steps,
                step => vec![step],
            };
            for step in steps.into_iter().filter(|step| !all.contains(step)).collect::<Vec<_>>() {
                let sure = step.is_sure();
                all.push(step);
                if sure {
                    return Self::in_turn(all, OwnerAtom::First);
                }
            }
        }
        Self::in_turn(all, OwnerAtom::First)
    }

    /// This one; until a customer holds it, another.
    pub fn until(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::None, _) => other,
            (_, Self::None) => self,
            _ if self == other || self.is_sure() => self,
            _ => Self::One(OwnerAtom::Until(vec![self, other])),
        }
    }

    /// What is counted once for each customer that holds any of these.
    pub fn each_of(mut owners: BTreeSet<Self>) -> Self {
        match owners.len() {
            0 | 1 => owners.pop_first().unwrap_or_default(),
            _ => Self::Each(owners),
        }
    }

    fn in_turn(mut all: Vec<Self>, atom: fn(Vec<Self>) -> OwnerAtom) -> Self {
        match all.len() {
            0 | 1 => all.pop().unwrap_or_default(),
            _ => Self::One(atom(all)),
        }
    }

    /// Whether it names somebody who can own, whatever value becomes a hub: a party is among it.
    pub fn is_sure(&self) -> bool {
        self.atoms().any(OwnerAtom::is_sure)
    }

    /// Its parts, in order; of [`OwnerKey::Each`] none, since no customer must hold all of them.
    pub fn atoms(&self) -> impl Iterator<Item = &OwnerAtom> {
        let (one, set) = match self {
            Self::None | Self::Each(_) => (None, None),
            Self::One(atom) => (Some(atom), None),
            Self::Set(atoms) => (None, Some(atoms)),
        };
        one.into_iter().chain(set.into_iter().flatten())
    }

    /// The parties and identifiers of which it is made, at whatever depth.
    pub fn leaves(&self) -> BTreeSet<&OwnerAtom> {
        let mut all = BTreeSet::new();
        self.add_leaves(&mut all);
        all
    }

    fn add_leaves<'a>(&'a self, all: &mut BTreeSet<&'a OwnerAtom>) {
        if let Self::Each(owners) = self {
            owners.iter().for_each(|owner| owner.add_leaves(all));
        }
        for atom in self.atoms() {
            match atom {
                OwnerAtom::Party(_) | OwnerAtom::Identifier(_) => drop(all.insert(atom)),
                OwnerAtom::First(owners) | OwnerAtom::Until(owners) => {
                    owners.iter().for_each(|owner| owner.add_leaves(all))
                }
            }
        }
    }

    /// Whether an owner key is that of several, which is found by its [members](Self::members).
    fn has_members(key: &str) -> bool {
        [SET, FIRST, UNTIL, EACH].iter().any(|word| key.starts_with(word))
    }

    /// The parties and identifiers by which the owner key of several is found; none for any other key.
    pub fn key_members(key: &str) -> Vec<String> {
        let owner = if Self::has_members(key) { Self::parse(key) } else { None };
        owner.iter().flat_map(Self::leaves).map(ToString::to_string).collect()
    }

    /// Owners on whose timelines a document of this one stands as a reference: the members of a set, each after what comes before
    /// the set.
    fn referenced_keys(&self) -> Vec<Self> {
        match self {
            Self::Set(atoms) => atoms.iter().cloned().map(Self::One).collect(),
            Self::One(OwnerAtom::First(steps)) => {
                let after = |(n, step): (usize, &Self)| -> Vec<Self> {
                    let before = || steps.iter().take(n).cloned();
                    step.referenced_keys().into_iter().map(|member| Self::first_of(before().chain([member]))).collect()
                };
                steps.iter().enumerate().flat_map(after).collect()
            }
            Self::One(OwnerAtom::Until(steps)) => steps.iter().flat_map(Self::referenced_keys).collect(),
            _ => Vec::new(),
        }
    }

    /// The same of an owner key.
    pub fn references_of(key: &str) -> Vec<Self> {
        let several = [SET, FIRST, UNTIL].iter().any(|word| key.starts_with(word));
        let owner = if several { Self::parse(key) } else { None };
        owner.map(|owner| owner.referenced_keys()).unwrap_or_default()
    }

    /// The key under which its bundle stands: `party:erp:K1`, `identifier:phone:+86...`, `set:`, `first:`, `until:` or `each:` and its members between bars, or `none:source:shard` for a document `of` this subject that nobody owns, sharded so that no row is hot.
    pub fn key_for(&self, of: &Subject) -> String {
        match self {
            Self::None => format!("none:{}:{}", of.source(), fnv_hash(of.as_str()) % SHARDS),
            owner => owner.text(),
        }
    }

    /// Its key, without the shard where it is nobody: as it stands among the members of another one.
    pub fn text(&self) -> String {
        match self {
            Self::None => NONE.to_owned(),
            Self::One(atom) => atom.to_string(),
            Self::Set(atoms) => join_members(SET, atoms.iter().map(ToString::to_string)),
            Self::Each(owners) => join_members(EACH, owners.iter().map(Self::text)),
        }
    }

    /// Reads a key. None for what is no key in canonical form.
    pub fn parse(key: &str) -> Option<Self> {
        if let Some(rest) = key.strip_prefix("none:") {
            let (source, shard) = rest.rsplit_once(':')?;
            let known = !source.is_empty() && shard.parse::<u64>().is_ok_and(|n| n < SHARDS && n.to_string() == shard);
            return known.then_some(Self::None);
        }
        let Some(members) = key.strip_prefix(EACH) else { return Self::parse_named(key) };
        let owners =
            split_members(members, |text| if text == NONE { Some(Self::None) } else { Self::parse_named(text) })?;
        is_sorted(&owners).then(|| Self::Each(owners.into_iter().collect()))
    }

    /// Reads the key of somebody who is named.
    fn parse_named(key: &str) -> Option<Self> {
        let Some(members) = key.strip_prefix(SET) else { return OwnerAtom::parse(key).map(Self::One) };
        let atoms = split_members(members, OwnerAtom::parse)?;
        is_sorted(&atoms).then(|| Self::Set(atoms.into_iter().collect()))
    }
}

fn is_sorted<T: Ord>(members: &[T]) -> bool {
    members.len() > 1 && members.is_sorted_by(|a, b| a < b)
}

fn join_members(word: &str, members: impl Iterator<Item = String>) -> String {
    let members: Vec<_> = members.map(|member| escape_member(&member)).collect();
    format!("{word}{}", members.join("|"))
}

fn split_members<T>(members: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    // One alone is no list: what it is made of is not looked at, however deep.
    let several = members.contains('|');
    several.then(|| members.split('|').map(|member| read(&unescape_member(member)?)).collect()).flatten()
}

/// A number may hold the bar that stands between members.
fn escape_member(text: &str) -> String {
    text.replace('%', "%25").replace('|', "%7C")
}

fn unescape_member(text: &str) -> Option<String> {
    let plain = text.replace("%7C", "|").replace("%25", "%");
    (escape_member(&plain) == text).then_some(plain)
}

/// FNV-1a, 64 bits: the same for ever and everywhere.
fn fnv_hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_by_its_beginning_what_it_is_of() {
        let phone = OwnerAtom::identifier_key("phone:+8613800138000");
        assert_eq!(OwnerAtom::parse(&phone).map(|atom| atom.to_string()), Some(phone.clone()));
        assert_eq!(OwnerAtom::identifier_of(&phone), Some("phone:+8613800138000"));
        assert!(PARTY.strip_suffix(':') == Some(SubjectKind::Party.word()) && OwnerAtom::is_party("party:erp:1"));
        assert!(!OwnerAtom::is_party(&phone) && OwnerAtom::identifier_of("party:erp:1").is_none());
    }

    fn party(text: &str) -> OwnerAtom {
        OwnerAtom::Party(text.parse().unwrap())
    }

    fn identifier(text: &str) -> OwnerAtom {
        OwnerAtom::Identifier(text.parse().unwrap())
    }

    fn of() -> Subject {
        "order:shop:1".parse().unwrap()
    }

    #[test]
    fn a_key_is_read_back() {
        let bars = [party("party:erp:A|B%"), party("party:erp:A"), identifier("number:x:a%7C|b")];
        for atoms in [vec![], vec![party("party:erp:A|B")], vec![identifier("phone:+8613800138000")], bars.to_vec()] {
            let owner = OwnerKey::from_atoms(atoms.into_iter().collect());
            assert_eq!(OwnerKey::parse(&owner.key_for(&of())), Some(owner));
        }
    }

    #[test]
    fn keys_are_frozen() {
        let key = |atoms: &[OwnerAtom]| OwnerKey::from_atoms(atoms.iter().cloned().collect()).key_for(&of());
        assert_eq!(key(&[]), "none:shop:6");
        assert_eq!(key(&[party("party:erp:K1")]), "party:erp:K1");
        assert_eq!(
            key(&[identifier("phone:+86138"), party("party:erp:K|1")]),
            "set:party:erp:K%7C1|identifier:phone:+86138"
        );
    }

    #[test]
    fn keys_of_several_are_frozen_and_read_back() {
        let (phone, mail) = (OwnerKey::One(identifier("phone:+86138")), OwnerKey::One(identifier("email:a@b.c")));
        let (k1, k2) = (OwnerKey::One(party("party:erp:K1")), OwnerKey::One(party("party:erp:K|2")));
        let first = OwnerKey::first_of([phone.clone(), mail.clone(), k1.clone(), k2.clone()]);
        let until = phone.clone().until(first.clone());
        let each = OwnerKey::each_of([OwnerKey::None, until.clone(), k2.clone()].into());
        let set = OwnerKey::from_atoms(first.atoms().chain(k2.atoms()).cloned().collect());
        for (owner, key) in [
            (&first, "first:identifier:phone:+86138|identifier:email:a@b.c|party:erp:K1"),
            (&OwnerKey::first_of([phone.clone(), OwnerKey::None, phone.clone()]), "identifier:phone:+86138"),
            (&OwnerKey::first_of([first.clone(), k2.clone()]), &first.key_for(&of())),
            (&k1.clone().until(phone.clone()), "party:erp:K1"),
            (&OwnerKey::None.until(phone.clone()), "identifier:phone:+86138"),
            (
                &until,
                "until:identifier:phone:+86138|first:identifier:phone:+86138%7Cidentifier:email:a@b.c%7Cparty:erp:K1",
            ),
            (
                &each,
                "each:none|party:erp:K%7C2|until:identifier:phone:+86138%7Cfirst:identifier:phone:+86138%257Cidentifier:email:a@b.c%257Cparty:erp:K1",
            ),
            (&set, "set:party:erp:K%7C2|first:identifier:phone:+86138%7Cidentifier:email:a@b.c%7Cparty:erp:K1"),
        ] {
            assert_eq!(owner.key_for(&of()), key);
            assert_eq!(OwnerKey::parse(key).as_ref(), Some(owner), "{key}");
        }
        assert_eq!(
            OwnerKey::key_members(&each.key_for(&of())),
            ["party:erp:K1", "party:erp:K|2", "identifier:email:a@b.c", "identifier:phone:+86138"]
        );
        assert!(OwnerKey::key_members("party:erp:K1").is_empty() && OwnerKey::key_members("none:shop:6").is_empty());
    }

    #[test]
    fn a_member_of_a_set_is_referred_to_after_what_comes_before_the_set() {
        let phone = OwnerKey::One(identifier("phone:+86138"));
        let both = OwnerKey::from_atoms([party("party:erp:A"), party("party:erp:B")].into());
        let members = |owner: &OwnerKey| owner.referenced_keys().iter().map(|o| o.key_for(&of())).collect::<Vec<_>>();
        assert_eq!(members(&both), ["party:erp:A", "party:erp:B"]);
        assert_eq!(
            members(&OwnerKey::first_of([phone.clone(), both.clone()])),
            ["first:identifier:phone:+86138|party:erp:A", "first:identifier:phone:+86138|party:erp:B"]
        );
        assert!(members(&phone).is_empty() && members(&OwnerKey::None).is_empty());
    }

    #[test]
    fn only_the_canonical_form_is_a_key() {
        for bad in [
            "",
            "party:erp",
            "order:erp:1",
            "set:",
            "set:party:erp:A",
            "set:party:erp:B|party:erp:A",
            "set:party:erp:A|party:erp:A",
            "set:party:erp:A%|party:erp:B",
            "none:shop",
            "none:shop:16",
            "none:shop:01",
            "identifier:phone",
            "none",
            "first:party:erp:A",
            "first:none|party:erp:A",
            "until:",
            "each:party:erp:A",
            "each:party:erp:B|party:erp:A",
            "each:none|each:party:erp:A%7Cparty:erp:B",
        ] {
            assert_eq!(OwnerKey::parse(bad), None, "{bad}");
        }
    }
}
