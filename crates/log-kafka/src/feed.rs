//! Consumers with partitions given to them, each partition a queue of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use onefold_log::LogError;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::watch;

use crate::clients::{ClientFactory, ClientPurpose, KafkaContext};
use crate::wire::{PackedRecord, RecordArena};

/// Not positioned.
const NOWHERE: u64 = u64::MAX;
/// One look at the queue while waiting for records that are known to exist.
const LOOK: Duration = Duration::from_millis(100);

/// One consumer, and the place in each partition that it reads from.
pub(crate) struct ConsumerLane {
    full: String,
    consumer: Arc<BaseConsumer<KafkaContext>>,
    feeds: Vec<PartitionFeed>,
}

/// One partition of a lane.
struct PartitionFeed {
    /// The offset that comes next, to be looked at without the lock.
    next: AtomicU64,
    /// When it was last read, in reads of the topic.
    used: AtomicU64,
    state: Mutex<FeedState>,
}

/// What a feed holds, locked by whoever reads.
#[derive(Default)]
pub(crate) struct FeedState {
    queue: Option<PartitionQueue<KafkaContext>>,
    /// Read already, to see whether there is more.
    peeked: Option<(u64, PackedRecord)>,
    arena: RecordArena,
}

/// Why a feed gives nothing.
pub(crate) enum FeedStop {
    /// The broker has no such offset: records were removed, or never written.
    NoSuchOffset,
    /// There was nothing more when it was asked; told only to those who follow to the end.
    End,
    /// Anything else.
    Failed(LogError),
}

impl ConsumerLane {
    pub(crate) fn open(
        clients: &ClientFactory,
        purpose: ClientPurpose,
        full: &str,
        partitions: u32,
    ) -> Result<Self, LogError> {
        let consumer = Arc::new(clients.make_client(purpose)?);
        let feed =
            |_| PartitionFeed { next: AtomicU64::new(NOWHERE), used: AtomicU64::new(0), state: Mutex::default() };
        Ok(Self { full: full.to_owned(), consumer, feeds: (0..partitions).map(feed).collect() })
    }

    /// The offset that comes next; none where nobody has read yet.
    pub(crate) fn next_offset(&self, partition: u32) -> Option<u64> {
        let next = self.feed_of(partition).map_or(NOWHERE, |feed| feed.next.load(Ordering::Acquire));
        (next != NOWHERE).then_some(next)
    }

    /// When it was last read.
    pub(crate) fn last_used(&self, partition: u32) -> u64 {
        self.feed_of(partition).map_or(0, |feed| feed.used.load(Ordering::Relaxed))
    }

    /// Marks it as read now.
    pub(crate) fn touch(&self, partition: u32, now: u64) {
        if let Some(feed) = self.feed_of(partition) {
            feed.used.store(now, Ordering::Relaxed);
        }
    }

    /// The partition, for one reader alone.
    pub(crate) fn lock_partition(&self, partition: u32) -> Option<FeedReader<'_>> {
        let feed = self.feed_of(partition)?;
        let state = feed.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Serves what the consumer wants to tell; records come by the partitions' own queues.
        if let Some(Err(error)) = self.consumer.poll(Duration::ZERO) {
            tracing::debug!(%error, topic = self.full, "told by the consumer");
        }
        Some(FeedReader { lane: self, partition, feed, state })
    }

    fn feed_of(&self, partition: u32) -> Option<&PartitionFeed> {
        self.feeds.get(partition as usize)
    }

    fn assignment_at(&self, partition: u32, offset: u64) -> Result<TopicPartitionList, KafkaError> {
        let mut list = TopicPartitionList::new();
        let offset = Offset::Offset(i64::try_from(offset).unwrap_or(i64::MAX));
        list.add_partition_offset(&self.full, partition.cast_signed(), offset)?;
        Ok(list)
    }
}

/// A partition in the hands of its one reader.
pub(crate) struct FeedReader<'a> {
    lane: &'a ConsumerLane,
    partition: u32,
    feed: &'a PartitionFeed,
    state: MutexGuard<'a, FeedState>,
}

