//! Whose a document is, said without naming a customer, so that a merge rewrites no document.

use std::collections::BTreeSet;
use std::fmt;

use onefold_event::{Kind, Subject};

use crate::IdentifierKey;

/// Shards of what nobody owns, per source.
const SHARDS: u64 = 16;

/// A part of an owner key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Atom {
    /// A party.
    Party(Subject),
    /// Whoever holds a value.
    Identifier(IdentifierKey),
}

/// Whose a document is: C1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Owner {
    /// Nobody that is known.
    #[default]
    None,
    /// A party, or the holder of a value.
    One(Atom),
    /// Several at one step: the customer that holds all of it. At least two.
    Set(BTreeSet<Atom>),
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Party(party) => party.fmt(f),
            Self::Identifier(key) => write!(f, "identifier:{key}"),
        }
    }
}

impl Atom {
    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(key) = text.strip_prefix("identifier:") {
            return key.parse().ok().map(Self::Identifier);
        }
        let party: Subject = text.parse().ok()?;
        (party.kind() == Kind::Party).then_some(Self::Party(party))
    }
}

impl Owner {
    /// The owner that these make together.
    pub fn from_atoms(mut atoms: BTreeSet<Atom>) -> Self {
        match atoms.len() {
            0 => Self::None,
            1 => atoms.pop_first().map_or(Self::None, Self::One),
            _ => Self::Set(atoms),
        }
    }

    /// Its parts, in order.
    pub fn atoms(&self) -> impl Iterator<Item = &Atom> {
        let (one, set) = match self {
            Self::None => (None, None),
            Self::One(atom) => (Some(atom), None),
            Self::Set(atoms) => (None, Some(atoms)),
        };
        one.into_iter().chain(set.into_iter().flatten())
    }

    /// The key under which its bundle stands: `party:erp:K1`, `identifier:phone:+86...`, `set:` and its members between bars, or `none:source:shard` for a document `of` this subject that nobody owns, sharded so that no row is hot.
    pub fn key(&self, of: &Subject) -> String {
        match self {
            Self::None => format!("none:{}:{}", of.source(), fnv(of.as_str()) % SHARDS),
            Self::One(atom) => atom.to_string(),
            Self::Set(atoms) => {
                let members: Vec<_> = atoms.iter().map(|atom| escape(&atom.to_string())).collect();
                format!("set:{}", members.join("|"))
            }
        }
    }

    /// Reads a key. None for what is no key in canonical form.
    pub fn parse(key: &str) -> Option<Self> {
        if let Some(rest) = key.strip_prefix("none:") {
            let (source, shard) = rest.rsplit_once(':')?;
            let known = !source.is_empty() && shard.parse::<u64>().is_ok_and(|n| n < SHARDS && n.to_string() == shard);
            return known.then_some(Self::None);
        }
        let Some(members) = key.strip_prefix("set:") else { return Atom::parse(key).map(Self::One) };
        let atoms: Vec<Atom> = members.split('|').map(|m| Atom::parse(&unescape(m)?)).collect::<Option<_>>()?;
        let sorted = atoms.len() > 1 && atoms.iter().zip(atoms.iter().skip(1)).all(|(a, b)| a < b);
        sorted.then(|| Self::Set(atoms.into_iter().collect()))
    }
}

/// A number may hold the bar that stands between members.
fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('|', "%7C")
}

fn unescape(text: &str) -> Option<String> {
    let plain = text.replace("%7C", "|").replace("%25", "%");
    (escape(&plain) == text).then_some(plain)
}

/// FNV-1a, 64 bits: the same for ever and everywhere.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(text: &str) -> Atom {
        Atom::Party(text.parse().unwrap())
    }

    fn identifier(text: &str) -> Atom {
        Atom::Identifier(text.parse().unwrap())
    }

    fn of() -> Subject {
        "order:shop:1".parse().unwrap()
    }

    #[test]
    fn a_key_is_read_back() {
        let bars = [party("party:erp:A|B%"), party("party:erp:A"), identifier("number:x:a%7C|b")];
        for atoms in [vec![], vec![party("party:erp:A|B")], vec![identifier("phone:+8613800138000")], bars.to_vec()] {
            let owner = Owner::from_atoms(atoms.into_iter().collect());
            assert_eq!(Owner::parse(&owner.key(&of())), Some(owner));
        }
    }

    #[test]
    fn keys_are_frozen() {
        let key = |atoms: &[Atom]| Owner::from_atoms(atoms.iter().cloned().collect()).key(&of());
        assert_eq!(key(&[]), "none:shop:6");
        assert_eq!(key(&[party("party:erp:K1")]), "party:erp:K1");
        assert_eq!(
            key(&[identifier("phone:+86138"), party("party:erp:K|1")]),
            "set:party:erp:K%7C1|identifier:phone:+86138"
        );
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
        ] {
            assert_eq!(Owner::parse(bad), None, "{bad}");
        }
    }
}
