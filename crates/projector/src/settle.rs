//! The difference between what a subject added to its owners' bundles before and what it adds now.

use std::collections::BTreeSet;
use std::sync::Arc;

use onefold_event::{Subject, SubjectKind};
use onefold_fold::{SubjectState, asserted_identifiers};
use onefold_identity::{Intermediary, OwnerAtom, PartyFacts};
use onefold_store::{DocumentRow, PartyChange, RowChanges};
use onefold_view::{Bundle, Contribution, Digest, Fragment};
use prost::Message;

use crate::batch::ProjectBatch;
use crate::indirect::IndirectChanges;
use crate::read::DecodedRecord;
use crate::row::SubjectEntry;
use crate::table::TablePlace;
use crate::transaction::TransactionLost;

/// Subjects whose contributions are in memory at a time.
const CHUNK: usize = 512;

impl ProjectBatch<'_> {
    /// Settles the parties whose flag changed before all else: it decides whose documents are.
    pub(crate) async fn apply_flagged(&mut self) -> Result<(), TransactionLost> {
        let flag = |state: Option<&SubjectState>| state.map_or(Intermediary::None, SubjectState::intermediary);
        for place in self.changed_places() {
            let row = &self.subjects[place];
            if row.subject.kind() == SubjectKind::Party && flag(row.stored_state()) != flag(Some(&row.state)) {
                self.flagged.push(place);
            }
        }
        self.apply_subjects(&self.flagged.clone()).await
    }

    /// Brings all bundles from the old rows to the new.
    pub(crate) async fn apply_contributions(&mut self) -> Result<(), TransactionLost> {
        let changed = self.changed_places();
        let settled: BTreeSet<TablePlace> = self.flagged.iter().copied().collect();
        let rest: Vec<TablePlace> = changed.iter().copied().filter(|place| !settled.contains(place)).collect();
        self.apply_subjects(&rest).await?;
        self.index_changed(&changed);
        for owner in std::mem::take(&mut self.refills) {
            self.refill_bundle(owner).await?;
        }
        self.note_parties(&changed);
        Ok(())
    }

    /// Applies to bundles what subjects add now, in the place of what they added before.
    async fn apply_subjects(&mut self, subjects: &[TablePlace]) -> Result<(), TransactionLost> {
        for some in subjects.chunks(CHUNK) {
            let deltas: Vec<BundleDelta> = some.iter().flat_map(|place| find_deltas(&self.subjects[*place])).collect();
            // All owners of a chunk in one request, not in a round trip each.
            self.load_owners(&deltas.iter().map(|delta| delta.owner.as_str()).collect::<Vec<_>>()).await?;
            for delta in deltas {
                self.apply_one(delta);
            }
        }
        Ok(())
    }

    fn apply_one(&mut self, BundleDelta { owner: key, before, after }: BundleDelta) {
        let Some(place) = self.owners.place_of(&key) else { return };
        if self.owners[place].change_row().bundle.replace(before.as_ref(), after.as_ref()).is_needed() {
            self.refills.insert(place);
        }
        let items = |c: Option<Contribution>| c.map(|c| c.open_items()).unwrap_or_default();
        let (before, after) = (items(before), items(after));
        if before != after {
            self.changes.open_removed.extend(before);
            self.changes.open_added.extend(after);
        }
    }

    /// Which documents stand under which owner keys, intermediaries that were passed over among them.
    fn index_changed(&mut self, changed: &[TablePlace]) {
        for place in changed {
            let row = &self.subjects[*place];
            let (end, begin) = DocumentRow::changes(&row.subject, row.stored_state(), &row.state);
            self.changes.documents_removed.extend(end);
            self.changes.documents_added.extend(begin);
            self.changes.note_index_changes(&row.subject, row.stored_state(), &row.state);
        }
    }

    /// Rows that a bundle cannot know once something was taken away are read from the owner's other documents.
    async fn refill_bundle(&mut self, place: TablePlace) -> Result<(), TransactionLost> {
        let owner = self.owners[place].key.clone();
        let mut documents: BTreeSet<String> = self.tx.owner_documents(&owner).await?.into_iter().collect();
        let of = |row: &&DocumentRow| row.owner == owner;
        // One that moves to another time ends and begins.
        for gone in self.changes.documents_removed.iter().filter(of) {
            documents.remove(&gone.place.subject);
        }
        documents.extend(self.changes.documents_added.iter().filter(of).map(|row| row.place.subject.clone()));
        // A party's own row is no document, but its profile is part of its bundle.
        if OwnerAtom::is_party(&owner) {
            documents.insert(owner.clone());
        }
        let documents: Vec<Subject> = documents.iter().filter_map(|key| key.parse().ok()).collect();
        self.load_subjects(&documents.iter().collect::<Vec<_>>()).await?;
        let rows = documents.iter().filter_map(|document| self.subjects.get(document.as_str()));
        let all: Vec<Contribution> =
            rows.filter_map(|row| row.state.contributions(&row.subject).remove(&owner)).collect();
        self.owners[place].change_row().bundle.refill_from(all.iter());
        Ok(())
    }

    /// What changed of parties and decisions, for the resolver.
    fn note_parties(&mut self, changed: &[TablePlace]) {
        for place in changed {
            let row = &self.subjects[*place];
            let key = || row.subject.to_string();
            match (row.stored_state().is_some_and(SubjectState::is_decided), row.state.is_decided()) {
                (false, true) => self.changes.decided.push(key()),
                (true, false) => self.changes.undecided.push(key()),
                _ => {}
            }
            if row.subject.kind() == SubjectKind::Party {
                let change = party_change(row);
                // Who ever asserted a value counts against its limit, though it asserts nothing else now than before.
                if change.is_some()
                    || party_assertions(&row.subject, row.stored_state())
                        != party_assertions(&row.subject, Some(&row.state))
                {
                    self.changes.inbox.insert(key());
                }
                self.changes.parties.extend(change);
                self.changes.marks.insert(key());
            }
            if row.subject.kind() == SubjectKind::Decision {
                let decided = |state: Option<&SubjectState>| {
                    state.and_then(|state| state.fragment.as_ref()).map(Fragment::decided_parties).unwrap_or_default()
                };
                let (before, after) = (decided(row.stored_state()), decided(Some(&row.state)));
                let pair = |party: &Subject| (key(), party.to_string());
                self.changes.decisions_removed.extend(before.difference(&after).map(pair));
                self.changes.decisions_added.extend(after.difference(&before).map(pair));
                self.changes.inbox.extend(before.union(&after).map(ToString::to_string));
            }
        }
    }

    /// What the portion changes; from here on its rows count as saved.
    pub(crate) fn finish_portion(&mut self, portion: &[DecodedRecord]) -> RowChanges {
        let mut unnamed = self.tx.publishes().then(|| IndirectChanges::new(self, portion));
        let mut changes = std::mem::take(&mut self.changes);
        self.flagged.clear();
        for row in self.subjects.rows_mut() {
            if let Some(unnamed) = &mut unnamed {
                unnamed.note_row(row);
            }
            let Some((state, facts)) = row.take_changes() else { continue };
            let key = row.subject.to_string();
            changes.facts.extend(facts.into_iter().map(|fact| (key.clone(), fact)));
            changes.subjects.push((key, state));
        }
        for owner in self.owners.rows_mut().filter(|owner| owner.touched) {
            owner.touched = false;
            let row = Arc::make_mut(&mut owner.row);
            row.encoded = row.bundle.encode_to_vec();
            // An empty bundle is as good as none.
            row.digest = (!row.encoded.is_empty()).then(|| Bundle::digest(&owner.key, &row.encoded));
            if let Some(unnamed) = &mut unnamed {
                unnamed.note_owner(&owner.key, owner.old_digest != row.digest, owner.old_first_seen != row.first_seen);
            }
            // The table's sum moves by the difference, so that it never has to be added up afresh.
            owner.old_digest.iter().for_each(|old| changes.bundles_digest.subtract(old));
            row.digest.iter().for_each(|new| changes.bundles_digest.add(new));
            match (owner.old_first_seen, row.first_seen) {
                (None, Some(_)) => {
                    changes.marks.insert(owner.key.clone());
                    // A party that is only named holds its number too: whoever gives it is the same (rule B3).
                    changes.parties.extend(PartyChange::named(&owner.key));
                    changes.inbox.insert(owner.key.clone());
                    unnamed.iter_mut().for_each(|unnamed| unnamed.note_opened(&owner.key));
                    changes.clusters_digest.add(&Digest::of_cluster([owner.key.as_str()]));
                    changes.ids_digest.add(&Digest::of_id(&owner.key, [owner.key.as_str()]));
                }
                (Some(old), Some(new)) if old != new => {
                    changes.inbox.insert(owner.key.clone());
                }
                _ => {}
            }
            (owner.old_digest, owner.old_first_seen) = (row.digest, row.first_seen);
            changes.owners.push((owner.key.clone(), Arc::clone(&owner.row)));
        }
        changes.notes = unnamed.map(|unnamed| unnamed.into_notes(&changes)).unwrap_or_default();
        changes
    }
}

