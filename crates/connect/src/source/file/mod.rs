//! Files, whole, and standard input.

mod input;
mod open;

pub use input::{Input, InputError};
pub(crate) use open::{Opened, is_of_the_file, open, open_bytes};
