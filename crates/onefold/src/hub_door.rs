//! The door as the service asks for it: posted events in, what is refused or contradicts into quarantine.

use std::sync::Arc;

use async_trait::async_trait;
use onefold_connect::{Door, Verdict as Judged};
use onefold_event::{Event, to_cloudevent};
use onefold_service::{Code, ServiceError, Verdict};
use onefold_store::{Quarantine, QuarantineEntry};
use serde_json::{Value, json};

/// Connector of events that were posted.
pub(crate) const POSTED: &str = "events";

pub(crate) struct HubDoor {
    door: Door,
    quarantine: Arc<dyn Quarantine>,
}

impl HubDoor {
    pub(crate) fn new(door: Door, quarantine: Arc<dyn Quarantine>) -> Self {
        Self { door, quarantine }
    }

    async fn keep(&self, raw: &Value, code: &str, problems: Value) -> Result<(), ServiceError> {
        let bytes = raw.to_string().into_bytes();
        let now = jiff::Timestamp::now().as_microsecond();
        let sha256 = onefold_connect::sha256(&bytes);
        let entry = QuarantineEntry {
            number: 0,
            key: format!("{POSTED}:{sha256}"),
            connector: POSTED.to_owned(),
            resource: "/v1/events".to_owned(),
            first_line: 0,
            last_line: 0,
            length: bytes.len() as u64,
            raw: bytes,
            sha256,
            codes: code.to_owned(),
            problems,
            first_seen: now,
            last_seen: now,
            tries: 1,
            decision: String::new(),
            why: String::new(),
        };
        self.quarantine.put(vec![entry]).await?;
        Ok(())
    }
}

#[async_trait]
impl onefold_service::Door for HubDoor {
    async fn take(&self, events: Vec<Event>) -> Result<Vec<Verdict>, ServiceError> {
        let taken = events.clone();
        let judged = self.door.accept(events).await.map_err(|error| {
            let code = if error.retryable() { Code::Busy } else { Code::Internal };
            let code = if matches!(&error, onefold_connect::DoorError::Log(onefold_log::LogError::Full(_))) { Code::Full } else { code };
            ServiceError::new(code, error.to_string())
        })?;
        let mut verdicts = Vec::with_capacity(judged.len());
        for (judged, event) in judged.into_iter().zip(taken) {
            verdicts.push(match judged {
                Judged::Accepted { .. } => Verdict::Accepted,
                Judged::Duplicate => Verdict::Duplicate,
                Judged::Conflict(earlier) | Judged::OlderMapping(earlier) => {
                    let message = format!("event {} is known with other content, which stands (partition {}, offset {})", earlier.id, earlier.partition, earlier.offset);
                    self.keep(&to_cloudevent(&event), "conflict", json!([{ "code": "conflict", "message": message }])).await?;
                    Verdict::Conflict
                }
            });
        }
        Ok(verdicts)
    }

    async fn refuse(&self, raw: &Value, problems: &[String]) -> Result<(), ServiceError> {
        let problems = problems.iter().map(|message| json!({ "code": "event", "message": message })).collect();
        self.keep(raw, "event", problems).await
    }
}
