//! The working set of one batch: the rows that it touches, before and after.
//!
//! The path, top to bottom: admit the events into their subjects' facts and fold; tell the subjects that they name;
//! find whose each document is; settle the difference into the owners' bundles.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use onefold_event::Subject;
use onefold_log::Log;
use onefold_stage::StageError;
use onefold_store::{Changes, OwnerRow, ProjectTx, StoreError};
use onefold_view::Digest;

use crate::read::Taken;
use crate::row::Row;
use crate::table::{Place, Table};

/// The row of an owner.
pub(crate) struct Owner {
    pub(crate) key: String,
    pub(crate) row: OwnerRow,
    pub(crate) old_digest: Option<Digest>,
    pub(crate) old_first_seen: Option<i64>,
    pub(crate) touched: bool,
}

impl Owner {
    /// A row that is yet to be loaded.
    fn new(key: &str) -> Self {
        let row = OwnerRow::default();
        Self { key: key.to_owned(), row, old_digest: None, old_first_seen: None, touched: false }
    }
}

/// One batch within one transaction.
pub(crate) struct Batch<'a> {
    pub(crate) tx: &'a mut dyn ProjectTx,
    pub(crate) log: &'a dyn Log,
    pub(crate) subjects: Table<Subject, Row>,
    pub(crate) owners: Table<String, Owner>,
    /// Parties whose flag changed.
    pub(crate) flagged: Vec<Place>,
    /// Owners whose ordered rows must be read again.
    pub(crate) refills: BTreeSet<Place>,
    pub(crate) changes: Changes,
    /// Time spent on reading rows.
    pub(crate) loading: Duration,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(tx: &'a mut dyn ProjectTx, log: &'a dyn Log, events: usize) -> Self {
        Self {
            tx,
            log,
            subjects: Table::with_capacity(events * 2),
            owners: Table::with_capacity(events),
            flagged: Vec::new(),
            refills: BTreeSet::new(),
            changes: Changes::default(),
            loading: Duration::ZERO,
        }
    }

    /// What the batch changes, and how long it read rows for that.
    pub(crate) async fn project(mut self, taken: &[Taken]) -> Result<(Changes, Duration), StageError> {
        self.admit(taken).await?;
        self.see(taken).await?;
        self.tell().await?;
        self.flag().await?;
        self.own().await?;
        self.settle().await?;
        let loading = self.loading;
        Ok((self.finish(taken), loading))
    }

    /// Places of the subjects that have changed so far.
    pub(crate) fn changed(&self) -> Vec<Place> {
        self.subjects.places().filter(|place| self.subjects[*place].has_changed()).collect()
    }

    /// Loads the rows of subjects that are not loaded yet; an unknown one is a placeholder that later facts fill.
    pub(crate) async fn load(&mut self, subjects: &[&Subject]) -> Result<(), StoreError> {
        let first = self.subjects.len();
        for subject in subjects {
            self.subjects.get_or_insert(subject.as_str(), || ((*subject).clone(), Row::new((*subject).clone())));
        }
        let missing = self.subjects.places_from(first);
        if missing.is_empty() {
            return Ok(());
        }
        let began = Instant::now();
        let keys: Vec<String> = missing.clone().map(|place| self.subjects[place].subject.to_string()).collect();
        let found = self.tx.subjects(&keys).await?;
        for (place, state) in missing.zip(found) {
            self.subjects[place].loaded(state);
        }
        self.loading += began.elapsed();
        Ok(())
    }

    /// Loads the rows of owners that are not loaded yet.
    pub(crate) async fn load_owners(&mut self, keys: &[&str]) -> Result<(), StoreError> {
        let first = self.owners.len();
        for key in keys.iter().copied().filter(|key| !key.is_empty()) {
            self.owners.get_or_insert(key, || (key.to_owned(), Owner::new(key)));
        }
        let missing = self.owners.places_from(first);
        if missing.is_empty() {
            return Ok(());
        }
        let began = Instant::now();
        let keys: Vec<String> = missing.clone().map(|place| self.owners[place].key.clone()).collect();
        let found = self.tx.owners(&keys).await?;
        for (place, row) in missing.zip(found) {
            let owner = &mut self.owners[place];
            owner.row = row.unwrap_or_default();
            (owner.old_digest, owner.old_first_seen) = (owner.row.digest, owner.row.first_seen);
        }
        self.loading += began.elapsed();
        Ok(())
    }
}
