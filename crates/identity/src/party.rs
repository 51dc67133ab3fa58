//! What identity looks at of a party.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Micros, Subject};

use crate::IdentifierKey;

/// A party's assertions: of *all* its revisions, superseded ones too (B2), so that a changed phone number parts nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyFacts {
    /// The party.
    pub key: Subject,
    /// Forms of names ever asserted, by [`crate::normalise_name`].
    pub names: BTreeSet<String>,
    /// Valid values ever asserted and not withdrawn; among them its own number, [`IdentifierKey::of_party`].
    pub identifiers: BTreeSet<IdentifierKey>,
    /// Dates of birth ever asserted.
    pub born_on: BTreeSet<String>,
    /// What its source said last of it and of another record of its own, by that record.
    pub at_source: BTreeMap<Subject, AtSource>,
}

/// What a source said of two records of its own (B3a). Of facts about one pair the greatest decides, whichever of both
/// they are about: the fields stand in the order in which facts are compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AtSource {
    /// When it happened.
    pub occurred_at: Micros,
    /// Order between versions.
    pub revision_order: Vec<i64>,
    /// When the hub took it in.
    pub recorded_at: Micros,
    /// Id of the event.
    pub id: Vec<u8>,
    /// Merged; else taken apart again.
    pub merged: bool,
}

impl PartyFacts {
    /// A party of which nothing is known but its key.
    pub fn new(key: Subject) -> Self {
        let identifiers = BTreeSet::from([IdentifierKey::of_party(&key)]);
        Self { key, names: BTreeSet::new(), identifiers, born_on: BTreeSet::new(), at_source: BTreeMap::new() }
    }
}
