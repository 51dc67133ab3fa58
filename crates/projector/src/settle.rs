//! The difference between what a subject added to its owners' bundles before and what it adds now.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Kind, Subject};
use onefold_identity::{IdentifierKey, Intermediary, Owner as OwnerKey};
use onefold_stage::StageError;
use onefold_store::{Changes, PartyChange, SubjectState};
use onefold_view::{Bundle, Contribution, Fragment, OpenItem, cluster_digest, contribute, ids_digest};
use prost::Message;

use crate::batch::{Batch, Row};
use crate::link::{flag, is_party};

/// What a subject's row adds, by owner key.
pub(crate) fn contributions(subject: &Subject, state: &SubjectState) -> BTreeMap<String, Contribution> {
    match &state.fragment {
        Some(fragment) if !state.failed => contribute(subject, fragment, &state.inbound, &state.keys()),
        _ => BTreeMap::new(),
    }
}

impl Batch<'_> {
    /// Settles parties first: whether one is an intermediary decides whose documents are.
    pub(crate) async fn flag(&mut self, touched: &BTreeSet<String>) -> Result<(), StageError> {
        let flagged = touched.iter().filter(|key| self.rows.get(*key).is_some_and(|row| flag(&row.old) != flag(&row.new)));
        for key in flagged.cloned().collect::<Vec<_>>() {
            self.load_owners([key.clone()]).await?;
            if let (Some(owner), Some(row)) = (self.owners.get_mut(&key), self.rows.get(&key)) {
                owner.row.bundle.set_intermediary(flag(&row.new));
            }
        }
        Ok(())
    }

    /// Brings all bundles from the old rows to the new.
    pub(crate) async fn settle(&mut self) -> Result<(), StageError> {
        let changed: Vec<String> = self.rows.iter().filter(|(_, row)| row.old != row.new).map(|(key, _)| key.clone()).collect();
        let mut deltas: Vec<(String, Option<Contribution>, Option<Contribution>)> = Vec::new();
        for key in &changed {
            let Some(row) = self.rows.get(key) else { continue };
            let mut old = contributions(&row.subject, &row.old);
            let mut new = contributions(&row.subject, &row.new);
            let owners: BTreeSet<String> = old.keys().chain(new.keys()).cloned().collect();
            for owner in owners {
                let (before, after) = (old.remove(&owner), new.remove(&owner));
                if before != after {
                    deltas.push((owner, before, after));
                }
            }
        }
        self.load_owners(deltas.iter().map(|(owner, ..)| owner.clone())).await?;
        let mut refill = BTreeSet::new();
        for (key, before, after) in deltas {
            let Some(owner) = self.owners.get_mut(&key) else { continue };
            owner.touched = true;
            if let Some(before) = &before
                && owner.row.bundle.subtract(before).needed()
            {
                refill.insert(key.clone());
            }
            if let Some(after) = &after {
                owner.row.bundle.add(after);
            }
            self.changes.open_removed.extend(before.iter().flat_map(Contribution::open_items));
            self.changes.open_added.extend(after.iter().flat_map(Contribution::open_items));
        }
        self.index(&changed);
        for owner in refill {
            self.refill(&owner).await?;
        }
        self.parties(&changed).await
    }

    /// Which documents stand under which owner keys, intermediaries that were passed over among them.
    fn index(&mut self, changed: &[String]) {
        for key in changed {
            let Some(row) = self.rows.get(key) else { continue };
            let (before, after) = (self.index_keys(&row.subject, &row.old), self.index_keys(&row.subject, &row.new));
            for owner in before.difference(&after) {
                self.changes.documents_removed.push((owner.clone(), key.clone()));
            }
            for owner in after.difference(&before) {
                self.changes.documents_added.push((owner.clone(), key.clone()));
            }
        }
    }

    fn index_keys(&self, subject: &Subject, state: &SubjectState) -> BTreeSet<String> {
        if !state.is_known() || !subject.kind().is_document() {
            return BTreeSet::new();
        }
        document_keys(state)
    }

    /// Rows that a bundle cannot know once something was taken away are read from the owner's other documents.
    async fn refill(&mut self, owner: &str) -> Result<(), StageError> {
        let mut documents: BTreeSet<String> = self.tx.documents(owner).await?.into_iter().collect();
        let pairs = |list: &[(String, String)]| -> BTreeSet<String> { list.iter().filter(|(o, _)| o == owner).map(|(_, s)| s.clone()).collect() };
        documents.extend(pairs(&self.changes.documents_added));
        for gone in pairs(&self.changes.documents_removed) {
            documents.remove(&gone);
        }
        if owner.starts_with("party:") {
            documents.insert(owner.to_owned());
        }
        self.load(documents.iter().filter_map(|key| key.parse().ok())).await?;
        let rows = documents.iter().filter_map(|key| self.rows.get(key));
        let all: Vec<Contribution> = rows.filter_map(|row| contributions(&row.subject, &row.new).remove(owner)).collect();
        if let Some(owner) = self.owners.get_mut(owner) {
            owner.row.bundle.refill(all.iter());
        }
        Ok(())
    }

    /// What changed of parties and decisions, for the resolver.
    async fn parties(&mut self, changed: &[String]) -> Result<(), StageError> {
        let mut named = BTreeSet::new();
        for key in changed {
            let Some(row) = self.rows.get(key) else { continue };
            if is_party(row) {
                self.changes.parties.extend(party_change(row));
                if assertions(&row.subject, &row.old) != assertions(&row.subject, &row.new) {
                    self.changes.inbox.insert(key.clone());
                }
                self.changes.marks.insert(key.clone());
            }
            if row.subject.kind() == Kind::Decision {
                for party in [&row.old, &row.new].into_iter().filter_map(|s| s.fragment.as_ref()).flat_map(Fragment::decided_parties) {
                    self.changes.decisions.push((key.clone(), party.to_string()));
                    named.insert(party.to_string());
                }
            }
        }
        self.changes.inbox.extend(named);
        Ok(())
    }

    /// Gathers what was touched.
    pub(crate) fn finish(mut self) -> Changes {
        for (key, row) in self.rows {
            if row.old != row.new {
                self.changes.subjects.push((key, row.new));
            }
        }
        for (key, mut owner) in self.owners {
            if !owner.touched {
                continue;
            }
            let digest = Bundle::digest(&key, &owner.row.bundle.encode_to_vec());
            if let Some(old) = &owner.old_digest {
                self.changes.bundles_digest.subtract(old);
            }
            self.changes.bundles_digest.add(&digest);
            owner.row.digest = Some(digest);
            match (owner.old_first_seen, owner.row.first_seen) {
                (None, Some(_)) => {
                    self.changes.marks.insert(key.clone());
                    self.changes.clusters_digest.add(&cluster_digest([key.as_str()]));
                    self.changes.ids_digest.add(&ids_digest(&key, [key.as_str()]));
                }
                (Some(old), Some(new)) if old != new => {
                    self.changes.inbox.insert(key.clone());
                }
                _ => {}
            }
            self.changes.owners.push((key, owner.row));
        }
        cancel(&mut self.changes.open_added, &mut self.changes.open_removed);
        self.changes
    }
}

