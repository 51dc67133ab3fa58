//! One row of a source: what it says or why it cannot be read, with all its bytes and its place.

use std::ops::{Deref, DerefMut};

use csv::StringRecord;
use onefold_event::Problem;
use onefold_mapping::TableRow;
use serde_json::Value;

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) first_line: u64,
    pub(crate) last_line: u64,
    /// From the start of the unpacked resource.
    pub(crate) offset: u64,
    /// Without the line end.
    pub(crate) length: u64,
}

/// The fields of a row, as the CSV reader keeps them: the mapping borrows them from here.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TableFields(StringRecord);

impl TableFields {
    /// Puts values into their columns (from 0); a column that the row does not have stays away.
    pub(crate) fn put(&mut self, values: &[(usize, String)]) {
        if values.is_empty() {
            return;
        }
        let value = |n: usize| values.iter().find(|(column, _)| *column == n).map(|(_, value)| value.as_str());
        self.0 = self.0.iter().enumerate().map(|(n, field)| value(n).unwrap_or(field)).collect();
    }
}

impl From<StringRecord> for TableFields {
    fn from(record: StringRecord) -> Self {
        Self(record)
    }
}

impl Deref for TableFields {
    type Target = StringRecord;

    fn deref(&self) -> &StringRecord {
        &self.0
    }
}

impl DerefMut for TableFields {
    fn deref_mut(&mut self) -> &mut StringRecord {
        &mut self.0
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
pub(crate) enum Content {
    Fields(TableFields),
    Json(Value),
    /// It could not be read. What it may belong to: its fields where they are known, and each of its lines read on its own.
    Bad(Box<Problem>, Vec<TableFields>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) place: Place,
    /// Without the last line end; cut off at the limit.
    pub(crate) raw: Vec<u8>,
    /// SHA-256 of all its bytes, where `raw` was cut off.
    pub(crate) sha256: Option<[u8; 32]>,
    pub(crate) content: Content,
    /// Cells that took the value of the row above: column and value.
    pub(crate) filled: Vec<(usize, String)>,
}
