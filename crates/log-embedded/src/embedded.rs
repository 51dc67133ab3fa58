//! The adapter.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use onefold_log::{GroupMembership, Log, LogError, LogRecord, StoredRecord};
use rusqlite::{Connection, OptionalExtension};
use tokio::time::{Instant, sleep, timeout_at};

use crate::error::classify_error;
use crate::fence::FenceCounters;
use crate::guard::FileGuard;
use crate::membership::SoleMember;
use crate::options::EmbeddedOptions;
use crate::readers::ReaderPool;
use crate::schema::{self, FORMAT_NAME};
use crate::topics::{EmbeddedTopic, TopicTable};
use crate::watcher::{FileWatcher, POLL};
use crate::writer::WriterHandle;

/// SQLite holds a row of up to 1,000,000,000 bytes; half of it is more than anyone should send.
const LARGEST: usize = 500_000_000;
/// A table each: more than this is a mistake.
const MOST_PARTITIONS: u32 = 1_024;
/// Records that are looked at together.
const CHECKED: usize = 10_000;

/// The log in one SQLite file: one process writes, any number read it at the same time.
#[derive(Debug)]
pub struct EmbeddedLog {
    path: PathBuf,
    topics: Arc<TopicTable>,
    role: HandleRole,
    readers: Arc<ReaderPool>,
    pub(crate) fences: FenceCounters,
}

#[derive(Debug)]
enum HandleRole {
    Writes(WriterHandle),
    Reads(Arc<FileWatcher>),
}

impl EmbeddedLog {
    /// Opens the log to write and to read; makes the file when there is none, in a directory
    /// that exists. While it is open, a second writer is refused with [`LogError::Locked`], in
    /// this process and in any other. Dropping it finishes what was asked, and lets go.
    pub fn open(path: &Path, options: EmbeddedOptions) -> Result<Self, LogError> {
        let guard = FileGuard::take_lock(path)?;
        let conn = schema::open_writer(path, &options)?;
        sync_directory(path)?;
        let topics = Arc::new(TopicTable::default());
        topics.refresh(&conn, path)?;
        let writer = WriterHandle::start(conn, guard, path.to_owned(), &options, Arc::clone(&topics))?;
        Ok(Self {
            path: path.to_owned(),
            topics,
            role: HandleRole::Writes(writer),
            readers: Arc::new(ReaderPool::new(path.to_owned(), options.readers)),
            fences: FenceCounters::default(),
        })
    }

    /// Opens the log only to read, whether or not another process writes to it. It follows what
    /// is written by looking every 50 ms while somebody waits.
    pub fn open_read(path: &Path) -> Result<Self, LogError> {
        if !path.exists() {
            return Err(LogError::Absent(path.display().to_string()));
        }
        let topics = Arc::new(TopicTable::default());
        let watcher = FileWatcher::open(path.to_owned(), Arc::clone(&topics))?;
        Ok(Self {
            path: path.to_owned(),
            topics,
            role: HandleRole::Reads(Arc::new(watcher)),
            readers: Arc::new(ReaderPool::new(path.to_owned(), EmbeddedOptions::default().readers)),
            fences: FenceCounters::default(),
        })
    }

    /// The SQLite file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps a number beside the log under a name, for whoever embeds it.
    ///
    /// # Errors
    /// The log is open for reading only, or cannot be written.
    pub async fn put_value(&self, name: &str, value: i64) -> Result<(), LogError> {
        if name == FORMAT_NAME {
            return Err(LogError::Refused(format!("`{name}` is the log's own")));
        }
        self.writer()?.put_value(name, value).await
    }

    /// What is kept under this name.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn get_value(&self, name: &str) -> Result<Option<i64>, LogError> {
        let (name, path) = (name.to_owned(), self.path.clone());
        let get = "SELECT value FROM onefold_log WHERE name = ?1";
        let ask = move |conn: &Connection| {
            conn.query_row(get, [name], |row| row.get(0)).optional().map_err(|e| classify_error(e, &path))
        };
        self.readers.run_blocking(ask).await
    }

    /// Has all that is committed moved into the one file, so that nothing stands in its write-ahead file alone.
    ///
    /// # Errors
    /// The log is open for reading only, or somebody goes on reading it; what is committed is safe all the same.
    pub async fn settle(&self) -> Result<(), LogError> {
        self.writer()?.settle().await
    }

    /// Copies the log as it stands at one moment into a file that is not there yet, beside whoever writes.
    ///
    /// # Errors
    /// The log cannot be read, or the file cannot be written.
    pub async fn back_up(&self, to: &Path) -> Result<(), LogError> {
        let (to, path) = (to.to_owned(), self.path.clone());
        let copy = move |conn: &Connection| {
            let name = to.to_str().ok_or_else(|| LogError::Refused(format!("{} is no text", to.display())))?;
            conn.execute("VACUUM INTO ?1", [name]).map_err(|e| classify_error(e, &path))?;
            let synced = File::open(&to).and_then(|file| file.sync_all());
            synced.map_err(|error| LogError::Unavailable(format!("{}: {error}", to.display())))
        };
        self.readers.run_blocking(copy).await
    }

    /// Reads every record of every topic, and so its checksum; answers how many there are.
    ///
    /// # Errors
    /// A record is missing or damaged, or the log cannot be read.
    pub async fn check_all(&self) -> Result<u64, LogError> {
        let mut records = 0;
        for topic in self.topics.names() {
            for (partition, head) in (0u32..).zip(self.heads(&topic).await?) {
                let mut at = 0;
                while at < head {
                    // A read up to the head is never empty: what is missing is an error.
                    at += self.read(&topic, partition, at, CHECKED).await?.len() as u64;
                }
                records += head;
            }
        }
        Ok(records)
    }

    fn writer(&self) -> Result<&WriterHandle, LogError> {
        match &self.role {
            HandleRole::Writes(writer) => Ok(writer),
            HandleRole::Reads(_) => Err(LogError::Refused(format!("{} is open for reading only", self.path.display()))),
        }
    }

    /// Whether a record could be appended.
    pub(crate) async fn check_record(&self, topic: &str, partition: u32, record: &LogRecord) -> Result<(), LogError> {
        self.writer()?;
        check_fit(&*self.find_topic(topic).await?, partition, record)
    }

    async fn find_topic(&self, name: &str) -> Result<Arc<EmbeddedTopic>, LogError> {
        if let Some(topic) = self.topics.get(name) {
            return Ok(topic);
        }
        // The process that writes may have made it since.
        if let HandleRole::Reads(watcher) = &self.role {
            watcher.refresh().await?;
        }
        self.topics.get(name).ok_or_else(|| LogError::UnknownTopic(name.to_owned()))
    }
}

