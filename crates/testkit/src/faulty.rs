//! A log that does the worst that the port allows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use onefold_log::{GroupMembership, Log, LogError, LogRecord, StoredRecord};

use crate::Dice;

/// One call in so many fails, as one that may be tried again.
const FAILS: u64 = 150;

/// Another log behind everything that its port permits: each append is stored twice, as by a producer that heard no answer;
/// partition by partition, in any order of these; reads answer with as few as they like; calls fail that may be tried again;
/// and whoever joins a group believes at times that every partition is his.
pub struct FaultyLog {
    log: Arc<dyn Log>,
    dice: Shared,
}

impl FaultyLog {
    /// The faults are the same for the same seed and calls.
    pub fn new(log: Arc<dyn Log>, seed: u64) -> Self {
        Self { log, dice: Shared(Arc::new(Mutex::new(Dice::new(seed)))) }
    }

    fn may_fail(&self) -> Result<(), LogError> {
        if self.dice.below(FAILS) == 0 { Err(LogError::Unavailable("a fault".to_owned())) } else { Ok(()) }
    }
}

/// Thrown by whoever comes first.
#[derive(Clone)]
struct Shared(Arc<Mutex<Dice>>);

impl Shared {
    fn below(&self, limit: u64) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).below(limit)
    }
}

#[async_trait]
impl Log for FaultyLog {
    async fn topic(&self, name: &str, partitions: u32) -> Result<u32, LogError> {
        self.log.topic(name, partitions).await
    }

    async fn append(&self, topic: &str, batch: Vec<(u32, LogRecord)>) -> Result<Vec<u64>, LogError> {
        let mut parts: BTreeMap<u64, Vec<(usize, (u32, LogRecord))>> = BTreeMap::new();
        let order = self.dice.below(u64::MAX);
        for (slot, (partition, record)) in batch.into_iter().enumerate() {
            // Each partition's place in an order that is another one each time.
            let place = (u64::from(partition) + 1).wrapping_mul(order | 1) ^ order;
            parts.entry(place).or_default().push((slot, (partition, record)));
        }
        let mut offsets = BTreeMap::new();
        for part in parts.into_values() {
            let (slots, records): (Vec<usize>, Vec<(u32, LogRecord)>) = part.into_iter().unzip();
            self.log.append(topic, records.clone()).await?;
            // What is stored already stays, and the caller gives all of it again.
            self.may_fail()?;
            offsets.extend(slots.into_iter().zip(self.log.append(topic, records).await?));
        }
        Ok(offsets.into_values().collect())
    }

    async fn read(&self, topic: &str, partition: u32, from: u64, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        self.may_fail()?;
        let most = max.min(1 + self.dice.below(60) as usize);
        self.log.read(topic, partition, from, most).await
    }

    async fn fetch(&self, topic: &str, positions: &[(u32, u64)]) -> Result<Vec<StoredRecord>, LogError> {
        self.may_fail()?;
        self.log.fetch(topic, positions).await
    }

    async fn heads(&self, topic: &str) -> Result<Vec<u64>, LogError> {
        self.may_fail()?;
        self.log.heads(topic).await
    }

    async fn wait(&self, topic: &str, seen: &[u64], timeout: Duration) -> Result<bool, LogError> {
        self.may_fail()?;
        self.log.wait(topic, seen, timeout).await
    }

    async fn join(&self, topic: &str, group: &str) -> Result<Box<dyn GroupMembership>, LogError> {
        let partitions = self.log.topic(topic, 1).await?;
        let member = self.log.join(topic, group).await?;
        Ok(Box::new(Believes { member, partitions, dice: self.dice.clone() }))
    }
}

/// A member that believes at times to be alone, and at times to have next to nothing.
struct Believes {
    member: Box<dyn GroupMembership>,
    partitions: u32,
    dice: Shared,
}

#[async_trait]
impl GroupMembership for Believes {
    fn mine(&self) -> Vec<u32> {
        match self.dice.below(4) {
            0 => self.member.mine(),
            1 => (0..self.partitions).filter(|_| self.dice.below(2) == 0).collect(),
            _ => (0..self.partitions).collect(),
        }
    }

    async fn changed(&self, known: &[u32], timeout: Duration) -> Result<bool, LogError> {
        self.member.changed(known, timeout).await
    }
}
