//! What is answered at each path, one file per kind of question.

pub(crate) mod cloudevents;
pub(crate) mod customers;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod hooks;
pub(crate) mod metrics;
