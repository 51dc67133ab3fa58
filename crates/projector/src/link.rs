//! What subjects say to each other, and whose each document is.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Subject;
use onefold_identity::Intermediary;
use onefold_stage::StageError;
use onefold_view::{Fragment, Inbound, Keys};

use crate::batch::Batch;

impl Batch<'_> {
    /// Tells the subjects that changed ones name, named, or name no longer; answers all whose keys or cells may change.
    pub(crate) async fn tell(&mut self, changed: BTreeSet<String>) -> Result<BTreeSet<String>, StageError> {
        let mut said: BTreeMap<String, (BTreeMap<Subject, Inbound>, BTreeSet<Subject>)> = BTreeMap::new();
        for key in &changed {
            let Some(row) = self.rows.get(key) else { continue };
            let new = row.new.fragment.as_ref().map(Fragment::outbound).unwrap_or_default();
            let old = row.old.fragment.as_ref().map(Fragment::outbound).unwrap_or_default();
            let gone = old.into_keys().filter(|target| !new.contains_key(target)).collect();
            said.insert(key.clone(), (new, gone));
        }
        let targets: Vec<Subject> = said.values().flat_map(|(new, gone)| new.keys().chain(gone)).cloned().collect();
        self.load(targets).await?;
        let mut touched = changed;
        for (from, (new, gone)) in said {
            for (target, words) in new {
                let Some(row) = self.rows.get_mut(target.as_str()) else { continue };
                if row.new.inbound.get(&from) != Some(&words) {
                    row.new.inbound.insert(from.clone(), words);
                    touched.insert(target.to_string());
                }
            }
            for target in gone {
                let Some(row) = self.rows.get_mut(target.as_str()) else { continue };
                row.new.inbound.remove(&from);
                touched.insert(target.to_string());
            }
        }
        Ok(touched)
    }

    /// Finds whose each touched document is, rank by rank, so that parents come before their children.
    pub(crate) async fn own(&mut self, touched: &BTreeSet<String>) -> Result<(), StageError> {
        let mut by_rank: BTreeMap<u8, BTreeSet<String>> = BTreeMap::new();
        for key in touched.iter().chain(&self.documents_of_flagged().await?) {
            if let Some(rank) = self.rows.get(key).and_then(|row| row.subject.kind().rank()) {
                by_rank.entry(rank).or_default().insert(key.clone());
            }
        }
        while let Some((rank, level)) = by_rank.pop_first() {
            let parents: Vec<Subject> =
                level.iter().filter_map(|key| self.rows.get(key)).flat_map(|row| row.new.parents()).collect();
            self.load(parents).await?;
            // Whether a party that it names is an intermediary stands in the party's bundle.
            let parties =
                level.iter().filter_map(|key| self.rows.get(key)).flat_map(|row| row.new.parties(&row.subject));
            let parties: Vec<String> = parties.map(|(_, party)| party.to_string()).collect();
            self.load_owners(parties).await?;
            let mut children = Vec::new();
            for key in level {
                let Some(keys) = self.keys_of(&key) else { continue };
                let Some(row) = self.rows.get_mut(&key) else { continue };
                if row.new.keys() != keys {
                    row.new.keys = (keys != Keys::default()).then_some(keys);
                    children
                        .extend(row.new.children().into_iter().filter(|c| c.kind().rank().is_some_and(|r| r > rank)));
                }
            }
            self.load(children.iter().cloned()).await?;
            for child in children {
                if let Some(rank) = child.kind().rank() {
                    by_rank.entry(rank).or_default().insert(child.to_string());
                }
            }
        }
        Ok(())
    }

    /// Documents that name a party whose flag changed in this batch.
    async fn documents_of_flagged(&mut self) -> Result<BTreeSet<String>, StageError> {
        let mut documents = BTreeSet::new();
        for party in &self.flagged {
            documents.extend(self.tx.documents(party).await?);
        }
        self.load(documents.iter().filter_map(|key| key.parse().ok())).await?;
        Ok(documents)
    }

    fn keys_of(&self, key: &str) -> Option<Keys> {
        let row = self.rows.get(key)?;
        let intermediary = |party: &Subject| {
            self.owners.get(party.as_str()).map_or(Intermediary::None, |owner| owner.row.bundle.intermediary())
        };
        let keys_of = |parent: &Subject| self.rows.get(parent.as_str())?.new.keys.clone();
        row.new.find_keys(&row.subject, &intermediary, &keys_of)
    }
}
