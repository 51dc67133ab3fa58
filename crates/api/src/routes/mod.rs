//! What is answered at each path, one file per kind of question.

pub(crate) mod answer;
pub(crate) mod asked;
pub(crate) mod cloudevents;
pub(crate) mod customers;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod hooks;
pub(crate) mod identity;
pub(crate) mod metrics;
