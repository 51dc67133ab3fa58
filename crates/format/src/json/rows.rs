//! All bytes to one row.

use std::io::{self, BufRead, Read};

use crate::charset::Charset;
use crate::fault;
use crate::format::RowReader;
use crate::ndjson;
use crate::row::{RawRow, RowContent, RowPlace};

/// The one row that a body is.
pub(crate) struct JsonRow {
    row: Option<RawRow>,
    lines: u64,
}

impl JsonRow {
    /// Reads everything; what is longer than the limit is at fault.
    pub(crate) fn open<R: BufRead>(
        mut reader: R,
        charset: Charset,
        limit: usize,
        mark_length: usize,
    ) -> io::Result<Self> {
        let mut raw = Vec::new();
        reader.by_ref().take((limit as u64).saturating_add(1)).read_to_end(&mut raw)?;
        let lines = 1 + raw.iter().filter(|byte| **byte == b'\n').count() as u64;
        let content = if raw.len() > limit {
            RowContent::Bad(Box::new(fault::long(raw.len() as u64, limit, 1)), Vec::new())
        } else {
            ndjson::parse(&raw, charset, 1)
        };
        let place = RowPlace { first_line: 1, last_line: lines, offset: mark_length as u64, length: raw.len() as u64 };
        Ok(Self { row: Some(RawRow { place, raw, sha256: None, content, filled: Vec::new() }), lines })
    }
}

impl RowReader for JsonRow {
    fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        Ok(self.row.take())
    }

    fn line(&self) -> u64 {
        self.lines
    }
}
