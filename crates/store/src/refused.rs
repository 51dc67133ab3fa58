//! A record in the log that is no event, as an entry in quarantine: a function of the record and its place alone, so that
//! whoever meets it again says the same.

use onefold_event::{CodecError, EventError, Problem, Subject, problems_to_json};
use onefold_log::StoredRecord;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::QuarantineEntry;

/// What stands for a connector in such an entry.
const CONNECTOR: &str = "log";
/// Never was an event to whoever read it.
const REFUSED: &str = "R0501";
/// Was one when it was taken in.
const ALTERED: &str = "R0502";

impl QuarantineEntry {
    /// Of a record in the log that does not decode.
    pub fn refused(topic: &str, stored: &StoredRecord, error: &CodecError) -> Self {
        let mut help = vec![
            "who wrote to the hub's own log? Events come in through connectors and POST /v1/events, nothing else appends",
            "if it was to be an event, have its source send it again; then discard this entry",
        ];
        if let CodecError::Event(EventError::Type { .. }) = error {
            help.insert(0, "where a newer program wrote it: install that one, then `onefold rebuild --accept`");
        }
        Self::of_log(topic, stored, REFUSED, "a record in the log is no event", error, &help)
    }

    /// Of a record that a subject was made of and that does not decode any more: the subject adds nothing to any view.
    pub fn altered(topic: &str, stored: &StoredRecord, subject: &Subject, error: &CodecError) -> Self {
        let message =
            format!("an event about {subject} does not decode any more, so that all of {subject} is left out");
        let help = [
            "the log was altered, or an older program runs: put the log back as it was, or install the newer one",
            "then `onefold rebuild --accept`, and discard this entry",
        ];
        Self::of_log(topic, stored, ALTERED, &message, error, &help)
    }

    /// Whether it stands in the log itself, where nothing can be taken in anew.
    pub fn is_of_log(&self) -> bool {
        [REFUSED, ALTERED].contains(&self.codes.as_str())
    }

    fn of_log(
        topic: &str,
        stored: &StoredRecord,
        code: &'static str,
        message: &str,
        error: &CodecError,
        help: &[&str],
    ) -> Self {
        let StoredRecord { partition, offset, record } = stored;
        let resource = format!("{topic}/{partition}/{offset}");
        let sha256 = hex::encode(Sha256::digest(&record.value));
        let mut problem = Problem::new(code, message)
            .instead(error.to_string(), "an event of the catalogue, as proto/onefold/event says");
        problem.help = help.iter().map(|advice| (*advice).to_owned()).collect();
        Self {
            number: 0,
            // The place alone says which it is; with the bytes, since a log that is made anew gives the same places again.
            key: format!("{CONNECTOR}/{resource}/{}", sha256.get(..16).unwrap_or_default()),
            connector: CONNECTOR.to_owned(),
            resource,
            first_line: 0,
            last_line: 0,
            raw: record.value.to_vec(),
            length: record.value.len() as u64,
            sha256,
            codes: code.to_owned(),
            problems: problems_to_json(&[problem]),
            context: json!({ "partition": partition, "offset": offset }),
            first_seen: record.time,
            last_seen: record.time,
            tries: 1,
            decision: String::new(),
            why: String::new(),
        }
    }
}
