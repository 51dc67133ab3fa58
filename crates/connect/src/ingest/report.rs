//! What was read and what became of it.

use std::collections::BTreeMap;

use onefold_door::EarlierCopy;
use onefold_event::Problem;
use serde::Serialize;

use crate::remap::RemapReport;

/// Examples kept of each code.
const EXAMPLES: usize = 5;

/// What an ingest or a rehearsal did. `records` = `mapped` + `skipped` + `quarantined`, always.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct IngestReport {
    /// Records, after grouping; a file that is refused as a whole counts as one.
    pub records: u64,
    /// Records that gave events, whatever the door said of them.
    pub mapped: u64,
    /// Rows read, without headings and blank lines.
    pub lines: u64,
    /// Events of the records mapped.
    pub events: u64,
    /// Events that are new; none in a rehearsal.
    pub accepted: u64,
    /// Events that were known.
    pub duplicates: u64,
    /// Events that contradict an earlier copy; their records are in quarantine too.
    pub conflicts: u64,
    /// Events whose earlier copy another mapping made; left as they were.
    pub older_mapping: u64,
    /// Of these, those whose earlier copy was made under a `mapping` that is not less: a remap would leave them too.
    pub not_outranked: u64,
    /// Records skipped on purpose.
    pub skipped: u64,
    /// The same by reason.
    pub skipped_by: BTreeMap<String, u64>,
    /// Records put into quarantine because they could not be read or mapped.
    pub quarantined: u64,
    /// Values of records that were taken in: bad and left out, as their mapping allows, or worth a look.
    pub findings: u64,
    /// Documents not taken in because their file ended too early.
    pub withheld: u64,
    /// How long it took, views included where they were waited for.
    pub seconds: f64,
    /// Every input, in order.
    pub files: Vec<FileReport>,
    /// Problems by code, with examples.
    pub problems: BTreeMap<String, Seen>,
    /// What was read all the same and may be worth a look, by code, with examples.
    pub warnings: BTreeMap<String, Seen>,
    /// What became of events that an older mapping made; only of a remap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remap: Option<RemapReport>,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileReport {
    /// Its path, or `standard input`.
    pub input: String,
    /// How reading it ended.
    pub state: FileState,
    /// Rows read of it.
    pub lines: u64,
    /// Why it is not complete.
    pub problems: Vec<Problem>,
}

/// How reading an input ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileState {
    /// Read to its end.
    Complete,
    /// It is cut off or damaged: what was whole before is in.
    Incomplete,
    /// It is not what the mapping expects: nothing of it is in.
    Refused,
    /// Too many of its records failed, so reading stopped (`[read] stop_after`).
    Stopped,
}

/// Problems of one code.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Seen {
    /// Records with it.
    pub records: u64,
    /// The first few.
    pub examples: Vec<Example>,
}

/// One problem with its record's place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Example {
    /// File, or `-`.
    pub resource: String,
    /// First line of the record.
    pub first_line: u64,
    /// Last line of the record.
    pub last_line: u64,
    /// What is wrong.
    pub problem: Problem,
}

impl IngestReport {
    /// Whether every input was read to its end.
    pub fn is_complete(&self) -> bool {
        self.files.iter().all(|file| file.state == FileState::Complete)
    }

    /// Notes an event that another mapping made.
    pub(crate) fn older_mapping(&mut self, earlier: &EarlierCopy) {
        self.older_mapping += 1;
        self.not_outranked += u64::from(!earlier.is_outranked);
    }

    pub(crate) fn skip(&mut self, reason: String) {
        self.records += 1;
        self.skipped += 1;
        *self.skipped_by.entry(reason).or_default() += 1;
    }

    pub(crate) fn quarantine(&mut self, resource: &str, lines: (u64, u64), problems: &[Problem]) {
        self.records += 1;
        self.quarantined += 1;
        self.see(resource, lines, problems);
    }

    /// Notes problems of one record.
    pub(crate) fn see(&mut self, resource: &str, lines: (u64, u64), problems: &[Problem]) {
        note(&mut self.problems, resource, lines, problems);
    }

    /// Notes what is worth a look in a file, or in a record that was taken in.
    pub(crate) fn warn(&mut self, resource: &str, lines: (u64, u64), warnings: &[Problem]) {
        note(&mut self.warnings, resource, lines, warnings);
    }
}

fn note(by_code: &mut BTreeMap<String, Seen>, resource: &str, lines: (u64, u64), problems: &[Problem]) {
    let mut met: Vec<&str> = Vec::new();
    for problem in problems {
        let seen = by_code.entry(problem.code.to_string()).or_default();
        if !met.contains(&problem.code.as_ref()) {
            met.push(&problem.code);
            seen.records += 1;
        }
        if seen.examples.len() < EXAMPLES {
            let (first_line, last_line) = lines;
            seen.examples.push(Example {
                resource: resource.to_owned(),
                first_line,
                last_line,
                problem: problem.clone(),
            });
        }
    }
}
