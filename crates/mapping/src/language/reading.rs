//! `[read]`: how the reader gets rows out of bytes. The mapping only hands it on.

use crate::language::node::{TomlNode, TomlValue};
use crate::language::options::{LIMITS, READ, STOP};
use crate::language::path::{PathStep, RecordShape};
use crate::report::diagnostics::Diagnostics;

/// `[read]`, for whoever reads the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadSettings {
    /// How records are written.
    pub format: RecordFormat,
    /// Charsets, as encoding_rs knows them; `utf-8-bom` stands for UTF-8 with its mark. Of several the mark chooses.
    pub charset: Vec<String>,
    /// Between the fields of a CSV.
    pub delimiter: u8,
    /// Fields stand apart by runs of blanks, as in reports; `delimiter` is then one blank.
    pub blanks: bool,
    /// Around fields of a CSV.
    pub quote: u8,
    /// Before a quote that is meant within quotes of a CSV; none: such a quote is doubled.
    pub escape: Option<u8>,
    /// The charset is what the mapping says, even of a file that reads as UTF-8.
    pub charset_sure: bool,
    /// Where the heading is.
    pub header: TableHeading,
    /// No column that the mapping does not read is allowed.
    pub exact_columns: bool,
    /// Rows that are too short are filled with blanks (else: an error).
    pub pad_ragged: bool,
    /// Columns whose values together name the record; empty: each row is one.
    pub group_by: Vec<String>,
    /// Columns whose blank cells take the value of the row above, the outer before the inner.
    pub fill_down: Vec<String>,
    /// How far apart rows of one record may be.
    pub group_within: GroupWindow,
    /// Most bytes of one record.
    pub record_bytes: u64,
    /// Most lines of one record of a table, with what stands within its quotes.
    pub record_lines: u64,
    /// Most bytes of memory for records that are held back until they are whole.
    pub open_bytes: u64,
    /// JSON: where the records of a body stand; none: each body is one.
    pub records: Option<Vec<PathStep>>,
    /// JSON: the mapping reads of a body what stands around its records.
    pub reads_body: bool,
    /// Stop when more than so many of a hundred, of at least so many records, go to quarantine.
    pub stop_after: Option<StopAfter>,
}

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordFormat {
    /// Comma separated values, or with another delimiter.
    Csv,
    /// One JSON value per line.
    Ndjson,
    /// One JSON value.
    Json,
}

/// Where the heading of a CSV is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableHeading {
    /// In this row, counted from 1.
    Row(u32),
    /// Not in the file: these are the columns.
    Given(Vec<String>),
}

/// How far apart rows of one record may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupWindow {
    /// So many rows.
    Rows(u64),
    /// Anywhere in the file.
    File,
}

/// The fuse: a file of another layout makes one entry, not ten million.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopAfter {
    /// Of a hundred.
    pub percent: u8,
    /// Not before so many records.
    pub of: u64,
}

impl Default for ReadSettings {
    fn default() -> Self {
        Self {
            format: RecordFormat::Csv,
            charset: vec!["utf-8".into()],
            delimiter: b',',
            blanks: false,
            quote: b'"',
            escape: None,
            charset_sure: false,
            header: TableHeading::Row(1),
            exact_columns: false,
            pad_ragged: false,
            group_by: Vec::new(),
            fill_down: Vec::new(),
            group_within: GroupWindow::Rows(10_000),
            record_bytes: 16 << 20,
            record_lines: 1_000,
            open_bytes: 1 << 30,
            records: None,
            reads_body: false,
            stop_after: None,
        }
    }
}

impl ReadSettings {
    pub(crate) fn record_shape(&self) -> RecordShape {
        match self.format {
            RecordFormat::Csv => RecordShape::Table,
            RecordFormat::Ndjson | RecordFormat::Json => RecordShape::Tree,
        }
    }

