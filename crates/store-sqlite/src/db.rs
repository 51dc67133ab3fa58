//! The file: opened, checked, and shared by one writer and any number of readers.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use onefold_fold::FOLD_VERSION;
use onefold_identity::IdentityRules;
use onefold_store::StoreError;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use tokio::sync::OwnedMutexGuard;

use crate::numbers::Numbers;
use crate::{checkpoint, format};

/// How far readers of intake are; programs that do not know it leave it alone.
const INTAKE: &str = "CREATE TABLE IF NOT EXISTS intake (reader TEXT, topic TEXT, partition INTEGER, next INTEGER NOT NULL, PRIMARY KEY (reader, topic, partition)) WITHOUT ROWID";

/// What sources remember; programs that do not know it leave it alone.
pub(crate) const SOURCES: &str = "CREATE TABLE IF NOT EXISTS source_item (source TEXT, item TEXT, state TEXT NOT NULL, PRIMARY KEY (source, item)) WITHOUT ROWID";

/// Limits of the read model.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Rules of identity that the views are made under; kept with them, so that other ones are refused.
    pub rules: IdentityRules,
    /// Partitions of the log whose positions are kept.
    pub partitions: u32,
    /// Page cache of the writer, in KiB.
    pub cache_kib: u32,
    /// Keys whose numbers are kept in memory.
    pub cached_keys: usize,
    /// WAL pages after which the writer itself brings the WAL to its end; until then a thread of its own copies pages
    /// back beside it. Larger is faster on the whole, smaller keeps the file short.
    pub checkpoint_pages: u32,
    /// Bytes of documents and open items that stand in their owner's own row, at most; more stand in rows of their own. A
    /// document takes about 12, an open item about 70, and a row with its bundle should not be longer than a page.
    pub few: usize,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            rules: IdentityRules::default(),
            partitions: 8,
            cache_kib: 192 * 1024,
            cached_keys: 1 << 20,
            checkpoint_pages: 48_000,
            few: 1000,
        }
    }
}

/// The connection that writes, with what it has learnt.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) numbers: Numbers,
    /// Greatest number given.
    pub(crate) last: i64,
    /// Publishing is switched on.
    pub(crate) publishes: bool,
    /// As [`SqliteOptions::few`].
    pub(crate) few: usize,
    _lock: File,
}

pub(crate) struct SqliteInner {
    pub(crate) rules: IdentityRules,
    fold_version: u32,
    path: PathBuf,
    readers: Mutex<Vec<Connection>>,
    pub(crate) writer: Option<Arc<tokio::sync::Mutex<Writer>>>,
}

/// The read model in one SQLite file.
#[derive(Clone)]
pub struct SqliteStore(pub(crate) Arc<SqliteInner>);

