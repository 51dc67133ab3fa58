//! A stream to rows.

use std::io::{self, BufRead};

use onefold_event::Problem;
use onefold_mapping::{ReadSettings, TableHeading};

use crate::charset::Charset;
use crate::csv::fields::FieldSplitter;
use crate::fault;
use crate::format::{ResumePoint, RowReader, START_BYTES};
use crate::lines::{LineEnd, LineReader, QuoteRules, RecordBuffer};
use crate::row::{RawRow, RowContent, RowPlace, TableFields, TableLayout};

/// Reads the rows of one table.
pub(crate) struct CsvRows<R> {
    lines: LineReader<R>,
    charset: Charset,
    end: LineEnd,
    limit: usize,
    /// Most lines of a row.
    most_lines: u64,
    /// Why no row comes after those that came.
    unclosed: Option<Problem>,
    pad: bool,
    quoting: QuoteRules,
    fields: FieldSplitter,
    layout: TableLayout,
    prelude: Vec<u8>,
    /// Rows of the prelude.
    before: usize,
    bytes: RecordBuffer,
    start: Vec<u8>,
    /// Whether each row has one delimiter more than the heading, at its end; none: nothing has said so yet.
    closed: Option<bool>,
    /// Rows of which such a delimiter was passed over, and the first.
    passed_over: (u64, u64),
    /// Rows with a quote behind a backslash, which escapes nothing, and the first.
    escaped: (u64, u64),
}

/// How a table is opened.
pub(crate) struct TableStart<'o> {
    pub(crate) charset: Charset,
    pub(crate) limit: usize,
    /// Bytes of a mark, which the reader has passed already.
    pub(crate) mark_length: usize,
    /// The first bytes behind the mark.
    pub(crate) start: &'o [u8],
    /// Said by what was read of this table before; none: by its first line.
    pub(crate) end: Option<LineEnd>,
    /// The same of delimiters at the end of rows.
    pub(crate) closed: Option<bool>,
}

impl<R: BufRead> CsvRows<R> {
    /// Reads up to and with the heading. An empty file has none, and no rows.
    pub(crate) fn open(
        reader: R,
        settings: &ReadSettings,
        table_start: &TableStart<'_>,
    ) -> io::Result<Result<Self, Problem>> {
        let TableStart { charset, limit, mark_length, start, end, closed } = *table_start;
        let told = told_delimiter(start, charset);
        let delimiter = told.unwrap_or(settings.delimiter);
        let quoting = QuoteRules {
            delimiter,
            quote: settings.quote,
            escape: settings.escape,
            blanks: settings.blanks && told.is_none(),
        };
        let end = end.unwrap_or_else(|| LineEnd::of(start, charset, Some(quoting)));
        let mut rows = Self {
            lines: LineReader::new(reader, charset, end, limit, mark_length as u64),
            charset,
            end,
            limit,
            most_lines: settings.record_lines,
            unclosed: None,
            pad: settings.pad_ragged,
            quoting,
            fields: FieldSplitter::new(quoting),
            layout: TableLayout {
                heading: Vec::new(),
                delimiter,
                returns: end == LineEnd::Return,
                closed: closed == Some(true),
                blanks: quoting.blanks,
            },
            prelude: Vec::new(),
            before: 0,
            bytes: RecordBuffer::default(),
            start: start.to_vec(),
            closed,
            passed_over: (0, 0),
            escaped: (0, 0),
        };
        if told.is_some() {
            rows.lines.next(&mut rows.bytes)?;
            rows.prelude.extend_from_slice(&rows.bytes.raw);
            rows.bytes.clear();
            rows.before += 1;
        }
        match &settings.header {
            TableHeading::Given(columns) => rows.layout.heading.clone_from(columns),
            TableHeading::Row(wanted) => {
                let wanted = (*wanted).max(1);
                for number in 1..=wanted {
                    let row = rows.read()?;
                    if let Some(row) = &row {
                        rows.prelude.extend_from_slice(&row.raw);
                        rows.prelude.extend_from_slice(rows.line_break());
                        rows.before += 1;
                    }
                    match row.map(|row| (row.content, number == wanted)) {
                        Some((RowContent::Fields(TableFields(fields)), true)) => {
                            rows.layout.heading = fields.iter().map(|f| f.trim().to_owned()).collect()
                        }
                        Some((RowContent::Bad(problem, _), true)) => return Ok(Err(*problem)),
                        Some(_) => {}
                        None => break,
                    }
                }
            }
        }
        Ok(rows.unclosed.take().map_or(Ok(rows), Err))
    }

