//! What the reading thread is asked for.

use std::fmt;

use crate::Input;
use crate::source::file::identity::{FileIdentity, FileMark};

/// An input to be read.
#[derive(Debug, Clone)]
pub(crate) struct ReadJob {
    pub(crate) input: Input,
    /// Of a file that somebody watches: what is known of it. Where it cannot be read, those after it are.
    pub(crate) watched: Option<WatchedFile>,
}

impl ReadJob {
    /// Inputs that somebody named, each from its beginning to its end.
    pub(crate) fn whole(inputs: &[Input]) -> Vec<Self> {
        inputs.iter().map(|input| Self { input: input.clone(), watched: None }).collect()
    }
}

/// A file that is watched.
#[derive(Debug, Clone)]
pub(crate) struct WatchedFile {
    pub(crate) identity: FileIdentity,
    /// How far it was read before.
    pub(crate) mark: FileMark,
    /// Somebody still writes to it: it is read up to its last line feed, and may be longer a moment later.
    pub(crate) follows: bool,
}

/// Why a file that is watched is not read as it was meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WatchedFileError {
    /// It does not hold any more what was read of it.
    Changed,
    /// It is packed, and is to be followed.
    Packed,
}

impl fmt::Display for WatchedFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Changed => "it holds other bytes than were read of it",
            Self::Packed => "it is packed, and cannot be followed while it grows",
        })
    }
}

impl std::error::Error for WatchedFileError {}
