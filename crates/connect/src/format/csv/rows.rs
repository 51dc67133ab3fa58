//! A stream to rows.

use std::io::{self, BufRead};

use csv::StringRecord;
use onefold_mapping::{Header, Problem, Read};

use crate::charset::Charset;
use crate::fault;
use crate::format::csv::fields::Fields;
use crate::lines::{Bytes, Lines};
use crate::row::{Content, Place, Row};

/// Reads the rows of one table.
pub(crate) struct CsvRows<R> {
    lines: Lines<R>,
    charset: Charset,
    limit: usize,
    pad: bool,
    delimiter: u8,
    fields: Fields,
    heading: Vec<String>,
    prelude: Vec<u8>,
    bytes: Bytes,
}

impl<R: BufRead> CsvRows<R> {
    /// Reads up to and with the heading. An empty file has none, and no rows.
    pub(crate) fn open(
        mut reader: R,
        charset: Charset,
        limit: usize,
        layout: &Read,
        mark: usize,
    ) -> io::Result<Result<Self, Problem>> {
        let told = told_delimiter(reader.fill_buf()?, charset);
        let mut lines = Lines::new(reader, charset, limit, mark as u64);
        let mut bytes = Bytes::default();
        let mut prelude = Vec::new();
        if told.is_some() {
            lines.next(&mut bytes)?;
            prelude.extend_from_slice(&bytes.raw);
            bytes.clear();
        }
        let delimiter = told.unwrap_or(layout.delimiter);
        let fields = Fields::new(delimiter, layout.quote);
        let mut rows = Self {
            lines,
            charset,
            limit,
            pad: layout.pad_ragged,
            delimiter,
            fields,
            heading: Vec::new(),
            prelude,
            bytes,
        };
        match &layout.header {
            Header::Given(columns) => rows.heading.clone_from(columns),
            Header::Row(wanted) => {
                let wanted = (*wanted).max(1);
                for number in 1..=wanted {
                    let row = rows.read()?;
                    if let Some(row) = &row {
                        rows.prelude.extend_from_slice(&row.raw);
                        rows.prelude.extend_from_slice(charset.line_feed());
                    }
                    match row.map(|row| (row.content, number == wanted)) {
                        Some((Content::Fields(fields), true)) => {
                            rows.heading = fields.iter().map(|f| f.trim().to_owned()).collect()
                        }
                        Some((Content::Bad(problem, _), true)) => return Ok(Err(*problem)),
                        Some(_) => {}
                        None => break,
                    }
                }
            }
        }
        Ok(Ok(rows))
    }

    /// The columns' names; none for an empty file.
    pub(crate) fn heading(&self) -> &[String] {
        &self.heading
    }

    /// The bytes before the first row, heading included, without a mark.
    pub(crate) fn prelude(&self) -> &[u8] {
        &self.prelude
    }

    /// Between the fields of this file.
    pub(crate) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Lines read so far.
    pub(crate) fn line(&self) -> u64 {
        self.lines.number
    }

    /// The next row, as long as the heading or at fault. Empty lines are none.
    pub(crate) fn next(&mut self) -> io::Result<Option<Row>> {
        let Some(mut row) = self.read()? else { return Ok(None) };
        let expected = self.heading.len();
        if let Content::Fields(fields) = &mut row.content {
            if self.pad {
                while fields.len() < expected {
                    fields.push_field("");
                }
            }
            if fields.len() != expected {
                let problem = fault::ragged(fields.len(), expected, row.place.first_line);
                let mut may_be = vec![std::mem::take(fields)];
                if row.place.first_line < row.place.last_line {
                    may_be.extend(self.each_line(&row.raw));
                }
                row.content = Content::Bad(Box::new(problem), may_be);
            }
        }
        Ok(Some(row))
    }

    fn read(&mut self) -> io::Result<Option<Row>> {
        loop {
            self.bytes.clear();
            let offset = self.lines.offset;
            if !self.lines.next(&mut self.bytes)? {
                return Ok(None);
            }
            if self.bytes.is_cut() || !self.bytes.line(self.charset).is_empty() {
                return self.row(offset).map(Some);
            }
        }
    }

    fn row(&mut self, offset: u64) -> io::Result<Row> {
        let first_line = self.lines.number;
        let mut problem = None;
        let content = loop {
            if self.bytes.is_cut() {
                // A quote that was never closed swallows what follows; reading goes on with the line after the limit.
                self.fields.reset();
                problem = Some(fault::long(self.bytes.length, self.limit, first_line));
                break None;
            }
            let line = self.bytes.line(self.charset);
            let text = match self.charset.decode(line) {
                Ok(text) => text,
                Err(bad) => {
                    problem.get_or_insert_with(|| fault::bytes(self.charset, &bad, self.lines.number));
                    self.charset.decode_lossy(line)
                }
            };
            if self.lines.number == first_line && self.fields.is_plain(&text) {
                break Some(self.fields.split(&text));
            }
            if let Some(whole) = self.fields.feed(&text) {
                break Some(whole);
            }
            if !self.lines.next(&mut self.bytes)? {
                self.fields.reset();
                problem.get_or_insert_with(|| fault::open_quote(first_line, self.lines.number));
                break None;
            }
        };
        let last_line = self.lines.number;
        let (raw, length, sha256) = self.bytes.finish(self.charset);
        let place = Place { first_line, last_line, offset, length };
        if let Some(long) = problem.as_mut().filter(|p| p.code == "R0304") {
            long.found = format!("{length} bytes");
        }
        let content = match (problem, content) {
            (None, Some(fields)) => Content::Fields(fields),
            (problem, fields) => {
                let problem = problem.unwrap_or_else(|| fault::open_quote(first_line, last_line));
                let mut may_be: Vec<_> = fields.into_iter().collect();
                if may_be.is_empty() || first_line < last_line {
                    may_be.extend(self.each_line(&raw));
                }
                Content::Bad(Box::new(problem), may_be)
            }
        };
        Ok(Row { place, raw, sha256, content })
    }

    /// The lines of what could not be read, each as a row of its own: what they may belong to.
    fn each_line(&mut self, raw: &[u8]) -> Vec<StringRecord> {
        let text = self.charset.decode_lossy(raw).into_owned();
        text.lines().map(|line| self.fields.alone(line)).collect()
    }
}

/// Excel's own first line `sep=;`.
fn told_delimiter(start: &[u8], charset: Charset) -> Option<u8> {
    let text = charset.decode_lossy(start.get(..32.min(start.len())).unwrap_or_default());
    let mut rest = text.strip_prefix("sep=").or_else(|| text.strip_prefix("\"sep="))?.chars();
    let delimiter = rest.next().and_then(|c| u8::try_from(c).ok()).filter(u8::is_ascii)?;
    matches!(rest.next(), None | Some('\r' | '\n' | '"')).then_some(delimiter)
}
