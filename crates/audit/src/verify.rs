//! The log folded again from nothing and compared with what live has kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use onefold_event::HubKey;
use onefold_identity::Rules;
use onefold_log::{Log, LogError};
use onefold_store::{StoreError, Table, VerifyStore};
use onefold_view::DigestSum;
use serde::Serialize;

use crate::compare::compare;
use crate::{Book, Mismatch};

/// Tables compared side by side; each holds the digests of its rows in memory meanwhile.
const AT_ONCE: usize = 2;

/// Why a verification could not be done.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum AuditError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a part of the work broke off: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// Records folded so far, for whoever shows it.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// Records folded so far.
    pub fn records(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, records: u64) {
        self.0.fetch_add(records, Ordering::Relaxed);
    }
}

/// What a verification found.
#[derive(Debug, Clone, Serialize)]
pub struct Verified {
    /// Events folded.
    pub events: u64,
    /// Customers found.
    pub customers: u64,
    /// How long it took.
    pub seconds: f64,
    /// Events folded and compared per second.
    pub events_per_second: f64,
    /// Digest that live has kept.
    pub live_digest: String,
    /// Digest of what was folded.
    pub rebuilt_digest: String,
    /// Digest of ids that live has kept.
    pub live_ids_digest: String,
    /// Digest of ids of what was folded.
    pub rebuilt_ids_digest: String,
    /// Rows that are not what the log says; the first hundred of each table.
    pub mismatches: Vec<Mismatch>,
    /// How many there are.
    pub mismatched_rows: u64,
}

impl Verified {
    /// Whether live is what the log says.
    pub fn is_equal(&self) -> bool {
        self.live_digest == self.rebuilt_digest
            && self.live_ids_digest == self.rebuilt_ids_digest
            && self.mismatched_rows == 0
    }
}

/// Folds the log up to the position at which live stands, compares every derived row and both digests, writes nothing.
/// Live must be at rest: nothing may wait in the inbox or be marked.
///
/// # Errors
/// The log or the store does not answer.
pub async fn verify(
    log: &Arc<dyn Log>,
    store: &Arc<dyn VerifyStore>,
    key: &HubKey,
    rules: &Rules,
    progress: &Progress,
) -> Result<Verified, AuditError> {
    let started = Instant::now();
    let (positions, live, live_ids) = store.kept().await?;
    let book = Arc::new(Book::make(log, &positions, key, rules, progress).await?);
    let (mut mismatches, mut mismatched_rows) = (Vec::new(), 0);
    for tables in Table::ALL.chunks(AT_ONCE) {
        let compared = tables.iter().map(|table| {
            let (book, store, table) = (Arc::clone(&book), Arc::clone(store), *table);
            tokio::spawn(async move { compare(&book, store.as_ref(), table).await })
        });
        for compared in compared.collect::<Vec<_>>() {
            let (wrong, count) = compared.await??;
            mismatches.extend(wrong);
            mismatched_rows += count;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    Ok(Verified {
        events: book.events,
        customers: book.customers(),
        seconds,
        events_per_second: book.events as f64 / seconds.max(f64::EPSILON),
        live_digest: hex(&live),
        rebuilt_digest: hex(&book.digest()),
        live_ids_digest: hex(&live_ids),
        rebuilt_ids_digest: hex(&book.ids_digest()),
        mismatches,
        mismatched_rows,
    })
}

fn hex(sum: &DigestSum) -> String {
    sum.to_string()
}
