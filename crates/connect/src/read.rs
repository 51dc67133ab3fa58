//! The one reader: what a source gives, as rows of its format, as documents.

use std::cell::Cell;
use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};

use onefold_event::Problem;
use onefold_format::{
    Charset, FormatInput, RawRow, ReadAgain, ResumePoint, RowContent, RowReader, START_BYTES, Utf8Evidence, Utf8Sample,
    format_of, is_damage,
};
use onefold_mapping::{Connector, GroupWindow, MappingPlan};
use serde::{Deserialize, Serialize};

use crate::belongs::{Belonging, RowMembership};
use crate::entry::Origin;
use crate::fault;
use crate::map::map_rows;
use crate::source::ByteSource;
use crate::source::{file, hook};
use crate::window::{SourceDocument, Window};

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

/// How far an input was read: behind a whole document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadPosition {
    /// Bytes before the next row. 0 where rows cannot be gone on from: then documents are counted off from the beginning.
    pub(crate) offset: u64,
    /// Lines before it.
    pub(crate) line: u64,
    /// Documents given.
    pub(crate) documents: u64,
}

/// From where an input is read, and how far it is.
#[derive(Debug, Default)]
pub(crate) struct ReadCursor {
    pub(crate) from: ReadPosition,
    /// Behind the last document that its sink has taken.
    pub(crate) at: Cell<ReadPosition>,
    /// Somebody still writes to it: a row that is not closed yet is waited for.
    pub(crate) follows: bool,
}

impl ReadCursor {
    pub(crate) fn new(from: ReadPosition, follows: bool) -> Self {
        Self { from, at: Cell::new(from), follows }
    }
}

/// One input read.
#[derive(Debug)]
pub(crate) struct ReadSummary {
    pub(crate) origin: Arc<Origin>,
    /// Rows, without the heading.
    pub(crate) rows: u64,
    pub(crate) line: u64,
    pub(crate) end: End,
    /// What was read all the same and may be worth a look.
    pub(crate) warnings: Vec<Problem>,
}

/// What rows of one input share.
pub(crate) struct InputContext<'c> {
    pub(crate) connector: &'c Connector,
    pub(crate) plan: MappingPlan,
    pub(crate) origin: Arc<Origin>,
    /// What stands before the records, such as a heading, each with its end.
    pub(crate) prelude: Vec<u8>,
    /// What ends the last row of a record that stands alone.
    pub(crate) closing: Vec<u8>,
    /// Rows are held back until their document is whole.
    pub(crate) grouped: bool,
}

