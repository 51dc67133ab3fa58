//! The difference between what a subject added to its owners' bundles before and what it adds now.

use std::collections::BTreeSet;

use onefold_event::{Kind, Subject};
use onefold_identity::{Intermediary, PartyFacts};
use onefold_stage::StageError;
use onefold_store::{Changes, PartyChange, SubjectState};
use onefold_view::{Bundle, Contribution, Digest, Fragment};
use prost::Message;

use crate::batch::{Batch, Row};

impl Batch<'_> {
    /// Settles the parties whose flag changed before all else: it decides whose documents are.
    pub(crate) async fn flag(&mut self, touched: &BTreeSet<String>) -> Result<(), StageError> {
        let flagged =
            |key: &&String| self.rows.get(*key).is_some_and(|row| row.old.intermediary() != row.new.intermediary());
        self.flagged = touched.iter().filter(flagged).cloned().collect();
        self.apply(&self.flagged.clone()).await
    }

    /// Brings all bundles from the old rows to the new.
    pub(crate) async fn settle(&mut self) -> Result<(), StageError> {
        let changed: BTreeSet<String> =
            self.rows.iter().filter(|(_, row)| row.old != row.new).map(|(key, _)| key.clone()).collect();
        self.apply(&changed.difference(&self.flagged).cloned().collect()).await?;
        self.index(&changed);
        for owner in std::mem::take(&mut self.refills) {
            self.refill(&owner).await?;
        }
        self.parties(&changed);
        Ok(())
    }

    /// Applies to bundles what subjects add now, in the place of what they added before.
    async fn apply(&mut self, subjects: &BTreeSet<String>) -> Result<(), StageError> {
        let mut deltas: Vec<(String, Option<Contribution>, Option<Contribution>)> = Vec::new();
        for key in subjects {
            let Some(row) = self.rows.get(key) else { continue };
            let mut old = row.old.contributions(&row.subject);
            let mut new = row.new.contributions(&row.subject);
            let owners: BTreeSet<String> = old.keys().chain(new.keys()).cloned().collect();
            for owner in owners {
                let (before, after) = (old.remove(&owner), new.remove(&owner));
                if before != after {
                    deltas.push((owner, before, after));
                }
            }
        }
        self.load_owners(deltas.iter().map(|(owner, ..)| owner.clone())).await?;
        for (key, before, after) in deltas {
            let Some(owner) = self.owners.get_mut(&key) else { continue };
            owner.touched = true;
            if owner.row.bundle.replace(before.as_ref(), after.as_ref()).is_needed() {
                self.refills.insert(key.clone());
            }
            let items = |c: Option<Contribution>| c.map(|c| c.open_items()).unwrap_or_default();
            let (before, after) = (items(before), items(after));
            if before != after {
                self.changes.open_removed.extend(before);
                self.changes.open_added.extend(after);
            }
        }
        Ok(())
    }

    /// Which documents stand under which owner keys, intermediaries that were passed over among them.
    fn index(&mut self, changed: &BTreeSet<String>) {
        for key in changed {
            let Some(row) = self.rows.get(key) else { continue };
            let (before, after) = (row.old.index_keys(&row.subject), row.new.index_keys(&row.subject));
            for owner in before.difference(&after) {
                self.changes.documents_removed.push((owner.clone(), key.clone()));
            }
            for owner in after.difference(&before) {
                self.changes.documents_added.push((owner.clone(), key.clone()));
            }
        }
    }

    /// Rows that a bundle cannot know once something was taken away are read from the owner's other documents.
    async fn refill(&mut self, owner: &str) -> Result<(), StageError> {
        let mut documents: BTreeSet<String> = self.tx.documents(owner).await?.into_iter().collect();
        let pairs = |list: &[(String, String)]| -> BTreeSet<String> {
            list.iter().filter(|(o, _)| o == owner).map(|(_, s)| s.clone()).collect()
        };
        documents.extend(pairs(&self.changes.documents_added));
        for gone in pairs(&self.changes.documents_removed) {
            documents.remove(&gone);
        }
        if owner.starts_with("party:") {
            documents.insert(owner.to_owned());
        }
        self.load(documents.iter().filter_map(|key| key.parse().ok())).await?;
        let rows = documents.iter().filter_map(|key| self.rows.get(key));
        let all: Vec<Contribution> = rows.filter_map(|row| row.new.contributions(&row.subject).remove(owner)).collect();
        if let Some(owner) = self.owners.get_mut(owner) {
            owner.row.bundle.refill(all.iter());
        }
        Ok(())
    }

    /// What changed of parties and decisions, for the resolver.
    fn parties(&mut self, changed: &BTreeSet<String>) {
        let mut named = BTreeSet::new();
        for key in changed {
            let Some(row) = self.rows.get(key) else { continue };
            if row.subject.kind() == Kind::Party {
                self.changes.parties.extend(party_change(row));
                if assertions(&row.subject, &row.old) != assertions(&row.subject, &row.new) {
                    self.changes.inbox.insert(key.clone());
                }
                self.changes.marks.insert(key.clone());
            }
            if row.subject.kind() == Kind::Decision {
                let decided =
                    |state: &SubjectState| state.fragment.as_ref().map(Fragment::decided_parties).unwrap_or_default();
                let (before, after) = (decided(&row.old), decided(&row.new));
                let pair = |party: &Subject| (key.clone(), party.to_string());
                self.changes.decisions_removed.extend(before.difference(&after).map(pair));
                self.changes.decisions_added.extend(after.difference(&before).map(pair));
                named.extend(before.union(&after).map(ToString::to_string));
            }
        }
        self.changes.inbox.extend(named);
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
            let bytes = owner.row.bundle.encode_to_vec();
            // An empty bundle is as good as none.
            owner.row.digest = (!bytes.is_empty()).then(|| Bundle::digest(&key, &bytes));
            owner.old_digest.iter().for_each(|old| self.changes.bundles_digest.subtract(old));
            owner.row.digest.iter().for_each(|new| self.changes.bundles_digest.add(new));
            match (owner.old_first_seen, owner.row.first_seen) {
                (None, Some(_)) => {
                    self.changes.marks.insert(key.clone());
                    self.changes.clusters_digest.add(&Digest::cluster([key.as_str()]));
                    self.changes.ids_digest.add(&Digest::id(&key, [key.as_str()]));
                }
                (Some(old), Some(new)) if old != new => {
                    self.changes.inbox.insert(key.clone());
                }
                _ => {}
            }
            self.changes.owners.push((key, owner.row));
        }
        self.changes
    }
}

fn party_change(row: &Row) -> Option<PartyChange> {
    let asserted = |state: &SubjectState| state.fragment.as_ref().map(|f| f.asserted(&row.subject)).unwrap_or_default();
    let (before, after) = (asserted(&row.old), asserted(&row.new));
    let gone = before.keys().filter(|value| !after.contains_key(*value)).cloned().collect();
    (before != after).then(|| PartyChange { party: row.subject.to_string(), asserted: after, gone })
}

fn assertions(subject: &Subject, state: &SubjectState) -> Option<(PartyFacts, Intermediary)> {
    state.fragment.as_ref().map(|f| (f.party_facts(subject), f.intermediary()))
}
