//! A record as outsiders read it: JSON, with CloudEvents headers as Kafka's binding has them.

use bytes::Bytes;
use onefold_event::{Micros, format_micros};
use onefold_log::LogRecord;
use serde::Serialize;

/// What the headers say.
pub(crate) struct Said<'a> {
    /// CloudEvents id: the same whenever the same is published again.
    pub(crate) id: String,
    /// CloudEvents type.
    pub(crate) ty: &'a str,
    /// Whom it is about.
    pub(crate) subject: &'a str,
    pub(crate) time: Micros,
}

/// A record under a key; without a value it takes the key away.
pub(crate) fn record<T: Serialize>(key: String, said: &Said<'_>, version: Micros, value: Option<&T>) -> LogRecord {
    // Texts, numbers and lists of them: nothing that JSON cannot say.
    let value = value.map(|value| serde_json::to_vec(value).unwrap_or_default()).unwrap_or_default();
    let text = |name: &str, value: &str| (name.to_owned(), Bytes::copy_from_slice(value.as_bytes()));
    let mut record = LogRecord::new(key, value, version);
    record.headers = vec![
        text("ce_specversion", "1.0"),
        text("ce_id", &said.id),
        text("ce_source", "onefold"),
        text("ce_type", said.ty),
        text("ce_subject", said.subject),
        text("ce_time", &format_micros(said.time)),
        text("content-type", "application/json"),
        text("version", &version.to_string()),
    ];
    record
}
