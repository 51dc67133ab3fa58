//! What a source remembers of each file, and of itself. Both are stored as JSON: a key is added and never changed.

use onefold_event::{Micros, Problem};
use serde::{Deserialize, Serialize};

use crate::IngestReport;
use crate::source::file::{FileIdentity, FileMark};

/// Under which item a source remembers what is true of it as a whole; no path is empty.
pub(crate) const CONTROL: &str = "";

/// Where a file stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileStanding {
    /// It was seen, and is not finished or not begun yet.
    #[default]
    Waiting,
    /// It is being read.
    Reading,
    /// It grows, and was read as far as it goes.
    Following,
    /// It was read to its end.
    Complete,
    /// It is cut off or damaged: what was whole before is in.
    Incomplete,
    /// It is not what the mapping expects: nothing of it is in.
    Refused,
    /// Too many of its records failed (`[read] stop_after`).
    Stopped,
    /// It cannot be read.
    Unreadable,
    /// It went before it was read to its end.
    Gone,
}

/// What became of records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordCounts {
    /// Records read, after grouping.
    pub records: u64,
    /// Those that gave events.
    pub mapped: u64,
    /// Those that were skipped on purpose.
    pub skipped: u64,
    /// Those in quarantine, conflicts included.
    pub quarantined: u64,
}

impl RecordCounts {
    pub(crate) fn add_report(&mut self, report: &IngestReport) {
        self.records += report.records;
        self.mapped += report.mapped;
        self.skipped += report.skipped;
        self.quarantined += report.quarantined + report.conflicts;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.mapped += other.mapped;
        self.skipped += other.skipped;
        self.quarantined += other.quarantined;
    }
}

/// Who reads a file at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileLease {
    pub(crate) holder: String,
    /// Until when nobody else does, unless it is given back.
    pub(crate) until: Micros,
}

/// What is remembered of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileCursor {
    pub(crate) standing: FileStanding,
    pub(crate) identity: FileIdentity,
    #[serde(default)]
    pub(crate) mark: FileMark,
    /// Bytes, and when it was changed last, as it was looked at last.
    pub(crate) size: u64,
    pub(crate) modified: Micros,
    /// The mapping that read it, in hex.
    #[serde(default)]
    pub(crate) mapping: String,
    #[serde(default)]
    pub(crate) counts: RecordCounts,
    /// Why it stands where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<Problem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lease: Option<FileLease>,
}

impl FileCursor {
    /// Whether something of it was read.
    pub(crate) fn is_begun(&self) -> bool {
        self.mark.position.documents > 0 || self.mark.position.offset > 0
    }

    /// Bytes that are still to be read, as far as that is known.
    pub(crate) fn behind(&self) -> u64 {
        match self.standing {
            FileStanding::Complete | FileStanding::Gone => 0,
            _ => self.size.saturating_sub(self.mark.position.offset),
        }
    }

    /// Whether somebody else has it.
    pub(crate) fn is_taken(&self, by: &str, now: Micros) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.holder != by && lease.until > now)
    }

    /// The same file, to be read from its beginning.
    pub(crate) fn afresh(&self) -> Self {
        Self { identity: self.identity, size: self.size, modified: self.modified, ..Self::default() }
    }
}

/// What is remembered of a source as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceControl {
    /// Nothing is read until somebody resumes it.
    pub(crate) paused: bool,
    /// When somebody had it begin again last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rewound: Option<Micros>,
    /// Files that were read to their end, and are remembered no longer.
    #[serde(default)]
    pub(crate) past_files: u64,
    /// Files that something was wrong with until somebody took them away or replaced them.
    #[serde(default)]
    pub(crate) put_right_files: u64,
    /// Files that went before they were read to their end.
    #[serde(default)]
    pub(crate) lost_files: u64,
    /// What became of the records of all these.
    #[serde(default)]
    pub(crate) past_counts: RecordCounts,
    /// What was wrong last, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_problem: Option<(Micros, Problem)>,
    /// What is wrong with its directories, by now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) wrong: Vec<Problem>,
}

/// A state as it is stored.
pub(crate) fn to_text(state: &impl Serialize) -> String {
    // Texts, numbers and lists alone: nothing that JSON could refuse.
    serde_json::to_string(state).unwrap_or_default()
}