impl FeedReader<'_> {
    /// Goes to the offset, if it is not there; `bell` rings when records come to an empty queue.
    pub(crate) fn start_at(&mut self, offset: u64, bell: &watch::Sender<()>) -> Result<(), KafkaError> {
        let now = self.feed.next.load(Ordering::Acquire);
        if now == offset {
            return Ok(());
        }
        // Positioned again only if all below succeeds.
        self.stop_reading();
        if self.state.queue.is_none() {
            let queue = self.lane.consumer.split_partition_queue(&self.lane.full, self.partition.cast_signed());
            let mut queue = queue.ok_or(KafkaError::MessageConsumption(Code::UnknownPartition))?;
            let bell = bell.clone();
            queue.set_nonempty_callback(move || {
                bell.send_replace(());
            });
            self.state.queue = Some(queue);
        }
        self.lane.consumer.incremental_assign(&self.lane.assignment_at(self.partition, offset)?)?;
        self.feed.next.store(offset, Ordering::Release);
        Ok(())
    }

    /// Leaves the partition, so that nothing more is brought of it.
    pub(crate) fn stop_reading(&mut self) {
        if self.feed.next.swap(NOWHERE, Ordering::AcqRel) != NOWHERE {
            self.state.peeked = None;
            let place = self.lane.assignment_at(self.partition, 0);
            let left = place.and_then(|place| self.lane.consumer.incremental_unassign(&place));
            left.unwrap_or_else(|error| tracing::debug!(%error, "leaving a partition"));
        }
    }

    /// The offset of the next record, if it has come already.
    pub(crate) fn peek(&mut self) -> Result<Option<u64>, FeedStop> {
        if self.state.peeked.is_none() {
            self.state.peeked = self.poll_record(Duration::ZERO)?;
        }
        Ok(self.state.peeked.as_ref().map(|(offset, _)| *offset))
    }

    /// Takes up to `most` records and some bytes, of those before `end`. With a deadline it waits for the first; after the first,
    /// or without one, it takes what has come.
    pub(crate) fn take_records(
        &mut self,
        most: usize,
        bytes: usize,
        end: u64,
        deadline: Option<Instant>,
        taken: &mut Vec<(u64, PackedRecord)>,
    ) -> Result<(), FeedStop> {
        let (mut held, before) = (0, taken.len());
        while taken.len() - before < most && held < bytes {
            let wait = match deadline {
                Some(deadline) if taken.len() == before => LOOK.min(deadline.saturating_duration_since(Instant::now())),
                _ => Duration::ZERO,
            };
            let next = match self.state.peeked.take() {
                Some(peeked) => Some(peeked),
                None => match self.poll_record(wait) {
                    Err(FeedStop::End) if taken.len() > before => break,
                    polled => polled?,
                },
            };
            match next {
                Some((offset, packed)) if offset >= end => {
                    self.state.peeked = Some((offset, packed));
                    break;
                }
                Some((offset, packed)) => {
                    held += packed.len();
                    self.feed.next.store(offset + 1, Ordering::Release);
                    taken.push((offset, packed));
                }
                None if wait.is_zero() => break,
                None => {}
            }
        }
        Ok(())
    }

    /// The next message of the queue.
    fn poll_record(&mut self, wait: Duration) -> Result<Option<(u64, PackedRecord)>, FeedStop> {
        let FeedState { queue, arena, .. } = &mut *self.state;
        let Some(queue) = queue else { return Ok(None) };
        loop {
            match queue.poll(wait) {
                None => return Ok(None),
                Some(Ok(message)) => {
                    let offset = u64::try_from(message.offset()).unwrap_or(0);
                    // What was under way when the place was changed.
                    if offset >= self.feed.next.load(Ordering::Acquire) {
                        return Ok(Some((offset, arena.pack_record(&message))));
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return Err(FeedStop::End),
                Some(Err(error)) => match error.rdkafka_error_code() {
                    Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) => {
                        self.stop_reading();
                        return Err(FeedStop::NoSuchOffset);
                    }
                    _ => {
                        let told = crate::error::classify_error(&error, &self.lane.full);
                        // What passes is the client's to repeat; whoever waits runs out of time by himself.
                        if !told.retryable() {
                            return Err(FeedStop::Failed(told));
                        }
                    }
                },
            }
        }
    }
}
