//! The one thread that writes: appends that come together share one commit and one fsync.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use onefold_log::{LogError, LogRecord};
use rusqlite::{CachedStatement, Connection};
use tokio::sync::{mpsc, oneshot};

use crate::checkpoint::{self, CheckpointSchedule};
use crate::checksum::RecordRow;
use crate::error::classify_error;
use crate::guard::FileGuard;
use crate::headers;
use crate::options::EmbeddedOptions;
use crate::schema;
use crate::topics::{EmbeddedTopic, TopicTable};

/// Calls that may stand in the queue; further ones wait in their own tasks.
const QUEUE: usize = 256;

type JobReply<T> = oneshot::Sender<Result<T, LogError>>;

/// One call of `append`, already checked.
struct AppendCall {
    topic: Arc<EmbeddedTopic>,
    batch: Vec<(u32, LogRecord)>,
    reply: JobReply<Vec<u64>>,
}

impl AppendCall {
    fn byte_size(&self) -> usize {
        self.batch.iter().map(|(_, r)| r.size()).sum()
    }
}

enum WriterJob {
    Append(AppendCall),
    Topic(String, u32, JobReply<u32>),
    Keep(String, i64, JobReply<()>),
    Settle(JobReply<()>),
}

/// The handle. Dropping it lets the thread finish what was asked and waits for it.
#[derive(Debug)]
pub(crate) struct WriterHandle {
    inbox: Option<mpsc::Sender<WriterJob>>,
    thread: Option<JoinHandle<()>>,
}

impl WriterHandle {
    /// Starts the thread, which owns the connection and the lock until it ends.
    pub(crate) fn start(
        conn: Connection,
        guard: FileGuard,
        path: PathBuf,
        options: &EmbeddedOptions,
        topics: Arc<TopicTable>,
    ) -> Result<Self, LogError> {
        let (inbox, jobs) = mpsc::channel(QUEUE);
        let checkpoints = CheckpointSchedule::new(&conn, path.clone(), options.checkpoint_pages)?;
        let group_bytes = options.group_bytes;
        let thread = Builder::new()
            .name("onefold-log".to_owned())
            .spawn(move || {
                // Declared first, dropped last: the lock outlives the connection.
                let _guard = guard;
                let mut thread = WriterThread { conn, path, topics, checkpoints, group_bytes };
                thread.run_jobs(jobs);
            })
            .map_err(|error| LogError::Unavailable(error.to_string()))?;
        Ok(Self { inbox: Some(inbox), thread: Some(thread) })
    }

    pub(crate) async fn append(
        &self,
        topic: Arc<EmbeddedTopic>,
        batch: Vec<(u32, LogRecord)>,
    ) -> Result<Vec<u64>, LogError> {
        let (reply, answer) = oneshot::channel();
        let append = AppendCall { topic, batch, reply };
        self.send_job(WriterJob::Append(append), answer).await
    }

    pub(crate) async fn topic(&self, name: &str, partitions: u32) -> Result<u32, LogError> {
        let (reply, answer) = oneshot::channel();
        self.send_job(WriterJob::Topic(name.to_owned(), partitions, reply), answer).await
    }

    pub(crate) async fn put_value(&self, name: &str, value: i64) -> Result<(), LogError> {
        let (reply, answer) = oneshot::channel();
        self.send_job(WriterJob::Keep(name.to_owned(), value, reply), answer).await
    }

    pub(crate) async fn settle(&self) -> Result<(), LogError> {
        let (reply, answer) = oneshot::channel();
        self.send_job(WriterJob::Settle(reply), answer).await
    }

    async fn send_job<T>(&self, job: WriterJob, answer: oneshot::Receiver<Result<T, LogError>>) -> Result<T, LogError> {
        let inbox = self.inbox.as_ref().ok_or(LogError::Closed)?;
        inbox.send(job).await.map_err(|_| LogError::Closed)?;
        answer.await.map_err(|_| LogError::Closed)?
    }
}

