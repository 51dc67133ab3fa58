//! What a department is asked to do, and what it did.

use onefold_event::{Body, DecodedEvent};
use onefold_log::LogRecord;
use onefold_store::PublisherLease;
use serde::Serialize;
use uuid::Uuid;

use crate::record::{Said, record};

/// The value of a record.
#[derive(Serialize)]
struct Action<'a> {
    change: &'static str,
    /// The action's own number within the case.
    action: &'a str,
    case: &'a str,
    /// Whose case it was when this was published; none: nobody's.
    customer: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    department: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    what: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    due_on: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    result: &'a str,
    /// What it is about besides: orders, deliveries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<String>,
}

/// The record of an event that asks for something or says that it was done; none of any other.
pub(crate) fn action(event: &DecodedEvent, customer: Option<Uuid>, turn: &PublisherLease) -> Option<LogRecord> {
    let case = event.header.subject.as_str();
    let customer = customer.map(|id| id.to_string());
    let references = event.header.references.iter().map(|reference| reference.subject.to_string()).collect();
    let blank =
        Action { change: "", action: "", case, customer, department: "", what: "", due_on: "", result: "", references };
    let (ty, value) = match &event.body {
        Body::ActionRequested(m) => {
            let asked = Action { change: "requested", action: &m.action, department: &m.department, ..blank };
            ("onefold.action.requested.v1", Action { what: &m.what, due_on: &m.due_on, ..asked })
        }
        Body::ActionCompleted(m) => {
            let done = Action { change: "completed", action: &m.action, result: &m.result, ..blank };
            ("onefold.action.completed.v1", done)
        }
        _ => return None,
    };
    let key = value.customer.clone().unwrap_or_else(|| case.to_owned());
    let id = Uuid::from_bytes(event.header.id.0).to_string();
    let said = Said { id, ty, subject: case, time: event.header.occurred_at };
    Some(record(key, &said, turn.version, Some(&value)))
}