impl SqliteStore {
    /// Opens the file for reading and writing, and makes it where it is absent.
    ///
    /// # Errors
    /// Another process writes to it, its format is newer, or it cannot be opened.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        let connection = Connection::open(path).map_err(engine)?;
        connection
            .execute_batch(&format!(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -{};
                 PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 268435456;",
                options.cache_kib
            ))
            .map_err(engine)?;
        connection.set_prepared_statement_cache_capacity(64);
        if format::of(&connection)?.is_none() {
            create(&connection, &options)?;
        }
        format::check(&connection)?;
        // Steps read what was derived, which another version cannot be asked to.
        StoreError::check_fold(fold_version(&connection)?)?;
        format::upgrade(&connection)?;
        // Not before: an upgrade sorts whole tables.
        connection.execute_batch("PRAGMA temp_store = MEMORY").map_err(engine)?;
        // A file from before topics were read, or directories watched, gets it here.
        connection.execute_batch(INTAKE).map_err(engine)?;
        connection.execute_batch(SOURCES).map_err(engine)?;
        if rules(&connection)? != options.rules {
            return Err(StoreError::OtherRules);
        }
        let last =
            connection.query_row("SELECT value FROM meta WHERE name = 'last'", [], |r| r.get(0)).map_err(engine)?;
        connection.execute_batch(include_str!("publish.sql")).map_err(engine)?;
        let publishes = connection.query_row("SELECT enabled FROM publishing", [], |r| r.get(0)).map_err(engine)?;
        let numbers = Numbers::new(options.cached_keys);
        let writer = Writer { connection, numbers, last, publishes, few: options.few, _lock: lock };
        let writer = Arc::new(tokio::sync::Mutex::new(writer));
        checkpoint::spawn(path.to_owned(), Arc::downgrade(&writer), options.checkpoint_pages)?;
        let readers = Mutex::new(Vec::new());
        let (rules, path, fold_version) = (options.rules, path.to_owned(), FOLD_VERSION);
        Ok(Self(Arc::new(SqliteInner { rules, fold_version, path, readers, writer: Some(writer) })))
    }

    /// Opens the file for reading only, beside whoever writes. One of an older format is brought to the present one before,
    /// where nobody writes to it.
    ///
    /// # Errors
    /// It is absent, its format is newer, or older while another process writes to it, or it cannot be opened.
    pub fn open_read(path: &Path) -> Result<Self, StoreError> {
        let mut inner = SqliteInner {
            rules: IdentityRules::default(),
            fold_version: FOLD_VERSION,
            path: path.to_owned(),
            readers: Mutex::new(Vec::new()),
            writer: None,
        };
        let connection = inner.reader()?;
        let (found, known) = (format::check(&connection)?, format::FORMAT);
        inner.fold_version = fold_version(&connection)?;
        if found < known && inner.fold_version == FOLD_VERSION {
            inner.upgrade().map_err(|error| match error {
                // By a program that is older too.
                StoreError::Locked => StoreError::TooOld { found, known },
                other => other,
            })?;
        }
        inner.rules = rules(&connection)?;
        inner.give_back(connection);
        Ok(Self(Arc::new(inner)))
    }

    /// Moves all that is committed into the one file, so that nothing stands in its write-ahead file alone.
    ///
    /// # Errors
    /// It was opened for reading, or somebody goes on reading; what is committed is safe all the same.
    pub async fn settle(&self) -> Result<(), StoreError> {
        let writer = self.writer().await?;
        let settled = tokio::task::spawn_blocking(move || checkpoint::settle(&writer.connection).map_err(engine));
        settled.await.map_err(|e| StoreError::Engine(e.to_string()))?
    }

    /// Copies the read model as it stands at one moment into a file that is not there yet, beside whoever writes.
    ///
    /// # Errors
    /// It cannot be read, or the file cannot be written.
    pub async fn back_up(&self, to: &Path) -> Result<(), StoreError> {
        let (inner, to) = (Arc::clone(&self.0), to.to_owned());
        let copied = tokio::task::spawn_blocking(move || {
            let connection = inner.open_reader()?;
            let name = to.to_str().ok_or_else(|| StoreError::Engine(format!("{} is no text", to.display())))?;
            // The file itself was opened for reading.
            connection.execute_batch("PRAGMA query_only = OFF").map_err(engine)?;
            connection.execute("VACUUM INTO ?1", [name]).map_err(engine)?;
            let synced = File::open(&to).and_then(|file| file.sync_all());
            synced.map_err(|e| StoreError::Engine(format!("{}: {e}", to.display())))
        });
        copied.await.map_err(|e| StoreError::Engine(e.to_string()))?
    }

    /// The rules of identity that the views were made under.
    pub fn rules(&self) -> &IdentityRules {
        &self.0.rules
    }

    /// The version of the fold that the views were derived by. A file that was opened for reading may be of another one than
    /// [`FOLD_VERSION`](onefold_fold::FOLD_VERSION): its views are not to be read then, but what stands nowhere else
    /// (quarantine, how far intake was read) may be taken over.
    pub fn fold_version(&self) -> u32 {
        self.0.fold_version
    }

    /// Runs a read in one transaction on a connection of its own, off the async threads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        let joined = tokio::task::spawn_blocking(move || store.read_here(work));
        joined.await.map_err(|e| StoreError::Engine(e.to_string()))?
    }

    /// The same on the thread that asks: for a few rows found by key, which take no longer than two threads take to wake
    /// each other.
    pub(crate) fn read_here<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        let connection = self.0.reader()?;
        let done = (|| {
            connection.prepare_cached("BEGIN")?.execute([])?;
            let done = work(&connection);
            connection.prepare_cached("COMMIT")?.execute([])?;
            done
        })();
        self.0.give_back(connection);
        done.map_err(engine)
    }

    /// A connection that writes beside the one that has the right to write, for a moment: the engine's own lock orders the two.
    pub(crate) fn open_beside(&self) -> Result<Connection, StoreError> {
        let connection = Connection::open_with_flags(
            &self.0.path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(engine)?;
        connection
            .execute_batch("PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
            .map_err(engine)?;
        Ok(connection)
    }

    /// The writer, once nobody else has it.
    pub(crate) async fn writer(&self) -> Result<OwnedMutexGuard<Writer>, StoreError> {
        match &self.0.writer {
            Some(writer) => Ok(Arc::clone(writer).lock_owned().await),
            None => Err(StoreError::Locked),
        }
    }
}

impl SqliteInner {
    /// Brings a file of an older format to this program's, as opening it for writing does.
    fn upgrade(&self) -> Result<(), StoreError> {
        let _lock = lock(&self.path)?;
        format::upgrade(&Connection::open(&self.path).map_err(engine)?)
    }

    pub(crate) fn reader(&self) -> Result<Connection, StoreError> {
        let idle = self.readers.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
        idle.map_or_else(|| self.open_reader(), Ok)
    }

    /// A connection of its own that only reads.
    pub(crate) fn open_reader(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(engine)?;
        connection
            .execute_batch("PRAGMA cache_size = -8192; PRAGMA query_only = ON; PRAGMA busy_timeout = 5000;")
            .map_err(engine)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }

    pub(crate) fn give_back(&self, connection: Connection) {
        let mut idle = self.readers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if idle.len() < 16 && connection.is_autocommit() {
            idle.push(connection);
        }
    }
}

/// One transaction of a stage; leaves no trace unless committed.
pub(crate) struct Tx {
    pub(crate) writer: OwnedMutexGuard<Writer>,
    /// Greatest number given before it.
    before: i64,
    open: bool,
}

impl Tx {
    pub(crate) fn begin(writer: OwnedMutexGuard<Writer>) -> Result<Self, StoreError> {
        writer.connection.execute_batch("BEGIN IMMEDIATE").map_err(engine)?;
        let before = writer.last;
        Ok(Self { writer, before, open: true })
    }

    pub(crate) fn commit(mut self) -> Result<(), StoreError> {
        self.writer.write_keys().map_err(engine)?;
        self.writer.connection.execute_batch("COMMIT").map_err(engine)?;
        self.writer.numbers.committed();
        self.open = false;
        Ok(())
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if self.open {
            if let Err(error) = self.writer.connection.execute_batch("ROLLBACK") {
                tracing::debug!(%error, "the engine had rolled back already");
            }
            self.writer.numbers.rolled_back();
            self.writer.last = self.before;
        }
    }
}

/// Classifies by SQLite's own code; what is ours is given back.
pub(crate) fn engine(error: rusqlite::Error) -> StoreError {
    if let rusqlite::Error::FromSqlConversionFailure(_, _, source) = &error
        && let Some(ours) = source.downcast_ref::<StoreError>()
    {
        return ours.clone();
    }
    // A value of another type than was ever written.
    if let rusqlite::Error::InvalidColumnType(..)
    | rusqlite::Error::FromSqlConversionFailure(..)
    | rusqlite::Error::IntegralValueOutOfRange(..) = &error
    {
        return StoreError::Corrupt(error.to_string());
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked,
        Some(ErrorCode::DiskFull) => StoreError::Full,
        // A write beyond a file size limit or a full device inside the WAL comes as an I/O error.
        Some(ErrorCode::SystemIoFailure) => StoreError::Full,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Engine(error.to_string()),
    }
}

/// A row of ours that does not decode.
pub(crate) fn corrupt(what: &str, error: impl std::fmt::Display) -> rusqlite::Error {
    let source = StoreError::Corrupt(format!("{what}: {error}"));
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(source))
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let file = path.with_extension("lock");
    let lock = File::options().create(true).truncate(false).write(true).open(&file);
    let lock = lock.map_err(|e| StoreError::Engine(format!("{}: {e}", file.display())))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Locked),
        Err(std::fs::TryLockError::Error(e)) => Err(StoreError::Engine(format!("{}: {e}", file.display()))),
    }
}

