//! Messages in topics of intake: each one small document as its source writes it, whole.

mod input;
mod open;

pub(crate) use input::{CONNECTOR, Message};
pub(crate) use open::{open_message, reopen};
