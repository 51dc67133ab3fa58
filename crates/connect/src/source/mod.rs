//! Where records come from: a folder per source.

use std::io::{self, BufRead};

use onefold_format::ReadUnit;

use crate::read::ReadCursor;

pub(crate) mod file;
pub(crate) mod hook;
pub(crate) mod post;
pub(crate) mod topic;

/// What gives bytes that are read from beginning to end.
pub(crate) trait ByteSource {
    /// Its name in locators and in quarantine.
    fn resource(&self) -> String;

    /// What its bytes are, all together.
    fn unit(&self) -> ReadUnit;

    /// Its bytes, unpacked.
    fn open(&self) -> io::Result<file::Opened>;

    /// From where it is read, and where it is noted how far; none: from its beginning, and nobody asks.
    fn cursor(&self) -> Option<&ReadCursor> {
        None
    }

    /// Its bytes from there on, where they are not packed.
    fn open_at(&self, offset: u64) -> io::Result<Option<Box<dyn BufRead + Send>>> {
        let _ = offset;
        Ok(None)
    }
}