    /// What ends a line of this table.
    fn line_break(&self) -> &'static [u8] {
        match self.end {
            LineEnd::Feed => self.charset.line_feed(),
            LineEnd::Return => self.charset.carriage_return(),
        }
    }

    /// The columns' names; none for an empty file.
    pub(crate) fn heading(&self) -> &[String] {
        &self.layout.heading
    }

    /// The next row, as long as the heading or at fault. Empty lines are none.
    pub(crate) fn next(&mut self) -> io::Result<Option<RawRow>> {
        let Some(mut row) = self.read()? else { return Ok(None) };
        let expected = self.layout.heading.len();
        if let RowContent::Fields(TableFields(fields)) = &mut row.content {
            let one_more = fields.len() == expected + 1 && fields.get(expected).is_some_and(|f| f.trim().is_empty());
            if one_more && self.each_is_closed()? {
                fields.truncate(expected);
                note(&mut self.passed_over, row.place.first_line);
            }
            if self.pad {
                while fields.len() < expected {
                    fields.push_field("");
                }
            }
            if fields.len() != expected {
                let mut problem = fault::ragged(fields.len(), expected, row.place.first_line);
                problem.help.extend(self.advice(&row.raw).map(str::to_owned));
                let mut may_be = vec![TableFields(std::mem::take(fields))];
                if row.place.first_line < row.place.last_line {
                    may_be.extend(self.each_line(&row.raw));
                }
                row.content = RowContent::Bad(Box::new(problem), may_be);
            }
        }
        Ok(Some(row))
    }

    /// Whether the rows in the beginning of the file all end in a delimiter that the heading does not have. One alone that
    /// has a field too many holds a delimiter that should stand in quotes.
    fn each_is_closed(&mut self) -> io::Result<bool> {
        if let Some(known) = self.closed {
            return Ok(known);
        }
        let start = std::mem::take(&mut self.start);
        let cut = start.len() + 4 >= START_BYTES;
        let lines = LineReader::new(start.as_slice(), self.charset, self.end, self.limit, 0);
        let (layout, prelude, fields) = (TableLayout::default(), Vec::new(), FieldSplitter::new(self.quoting));
        let (before, end, closed) = (0, self.end, Some(false));
        let (charset, limit, quoting) = (self.charset, self.limit, self.quoting);
        let mut again = CsvRows {
            lines,
            charset,
            end,
            limit,
            most_lines: self.most_lines,
            unclosed: None,
            pad: false,
            quoting,
            fields,
            layout,
            prelude,
            before,
            closed,
            bytes: RecordBuffer::default(),
            start: Vec::new(),
            passed_over: (0, 0),
            escaped: (0, 0),
        };
        let mut rows = Vec::new();
        while let Some(row) = again.read()? {
            if let RowContent::Fields(TableFields(fields)) = row.content {
                let last = fields.get(self.layout.heading.len()).map(|field| field.trim().is_empty());
                rows.push((fields.len(), last));
            } else {
                rows.push((0, None));
            }
        }
        if cut {
            rows.pop();
        }
        let expected = self.layout.heading.len();
        let mut of_interest = rows.iter().skip(self.before).filter(|(n, _)| *n == expected || *n == expected + 1);
        let closed = of_interest.all(|(_, last)| *last == Some(true)) && rows.len() > self.before;
        (self.closed, self.layout.closed) = (Some(closed), closed);
        Ok(closed)
    }

    /// What a row that cannot be cut may need.
    fn advice(&self, raw: &[u8]) -> Option<&'static str> {
        let holds = |pair: [u8; 2]| raw.windows(2).any(|two| two == pair);
        if self.quoting.escape.is_none() && holds([b'\\', self.quoting.quote]) {
            return Some("if quotes are escaped by a backslash: [read] escape = \"\\\\\"");
        }
        let returns = self.end == LineEnd::Feed && raw.contains(&b'\r') && !raw.contains(&self.quoting.quote);
        returns
            .then_some("carriage returns within: a part of this file ends its lines otherwise than its first line does")
    }

    fn read(&mut self) -> io::Result<Option<RawRow>> {
        let blanks = self.quoting.blanks;
        let is_blank = |line: &[u8]| line.is_empty() || blanks && line.iter().all(|b| matches!(b, b' ' | b'\t' | 0));
        match self.lines.next_filled(&mut self.bytes, is_blank)? {
            Some(offset) => self.row(offset),
            None => Ok(None),
        }
    }

    /// The row that begins with the line that was read; none where it does not end.
    fn row(&mut self, offset: u64) -> io::Result<Option<RawRow>> {
        let first_line = self.lines.number;
        let mut problem = None;
        let content = loop {
            let lines = self.lines.number - first_line;
            if lines >= self.most_lines || (lines > 0 && self.bytes.is_cut()) {
                // What a quote swallows that is never closed would be kept cut off, or not at all.
                self.fields.reset();
                let mut problem = fault::unclosed_quote(first_line, self.lines.number, self.most_lines);
                problem.help.extend(self.advice(&self.bytes.raw).map(str::to_owned));
                self.unclosed = Some(problem);
                return Ok(None);
            }
            if self.bytes.is_cut() {
                // One line of any length is read through.
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
            if self.quoting.escape.is_none() && looks_escaped(&text, self.quoting) {
                note(&mut self.escaped, first_line);
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
        let place = RowPlace { first_line, last_line, offset, length };
        if let Some(long) = problem.as_mut().filter(|p| p.code == "R0304") {
            long.found = format!("{length} bytes");
        }
        let content = match (problem, content) {
            (None, Some(fields)) => RowContent::Fields(fields),
            (problem, fields) => {
                let mut problem = problem.unwrap_or_else(|| fault::open_quote(first_line, last_line));
                if problem.code == "R0305" {
                    problem.help.extend(self.advice(&raw).map(str::to_owned));
                }
                let mut may_be: Vec<_> = fields.into_iter().collect();
                if may_be.is_empty() || first_line < last_line {
                    may_be.extend(self.each_line(&raw));
                }
                RowContent::Bad(Box::new(problem), may_be)
            }
        };
        Ok(Some(RawRow { place, raw, sha256, content, filled: Vec::new() }))
    }

    /// The lines of what could not be read, each as a row of its own: what they may belong to.
    fn each_line(&mut self, raw: &[u8]) -> Vec<TableFields> {
        let text = self.charset.decode_lossy(raw).into_owned();
        let ends = |c: char| c == '\n' || c == '\r' && self.end == LineEnd::Return;
        let lines: Vec<&str> = text.split(ends).map(|line| line.trim_end_matches('\r')).collect();
        lines.into_iter().filter(|line| !line.is_empty()).map(|line| self.fields.alone(line)).collect()
    }
}

impl RowReader for CsvRows<Box<dyn BufRead + Send>> {
    fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        self.next()
    }

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

    fn layout(&self) -> Option<&TableLayout> {
        Some(&self.layout)
    }

    fn prelude(&self) -> &[u8] {
        &self.prelude
    }

    fn closing(&self) -> &[u8] {
        self.charset.line_feed()
    }

    fn take_unclosed(&mut self) -> Option<Problem> {
        self.unclosed.take()
    }

    fn warnings(&self) -> Vec<Problem> {
        let mut warnings = Vec::new();
        if let (rows @ 1.., first) = self.passed_over {
            warnings.push(fault::closed(rows, first, self.quoting.delimiter));
        }
        if let (rows @ 1.., first) = self.escaped {
            warnings.push(fault::backslash(rows, first));
        }
        warnings
    }
}

/// Counts a row, and remembers the first.
fn note((rows, first): &mut (u64, u64), line: u64) {
    if *rows == 0 {
        *first = line;
    }
    *rows += 1;
}

/// Whether a backslash stands before a quote that does not end its field.
fn looks_escaped(text: &str, quoting: QuoteRules) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(3).any(|three| {
        let goes_on = |byte: u8| byte != quoting.delimiter && byte != quoting.quote && byte != b'\r';
        matches!(three, [b'\\', quote, next] if *quote == quoting.quote && goes_on(*next))
    })
}

/// Excel's own first line `sep=;`.
fn told_delimiter(start: &[u8], charset: Charset) -> Option<u8> {
    let text = charset.decode_lossy(start.get(..32.min(start.len())).unwrap_or_default());
    let mut rest = text.strip_prefix("sep=").or_else(|| text.strip_prefix("\"sep="))?.chars();
    let delimiter = rest.next().and_then(|c| u8::try_from(c).ok()).filter(u8::is_ascii)?;
    matches!(rest.next(), None | Some('\r' | '\n' | '"')).then_some(delimiter)
}
