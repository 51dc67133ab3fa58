//! A few connections that read, each on a thread where it may block.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use onefold_log::{LogError, LogRecord, StoredRecord};
use rusqlite::{CachedStatement, Connection};
use tokio::sync::Semaphore;

use crate::checksum::RecordRow;
use crate::error::{classify_error, damaged_file};
use crate::headers;
use crate::schema;
use crate::topics::EmbeddedTopic;

/// A read ends early once it holds this much.
const READ_BYTES: usize = 32 << 20;

/// The pool. Connections are opened when they are first needed.
#[derive(Debug)]
pub(crate) struct ReaderPool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl ReaderPool {
    pub(crate) fn new(path: PathBuf, size: usize) -> Self {
        Self { path, idle: Mutex::new(Vec::new()), permits: Arc::new(Semaphore::new(size.max(1))) }
    }

    /// Runs `work` with a connection, off the async threads.
    pub(crate) async fn run_blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| LogError::Closed)?;
        let readers = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || {
            // Given back when the work ends, even if nobody waits for it any more.
            let _permit = permit;
            let idle = readers.lock_pool().pop();
            let conn = match idle {
                Some(conn) => conn,
                None => schema::open_reader(&readers.path)?,
            };
            let result = work(&conn);
            // A connection that failed is not used again, in case the fault is its own.
            if !matches!(&result, Err(e) if e.retryable() || matches!(e, LogError::Corrupt(_))) {
                readers.lock_pool().push(conn);
            }
            result
        });
        task.await.map_err(|_| LogError::Closed)?
    }

    fn lock_pool(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records of one partition from an offset on.
    pub(crate) async fn read_records(
        self: &Arc<Self>,
        topic: Arc<EmbeddedTopic>,
        partition: u32,
        from: u64,
        max: usize,
    ) -> Result<Vec<StoredRecord>, LogError> {
        topic.statements_of(partition)?;
        // SQLite counts to 2^63 - 1: nothing can be beyond.
        let Ok(first) = i64::try_from(from) else {
            return Ok(Vec::new());
        };
        if max == 0 {
            return Ok(Vec::new());
        }
        let path = self.path.clone();
        self.run_blocking(move |conn| {
            let failed = |e| classify_error(e, &path);
            // Of what is told as committed before the read begins nothing may be missing.
            let head = topic.heads.borrow().get(partition as usize).copied().unwrap_or(0);
            let sql = &topic.statements_of(partition)?.read;
            let mut statement = conn.prepare_cached(sql).map_err(failed)?;
            let limit = i64::try_from(max).unwrap_or(i64::MAX);
            let mut rows = statement.query((first, limit)).map_err(failed)?;
            let mut records = Vec::with_capacity(max.min(1_024));
            let mut bytes = 0;
            let mut expected = from;
            while let Some(row) = rows.next().map_err(failed)? {
                let stored = stored_record(row, &topic, partition, &path)?;
                if stored.offset != expected {
                    return Err(missing_record(&topic, partition, expected, &path));
                }
                expected += 1;
                bytes += stored.record.size();
                records.push(stored);
                if bytes > READ_BYTES {
                    return Ok(records);
                }
            }
            if records.len() < max && expected < head {
                return Err(missing_record(&topic, partition, expected, &path));
            }
            Ok(records)
        })
        .await
    }

    /// The records at these positions, in this order.
    pub(crate) async fn fetch_records(
        self: &Arc<Self>,
        topic: Arc<EmbeddedTopic>,
        positions: Vec<(u32, u64)>,
    ) -> Result<Vec<StoredRecord>, LogError> {
        let path = self.path.clone();
        self.run_blocking(move |conn| {
            let failed = |e| classify_error(e, &path);
            // One snapshot: locks are taken once, not once for each position.
            let snapshot = conn.unchecked_transaction().map_err(failed)?;
            let mut records = Vec::with_capacity(positions.len());
            {
                let mut prepared: Vec<Option<CachedStatement<'_>>> = Vec::new();
                prepared.resize_with(topic.partitions.len(), || None);
                for (partition, offset) in positions {
                    let unknown = || LogError::UnknownPosition { topic: topic.name.clone(), partition, offset };
                    let slot = prepared.get_mut(partition as usize).ok_or_else(unknown)?;
                    let statement = match slot {
                        Some(statement) => statement,
                        None => {
                            let sql = &topic.statements_of(partition)?.fetch;
                            slot.insert(conn.prepare_cached(sql).map_err(failed)?)
                        }
                    };
                    let at = i64::try_from(offset).map_err(|_| unknown())?;
                    let mut rows = statement.query([at]).map_err(failed)?;
                    let row = rows.next().map_err(failed)?.ok_or_else(unknown)?;
                    records.push(stored_record(row, &topic, partition, &path)?);
                }
            }
            snapshot.finish().map_err(failed)?;
            Ok(records)
        })
        .await
    }
}

fn missing_record(topic: &EmbeddedTopic, partition: u32, offset: u64, path: &Path) -> LogError {
    damaged_file(path, format_args!("topic `{}`, partition {partition}: offset {offset} is missing", topic.name))
}

/// A record as its row has it.
///
/// # Errors
/// The row is not as it was written.
pub(crate) fn stored_record(
    row: &rusqlite::Row<'_>,
    topic: &EmbeddedTopic,
    partition: u32,
    path: &Path,
) -> Result<StoredRecord, LogError> {
    let offset = row.get::<_, i64>(0).map_err(|e| classify_error(e, path))?;
    let damaged = |what: String| {
        damaged_file(path, format_args!("topic `{}`, partition {partition}, offset {offset}: {what}", topic.name))
    };
    let number = |column| row.get::<_, i64>(column).map_err(|e| damaged(e.to_string()));
    let blob = |column| -> Result<&[u8], LogError> {
        let value = row.get_ref(column).map_err(|e| classify_error(e, path))?;
        value.as_blob().map_err(|e| damaged(e.to_string()))
    };
    let (time, key, headers, value) = (number(1)?, blob(2)?, blob(3)?, blob(4)?);
    if number(5)?
        != i64::from(RecordRow { topic: topic.number, partition, offset, time, key, headers, value }.compute_sum())
    {
        return Err(damaged("its checksum is not that of the record".to_owned()));
    }
    let headers = headers::decode(headers).ok_or_else(|| damaged("unreadable headers".to_owned()))?;
    let offset = u64::try_from(offset).map_err(|e| damaged(e.to_string()))?;
    let (key, value) = (Bytes::copy_from_slice(key), Bytes::copy_from_slice(value));
    Ok(StoredRecord { partition, offset, record: LogRecord { key, headers, value, time } })
}
