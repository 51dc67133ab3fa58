//! The log folded again from nothing and compared with what live has kept.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use onefold_log::LogError;
use onefold_store::{EachRow, RowPrint, SEARCH_INDEX, StoreError, StoredTable, VerifySnapshot, VerifyStore};
use serde::Serialize;

use crate::RowMismatch;
use crate::compare::{BucketSums, MismatchNames};
use crate::replay::{PhaseSeconds, ReplayResult, ReplaySource, WantedValues, replay_log};
use crate::row::RowSink;

/// Pause between looks at whether live is at rest.
const PAUSE: Duration = Duration::from_millis(20);
/// Parts of the work that each event passes through.
const PARTS: u64 = 4;

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
    #[error("what does not fit into memory cannot be kept in a temporary file ({0}); TMPDIR says where that is")]
    Spill(#[from] std::io::Error),
    #[error("what was kept in between no longer decodes: {0}")]
    Decode(prost::DecodeError),
    #[error(
        "partition {partition} of the log ends at {from}, yet the views are of {until} of its events: put the log back from a \
         later copy; or, where there is none, `onefold rebuild --accept` makes views of what this log holds"
    )]
    Short { partition: u32, from: u64, until: u64 },
    #[error("{}", restless_text(.0))]
    Restless(Duration),
}

fn restless_text(waited: &Duration) -> String {
    format!(
        "in {:.0} s there was no moment at which nothing waited for resolver or assembler, so there is nothing to compare \
         with; try again under less load, or for longer",
        waited.as_secs_f64()
    )
}

/// How far the work is, for whoever shows it.
#[derive(Debug, Clone, Default)]
pub struct ReplayProgress(Arc<[AtomicU64; 2]>);

impl ReplayProgress {
    /// Events done so far; one in the middle of the work counts by its parts.
    pub fn records(&self) -> u64 {
        (self.0[0].load(Ordering::Relaxed) / PARTS).min(self.total())
    }

    /// All events, once that is known.
    pub fn total(&self) -> u64 {
        self.0[1].load(Ordering::Relaxed)
    }

    pub(crate) fn begin_count(&self, total: u64) {
        self.0[0].store(0, Ordering::Relaxed);
        self.0[1].store(total, Ordering::Relaxed);
    }

    pub(crate) fn add_records(&self, records: u64) {
        self.0[0].fetch_add(records, Ordering::Relaxed);
    }
}

/// What a verification found.
#[derive(Debug, Clone, Serialize)]
pub struct VerificationReport {
    /// Events folded.
    pub events: u64,
    /// Records in the log that are no events.
    pub refused: u64,
    /// Customers found.
    pub customers: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Events folded and compared per second.
    pub events_per_second: f64,
    /// Digest that live has kept; none where there was nothing to compare with.
    pub live_digest: Option<String>,
    /// Digest of what was folded.
    pub rebuilt_digest: String,
    /// Digest of ids that live has kept.
    pub live_ids_digest: Option<String>,
    /// Digest of ids of what was folded.
    pub rebuilt_ids_digest: String,
    /// Rows that are not what the log says; the first hundred of each table.
    pub mismatches: Vec<RowMismatch>,
    /// How many there are; where there are more than a million, at least.
    pub mismatched_rows: u64,
    /// Rows that are not what they were stored as: the digest that stands in them is not theirs. Looked for only where
    /// something differs.
    pub torn_rows: u64,
    /// Next offset per partition up to which was compared.
    pub positions: Vec<u64>,
    /// Where the time went.
    pub split: PhaseSeconds,
}

impl VerificationReport {
    /// Whether live is what the log says.
    pub fn is_equal(&self) -> bool {
        self.live_digest.as_ref() == Some(&self.rebuilt_digest)
            && self.live_ids_digest.as_ref() == Some(&self.rebuilt_ids_digest)
            && self.mismatched_rows == 0
    }

    /// What a difference means and what to do about it; none where there is none.
    pub fn advice(&self) -> Option<String> {
        if self.is_equal() {
            return None;
        }
        if self.torn_rows > 0 {
            return Some(format!(
                "{} rows are not what they were stored as, since the digests in them are not theirs: they were altered outside \
                 the program, or the disk has damaged them. `onefold rebuild --accept` makes all views again from the log",
                self.torn_rows
            ));
        }
        if self.mismatches.iter().any(|wrong| wrong.key == SEARCH_INDEX) {
            return Some(
                "the full-text index is damaged or was altered, so that customers may not be found; what is stored of them \
                 is not touched. `onefold rebuild --accept` makes it again with all views"
                    .to_owned(),
            );
        }
        Some(
            "every row that bears a digest is as it was stored. Unless somebody altered rows of another table, this program \
             differs from itself: what it keeps while it runs is not what it makes of the same log. That is a defect of the \
             program; please report it to its maintainers with the output of `onefold --version` and of `onefold rebuild --verify \
             --json`, and keep the log. `onefold rebuild --accept` makes all views again from the log meanwhile"
                .to_owned(),
        )
    }