/// What a subject adds to one owner's bundle, before and after.
struct BundleDelta {
    owner: String,
    before: Option<Contribution>,
    after: Option<Contribution>,
}

fn find_deltas(row: &SubjectEntry) -> Vec<BundleDelta> {
    let mut before = row.stored_state().map(|old| old.contributions(&row.subject)).unwrap_or_default();
    let mut deltas = Vec::new();
    for (owner, after) in row.state.contributions(&row.subject) {
        let before = before.remove(&owner);
        if before.as_ref() != Some(&after) {
            deltas.push(BundleDelta { owner, before, after: Some(after) });
        }
    }
    deltas.extend(before.into_iter().map(|(owner, before)| BundleDelta { owner, before: Some(before), after: None }));
    deltas
}

fn party_change(row: &SubjectEntry) -> Option<PartyChange> {
    let (before, after) =
        (asserted_identifiers(&row.subject, row.stored_state()), asserted_identifiers(&row.subject, Some(&row.state)));
    let gone = before.keys().filter(|value| !after.contains_key(*value)).cloned().collect();
    (before != after).then(|| PartyChange { party: row.subject.to_string(), asserted: after, gone })
}

fn party_assertions(subject: &Subject, state: Option<&SubjectState>) -> Option<(PartyFacts, Intermediary)> {
    state?.fragment.as_ref().map(|f| (f.party_facts(subject), f.intermediary()))
}
