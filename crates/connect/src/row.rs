//! One row of a source: what it says or why it cannot be read, with all its bytes and its place.

use csv::StringRecord;
use onefold_event::Problem;
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

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Fields(StringRecord),
    Json(Value),
    /// It could not be read. What it may belong to: its fields where they are known, and each of its lines read on its own.
    Bad(Box<Problem>, Vec<StringRecord>),
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
