//! One row of a source: what it says or why it cannot be read, with all its bytes and its place.

use std::sync::Arc;

use csv::StringRecord;
use onefold_event::Problem;
use onefold_mapping::TableRow;
use serde_json::Value;

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowPlace {
    /// Counted from 1; 0: not in lines.
    pub first_line: u64,
    /// The same as the first, unless it goes on over several.
    pub last_line: u64,
    /// Bytes from the start of the unpacked resource.
    pub offset: u64,
    /// Bytes, without the line end.
    pub length: u64,
}

/// How a table is laid out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableLayout {
    /// Its columns; none of an empty table.
    pub heading: Vec<String>,
    /// Between fields; 0 of what is no table.
    pub delimiter: u8,
    /// Carriage returns end its lines.
    pub returns: bool,
    /// Runs of blanks are one delimiter.
    pub blanks: bool,
    /// Its rows end in one delimiter more than the heading, as far as they were read.
    pub closed: bool,
}

/// The fields of a row, as the CSV reader keeps them: the mapping borrows them from here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableFields(pub(crate) StringRecord);

impl TableFields {
    /// Puts values into their columns (from 0); a column that the row does not have stays away.
    pub fn put(&mut self, values: &[(usize, String)]) {
        if values.is_empty() {
            return;
        }
        let value = |n: usize| values.iter().find(|(column, _)| *column == n).map(|(_, value)| value.as_str());
        self.0 = self.0.iter().enumerate().map(|(n, field)| value(n).unwrap_or(field)).collect();
    }
}

impl<'f> FromIterator<&'f str> for TableFields {
    fn from_iter<I: IntoIterator<Item = &'f str>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl TableRow for TableFields {
    fn cell(&self, column: usize) -> Option<&str> {
        self.0.get(column)
    }

    fn column_count(&self) -> usize {
        self.0.len()
    }
}

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub enum RowContent {
    /// Of a table: its fields, as many as the heading has.
    Fields(TableFields),
    /// A value, which may hold several records.
    Json(Value),
    /// A record of a JSON document, and the document without its records, where the mapping reads it.
    Record(Value, Option<Arc<Value>>),
    /// It could not be read. What it may belong to: its fields where they are known, and each of its lines read on its own.
    Bad(Box<Problem>, Vec<TableFields>),
}

/// One row with all its bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct RawRow {
    /// Where it stands.
    pub place: RowPlace,
    /// Without the last line end; cut off at the limit.
    pub raw: Vec<u8>,
    /// SHA-256 of all its bytes, where `raw` was cut off.
    pub sha256: Option<[u8; 32]>,
    /// What it says, or why it cannot be read.
    pub content: RowContent,
    /// Cells that took the value of the row above: column and value.
    pub filled: Vec<(usize, String)>,
}
