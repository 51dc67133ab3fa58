//! What the hub takes in: events as CloudEvents, and what sources post to their connectors.

pub(crate) mod event;
pub(crate) mod hook;
