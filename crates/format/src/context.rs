//! What is kept beside the bytes of a record, so that it can be read again without its source.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::charset::Charset;
use crate::row::{RawRow, RowPlace};

/// What an entry of quarantine keeps beside the bytes. Its JSON is stored: a key is added and never changed, and what is absent
/// means what it meant before there was one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RecordContext {
    /// Digest of the mapping that refused it, in hex.
    pub mapping: String,
    /// Name of the charset by which it was read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub charset: String,
    /// Between fields; empty of what has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub delimiter: String,
    /// Columns of its table; empty of what is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heading: Vec<String>,
    /// First line, last line, offset and length of each row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<(u64, u64, u64, u64)>,
    /// Carriage returns end lines.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub returns: bool,
    /// Runs of blanks are one delimiter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blanks: bool,
    /// Rows end in one delimiter more than the heading.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// Cells that took a value from a row of another document: row, column, value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filled: Vec<(usize, usize, String)>,
    /// Which item of a JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
    /// The bytes are a record that stood within a JSON document.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub record: bool,
    /// That document without its records, where the mapping read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<Value>,
    /// The bytes are a message, all of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub message: bool,
}

impl RecordContext {
    /// Gives rows the places that they had in their source. Where these are not known, lines are counted from the record's first.
    pub fn place(&self, rows: &mut [RawRow], first_line: u64) {
        let known = rows.len() == self.rows.len();
        for (n, row) in rows.iter_mut().enumerate() {
            match self.rows.get(n).filter(|_| known) {
                Some((first_line, last_line, offset, length)) => {
                    row.place =
                        RowPlace { first_line: *first_line, last_line: *last_line, offset: *offset, length: *length };
                }
                None => {
                    row.place.first_line = row.place.first_line.saturating_sub(1) + first_line;
                    row.place.last_line = row.place.last_line.saturating_sub(1) + first_line;
                }
            }
        }
    }
}

/// A record that was kept.
#[derive(Debug, Clone, Copy)]
pub struct KeptRecord<'k> {
    /// Its bytes: rows without line ends, joined by line feeds.
    pub raw: &'k [u8],
    /// How they are text.
    pub charset: Charset,
    /// Where it began in its source, counted from 1.
    pub first_line: u64,
    /// What was kept beside them.
    pub context: &'k RecordContext,
}
