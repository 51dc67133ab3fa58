//! Reads the log from a cursor on, all partitions as one stream.

use std::collections::VecDeque;
use std::sync::Arc;

use onefold_event::{KeyRing, Micros, decode, format_micros, to_cloudevent};
use onefold_log::{EVENTS_TOPIC, Log, StoredRecord};
use serde::Serialize;
use serde_json::{Value, json};

use super::ReplayFilter;
use crate::{ErrorCode, Service, ServiceError};

/// Records of a partition that are held at most: so memory does not grow with the log.
const CHUNK: usize = 1_000;
/// Records that are looked at for one batch.
const LOOKED_AT: usize = 10_000;

/// How far a replay is: the next offset of each partition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ReplayCursor {
    /// By partition; one that is left out is read from its beginning.
    pub positions: Vec<u64>,
}

/// An event that is replayed.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayedEvent {
    /// When the hub took it in.
    pub recorded_at: Micros,
    /// As a CloudEvent, with the extension attributes `recordedtime`, `partition` and `offset`.
    pub event: Value,
}

/// Some events, and how far the replay is with them.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayBatch {
    /// The events; none where none of what was looked at is replayed.
    pub events: Vec<ReplayedEvent>,
    /// Records that were looked at.
    pub scanned: u64,
    /// Where to go on after them.
    pub cursor: ReplayCursor,
}

/// Replays the events up to where the log ended when it began: partitions each in their order, together by when they were taken in.
pub struct ReplayReader {
    log: Arc<dyn Log>,
    keys: Arc<dyn KeyRing>,
    filter: ReplayFilter,
    partitions: Vec<PartitionReader>,
}

/// What is read of a partition.
struct PartitionReader {
    partition: u32,
    /// The offset up to which it is read.
    end: u64,
    /// The next offset to be told.
    next: u64,
    records: VecDeque<StoredRecord>,
}

impl Service {
    /// Begins to replay the events that a filter lets through, from a cursor on.
    ///
    /// # Errors
    /// The cursor names positions that the log does not have, or the log cannot be read.
    pub async fn replay(&self, filter: ReplayFilter, cursor: &ReplayCursor) -> Result<ReplayReader, ServiceError> {
        let ends = self.log.heads(EVENTS_TOPIC).await?;
        if cursor.positions.len() > ends.len() {
            return Err(ServiceError::invalid(format!(
                "the cursor has {} partitions and the log {}: it is of another log",
                cursor.positions.len(),
                ends.len()
            )));
        }
        let mut partitions = Vec::new();
        for (partition, end) in (0u32..).zip(ends) {
            let next = cursor.positions.get(partition as usize).copied().unwrap_or(0);
            if next > end {
                return Err(ServiceError::invalid(format!(
                    "position {next} of partition {partition}: the log ends at {end}; the cursor is of another log, or ahead of it"
                )));
            }
            partitions.push(PartitionReader { partition, end, next, records: VecDeque::new() });
        }
        Ok(ReplayReader { log: Arc::clone(&self.log), keys: Arc::clone(&self.keys), filter, partitions })
    }
}

impl ReplayReader {
    /// The next events, at most so many; none where the log ended when the replay began.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn next_batch(&mut self, most: usize) -> Result<Option<ReplayBatch>, ServiceError> {
        let (mut events, mut scanned) = (Vec::new(), 0);
        while scanned < LOOKED_AT && events.len() < most.max(1) {
            let Some(stored) = self.next_record().await? else { break };
            scanned += 1;
            if !self.filter.may_hold(&stored.record.key, stored.record.time) {
                continue;
            }
            // What is no event is in quarantine, and part of no history.
            let Ok(event) = decode(&stored.record.value) else { continue };
            if !self.filter.holds(&event) {
                continue;
            }
            let recorded_at = stored.record.time;
            let mut event = to_cloudevent(&event, self.keys.as_ref());
            event["recordedtime"] = json!(format_micros(recorded_at));
            event["partition"] = json!(stored.partition);
            event["offset"] = json!(stored.offset);
            events.push(ReplayedEvent { recorded_at, event });
        }
        if scanned == 0 {
            return Ok(None);
        }
        let positions = self.partitions.iter().map(|partition| partition.next).collect();
        let scanned = u64::try_from(scanned).unwrap_or(u64::MAX);
        Ok(Some(ReplayBatch { events, scanned, cursor: ReplayCursor { positions } }))
    }

    /// The record that was taken in first among the next ones of all partitions.
    async fn next_record(&mut self) -> Result<Option<StoredRecord>, ServiceError> {
        let mut first: Option<(Micros, usize)> = None;
        for (at, partition) in self.partitions.iter_mut().enumerate() {
            partition.fill(self.log.as_ref()).await?;
            if let Some(record) = partition.records.front() {
                let order = (record.record.time, at);
                first = Some(first.map_or(order, |first| first.min(order)));
            }
        }
        let Some(partition) = first.and_then(|(_, at)| self.partitions.get_mut(at)) else { return Ok(None) };
        let record = partition.records.pop_front();
        partition.next = record.as_ref().map_or(partition.next, |record| record.offset + 1);
        Ok(record)
    }
}

impl PartitionReader {
    /// Reads on where all that was read is told.
    async fn fill(&mut self, log: &dyn Log) -> Result<(), ServiceError> {
        if !self.records.is_empty() || self.next >= self.end {
            return Ok(());
        }
        let read = log.read(EVENTS_TOPIC, self.partition, self.next, CHUNK).await?;
        self.records.extend(read.into_iter().take_while(|record| record.offset < self.end));
        if self.records.is_empty() {
            return Err(ServiceError::new(
                ErrorCode::Damaged,
                format!(
                    "partition {} of the log ends at {} and has nothing at {}",
                    self.partition, self.end, self.next
                ),
            ));
        }
        Ok(())
    }
}
