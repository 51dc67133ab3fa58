//! Events that programs post, as CloudEvents.

mod input;
mod open;

pub use input::{BatchError, NoEvent, Posted};
pub use open::{Answer, take_posted};
pub(crate) use open::{CONNECTOR, again};
