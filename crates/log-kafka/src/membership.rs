//! A place in a consumer group, which shares partitions out and reads nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use onefold_log::{GroupMembership, LogError};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::clients::{ClientFactory, ClientPurpose, KafkaContext};

/// How often the thread looks whether it shall end.
const LOOK: Duration = Duration::from_millis(100);
/// How long a partition that shall go is kept for its holder to end what it has begun.
pub(crate) const ENDS: Duration = Duration::from_secs(10);
/// How often it is asked whether it has.
const ASK: Duration = Duration::from_millis(2);

/// A member. Its heartbeat is the client's own, so it keeps its partitions for as long as the process runs.
pub(crate) struct KafkaMember {
    shares: watch::Receiver<GroupShares>,
    ended: Arc<AtomicBool>,
}

/// What the group has agreed on.
#[derive(Default)]
struct GroupShares {
    mine: BTreeSet<u32>,
    /// Whether the holder was told so: what it held before and was not told any more, it has let go.
    told: AtomicBool,
}

impl KafkaMember {
    /// Joins in sharing out the first so many partitions of the topic.
    pub(crate) fn join(clients: &ClientFactory, full: &str, partitions: u32, group: &str) -> Result<Self, LogError> {
        let (agreed, shares) = watch::channel(GroupShares::default());
        let ended = Arc::new(AtomicBool::new(false));
        let mut config = clients.client_config(ClientPurpose::Join);
        config.set("group.id", clients.full_name(group));
        // Whoever keeps a partition goes on with it while others move.
        config.set("partition.assignment.strategy", "cooperative-sticky");
        let context =
            MembershipContext { context: clients.context.clone(), partitions, agreed, ended: Arc::clone(&ended) };
        let failed = |error| clients.call_failed(&error, full);
        let consumer: BaseConsumer<MembershipContext> = config.create_with_context(context).map_err(failed)?;
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
        Ok(Self { shares, ended })
    }
}

impl Drop for KafkaMember {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
    }
}

#[async_trait]
impl GroupMembership for KafkaMember {
    fn mine(&self) -> Vec<u32> {
        let shares = self.shares.borrow();
        shares.told.store(true, Ordering::Release);
        shares.mine.iter().copied().collect()
    }

    async fn changed(&self, known: &[u32], time: Duration) -> Result<bool, LogError> {
        let mut shares = self.shares.clone();
        let other = shares.wait_for(|shares| !shares.mine.iter().eq(known));
        match timeout(time, other).await {
            Ok(Ok(_)) => Ok(true),
            Ok(Err(_)) => Err(LogError::Closed),
            Err(_) => Ok(false),
        }
    }
}

/// Hears what the group agrees on.
struct MembershipContext {
    context: KafkaContext,
    partitions: u32,
    agreed: watch::Sender<GroupShares>,
    ended: Arc<AtomicBool>,
}

impl MembershipContext {
    fn partition_numbers(&self, list: &TopicPartitionList) -> BTreeSet<u32> {
        let numbers = list.elements().into_iter().filter_map(|element| u32::try_from(element.partition()).ok());
        // Partitions that were added behind the hub's back are nobody's.
        numbers.filter(|partition| *partition < self.partitions).collect()
    }

    fn take_shares(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        // The log reads by itself, from where it wants to.
        if let Err(error) = consumer.pause(list) {
            tracing::debug!(%error, "the group reads what it only shares out");
        }
        self.agreed.send_modify(|shares| shares.mine.extend(self.partition_numbers(list)));
    }

    fn let_go(&self, list: &TopicPartitionList) {
        let gone = self.partition_numbers(list);
        let mut held = false;
        self.agreed.send_modify(|shares| {
            held = shares.mine.iter().any(|partition| gone.contains(partition));
            shares.mine.retain(|partition| !gone.contains(partition));
            shares.told.store(false, Ordering::Release);
        });
        // The group gives it to nobody else before this returns.
        let since = Instant::now();
        while held && since.elapsed() < ENDS && !self.ended.load(Ordering::Acquire) && !self.told() {
            std::thread::sleep(ASK);
        }
    }

    fn told(&self) -> bool {
        self.agreed.borrow().told.load(Ordering::Acquire)
    }
}

impl ClientContext for MembershipContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.context.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.context.error(error, reason);
    }
}

impl ConsumerContext for MembershipContext {
    /// As the default, but that it says where to begin. Otherwise librdkafka asks for the committed offsets, of which there are
    /// none; and 2.12.1 reads a list that is not there when that question fails without an answer and is not asked again
    /// (`rd_kafka_assignment_handle_OffsetFetch`, as in librdkafka's issue 4789).
    fn rebalance(&self, consumer: &BaseConsumer<Self>, error: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let moved = match error {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                let set = list.set_all_offsets(Offset::End);
                let assigned = set.and_then(|()| consumer.incremental_assign(list));
                // The hub reads the log by itself. The group gives these to nobody else, whatever this client made of them: left
                // out, nobody would work at them.
                self.take_shares(consumer, list);
                assigned
            }
            // Revoked, or an error, after which the group shall be left with nothing too.
            error => {
                if error != RDKafkaRespErr::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS {
                    tracing::warn!(?error, "the group failed to share its partitions out");
                }
                self.let_go(list);
                consumer.incremental_unassign(list)
            }
        };
        if let Err(error) = moved {
            tracing::warn!(%error, "the group could not share its partitions out");
        }
    }
}
