//! A stream to rows.

use std::io::{self, BufRead};

use crate::charset::Charset;
use crate::fault;
use crate::format::{ResumePoint, RowReader};
use crate::lines::{LineEnd, LineReader, RecordBuffer};
use crate::row::{RawRow, RowContent, RowPlace};

/// Reads the lines of one file, each as a JSON value.
pub(crate) struct NdjsonRows<R> {
    lines: LineReader<R>,
    charset: Charset,
    limit: usize,
    bytes: RecordBuffer,
}

impl<R: BufRead> NdjsonRows<R> {
    pub(crate) fn open(reader: R, charset: Charset, end: LineEnd, limit: usize, mark_length: usize) -> Self {
        Self {
            lines: LineReader::new(reader, charset, end, limit, mark_length as u64),
            charset,
            limit,
            bytes: RecordBuffer::default(),
        }
    }
}

impl RowReader for NdjsonRows<Box<dyn BufRead + Send>> {
    fn line(&self) -> u64 {
        self.lines.number
    }

    fn position(&self) -> u64 {
        self.lines.offset
    }

    fn resume(&mut self, at: ResumePoint) -> bool {
        self.lines.go_on(at.reader, at.offset, at.line);
        true
    }

    fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        let is_blank = |line: &[u8]| line.iter().all(|b| b.is_ascii_whitespace() || *b == 0);
        let Some(offset) = self.lines.next_filled(&mut self.bytes, is_blank)? else { return Ok(None) };
        let cut = self.bytes.is_cut();
        let (raw, length, sha256) = self.bytes.finish(self.charset);
        let line = self.lines.number;
        let content = if cut {
            RowContent::Bad(Box::new(fault::long(length, self.limit, line)), Vec::new())
        } else {
            parse(&raw, self.charset, line)
        };
        let place = RowPlace { first_line: line, last_line: line, offset, length };
        Ok(Some(RawRow { place, raw, sha256, content, filled: Vec::new() }))
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
