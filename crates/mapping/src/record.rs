//! A source record as the reader hands it over: decoded, parsed and grouped.

use csv::StringRecord;
use serde_json::Value;

/// One row of a table, or one JSON value.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    /// Fields in the order of the heading.
    Csv(&'a StringRecord),
    /// A value, and the whole body that it stands in (the same, unless `[read] records` parts the body).
    Json(&'a Value, &'a Value),
}

/// A row with its line.
#[derive(Debug, Clone, Copy)]
pub struct RowIn<'a> {
    /// What it says.
    pub row: Row<'a>,
    /// First line of it in the source, counted from 1; 0: not a text file.
    pub line: u64,
}

/// One record: the rows that belong together, in the order of the source.
#[derive(Debug, Clone, Copy)]
pub struct RecordIn<'a> {
    /// File name, topic or endpoint.
    pub resource: &'a str,
    /// Its rows; one for a source that is not grouped.
    pub rows: &'a [RowIn<'a>],
    /// Last line of the last row; 0: as the last row's first.
    pub last_line: u64,
    /// Bytes from the start of the unpacked resource.
    pub offset: u64,
    /// Bytes from there to the end of the record.
    pub length: u64,
}
