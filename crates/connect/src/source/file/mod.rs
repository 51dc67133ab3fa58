//! Files, whole, and standard input.

mod gzip;
mod input;
mod open;

pub(crate) use gzip::Trailing;
pub use input::{Input, InputError};
pub(crate) use open::{Again, InputSource, Opened, open_bytes};
