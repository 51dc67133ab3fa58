//! The adapter.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use onefold_log::{GroupMembership, Log, LogError, LogRecord, StoredRecord};
use tokio::time::{Instant, timeout_at};

use crate::broker::{Broker, Shape};
use crate::clients::Clients;
use crate::membership::Member;
use crate::options::KafkaOptions;
use crate::plan::{self, REGISTRY};
use crate::producer::Appender;
use crate::topic::{Topic, TopicRetention};
use crate::wire;

/// How often the broker is asked whether a topic still has its number of partitions.
const LOOK: Duration = Duration::from_secs(10);
/// More than this is a mistake.
const MOST_PARTITIONS: u32 = 10_000;

/// The log in Apache Kafka, or any broker of its protocol.
pub struct KafkaLog {
    clients: Clients,
    broker: Arc<Broker>,
    appender: Appender,
    topics: RwLock<BTreeMap<String, Arc<Topic>>>,
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
        let clients = Clients::new(options)?;
        Ok(Self {
            broker: Arc::new(Broker::new(&clients)?),
            appender: Appender::new(clients.clone()),
            clients,
            topics: RwLock::default(),
            recorded: tokio::sync::Mutex::default(),
        })
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.clients
    }

    pub(crate) fn broker(&self) -> &Arc<Broker> {
        &self.broker
    }

    /// What the broker says of a topic of that full name.
    pub(crate) async fn shape(&self, full: &str) -> Result<Option<Shape>, LogError> {
        let full = full.to_owned();
        blocking(&self.broker, move |broker| broker.shape(&full)).await
    }

    /// The topic, if the broker has it.
    pub(crate) async fn find(&self, name: &str) -> Result<Arc<Topic>, LogError> {
        let known = self.topics.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(topic) = known {
            return Ok(topic);
        }
        let Some(shape) = self.shape(&self.clients.full(name)).await? else {
            return Err(LogError::UnknownTopic(name.to_owned()));
        };
        let partitions = if name == REGISTRY { 1 } else { self.recorded(name, shape.partitions).await? };
        self.take_in(name, partitions).await
    }

    async fn take_in(&self, name: &str, partitions: u32) -> Result<Arc<Topic>, LogError> {
        let full = self.clients.full(name);
        let settings = self.broker.settings(&full).await?;
        let is = |name: &str, value: &str| settings.get(name).is_some_and(|set| set == value);
        let forever = is("cleanup.policy", "delete") && is("retention.ms", "-1") && is("retention.bytes", "-1");
        let most = self.clients.options.largest as usize;
        let largest = settings.get("max.message.bytes").and_then(|set| set.parse().ok()).unwrap_or(most).min(most);
        let dense = plan::is_dense(name);
        let kept = TopicRetention { forever: forever && dense, dense, largest };
        let topic = Topic::new((name, full), partitions, kept, &self.clients, &self.broker);
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(topics.entry(name.to_owned()).or_insert_with(|| Arc::new(topic))))
    }

    /// The number of partitions that the topic was made with; `now`, and recorded as such, where nobody has recorded any.
    pub(crate) async fn recorded(&self, name: &str, now: u32) -> Result<u32, LogError> {
        let mut recorded = self.recorded.lock().await;
        if let Some(partitions) = recorded.0.get(name) {
            return Ok(*partitions);
        }
        let registry = match Box::pin(self.find(REGISTRY)).await {
            Err(LogError::UnknownTopic(_)) => {
                let settings = plan::settings(plan::kept(REGISTRY), self.clients.options.largest);
                self.broker.make(&self.clients.full(REGISTRY), 1, &settings).await?;
                Box::pin(self.find(REGISTRY)).await?
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
        registry: &Arc<Topic>,
        recorded: &mut (BTreeMap<String, u32>, u64),
    ) -> Result<(), LogError> {
        loop {
            let from = recorded.1;
            let records = blocking(registry, move |topic| topic.read(0, from, 1_000)).await?;
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
    fn same<T>(&self, topic: &Topic, answer: Result<T, LogError>) -> Result<T, LogError> {
        if let Err(LogError::Replaced(_)) = &answer {
            self.topics.write().unwrap_or_else(PoisonError::into_inner).remove(&topic.name);
        }
        answer
    }

    /// Whether the broker still has the partitions that the topic was made with, now and then.
    async fn look(&self, topic: &Arc<Topic>) -> Result<(), LogError> {
        {
            let mut looked = topic.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if looked.is_some_and(|at| at.elapsed() < LOOK) {
                return Ok(());
            }
            *looked = Some(std::time::Instant::now());
        }
        let held = {
            let broker = Arc::clone(&self.broker);
            blocking(topic, move |topic| {
                let Some(Shape { partitions, .. }) = broker.shape(&topic.full)? else {
                    return Err(LogError::UnknownTopic(topic.name.clone()));
                };
                let added = topic.partitions..partitions;
                let held = if added.is_empty() { 0 } else { broker.heads(&topic.full, added)?.iter().sum() };
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
async fn blocking<S: Send + Sync + 'static, T: Send + 'static>(
    of: &Arc<S>,
    work: impl FnOnce(&S) -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    let of = Arc::clone(of);
    tokio::task::spawn_blocking(move || work(&of)).await.map_err(|_| LogError::Closed)?
}

#[async_trait]
impl Log for KafkaLog {
    async fn topic(&self, name: &str, partitions: u32) -> Result<u32, LogError> {
        match self.find(name).await {
            Ok(topic) => return Ok(topic.partitions),
            Err(LogError::UnknownTopic(_)) => {}
            Err(error) => return Err(error),
        }
        if !(1..=MOST_PARTITIONS).contains(&partitions) {
            return Err(none());
        }
        let settings = plan::settings(plan::kept(name), self.clients.options.largest);
        self.broker.make(&self.clients.full(name), partitions, &settings).await?;
        Ok(self.find(name).await?.partitions)
    }

    async fn append(&self, topic: &str, batch: Vec<(u32, LogRecord)>) -> Result<Vec<u64>, LogError> {
        let topic = self.find(topic).await?;
        for (partition, record) in &batch {
            topic.has(*partition)?;
            wire::fits(record, topic.largest)?;
        }
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let partitions: Vec<u32> = batch.iter().map(|(partition, _)| *partition).collect();
        let before = topic.known();
        let offsets = self.appender.append(&topic.full, batch).await?;
        let places: Vec<(u32, u64)> = partitions.into_iter().zip(offsets.iter().copied()).collect();
        self.same(&topic, topic.appended(&places, &before))?;
        topic.ring();
        Ok(offsets)
    }

    async fn read(&self, topic: &str, partition: u32, from: u64, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        let topic = self.find(topic).await?;
        topic.has(partition)?;
        if max == 0 || from > i64::MAX as u64 {
            return Ok(Vec::new());
        }
        self.same(&topic, blocking(&topic, move |topic| topic.read(partition, from, max)).await)
    }

    async fn fetch(&self, topic: &str, positions: &[(u32, u64)]) -> Result<Vec<StoredRecord>, LogError> {
        let topic = self.find(topic).await?;
        if positions.is_empty() {
            return Ok(Vec::new());
        }
        let positions = positions.to_vec();
        self.same(&topic, blocking(&topic, move |topic| topic.fetch(&positions)).await)
    }

    async fn heads(&self, topic: &str) -> Result<Vec<u64>, LogError> {
        let topic = self.find(topic).await?;
        self.look(&topic).await?;
        self.same(&topic, blocking(&topic, |topic| topic.heads()).await)
    }

    async fn wait(&self, topic: &str, seen: &[u64], timeout: Duration) -> Result<bool, LogError> {
        // A timeout beyond what the clock can hold is as good as a year.
        let year = Duration::from_secs(365 * 24 * 3_600);
        let end = Instant::now() + timeout.min(year);
        let topic = self.find(topic).await?;
        let mut bell = topic.listen();
        if Topic::beyond(&topic.known(), seen) {
            return Ok(true);
        }
        self.look(&topic).await?;
        if Topic::beyond(&self.same(&topic, blocking(&topic, |topic| topic.heads()).await)?, seen) {
            return Ok(true);
        }
        loop {
            bell.mark_unchanged();
            let (heads, seen_then) = (topic.known(), seen.to_vec());
            blocking(&topic, move |topic| topic.arm(&heads, &seen_then)).await?;
            if Topic::beyond(&topic.known(), seen) {
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
        let topic = self.find(topic).await?;
        Ok(Box::new(Member::join(&self.clients, &topic.full, topic.partitions, group)?))
    }
}

fn none() -> LogError {
    LogError::Refused(format!("a topic has from 1 to {MOST_PARTITIONS} partitions"))
}
