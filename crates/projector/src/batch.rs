//! The working set of one batch: the rows that it touches, before and after.
//!
//! The path, top to bottom: admit the events into their subjects' facts and fold; tell the subjects that they name;
//! find whose each document is; settle the difference into the owners' bundles.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use onefold_event::{HubKey, Subject};
use onefold_log::Log;
use onefold_stage::StageError;
use onefold_store::{Changes, OwnerRow, ProjectTx, StoreError, SubjectState};
use onefold_view::Digest;

use crate::projector::Taken;

/// The row of a subject.
pub(crate) struct Row {
    pub(crate) subject: Subject,
    pub(crate) old: SubjectState,
    pub(crate) new: SubjectState,
}

/// The row of an owner.
pub(crate) struct Owner {
    pub(crate) row: OwnerRow,
    pub(crate) old_digest: Option<Digest>,
    pub(crate) old_first_seen: Option<i64>,
    pub(crate) touched: bool,
}

/// One batch within one transaction.
pub(crate) struct Batch<'a> {
    pub(crate) tx: &'a mut dyn ProjectTx,
    pub(crate) log: &'a dyn Log,
    pub(crate) key: &'a HubKey,
    pub(crate) rows: HashMap<String, Row>,
    pub(crate) owners: HashMap<String, Owner>,
    /// Parties whose flag changed.
    pub(crate) flagged: BTreeSet<String>,
    /// Owners whose ordered rows must be read again.
    pub(crate) refills: BTreeSet<String>,
    pub(crate) changes: Changes,
    loading: Duration,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(tx: &'a mut dyn ProjectTx, log: &'a dyn Log, key: &'a HubKey) -> Self {
        Self {
            tx,
            log,
            key,
            rows: HashMap::new(),
            owners: HashMap::new(),
            flagged: BTreeSet::new(),
            refills: BTreeSet::new(),
            changes: Changes::default(),
            loading: Duration::ZERO,
        }
    }

    /// What the batch changes, and how long it read rows for that.
    pub(crate) async fn project(mut self, taken: &[Taken]) -> Result<(Changes, Duration), StageError> {
        let changed = self.admit(taken).await?;
        self.see(taken).await?;
        let changed = self.tell(changed).await?;
        self.flag(&changed).await?;
        self.own(&changed).await?;
        self.settle().await?;
        let loading = self.loading;
        Ok((self.finish(), loading))
    }

    /// Loads the rows of subjects that are not loaded yet; an unknown one is a placeholder that later facts fill.
    pub(crate) async fn load(&mut self, subjects: impl IntoIterator<Item = Subject>) -> Result<(), StoreError> {
        let missing: BTreeSet<Subject> = subjects.into_iter().filter(|s| !self.rows.contains_key(s.as_str())).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = missing.iter().map(ToString::to_string).collect();
        let began = Instant::now();
        let found = self.tx.subjects(&keys).await?;
        self.loading += began.elapsed();
        for ((subject, key), state) in missing.into_iter().zip(keys).zip(found) {
            let old = state.unwrap_or_default();
            self.rows.insert(key, Row { subject, new: old.clone(), old });
        }
        Ok(())
    }

    /// Loads the rows of owners that are not loaded yet.
    pub(crate) async fn load_owners(&mut self, keys: impl IntoIterator<Item = String>) -> Result<(), StoreError> {
        let missing: BTreeSet<String> =
            keys.into_iter().filter(|k| !k.is_empty() && !self.owners.contains_key(k)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<String> = missing.into_iter().collect();
        let began = Instant::now();
        let found = self.tx.owners(&missing).await?;
        self.loading += began.elapsed();
        for (key, row) in missing.into_iter().zip(found) {
            let row = row.unwrap_or_default();
            let (old_digest, old_first_seen) = (row.digest, row.first_seen);
            self.owners.insert(key, Owner { row, old_digest, old_first_seen, touched: false });
        }
        Ok(())
    }
}