    /// Looks whether rows are what they were stored as, where something differs.
    pub(crate) async fn check_torn(mut self, live: &Arc<dyn VerifySnapshot>) -> Result<Self, AuditError> {
        if !self.is_equal() {
            self.torn_rows = live.torn().await?;
        }
        Ok(self)
    }
}

/// Folds the log up to the position at which live stands, compares every derived row and both digests, writes nothing.
/// Live may go on meanwhile: what is compared is one moment of it, at which nothing waited in inbox or marks; such a moment
/// is waited for as long as `patience`.
///
/// # Errors
/// The log or the store does not answer, or live is never at rest.
pub async fn verify(
    source: &ReplaySource,
    store: &dyn VerifyStore,
    patience: Duration,
) -> Result<VerificationReport, AuditError> {
    let snapshot = at_rest(store, patience).await?;
    let started = Instant::now();
    let (must, are) = (Arc::new(BucketSums::new()), Arc::new(BucketSums::new()));
    let scanning = tokio::spawn(scan_rows(Arc::clone(&snapshot), StoredTable::ALL.into(), {
        let are = Arc::clone(&are);
        move |table, print, _: &dyn Fn() -> String| are.add(table, print)
    }));
    let rows: Arc<dyn RowSink> = must.clone();
    let replayed = replay_log(source, &snapshot.kept().positions, rows, None).await;
    let (mut replayed, compare) = (replayed?, scanning.await??);
    replayed.split.compare = compare;
    let (mismatches, mismatched_rows) = name_mismatches(source, &snapshot, &must, &are).await?;
    let positions = &snapshot.kept().positions;
    let verified = make_report(Some(&snapshot), positions, &replayed, started.elapsed(), mismatches, mismatched_rows);
    verified.check_torn(&snapshot).await
}

pub(crate) fn make_report(
    live: Option<&Arc<dyn VerifySnapshot>>,
    positions: &[u64],
    replayed: &ReplayResult,
    took: Duration,
    mismatches: Vec<RowMismatch>,
    mismatched_rows: u64,
) -> VerificationReport {
    let (kept, seconds) = (live.map(|live| live.kept()), took.as_secs_f64());
    VerificationReport {
        events: replayed.events,
        refused: replayed.refused,
        customers: replayed.customers,
        seconds,
        events_per_second: replayed.events as f64 / seconds.max(f64::EPSILON),
        live_digest: kept.map(|kept| kept.digest.to_string()),
        rebuilt_digest: replayed.digest().to_string(),
        live_ids_digest: kept.map(|kept| kept.ids_digest.to_string()),
        rebuilt_ids_digest: replayed.ids.to_string(),
        mismatches,
        mismatched_rows,
        torn_rows: 0,
        positions: positions.to_vec(),
        split: replayed.split.clone(),
    }
}

/// A moment of live at which nothing waits, so that clusters and search rows are those of the positions.
///
/// # Errors
/// There is none for as long as `patience`, or the store does not answer.
pub async fn at_rest(store: &dyn VerifyStore, patience: Duration) -> Result<Arc<dyn VerifySnapshot>, AuditError> {
    let began = Instant::now();
    loop {
        let snapshot = store.snapshot().await?;
        if !snapshot.kept().waiting {
            return Ok(snapshot);
        }
        drop(snapshot);
        if began.elapsed() >= patience {
            return Err(AuditError::Restless(began.elapsed()));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Reads tables one after the other; answers how many seconds that took.
pub(crate) async fn scan_rows(
    snapshot: Arc<dyn VerifySnapshot>,
    tables: BTreeSet<StoredTable>,
    each: impl Fn(StoredTable, RowPrint, &dyn Fn() -> String) + Send + Sync + 'static,
) -> Result<f64, AuditError> {
    let (started, each) = (Instant::now(), Arc::new(each));
    for table in tables {
        let each = Arc::clone(&each);
        let each: EachRow = Arc::new(move |print, key: &dyn Fn() -> String| each(table, print, key));
        snapshot.scan(table, each).await?;
    }
    Ok(started.elapsed().as_secs_f64())
}

/// Where sums differ, both sides are read once more, and the rows and customers told.
pub(crate) async fn name_mismatches(
    source: &ReplaySource,
    snapshot: &Arc<dyn VerifySnapshot>,
    must: &BucketSums,
    are: &BucketSums,
) -> Result<(Vec<RowMismatch>, u64), AuditError> {
    let (wrong, beyond) = must.find_differences(are);
    if wrong.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let names = Arc::new(MismatchNames::new(wrong));
    scan_rows(Arc::clone(snapshot), names.seen_tables(), {
        let names = Arc::clone(&names);
        move |table, print, key: &dyn Fn() -> String| names.note_stored(table, print, key)
    })
    .await?;
    let (rows, asked): (Arc<dyn RowSink>, _) = (names.clone(), Arc::clone(&names));
    let identifiers: WantedValues = Arc::new(move || asked.identifiers());
    let replayed = replay_log(source, &snapshot.kept().positions, rows, Some(identifiers)).await?;
    let (mismatches, count) = names.find_mismatches(&replayed);
    Ok((mismatches, count + beyond))
}
