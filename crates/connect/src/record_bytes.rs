//! What is kept of a record's rows once they were mapped: their bytes and places.

use std::sync::Arc;

use onefold_format::{Charset, RawRow, RowContent, RowPlace};
use onefold_mapping::TableRow;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Most bytes of one record that are kept, whatever the number of its rows.
const MOST: usize = 64 << 20;

#[derive(Debug, Clone, Default)]
pub(crate) struct RecordBytes {
    /// Rows without their line ends, joined by line feeds, in the order of the file.
    pub(crate) raw: Vec<u8>,
    /// Of all bytes, those too that were cut off.
    pub(crate) length: u64,
    /// Where something was cut off: SHA-256 of a single row's own bytes; of several rows the digest of what is kept of
    /// each, followed by that of the row that was cut off.
    cut: Option<[u8; 32]>,
    pub(crate) places: Vec<RowPlace>,
    /// Cells that took a value from a row of another document: row, column, value.
    pub(crate) filled: Vec<(usize, usize, String)>,
    /// It stood within a JSON document, and what stood around it, where the mapping reads that.
    pub(crate) record: bool,
    pub(crate) around: Option<Arc<Value>>,
    /// It is a message, all of it.
    pub(crate) message: bool,
}

impl RecordBytes {
    pub(crate) fn of(mut rows: Vec<RawRow>, charset: Charset) -> Self {
        let places: Vec<RowPlace> = rows.iter().map(|row| row.place).collect();
        let filled = from_others(&rows);
        if let [row] = rows.as_mut_slice() {
            let (record, around) = match &row.content {
                RowContent::Record(_, around) => (true, around.clone()),
                _ => (false, None),
            };
            return Self {
                raw: std::mem::take(&mut row.raw),
                length: row.place.length,
                cut: row.sha256,
                places,
                filled,
                record,
                around,
                message: false,
            };
        }
        let feed = charset.line_feed();
        let size = rows.iter().map(|row| row.raw.len() + feed.len()).sum();
        let (mut raw, mut length) = (Vec::with_capacity(size), 0);
        for (n, row) in rows.iter().enumerate() {
            if n > 0 {
                raw.extend_from_slice(feed);
                length += feed.len() as u64;
            }
            raw.extend_from_slice(&row.raw);
            length += row.place.length;
        }
        let cut = (raw.len() > MOST || rows.iter().any(|row| row.sha256.is_some())).then(|| digest(&rows, feed));
        raw.truncate(MOST);
        Self { raw, length, cut, places, filled, ..Self::default() }
    }

    /// All of a message.
    pub(crate) fn message(raw: Vec<u8>) -> Self {
        let feeds = raw.strip_suffix(b"\n").unwrap_or(&raw).iter().filter(|byte| **byte == b'\n').count() as u64;
        let length = raw.len() as u64;
        let places = vec![RowPlace { first_line: 1, last_line: 1 + feeds, offset: 0, length }];
        Self { raw, length, places, message: true, ..Self::default() }
    }

    /// Whether something is not kept.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    pub(crate) fn sha256(&self) -> [u8; 32] {
        self.cut.unwrap_or_else(|| Sha256::digest(&self.raw).into())
    }

    /// First and last line.
    pub(crate) fn lines(&self) -> (u64, u64) {
        let first = self.places.iter().map(|place| place.first_line).min();
        let last = self.places.iter().map(|place| place.last_line).max();
        (first.unwrap_or(0), last.unwrap_or(0))
    }

    pub(crate) fn offset(&self) -> u64 {
        self.places.iter().map(|place| place.offset).min().unwrap_or(0)
    }
}

/// What rows took from rows that are not among them, so that they cannot take it again.
fn from_others(rows: &[RawRow]) -> Vec<(usize, usize, String)> {
    let mut others = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let above = n.checked_sub(1).and_then(|n| rows.get(n));
        let known = |column: usize| match above.map(|row| &row.content) {
            Some(RowContent::Fields(fields)) => fields.cell(column).map(str::trim),
            _ => None,
        };
        let taken = row.filled.iter().filter(|(column, value)| known(*column) != Some(value.as_str()));
        others.extend(taken.map(|(column, value)| (n, *column, value.clone())));
    }
    others
}

fn digest(rows: &[RawRow], feed: &[u8]) -> [u8; 32] {
    let mut sha = Sha256::new();
    for (n, row) in rows.iter().enumerate() {
        if n > 0 {
            sha.update(feed);
        }
        sha.update(&row.raw);
        sha.update(row.sha256.as_ref().map_or(&[][..], |own| own));
    }
    sha.finalize().into()
}