    pub(crate) fn parse(node: &TomlNode, diagnostics: &mut Diagnostics) -> Self {
        let mut read = Self::default();
        node.allow_keys(diagnostics, "[read]", &READ.keys());
        match node.get("format") {
            Some(n) => {
                let words =
                    [("csv", RecordFormat::Csv), ("ndjson", RecordFormat::Ndjson), ("json", RecordFormat::Json)];
                read.format = n.one_of(diagnostics, &words).unwrap_or(read.format);
            }
            None => diagnostics.report_message(&node.span, "M0102", "[read] does not say the `format`"),
        }
        if let Some(n) = node.get("charset") {
            read.charset = n.text_list(diagnostics);
            for name in &read.charset {
                let plain = name.strip_suffix("-bom").unwrap_or(name);
                if encoding_rs::Encoding::for_label(plain.as_bytes()).is_none() {
                    diagnostics.report_message(&n.span, "M0411", format!("there is no charset `{name}`"));
                }
            }
        }
        for (key, to) in [("delimiter", &mut read.delimiter), ("quote", &mut read.quote)] {
            let Some(text) = node.get(key).and_then(|n| n.expect_text(diagnostics)) else { continue };
            match text.as_bytes() {
                b"blanks" if key == "delimiter" => (*to, read.blanks) = (b' ', true),
                [byte] => *to = *byte,
                _ => diagnostics.report_message(
                    &node.span,
                    "M0103",
                    format!(
                        "`{key}` is one ASCII character{}",
                        if key == "delimiter" { ", or \"blanks\" for runs of them" } else { "" }
                    ),
                ),
            }
        }
        read.escape = node.get("escape").and_then(|n| read_escape(n, &read, diagnostics));
        read.charset_sure = node.get("charset_sure").and_then(|n| n.expect_bool(diagnostics)).unwrap_or(false);
        if let Some(n) = node.get("header") {
            read.header = match &n.value {
                TomlValue::List(_) => TableHeading::Given(n.text_list(diagnostics)),
                _ => TableHeading::Row(
                    n.expect_integer(diagnostics).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(1),
                ),
            };
        }
        read.exact_columns = node
            .get("columns")
            .and_then(|n| n.one_of(diagnostics, &[("exact", true), ("at_least", false)]))
            .unwrap_or(false);
        read.pad_ragged = node
            .get("ragged")
            .and_then(|n| n.one_of(diagnostics, &[("pad", true), ("reject", false)]))
            .unwrap_or(false);
        read.group_by = node.get("group_by").map(|n| n.text_list(diagnostics)).unwrap_or_default();
        read.fill_down = node.get("fill_down").map(|n| n.text_list(diagnostics)).unwrap_or_default();
        if let Some(n) = node.get("group_within") {
            read.group_within = match &n.value {
                TomlValue::Text(word) if word == "file" => GroupWindow::File,
                _ => GroupWindow::Rows(
                    n.expect_integer(diagnostics).and_then(|n| u64::try_from(n).ok()).unwrap_or(10_000),
                ),
            };
        }
        if let Some(n) = node.get("limits").filter(|n| n.expect_table(diagnostics)) {
            n.allow_keys(diagnostics, "`limits`", &LIMITS.keys());
            let mut limit = |name: &str| n.get(name)?.expect_integer(diagnostics).and_then(|n| u64::try_from(n).ok());
            read.record_bytes = limit("record_bytes").unwrap_or(read.record_bytes);
            read.record_lines = limit("record_lines").unwrap_or(read.record_lines);
            read.open_bytes = limit("open_bytes").unwrap_or(read.open_bytes);
        }
        read.stop_after = node.get("stop_after").and_then(|n| read_stop_after(n, diagnostics));
        if read.record_shape() == RecordShape::Tree && !read.group_by.is_empty() {
            diagnostics.report_message(
                &node.span,
                "M0112",
                "`group_by` groups the rows of a table; JSON records are whole",
            );
        }
        read.refuse_idle(node, diagnostics);
        read
    }
}

