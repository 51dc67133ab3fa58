//! A source record as the reader hands it over: decoded, parsed and grouped.

use std::fmt;

use serde_json::Value;

/// A row of a table, whatever format it was read from. A trait and not a slice, so that a reader lends its rows as it keeps
/// them: no list of cells is made per record.
pub trait TableRow: fmt::Debug + Sync {
    /// The text of the cell in this column, counted from 0 as in the heading; none behind the last.
    fn cell(&self, column: usize) -> Option<&str>;

    /// How many cells it has.
    fn column_count(&self) -> usize;
}

impl<T: AsRef<str> + fmt::Debug + Sync> TableRow for Vec<T> {
    fn cell(&self, column: usize) -> Option<&str> {
        self.get(column).map(AsRef::as_ref)
    }

    fn column_count(&self) -> usize {
        self.len()
    }
}

impl<T: AsRef<str> + fmt::Debug + Sync, const N: usize> TableRow for [T; N] {
    fn cell(&self, column: usize) -> Option<&str> {
        self.get(column).map(AsRef::as_ref)
    }

    fn column_count(&self) -> usize {
        N
    }
}

/// One row of a table, or one JSON value.
#[derive(Debug, Clone, Copy)]
pub enum SourceRow<'a> {
    /// Cells in the order of the heading.
    Table(&'a dyn TableRow),
    /// A value, and the whole body that it stands in (the same, unless `[read] records` parts the body).
    Json(&'a Value, &'a Value),
}

/// A row with its line.
#[derive(Debug, Clone, Copy)]
pub struct NumberedRow<'a> {
    /// What it says.
    pub row: SourceRow<'a>,
    /// First line of it in the source, counted from 1; 0: not a text file.
    pub line: u64,
}

/// One record: the rows that belong together, in the order of the source.
#[derive(Debug, Clone, Copy)]
pub struct SourceRecord<'a> {
    /// File name, topic or endpoint.
    pub resource: &'a str,
    /// Its rows; one for a source that is not grouped.
    pub rows: &'a [NumberedRow<'a>],
    /// Last line of the last row; 0: as the last row's first.
    pub last_line: u64,
    /// Bytes from the start of the unpacked resource.
    pub offset: u64,
    /// Bytes from there to the end of the record.
    pub length: u64,
}
