//! Where records come from: a folder per source.

use std::io;

use onefold_format::ReadUnit;

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
}
