//! What makes parties one, before any constraint: links grouped by what makes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use onefold_event::Subject;

use crate::{AtSource, IdentifierKey, IdentityRules, LinkStrength, PartyDecision, PartyFacts};

/// What makes parties one customer. The order of the variants is the order in which links are taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartyLink {
    /// A person said so.
    Decision(Subject),
    /// Their source merged the one record into the other.
    AtSource {
        /// The record that was absorbed.
        absorbed: Subject,
        /// The one that lives on.
        into: Subject,
    },
    /// They share a value that links alone.
    Strong(IdentifierKey),
    /// They share a value that links parties of one name, and this name.
    Weak {
        /// What they share.
        value: IdentifierKey,
        /// What they are called; one of them may have no name.
        name: String,
    },
}

impl fmt::Display for PartyLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decision(id) => id.fmt(f),
            Self::AtSource { absorbed, into } => write!(f, "{absorbed} merged into {into} at source"),
            Self::Strong(value) => value.fmt(f),
            Self::Weak { value, name } => write!(f, "{value} and the name {name}"),
        }
    }
}

/// All that one thing links. Holders are places in the sorted list of parties.
#[derive(Debug)]
pub(crate) struct LinkGroup {
    pub(crate) link: PartyLink,
    pub(crate) holders: Vec<usize>,
}

/// The parties in order, so that the least place is the least key.
pub(crate) struct PartyIndex<'a> {
    pub(crate) facts: Vec<&'a PartyFacts>,
    keys: Vec<&'a Subject>,
}

impl<'a> PartyIndex<'a> {
    pub(crate) fn new(parties: &'a BTreeMap<Subject, PartyFacts>) -> Self {
        Self { facts: parties.values().collect(), keys: parties.keys().collect() }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn place_of(&self, party: &Subject) -> Option<usize> {
        self.keys.binary_search(&party).ok()
    }

    pub(crate) fn places_of<'b>(&self, parties: impl IntoIterator<Item = &'b Subject>) -> Vec<usize> {
        parties.into_iter().filter_map(|party| self.place_of(party)).collect()
    }

    pub(crate) fn key_at(&self, place: usize) -> Option<&'a Subject> {
        self.keys.get(place).copied()
    }

    pub(crate) fn parties_at(&self, places: &[usize]) -> Vec<Subject> {
        places.iter().filter_map(|place| self.key_at(*place)).cloned().collect()
    }
}

/// The admissible links, each with at least two holders, in the order in which they are taken: class (decision, merged at source, strong, weak), then pair, or kind, value and name; decisions in the order in which they were made.
pub(crate) fn link_groups(
    index: &PartyIndex<'_>,
    standing: &[&PartyDecision],
    hubs: &BTreeSet<IdentifierKey>,
    rules: &IdentityRules,
) -> Vec<LinkGroup> {
    let mut groups: Vec<LinkGroup> = Vec::new();
    for decision in standing {
        if let PartyDecision::Link { id, parties, .. } = decision {
            groups.push(LinkGroup { link: PartyLink::Decision(id.clone()), holders: index.places_of(parties) });
        }
    }
    groups.extend(at_source(index));
    let mut held: Vec<(LinkStrength, &str, &IdentifierKey, usize)> = Vec::new();
    for (place, facts) in index.facts.iter().enumerate() {
        for key in &facts.identifiers {
            let strength = rules.strength(key.kind());
            if strength != LinkStrength::Neither {
                held.push((strength, key.kind(), key, place));
            }
        }
    }
    // The order in which links are taken decides who is joined, so it must not depend on the order of parties.
    held.sort_unstable();
    for holders in held.chunk_by(|a, b| a.2 == b.2) {
        let Some((strength, _, value, _)) = holders.first() else { continue };
        // A hub value says nothing about who its holders are: it is as if nobody had it.
        if holders.len() < 2 || hubs.contains(*value) {
            continue;
        }
        let holders = holders.iter().map(|(.., place)| *place).collect();
        match strength {
            LinkStrength::Strong => groups.push(LinkGroup { link: PartyLink::Strong((*value).clone()), holders }),
            _ => groups.extend(by_name(index, value, &holders)),
        }
    }
    groups.retain(|group| group.holders.len() > 1);
    groups
}

/// Pairs of records that their source merged and did not take apart since; by pair.
fn at_source(index: &PartyIndex<'_>) -> Vec<LinkGroup> {
    let mut last: BTreeMap<(usize, usize), (&AtSource, usize)> = BTreeMap::new();
    for (place, facts) in index.facts.iter().enumerate() {
        for (other, said) in &facts.at_source {
            let Some(other) = index.place_of(other).filter(|other| *other != place) else { continue };
            // Either record may report the merge: both reports are of one pair, and the later one counts.
            let pair = (place.min(other), place.max(other));
            if last.get(&pair).is_none_or(|known| known.0 < said) {
                last.insert(pair, (said, place));
            }
        }
    }
    let group = |((one, other), (said, absorbed)): ((usize, usize), (&AtSource, usize))| {
        let into = if absorbed == one { other } else { one };
        let (absorbed, into) = (index.key_at(absorbed)?.clone(), index.key_at(into)?.clone());
        said.merged.then(|| LinkGroup { link: PartyLink::AtSource { absorbed, into }, holders: vec![one, other] })
    };
    last.into_iter().filter_map(group).collect()
}

/// The holders of a weak value by name. Those without a name join where all the others share one.
fn by_name(index: &PartyIndex<'_>, value: &IdentifierKey, holders: &Vec<usize>) -> Vec<LinkGroup> {
    let mut names: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut nameless = Vec::new();
    for place in holders {
        let Some(facts) = index.facts.get(*place) else { continue };
        if facts.names.is_empty() {
            nameless.push(*place);
        }
        for name in &facts.names {
            names.entry(name).or_default().push(*place);
        }
    }
    let named = holders.len() - nameless.len();
    let group = |(name, mut holders): (&str, Vec<usize>)| {
        if holders.len() == named {
            holders.extend(&nameless);
            holders.sort_unstable();
        }
        LinkGroup { link: PartyLink::Weak { value: value.clone(), name: name.to_owned() }, holders }
    };
    names.into_iter().map(group).collect()
}