/// What becomes of documents.
pub(crate) trait DocumentSink {
    /// Takes one; no more are read once it breaks.
    fn take(&mut self, context: &InputContext<'_>, document: SourceDocument) -> ControlFlow<()>;
}

/// The columns found last: messages of one topic mostly have one heading.
#[derive(Debug, Default)]
pub(crate) struct PlanCache(Option<(Vec<String>, MappingPlan)>);

impl PlanCache {
    pub(crate) fn of(&mut self, connector: &Connector, heading: &[String]) -> Result<MappingPlan, Vec<Problem>> {
        if let Some((_, plan)) = self.0.as_ref().filter(|(known, _)| known == heading) {
            return Ok(plan.clone());
        }
        let plan = connector.plan_heading(heading)?;
        self.0 = Some((heading.to_vec(), plan.clone()));
        Ok(plan)
    }
}

/// Reads what a source gives from beginning to end and gives each document to `sink`, in an order that depends on the bytes
/// alone.
pub(crate) fn read(
    connector: &Connector,
    source: &dyn ByteSource,
    planned: &mut PlanCache,
    sink: &mut dyn DocumentSink,
) -> io::Result<ReadSummary> {
    let read = connector.read_settings();
    let from = source.cursor().map(|cursor| cursor.from).unwrap_or_default();
    let resource = source.resource();
    let mut opened = source.open()?;
    if let Some(form) = connector.form_of(&resource) {
        let start = opened.start.clone();
        opened = match hook::unfold(opened, form, read.record_bytes)? {
            Ok(record) => record,
            Err(problem) => {
                let origin = Origin::new(connector, resource, Charset::UTF_8);
                let end = End::Refused(vec![problem], start);
                return Ok(ReadSummary { origin: Arc::new(origin), rows: 0, line: 0, end, warnings: Vec::new() });
            }
        };
    }
    let file::Opened { start, mut reader, again, trailing, .. } = opened;
    let ended = |origin: Origin, end: End| ReadSummary {
        origin: Arc::new(origin),
        rows: 0,
        line: 0,
        end,
        warnings: Vec::new(),
    };
    let (charset, mark_length) = match Charset::choose(&read.charset, &start) {
        Ok(chosen) => chosen,
        Err(wrong) if !start.is_empty() => {
            let origin = Origin::new(connector, resource, Charset::UTF_8);
            return Ok(ended(origin, End::Refused(vec![wrong.problem(&start)], start)));
        }
        Err(_) => (Charset::UTF_8, 0),
    };
    let mut origin = Origin::new(connector, resource, charset);
    // Whoever goes on has judged it before.
    let unjudged = from == ReadPosition::default() && !read.charset_sure;
    let evidence = match mark_length == 0 && unjudged && Utf8Evidence::is_needed(charset) {
        true => judged(charset, &start, again.as_ref())?,
        false => None,
    };
    if let Some(Utf8Evidence::Utf8(sample)) = &evidence {
        return Ok(ended(origin, End::Refused(vec![sample.problem(charset, false)], start)));
    }
    reader.consume(mark_length);
    let behind = start.get(mark_length..).unwrap_or_default();
    let reopen = again.as_ref().map(|again| || again.open());
    let again_once = reopen.as_ref().map(|reopen| reopen as ReadAgain<'_>);
    let input = FormatInput { reader, charset, mark_length, start: behind, unit: source.unit(), again: again_once };
    let mut rows = match format_of(read.format).open(input, read) {
        Ok(Ok(rows)) => rows,
        Ok(Err(problem)) => return Ok(ended(origin, End::Refused(vec![problem], start))),
        Err(error) if is_damage(&error) => {
            let problem = fault::cut_off(&error, 0, 0);
            return Ok(ended(origin, End::Incomplete(Box::new(problem), 0)));
        }
        Err(error) => return Err(error),
    };
    if let Some(layout) = rows.layout() {
        origin.layout = layout.clone();
        if layout.heading.is_empty() {
            return Ok(ended(origin, End::Complete));
        }
    }
    let plan = match planned.of(connector, &origin.layout.heading) {
        Ok(plan) => plan,
        Err(problems) => return Ok(ended(origin, End::Refused(problems, start))),
    };
    let within = match read.group_within {
        GroupWindow::Rows(rows) => Some(rows),
        GroupWindow::File => None,
    };
    let grouped = !read.group_by.is_empty();
    let mut prelude = start.get(..mark_length).unwrap_or_default().to_vec();
    prelude.extend_from_slice(rows.prelude());
    let (origin, closing) = (Arc::new(origin), rows.closing().to_vec());
    // What a row says may hang on rows above it: then they are read again, and their documents counted off.
    let apart = !grouped && read.fill_down.is_empty();
    let skip = match apart && go_on(source, rows.as_mut(), from)? {
        true => 0,
        false => from.documents,
    };
    let mut documents = DocumentReader {
        context: InputContext { connector, plan, origin, prelude, closing, grouped },
        window: grouped.then(|| Window::new(within)),
        rows: 0,
        belonging: Belonging::default(),
        unsure: evidence == Some(Utf8Evidence::Ascii) && again.is_none(),
        cursor: source.cursor(),
        apart,
        skip,
        sink,
    };
    let end = match documents.run(rows.as_mut())? {
        End::Stopped(_) => End::Stopped(start),
        end => end,
    };
    let mut warnings = rows.warnings();
    let told = trailing.lock().unwrap_or_else(PoisonError::into_inner).take();
    warnings.extend(told.map(|told| fault::trailing(&told)));
    Ok(ReadSummary { origin: documents.context.origin, rows: documents.rows, line: rows.line(), end, warnings })
}

/// Goes on where reading ended; false where that is known by counting documents alone.
fn go_on(source: &dyn ByteSource, rows: &mut dyn RowReader, from: ReadPosition) -> io::Result<bool> {
    let ReadPosition { offset, line, .. } = from;
    if offset == 0 {
        return Ok(false);
    }
    let Some(reader) = source.open_at(offset)? else { return Ok(false) };
    Ok(rows.resume(ResumePoint { reader, offset, line }))
}

/// What the bytes of an input are, as far as that can be known before its records go in: all of them where they can be
/// read twice, else the first. None where there are no bytes.
fn judged(charset: Charset, start: &[u8], again: Option<&file::Again>) -> io::Result<Option<Utf8Evidence>> {
    let found = match again.map(file::Again::open).transpose()? {
        // What fits into the beginning need not be opened again.
        Some(reader) if start.len() >= START_BYTES => Utf8Evidence::judge(reader, charset, true),
        _ => Utf8Evidence::judge(start, charset, start.len() < START_BYTES),
    };
    match found {
        Ok(found) => Ok(Some(found)),
        // Damaged further on, which is told where it is read.
        Err(error) if is_damage(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

struct DocumentReader<'r, 's> {
    context: InputContext<'r>,
    window: Option<Window>,
    rows: u64,
    belonging: Belonging,
    /// Nothing but ASCII was seen of bytes that come once and are declared as another charset than UTF-8.
    unsure: bool,
    cursor: Option<&'r ReadCursor>,
    /// Each row is read by itself, so that its end is a place to go on from.
    apart: bool,
    /// Documents that were given before.
    skip: u64,
    sink: &'s mut dyn DocumentSink,
}

impl DocumentReader<'_, '_> {
    fn run(&mut self, rows: &mut dyn RowReader) -> io::Result<End> {
        loop {
            let row = match rows.next_row() {
                Ok(Some(row)) => row,
                Ok(None) => {
                    let Some(problem) = rows.take_unclosed() else { break };
                    let open = self.window.as_ref().map_or(0, Window::open) as u64;
                    return Ok(End::Incomplete(Box::new(problem), open));
                }
                Err(error) if is_damage(&error) => {
                    let open = self.window.as_ref().map_or(0, Window::open);
                    return Ok(End::Incomplete(Box::new(fault::cut_off(&error, rows.line(), open)), open as u64));
                }
                Err(error) => return Err(error),
            };
            if std::mem::take(&mut self.unsure) {
                let charset = self.context.origin.charset;
                match Utf8Evidence::judge(row.raw.as_slice(), charset, row.sha256.is_none())? {
                    Utf8Evidence::Ascii => self.unsure = true,
                    Utf8Evidence::Other => {}
                    Utf8Evidence::Utf8(sample) => {
                        let sample = Utf8Sample { line: row.place.first_line, ..sample };
                        let open = self.window.as_ref().map_or(0, Window::open) as u64;
                        return Ok(End::Incomplete(Box::new(sample.problem(charset, true)), open));
                    }
                }
            }
            // Known once the first such row was met, and needed by every entry from there on.
            if !self.context.origin.layout.closed && rows.layout().is_some_and(|layout| layout.closed) {
                Arc::make_mut(&mut self.context.origin).layout.closed = true;
            }
            if self.is_unfinished(&row) {
                return Ok(End::Complete);
            }
            self.rows += 1;
            if self.row(row).is_break() {
                return Ok(End::Stopped(Vec::new()));
            }
            self.note_place(rows);
            let limit = self.context.connector.read_settings().open_bytes;
            if let Some(window) = self.window.as_ref().filter(|window| window.held() > limit) {
                let open = window.open();
                return Ok(End::Incomplete(Box::new(fault::held(limit, rows.line(), open)), open as u64));
            }
        }
        while let Some(document) = self.window.as_mut().and_then(Window::rest) {
            if self.give(document).is_break() {
                return Ok(End::Stopped(Vec::new()));
            }
        }
        self.note_place(rows);
        Ok(End::Complete)
    }

    /// Notes where the next row begins.
    fn note_place(&self, rows: &dyn RowReader) {
        if let Some(cursor) = self.cursor.filter(|_| self.apart) {
            let (offset, line) = (rows.position(), rows.line());
            cursor.at.set(ReadPosition { offset, line, ..cursor.at.get() });
        }
    }

    fn row(&mut self, mut row: RawRow) -> ControlFlow<()> {
        self.belonging.fill(&self.context.plan, &mut row);
        let Some(window) = &mut self.window else {
            return self.give(SourceDocument { rows: vec![row], ..SourceDocument::default() });
        };
        let (plan, resource) = (&self.context.plan, self.context.origin.resource.as_str());
        let columns = &self.context.connector.read_settings().group_by;
        let line = row.place.first_line;
        let (place, fault) = match &row.content {
            RowContent::Fields(fields) => {
                (self.belonging.of(plan, fields, || map_rows(plan, resource, std::slice::from_ref(&row))), None)
            }
            RowContent::Bad(problem, readings) => {
                let place = self.belonging.of_bad(plan, readings);
                let own = match &place {
                    RowMembership::Of(key) | RowMembership::Below(key) => Some(key),
                    RowMembership::Nowhere | RowMembership::Alone => None,
                };
                let cause = fault::neighbour(line, problem);
                let feared = readings.iter().skip(1).filter_map(|fields| plan.group_key(fields));
                for feared in feared.filter(|key| !key.contains('\u{FFFD}') && Some(key) != own) {
                    window.spoil(&feared, cause.clone());
                }
                (place, Some((**problem).clone()))
            }
            RowContent::Json(_) | RowContent::Record(..) => (RowMembership::Alone, None),
        };
        let readable = fault.is_none();
        if let RowContent::Bad(_, readings) = &mut row.content {
            // What it may have been is needed no longer.
            *readings = Vec::new();
        }
        match place {
            RowMembership::Of(key) => window.add(&key, row, fault),
            RowMembership::Below(key) => {
                let fault = fault.unwrap_or_else(|| fault::keyless(line, columns, true));
                window.add(&key, row, Some(fault));
            }
            // What cannot be read says so itself.
            RowMembership::Nowhere | RowMembership::Alone => {
                window.pass();
                let keyless = place == RowMembership::Nowhere && readable;
                let spoiled = keyless.then(|| fault::keyless(line, columns, false)).into_iter().collect();
                self.give(SourceDocument { rows: vec![row], spoiled })?;
            }
        }
        while let Some(document) = self.window.as_mut().and_then(Window::due) {
            self.give(document)?;
        }
        ControlFlow::Continue(())
    }

    /// Whether it is the last row of a file that is followed, and its quote is not closed yet.
    fn is_unfinished(&self, row: &RawRow) -> bool {
        let open = matches!(&row.content, RowContent::Bad(problem, _) if problem.code == "R0305");
        open && self.cursor.is_some_and(|cursor| cursor.follows)
    }

    fn give(&mut self, document: SourceDocument) -> ControlFlow<()> {
        if self.skip > 0 {
            self.skip -= 1;
            return ControlFlow::Continue(());
        }
        self.sink.take(&self.context, document)?;
        if let Some(cursor) = self.cursor {
            let at = cursor.at.get();
            cursor.at.set(ReadPosition { documents: at.documents + 1, ..at });
        }
        ControlFlow::Continue(())
    }
}
