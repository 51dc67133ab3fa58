//! Events that programs post, as CloudEvents.

mod input;
mod open;

pub use input::Posted;
pub use open::{Answer, take_posted};
pub(crate) use open::{CONNECTOR, again};