impl Drop for WriterHandle {
    fn drop(&mut self) {
        self.inbox = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has already failed its callers.
            let _ = thread.join();
        }
    }
}

struct WriterThread {
    conn: Connection,
    path: PathBuf,
    topics: Arc<TopicTable>,
    checkpoints: CheckpointSchedule,
    group_bytes: usize,
}

impl WriterThread {
    fn run_jobs(&mut self, mut jobs: mpsc::Receiver<WriterJob>) {
        let mut put_back = None;
        while let Some(job) = put_back.take().or_else(|| jobs.blocking_recv()) {
            match job {
                WriterJob::Topic(name, partitions, reply) => {
                    let made = self.make_topic(&name, partitions);
                    let _ = reply.send(made);
                }
                WriterJob::Keep(name, value, reply) => {
                    let put = "INSERT INTO onefold_log VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2";
                    let put = self.conn.execute(put, (name, value)).map_err(|e| classify_error(e, &self.path));
                    let _ = reply.send(put.map(drop));
                }
                WriterJob::Settle(reply) => {
                    let _ = reply.send(checkpoint::settle_file(&self.conn, &self.path));
                }
                WriterJob::Append(first) => {
                    let mut bytes = first.byte_size();
                    let mut group = vec![first];
                    while bytes < self.group_bytes {
                        match jobs.try_recv() {
                            Ok(WriterJob::Append(next)) => {
                                bytes += next.byte_size();
                                group.push(next);
                            }
                            Ok(other) => {
                                put_back = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    self.commit_all(group);
                }
            }
            self.checkpoints.run_if_due(&self.conn);
        }
        // What is committed is safe where it is.
        if let Err(error) = checkpoint::settle_file(&self.conn, &self.path) {
            tracing::debug!(%error, "the log's write-ahead file stays");
        }
    }

    /// Commits the group as one, or, when that fails, each call by itself, so that one caller's
    /// trouble (a batch for which there is no room) is not another's.
    fn commit_all(&mut self, group: Vec<AppendCall>) {
        match self.commit_group(&group) {
            Ok(offsets) => answer_calls(group, offsets),
            Err(error) if group.len() == 1 => {
                for append in group {
                    let _ = append.reply.send(Err(error.clone()));
                }
            }
            Err(_) => {
                for append in group {
                    let alone = [append];
                    let result = self.commit_group(&alone);
                    for append in alone {
                        match &result {
                            Ok(offsets) => answer_calls(vec![append], offsets.clone()),
                            Err(error) => {
                                let _ = append.reply.send(Err(error.clone()));
                            }
                        }
                    }
                }
            }
        }
    }

    /// One transaction, durable when it returns.
    fn commit_group(&mut self, group: &[AppendCall]) -> Result<Vec<Vec<u64>>, LogError> {
        let result = self.insert_group(group).and_then(|done| {
            fail::fail_point!("log.append.before_commit");
            self.execute_sql("COMMIT")?;
            Ok(done)
        });
        let (heads, offsets) = match result {
            Ok(done) => done,
            Err(error) => {
                let error = classify_error(error, &self.path);
                self.roll_back();
                return Err(error);
            }
        };
        fail::fail_point!("log.append.after_commit");
        for (topic, heads) in heads.into_values() {
            topic.heads.send_replace(heads);
        }
        Ok(offsets)
    }

    fn insert_group<'g>(&self, group: &'g [AppendCall]) -> rusqlite::Result<InsertedOffsets<'g>> {
        self.execute_sql("BEGIN IMMEDIATE")?;
        let mut touched: BTreeMap<i64, TouchedTopic<'_, 'g>> = BTreeMap::new();
        let mut offsets = Vec::with_capacity(group.len());
        let mut encoded = Vec::new();
        for append in group {
            let topic = append.topic.as_ref();
            let touched = touched.entry(topic.number).or_insert_with(|| TouchedTopic::new(topic));
            let mut given = Vec::with_capacity(append.batch.len());
            for (partition, record) in &append.batch {
                encoded.clear();
                headers::encode(&record.headers, &mut encoded);
                given.push(touched.insert_record(&self.conn, *partition, record, &encoded)?);
            }
            offsets.push(given);
        }
        let heads = touched.into_iter().map(|(number, touched)| (number, (touched.topic, touched.heads))).collect();
        Ok((heads, offsets))
    }

    fn make_topic(&mut self, name: &str, partitions: u32) -> Result<u32, LogError> {
        // Asked by two at once, the second finds it made.
        if let Some(topic) = self.topics.get(name) {
            return Ok(topic.partitions.len() as u32);
        }
        let make = || -> rusqlite::Result<EmbeddedTopic> {
            self.execute_sql("BEGIN IMMEDIATE")?;
            let row = schema::make_topic(&self.conn, name, partitions)?;
            let topic = EmbeddedTopic::load_topic(row, &self.conn)?;
            self.execute_sql("COMMIT")?;
            Ok(topic)
        };
        match make() {
            Ok(topic) => {
                self.topics.insert(topic);
                Ok(partitions)
            }
            Err(error) => {
                let error = classify_error(error, &self.path);
                self.roll_back();
                Err(error)
            }
        }
    }

    fn execute_sql(&self, sql: &str) -> rusqlite::Result<()> {
        self.conn.prepare_cached(sql)?.execute([]).map(|_| ())
    }

    /// SQLite has rolled back by itself after some errors, and not after others.
    fn roll_back(&self) {
        if !self.conn.is_autocommit()
            && let Err(error) = self.execute_sql("ROLLBACK")
        {
            tracing::error!(%error, "the log could not roll back");
        }
    }
}

type InsertedOffsets<'g> = (BTreeMap<i64, (&'g EmbeddedTopic, Vec<u64>)>, Vec<Vec<u64>>);

