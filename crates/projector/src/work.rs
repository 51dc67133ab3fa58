//! Where the projector's time goes: counted beside the work, read by whoever measures. Loading and saving run beside
//! folding, so the parts may come to more than the time that passed.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A part of a batch's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkPart {
    /// Reading the log and decoding, as far as the batch waited for it.
    Read,
    /// Reading rows of subjects and owners.
    Load,
    /// Waiting for rows before and within the fold.
    Wait,
    /// Folding, finding owners, settling.
    Fold,
    /// Writing rows.
    Save,
    /// The commit.
    Commit,
}

impl WorkPart {
    /// All parts, in the order of a batch.
    pub const ALL: [Self; 6] = [Self::Read, Self::Load, Self::Wait, Self::Fold, Self::Save, Self::Commit];

    /// What it is called in figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Load => "load",
            Self::Wait => "wait",
            Self::Fold => "fold",
            Self::Save => "save",
            Self::Commit => "commit",
        }
    }
}

/// Counters of a projector since its start.
#[derive(Debug, Default)]
pub struct WorkCounters {
    nanos: [AtomicU64; WorkPart::ALL.len()],
    batches: AtomicU64,
    events: AtomicU64,
    read: AtomicU64,
    written: AtomicU64,
}

/// What the counters say at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct WorkDone {
    spent: [Duration; WorkPart::ALL.len()],
    /// Batches committed.
    pub batches: u64,
    /// Events in them.
    pub events: u64,
    /// Rows read for them that were there.
    pub read: u64,
    /// Rows written for them.
    pub written: u64,
}

impl WorkCounters {
    /// What was done so far.
    pub fn work_done(&self) -> WorkDone {
        WorkDone {
            spent: std::array::from_fn(|n| Duration::from_nanos(self.nanos[n].load(Relaxed))),
            batches: self.batches.load(Relaxed),
            events: self.events.load(Relaxed),
            read: self.read.load(Relaxed),
            written: self.written.load(Relaxed),
        }
    }

    /// Counts the time since `from` for a part; answers the present, from which the next part counts.
    pub(crate) fn note_spent(&self, part: WorkPart, from: Instant) -> Instant {
        let now = Instant::now();
        self.add_time(part, now - from);
        now
    }

    pub(crate) fn add_time(&self, part: WorkPart, took: Duration) {
        self.nanos[part as usize].fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(crate) fn add_batch(&self, events: u64) {
        self.batches.fetch_add(1, Relaxed);
        self.events.fetch_add(events, Relaxed);
    }

    pub(crate) fn add_read(&self, rows: usize) {
        self.read.fetch_add(rows as u64, Relaxed);
    }

    pub(crate) fn add_written(&self, rows: usize) {
        self.written.fetch_add(rows as u64, Relaxed);
    }
}

impl WorkDone {
    /// What came after an earlier moment.
    pub fn since(&self, earlier: &WorkDone) -> WorkDone {
        WorkDone {
            spent: std::array::from_fn(|n| self.spent[n].saturating_sub(earlier.spent[n])),
            batches: self.batches - earlier.batches,
            events: self.events - earlier.events,
            read: self.read - earlier.read,
            written: self.written - earlier.written,
        }
    }

    /// Time spent on a part.
    pub fn time_spent(&self, part: WorkPart) -> Duration {
        self.spent[part as usize]
    }
}