/// Owner keys under which a document stands in the index: its own, and parties that it names as owners, passed over or not.
pub(crate) fn document_keys(state: &SubjectState) -> BTreeSet<String> {
    let keys = state.keys();
    let mut all: BTreeSet<String> = [keys.trade, keys.receivable].into_iter().chain(keys.parts).filter(|k| !k.is_empty()).collect();
    for member in all.clone() {
        if let Some(OwnerKey::Set(atoms)) = OwnerKey::parse(&member) {
            all.extend(atoms.into_iter().map(|atom| OwnerKey::One(atom).to_key()));
        }
    }
    let fragment = state.fragment.as_ref();
    for (role, party) in fragment.map(Fragment::parties).unwrap_or_default() {
        if role.target() == onefold_event::Target::Owner {
            all.insert(party.to_string());
        }
    }
    all
}

fn party_change(row: &Row) -> Option<PartyChange> {
    let facts = |state: &SubjectState| -> (BTreeSet<IdentifierKey>, BTreeSet<IdentifierKey>) {
        let fragment = state.fragment.as_ref();
        let present = fragment.map(|f| f.party_facts(&row.subject).identifiers).unwrap_or_default();
        let ever = fragment.map(|f| f.ever_asserted(&row.subject)).unwrap_or_default();
        (present, ever)
    };
    let (before, (present, ever)) = (facts(&row.old), facts(&row.new));
    (before != (present.clone(), ever.clone())).then(|| PartyChange { party: row.subject.to_string(), present, ever })
}

fn assertions(subject: &Subject, state: &SubjectState) -> Option<(onefold_identity::PartyFacts, Intermediary)> {
    state.fragment.as_ref().map(|f| (f.party_facts(subject), f.intermediary()))
}

/// An item that ends and begins alike in one batch does neither.
fn cancel(added: &mut Vec<OpenItem>, removed: &mut Vec<OpenItem>) {
    removed.retain(|item| {
        let twin = added.iter().position(|other| other == item);
        twin.is_none_or(|n| {
            added.swap_remove(n);
            false
        })
    });
}
