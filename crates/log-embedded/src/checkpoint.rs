//! Moving what is committed from the write-ahead file into the main file.

use std::cell::Cell;
use std::time::Duration;

use rusqlite::Connection;
use tracing::warn;

thread_local! {
    /// SQLite tells a plain function how long the write-ahead file is; it runs on the thread
    /// that commits.
    static PAGES: Cell<u32> = const { Cell::new(0) };
}

/// Decides when. It runs in the writer's thread, between commits and after they were answered:
/// a checkpoint beside a busy writer never catches up, and the file would grow without end.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    every: u32,
    /// Length at which the next is due.
    due: u32,
    failing: bool,
}

impl Checkpoints {
    pub(crate) fn new(conn: &Connection, every: u32) -> Self {
        conn.wal_hook(Some(|_, pages| {
            PAGES.set(u32::try_from(pages).unwrap_or(0));
            Ok(())
        }));
        let every = every.max(1);
        Self { every, due: every, failing: false }
    }

    /// Checkpoints if it is time to.
    pub(crate) fn run_if_due(&mut self, conn: &Connection) {
        let pages = PAGES.get();
        if pages < self.every {
            // Begun anew since: nothing is left over.
            self.due = self.every;
        }
        if pages < self.due {
            return;
        }
        // Readers that hold on to the file keep it from beginning anew. Let it grow for a while,
        // then wait for them for a moment.
        let waits = pages >= self.every.saturating_mul(8);
        let done = if waits {
            conn.busy_timeout(Duration::from_millis(100))
                .and_then(|()| checkpoint(conn, "PRAGMA wal_checkpoint(RESTART)"))
        } else {
            checkpoint(conn, "PRAGMA wal_checkpoint(PASSIVE)")
        };
        if waits && let Err(error) = conn.busy_timeout(Duration::from_secs(5)) {
            warn!(%error, "the log's busy timeout could not be set back");
        }
        // What is committed is safe where it is: a failure here costs space, nothing else.
        match done {
            Ok(()) => self.failing = false,
            Err(error) if !self.failing => {
                self.failing = true;
                warn!(%error, pages, "the log's checkpoint failed and will be tried again");
            }
            Err(_) => {}
        }
        self.due = pages.saturating_add(self.every);
    }
}

fn checkpoint(conn: &Connection, sql: &str) -> rusqlite::Result<()> {
    // Answers busy, pages in the file, pages moved; busy is no error.
    conn.prepare_cached(sql)?.query_row([], |_| Ok(()))
}
