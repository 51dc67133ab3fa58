//! SQLite's codes told in the port's words.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;

use onefold_log::LogError;
use rusqlite::{Error, ErrorCode};

use crate::guard::sibling_path;

/// The log at `path` is not what was written.
pub(crate) fn damaged_file(path: &Path, what: impl Display) -> LogError {
    LogError::Corrupt(format!(
        "{}: {what}; nothing else holds what stood there, so put the log back from a backup",
        path.display()
    ))
}

/// What an error of SQLite on the log at `path` means.
pub(crate) fn classify_error(error: Error, path: &Path) -> LogError {
    let failure = match &error {
        Error::SqliteFailure(failure, _) => *failure,
        // A value of another type than we ever write.
        Error::InvalidColumnType(..)
        | Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::QueryReturnedNoRows => return damaged_file(path, error),
        _ => {
            return LogError::Unknown { code: 0, message: error.to_string() };
        }
    };
    let said = format!("{}: {error} (SQLite code {})", path.display(), failure.extended_code);
    match failure.code {
        ErrorCode::DiskFull => LogError::Full(said),
        // SQLite tells only ENOSPC apart: a file size limit or a quota is "some I/O error".
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen if !room_left(path) => LogError::Full(said),
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::OutOfMemory => {
            LogError::Unavailable(said)
        }
        ErrorCode::ReadOnly => LogError::Unavailable(format!(
            "{said}; whoever reads a log writes beside it too, so that this user must be allowed to write to the file and to its \
             directory: copy the whole directory to where it is"
        )),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            LogError::Busy(said)
        }
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            damaged_file(path, format_args!("{error} (SQLite code {})", failure.extended_code))
        }
        ErrorCode::TooBig => LogError::Refused(said),
        _ => LogError::Unknown { code: failure.extended_code, message: said },
    }
}

/// Asks the system itself: may a file here grow beyond what the log's files have?
fn room_left(path: &Path) -> bool {
    let probe = sibling_path(path, "probe");
    let longest = [path.to_path_buf(), sibling_path(path, "wal")]
        .iter()
        .filter_map(|file| fs::metadata(file).ok())
        .map(|meta| meta.len())
        .max()
        .unwrap_or(0);
    let wrote = File::create(&probe).and_then(|mut file| {
        file.seek(SeekFrom::Start(longest))?;
        file.write_all(&[1; 65_536])?;
        file.sync_all()
    });
    // Left behind, the probe does no harm: the next one overwrites it.
    let _ = fs::remove_file(&probe);
    !matches!(
        wrote.map_err(|error| error.kind()),
        Err(ErrorKind::StorageFull | ErrorKind::FileTooLarge | ErrorKind::QuotaExceeded)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_code(code: i32) -> LogError {
        let error = Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        classify_error(error, &std::env::temp_dir().join("onefold-classify.db"))
    }

    #[test]
    fn a_directory_that_cannot_be_written_to_is_told_with_a_way_out() {
        let error = of_code(rusqlite::ffi::SQLITE_READONLY_DIRECTORY);
        assert!(matches!(error, LogError::Unavailable(_)));
        assert!(error.to_string().contains("copy the whole directory"), "{error}");
    }

    #[test]
    fn codes_decide_the_class() {
        use rusqlite::ffi;
        assert!(matches!(of_code(ffi::SQLITE_FULL), LogError::Full(_)));
        assert!(matches!(of_code(ffi::SQLITE_BUSY), LogError::Busy(_)));
        assert!(matches!(of_code(ffi::SQLITE_BUSY_RECOVERY), LogError::Busy(_)));
        assert!(matches!(of_code(ffi::SQLITE_CORRUPT), LogError::Corrupt(_)));
        assert!(matches!(of_code(ffi::SQLITE_NOTADB), LogError::Corrupt(_)));
        assert!(matches!(of_code(ffi::SQLITE_IOERR_FSYNC), LogError::Unavailable(_)));
        assert!(matches!(of_code(ffi::SQLITE_MISUSE), LogError::Unknown { code: ffi::SQLITE_MISUSE, .. }));
    }
}
