//! A stream to rows.

use std::io::{self, BufRead};

use crate::charset::Charset;
use crate::fault;
use crate::format::RowReader;
use crate::lines::{Blank, Bytes, LineEnd, Lines};
use crate::row::{RawRow, RowContent, RowPlace};

/// Reads the lines of one file, each as a JSON value.
pub(crate) struct JsonRows<R> {
    lines: Lines<R>,
    charset: Charset,
    limit: usize,
    bytes: Bytes,
}

impl<R: BufRead> JsonRows<R> {
    pub(crate) fn open(reader: R, charset: Charset, end: LineEnd, limit: usize, mark: usize) -> Self {
        Self { lines: Lines::new(reader, charset, end, limit, mark as u64), charset, limit, bytes: Bytes::default() }
    }
}

impl<R: BufRead + Send> RowReader for JsonRows<R> {
    fn line(&self) -> u64 {
        self.lines.number
    }

    fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        let mut blank = Blank::default();
        loop {
            self.bytes.clear();
            let offset = self.lines.offset;
            if !self.lines.next(&mut self.bytes)? {
                return Ok(None);
            }
            let cut = self.bytes.is_cut();
            let (raw, length, sha256) = self.bytes.finish(self.charset);
            let line = self.lines.number;
            if !cut && raw.iter().all(|b| b.is_ascii_whitespace() || *b == 0) {
                blank.one_more()?;
                continue;
            }
            let content = if cut {
                RowContent::Bad(Box::new(fault::long(length, self.limit, line)), Vec::new())
            } else {
                parse(&raw, self.charset, line)
            };
            return Ok(Some(RawRow {
                place: RowPlace { first_line: line, last_line: line, offset, length },
                raw,
                sha256,
                filled: Vec::new(),
                content,
            }));
        }
    }
}

/// One value, in this line.
pub(crate) fn parse(raw: &[u8], charset: Charset, line: u64) -> RowContent {
    let text = match charset.decode(raw) {
        Ok(text) => text,
        Err(bad) => return RowContent::Bad(Box::new(fault::bytes(charset, &bad, line)), Vec::new()),
    };
    match serde_json::from_str(&text) {
        Ok(value) => RowContent::Json(value),
        Err(error) => RowContent::Bad(Box::new(fault::json_problem(&error, line)), Vec::new()),
    }
}
