//! Posted events through the door; what is none goes to quarantine.

use onefold_event::EventId;
use onefold_mapping::{Outcome, Problem};
use onefold_store::Quarantine;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::charset::Charset;
use crate::entry::{Origin, hex};
use crate::kept::Kept;
use crate::row::{Content, Place, Row};
use crate::source::post::Posted;
use crate::{Door, IngestError, Verdict, fault};

/// Name of the connector in entries of what was posted.
pub(crate) const CONNECTOR: &str = "events";
const RESOURCE: &str = "/v1/events";

/// What became of one posted event.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It is an event: its id, and what the door said.
    Judged(EventId, Verdict),
    /// It is none: its number in quarantine, and all its problems.
    Quarantined(u64, Vec<Problem>),
}

/// Takes posted events in and answers each in its order. What is no event, and what contradicts an earlier event,
/// is in quarantine, durably, when this answers.
///
/// # Errors
/// The world's: the body may be posted again as it is, since what is known is not taken in twice.
pub async fn take_posted(
    items: &[Posted],
    door: &Door,
    quarantine: &dyn Quarantine,
) -> Result<Vec<Answer>, IngestError> {
    let (mut events, mut refused) = (Vec::new(), Vec::new());
    let mut order = Vec::with_capacity(items.len());
    for item in items {
        match item.event() {
            Ok(event) => {
                order.push(Ok((event.id, event.subject.to_string(), item)));
                events.push(event);
            }
            Err(error) => {
                let problems = fault::posted(&error);
                refused.push(entry(item, &problems));
                order.push(Err(problems));
            }
        }
    }
    let mut numbers = put(quarantine, refused).await?.into_iter();
    let mut verdicts = door.accept(events).await?.into_iter();
    let (mut answers, mut conflicts) = (Vec::with_capacity(order.len()), Vec::new());
    for place in order {
        match place {
            Err(problems) => answers.push(Answer::Quarantined(numbers.next().unwrap_or(0), problems)),
            Ok((id, subject, item)) => {
                let verdict = verdicts.next().ok_or(IngestError::Broken)?;
                if let Verdict::Conflict(earlier) = &verdict {
                    conflicts.push(entry(item, &[fault::conflict(&subject, id, earlier)]));
                }
                answers.push(Answer::Judged(id, verdict));
            }
        }
    }
    put(quarantine, conflicts).await?;
    Ok(answers)
}

/// What an entry's bytes say now.
pub(crate) fn again(raw: &[u8]) -> Outcome {
    let item = match Posted::one(raw) {
        Ok(item) => item,
        Err(error) => return Outcome::Quarantined(vec![fault::json(&error, 1)]),
    };
    match item.event() {
        Ok(event) => Outcome::Mapped { events: vec![event], findings: Vec::new() },
        Err(error) => Outcome::Quarantined(fault::posted(&error)),
    }
}

fn entry(item: &Posted, problems: &[Problem]) -> onefold_store::QuarantineEntry {
    let raw = item.raw.clone();
    let place = Place { first_line: 0, last_line: 0, offset: 0, length: raw.len() as u64 };
    let key = format!("{CONNECTOR}/{}", hex(&Sha256::digest(&raw)));
    let row = Row { place, raw, sha256: None, content: Content::Json(Value::Null), filled: Vec::new() };
    let origin = Origin {
        connector: CONNECTOR.to_owned(),
        mapping: [0; 8],
        resource: RESOURCE.to_owned(),
        charset: Charset { encoding: encoding_rs::UTF_8 },
        delimiter: 0,
        heading: Vec::new(),
        returns: false,
        closed: false,
    };
    let mut entry = origin.entry(&Kept::of(vec![row], origin.charset), None, problems);
    entry.key = key;
    entry
}

async fn put(
    quarantine: &dyn Quarantine,
    entries: Vec<onefold_store::QuarantineEntry>,
) -> Result<Vec<u64>, IngestError> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    quarantine.put(entries).await.map_err(IngestError::Quarantine)
}
