//! What could not be taken in, with its raw bytes and every reason, until somebody decides.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// One record in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineEntry {
    /// Number, such as 193 in `q-0193`; 0 before it is put.
    pub number: u64,
    /// What it is judged to be again by: connector, resource and place, or event id. Putting it twice keeps one entry.
    pub key: String,
    /// Connector that read it, `events` for one that was posted, or `log` for a record in the log that is no event.
    pub connector: String,
    /// File, topic or endpoint.
    pub resource: String,
    /// First line, 1-based; 0: not a text.
    pub first_line: u64,
    /// Last line.
    pub last_line: u64,
    /// The source's bytes; cut off at the limit, where `whole` says so.
    #[serde(with = "bytes_as_text")]
    pub raw: Vec<u8>,
    /// Length of the source's bytes.
    pub length: u64,
    /// SHA-256 of the source's bytes, in hex.
    pub sha256: String,
    /// Codes of the problems, sorted, comma between; for counting alike.
    pub codes: String,
    /// The problems, as JSON.
    pub problems: serde_json::Value,
    /// What reading the bytes again needs beside them (heading, charset, places of rows); the reader's own.
    #[serde(default)]
    pub context: serde_json::Value,
    /// When it was first put, microseconds.
    pub first_seen: i64,
    /// When it was last put.
    pub last_seen: i64,
    /// Times that it was put.
    pub tries: u64,
    /// What was decided: empty while it is open, else `retried` or `discarded`.
    pub decision: String,
    /// Why.
    pub why: String,
}

/// What becomes of an entry that is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineDecision {
    /// Its number.
    pub number: u64,
    /// `retried` or `discarded`.
    pub decision: &'static str,
    /// Why.
    pub why: String,
}

/// Which entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuarantineFilter {
    /// Decided ones too.
    pub all: bool,
    /// Only of this connector.
    pub connector: Option<String>,
    /// Only with this code among the problems.
    pub code: Option<String>,
}

/// Contract: what is put is durable when `put` returns; the same key again counts a try and keeps one entry.
#[async_trait]
pub trait Quarantine: Send + Sync {
    /// Puts entries; answers their numbers.
    async fn put(&self, entries: Vec<QuarantineEntry>) -> Result<Vec<u64>, StoreError>;

    /// Entries in the order of their numbers, from after a number.
    async fn list(
        &self,
        filter: &QuarantineFilter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<QuarantineEntry>, StoreError>;

    /// One entry.
    async fn get(&self, number: u64) -> Result<Option<QuarantineEntry>, StoreError>;

    /// Closes entries, all of them or none; answers how many were open until now.
    async fn decide(&self, decisions: Vec<QuarantineDecision>) -> Result<u64, StoreError>;

    /// Number of open entries.
    async fn open(&self) -> Result<u64, StoreError>;
}

/// Raw bytes in JSON: text where they are UTF-8, else hex after `\x`.
mod bytes_as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.starts_with("\\x") => to.serialize_str(text),
            _ => to.serialize_str(&format!("\\x{}", hex::encode(bytes))),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        match text.strip_prefix("\\x") {
            Some(digits) => hex::decode(digits).map_err(serde::de::Error::custom),
            None => Ok(text.into_bytes()),
        }
    }
}
