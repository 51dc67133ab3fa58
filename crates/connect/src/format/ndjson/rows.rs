//! A stream to rows.

use std::io::{self, BufRead};

use crate::charset::Charset;
use crate::fault;
use crate::lines::{Blank, Bytes, LineEnd, Lines};
use crate::row::{Content, Place, Row};

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

    /// Lines read so far.
    pub(crate) fn line(&self) -> u64 {
        self.lines.number
    }

    /// The next line that is not blank.
    pub(crate) fn next(&mut self) -> io::Result<Option<Row>> {
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
                Content::Bad(Box::new(fault::long(length, self.limit, line)), Vec::new())
            } else {
                parse(&raw, self.charset, line)
            };
            return Ok(Some(Row {
                place: Place { first_line: line, last_line: line, offset, length },
                raw,
                sha256,
                filled: Vec::new(),
                content,
            }));
        }
    }
}

pub(crate) fn parse(raw: &[u8], charset: Charset, line: u64) -> Content {
    let text = match charset.decode(raw) {
        Ok(text) => text,
        Err(bad) => return Content::Bad(Box::new(fault::bytes(charset, &bad, line)), Vec::new()),
    };
    match serde_json::from_str(&text) {
        Ok(value) => Content::Json(value),
        Err(error) => Content::Bad(Box::new(fault::json(&error, line)), Vec::new()),
    }
}
