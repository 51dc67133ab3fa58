//! What identity looks at of a party.

use std::collections::BTreeSet;

use onefold_event::Subject;

use crate::IdentifierKey;

/// A party's assertions: of *all* its revisions, superseded ones too (B2), so that a changed phone number parts nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyFacts {
    /// The party.
    pub key: Subject,
    /// Names ever asserted, by [`crate::normalise_name`], without the empty one.
    pub names: BTreeSet<String>,
    /// Valid values ever asserted and not withdrawn; among them its own number, [`IdentifierKey::of_party`].
    pub identifiers: BTreeSet<IdentifierKey>,
    /// Dates of birth ever asserted.
    pub born_on: BTreeSet<String>,
}

impl PartyFacts {
    /// A party of which nothing is known but its key.
    pub fn new(key: Subject) -> Self {
        let identifiers = BTreeSet::from([IdentifierKey::of_party(&key)]);
        Self { key, names: BTreeSet::new(), identifiers, born_on: BTreeSet::new() }
    }
}
