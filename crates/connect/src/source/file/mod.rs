//! Files, whole, and standard input.

mod gzip;
mod identity;
mod input;
mod job;
mod open;

pub(crate) use gzip::Trailing;
pub(crate) use identity::{FileIdentity, FileMark};
pub use input::{Input, InputError};
pub(crate) use input::{matches, wild};
pub(crate) use job::{ReadJob, WatchedFile, WatchedFileError};
pub(crate) use open::{Again, InputSource, Opened, open_bytes};
