//! One pass over one input: bytes, rows, documents, outcomes.

use std::io::{self, BufRead};
use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError};

use onefold_event::Problem;
use onefold_mapping::{
    Connector, GroupWindow, MappingOutcome, MappingPlan, NumberedRow, RecordFormat, SourceRecord, SourceRow as RowSaid,
};

use crate::Input;
use crate::belongs::{Belonging, Place};
use crate::charset::Charset;
use crate::entry::Origin;
use crate::evidence::{self, Evidence, Sample};
use crate::fault;
use crate::format::csv::{CsvRows, Opening};
use crate::format::json::OneRow;
use crate::format::ndjson::JsonRows;
use crate::kept::Kept;
use crate::lines::LineEnd;
use crate::row::{Content, Row};
use crate::source::file;
use crate::window::{Document, Window};

/// A record with what became of it.
#[derive(Debug)]
pub(crate) struct MappedRecord {
    pub(crate) origin: Arc<Origin>,
    pub(crate) kept: Kept,
    /// Which item of a JSON body.
    pub(crate) item: Option<usize>,
    pub(crate) outcome: MappingOutcome,
}

/// How reading an input ended.
#[derive(Debug)]
pub(crate) enum End {
    Complete,
    /// It is cut off or damaged, or holds back more than may be; so many documents were still open.
    Incomplete(Box<Problem>, u64),
    /// Nothing of it was taken in: all that is wrong with it, and its first bytes.
    Refused(Vec<Problem>, Vec<u8>),
    /// Whoever took the records wanted no more.
    Stopped(Vec<u8>),
}

/// One input read.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) origin: Arc<Origin>,
    /// Rows, without the heading.
    pub(crate) rows: u64,
    pub(crate) line: u64,
    pub(crate) end: End,
    /// What was read all the same and may be worth a look.
    pub(crate) warnings: Vec<Problem>,
}

enum Rows {
    Csv(Box<CsvRows<Box<dyn BufRead + Send>>>),
    Json(Box<JsonRows<Box<dyn BufRead + Send>>>),
    One(OneRow),
}

impl Rows {
    fn next(&mut self) -> io::Result<Option<Row>> {
        match self {
            Self::Csv(rows) => rows.next(),
            Self::Json(rows) => rows.next(),
            Self::One(row) => Ok(row.next()),
        }
    }

    fn line(&self) -> u64 {
        match self {
            Self::Csv(rows) => rows.line(),
            Self::Json(rows) => rows.line(),
            Self::One(row) => row.line(),
        }
    }
}

/// Whole records before they are mapped.
pub(crate) struct RawDocument<'c> {
    /// What stands before the records, such as a heading, each with its end.
    pub(crate) prelude: &'c [u8],
    pub(crate) rows: Vec<Row>,
    /// Why they are not all of it, or not its alone.
    pub(crate) spoiled: Vec<Problem>,
    pub(crate) charset: Charset,
    /// What the mapping makes of it.
    pub(crate) outcome: MappingOutcome,
}

/// Where records go.
pub(crate) enum To<'t> {
    /// Mapped, each item of a JSON body by itself.
    Mapped(&'t mut dyn FnMut(MappedRecord) -> ControlFlow<()>),
    /// As they stand.
    Cut(&'t mut dyn FnMut(RawDocument<'_>) -> ControlFlow<()>),
}

/// What is read.
pub(crate) enum Unit {
    /// A file, whose records are many.
    File,
    /// A message, which may be one value.
    Message,
}

/// The columns found last: messages of one topic mostly have one heading.
#[derive(Debug, Default)]
pub(crate) struct Planned(Option<(Vec<String>, MappingPlan)>);

impl Planned {
    fn of(&mut self, connector: &Connector, heading: &[String]) -> Result<MappingPlan, Vec<Problem>> {
        if let Some((_, plan)) = self.0.as_ref().filter(|(known, _)| known == heading) {
            return Ok(plan.clone());
        }
        let plan = connector.plan_heading(heading)?;
        self.0 = Some((heading.to_vec(), plan.clone()));
        Ok(plan)
    }
}

/// Reads an input from beginning to end and gives each record to `take`, in an order that depends on the bytes alone.
pub(crate) fn pass(connector: &Connector, input: &Input, count: &Arc<AtomicU64>, to: To<'_>) -> io::Result<Passed> {
    let opened = file::open(input, count)?;
    read(connector, input.resource(), opened, (Unit::File, &mut Planned::default()), to)
}

