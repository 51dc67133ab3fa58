//! Quarantine entries: a record's bytes, all its problems, and what reading it again needs.

use onefold_door::system_time;
use onefold_event::{Problem, problems_to_json};
use onefold_mapping::Connector;
use onefold_store::QuarantineEntry;
use serde::{Deserialize, Serialize};

use crate::charset::Charset;
use crate::kept::Kept;
use crate::row::{Place, Row};

/// What a file's records share.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) connector: String,
    pub(crate) mapping: [u8; 8],
    pub(crate) resource: String,
    pub(crate) charset: Charset,
    pub(crate) delimiter: u8,
    pub(crate) heading: Vec<String>,
    /// Carriage returns end its lines.
    pub(crate) returns: bool,
    /// Its rows end in one delimiter more than the heading.
    pub(crate) closed: bool,
}

/// What an entry keeps beside the bytes, so that they can be read again without their file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Context {
    /// Digest of the mapping that refused it, in hex.
    pub(crate) mapping: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) charset: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) delimiter: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) heading: Vec<String>,
    /// First line, last line, offset and length of each row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) rows: Vec<(u64, u64, u64, u64)>,
    /// Carriage returns end lines.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) returns: bool,
    /// Rows end in one delimiter more than the heading.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) closed: bool,
    /// Cells that took a value from a row of another document: row, column, value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) filled: Vec<(usize, usize, String)>,
    /// Which item of a JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<usize>,
    /// The bytes are a message, all of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) message: bool,
}

impl Origin {
    pub(crate) fn new(connector: &Connector, resource: String, charset: Charset) -> Self {
        Self {
            connector: connector.name().to_owned(),
            mapping: connector.digest(),
            resource,
            charset,
            delimiter: 0,
            heading: Vec::new(),
            returns: false,
            closed: false,
        }
    }

    /// An entry for a record.
    pub(crate) fn entry(&self, kept: &Kept, item: Option<usize>, problems: &[Problem]) -> QuarantineEntry {
        let place = |p: &Place| (p.first_line, p.last_line, p.offset, p.length);
        let context = Context {
            mapping: hex::encode(self.mapping),
            charset: self.charset.encoding.name().to_owned(),
            delimiter: if self.delimiter == 0 { String::new() } else { char::from(self.delimiter).to_string() },
            heading: self.heading.clone(),
            rows: kept.places.iter().map(place).collect(),
            returns: self.returns,
            closed: self.closed,
            filled: kept.filled.clone(),
            item,
            message: kept.message,
        };
        let sha256 = hex::encode(kept.sha256());
        let (first_line, last_line) = kept.lines();
        let offset = kept.offset();
        let part = item.map_or_else(String::new, |item| format!("[{item}]"));
        let now = system_time();
        QuarantineEntry {
            number: 0,
            // The same place with other bytes is another record: a file of the same name replaced the first.
            key: format!(
                "{}/{}/{offset}{part}/{}",
                self.connector,
                self.resource,
                sha256.get(..16).unwrap_or_default()
            ),
            connector: self.connector.clone(),
            resource: self.resource.clone(),
            first_line,
            last_line,
            raw: kept.raw.clone(),
            length: kept.length,
            sha256,
            codes: codes(problems),
            problems: problems_to_json(problems),
            // Plain text, numbers and lists: nothing that JSON could refuse.
            context: serde_json::to_value(&context).unwrap_or_default(),
            first_seen: now,
            last_seen: now,
            tries: 1,
            decision: String::new(),
            why: String::new(),
        }
    }

    /// An entry for a file as a whole: its beginning stands for it.
    pub(crate) fn file_entry(&self, start: &[u8], line: u64, problems: &[Problem]) -> QuarantineEntry {
        let first = start.split_inclusive(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
        let raw = first.get(..self.charset.bare_length(first)).unwrap_or_default().to_vec();
        let place = Place { first_line: line, last_line: line, offset: 0, length: raw.len() as u64 };
        let content = crate::row::Content::Json(serde_json::Value::Null);
        let row = Row { place, raw, sha256: None, content, filled: Vec::new() };
        let mut entry = self.entry(&Kept::of(vec![row], self.charset), None, problems);
        if let Some(context) = entry.context.as_object_mut() {
            // No rows: it is read again from its file only.
            context.remove("rows");
        }
        entry.key = format!(
            "{}/{}/file/{}/{}",
            self.connector,
            self.resource,
            entry.codes,
            entry.sha256.get(..16).unwrap_or_default()
        );
        entry
    }
}

pub(crate) fn codes(problems: &[Problem]) -> String {
    let mut codes: Vec<&str> = problems.iter().map(|p| p.code.as_ref()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.join(",")
}
