//! What makes no event, and why.

use crate::{SubjectError, ValueFault};

/// Why bytes or words make no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum EventError {
    #[error("there is no event type `{name}`{}", nearest_hint(.nearest))]
    Type { name: String, nearest: Option<String> },
    #[error("{0}")]
    Subject(#[from] SubjectError),
    #[error("{name} is about {expected}, not about `{found}`")]
    Kind { name: &'static str, expected: String, found: String },
    #[error("{name} has no reference with the role `{role}`: expected one of {expected}")]
    Role { name: &'static str, role: String, expected: String },
    #[error("`{role}` points at a {expected}, not at `{found}`")]
    Target { role: &'static str, expected: &'static str, found: String },
    #[error("the message does not decode: {0}")]
    Decode(String),
    #[error("`{field}`: {problem}")]
    Field { field: String, problem: String },
    #[error("`{field}`: {fault}")]
    Value { field: String, fault: Box<ValueFault> },
}

fn nearest_hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |n| format!("; did you mean `{n}`?"))
}
