//! What is known of each topic in memory: its statements and its heads.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use onefold_log::LogError;
use rusqlite::{Connection, Error};
use tokio::sync::watch;

use crate::error::classify_error;
use crate::readers::stored_record;
use crate::schema::{self, TopicRow, table_name};

/// The statements of one partition, written once.
#[derive(Debug)]
pub(crate) struct PartitionStatements {
    pub(crate) insert: String,
    pub(crate) read: String,
    pub(crate) fetch: String,
    last: String,
    head: String,
}

/// One topic.
#[derive(Debug)]
pub(crate) struct EmbeddedTopic {
    pub(crate) name: String,
    pub(crate) number: i64,
    pub(crate) partitions: Vec<PartitionStatements>,
    /// Next offset per partition, of what is committed; followers sleep on it.
    pub(crate) heads: watch::Sender<Vec<u64>>,
}

impl EmbeddedTopic {
    /// A topic of the file, with its heads as the file has them.
    pub(crate) fn load_topic(row: TopicRow, conn: &Connection) -> rusqlite::Result<Self> {
        let partitions = (0..row.partitions)
            .map(|partition| {
                let table = table_name(row.number, partition);
                let columns = "offset, time, key, headers, value, sum";
                PartitionStatements {
                    insert: format!("INSERT INTO {table} ({columns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
                    read: format!("SELECT {columns} FROM {table} WHERE offset >= ?1 ORDER BY offset LIMIT ?2"),
                    fetch: format!("SELECT {columns} FROM {table} WHERE offset = ?1"),
                    last: format!("SELECT {columns} FROM {table} ORDER BY offset DESC LIMIT 1"),
                    head: format!("SELECT coalesce(max(offset) + 1, 0) FROM {table}"),
                }
            })
            .collect();
        let topic = Self { name: row.name, number: row.number, partitions, heads: watch::Sender::new(Vec::new()) };
        topic.heads.send_replace(topic.stored_heads(conn)?);
        Ok(topic)
    }

    /// The heads as the file has them.
    pub(crate) fn stored_heads(&self, conn: &Connection) -> rusqlite::Result<Vec<u64>> {
        self.partitions
            .iter()
            .map(|p| {
                conn.prepare_cached(&p.head)?
                    .query_row([], |row| row.get::<_, i64>(0))
                    .and_then(|head| u64::try_from(head).map_err(|_| Error::IntegralValueOutOfRange(0, head)))
            })
            .collect()
    }

    /// Looks at the last record of each partition, behind which the next is put.
    fn check_ends(&self, conn: &Connection, path: &Path) -> Result<(), LogError> {
        for (partition, statements) in (0u32..).zip(&self.partitions) {
            let failed = |e| classify_error(e, path);
            let mut last = conn.prepare_cached(&statements.last).map_err(failed)?;
            let mut rows = last.query([]).map_err(failed)?;
            if let Some(row) = rows.next().map_err(failed)? {
                stored_record(row, self, partition, path)?;
            }
        }
        Ok(())
    }

    /// The partition's statements; asking for one that is not there is the caller's mistake.
    pub(crate) fn statements_of(&self, partition: u32) -> Result<&PartitionStatements, LogError> {
        self.partitions.get(partition as usize).ok_or_else(|| {
            LogError::Refused(format!(
                "topic `{}` has {} partitions, there is no partition {partition}",
                self.name,
                self.partitions.len()
            ))
        })
    }

    /// Whether any head is beyond what was seen.
    pub(crate) fn is_beyond(heads: &[u64], seen: &[u64]) -> bool {
        heads.iter().enumerate().any(|(p, head)| *head > seen.get(p).copied().unwrap_or(0))
    }
}

/// All topics by name.
#[derive(Debug, Default)]
pub(crate) struct TopicTable(RwLock<BTreeMap<String, Arc<EmbeddedTopic>>>);

impl TopicTable {
    /// The topic of this name, if it is known.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<EmbeddedTopic>> {
        let topics = self.0.read().unwrap_or_else(PoisonError::into_inner);
        topics.get(name).cloned()
    }

    /// The names of all that are known.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Takes in a topic that is not known yet; one that is known stays.
    pub(crate) fn insert(&self, topic: EmbeddedTopic) -> Arc<EmbeddedTopic> {
        let mut topics = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let topic = topics.entry(topic.name.clone()).or_insert_with(|| Arc::new(topic));
        Arc::clone(topic)
    }

    /// Brings topics and heads up to what the file has; heads only move on.
    pub(crate) fn refresh(&self, conn: &Connection, path: &Path) -> Result<(), LogError> {
        let failed = |e| classify_error(e, path);
        // One snapshot, so that the heads belong together.
        let snapshot = conn.unchecked_transaction().map_err(failed)?;
        for row in schema::read_topics(&snapshot, path)? {
            match self.get(&row.name) {
                Some(topic) => {
                    let stored = topic.stored_heads(&snapshot).map_err(failed)?;
                    topic.heads.send_if_modified(|heads| {
                        let moved = EmbeddedTopic::is_beyond(&stored, heads);
                        for (head, stored) in heads.iter_mut().zip(stored) {
                            *head = stored.max(*head);
                        }
                        moved
                    });
                }
                None => {
                    let topic = EmbeddedTopic::load_topic(row, &snapshot).map_err(failed)?;
                    topic.check_ends(&snapshot, path)?;
                    self.insert(topic);
                }
            }
        }
        snapshot.finish().map_err(failed)
    }
}
