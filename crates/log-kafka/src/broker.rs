//! What is asked of the broker beside records: metadata, heads, settings; and making topics. All of it may block.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use onefold_log::LogError;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};

use crate::clients::{Clients, Context, Purpose};
use crate::error::by_code;

/// The longest for one question; a broker that does not answer in this time is out of reach.
const QUESTION: Duration = Duration::from_secs(5);

/// The broker, as one asks it.
pub(crate) struct Broker {
    clients: Clients,
    consumer: RwLock<Arc<BaseConsumer<Context>>>,
    admin: AdminClient<Context>,
}

/// What the broker says of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) partitions: u32,
    pub(crate) replicas: usize,
    /// All partitions have somebody who leads them.
    pub(crate) led: bool,
}

impl Broker {
    pub(crate) fn new(clients: &Clients) -> Result<Self, LogError> {
        let consumer = RwLock::new(Arc::new(clients.make(Purpose::Ask)?));
        Ok(Self { clients: clients.clone(), consumer, admin: clients.make(Purpose::Ask)? })
    }

    fn consumer(&self) -> Arc<BaseConsumer<Context>> {
        Arc::clone(&self.consumer.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A client that had no answer is not asked again: after a broker was killed and frozen, some never find its partitions again.
    fn forget(&self) {
        if let Ok(new) = self.clients.make(Purpose::Ask) {
            let mut consumer = self.consumer.write().unwrap_or_else(PoisonError::into_inner);
            let old = std::mem::replace(&mut *consumer, Arc::new(new));
            // Letting go waits for its threads.
            std::thread::spawn(move || drop(old));
        }
    }

    /// Serves what the client wants to tell.
    fn hear(&self) {
        while let Some(Err(error)) = self.consumer().poll(Duration::ZERO) {
            tracing::debug!(%error, "told by the client");
        }
    }

    /// A failure of a question, with what the client has to tell of it.
    fn failed(&self, error: &KafkaError, topic: &str) -> LogError {
        self.hear();
        let failed = self.clients.failed(error, topic);
        if failed.retryable() {
            self.forget();
        }
        failed
    }

    fn question(&self) -> Duration {
        QUESTION.min(self.clients.options.patience)
    }

    /// The topic, if there is one.
    pub(crate) fn shape(&self, full: &str) -> Result<Option<Shape>, LogError> {
        self.hear();
        let metadata = self.consumer().fetch_metadata(Some(full), self.question());
        let metadata = metadata.map_err(|error| self.failed(&error, full))?;
        let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == full) else { return Ok(None) };
        match topic.error().map(Code::from) {
            Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => return Ok(None),
            Some(Code::LeaderNotAvailable) | None => {}
            Some(code) => return Err(by_code(code, full)),
        }
        let partitions = topic.partitions();
        Ok((!partitions.is_empty()).then(|| Shape {
            partitions: partitions.len() as u32,
            replicas: partitions.iter().map(|partition| partition.replicas().len()).min().unwrap_or(0),
            led: partitions.iter().all(|partition| partition.leader() >= 0 && partition.error().is_none()),
        }))
    }

    /// Next offset per partition of the topic's first so many.
    pub(crate) fn heads(&self, full: &str, partitions: std::ops::Range<u32>) -> Result<Vec<u64>, LogError> {
        self.hear();
        let failed = |error: KafkaError| self.failed(&error, full);
        let mut asked = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions.clone() {
            asked.add_partition_offset(full, partition.cast_signed(), Offset::End).map_err(failed)?;
        }
        let told = self.consumer().offsets_for_times(asked, self.question()).map_err(failed)?;
        let mut heads = vec![None; partitions.len()];
        for element in told.elements() {
            match element.error().err().map(|error| (error.rdkafka_error_code(), error)) {
                None => {}
                // As long as nobody leads a partition.
                Some((Some(Code::UnknownPartition), _)) => continue,
                Some((_, error)) => return Err(failed(error)),
            }
            let partition = element.partition().cast_unsigned().checked_sub(partitions.start);
            let place = partition.and_then(|partition| heads.get_mut(partition as usize));
            if let (Some(place), Offset::Offset(head)) = (place, element.offset()) {
                *place = u64::try_from(head).ok();
            }
        }
        heads
            .into_iter()
            .collect::<Option<Vec<u64>>>()
            .ok_or_else(|| self.clients.unavailable("the broker does not say where its partitions end"))
    }

    /// The first offset that the partition still has.
    pub(crate) fn first(&self, full: &str, partition: u32) -> Result<u64, LogError> {
        let marks = self.consumer().fetch_watermarks(full, partition.cast_signed(), self.question());
        let (low, _) = marks.map_err(|error| self.failed(&error, full))?;
        Ok(u64::try_from(low).unwrap_or(0))
    }

    /// The topic's settings by name.
    pub(crate) async fn settings(&self, full: &str) -> Result<BTreeMap<String, String>, LogError> {
        let asked = [ResourceSpecifier::Topic(full)];
        let told = self.admin.describe_configs(&asked, &self.timely()).await;
        let told = told.map_err(|error| self.failed(&error, full))?;
        let Some(told) = told.into_iter().next() else { return Ok(BTreeMap::new()) };
        let told = told.map_err(|code| by_code(code, full))?;
        Ok(told.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect())
    }

    /// Makes the topic; one that is there already is as good. Returns when all its partitions can be used.
    pub(crate) async fn make(&self, full: &str, partitions: u32, settings: &[(&str, String)]) -> Result<(), LogError> {
        let replication = self.clients.options.replication.map_or(-1, i32::from);
        let mut topic = NewTopic::new(full, partitions.cast_signed(), TopicReplication::Fixed(replication));
        for (name, value) in settings {
            topic = topic.set(name, value);
        }
        let made = self.admin.create_topics([&topic], &self.timely()).await;
        match made.map_err(|error| self.failed(&error, full))?.into_iter().next() {
            Some(Err((_, code))) if code != Code::TopicAlreadyExists => return Err(by_code(code, full)),
            _ => {}
        }
        let end = Instant::now() + self.clients.options.patience;
        loop {
            // Who leads is known before the leader itself knows.
            let led = self.shape(full)?.is_some_and(|shape| shape.led);
            match self.heads(full, 0..partitions) {
                Ok(_) if led => return Ok(()),
                Err(error) if !error.retryable() && !matches!(error, LogError::UnknownTopic(_)) => return Err(error),
                _ if Instant::now() >= end => {
                    return Err(self.clients.unavailable(&format!("{full} was made, but nobody leads it")));
                }
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Removes topics with all that they hold; one that is not there is as good.
    pub(crate) async fn remove(&self, full: &[&str]) -> Result<(), LogError> {
        let removed = self.admin.delete_topics(full, &self.timely()).await;
        for one in removed.map_err(|error| self.failed(&error, "topics"))? {
            match one {
                Err((_, Code::UnknownTopicOrPartition | Code::UnknownTopic)) | Ok(_) => {}
                Err((name, code)) => return Err(by_code(code, &name)),
            }
        }
        Ok(())
    }

    fn timely(&self) -> AdminOptions {
        AdminOptions::new().request_timeout(Some(self.question())).operation_timeout(Some(self.question()))
    }
}
