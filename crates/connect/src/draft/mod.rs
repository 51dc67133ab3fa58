//! A first connector file from a sample: the sample is read as an ingest reads it, and its columns are looked at.

mod table;

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use onefold_format::{Charset, ReadUnit, RowContent};
use onefold_mapping::{ColumnSample, Connector, DraftSource, TableRow, draft_connector};
use serde_json::Value;

use crate::Input;
use crate::draft::table::guess_table;
use crate::read::{DocumentSink, End, InputContext, PlanCache, read};
use crate::sample::visit_leaves;
use crate::source::ByteSource;
use crate::source::file::{InputSource, Opened, ReadJob, open_bytes};
use crate::window::SourceDocument;

/// Bytes of a sample that are looked at.
const MOST_BYTES: u64 = 8 << 20;
/// Columns or paths that are told apart.
const MOST_COLUMNS: usize = 300;

/// Why nothing could be drafted.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum DraftError {
    #[error("{input} could not be read: {error}")]
    Read { input: String, error: io::Error },
    #[error("{input} holds nothing that a connector file could be drafted from: {why}")]
    Empty { input: String, why: String },
}

/// Drafts a connector file of this name from the first 8 MiB of a sample: CSV, JSON, or lines of JSON, packed or not.
///
/// # Errors
/// The sample cannot be read, or has no records.
pub fn draft(input: &Input, name: &str) -> Result<String, DraftError> {
    let failed = |error: io::Error| DraftError::Read { input: input.to_string(), error };
    let mut bytes = Vec::new();
    let (job, count) = (ReadJob { input: input.clone(), watched: None }, Arc::default());
    let Opened { reader, .. } = InputSource::new(&job, &count).open().map_err(failed)?;
    reader.take(MOST_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    let is_part = bytes.len() as u64 == MOST_BYTES;
    let empty = |why: &str| DraftError::Empty { input: input.to_string(), why: why.to_owned() };
    let charset = guess_charset(&bytes, is_part);
    let start = bytes.get(..4).unwrap_or(&bytes);
    let (decoder, mark) = Charset::choose(&[charset.unwrap_or("utf-8").to_owned()], start)
        .map_err(|_| empty("its byte order mark is of a charset that it is not in"))?;
    let shown = decoder.show_text(bytes.get(mark..).unwrap_or_default()).into_owned();
    let mut source = DraftSource {
        name: name.to_owned(),
        file: input.resource(),
        format: guess_format(&shown),
        charset,
        table: None,
        records: None,
        count: 0,
        is_part,
        columns: Vec::new(),
    };
    match source.format {
        "csv" => source.table = Some(guess_table(&shown)),
        "json" => source.records = guess_records(&shown),
        _ => {}
    }
    // A document is read up to where it ends, as one that was cut off.
    if is_part && source.format != "json" {
        // Its last line may be half a line.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
        bytes.truncate(whole);
    }
    let reading = reading_of(&source);
    let connector = Connector::parse("draft.toml", &reading, &|file| Err(format!("no file {file}")))
        .map_err(|problems| empty(&problems.iter().map(|one| one.message.as_str()).collect::<Vec<_>>().join("; ")))?;
    let mut sink = ColumnSink { heading: Vec::new(), columns: Vec::new(), count: 0, stopped: String::new() };
    let sample = SampleBytes { name: input.resource(), bytes: bytes.into() };
    let summary = read(&connector, &sample, &mut PlanCache::default(), &mut sink).map_err(failed)?;
    if sink.count == 0 {
        let why = match summary.end {
            End::Refused(problems, _) => problems.first().map(|problem| problem.message.clone()),
            End::Incomplete(problem, _) => Some(problem.message),
            End::Complete | End::Stopped(_) => None,
        };
        let why = why.filter(|_| sink.stopped.is_empty()).unwrap_or(sink.stopped);
        return Err(empty(if why.is_empty() { "it has no records" } else { &why }));
    }
    (source.count, source.columns) = (sink.count, sink.columns);
    Ok(draft_connector(&source))
}

/// A connector that reads it; what it maps is never asked for.
fn reading_of(source: &DraftSource) -> String {
    let charset = source.charset.map_or_else(String::new, |name| format!("charset = \"{name}\"\n"));
    let table = match &source.table {
        Some(table) => format!("delimiter = \"{}\"\nheader = {}\n", table.delimiter.escape_default(), table.header),
        None => source.records.as_ref().map_or_else(String::new, |records| format!("records = '{records}'\n")),
    };
    format!(
        "[connector]\nname = \"draft\"\nsource = \"draft\"\n[from]\nkind = \"file\"\n[read]\nformat = \"{}\"\n{charset}{table}\
         [event.record]\ntype = \"party.recorded.v1\"\nsubject = \"#line\"\nid = [\"#line\"]\n\
         occurred_at = {{ value = \"2000-01-01T00:00:00Z\" }}\n",
        source.format
    )
}

/// The sample's bytes as a file.
struct SampleBytes {
    name: String,
    bytes: Arc<[u8]>,
}

impl ByteSource for SampleBytes {
    fn resource(&self) -> String {
        self.name.clone()
    }

    fn unit(&self) -> ReadUnit {
        ReadUnit::File
    }

    fn open(&self) -> io::Result<Opened> {
        open_bytes(&self.bytes)
    }
}

/// Looks at columns.
struct ColumnSink {
    heading: Vec<String>,
    columns: Vec<ColumnSample>,
    count: u64,
    /// Why the first record that could not be read could not.
    stopped: String,
}

impl DocumentSink for ColumnSink {
    fn take(&mut self, context: &InputContext<'_>, document: SourceDocument) -> ControlFlow<()> {
        for row in &document.rows {
            match &row.content {
                RowContent::Fields(fields) => {
                    self.begin_table(&context.origin.layout.heading);
                    self.count += 1;
                    for (n, column) in self.columns.iter_mut().enumerate() {
                        column.note(fields.cell(n).unwrap_or_default());
                    }
                }
                RowContent::Record(value, _) | RowContent::Json(value) => self.note_record(value),
                RowContent::Bad(problem, _) => {
                    if self.stopped.is_empty() {
                        self.stopped.clone_from(&problem.message);
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }
}

impl ColumnSink {
    /// A heading that is blank or stands twice is named by its place.
    fn begin_table(&mut self, heading: &[String]) {
        if !self.heading.is_empty() {
            return;
        }
        self.heading = heading.to_vec();
        for (n, name) in heading.iter().enumerate().take(MOST_COLUMNS) {
            let name = name.trim();
            let is_plain = !name.is_empty() && heading.iter().filter(|other| other.trim() == name).count() == 1;
            self.columns.push(ColumnSample::new(match is_plain {
                true if name.starts_with('#') => format!("\\{name}"),
                true => name.to_owned(),
                false => format!("#{}", n + 1),
            }));
        }
    }

    fn note_record(&mut self, value: &Value) {
        self.count += 1;
        let (names, columns) = (&mut self.heading, &mut self.columns);
        visit_leaves(value, "", &mut |path, text| {
            // A list of lists, or a record that is no object, is nothing that a draft could name.
            if path.is_empty() {
                return;
            }
            let place = names.iter().position(|known| known == path).unwrap_or(names.len());
            if place == names.len() {
                if place == MOST_COLUMNS {
                    return;
                }
                names.push(path.to_owned());
                columns.push(ColumnSample::new(path.to_owned()));
            }
            if let Some(column) = columns.get_mut(place) {
                column.note(text);
            }
        });
    }
}

/// None: UTF-8. Marks come first, then what the bytes can be: Chinese text in GB18030 is mostly two-byte characters of its first planes.
fn guess_charset(bytes: &[u8], is_part: bool) -> Option<&'static str> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Some("utf-16");
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => return None,
        Err(error) if is_part && error.error_len().is_none() => return None,
        Err(_) => {}
    }
    let chinese = Charset::choose(&["gb18030".to_owned()], &[]).map(|(charset, _)| charset).ok()?;
    let text = chinese.show_text(bytes);
    // Western bytes read as Chinese give rare characters and few of the common ones; Chinese text gives little else.
    let others = text.chars().filter(|c| !c.is_ascii()).count();
    let is_chinese =
        |c: &char| matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}');
    let known = text.chars().filter(is_chinese).count();
    if known * 10 >= others * 9 { Some("gb18030") } else { Some("windows-1252") }
}

fn guess_format(text: &str) -> &'static str {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with(['{', '[']) {
        return "csv";
    }
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let is_value =
        |line: Option<&str>| line.is_some_and(|line| serde_json::from_str::<Value>(line).is_ok_and(|v| v.is_object()));
    // One object that is one line is either; two such lines are lines.
    if is_value(lines.next()) && is_value(lines.next()) { "ndjson" } else { "json" }
}

/// Members by which an object is a record itself, and the lists in it are parts of that.
const NAMES_ITSELF: [&str; 4] = ["id", "uuid", "number", "code"];

/// The path at which most records stand: a list of objects, or one object that names itself; none where that is the body.
fn guess_records(text: &str) -> Option<String> {
    // Of a document that goes on beyond what was read, the first list of objects that it begins.
    let Ok(body) = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) else { return first_list(text) };
    let mut best: Option<(usize, String)> = None;
    if !body.is_array() {
        find_records(&body, String::new(), &mut best);
    }
    best.map(|(_, path)| path).filter(|path| !path.is_empty())
}

fn find_records(value: &Value, path: String, best: &mut Option<(usize, String)>) {
    let count = match value {
        Value::Array(list) if list.first().is_some_and(Value::is_object) => list.len(),
        Value::Object(members) if members.keys().any(|key| NAMES_ITSELF.contains(&key.to_lowercase().as_str())) => 1,
        Value::Object(members) => {
            for (key, inner) in members {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                find_records(inner, path, best);
            }
            return;
        }
        _ => return,
    };
    if best.as_ref().is_none_or(|(known, _)| count > *known) {
        *best = Some((count, path));
    }
}

/// The key before the first `[` that is followed by an object, where the document is `{"key": [{`.
fn first_list(text: &str) -> Option<String> {
    let (before, _) =
        text.split_once('[').filter(|(before, after)| before.contains('{') && after.trim_start().starts_with('{'))?;
    let key = before.trim_end().strip_suffix(':')?.trim_end().strip_suffix('"')?;
    key.rsplit_once('"').map(|(_, key)| key.to_owned())
}
