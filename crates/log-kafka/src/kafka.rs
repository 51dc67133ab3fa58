//! The adapter.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use onefold_log::{GroupMembership, Log, LogError, LogRecord, StoredRecord};
use tokio::time::{Instant, timeout_at};

use crate::broker::{BrokerClient, TopicShape};
use crate::clients::ClientFactory;
use crate::membership::KafkaMember;
use crate::options::KafkaOptions;
use crate::plan::{self, REGISTRY};
use crate::producer::RecordProducer;
use crate::topic::{KafkaTopic, KeptRecords};
use crate::wire;

/// How often the broker is asked whether a topic still has its number of partitions.
const LOOK: Duration = Duration::from_secs(10);
/// More than this is a mistake.
const MOST_PARTITIONS: u32 = 10_000;

/// The log in Apache Kafka, or any broker of its protocol.
pub struct KafkaLog {
    clients: ClientFactory,
    broker: Arc<BrokerClient>,
    appender: RecordProducer,
    topics: RwLock<BTreeMap<String, Arc<KafkaTopic>>>,
    /// Recorded numbers of partitions, and how far the record was read.
    recorded: tokio::sync::Mutex<(BTreeMap<String, u32>, u64)>,
}

impl std::fmt::Debug for KafkaLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaLog").field("options", &self.clients.options).finish_non_exhaustive()
    }
}

impl KafkaLog {
    /// A log on these brokers. Whether they can be reached shows at the first call.
    pub fn open(options: KafkaOptions) -> Result<Self, LogError> {
        let clients = ClientFactory::new(options)?;
        Ok(Self {
            broker: Arc::new(BrokerClient::new(&clients)?),
            appender: RecordProducer::new(clients.clone()),
            clients,
            topics: RwLock::default(),
            recorded: tokio::sync::Mutex::default(),
        })
    }

    pub(crate) fn clients(&self) -> &ClientFactory {
        &self.clients
    }

    pub(crate) fn broker(&self) -> &Arc<BrokerClient> {
        &self.broker
    }

    /// What the broker says of a topic of that full name.
    pub(crate) async fn topic_shape(&self, full: &str) -> Result<Option<TopicShape>, LogError> {
        let full = full.to_owned();
        run_blocking(&self.broker, move |broker| broker.topic_shape(&full)).await
    }

    /// The topic, if the broker has it.
    pub(crate) async fn find_topic(&self, name: &str) -> Result<Arc<KafkaTopic>, LogError> {
        let known = self.topics.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(topic) = known {
            return Ok(topic);
        }
        let Some(shape) = self.topic_shape(&self.clients.full_name(name)).await? else {
            return Err(LogError::UnknownTopic(name.to_owned()));
        };
        let partitions = if name == REGISTRY { 1 } else { self.recorded_partitions(name, shape.partitions).await? };
        self.take_in(name, partitions).await
    }

