//! What is asked of the broker beside records: metadata, heads, settings; and making topics. All of it may block.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use onefold_log::LogError;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};

use crate::clients::{ClientFactory, ClientPurpose, KafkaContext};
use crate::error::by_code;

/// The longest for one question; a broker that does not answer in this time is out of reach.
const QUESTION: Duration = Duration::from_secs(5);

/// The broker, as one asks it.
pub(crate) struct BrokerClient {
    clients: ClientFactory,
    consumer: RwLock<Arc<BaseConsumer<KafkaContext>>>,
    admin: AdminClient<KafkaContext>,
}

/// What the broker says of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicShape {
    pub(crate) partitions: u32,
    pub(crate) replicas: usize,
    /// All partitions have somebody who leads them.
    pub(crate) led: bool,
}

impl BrokerClient {
    pub(crate) fn new(clients: &ClientFactory) -> Result<Self, LogError> {
        let consumer = RwLock::new(Arc::new(clients.make_client(ClientPurpose::Ask)?));
        Ok(Self { clients: clients.clone(), consumer, admin: clients.make_client(ClientPurpose::Ask)? })
    }

    fn current_consumer(&self) -> Arc<BaseConsumer<KafkaContext>> {
        Arc::clone(&self.consumer.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A client that had no answer is not asked again: after a broker was killed and frozen, some never find its partitions again.
    fn forget_consumer(&self) {
        if let Ok(new) = self.clients.make_client(ClientPurpose::Ask) {
            let mut consumer = self.consumer.write().unwrap_or_else(PoisonError::into_inner);
            let old = std::mem::replace(&mut *consumer, Arc::new(new));
            // Letting go waits for its threads.
            std::thread::spawn(move || drop(old));
        }
    }

    /// Serves what the client wants to tell.
    fn poll_events(&self) {
        while let Some(Err(error)) = self.current_consumer().poll(Duration::ZERO) {
            tracing::debug!(%error, "told by the client");
        }
    }

    /// A failure of a question, with what the client has to tell of it.
    fn call_failed(&self, error: &KafkaError, topic: &str) -> LogError {
        self.poll_events();
        let failed = self.clients.call_failed(error, topic);
        if failed.retryable() {
            self.forget_consumer();
        }
        failed
    }

    fn question_timeout(&self) -> Duration {
        QUESTION.min(self.clients.options.patience)
    }

    /// The topic, if there is one.
    pub(crate) fn topic_shape(&self, full: &str) -> Result<Option<TopicShape>, LogError> {
        self.poll_events();
        let metadata = self.current_consumer().fetch_metadata(Some(full), self.question_timeout());
        let metadata = metadata.map_err(|error| self.call_failed(&error, full))?;
        let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == full) else { return Ok(None) };
        match topic.error().map(Code::from) {
            Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => return Ok(None),
            Some(Code::LeaderNotAvailable) | None => {}
            Some(code) => return Err(by_code(code, full)),
        }
        let partitions = topic.partitions();
        Ok((!partitions.is_empty()).then(|| TopicShape {
            partitions: partitions.len() as u32,
            replicas: partitions.iter().map(|partition| partition.replicas().len()).min().unwrap_or(0),
            led: partitions.iter().all(|partition| partition.leader() >= 0 && partition.error().is_none()),
        }))
    }

    /// Next offset per partition of the topic's first so many.
    pub(crate) fn topic_heads(&self, full: &str, partitions: std::ops::Range<u32>) -> Result<Vec<u64>, LogError> {
        self.poll_events();
        let failed = |error: KafkaError| self.call_failed(&error, full);
        let mut asked = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions.clone() {
            asked.add_partition_offset(full, partition.cast_signed(), Offset::End).map_err(failed)?;
        }
        let told = self.current_consumer().offsets_for_times(asked, self.question_timeout()).map_err(failed)?;
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
    pub(crate) fn first_offset(&self, full: &str, partition: u32) -> Result<u64, LogError> {
        let marks = self.current_consumer().fetch_watermarks(full, partition.cast_signed(), self.question_timeout());
        let (low, _) = marks.map_err(|error| self.call_failed(&error, full))?;
        Ok(u64::try_from(low).unwrap_or(0))
    }

    /// The topic's settings by name.
    pub(crate) async fn topic_settings(&self, full: &str) -> Result<BTreeMap<String, String>, LogError> {
        let asked = [ResourceSpecifier::Topic(full)];
        let told = self.admin.describe_configs(&asked, &self.admin_options()).await;
        let told = told.map_err(|error| self.call_failed(&error, full))?;
        let Some(told) = told.into_iter().next() else { return Ok(BTreeMap::new()) };
        let told = told.map_err(|code| by_code(code, full))?;
        Ok(told.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect())
    }

    /// Makes the topic; one that is there already is as good. Returns when all its partitions can be used.
    pub(crate) async fn create_topic(
        &self,
        full: &str,
        partitions: u32,
        settings: &[(&str, String)],
    ) -> Result<(), LogError> {
        let replication = self.clients.options.replication.map_or(-1, i32::from);
        let mut topic = NewTopic::new(full, partitions.cast_signed(), TopicReplication::Fixed(replication));
        for (name, value) in settings {
            topic = topic.set(name, value);
        }
        let made = self.admin.create_topics([&topic], &self.admin_options()).await;
        match made.map_err(|error| self.call_failed(&error, full))?.into_iter().next() {
            Some(Err((_, code))) if code != Code::TopicAlreadyExists => return Err(by_code(code, full)),
            _ => {}
        }
        let end = Instant::now() + self.clients.options.patience;
        loop {
            // Who leads is known before the leader itself knows.
            let led = self.topic_shape(full)?.is_some_and(|shape| shape.led);
            match self.topic_heads(full, 0..partitions) {
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
    pub(crate) async fn delete_topics(&self, full: &[&str]) -> Result<(), LogError> {
        let removed = self.admin.delete_topics(full, &self.admin_options()).await;
        for one in removed.map_err(|error| self.call_failed(&error, "topics"))? {
            match one {
                Err((_, Code::UnknownTopicOrPartition | Code::UnknownTopic)) | Ok(_) => {}
                Err((name, code)) => return Err(by_code(code, &name)),
            }
        }
        Ok(())
    }

    fn admin_options(&self) -> AdminOptions {
        AdminOptions::new()
            .request_timeout(Some(self.question_timeout()))
            .operation_timeout(Some(self.question_timeout()))
    }
}
