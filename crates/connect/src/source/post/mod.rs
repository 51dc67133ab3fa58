//! Events that programs post, as CloudEvents.

mod input;
mod open;

pub use input::{BatchError, NoEvent, PostedEvent};
pub(crate) use open::{CONNECTOR, reopen};
pub use open::{PostAnswer, take_posted};
