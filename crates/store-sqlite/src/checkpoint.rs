//! Pages go back from the WAL into the file on a thread of its own, beside the writer.
//!
//! Such a passive checkpoint never resets the WAL while the writer is busy, so once it is long the writer is held for as
//! long as the rest takes: little, since most pages have gone back already.

use std::path::PathBuf;
use std::sync::Weak;
use std::time::Duration;

use onefold_store::StoreError;
use rusqlite::Connection;

use crate::db::{Writer, engine};

/// How often it looks whether the writer is gone.
const PAUSE: Duration = Duration::from_millis(100);
/// Pauses between passive checkpoints: a page that is written again and again in between goes back once, and the file is
/// synced as rarely.
const PAUSES: u32 = 4;

/// How long readers that hold on to old pages are waited for while the writer is held: a verification reads for minutes,
/// and the WAL may grow until it is done.
const PATIENCE: Duration = Duration::from_millis(5);

/// Rounds that copy what was committed meanwhile, at most.
const ROUNDS: u32 = 8;
/// Pages of a round after which the writer may be held for the rest.
const LITTLE: i64 = 1500;

/// Runs until the writer is gone.
pub(crate) fn spawn(
    path: PathBuf,
    writer: Weak<tokio::sync::Mutex<Writer>>,
    most_pages: u32,
) -> Result<(), StoreError> {
    let connection = Connection::open(path).map_err(engine)?;
    connection.busy_timeout(PATIENCE).map_err(engine)?;
    connection.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = NORMAL").map_err(engine)?;
    let run = move || {
        let mut pauses = 0;
        while writer.strong_count() > 0 {
            std::thread::sleep(PAUSE);
            pauses += 1;
            if pauses % PAUSES != 0 {
                continue;
            }
            if let Err(error) = step(&connection, &writer, i64::from(most_pages)) {
                // The WAL keeps what could not go back; the next round tries again.
                tracing::debug!(%error, "a checkpoint did not finish");
            }
        }
    };
    let spawned = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(run);
    spawned.map(|_| ()).map_err(|e| StoreError::Engine(e.to_string()))
}

fn step(connection: &Connection, writer: &Weak<tokio::sync::Mutex<Writer>>, most_pages: i64) -> rusqlite::Result<()> {
    let (pages, mut copied) = checkpoint(connection, "PASSIVE")?;
    if pages <= most_pages {
        return Ok(());
    }
    // Each round copies what was committed during the one before, until next to nothing is left for which the writer is held.
    for _ in 0..ROUNDS {
        let before = copied;
        let (pages, now) = checkpoint(connection, "PASSIVE")?;
        copied = now;
        if pages - before <= LITTLE {
            break;
        }
    }
    if let Some(writer) = writer.upgrade() {
        let _held = writer.blocking_lock();
        checkpoint(connection, "RESTART")?;
    }
    Ok(())
}

/// Answers the pages that the WAL holds, and how many of them have gone back.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<(i64, i64)> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |r| Ok((r.get(1)?, r.get(2)?)))
}

/// Brings the WAL to its end and empties it; waits a little for whoever reads.
pub(crate) fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(1))?;
    let busy = "PRAGMA wal_checkpoint(TRUNCATE)";
    let busy = connection.query_row(busy, [], |row| row.get::<_, i64>(0));
    connection.busy_timeout(Duration::from_secs(5))?;
    match busy? {
        0 => Ok(()),
        _ => Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None)),
    }
}