/// The same of what was opened.
pub(crate) fn read(
    connector: &Connector,
    resource: String,
    opened: file::Opened,
    (unit, planned): (Unit, &mut Planned),
    to: To<'_>,
) -> io::Result<Passed> {
    let read = connector.read_settings();
    let file::Opened { start, mut reader, again, trailing } = opened;
    let plain = Charset { encoding: encoding_rs::UTF_8 };
    let ended =
        |origin: Origin, end: End| Passed { origin: Arc::new(origin), rows: 0, line: 0, end, warnings: Vec::new() };
    let (charset, mark) = match Charset::choose(&read.charset, &start) {
        Ok(chosen) => chosen,
        Err(wrong) if !start.is_empty() => {
            let origin = Origin::new(connector, resource, plain);
            return Ok(ended(origin, End::Refused(vec![fault::mark(&wrong, &start)], start)));
        }
        Err(_) => (plain, 0),
    };
    let mut origin = Origin::new(connector, resource, charset);
    let evidence = match mark == 0 && !read.charset_sure && evidence::can_be_mistaken(charset) {
        true => judged(charset, &start, again.as_ref())?,
        false => None,
    };
    if let Some(Evidence::Utf8(sample)) = &evidence {
        return Ok(ended(origin, End::Refused(vec![fault::utf8(sample, charset, false)], start)));
    }
    reader.consume(mark);
    let behind = start.get(mark..).unwrap_or_default();
    let limit = usize::try_from(read.record_bytes).unwrap_or(usize::MAX);
    let mut rows = match read.format {
        RecordFormat::Ndjson => {
            let end = LineEnd::of(behind, charset, None);
            Rows::Json(Box::new(JsonRows::open(reader, charset, end, limit, mark)))
        }
        RecordFormat::Json if matches!(unit, Unit::Message) => Rows::One(OneRow::open(reader, charset, limit, mark)?),
        RecordFormat::Json => {
            let problem = Problem::new("R0311", "a file is read as lines of JSON")
                .instead("[read] format = \"json\"", "[read] format = \"ndjson\"");
            return Ok(ended(origin, End::Refused(vec![problem], start)));
        }
        RecordFormat::Csv => {
            match CsvRows::open(reader, read, &Opening { charset, limit, mark, start: behind, end: None, closed: None })
            {
                Ok(Ok(rows)) => Rows::Csv(Box::new(rows)),
                Ok(Err(problem)) => return Ok(ended(origin, End::Refused(vec![problem], start))),
                Err(error) if file::is_of_the_file(&error) => {
                    let problem = fault::cut_off(&error, 0, 0);
                    return Ok(ended(origin, End::Incomplete(Box::new(problem), 0)));
                }
                Err(error) => return Err(error),
            }
        }
    };
    if let Rows::Csv(table) = &rows {
        origin.heading = table.heading().to_vec();
        origin.delimiter = table.delimiter();
        origin.returns = table.end() == LineEnd::Return;
        if origin.heading.is_empty() {
            return Ok(ended(origin, End::Complete));
        }
    }
    let plan = match planned.of(connector, &origin.heading) {
        Ok(plan) => plan,
        Err(problems) => return Ok(ended(origin, End::Refused(problems, start))),
    };
    let within = match read.group_within {
        GroupWindow::Rows(rows) => Some(rows),
        GroupWindow::File => None,
    };
    let grouped = !read.group_by.is_empty() && matches!(rows, Rows::Csv(_));
    let origin = Arc::new(origin);
    let mut prelude = start.get(..mark).unwrap_or_default().to_vec();
    if let Rows::Csv(table) = &rows {
        prelude.extend_from_slice(table.prelude());
    }
    let mut pass = Pass {
        connector,
        plan,
        origin: Arc::clone(&origin),
        window: grouped.then(|| Window::new(within)),
        rows: 0,
        prelude,
        belonging: Belonging::default(),
        unsure: evidence == Some(Evidence::Ascii) && again.is_none(),
        to,
    };
    let end = match pass.run(&mut rows)? {
        End::Stopped(_) => End::Stopped(start),
        end => end,
    };
    let mut warnings = if let Rows::Csv(table) = &rows { table.warnings() } else { Vec::new() };
    let told = trailing.lock().unwrap_or_else(PoisonError::into_inner).take();
    warnings.extend(told.map(|told| fault::trailing(&told)));
    Ok(Passed { origin: pass.origin, rows: pass.rows, line: rows.line(), end, warnings })
}

