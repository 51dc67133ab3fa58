//! Moving what is committed from the write-ahead file into the main file.
//!
//! A thread of its own does it, so that no append waits for the main file to be synced. Beside a busy writer it never catches
//! up, and the write-ahead file would grow without end: once that is long, the writer does the rest itself.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use onefold_log::LogError;
use rusqlite::Connection;
use tracing::warn;

use crate::error::classify_error;

/// The writer does it itself once the write-ahead file is so many times as long as it may be.
const TOO_LONG: u32 = 8;
/// How long the writer then waits for readers that hold on to the file, and for the thread.
const PATIENCE: Duration = Duration::from_millis(100);

thread_local! {
    /// SQLite tells a plain function how long the write-ahead file is; it runs on the thread
    /// that commits.
    static PAGES: Cell<u32> = const { Cell::new(0) };
}

/// Decides when. It belongs to the writer's thread, which asks after its commits were answered.
#[derive(Debug)]
pub(crate) struct CheckpointSchedule {
    every: u32,
    /// Length at which the next is due.
    due: u32,
    failing: bool,
    to: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl CheckpointSchedule {
    /// Those of the log at `path`, whose writer has this connection.
    pub(crate) fn new(conn: &Connection, path: PathBuf, every: u32) -> Result<Self, LogError> {
        conn.wal_hook(Some(|_, pages| {
            PAGES.set(u32::try_from(pages).unwrap_or(0));
            Ok(())
        }));
        let own = Connection::open(&path).map_err(|e| classify_error(e, &path))?;
        // One that waits to be taken says as much as two.
        let (to, asked) = sync_channel(1);
        let thread = Builder::new().name("log-checkpoint".to_owned()).spawn(move || run_checkpoints(&own, &asked));
        let thread = thread.map_err(|error| LogError::Unavailable(error.to_string()))?;
        let every = every.max(1);
        Ok(Self { every, due: every, failing: false, to: Some(to), thread: Some(thread) })
    }

    /// Has it done if it is time to.
    pub(crate) fn run_if_due(&mut self, conn: &Connection) {
        let pages = PAGES.get();
        if pages < self.every {
            // Begun anew since: nothing is left over.
            self.due = self.every;
        }
        if pages < self.due {
            return;
        }
        self.due = pages.saturating_add(self.every);
        if pages < self.every.saturating_mul(TOO_LONG) {
            // Where it is at work already, it is asked again at the next turn.
            if let Some(to) = &self.to {
                let _ = to.try_send(());
            }
            return;
        }
        let done = conn.busy_timeout(PATIENCE).and_then(|()| run_checkpoint(conn, "PRAGMA wal_checkpoint(RESTART)"));
        if let Err(error) = conn.busy_timeout(Duration::from_secs(5)) {
            warn!(%error, "the log's busy timeout could not be set back");
        }
        report_outcome(done, &mut self.failing);
    }
}

impl Drop for CheckpointSchedule {
    fn drop(&mut self) {
        self.to = None;
        if let Some(thread) = self.thread.take() {
            // One that panicked has told of it.
            let _ = thread.join();
        }
    }
}

/// Copies what is committed each time that it is asked to, until nobody asks any more.
fn run_checkpoints(conn: &Connection, asked: &Receiver<()>) {
    let mut failing = false;
    while asked.recv().is_ok() {
        report_outcome(run_checkpoint(conn, "PRAGMA wal_checkpoint(PASSIVE)"), &mut failing);
        fail::fail_point!("log.checkpoint.done");
    }
}

/// What is committed is safe where it is: a failure here costs space, nothing else, and is told once.
fn report_outcome(done: rusqlite::Result<()>, failing: &mut bool) {
    if let (Err(error), false) = (&done, *failing) {
        warn!(%error, "the log's checkpoint failed and will be tried again");
    }
    *failing = done.is_err();
}

fn run_checkpoint(conn: &Connection, sql: &str) -> rusqlite::Result<()> {
    // Answers busy, pages in the file, pages moved; busy is no error.
    conn.prepare_cached(sql)?.query_row([], |_| Ok(()))
}

/// Moves all that is committed into the main file and empties the write-ahead file; waits a little for whoever reads.
pub(crate) fn settle_file(conn: &Connection, path: &Path) -> Result<(), LogError> {
    let ask = || {
        conn.busy_timeout(Duration::from_secs(1))?;
        let busy = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        conn.busy_timeout(Duration::from_secs(5))?;
        busy
    };
    match ask().map_err(|e| classify_error(e, path))? {
        0 => Ok(()),
        _ => Err(LogError::Busy(format!("{}: somebody is reading it", path.display()))),
    }
}
