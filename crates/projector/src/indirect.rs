//! What changed that no event of the batch names: the publisher, which follows the log, would never come across it.

use std::collections::BTreeSet;

use onefold_identity::OwnerKey;
use onefold_store::{IdentityChange, Members, Note, RowChanges};

use crate::batch::ProjectBatch;
use crate::read::DecodedRecord;
use crate::row::SubjectEntry;

/// Gathers it, where publishing is switched on.
pub(crate) struct IndirectChanges {
    /// Owner keys that whoever reads the events finds in their subjects' rows.
    named: BTreeSet<String>,
    owners: BTreeSet<String>,
    opened: Vec<Note>,
}

impl IndirectChanges {
    pub(crate) fn new(batch: &ProjectBatch<'_>, taken: &[DecodedRecord]) -> Self {
        let rows = taken.iter().filter_map(|t| batch.subjects.get(t.event.header.subject.as_str()));
        let named = rows.flat_map(|row| row.state.owners_of(&row.subject)).collect();
        Self { named, owners: BTreeSet::new(), opened: Vec::new() }
    }

    /// Takes in an owner that was touched, and whether its bundle or its first sighting changed. What nobody owns is in no
    /// customer's view.
    pub(crate) fn note_owner(&mut self, key: &str, bundle: bool, first_seen: bool) {
        if !(bundle || first_seen) {
            return;
        }
        // What is counted once for several is said of each of them.
        let keys = match OwnerKey::parse(key) {
            Some(OwnerKey::Each(owners)) => {
                owners.iter().filter(|owner| **owner != OwnerKey::None).map(OwnerKey::text).collect()
            }
            _ => vec![key.to_owned()],
        };
        self.owners.extend(keys.into_iter().filter(|key| !key.starts_with("none") && !self.named.contains(key)));
    }

    /// Takes in a row whose owners are others now. The publisher may have been left to find a former one there, for the sake of an
    /// event that was taken in earlier and that it has not come to yet: by then it finds another.
    pub(crate) fn note_row(&mut self, row: &SubjectEntry) {
        let Some(old) = row.stored_state().filter(|old| old.keys != row.state.keys) else { return };
        for key in old.owners_of(&row.subject).difference(&row.state.owners_of(&row.subject)) {
            self.note_owner(key, true, false);
        }
    }

    /// Takes in a party that was never heard of before.
    pub(crate) fn note_opened(&mut self, party: &str) {
        let customer = Members { head: party.to_owned(), parties: vec![party.to_owned()] };
        self.opened.push(Note::Identity(IdentityChange::Opened { customer }));
    }

    /// All of it. Who holds which identifier is part of the views of others who hold it: where the resolver does not come
    /// to look at a party for that, the publisher does.
    pub(crate) fn into_notes(mut self, changes: &RowChanges) -> Vec<Note> {
        let parties = changes.parties.iter().map(|change| &change.party);
        self.owners.extend(parties.filter(|party| !changes.inbox.contains(*party)).cloned());
        self.opened.extend(self.owners.into_iter().map(Note::Owner));
        self.opened
    }
}
