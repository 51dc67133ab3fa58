//! The working set of one batch: the rows that it touches, before and after.
//!
//! The path of a portion, top to bottom: admit the events into their subjects' facts and fold; tell the subjects that they
//! name; find whose each document is; settle the difference into the owners' bundles. Meanwhile the rows of the portion
//! before are written and those of the next one read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use onefold_event::{KeyRing, Subject};
use onefold_fold::FactState;
use onefold_log::Log;
use onefold_store::{FactsOf, OwnerRow, RowChanges};
use onefold_view::Digest;

use crate::prefetch::RowPrefetch;
use crate::read::DecodedRecord;
use crate::row::SubjectEntry;
use crate::table::{PlaceTable, TablePlace};
use crate::transaction::{FoundRows, PendingRows, ProjectTransaction, TransactionLost, WantedRows};
use crate::work::{WorkCounters, WorkPart};

/// The row of an owner.
pub(crate) struct OwnerEntry {
    pub(crate) key: String,
    pub(crate) row: Arc<OwnerRow>,
    pub(crate) old_digest: Option<Digest>,
    pub(crate) old_first_seen: Option<i64>,
    pub(crate) touched: bool,
}

impl OwnerEntry {
    fn new(key: String, row: OwnerRow) -> Self {
        let (old_digest, old_first_seen) = (row.digest, row.first_seen);
        Self { key, row: Arc::new(row), old_digest, old_first_seen, touched: false }
    }

    /// The row, to be changed.
    pub(crate) fn change_row(&mut self) -> &mut OwnerRow {
        self.touched = true;
        Arc::make_mut(&mut self.row)
    }
}

/// One batch within one transaction.
pub(crate) struct ProjectBatch<'a> {
    pub(crate) tx: &'a ProjectTransaction,
    pub(crate) log: &'a dyn Log,
    pub(crate) keys: &'a dyn KeyRing,
    pub(crate) subjects: PlaceTable<Subject, SubjectEntry>,
    pub(crate) owners: PlaceTable<String, OwnerEntry>,
    /// Parties whose flag changed in this portion.
    pub(crate) flagged: Vec<TablePlace>,
    /// Owners whose ordered rows must be read again.
    pub(crate) refills: BTreeSet<TablePlace>,
    pub(crate) changes: RowChanges,
    /// Subjects of long histories that are folded afresh once the last of the batch's events about them have come.
    pub(crate) unfolded: BTreeSet<TablePlace>,
    work: &'a WorkCounters,
    /// Time spent on waiting for rows.
    waited: Duration,
}

impl<'a> ProjectBatch<'a> {
    pub(crate) fn new(
        tx: &'a ProjectTransaction,
        (log, keys): (&'a dyn Log, &'a dyn KeyRing),
        work: &'a WorkCounters,
        events: usize,
    ) -> Self {
        Self {
            tx,
            log,
            keys,
            subjects: PlaceTable::with_capacity(events * 2),
            owners: PlaceTable::with_capacity(events),
            flagged: Vec::new(),
            refills: BTreeSet::new(),
            changes: RowChanges::default(),
            unfolded: BTreeSet::new(),
            work,
            waited: Duration::ZERO,
        }
    }

    /// Folds the events and has written what they change, portion by portion.
    pub(crate) async fn project_portions(mut self, portions: &[&[DecodedRecord]]) -> Result<(), TransactionLost> {
        let began = Instant::now();
        let mut ahead = RowPrefetch::of_portions(portions);
        ahead.request_next(&mut self).await?;
        for (n, portion) in portions.iter().enumerate() {
            ahead.take_arrived(&mut self).await?;
            self.fold_portion(portion, portions.get(n + 1..).unwrap_or_default()).await?;
            // Before the rows of this one go, so that it does not wait for them.
            ahead.request_next(&mut self).await?;
            let changes = self.finish_portion(portion);
            self.tx.save_changes(changes);
        }
        self.work.add_time(WorkPart::Wait, self.waited);
        self.work.add_time(WorkPart::Fold, began.elapsed().saturating_sub(self.waited));
        Ok(())
    }

    async fn fold_portion(
        &mut self,
        portion: &[DecodedRecord],
        rest: &[&[DecodedRecord]],
    ) -> Result<(), TransactionLost> {
        self.admit_facts(portion, rest).await?;
        self.note_first_seen(portion).await?;
        self.propagate_mentions().await?;
        self.apply_flagged().await?;
        self.attribute_documents().await?;
        self.apply_contributions().await
    }

    /// Places of the subjects that have changed so far in this portion.
    pub(crate) fn changed_places(&self) -> Vec<TablePlace> {
        self.subjects.places().filter(|place| self.subjects[*place].has_changed()).collect()
    }

    /// Loads the rows of subjects that are not loaded yet; an unknown one is a placeholder that later facts fill.
    pub(crate) async fn load_subjects(&mut self, subjects: &[&Subject]) -> Result<(), TransactionLost> {
        let missing = subjects.iter().filter(|subject| self.subjects.place_of(subject.as_str()).is_none());
        let subjects: Vec<String> = missing.map(|subject| subject.to_string()).collect();
        self.load_all(WantedRows { subjects, ..WantedRows::default() }).await
    }

    /// Loads the rows of owners that are not loaded yet.
    pub(crate) async fn load_owners(&mut self, keys: &[&str]) -> Result<(), TransactionLost> {
        let missing = keys.iter().filter(|key| !key.is_empty() && self.owners.place_of(key).is_none());
        let owners: Vec<String> = missing.map(|key| (*key).to_owned()).collect();
        self.load_all(WantedRows { owners, ..WantedRows::default() }).await
    }

    async fn load_all(&mut self, mut wanted: WantedRows) -> Result<(), TransactionLost> {
        for list in [&mut wanted.subjects, &mut wanted.owners] {
            list.sort_unstable();
            list.dedup();
        }
        if wanted.subjects.is_empty() && wanted.owners.is_empty() {
            return Ok(());
        }
        let coming = self.tx.request_rows(wanted);
        self.take_arrived(coming).await.map(drop)
    }

    /// Further rows of long histories, in the order asked.
    pub(crate) async fn read_facts(&mut self, facts: Vec<FactsOf>) -> Result<Vec<Vec<FactState>>, TransactionLost> {
        let began = Instant::now();
        let facts = self.tx.subject_facts(facts).await?;
        self.waited += began.elapsed();
        Ok(facts)
    }

    async fn wait_for(&mut self, coming: PendingRows) -> Result<FoundRows, TransactionLost> {
        let began = Instant::now();
        let rows = coming.into_rows().await?;
        self.waited += began.elapsed();
        Ok(rows)
    }

    /// Takes in rows that were asked for; a row that is here already knows better. Answers the places of subjects that are
    /// new here and known in the store.
    pub(crate) async fn take_arrived(&mut self, coming: PendingRows) -> Result<Vec<TablePlace>, TransactionLost> {
        let rows = self.wait_for(coming).await?;
        let mut places = Vec::with_capacity(rows.subjects.len());
        for (key, state) in rows.subjects {
            let Ok(subject) = key.parse::<Subject>() else { continue };
            let known = state.is_some();
            let place = self.subjects.get_or_insert(subject.clone(), || SubjectEntry::new(subject, state));
            places.extend(place.filter(|_| known));
        }
        for (key, row) in rows.owners {
            self.owners.get_or_insert(key.clone(), || OwnerEntry::new(key, row.unwrap_or_default()));
        }
        Ok(places)
    }
}
