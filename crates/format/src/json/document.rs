//! The records of a document in a file, one after the other.

use std::io::{self, BufRead};
use std::sync::Arc;

use onefold_event::Problem;
use onefold_mapping::{PathStep, ReadSettings};
use serde_json::Value;

use crate::charset::Charset;
use crate::fault;
use crate::format::RowReader;
use crate::json::scan::{JsonScanner, ScanStop, ScannedBytes};
use crate::json::surroundings::RecordSurroundings;
use crate::row::{RawRow, RowContent, RowPlace};

/// Longest key of an object that a path may go by.
const KEY_BYTES: usize = 64 << 10;
/// By which DOS and CP/M end a text.
const END_OF_TEXT: u8 = 0x1A;

/// Where a path through a document ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathEnd {
    /// Within a list, before its first item.
    List,
    /// Before an object.
    Object,
    /// Before another value, which may be one that cannot be gone into.
    Value,
    /// Behind the last member of an object or list that lacks it.
    Nothing,
}

/// What the values that are read are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadingPlace {
    /// Between documents.
    Outside,
    /// In a list of bodies; whether any came.
    Bodies(bool),
    /// In a list of records; the same.
    Records(bool),
}

/// Reads the records of one file.
pub(crate) struct JsonDocument<R> {
    scanner: JsonScanner<R>,
    limit: usize,
    records: Option<Vec<PathStep>>,
    around: Option<RecordSurroundings>,
    place: ReadingPlace,
    /// What closes the objects and lists around the values that are read.
    open: Vec<u8>,
    /// The first byte of the documents so far, which all have.
    kind: Option<u8>,
    documents: u64,
    /// What stands around the records of the first is read, so that no other may follow.
    alone: bool,
    prelude: Vec<u8>,
    closing: Vec<u8>,
    unclosed: Option<Problem>,
}

impl<R: BufRead> JsonDocument<R> {
    /// `around` is what stands around its records, where the mapping reads it. `start` is how it begins.
    pub(crate) fn open(
        reader: R,
        settings: &ReadSettings,
        around: Option<RecordSurroundings>,
        start: &[u8],
        mark_length: usize,
    ) -> Self {
        let limit = usize::try_from(settings.record_bytes).unwrap_or(usize::MAX);
        let begins = start.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
        let records = settings.records.clone();
        let parted = records.as_ref().zip(begins).is_some_and(|(steps, begins)| is_parted(steps, begins));
        let alone = settings.reads_body && parted;
        let (prelude, closing) = match (&around, &records) {
            (Some(around), _) => (around.before.clone(), around.after.clone()),
            (None, Some(steps)) if parted => wrap(steps),
            _ => (Vec::new(), Vec::new()),
        };
        let (scanner, place) = (JsonScanner::new(reader, mark_length as u64), ReadingPlace::Outside);
        Self {
            scanner,
            limit,
            records,
            around,
            place,
            open: Vec::new(),
            kind: None,
            documents: 0,
            alone,
            prelude,
            closing,
            unclosed: None,
        }
    }

    fn next(&mut self) -> Result<Option<RawRow>, ScanStop> {
        let mut passed = ScannedBytes::nowhere();
        loop {
            let (begun, record) = match self.place {
                ReadingPlace::Outside => {
                    let Some(begins) = self.scanner.peek(&mut passed)? else { return Ok(None) };
                    if begins == END_OF_TEXT {
                        self.scanner.bump(&mut passed)?;
                        continue;
                    }
                    if let Some(row) = self.document(begins)? {
                        return Ok(Some(row));
                    }
                    continue;
                }
                ReadingPlace::Bodies(begun) => (begun, false),
                ReadingPlace::Records(begun) => (begun, true),
            };
            if self.scanner.peek_within(&mut passed)? == b']' {
                leave(&mut self.scanner, &mut self.open, &mut passed)?;
                self.place = ReadingPlace::Outside;
                continue;
            }
            if begun {
                self.scanner.expect(b',', &mut passed)?;
                self.scanner.peek_within(&mut passed)?;
            }
            self.place = if record { ReadingPlace::Records(true) } else { ReadingPlace::Bodies(true) };
            return self.row(ScannedBytes::within(self.limit), record).map(Some);
        }
    }