    async fn take_in(&self, name: &str, partitions: u32) -> Result<Arc<KafkaTopic>, LogError> {
        let full = self.clients.full_name(name);
        let settings = self.broker.topic_settings(&full).await?;
        let is = |name: &str, value: &str| settings.get(name).is_some_and(|set| set == value);
        let forever = is("cleanup.policy", "delete") && is("retention.ms", "-1") && is("retention.bytes", "-1");
        let most = self.clients.options.largest as usize;
        let largest = settings.get("max.message.bytes").and_then(|set| set.parse().ok()).unwrap_or(most).min(most);
        let dense = plan::is_dense(name);
        let kept = KeptRecords { forever: forever && dense, dense, largest };
        let topic = KafkaTopic::new((name, full), partitions, kept, &self.clients, &self.broker);
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(topics.entry(name.to_owned()).or_insert_with(|| Arc::new(topic))))
    }

    /// The number of partitions that the topic was made with; `now`, and recorded as such, where nobody has recorded any.
    pub(crate) async fn recorded_partitions(&self, name: &str, now: u32) -> Result<u32, LogError> {
        let mut recorded = self.recorded.lock().await;
        if let Some(partitions) = recorded.0.get(name) {
            return Ok(*partitions);
        }
        let registry = match Box::pin(self.find_topic(REGISTRY)).await {
            Err(LogError::UnknownTopic(_)) => {
                let settings = plan::retention_settings(plan::retention_of(REGISTRY), self.clients.options.largest);
                self.broker.create_topic(&self.clients.full_name(REGISTRY), 1, &settings).await?;
                Box::pin(self.find_topic(REGISTRY)).await?
            }
            found => found?,
        };
        self.read_records(&registry, &mut recorded).await?;
        if !recorded.0.contains_key(name) {
            let record = LogRecord::new(name.to_owned(), now.to_string(), 0);
            self.appender.append(&registry.full, vec![(0, record)]).await?;
            // Another process may have been first: the first counts.
            self.read_records(&registry, &mut recorded).await?;
        }
        // Hardly ever needed again; a reader that waits for it would cost.
        self.topics.write().unwrap_or_else(PoisonError::into_inner).remove(REGISTRY);
        recorded
            .0
            .get(name)
            .copied()
            .ok_or_else(|| LogError::Corrupt(format!("{}: what was written of `{name}` is not there", registry.full)))
    }

    async fn read_records(
        &self,
        registry: &Arc<KafkaTopic>,
        recorded: &mut (BTreeMap<String, u32>, u64),
    ) -> Result<(), LogError> {
        loop {
            let from = recorded.1;
            let records = run_blocking(registry, move |topic| topic.read_records(0, from, 1_000)).await?;
            let Some(last) = records.last() else { return Ok(()) };
            recorded.1 = last.offset + 1;
            for StoredRecord { record, .. } in records {
                let said = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
                let partitions = said(&record.value).and_then(|value| value.parse().ok());
                if let (Some(name), Some(partitions)) = (said(&record.key), partitions) {
                    recorded.0.entry(name).or_insert(partitions);
                }
            }
        }
    }

    /// Nothing that is known of a topic holds for the one that has taken its place.
    fn check_same<T>(&self, topic: &KafkaTopic, answer: Result<T, LogError>) -> Result<T, LogError> {
        if let Err(LogError::Replaced(_)) = &answer {
            self.topics.write().unwrap_or_else(PoisonError::into_inner).remove(&topic.name);
        }
        answer
    }

    /// Whether the broker still has the partitions that the topic was made with, now and then.
    async fn look(&self, topic: &Arc<KafkaTopic>) -> Result<(), LogError> {
        {
            let mut looked = topic.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if looked.is_some_and(|at| at.elapsed() < LOOK) {
                return Ok(());
            }
            *looked = Some(std::time::Instant::now());
        }
        let held = {
            let broker = Arc::clone(&self.broker);
            run_blocking(topic, move |topic| {
                let Some(TopicShape { partitions, .. }) = broker.topic_shape(&topic.full)? else {
                    return Err(LogError::UnknownTopic(topic.name.clone()));
                };
                let added = topic.partitions..partitions;
                let held = if added.is_empty() { 0 } else { broker.topic_heads(&topic.full, added)?.iter().sum() };
                Ok((partitions, held))
            })
            .await
        };
        let (partitions, held) = match held {
            // Looked at again before long; whoever asked for the heads hears of a broker out of reach from them.
            Err(error) if error.retryable() => return Ok(()),
            told => told?,
        };
        let told = format!("{} was made with {} partitions and has {partitions}", topic.full, topic.partitions);
        let failed = if partitions < topic.partitions {
            LogError::Corrupt(told)
        } else if held > 0 {
            LogError::Corrupt(format!(
                "{told}; somebody has put {held} records where this hub does not look: copy the log into a topic that is made \
                 with the number of partitions it shall have"
            ))
        } else {
            if partitions > topic.partitions {
                tracing::error!("{told}; the hub goes on with those it was made with");
            }
            return Ok(());
        };
        // Said at every call until it is put right.
        *topic.looked.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Err(failed)
    }
}

/// Runs what blocks off the async threads.
async fn run_blocking<S: Send + Sync + 'static, T: Send + 'static>(
    of: &Arc<S>,
    work: impl FnOnce(&S) -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    let of = Arc::clone(of);
    tokio::task::spawn_blocking(move || work(&of)).await.map_err(|_| LogError::Closed)?
}

