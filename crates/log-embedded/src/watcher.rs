//! How a process that only reads learns what another has written.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use onefold_log::LogError;
use rusqlite::Connection;

use crate::error::classify;
use crate::guard::Guard;
use crate::options::EmbeddedOptions;
use crate::schema::{self, FORMAT, Found};
use crate::topics::Topics;

/// SQLite wakes nobody in another process: between looks a follower sleeps this long.
pub(crate) const POLL: Duration = Duration::from_millis(50);

/// Looks at SQLite's change counter, and only when it has moved at the heads.
#[derive(Debug)]
pub(crate) struct Watcher {
    path: PathBuf,
    topics: Arc<Topics>,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    conn: Connection,
    version: Option<i64>,
}

impl Watcher {
    pub(crate) fn open(path: PathBuf, topics: Arc<Topics>) -> Result<Self, LogError> {
        let conn = schema::open_reader(&path)?;
        match schema::check_format(&conn, &path)? {
            Found::Nothing => return Err(LogError::Absent(path.display().to_string())),
            Found::Older(found) => upgrade(&path, found)?,
            Found::Log => {}
        }
        let seen = Mutex::new(Seen { conn, version: None });
        let watcher = Self { path, topics, seen };
        watcher.look()?;
        Ok(watcher)
    }

    /// Brings topics and heads up to what the file has.
    pub(crate) async fn refresh(self: &Arc<Self>) -> Result<(), LogError> {
        let watcher = Arc::clone(self);
        tokio::task::spawn_blocking(move || watcher.look()).await.map_err(|_| LogError::Closed)?
    }

    fn look(&self) -> Result<(), LogError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let version: i64 = seen
            .conn
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(|e| classify(e, &self.path))?;
        if seen.version != Some(version) {
            // Taken before the heads are read: a change in between is looked at again.
            self.topics.refresh(&seen.conn, &self.path)?;
            seen.version = Some(version);
        }
        Ok(())
    }
}

/// Brings a log of an older format to this program's, as opening it for writing does.
fn upgrade(path: &Path, found: u32) -> Result<(), LogError> {
    match Guard::take(path) {
        Ok(_held) => schema::open_writer(path, &EmbeddedOptions::default()).map(drop),
        // By a program that is older too.
        Err(LogError::Locked(_)) => Err(LogError::TooOld { found, known: FORMAT }),
        Err(error) => Err(error),
    }
}
