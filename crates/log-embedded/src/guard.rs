//! One writer per file.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use onefold_log::LogError;

/// Held for as long as its process writes to the log. The system gives it back when the process
/// ends, however it ends; the file itself stays and means nothing.
#[derive(Debug)]
pub(crate) struct FileGuard {
    _held: File,
}

impl FileGuard {
    /// Takes the lock beside the log at `path`, or says who is in the way.
    pub(crate) fn take_lock(path: &Path) -> Result<Self, LogError> {
        let lock = sibling_path(path, "lock");
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(&lock).map_err(|error| {
                match error.kind() {
                    ErrorKind::NotFound => {
                        LogError::Absent(format!("{}: the directory does not exist", path.display()))
                    }
                    ErrorKind::StorageFull => LogError::Full(format!("{}: {error}", lock.display())),
                    _ => LogError::Unavailable(format!("{}: {error}", lock.display())),
                }
            })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _held: file }),
            Err(TryLockError::WouldBlock) => Err(LogError::Locked(path.display().to_string())),
            Err(TryLockError::Error(error)) => Err(LogError::Unavailable(format!("{}: {error}", lock.display()))),
        }
    }
}

/// The file beside `path` that bears its whole name, a dash and a word, as SQLite's own do.
pub(crate) fn sibling_path(path: &Path, word: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push("-");
    name.push(word);
    PathBuf::from(name)
}