#[async_trait]
impl Log for KafkaLog {
    async fn topic(&self, name: &str, partitions: u32) -> Result<u32, LogError> {
        match self.find_topic(name).await {
            Ok(topic) => return Ok(topic.partitions),
            Err(LogError::UnknownTopic(_)) => {}
            Err(error) => return Err(error),
        }
        if !(1..=MOST_PARTITIONS).contains(&partitions) {
            return Err(none());
        }
        let settings = plan::retention_settings(plan::retention_of(name), self.clients.options.largest);
        self.broker.create_topic(&self.clients.full_name(name), partitions, &settings).await?;
        Ok(self.find_topic(name).await?.partitions)
    }

    async fn append(&self, topic: &str, batch: Vec<(u32, LogRecord)>) -> Result<Vec<u64>, LogError> {
        let topic = self.find_topic(topic).await?;
        for (partition, record) in &batch {
            topic.check_partition(*partition)?;
            wire::check_size(record, topic.largest)?;
        }
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let partitions: Vec<u32> = batch.iter().map(|(partition, _)| *partition).collect();
        let before = topic.known_heads();
        let offsets = self.appender.append(&topic.full, batch).await?;
        let places: Vec<(u32, u64)> = partitions.into_iter().zip(offsets.iter().copied()).collect();
        self.check_same(&topic, topic.note_appended(&places, &before))?;
        topic.wake_waiters();
        Ok(offsets)
    }

    async fn read(&self, topic: &str, partition: u32, from: u64, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        let topic = self.find_topic(topic).await?;
        topic.check_partition(partition)?;
        if max == 0 || from > i64::MAX as u64 {
            return Ok(Vec::new());
        }
        self.check_same(&topic, run_blocking(&topic, move |topic| topic.read_records(partition, from, max)).await)
    }

    async fn fetch(&self, topic: &str, positions: &[(u32, u64)]) -> Result<Vec<StoredRecord>, LogError> {
        let topic = self.find_topic(topic).await?;
        if positions.is_empty() {
            return Ok(Vec::new());
        }
        let positions = positions.to_vec();
        self.check_same(&topic, run_blocking(&topic, move |topic| topic.fetch_records(&positions)).await)
    }

    async fn heads(&self, topic: &str) -> Result<Vec<u64>, LogError> {
        let topic = self.find_topic(topic).await?;
        self.look(&topic).await?;
        self.check_same(&topic, run_blocking(&topic, |topic| topic.heads()).await)
    }

    async fn wait(&self, topic: &str, seen: &[u64], timeout: Duration) -> Result<bool, LogError> {
        // A timeout beyond what the clock can hold is as good as a year.
        let year = Duration::from_secs(365 * 24 * 3_600);
        let end = Instant::now() + timeout.min(year);
        let topic = self.find_topic(topic).await?;
        let mut bell = topic.listen();
        if KafkaTopic::is_beyond(&topic.known_heads(), seen) {
            return Ok(true);
        }
        self.look(&topic).await?;
        if KafkaTopic::is_beyond(&self.check_same(&topic, run_blocking(&topic, |topic| topic.heads()).await)?, seen) {
            return Ok(true);
        }
        loop {
            bell.mark_unchanged();
            let (heads, seen_then) = (topic.known_heads(), seen.to_vec());
            run_blocking(&topic, move |topic| topic.arm_feeds(&heads, &seen_then)).await?;
            if KafkaTopic::is_beyond(&topic.known_heads(), seen) {
                return Ok(true);
            }
            match timeout_at(end, bell.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(LogError::Closed),
                Err(_) => return Ok(false),
            }
        }
    }

    async fn join(&self, topic: &str, group: &str) -> Result<Box<dyn GroupMembership>, LogError> {
        let topic = self.find_topic(topic).await?;
        Ok(Box::new(KafkaMember::join(&self.clients, &topic.full, topic.partitions, group)?))
    }
}

fn none() -> LogError {
    LogError::Refused(format!("a topic has from 1 to {MOST_PARTITIONS} partitions"))
}
