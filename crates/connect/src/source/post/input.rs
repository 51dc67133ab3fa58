//! A body: one event, or a list of them.

use onefold_event::{CloudEventError, Event, from_cloudevent};
use serde_json::Value;

/// Events of a body in CloudEvents' JSON format, single or batch; one that is wrong does not stop the others.
pub fn posted(body: &Value) -> Vec<Result<Event, CloudEventError>> {
    items(body).into_iter().map(from_cloudevent).collect()
}

pub(crate) fn items(body: &Value) -> Vec<&Value> {
    match body {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    }
}
