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

use crate::ahead::Ahead;
use crate::read::Taken;
use crate::row::Row;
use crate::table::{Place, Table};
use crate::transaction::{Broken, Coming, Rows, Transaction, Wanted};
use crate::work::{WorkCounters, WorkPart};

/// The row of an owner.
pub(crate) struct Owner {
    pub(crate) key: String,
    pub(crate) row: Arc<OwnerRow>,
    pub(crate) old_digest: Option<Digest>,
    pub(crate) old_first_seen: Option<i64>,
    pub(crate) touched: bool,
}

impl Owner {
    fn new(key: String, row: OwnerRow) -> Self {
        let (old_digest, old_first_seen) = (row.digest, row.first_seen);
        Self { key, row: Arc::new(row), old_digest, old_first_seen, touched: false }
    }

    /// The row, to be changed.
    pub(crate) fn change(&mut self) -> &mut OwnerRow {
        self.touched = true;
        Arc::make_mut(&mut self.row)
    }
}

/// One batch within one transaction.
pub(crate) struct Batch<'a> {
    pub(crate) tx: &'a Transaction,
    pub(crate) log: &'a dyn Log,
    pub(crate) keys: &'a dyn KeyRing,
    pub(crate) subjects: Table<Subject, Row>,
    pub(crate) owners: Table<String, Owner>,
    /// Parties whose flag changed in this portion.
    pub(crate) flagged: Vec<Place>,
    /// Owners whose ordered rows must be read again.
    pub(crate) refills: BTreeSet<Place>,
    pub(crate) changes: RowChanges,
    /// Subjects of long histories that are folded afresh once the last of the batch's events about them have come.
    pub(crate) unfolded: BTreeSet<Place>,
    work: &'a WorkCounters,
    /// Time spent on waiting for rows.
    waited: Duration,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(
        tx: &'a Transaction,
        (log, keys): (&'a dyn Log, &'a dyn KeyRing),
        work: &'a WorkCounters,
        events: usize,
    ) -> Self {
        Self {
            tx,
            log,
            keys,
            subjects: Table::with_capacity(events * 2),
            owners: Table::with_capacity(events),
            flagged: Vec::new(),
            refills: BTreeSet::new(),
            changes: RowChanges::default(),
            unfolded: BTreeSet::new(),
            work,
            waited: Duration::ZERO,
        }
    }

    /// Folds the events and has written what they change, portion by portion.
    pub(crate) async fn project(mut self, portions: &[&[Taken]]) -> Result<(), Broken> {
        let began = Instant::now();
        let mut ahead = Ahead::of(portions);
        ahead.ask(&mut self).await?;
        for (n, portion) in portions.iter().enumerate() {
            ahead.take(&mut self).await?;
            self.fold(portion, portions.get(n + 1..).unwrap_or_default()).await?;
            // Before the rows of this one go, so that it does not wait for them.
            ahead.ask(&mut self).await?;
            let changes = self.finish(portion);
            self.tx.save(changes);
        }
        self.work.add(WorkPart::Wait, self.waited);
        self.work.add(WorkPart::Fold, began.elapsed().saturating_sub(self.waited));
        Ok(())
    }

    async fn fold(&mut self, portion: &[Taken], rest: &[&[Taken]]) -> Result<(), Broken> {
        self.admit(portion, rest).await?;
        self.see(portion).await?;
        self.tell().await?;
        self.flag().await?;
        self.own().await?;
        self.settle().await
    }

    /// Places of the subjects that have changed so far in this portion.
    pub(crate) fn changed(&self) -> Vec<Place> {
        self.subjects.places().filter(|place| self.subjects[*place].has_changed()).collect()
    }

    /// Loads the rows of subjects that are not loaded yet; an unknown one is a placeholder that later facts fill.
    pub(crate) async fn load(&mut self, subjects: &[&Subject]) -> Result<(), Broken> {
        let missing = subjects.iter().filter(|subject| self.subjects.place(subject.as_str()).is_none());
        let subjects: Vec<String> = missing.map(|subject| subject.to_string()).collect();
        self.load_all(Wanted { subjects, ..Wanted::default() }).await
    }

    /// Loads the rows of owners that are not loaded yet.
    pub(crate) async fn load_owners(&mut self, keys: &[&str]) -> Result<(), Broken> {
        let missing = keys.iter().filter(|key| !key.is_empty() && self.owners.place(key).is_none());
        let owners: Vec<String> = missing.map(|key| (*key).to_owned()).collect();
        self.load_all(Wanted { owners, ..Wanted::default() }).await
    }

    async fn load_all(&mut self, mut wanted: Wanted) -> Result<(), Broken> {
        for list in [&mut wanted.subjects, &mut wanted.owners] {
            list.sort_unstable();
            list.dedup();
        }
        if wanted.subjects.is_empty() && wanted.owners.is_empty() {
            return Ok(());
        }
        let coming = self.tx.ask(wanted);
        self.arrive(coming).await.map(drop)
    }

    /// Further rows of long histories, in the order asked.
    pub(crate) async fn facts(&mut self, facts: Vec<FactsOf>) -> Result<Vec<Vec<FactState>>, Broken> {
        let began = Instant::now();
        let facts = self.tx.facts(facts).await?;
        self.waited += began.elapsed();
        Ok(facts)
    }

    async fn wait_for(&mut self, coming: Coming) -> Result<Rows, Broken> {
        let began = Instant::now();
        let rows = coming.rows().await?;
        self.waited += began.elapsed();
        Ok(rows)
    }

    /// Takes in rows that were asked for; a row that is here already knows better. Answers the places of subjects that are
    /// new here and known in the store.
    pub(crate) async fn arrive(&mut self, coming: Coming) -> Result<Vec<Place>, Broken> {
        let rows = self.wait_for(coming).await?;
        let mut places = Vec::with_capacity(rows.subjects.len());
        for (key, state) in rows.subjects {
            let Ok(subject) = key.parse::<Subject>() else { continue };
            let known = state.is_some();
            let place = self.subjects.insert(subject.clone(), || Row::new(subject, state));
            places.extend(place.filter(|_| known));
        }
        for (key, row) in rows.owners {
            self.owners.insert(key.clone(), || Owner::new(key, row.unwrap_or_default()));
        }
        Ok(places)
    }
}
