//! What a sample became, as plain data: text, pages and JSON are made of it.

use std::fmt;

use onefold_event::Problem;
use onefold_mapping::DraftedTest;
use serde::Serialize;

use crate::IngestReport;

/// What of a sample is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SampleOptions {
    /// Records shown at most; what is told over all of them counts every record.
    pub limit: usize,
    /// Only records that ended so.
    pub only: Option<RecordFate>,
    /// Only the record of this number.
    pub record: Option<u64>,
    /// The first record that is shown is made a test.
    pub drafts_test: bool,
    /// Every value of this field is told, such as `total` or `order.lines[].amount`.
    pub field: Option<String>,
}

/// What became of a sample. `counts` adds up as of every ingest: records = mapped + skipped + quarantined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SampleReport {
    /// Name of the connector.
    pub connector: String,
    /// The system that speaks.
    pub source: String,
    /// Its `mapping`.
    pub mapping: i64,
    /// Digest of the connector file, in hex.
    pub digest: String,
    /// As of an ingest, which would count the same; nothing is accepted.
    #[serde(flatten)]
    pub counts: IngestReport,
    /// Events that would be taken in as new facts.
    pub new: u64,
    /// Events that would be taken in as other versions of facts that are known, or that stand above in the sample.
    pub amended: u64,
    /// A hub was asked what it knows; else events were held against each other alone.
    pub has_hub: bool,
    /// The connector's own tests that fail.
    pub failed_tests: Vec<String>,
    /// Options of `[assume]` that say nothing.
    pub unused_assumptions: Vec<Problem>,
    /// How each input was read.
    pub inputs: Vec<SampleInput>,
    /// Records that were chosen, of which some are shown.
    pub selected: u64,
    /// The first of them.
    pub records: Vec<SampleRecord>,
    /// What the source holds, by column or path, in its order.
    pub columns: Vec<ValueSummary>,
    /// What the events hold, by event and field.
    pub fields: Vec<ValueSummary>,
    /// What each `[enum]` was asked for.
    pub enums: Vec<EnumSummary>,
    /// The one field that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldSummary>,
    /// The first record that is shown as a test of the connector file, or why it cannot be one; none unless it was asked for.
    #[serde(skip)]
    pub test: Option<Result<DraftedTest, String>>,
}

/// One field over the whole sample.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FieldSummary {
    /// As it was asked for.
    pub name: String,
    /// Values of it.
    pub values: u64,
    /// Events without it.
    pub absent: u64,
    /// Its values with how each came, the most frequent first.
    pub kinds: Vec<FieldOccurrence>,
    /// Values beyond those that are told apart.
    pub more: u64,
    /// What is wrong with it in records that are rejected, by problem and what was found, the most frequent first.
    pub failures: Vec<FieldFailure>,
    /// Failures beyond those that are told apart.
    pub more_failures: u64,
}

/// A value of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldOccurrence {
    /// As a person writes it.
    pub value: String,
    /// How it came.
    pub how: String,
    /// How often.
    pub count: u64,
    /// File and line of the first record that has it.
    pub place: String,
}

/// A field that could not be filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldFailure {
    /// Code of the problem.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What stands there.
    pub found: String,
    /// How often; a record may have it at several places.
    pub count: u64,
    /// File and line of the first.
    pub place: String,
}

/// How an input was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SampleInput {
    /// Its name, without directories.
    pub resource: String,
    /// By which charset.
    pub charset: String,
    /// Between fields; none of what is no table.
    pub delimiter: Option<char>,
    /// Columns of its heading; none of what is no table.
    pub columns: usize,
    /// Rows read.
    pub rows: u64,
}

/// How a record ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordFate {
    /// It gave events.
    Mapped,
    /// It was left out on purpose.
    Skipped,
    /// It would wait in quarantine.
    Rejected,
}

impl fmt::Display for RecordFate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mapped => "mapped",
            Self::Skipped => "skipped",
            Self::Rejected => "rejected",
        })
    }
}

/// One record: the source as it was read, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SampleRecord {
    /// Its place among all records of the sample, from 1.
    pub number: u64,
    /// File that it stands in.
    pub resource: String,
    /// First line; 0: not in lines.
    pub first_line: u64,
    /// Last line.
    pub last_line: u64,
    /// Which item of a JSON body, from 1.
    pub item: Option<usize>,
    /// Rows that are one record.
    pub rows: usize,
    /// How it ended.
    pub fate: RecordFate,
    /// Why it was skipped.
    pub reason: String,
    /// What the source says, in its order.
    pub values: Vec<SourceValue>,
    /// Values that are not shown.
    pub values_left_off: usize,
    /// Its events.
    pub events: Vec<SampleEvent>,
    /// All that is wrong with it.
    pub problems: Vec<Problem>,
    /// What was left out of it, or is worth a look.
    pub findings: Vec<Problem>,
}

/// A column or path of one record, in all its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceValue {
    /// Heading or path.
    pub name: String,
    /// As they stand there, the first of each row or place; one where all are the same.
    pub values: Vec<String>,
    /// Rows or places that have it.
    pub count: usize,
    /// All of them say the same.
    pub alike: bool,
    /// Whether the mapping names it.
    pub read: bool,
}

/// An event of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SampleEvent {
    /// Its name in the connector file.
    pub name: String,
    /// Its type.
    pub event_type: String,
    /// What it holds, with how each value came.
    pub fields: Vec<SampleField>,
    /// Fields that are not shown.
    pub fields_left_off: usize,
    /// Expectations, all of which hold.
    pub expectations: Vec<String>,
    /// What the door would say.
    pub verdict: Option<SampleVerdict>,
}

/// A value of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SampleField {
    /// Such as `total`, `lines[0].amount`, `refs.order`.
    pub field: String,
    /// As a person writes it.
    pub value: String,
    /// How it came.
    pub how: String,
}

/// What the door would say of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SampleVerdict {
    /// `new`, `amendment`, `duplicate`, `conflict`, `older-mapping` or `refused`.
    pub word: &'static str,
    /// What was there before, where something was.
    pub earlier: String,
}

/// Values of one column, path or field over the whole sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueSummary {
    /// Heading, path, or event and field.
    pub name: String,
    /// Rows, records or events that have it.
    pub present: u64,
    /// Of so many.
    pub of: u64,
    /// Different values; where there are more than are told apart, so many at least.
    pub distinct: u64,
    /// There are more.
    pub more: bool,
    /// The least: of numbers as numbers, else as text.
    pub least: String,
    /// The greatest.
    pub greatest: String,
    /// The first three that differ.
    pub examples: Vec<String>,
    /// Whether the mapping names it; of fields always.
    pub read: bool,
}

/// What an `[enum]` was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnumSummary {
    /// Its name.
    pub name: String,
    /// Listed words that were met, with the records that have them.
    pub met: Vec<WordCount>,
    /// Words that are not listed.
    pub unknown: Vec<WordCount>,
    /// There are more words that are not listed.
    pub more_unknown: bool,
    /// Listed words that no record has.
    pub never_met: Vec<String>,
}

/// A word and how often it was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WordCount {
    /// As the records have it, cut and cleaned.
    pub word: String,
    /// Records with it.
    pub records: u64,
}