pub(crate) fn create(connection: &Connection, options: &SqliteOptions) -> Result<(), StoreError> {
    let rules = serde_json::to_string(&options.rules).map_err(|e| StoreError::Engine(e.to_string()))?;
    let create = || {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        connection.execute_batch(include_str!("schema.sql"))?;
        connection.execute_batch(INTAKE)?;
        connection.execute_batch(SOURCES)?;
        let meta = "INSERT INTO meta VALUES ('format', ?1), ('last', 0), ('rules', ?2), ('fold', ?3)";
        connection.execute(meta, (format::FORMAT, rules, FOLD_VERSION))?;
        for partition in 0..options.partitions {
            connection.execute("INSERT INTO position VALUES (?1, 0)", [partition])?;
        }
        connection.execute_batch("COMMIT")
    };
    create().map_err(engine)
}

/// The version of the fold that the views were derived by.
fn fold_version(connection: &Connection) -> Result<u32, StoreError> {
    let kept = "SELECT value FROM meta WHERE name = 'fold'";
    let kept: Option<u32> = connection.query_row(kept, [], |r| r.get(0)).optional().map_err(engine)?;
    Ok(kept.unwrap_or(1))
}

/// Rules that the views were made under; a file from before they could be set has the defaults.
fn rules(connection: &Connection) -> Result<IdentityRules, StoreError> {
    let kept = "SELECT value FROM meta WHERE name = 'rules'";
    let kept: Option<String> = connection.query_row(kept, [], |r| r.get(0)).optional().map_err(engine)?;
    match kept {
        Some(text) => serde_json::from_str(&text).map_err(|e| StoreError::Corrupt(format!("rules of identity: {e}"))),
        None => Ok(IdentityRules::default()),
    }
}