    /// Goes into a document that begins with this byte. Answers its row where it is one itself.
    fn document(&mut self, begins: u8) -> Result<Option<RawRow>, ScanStop> {
        // A record that is sent alone has around it what the first document has, so that others must have the same.
        let alone = self.alone && self.documents > 0;
        if alone || *self.kind.get_or_insert(begins) != begins {
            return Err(self.scanner.bad(begins, "the end of the file: its records are those of one document"));
        }
        self.documents += 1;
        let mut whole = ScannedBytes::within(self.limit);
        let Some(steps) = self.records.clone().filter(|steps| is_parted(steps, begins)) else {
            if begins != b'[' {
                return self.row(whole, false).map(Some);
            }
            self.scanner.bump(&mut whole)?;
            (self.open, self.place) = (vec![b']'], ReadingPlace::Bodies(false));
            return Ok(None);
        };
        let (line, offset) = (self.scanner.line, self.scanner.offset);
        let end = descend(&mut self.scanner, &steps, &mut self.open, &mut whole)?;
        match end {
            PathEnd::List => {
                self.place = ReadingPlace::Records(false);
                return Ok(None);
            }
            PathEnd::Object => {
                let row = self.row(ScannedBytes::within(self.limit), true)?;
                leave(&mut self.scanner, &mut self.open, &mut ScannedBytes::nowhere())?;
                return Ok(Some(row));
            }
            PathEnd::Value => self.scanner.value(&mut whole)?,
            PathEnd::Nothing => {}
        }
        // It has no records: as a whole it says so, or that it is of another shape.
        leave(&mut self.scanner, &mut self.open, &mut whole)?;
        Ok(Some(self.finish_row(whole, line, offset, false)))
    }

    fn row(&mut self, mut into: ScannedBytes, record: bool) -> Result<RawRow, ScanStop> {
        let (line, offset) = (self.scanner.line, self.scanner.offset);
        self.scanner.value(&mut into)?;
        Ok(self.finish_row(into, line, offset, record))
    }

    fn finish_row(&self, mut into: ScannedBytes, first_line: u64, offset: u64, record: bool) -> RawRow {
        let sha256 = into.cut();
        let content = match sha256 {
            Some(_) => RowContent::Bad(Box::new(fault::long(into.length, self.limit, first_line)), Vec::new()),
            None => match parse(&into.raw, first_line) {
                Ok(value) if record => {
                    RowContent::Record(value, self.around.as_ref().map(|around| Arc::clone(&around.body)))
                }
                Ok(value) => RowContent::Json(value),
                Err(problem) => RowContent::Bad(problem, Vec::new()),
            },
        };
        let place = RowPlace { first_line, last_line: self.scanner.line, offset, length: into.length };
        RawRow { place, raw: into.raw, sha256, content, filled: Vec::new() }
    }
}

impl<R: BufRead + Send> RowReader for JsonDocument<R> {
    fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        if self.unclosed.is_some() {
            return Ok(None);
        }
        match self.next() {
            Ok(row) => Ok(row),
            Err(ScanStop::Io(error)) => Err(error),
            Err(ScanStop::Bad(problem)) => {
                self.unclosed = Some(*problem);
                Ok(None)
            }
        }
    }

    fn line(&self) -> u64 {
        self.scanner.line
    }

    fn prelude(&self) -> &[u8] {
        &self.prelude
    }

    fn closing(&self) -> &[u8] {
        &self.closing
    }

    fn take_unclosed(&mut self) -> Option<Problem> {
        self.unclosed.take()
    }
}

fn parse(raw: &[u8], line: u64) -> Result<Value, Box<Problem>> {
    let text = Charset::UTF_8.decode(raw).map_err(|bad| fault::bytes(Charset::UTF_8, &bad, line))?;
    serde_json::from_str(&text).map_err(|error| Box::new(fault::no_record(&error, line)))
}

/// Whether the path leads into a document that begins so. A list is one of bodies, unless the path says which of its items.
pub(crate) fn is_parted(steps: &[PathStep], begins: u8) -> bool {
    begins != b'[' || !matches!(steps.first(), Some(PathStep::Key(_)))
}

