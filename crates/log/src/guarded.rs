//! A log of which one topic must stay the one that it was.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::{GroupMembership, Log, LogError, LogRecord, StoredRecord};

/// A log of which one topic is refused, in reading and in writing, from when somebody finds that it is another than before until
/// [`Guarded::allow`]: what is made of it would be mixed from two. Clones guard together.
#[derive(Clone)]
pub struct Guarded {
    log: Arc<dyn Log>,
    topic: &'static str,
    refused: Arc<Mutex<Option<String>>>,
}

impl std::fmt::Debug for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guarded").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl Guarded {
    /// Guards one topic of a log.
    pub fn new(log: Arc<dyn Log>, topic: &'static str) -> Self {
        Self { log, topic, refused: Arc::default() }
    }

    /// The log itself, which answers whatever it holds.
    pub fn unguarded(&self) -> &dyn Log {
        self.log.as_ref()
    }

    /// Refuses the topic from here on, for this reason.
    pub fn refuse(&self, why: &str) {
        *self.refused() = Some(why.to_owned());
    }

    /// The topic is the one that it was.
    pub fn allow(&self) {
        *self.refused() = None;
    }

    fn refused(&self) -> MutexGuard<'_, Option<String>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, topic: &str) -> Result<(), LogError> {
        match &*self.refused() {
            Some(why) if topic == self.topic => Err(LogError::Replaced(why.clone())),
            _ => Ok(()),
        }
    }

    /// What the log finds itself is refused as well.
    fn noted<T>(&self, topic: &str, answer: Result<T, LogError>) -> Result<T, LogError> {
        if let (Err(LogError::Replaced(why)), true) = (&answer, topic == self.topic) {
            self.refuse(why);
        }
        answer
    }
}

#[async_trait]
impl Log for Guarded {
    async fn topic(&self, name: &str, partitions: u32) -> Result<u32, LogError> {
        self.log.topic(name, partitions).await
    }

    async fn append(&self, topic: &str, batch: Vec<(u32, LogRecord)>) -> Result<Vec<u64>, LogError> {
        self.check(topic)?;
        self.noted(topic, self.log.append(topic, batch).await)
    }

    async fn read(&self, topic: &str, partition: u32, from: u64, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        self.check(topic)?;
        self.noted(topic, self.log.read(topic, partition, from, max).await)
    }

    async fn fetch(&self, topic: &str, positions: &[(u32, u64)]) -> Result<Vec<StoredRecord>, LogError> {
        self.check(topic)?;
        self.noted(topic, self.log.fetch(topic, positions).await)
    }

    async fn heads(&self, topic: &str) -> Result<Vec<u64>, LogError> {
        self.check(topic)?;
        self.noted(topic, self.log.heads(topic).await)
    }

    async fn wait(&self, topic: &str, seen: &[u64], timeout: Duration) -> Result<bool, LogError> {
        self.check(topic)?;
        self.noted(topic, self.log.wait(topic, seen, timeout).await)
    }

    async fn join(&self, topic: &str, group: &str) -> Result<Box<dyn GroupMembership>, LogError> {
        self.log.join(topic, group).await
    }
}
