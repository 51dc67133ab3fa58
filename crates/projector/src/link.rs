//! What subjects say to each other, and whose each document is.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Kind, Subject};
use onefold_identity::{Claim, Facet, Intermediary, Owner, own};
use onefold_stage::StageError;
use onefold_view::{Fragment, Inbound, Keys};

use crate::batch::{Batch, Row};

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
        for key in touched.iter().chain(&self.flagged().await?) {
            if let Some(rank) = self.rows.get(key).and_then(|row| row.subject.kind().rank()) {
                by_rank.entry(rank).or_default().insert(key.clone());
            }
        }
        while let Some((rank, level)) = by_rank.pop_first() {
            let parents: Vec<Subject> = level.iter().filter_map(|key| self.rows.get(key)).flat_map(parents).collect();
            self.load(parents).await?;
            let parties: Vec<String> = level.iter().filter_map(|key| self.rows.get(key)).flat_map(parties).collect();
            self.load_owners(parties).await?;
            let mut children = Vec::new();
            for key in level {
                let Some(keys) = self.keys_of(&key) else { continue };
                let Some(row) = self.rows.get_mut(&key) else { continue };
                if row.new.keys() != keys {
                    row.new.keys = (keys != Keys::default()).then_some(keys);
                    children.extend(children_of(row).into_iter().filter(|c| c.kind().rank().is_some_and(|r| r > rank)));
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
    async fn flagged(&mut self) -> Result<BTreeSet<String>, StageError> {
        let mut documents = BTreeSet::new();
        let parties: Vec<String> = self.rows.iter().filter(|(_, row)| flag(&row.old) != flag(&row.new)).map(|(key, _)| key.clone()).collect();
        for party in parties {
            documents.extend(self.tx.documents(&party).await?);
        }
        self.load(documents.iter().filter_map(|key| key.parse().ok())).await?;
        Ok(documents)
    }

    fn keys_of(&self, key: &str) -> Option<Keys> {
        let row = self.rows.get(key)?;
        let fragment = row.new.fragment.as_ref()?;
        let references = fragment.parties();
        let identifiers = fragment.identifiers();
        let intermediary = |party: &Subject| self.owners.get(party.as_str()).map_or(Intermediary::None, |o| o.row.bundle.intermediary());
        let owner = |facet: Facet| {
            let parents: Vec<Owner> = parents(row).iter().filter_map(|p| self.owner_of(p, facet)).collect();
            let claim = Claim {
                reassigned: fragment.reassigned(facet),
                references: &references,
                intermediary: &intermediary,
                parents: &parents,
                identifiers: &identifiers,
            };
            own(facet, &claim).key(&row.subject)
        };
        let part = |p: &onefold_view::Part| {
            let parent = self.owner_of(&p.parent, p.facet).unwrap_or(Owner::None);
            if parent == Owner::None { owner(p.facet) } else { parent.key(&row.subject) }
        };
        let parts = fragment.parts().iter().map(part).collect();
        Some(Keys { trade: owner(Facet::Trade), receivable: owner(Facet::Receivable), parts })
    }

    fn owner_of(&self, parent: &Subject, facet: Facet) -> Option<Owner> {
        let keys = self.rows.get(parent.as_str())?.new.keys.as_ref()?;
        let key = match facet {
            Facet::Trade => &keys.trade,
            Facet::Receivable => &keys.receivable,
        };
        Owner::parse(key)
    }
}

/// Documents whose owner is this one's too: those it names, and those that name it as theirs.
fn parents(row: &Row) -> Vec<Subject> {
    let mut all = row.new.fragment.as_ref().map(Fragment::parents).unwrap_or_default();
    all.extend(row.new.inbound.iter().filter(|(_, words)| words.is_parent).filter_map(|(from, _)| from.parse().ok()));
    all
}

fn children_of(row: &Row) -> Vec<Subject> {
    let mut all = row.new.fragment.as_ref().map(Fragment::children).unwrap_or_default();
    all.extend(row.new.inbound.iter().filter(|(_, words)| !words.is_parent).filter_map(|(from, _)| from.parse().ok()));
    all
}

/// Parties in owning roles, whose flag decides.
fn parties(row: &Row) -> Vec<String> {
    let fragment = row.new.fragment.as_ref();
    fragment.map(Fragment::parties).unwrap_or_default().into_iter().map(|(_, party)| party.to_string()).collect()
}

pub(crate) fn flag(state: &onefold_store::SubjectState) -> Intermediary {
    state.fragment.as_ref().map_or(Intermediary::None, Fragment::intermediary)
}

/// Whether a subject is a party.
pub(crate) fn is_party(row: &Row) -> bool {
    row.subject.kind() == Kind::Party
}