#[async_trait]
impl Log for EmbeddedLog {
    async fn topic(&self, name: &str, partitions: u32) -> Result<u32, LogError> {
        match self.find_topic(name).await {
            Ok(topic) => return Ok(topic.partitions.len() as u32),
            Err(LogError::UnknownTopic(_)) => {}
            Err(error) => return Err(error),
        }
        if !(1..=MOST_PARTITIONS).contains(&partitions) {
            return Err(LogError::Refused(format!(
                "a topic has from 1 to {MOST_PARTITIONS} partitions, not {partitions}"
            )));
        }
        self.writer()?.topic(name, partitions).await
    }

    async fn append(&self, topic: &str, batch: Vec<(u32, LogRecord)>) -> Result<Vec<u64>, LogError> {
        let writer = self.writer()?;
        let topic = self.find_topic(topic).await?;
        for (partition, record) in &batch {
            check_fit(&topic, *partition, record)?;
        }
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        writer.append(topic, batch).await
    }

    async fn read(&self, topic: &str, partition: u32, from: u64, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        let topic = self.find_topic(topic).await?;
        self.readers.read_records(topic, partition, from, max).await
    }

    async fn fetch(&self, topic: &str, positions: &[(u32, u64)]) -> Result<Vec<StoredRecord>, LogError> {
        let topic = self.find_topic(topic).await?;
        if positions.is_empty() {
            return Ok(Vec::new());
        }
        self.readers.fetch_records(topic, positions.to_vec()).await
    }

    async fn heads(&self, topic: &str) -> Result<Vec<u64>, LogError> {
        let topic = self.find_topic(topic).await?;
        if let HandleRole::Reads(watcher) = &self.role {
            watcher.refresh().await?;
        }
        Ok(topic.heads.borrow().clone())
    }

    async fn wait(&self, topic: &str, seen: &[u64], timeout: Duration) -> Result<bool, LogError> {
        // A timeout beyond what the clock can hold is as good as a year.
        let year = Duration::from_secs(365 * 24 * 3_600);
        let end = Instant::now() + timeout.min(year);
        let topic = self.find_topic(topic).await?;
        match &self.role {
            HandleRole::Writes(_) => {
                let mut heads = topic.heads.subscribe();
                let more = heads.wait_for(|heads| EmbeddedTopic::is_beyond(heads, seen));
                match timeout_at(end, more).await {
                    Ok(Ok(_)) => Ok(true),
                    Ok(Err(_)) => Err(LogError::Closed),
                    Err(_) => Ok(false),
                }
            }
            HandleRole::Reads(watcher) => loop {
                watcher.refresh().await?;
                if EmbeddedTopic::is_beyond(&topic.heads.borrow(), seen) {
                    return Ok(true);
                }
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Ok(false);
                }
                sleep(left.min(POLL)).await;
            },
        }
    }

    async fn join(&self, topic: &str, _group: &str) -> Result<Box<dyn GroupMembership>, LogError> {
        let topic = self.find_topic(topic).await?;
        Ok(Box::new(SoleMember(topic.partitions.len() as u32)))
    }
}

fn check_fit(topic: &EmbeddedTopic, partition: u32, record: &LogRecord) -> Result<(), LogError> {
    topic.statements_of(partition)?;
    if record.size() > LARGEST {
        return Err(LogError::Refused(format!("a record of {} bytes is larger than {LARGEST}", record.size())));
    }
    Ok(())
}

/// A new file is there after a power cut only if its directory says so, and a journal that was
/// deleted when the file was made must not come back over what is written since.
fn sync_directory(path: &Path) -> Result<(), LogError> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| LogError::Unavailable(format!("{}: {error}", directory.display())))
}