/// Goes along a path, as far as it leads; what it goes into is added to `open`.
pub(crate) fn descend<R: BufRead>(
    scanner: &mut JsonScanner<R>,
    steps: &[PathStep],
    open: &mut Vec<u8>,
    into: &mut ScannedBytes,
) -> Result<PathEnd, ScanStop> {
    for step in steps {
        let found = match (step, scanner.peek_within(into)?) {
            (PathStep::Key(key), b'{') => {
                scanner.bump(into)?;
                open.push(b'}');
                find_key(scanner, key, into)?
            }
            (PathStep::Index(n), b'[') => {
                scanner.bump(into)?;
                open.push(b']');
                find_item(scanner, *n, into)?
            }
            _ => return Ok(PathEnd::Value),
        };
        if !found {
            return Ok(PathEnd::Nothing);
        }
    }
    Ok(match scanner.peek_within(into)? {
        b'[' => {
            scanner.bump(into)?;
            open.push(b']');
            PathEnd::List
        }
        b'{' => PathEnd::Object,
        _ => PathEnd::Value,
    })
}

/// Up to the value of this key; false at the end of the object.
fn find_key<R: BufRead>(scanner: &mut JsonScanner<R>, wanted: &str, into: &mut ScannedBytes) -> Result<bool, ScanStop> {
    let mut begun = false;
    while scanner.peek_within(into)? != b'}' {
        if begun {
            scanner.expect(b',', into)?;
        }
        if read_key(scanner, into)?.as_deref() == Some(wanted) {
            scanner.peek_within(into)?;
            return Ok(true);
        }
        scanner.value(into)?;
        begun = true;
    }
    Ok(false)
}

/// A key with its colon; none of one that is no text.
fn read_key<R: BufRead>(scanner: &mut JsonScanner<R>, into: &mut ScannedBytes) -> Result<Option<String>, ScanStop> {
    match scanner.peek_within(into)? {
        b'"' => {}
        found => return Err(scanner.bad(found, "a key in quotes")),
    }
    let mut key = ScannedBytes::within(KEY_BYTES);
    scanner.value(&mut key)?;
    if key.is_cut() {
        return Err(ScanStop::Bad(Box::new(fault::long(key.length, KEY_BYTES, scanner.line))));
    }
    into.push(&key.raw);
    scanner.expect(b':', into)?;
    // What is no text in JSON is no key of a path; whether it may stand there is told where the value is read.
    Ok(serde_json::from_slice(&key.raw).ok())
}

/// Up to the item at this place, from 0; false at the end of the list.
fn find_item<R: BufRead>(scanner: &mut JsonScanner<R>, n: usize, into: &mut ScannedBytes) -> Result<bool, ScanStop> {
    for at in 0..=n {
        if scanner.peek_within(into)? == b']' {
            return Ok(false);
        }
        if at > 0 {
            scanner.expect(b',', into)?;
        }
        if at == n {
            scanner.peek_within(into)?;
            return Ok(true);
        }
        scanner.value(into)?;
    }
    Ok(false)
}

/// Reads on to the end of all that was gone into.
pub(crate) fn leave<R: BufRead>(
    scanner: &mut JsonScanner<R>,
    open: &mut Vec<u8>,
    into: &mut ScannedBytes,
) -> Result<(), ScanStop> {
    while let Some(close) = open.pop() {
        // A value was read within it, or there is none.
        while scanner.peek_within(into)? != close {
            scanner.expect(b',', into)?;
            if close == b'}' {
                read_key(scanner, into)?;
            }
            scanner.value(into)?;
        }
        scanner.bump(into)?;
    }
    Ok(())
}

/// The least document that has a record where the path says: what stands before it, and what behind.
fn wrap(steps: &[PathStep]) -> (Vec<u8>, Vec<u8>) {
    let (mut before, mut after) = (String::new(), String::from("]"));
    for step in steps {
        match step {
            PathStep::Key(key) => {
                before.push_str(&format!("{{{}:", Value::from(key.as_str())));
                after.push('}');
            }
            // No path of records has it: the mapping's compiler refuses it.
            PathStep::Every => {}
            PathStep::Index(n) => {
                before.push('[');
                before.push_str(&"null,".repeat(*n));
                after.push(']');
            }
        }
    }
    // The innermost is closed first.
    let (list, rest) = after.split_at(1);
    let after = [list, &rest.chars().rev().collect::<String>()].concat();
    (format!("{before}[").into_bytes(), after.into_bytes())
}