/// A line of fields that stand apart by runs of blanks (spaces and tabs), with one space for each run. Those of a field in quotes
/// stay, and `quoted` says whether the line begins within one, and then whether it ends so.
pub fn join_blanks(line: &str, quote: u8, quoted: &mut bool) -> String {
    let (mut joined, mut apart, quote) = (String::with_capacity(line.len()), !*quoted, char::from(quote));
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // A doubled quote is one of the field's.
            _ if *quoted && c == quote && chars.peek() == Some(&quote) => joined.extend(chars.next()),
            _ if *quoted => *quoted = c != quote,
            ' ' | '\t' => {
                apart = true;
                continue;
            }
            _ => {
                if apart && !joined.is_empty() {
                    joined.push(' ');
                }
                *quoted = apart && c == quote;
                apart = false;
            }
        }
        joined.push(c);
    }
    joined
}

/// Options of tables.
const OF_TABLES: [&str; 8] =
    ["delimiter", "quote", "escape", "header", "columns", "ragged", "fill_down", "group_within"];

impl ReadSettings {
    /// Options that do nothing beside the others are slips.
    fn refuse_idle(&self, node: &TomlNode, diagnostics: &mut Diagnostics) {
        let limit = |key: &str| node.get("limits").and_then(|limits| limits.get(key));
        let mut refuse = |node: Option<&TomlNode>, why: String| {
            if let Some(node) = node {
                diagnostics.report_message(&node.span, "M0112", why);
            }
        };
        if self.record_shape() == RecordShape::Tree {
            for key in OF_TABLES {
                refuse(node.get(key), format!("`{key}` is for tables, not for JSON"));
            }
            for key in ["record_lines", "open_bytes"] {
                refuse(limit(key), format!("`{key}` is for tables, not for JSON"));
            }
        } else if self.group_by.is_empty() {
            refuse(node.get("group_within"), "`group_within` does nothing without `group_by`".to_owned());
            refuse(limit("open_bytes"), "`open_bytes` does nothing without `group_by`".to_owned());
        }
        if self.blanks {
            refuse(node.get("escape"), "`escape` does nothing where fields stand apart by blanks".to_owned());
        }
        if self.charset.iter().all(|name| name.to_ascii_lowercase().starts_with("utf")) {
            let why = "`charset_sure` does nothing where the charset is UTF-8 or UTF-16";
            refuse(node.get("charset_sure"), why.to_owned());
        }
    }
}

fn read_escape(node: &TomlNode, read: &ReadSettings, diagnostics: &mut Diagnostics) -> Option<u8> {
    match node.expect_text(diagnostics)?.as_bytes() {
        [byte] if byte.is_ascii() && *byte != read.quote && *byte != read.delimiter => Some(*byte),
        [byte] if *byte == read.quote => {
            diagnostics.report_message(
                &node.span,
                "M0112",
                "a quote within quotes is doubled unless something else is said: leave `escape` out",
            );
            None
        }
        _ => {
            diagnostics.report_message(
                &node.span,
                "M0103",
                "`escape` is one ASCII character that is not the delimiter, such as \"\\\\\"",
            );
            None
        }
    }
}

fn read_stop_after(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<StopAfter> {
    if !node.expect_table(diagnostics) {
        return None;
    }
    node.allow_keys(diagnostics, "`stop_after`", &STOP.keys());
    let share = node.get("share")?;
    let percent =
        share.expect_text(diagnostics)?.strip_suffix('%').and_then(|n| n.trim().parse().ok()).filter(|n| *n <= 100);
    if percent.is_none() {
        share.report_type(diagnostics, "a share such as \"5%\"");
    }
    let of =
        node.get("of").and_then(|n| n.expect_integer(diagnostics)).and_then(|n| u64::try_from(n).ok()).unwrap_or(1000);
    Some(StopAfter { percent: percent?, of })
}