/// What the bytes of an input are, as far as that can be known before its records go in: all of them where they can be
/// read twice, else the first. None where there are no bytes.
fn judged(charset: Charset, start: &[u8], again: Option<&file::Again>) -> io::Result<Option<Evidence>> {
    let found = match again.map(file::Again::open).transpose()? {
        // What fits into the beginning need not be opened again.
        Some(reader) if start.len() >= file::START => evidence::judge(reader, charset, true),
        _ => evidence::judge(start, charset, start.len() < file::START),
    };
    match found {
        Ok(found) => Ok(Some(found)),
        // Damaged further on, which is told where it is read.
        Err(error) if file::is_of_the_file(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

struct Pass<'p, 't> {
    connector: &'p Connector,
    plan: MappingPlan,
    origin: Arc<Origin>,
    window: Option<Window>,
    rows: u64,
    prelude: Vec<u8>,
    belonging: Belonging,
    /// Nothing but ASCII was seen of bytes that come once and are declared as another charset than UTF-8.
    unsure: bool,
    to: To<'t>,
}

impl Pass<'_, '_> {
    fn run(&mut self, rows: &mut Rows) -> io::Result<End> {
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => {
                    let Rows::Csv(table) = rows else { break };
                    let Some(problem) = table.unclosed() else { break };
                    let open = self.window.as_ref().map_or(0, Window::open) as u64;
                    return Ok(End::Incomplete(Box::new(problem), open));
                }
                Err(error) if file::is_of_the_file(&error) => {
                    let open = self.window.as_ref().map_or(0, Window::open);
                    return Ok(End::Incomplete(Box::new(fault::cut_off(&error, rows.line(), open)), open as u64));
                }
                Err(error) => return Err(error),
            };
            if std::mem::take(&mut self.unsure) {
                let charset = self.origin.charset;
                match evidence::judge(row.raw.as_slice(), charset, row.sha256.is_none())? {
                    Evidence::Ascii => self.unsure = true,
                    Evidence::Other => {}
                    Evidence::Utf8(sample) => {
                        let sample = Sample { line: row.place.first_line, ..sample };
                        let open = self.window.as_ref().map_or(0, Window::open) as u64;
                        return Ok(End::Incomplete(Box::new(fault::utf8(&sample, charset, true)), open));
                    }
                }
            }
            if let (Rows::Csv(table), false) = (&*rows, self.origin.closed)
                && table.is_closed()
            {
                Arc::make_mut(&mut self.origin).closed = true;
            }
            self.rows += 1;
            if self.row(row).is_break() {
                return Ok(End::Stopped(Vec::new()));
            }
            let limit = self.connector.read_settings().open_bytes;
            if let Some(window) = self.window.as_ref().filter(|window| window.held() > limit) {
                let open = window.open();
                return Ok(End::Incomplete(Box::new(fault::held(limit, rows.line(), open)), open as u64));
            }
        }
        while let Some(document) = self.window.as_mut().and_then(Window::rest) {
            if self.document(document).is_break() {
                return Ok(End::Stopped(Vec::new()));
            }
        }
        Ok(End::Complete)
    }

    fn row(&mut self, mut row: Row) -> ControlFlow<()> {
        self.belonging.fill(&self.plan, &mut row);
        let Some(window) = &mut self.window else {
            return self.document(Document { rows: vec![row], ..Document::default() });
        };
        let (plan, resource) = (&self.plan, self.origin.resource.as_str());
        let columns = &self.connector.read_settings().group_by;
        let line = row.place.first_line;
        let (place, fault) = match &row.content {
            Content::Fields(fields) => {
                (self.belonging.of(plan, fields, || map(plan, resource, std::slice::from_ref(&row))), None)
            }
            Content::Bad(problem, readings) => {
                let place = self.belonging.of_bad(plan, readings);
                let own = match &place {
                    Place::Of(key) | Place::Below(key) => Some(key),
                    Place::Nowhere | Place::Alone => None,
                };
                let cause = fault::neighbour(line, problem);
                let feared = readings.iter().skip(1).filter_map(|fields| plan.group_key(fields));
                for feared in feared.filter(|key| !key.contains('\u{FFFD}') && Some(key) != own) {
                    window.spoil(&feared, cause.clone());
                }
                (place, Some((**problem).clone()))
            }
            Content::Json(_) => (Place::Alone, None),
        };
        let readable = fault.is_none();
        if let Content::Bad(_, readings) = &mut row.content {
            // What it may have been is needed no longer.
            *readings = Vec::new();
        }
        match place {
            Place::Of(key) => window.add(&key, row, fault),
            Place::Below(key) => {
                let fault = fault.unwrap_or_else(|| fault::keyless(line, columns, true));
                window.add(&key, row, Some(fault));
            }
            // What cannot be read says so itself.
            Place::Nowhere | Place::Alone => {
                window.pass();
                let keyless = place == Place::Nowhere && readable;
                let spoiled = keyless.then(|| fault::keyless(line, columns, false)).into_iter().collect();
                self.document(Document { rows: vec![row], spoiled })?;
            }
        }
        while let Some(document) = self.window.as_mut().and_then(Window::due) {
            self.document(document)?;
        }
        ControlFlow::Continue(())
    }

    fn document(&mut self, mut document: Document) -> ControlFlow<()> {
        if let To::Cut(take) = &mut self.to {
            let outcome = glimpse(self.connector, &self.plan, &self.origin.resource, &document.rows);
            return take(RawDocument {
                prelude: &self.prelude,
                rows: document.rows,
                spoiled: document.spoiled,
                charset: self.origin.charset,
                outcome,
            });
        }
        let mut problems = std::mem::take(&mut document.spoiled);
        if self.window.is_none() || problems.is_empty() {
            problems.extend(document.rows.iter().filter_map(|row| match &row.content {
                Content::Bad(problem, _) => Some((**problem).clone()),
                _ => None,
            }));
        }
        if !problems.is_empty() {
            return self.give(document.rows, None, MappingOutcome::Quarantined(problems));
        }
        if let [Row { content: Content::Json(body), .. }] = document.rows.as_mut_slice() {
            let body = std::mem::take(body);
            return self.body(&body, document.rows);
        }
        let outcome = map(&self.plan, &self.origin.resource, &document.rows);
        self.give(document.rows, None, outcome)
    }

    /// Each item of a JSON body is a record of its own and fails alone.
    fn body(&mut self, body: &serde_json::Value, mut rows: Vec<Row>) -> ControlFlow<()> {
        let found = match self.connector.select_records(body) {
            Ok(found) => found,
            Err(mut problem) => {
                problem.lines = rows.iter().map(|row| row.place.first_line).collect();
                return self.give(rows, None, MappingOutcome::Quarantined(vec![*problem]));
            }
        };
        let items = match found {
            None => return self.give(rows, None, MappingOutcome::Skipped { reason: "not for us".to_owned() }),
            Some(items) if items.is_empty() => {
                return self.give(rows, None, MappingOutcome::Skipped { reason: "no records in it".to_owned() });
            }
            Some(items) => items,
        };
        let whole = items.len() == 1 && items.first().is_some_and(|item| std::ptr::eq(*item, body));
        for (n, item) in items.into_iter().enumerate() {
            let outcome = map_item(&self.plan, &self.origin.resource, &rows, item, body);
            let own = if whole { std::mem::take(&mut rows) } else { rows.clone() };
            self.give(own, (!whole).then_some(n), outcome)?;
        }
        ControlFlow::Continue(())
    }

    fn give(&mut self, rows: Vec<Row>, item: Option<usize>, outcome: MappingOutcome) -> ControlFlow<()> {
        // Skipped records leave nothing to keep; the rest is freed where it was made.
        let kept = match outcome {
            MappingOutcome::Skipped { .. } => Kept::default(),
            _ => Kept::of(rows, self.origin.charset),
        };
        match &mut self.to {
            To::Mapped(take) => take(MappedRecord { origin: Arc::clone(&self.origin), kept, item, outcome }),
            To::Cut(_) => ControlFlow::Continue(()),
        }
    }
}

/// What the mapping makes of a record, the first where it is several.
fn glimpse(connector: &Connector, plan: &MappingPlan, resource: &str, rows: &[Row]) -> MappingOutcome {
    match rows {
        [Row { content: Content::Json(body), .. }] => {
            match connector.select_records(body).ok().flatten().unwrap_or_default().first() {
                Some(item) => map_item(plan, resource, rows, item, body),
                None => MappingOutcome::Quarantined(Vec::new()),
            }
        }
        rows if rows.iter().all(|row| matches!(row.content, Content::Fields(_))) => map(plan, resource, rows),
        _ => MappingOutcome::Quarantined(Vec::new()),
    }
}

/// Maps a record of table rows.
pub(crate) fn map(plan: &MappingPlan, resource: &str, rows: &[Row]) -> MappingOutcome {
    let said: Vec<NumberedRow<'_>> = (rows.iter())
        .filter_map(|row| match &row.content {
            Content::Fields(fields) => Some(NumberedRow { row: RowSaid::Table(fields), line: row.place.first_line }),
            _ => None,
        })
        .collect();
    plan.map(&record(resource, &said, rows))
}

/// Maps one item of a JSON body.
pub(crate) fn map_item(
    plan: &MappingPlan,
    resource: &str,
    rows: &[Row],
    item: &serde_json::Value,
    body: &serde_json::Value,
) -> MappingOutcome {
    let line = rows.first().map_or(0, |row| row.place.first_line);
    plan.map(&record(resource, &[NumberedRow { row: RowSaid::Json(item, body), line }], rows))
}

fn record<'r>(resource: &'r str, said: &'r [NumberedRow<'r>], rows: &[Row]) -> SourceRecord<'r> {
    let offset = rows.iter().map(|r| r.place.offset).min().unwrap_or(0);
    let end = rows.iter().map(|r| r.place.offset + r.place.length).max().unwrap_or(0);
    SourceRecord {
        resource,
        rows: said,
        last_line: rows.iter().map(|r| r.place.last_line).max().unwrap_or(0),
        offset,
        length: end.saturating_sub(offset),
    }
}
