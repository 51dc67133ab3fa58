//! A place in a consumer group, which shares partitions out and reads nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use onefold_log::{LogError, Membership};
use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::clients::{Clients, Context, Purpose};

/// How often the thread looks whether it shall end.
const LOOK: Duration = Duration::from_millis(100);

/// A member. Its heartbeat is the client's own, so it keeps its partitions for as long as the process runs.
pub(crate) struct Member {
    mine: watch::Receiver<BTreeSet<u32>>,
    ended: Arc<AtomicBool>,
}

impl Member {
    /// Joins in sharing out the first so many partitions of the topic.
    pub(crate) fn join(clients: &Clients, full: &str, partitions: u32, group: &str) -> Result<Self, LogError> {
        let (told, mine) = watch::channel(BTreeSet::new());
        let ended = Arc::new(AtomicBool::new(false));
        let mut config = clients.config(Purpose::Join);
        config.set("group.id", clients.full(group));
        // Whoever keeps a partition goes on with it while others move.
        config.set("partition.assignment.strategy", "cooperative-sticky");
        let context = Heard { context: clients.context.clone(), partitions, told };
        let failed = |error| clients.failed(&error, full);
        let consumer: BaseConsumer<Heard> = config.create_with_context(context).map_err(failed)?;
        consumer.subscribe(&[full]).map_err(failed)?;
        let until = Arc::clone(&ended);
        let run = move || {
            while !until.load(Ordering::Acquire) {
                if let Some(Err(error)) = consumer.poll(LOOK) {
                    tracing::debug!(%error, "told by the group");
                }
            }
            // Dropping it leaves the group, so that the others need not wait.
        };
        let thread = std::thread::Builder::new().name("kafka-group".to_owned()).spawn(run);
        thread.map_err(|error| LogError::Unavailable(error.to_string()))?;
        Ok(Self { mine, ended })
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
    }
}

#[async_trait]
impl Membership for Member {
    fn mine(&self) -> Vec<u32> {
        self.mine.borrow().iter().copied().collect()
    }

    async fn changed(&self, known: &[u32], time: Duration) -> Result<bool, LogError> {
        let mut mine = self.mine.clone();
        let other = mine.wait_for(|mine| !mine.iter().eq(known));
        match timeout(time, other).await {
            Ok(Ok(_)) => Ok(true),
            Ok(Err(_)) => Err(LogError::Closed),
            Err(_) => Ok(false),
        }
    }
}

/// Hears what the group agrees on.
struct Heard {
    context: Context,
    partitions: u32,
    told: watch::Sender<BTreeSet<u32>>,
}

impl Heard {
    fn numbers(&self, list: &TopicPartitionList) -> BTreeSet<u32> {
        let numbers = list.elements().into_iter().filter_map(|element| u32::try_from(element.partition()).ok());
        // Partitions that were added behind the hub's back are nobody's.
        numbers.filter(|partition| *partition < self.partitions).collect()
    }
}

impl ClientContext for Heard {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.context.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.context.error(error, reason);
    }
}

impl ConsumerContext for Heard {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            let gone = self.numbers(list);
            self.told.send_modify(|mine| mine.retain(|partition| !gone.contains(partition)));
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            // The log reads by itself, from where it wants to.
            if let Err(error) = consumer.pause(list) {
                tracing::debug!(%error, "the group reads what it only shares out");
            }
            self.told.send_modify(|mine| mine.extend(self.numbers(list)));
        }
    }
}
