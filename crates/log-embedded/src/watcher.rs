//! How a process that only reads learns what another has written.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use onefold_log::LogError;
use rusqlite::Connection;

use crate::error::classify_error;
use crate::guard::FileGuard;
use crate::options::EmbeddedOptions;
use crate::schema::{self, FORMAT, FileContent};
use crate::topics::TopicTable;

/// SQLite wakes nobody in another process: between looks a follower sleeps this long.
pub(crate) const POLL: Duration = Duration::from_millis(50);

/// Looks at SQLite's change counter, and only when it has moved at the heads.
#[derive(Debug)]
pub(crate) struct FileWatcher {
    path: PathBuf,
    topics: Arc<TopicTable>,
    seen: Mutex<LastSeen>,
}

#[derive(Debug)]
struct LastSeen {
    conn: Connection,
    version: Option<i64>,
}

impl FileWatcher {
    pub(crate) fn open(path: PathBuf, topics: Arc<TopicTable>) -> Result<Self, LogError> {
        let conn = schema::open_reader(&path)?;
        match schema::check_format(&conn, &path)? {
            FileContent::Nothing => return Err(LogError::Absent(path.display().to_string())),
            FileContent::Older(found) => upgrade_file(&path, found)?,
            FileContent::Log => {}
        }
        let seen = Mutex::new(LastSeen { conn, version: None });
        let watcher = Self { path, topics, seen };
        watcher.check_heads()?;
        Ok(watcher)
    }

    /// Brings topics and heads up to what the file has.
    pub(crate) async fn refresh(self: &Arc<Self>) -> Result<(), LogError> {
        let watcher = Arc::clone(self);
        tokio::task::spawn_blocking(move || watcher.check_heads()).await.map_err(|_| LogError::Closed)?
    }

    fn check_heads(&self) -> Result<(), LogError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let version: i64 = seen
            .conn
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(|e| classify_error(e, &self.path))?;
        if seen.version != Some(version) {
            // Taken before the heads are read: a change in between is looked at again.
            self.topics.refresh(&seen.conn, &self.path)?;
            seen.version = Some(version);
        }
        Ok(())
    }
}

/// Brings a log of an older format to this program's, as opening it for writing does.
fn upgrade_file(path: &Path, found: u32) -> Result<(), LogError> {
    match FileGuard::take_lock(path) {
        Ok(_held) => schema::open_writer(path, &EmbeddedOptions::default()).map(drop),
        // By a program that is older too.
        Err(LogError::Locked(_)) => Err(LogError::TooOld { found, known: FORMAT }),
        Err(error) => Err(error),
    }
}
