//! Quarantine entries: bytes, all that is wrong with them, and what reading them again needs.

use onefold_door::system_time;
use onefold_event::{Problem, problems_to_json};
use onefold_format::{Charset, RecordContext, RowPlace, TableLayout};
use onefold_mapping::Connector;
use onefold_store::QuarantineEntry;
use sha2::{Digest, Sha256};

use crate::record_bytes::RecordBytes;

/// What a file's records share.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) connector: String,
    pub(crate) mapping: [u8; 8],
    pub(crate) resource: String,
    pub(crate) charset: Charset,
    pub(crate) layout: TableLayout,
}

/// The bytes of an entry, and where they stand.
pub(crate) struct EntryBytes {
    /// The same place with the same bytes is the same entry.
    pub(crate) key: String,
    /// First and last; 0: not in lines.
    pub(crate) lines: (u64, u64),
    pub(crate) raw: Vec<u8>,
    /// Of all bytes, those too that were cut off.
    pub(crate) length: u64,
    pub(crate) sha256: String,
}

/// An entry that was met now, for the first time.
pub(crate) fn entry(
    connector: &str,
    resource: &str,
    bytes: EntryBytes,
    context: &RecordContext,
    problems: &[Problem],
) -> QuarantineEntry {
    let now = system_time();
    let EntryBytes { key, lines: (first_line, last_line), raw, length, sha256 } = bytes;
    QuarantineEntry {
        number: 0,
        key,
        connector: connector.to_owned(),
        resource: resource.to_owned(),
        first_line,
        last_line,
        raw,
        length,
        sha256,
        codes: codes(problems),
        problems: problems_to_json(problems),
        // Plain text, numbers and lists: nothing that JSON could refuse.
        context: serde_json::to_value(context).unwrap_or_default(),
        first_seen: now,
        last_seen: now,
        tries: 1,
        decision: String::new(),
        why: String::new(),
    }
}

impl Origin {
    pub(crate) fn new(connector: &Connector, resource: String, charset: Charset) -> Self {
        Self {
            connector: connector.name().to_owned(),
            mapping: connector.digest(),
            resource,
            charset,
            layout: TableLayout::default(),
        }
    }

    /// An entry for a record.
    pub(crate) fn entry(&self, kept: &RecordBytes, item: Option<usize>, problems: &[Problem]) -> QuarantineEntry {
        let place = |p: &RowPlace| (p.first_line, p.last_line, p.offset, p.length);
        let context = RecordContext {
            rows: kept.places.iter().map(place).collect(),
            filled: kept.filled.clone(),
            item,
            record: kept.record,
            around: kept.around.as_deref().cloned(),
            message: kept.message,
            ..self.context()
        };
        let sha256 = hex::encode(kept.sha256());
        let (offset, part) = (kept.offset(), item.map_or_else(String::new, |item| format!("[{item}]")));
        // The same place with other bytes is another record: a file of the same name replaced the first.
        let key = format!("{}/{}/{offset}{part}/{}", self.connector, self.resource, beginning(&sha256));
        let bytes = EntryBytes { key, lines: kept.lines(), raw: kept.raw.clone(), length: kept.length, sha256 };
        entry(&self.connector, &self.resource, bytes, &context, problems)
    }

    /// An entry for a file as a whole: its first line stands for it. Without rows in its context it is read again from its file
    /// only.
    pub(crate) fn file_entry(&self, start: &[u8], line: u64, problems: &[Problem]) -> QuarantineEntry {
        let first = start.split_inclusive(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
        let raw = first.get(..self.charset.bare_length(first)).unwrap_or_default().to_vec();
        let sha256 = hex::encode(Sha256::digest(&raw));
        let key = format!("{}/{}/file/{}/{}", self.connector, self.resource, codes(problems), beginning(&sha256));
        let bytes = EntryBytes { key, lines: (line, line), length: raw.len() as u64, raw, sha256 };
        entry(&self.connector, &self.resource, bytes, &self.context(), problems)
    }

    fn context(&self) -> RecordContext {
        let TableLayout { heading, delimiter, blanks, returns, closed } = &self.layout;
        RecordContext {
            mapping: hex::encode(self.mapping),
            charset: self.charset.name().to_owned(),
            delimiter: if *delimiter == 0 { String::new() } else { char::from(*delimiter).to_string() },
            heading: heading.clone(),
            blanks: *blanks,
            returns: *returns,
            closed: *closed,
            ..RecordContext::default()
        }
    }
}

/// The bytes of an entry as text, by the charset by which they were read; those that are none as U+FFFD.
pub fn entry_text(entry: &QuarantineEntry) -> String {
    let named = entry.context.get("charset").and_then(serde_json::Value::as_str).unwrap_or_default();
    Charset::for_retry(&[], named).unwrap_or(Charset::UTF_8).show_text(&entry.raw).into_owned()
}

/// Of a digest in hex, as much as tells two records of one place apart.
fn beginning(sha256: &str) -> &str {
    sha256.get(..16).unwrap_or_default()
}

pub(crate) fn codes(problems: &[Problem]) -> String {
    let mut codes: Vec<&str> = problems.iter().map(|p| p.code.as_ref()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.join(",")
}
