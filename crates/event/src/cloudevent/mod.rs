//! Events as CloudEvents 1.0 in JSON (structured mode), attributes one to one, data in protobuf's canonical JSON mapping.
//!
//! Beside the standard attributes there are ours: `fact` (the source's key of the record, where the id names a
//! version of it), `revision` (a number, or RFC 3339), `precision` (`day`). References stand in `data.references`.
//! Other extension attributes are passed over.

mod data;
mod read;
mod write;

use crate::{EventError, ValueFault};

pub use read::from_cloudevent;
pub use write::to_cloudevent;

/// Why a JSON object is no event: all that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct CloudEventError(pub Vec<EventError>);

fn field_error(field: &str, problem: &str) -> EventError {
    EventError::Field { field: field.to_owned(), problem: problem.to_owned() }
}

fn value_error(field: &str, fault: ValueFault) -> EventError {
    EventError::Value { field: field.to_owned(), fault: Box::new(fault) }
}

fn missing_value(field: &str, expected: &str) -> EventError {
    value_error(field, ValueFault::new("R0402", "a required value is missing").instead("", expected))
}
