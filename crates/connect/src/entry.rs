//! Quarantine entries: a record's bytes, all its problems, and what reading it again needs.

use std::time::{SystemTime, UNIX_EPOCH};

use onefold_mapping::{Connector, Problem};
use onefold_store::QuarantineEntry;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::charset::Charset;
use crate::row::{Place, Row};

/// Most bytes of one entry that are kept, whatever the number of its rows.
const MOST: usize = 64 << 20;

/// What a file's records share.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) connector: String,
    pub(crate) mapping: [u8; 8],
    pub(crate) resource: String,
    pub(crate) charset: Charset,
    pub(crate) delimiter: u8,
    pub(crate) heading: Vec<String>,
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
    /// Which item of a JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<usize>,
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
        }
    }

    /// An entry for a record of these rows.
    pub(crate) fn entry(&self, rows: &[Row], item: Option<usize>, problems: &[Problem]) -> QuarantineEntry {
        let place = |row: &Row| (row.place.first_line, row.place.last_line, row.place.offset, row.place.length);
        let context = Context {
            mapping: hex(&self.mapping),
            charset: self.charset.encoding.name().to_owned(),
            delimiter: if self.delimiter == 0 { String::new() } else { char::from(self.delimiter).to_string() },
            heading: self.heading.clone(),
            rows: rows.iter().map(place).collect(),
            item,
        };
        let (raw, length, sha256) = joined(rows, self.charset);
        let offset = rows.first().map_or(0, |row| row.place.offset);
        let part = item.map_or_else(String::new, |item| format!("[{item}]"));
        let now = now();
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
            first_line: rows.iter().map(|r| r.place.first_line).min().unwrap_or(0),
            last_line: rows.iter().map(|r| r.place.last_line).max().unwrap_or(0),
            raw,
            length,
            sha256,
            codes: codes(problems),
            problems: json(problems),
            context: json(&context),
            first_seen: now,
            last_seen: now,
            tries: 1,
            decision: String::new(),
            why: String::new(),
        }
    }

    /// An entry for a file as a whole: its beginning stands for it.
    pub(crate) fn file_entry(&self, start: &[u8], line: u64, problems: &[Problem]) -> QuarantineEntry {
        let first = start.split_inclusive(|b| *b == b'\n').next().unwrap_or_default();
        let raw = first.get(..self.charset.bare_length(first)).unwrap_or_default().to_vec();
        let place = Place { first_line: line, last_line: line, offset: 0, length: raw.len() as u64 };
        let content = crate::row::Content::Json(serde_json::Value::Null);
        let row = Row { place, raw, sha256: None, content };
        let mut entry = self.entry(&[row], None, problems);
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

/// Rows joined by line feeds, their length, and the SHA-256 of all their bytes. Of several rows of which one was cut
/// off, the digest covers what is kept and that row's own digest.
fn joined(rows: &[Row], charset: Charset) -> (Vec<u8>, u64, String) {
    if let [row] = rows {
        let sha256 = row.sha256.unwrap_or_else(|| Sha256::digest(&row.raw).into());
        return (row.raw.clone(), row.place.length, hex(&sha256));
    }
    let (mut raw, mut length, mut sha) = (Vec::new(), 0, Sha256::new());
    for (n, row) in rows.iter().enumerate() {
        if n > 0 {
            raw.extend_from_slice(charset.line_feed());
            sha.update(charset.line_feed());
            length += charset.line_feed().len() as u64;
        }
        raw.extend_from_slice(&row.raw);
        sha.update(&row.raw);
        length += row.place.length;
        if let Some(own) = row.sha256 {
            sha.update(own);
        }
    }
    raw.truncate(MOST);
    (raw, length, hex(&sha.finalize()))
}

pub(crate) fn codes(problems: &[Problem]) -> String {
    let mut codes: Vec<&str> = problems.iter().map(|p| p.code.as_ref()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.join(",")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |hex, b| hex + &format!("{b:02x}"))
}

pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> serde_json::Value {
    // Problems and contexts are plain text, numbers and lists.
    serde_json::to_value(value).unwrap_or_default()
}

pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
