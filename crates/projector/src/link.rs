//! What subjects say to each other, and whose each document is.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Subject;
use onefold_fold::SubjectState;
use onefold_identity::Intermediary;
use onefold_view::{MentionState, OwnerKeys, SettlementStep};

use crate::batch::ProjectBatch;
use crate::table::TablePlace;
use crate::transaction::TransactionLost;

/// What a subject says to others in each step of settlement.
type StepReplies = [BTreeMap<Subject, MentionState>; SettlementStep::ALL.len()];

impl ProjectBatch<'_> {
    /// Tells the subjects that changed ones name, named, or name no longer; and those again that have something to say to what
    /// they were told (rule E5). It ends, since what is said in one step of settlement depends on the steps before alone.
    pub(crate) async fn propagate_mentions(&mut self) -> Result<(), TransactionLost> {
        let mut speakers: BTreeSet<TablePlace> = self.changed_places().into_iter().collect();
        let mut said: BTreeMap<TablePlace, BTreeMap<Subject, MentionState>> = BTreeMap::new();
        while !speakers.is_empty() {
            let mut all: Vec<(TablePlace, BTreeMap<Subject, MentionState>, Vec<Subject>)> = Vec::new();
            for place in std::mem::take(&mut speakers) {
                let row = &self.subjects[place];
                let old = said.remove(&place).unwrap_or_else(|| mentions_of(&row.subject, row.stored_state()));
                let new = row.state.all_mentions(&row.subject);
                let gone: Vec<Subject> = old.into_keys().filter(|target| !new.contains_key(target)).collect();
                // Only of these kinds a subject has something to say to what it hears.
                if SettlementStep::ALL.into_iter().any(|step| step.speaking_kinds().contains(&row.subject.kind())) {
                    said.insert(place, new.clone());
                }
                if !(new.is_empty() && gone.is_empty()) {
                    all.push((place, new, gone));
                }
            }
            let targets: Vec<&Subject> = all.iter().flat_map(|(_, new, gone)| new.keys().chain(gone)).collect();
            self.load_subjects(&targets).await?;
            // What those who hear something said before, so that whoever hears many is asked once.
            let mut replied: BTreeMap<TablePlace, StepReplies> = BTreeMap::new();
            for (from, new, gone) in all {
                let from = self.subjects[from].subject.to_string();
                let words = new.into_iter().map(|(target, words)| (target, Some(words)));
                for (target, words) in words.chain(gone.into_iter().map(|target| (target, None))) {
                    let Some(place) = self.subjects.place_of(target.as_str()) else { continue };
                    self.take_mention(place, &from, words, &mut replied);
                }
            }
            speakers.extend(
                replied.into_iter().filter(|(place, before)| self.replies_of(*place) != *before).map(|(p, _)| p),
            );
        }
        Ok(())
    }

    /// What a subject says to what it has heard.
    fn replies_of(&self, place: TablePlace) -> StepReplies {
        let row = &self.subjects[place];
        SettlementStep::ALL.map(|step| row.state.mentions_in_step(step, &row.subject))
    }

    /// Has a subject hear what another says to it now, and notes what it said to others before.
    fn take_mention(
        &mut self,
        place: TablePlace,
        from: &str,
        words: Option<MentionState>,
        replied: &mut BTreeMap<TablePlace, StepReplies>,
    ) {
        // Nothing new was said, so whoever hears it has nothing else to answer.
        if self.subjects[place].state.inbound.get(from) == words.as_ref() {
            return;
        }
        replied.entry(place).or_insert_with(|| self.replies_of(place));
        let inbound = &mut self.subjects[place].change_state().inbound;
        match words {
            Some(words) => drop(inbound.insert(from.to_owned(), words)),
            None => drop(inbound.remove(from)),
        }
    }

    /// Finds whose each touched document is, rank by rank, so that parents come before their children.
    pub(crate) async fn attribute_documents(&mut self) -> Result<(), TransactionLost> {
        let mut touched = self.changed_places();
        touched.extend(self.documents_of_flagged().await?);
        let mut by_rank: BTreeMap<u8, BTreeSet<TablePlace>> = BTreeMap::new();
        for place in touched {
            if let Some(rank) = self.subjects[place].subject.kind().rank() {
                by_rank.entry(rank).or_default().insert(place);
            }
        }
        // Children are put in at higher ranks only, so each rank is complete when it is taken.
        while let Some((rank, level)) = by_rank.pop_first() {
            let parents: Vec<Subject> = level.iter().flat_map(|place| self.subjects[*place].state.parents()).collect();
            self.load_subjects(&parents.iter().collect::<Vec<_>>()).await?;
            // Whether a party that it names is an intermediary stands in the party's bundle.
            let parties_of =
                |place: &TablePlace| self.subjects[*place].state.named_parties(&self.subjects[*place].subject);
            let parties: Vec<(_, Subject)> = level.iter().flat_map(parties_of).collect();
            self.load_owners(&parties.iter().map(|(_, party)| party.as_str()).collect::<Vec<_>>()).await?;
            let mut children = Vec::new();
            for place in level {
                // What is named no longer has none.
                let keys = self.keys_of(place).filter(|keys| *keys != OwnerKeys::default());
                let row = &mut self.subjects[place];
                if row.state.keys != keys {
                    row.change_state().keys = keys;
                    let later = |child: &Subject| child.kind().rank().is_some_and(|r| r > rank);
                    children.extend(row.state.children().into_iter().filter(later));
                }
            }
            self.load_subjects(&children.iter().collect::<Vec<_>>()).await?;
            for child in children {
                if let (Some(rank), Some(place)) = (child.kind().rank(), self.subjects.place_of(child.as_str())) {
                    by_rank.entry(rank).or_default().insert(place);
                }
            }
        }
        Ok(())
    }

    /// Documents that name a party whose flag changed in this batch.
    async fn documents_of_flagged(&mut self) -> Result<Vec<TablePlace>, TransactionLost> {
        let mut documents: Vec<Subject> = Vec::new();
        for place in &self.flagged {
            let keys = self.tx.owner_documents(self.subjects[*place].subject.as_str()).await?;
            documents.extend(keys.iter().filter_map(|key| key.parse().ok()));
        }
        self.load_subjects(&documents.iter().collect::<Vec<_>>()).await?;
        Ok(documents.iter().filter_map(|document| self.subjects.place_of(document.as_str())).collect())
    }

    fn keys_of(&self, place: TablePlace) -> Option<OwnerKeys> {
        let row = &self.subjects[place];
        let intermediary = |party: &Subject| {
            self.owners.get(party.as_str()).map_or(Intermediary::None, |owner| owner.row.bundle.intermediary())
        };
        let keys_of = |parent: &Subject| self.subjects.get(parent.as_str())?.state.keys.clone();
        row.state.find_keys(&row.subject, &intermediary, &keys_of)
    }
}

/// What a subject said as it was saved last.
fn mentions_of(subject: &Subject, state: Option<&SubjectState>) -> BTreeMap<Subject, MentionState> {
    state.map(|state| state.all_mentions(subject)).unwrap_or_default()
}