/// A topic within one transaction. Its heads are published only after the commit.
struct TouchedTopic<'c, 'g> {
    topic: &'g EmbeddedTopic,
    heads: Vec<u64>,
    statements: Vec<Option<CachedStatement<'c>>>,
}

impl<'c, 'g> TouchedTopic<'c, 'g> {
    fn new(topic: &'g EmbeddedTopic) -> Self {
        let mut statements = Vec::new();
        statements.resize_with(topic.partitions.len(), || None);
        Self { topic, heads: topic.heads.borrow().clone(), statements }
    }

    fn insert_record(
        &mut self,
        conn: &'c Connection,
        partition: u32,
        record: &LogRecord,
        headers: &[u8],
    ) -> rusqlite::Result<u64> {
        let at = partition as usize;
        let (Some(sql), Some(head), Some(slot)) =
            (self.topic.partitions.get(at), self.heads.get_mut(at), self.statements.get_mut(at))
        else {
            return Err(rusqlite::Error::InvalidParameterName(format!("partition {partition}")));
        };
        let statement = match slot {
            Some(statement) => statement,
            None => slot.insert(conn.prepare_cached(&sql.insert)?),
        };
        // Beyond 2^63 no row can be; SQLite itself refuses what is negative twice.
        let (key, value) = (record.key.as_ref(), record.value.as_ref());
        let (topic, offset) = (self.topic.number, head.cast_signed());
        let row = RecordRow { topic, partition, offset, time: record.time, key, headers, value };
        statement.execute((offset, row.time, key, headers, value, row.compute_sum()))?;
        *head += 1;
        Ok(*head - 1)
    }
}

/// Tells each caller its offsets; one that waits no longer misses nothing but the answer.
fn answer_calls(group: Vec<AppendCall>, offsets: Vec<Vec<u64>>) {
    for (append, offsets) in group.into_iter().zip(offsets) {
        let _ = append.reply.send(Ok(offsets));
    }
}
