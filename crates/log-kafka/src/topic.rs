//! One topic as it is read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use onefold_log::{LogError, StoredRecord};
use rdkafka::error::KafkaError;
use tokio::sync::watch;

use crate::broker::BrokerClient;
use crate::clients::{ClientFactory, ClientPurpose};
use crate::feed::{ConsumerLane, FeedReader, FeedStop};
use crate::recent::RecentRecords;
use crate::wire::{PackedRecord, unpack_record};

/// A read ends early once it holds this much.
const READ_BYTES: usize = 16 << 20;
/// Readers of one partition that each keep their place.
const LANES: usize = 3;
/// Fetching reads over so many records that nobody asked for rather than beginning anew.
const OVER: u64 = 100;

/// The longest wait for records that are known to exist: whoever reads says before long that the broker does not answer, and
/// tries again, which loses nothing of what is on its way.
const ANSWER: Duration = Duration::from_secs(8);

/// Partition and offset.
type RecordPosition = (u32, u64);

/// What a topic keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeptRecords {
    /// Nothing is ever removed: offsets have no gap.
    pub(crate) forever: bool,
    /// No transaction is written to it, whose end would stand among the records.
    pub(crate) dense: bool,
    /// The largest message it takes.
    pub(crate) largest: usize,
}

/// What is known of a topic.
pub(crate) struct KafkaTopic {
    /// As the port names it.
    pub(crate) name: String,
    /// As the broker names it.
    pub(crate) full: String,
    /// The number it was made with.
    pub(crate) partitions: u32,
    /// Nothing is ever removed: offsets have no gap.
    pub(crate) forever: bool,
    /// No transaction is written to it.
    dense: bool,
    /// The largest message it takes.
    pub(crate) largest: usize,
    clients: ClientFactory,
    broker: Arc<BrokerClient>,
    /// The highest head seen, per partition.
    known: Vec<AtomicU64>,
    /// Rings when records come where somebody waits.
    bell: watch::Sender<()>,
    lanes: Mutex<Vec<Arc<ConsumerLane>>>,
    seeker: Mutex<Option<Arc<ConsumerLane>>>,
    recent: RecentRecords,
    reads: AtomicU64,
    /// When the broker was last asked whether it still has that many partitions.
    pub(crate) looked: Mutex<Option<Instant>>,
}

impl KafkaTopic {
    pub(crate) fn new(
        (name, full): (&str, String),
        partitions: u32,
        KeptRecords { forever, dense, largest }: KeptRecords,
        clients: &ClientFactory,
        broker: &Arc<BrokerClient>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            full,
            partitions,
            forever,
            dense,
            largest,
            clients: clients.clone(),
            broker: Arc::clone(broker),
            known: (0..partitions).map(|_| AtomicU64::new(0)).collect(),
            bell: watch::Sender::new(()),
            lanes: Mutex::default(),
            seeker: Mutex::default(),
            recent: RecentRecords::new(partitions as usize, clients.options.recent_bytes),
            reads: AtomicU64::new(0),
            looked: Mutex::default(),
        }
    }

    /// Asking for a partition that is not there is the caller's mistake.
    pub(crate) fn check_partition(&self, partition: u32) -> Result<(), LogError> {
        if partition < self.partitions {
            return Ok(());
        }
        Err(LogError::Refused(format!(
            "topic `{}` has {} partitions, there is no partition {partition}",
            self.name, self.partitions
        )))
    }

    /// The heads that were seen; they only move on.
    pub(crate) fn known_heads(&self) -> Vec<u64> {
        self.known.iter().map(|head| head.load(Ordering::Acquire)).collect()
    }

    /// A record at this offset exists.
    pub(crate) fn note_head(&self, partition: u32, offset: u64) {
        if let Some(head) = self.known.get(partition as usize) {
            head.fetch_max(offset + 1, Ordering::AcqRel);
        }
    }

    /// Rings for those who wait in this process.
    pub(crate) fn wake_waiters(&self) {
        self.bell.send_replace(());
    }

    pub(crate) fn listen(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }

    /// Whether any head is beyond what was seen.
    pub(crate) fn is_beyond(heads: &[u64], seen: &[u64]) -> bool {
        heads.iter().enumerate().any(|(p, head)| *head > seen.get(p).copied().unwrap_or(0))
    }

    /// The heads as the broker has them. Blocks.
    pub(crate) fn heads(&self) -> Result<Vec<u64>, LogError> {
        let before = self.known_heads();
        let heads = self.broker.topic_heads(&self.full, 0..self.partitions)?;
        if let Some((partition, (head, seen))) =
            (0u32..).zip(heads.iter().zip(&before)).find(|(_, (head, seen))| head < seen)
        {
            return Err(
                self.replaced_topic(format!("partition {partition} ends at {head}, where it went on to {seen}"))
            );
        }
        for (known, head) in self.known.iter().zip(heads) {
            known.fetch_max(head, Ordering::AcqRel);
        }
        Ok(self.known_heads())
    }

    /// What an append was given lies beyond all that was known before it began.
    pub(crate) fn note_appended(&self, places: &[(u32, u64)], before: &[u64]) -> Result<(), LogError> {
        let is_known =
            |(partition, offset): &&(u32, u64)| before.get(*partition as usize).is_some_and(|head| offset < head);
        if let Some((partition, offset)) = places.iter().find(is_known) {
            return Err(self.replaced_topic(format!("offset {offset} of partition {partition} was given again")));
        }
        places.iter().for_each(|(partition, offset)| self.note_head(*partition, *offset));
        Ok(())
    }

    fn replaced_topic(&self, what: String) -> LogError {
        LogError::Replaced(format!(
            "{}: {what}; the topic was deleted and made anew, or its broker lost records",
            self.full
        ))
    }

    /// Records of one partition in order. Blocks.
    pub(crate) fn read_records(&self, partition: u32, from: u64, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        let now = self.reads.fetch_add(1, Ordering::Relaxed) + 1;
        let mut taken = Vec::new();
        let there = self.lane_at(partition, from);
        if let Some(mut reading) = there.as_deref().and_then(|lane| lane.lock_partition(partition)) {
            // Only what has come already: no question to the broker while records flow.
            self.start_reading(&mut reading, from)?;
            reading.take_records(max, READ_BYTES, u64::MAX, None, &mut taken).or_else(|dry| self.handle_stop(dry))?;
        }
        if taken.is_empty() {
            let head = |heads: Vec<u64>| heads.get(partition as usize).copied().unwrap_or(0);
            if from >= head(self.known_heads()) && from >= head(self.heads()?) {
                return Ok(Vec::new());
            }
            let lane = match there {
                Some(lane) => lane,
                None => self.lane_for(partition)?,
            };
            taken = self.must_take(&lane, partition, from, max).inspect_err(|error| self.forget_lane(&lane, error))?;
            lane.touch(partition, now);
        } else if let Some(lane) = there {
            lane.touch(partition, now);
        }
        if let Some((last, _)) = taken.last() {
            self.note_head(partition, *last);
        }
        self.check_gaps(partition, from, &taken)?;
        self.recent.add_records(partition, &taken);
        Ok(taken.iter().map(|(offset, packed)| unpack_record(partition, *offset, packed)).collect())
    }

    /// Records that are known to exist, waited for.
    fn must_take(
        &self,
        lane: &ConsumerLane,
        partition: u32,
        from: u64,
        max: usize,
    ) -> Result<Vec<(u64, PackedRecord)>, LogError> {
        let mut taken = Vec::new();
        let mut place = from;
        let deadline = Instant::now() + ANSWER.min(self.clients.options.patience);
        let Some(mut reading) = lane.lock_partition(partition) else { return Ok(taken) };
        if !self.dense {
            // Told anew where the partition ends: below the head there may be nothing but the end of a transaction.
            reading.stop_reading();
        }
        loop {
            self.start_reading(&mut reading, place)?;
            match reading.take_records(max, READ_BYTES, u64::MAX, Some(deadline), &mut taken) {
                Ok(()) if taken.is_empty() && Instant::now() >= deadline => {
                    return Err(self.clients.unavailable(&format!(
                        "{}: no answer in time for partition {partition}, offset {from}",
                        self.full
                    )));
                }
                Ok(()) => return Ok(taken),
                Err(FeedStop::NoSuchOffset) => {
                    let first = self.broker.first_offset(&self.full, partition)?;
                    if self.forever || first <= place {
                        return Err(self.missing_record(partition, place, first));
                    }
                    place = first;
                }
                Err(FeedStop::End) => return Ok(taken),
                Err(FeedStop::Failed(error)) => return Err(error),
            }
        }
    }

    /// The records at exactly these positions; duplicates and any order allowed. Blocks.
    pub(crate) fn fetch_records(&self, positions: &[(u32, u64)]) -> Result<Vec<StoredRecord>, LogError> {
        let unknown =
            |(partition, offset): (u32, u64)| LogError::UnknownPosition { topic: self.name.clone(), partition, offset };
        let mut known = self.known_heads();
        if positions.iter().any(|(p, offset)| known.get(*p as usize).is_some_and(|head| offset >= head)) {
            known = self.heads()?;
        }
        if let Some(absent) = positions.iter().find(|(p, offset)| known.get(*p as usize).is_none_or(|h| offset >= h)) {
            return Err(unknown(*absent));
        }
        let mut found: Vec<Option<PackedRecord>> =
            positions.iter().map(|(p, offset)| self.recent.get(*p, *offset)).collect();
        let mut missing: Vec<(u32, u64)> =
            positions.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(at, _)| *at).collect();
        if !missing.is_empty() {
            missing.sort_unstable();
            missing.dedup();
            let got = self.seek_records(&missing)?;
            for (at, place) in positions.iter().zip(&mut found).filter(|(_, place)| place.is_none()) {
                *place = got.binary_search_by_key(at, |(at, _)| *at).ok().map(|k| got[k].1.clone());
            }
        }
        positions
            .iter()
            .zip(found)
            .map(|(at, packed)| packed.map(|packed| unpack_record(at.0, at.1, &packed)).ok_or_else(|| unknown(*at)))
            .collect()
    }

    /// The records at these positions, which are in order and occur once.
    fn seek_records(&self, positions: &[(u32, u64)]) -> Result<Vec<(RecordPosition, PackedRecord)>, LogError> {
        let lane = self.seek_lane()?;
        self.seek_in(&lane, positions).inspect_err(|error| self.forget_lane(&lane, error))
    }

    fn seek_in(
        &self,
        lane: &ConsumerLane,
        positions: &[(u32, u64)],
    ) -> Result<Vec<(RecordPosition, PackedRecord)>, LogError> {
        // Runs with no more than a little between their records, per partition.
        let mut runs: Vec<(u32, std::collections::VecDeque<(u64, u64)>)> = Vec::new();
        for (partition, offset) in positions {
            match runs.last_mut() {
                Some((last, runs)) if last == partition => match runs.back_mut() {
                    Some((_, end)) if *offset <= *end + OVER => *end = offset + 1,
                    _ => runs.push_back((*offset, offset + 1)),
                },
                _ => runs.push((*partition, [(*offset, offset + 1)].into())),
            }
        }
        // One reader at a time per partition; in order, so that two never wait for each other.
        let mut feeds: Vec<_> = runs
            .into_iter()
            .filter_map(|(partition, runs)| Some((partition, lane.lock_partition(partition)?, runs)))
            .collect();
        let deadline = Instant::now() + ANSWER.min(self.clients.options.patience);
        let (mut got, mut taken) = (Vec::with_capacity(positions.len()), Vec::new());
        while !feeds.is_empty() {
            // All partitions are on their way before the first is waited for.
            for (_, reading, runs) in &mut feeds {
                if let Some((from, _)) = runs.front() {
                    self.start_reading(reading, *from)?;
                }
            }
            for (partition, reading, runs) in &mut feeds {
                let Some((from, end)) = runs.front_mut() else { continue };
                taken.clear();
                let most = usize::try_from(*end - *from).unwrap_or(usize::MAX);
                match reading.take_records(most, usize::MAX, *end, Some(deadline), &mut taken) {
                    Err(FeedStop::Failed(error)) => return Err(error),
                    // Removed: the caller is told which is not there.
                    Err(FeedStop::NoSuchOffset | FeedStop::End) => *from = *end,
                    Ok(()) if taken.is_empty() && Instant::now() >= deadline => {
                        return Err(self.clients.unavailable("no answer in time"));
                    }
                    // The next record lies behind the run.
                    Ok(()) if taken.is_empty() => *from = *end,
                    Ok(()) => {}
                }
                for (offset, packed) in taken.drain(..) {
                    *from = offset + 1;
                    if positions.binary_search(&(*partition, offset)).is_ok() {
                        got.push(((*partition, offset), packed));
                    }
                }
                if *from >= *end {
                    runs.pop_front();
                }
            }
            for (_, reading, _) in feeds.iter_mut().filter(|(_, _, runs)| runs.is_empty()) {
                reading.stop_reading();
            }
            feeds.retain(|(_, _, runs)| !runs.is_empty());
        }
        got.sort_unstable_by_key(|(at, _)| *at);
        Ok(got)
    }

    /// Puts a reader at each head, so that the bell rings when more comes. Partitions that nobody here follows (seen far beyond
    /// their head) are left alone. Blocks.
    pub(crate) fn arm_feeds(&self, heads: &[u64], seen: &[u64]) -> Result<(), LogError> {
        for (partition, head) in (0u32..).zip(heads) {
            if seen.get(partition as usize).is_some_and(|seen| *seen > i64::MAX as u64) {
                continue;
            }
            let lane = match self.lane_at(partition, *head) {
                Some(lane) => lane,
                None => self.lane_for(partition)?,
            };
            let Some(mut reading) = lane.lock_partition(partition) else { continue };
            self.start_reading(&mut reading, *head)?;
            match reading.peek() {
                Ok(Some(offset)) => self.note_head(partition, offset),
                Ok(None) | Err(FeedStop::NoSuchOffset | FeedStop::End) => {}
                Err(FeedStop::Failed(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn start_reading(&self, reading: &mut FeedReader<'_>, offset: u64) -> Result<(), LogError> {
        let failed = |error: KafkaError| self.clients.call_failed(&error, &self.full);
        reading.start_at(offset, &self.bell).map_err(failed)
    }

    fn handle_stop(&self, dry: FeedStop) -> Result<(), LogError> {
        match dry {
            // Looked into by whoever must have it.
            FeedStop::NoSuchOffset | FeedStop::End => Ok(()),
            FeedStop::Failed(error) => Err(error),
        }
    }

    fn lane_at(&self, partition: u32, offset: u64) -> Option<Arc<ConsumerLane>> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.iter().find(|lane| lane.next_offset(partition) == Some(offset)).cloned()
    }

    /// One that nobody reads this partition in, a new one, or the one that was read longest ago.
    fn lane_for(&self, partition: u32) -> Result<Arc<ConsumerLane>, LogError> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(free) = lanes.iter().find(|lane| lane.next_offset(partition).is_none()) {
            return Ok(Arc::clone(free));
        }
        if lanes.len() < LANES {
            let purpose = if self.dense { ClientPurpose::Follow } else { ClientPurpose::FollowToEnd };
            let lane = Arc::new(ConsumerLane::open(&self.clients, purpose, &self.full, self.partitions)?);
            lanes.push(Arc::clone(&lane));
            return Ok(lane);
        }
        let oldest = lanes.iter().min_by_key(|lane| lane.last_used(partition));
        oldest.cloned().ok_or(LogError::Closed)
    }

    /// A client that did not bring what is there is not asked again: after a broker was killed or frozen, some never find back
    /// to a partition. The next read makes a new one.
    fn forget_lane(&self, lane: &Arc<ConsumerLane>, error: &LogError) {
        if !error.retryable() {
            return;
        }
        let mut gone = Vec::new();
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        gone.extend(lanes.extract_if(.., |known| Arc::ptr_eq(known, lane)));
        let mut seeker = self.seeker.lock().unwrap_or_else(PoisonError::into_inner);
        gone.extend(seeker.take_if(|known| Arc::ptr_eq(known, lane)));
        // Letting go waits for its threads.
        std::thread::spawn(move || drop(gone));
    }

    fn seek_lane(&self) -> Result<Arc<ConsumerLane>, LogError> {
        let mut seeker = self.seeker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = &*seeker {
            return Ok(Arc::clone(lane));
        }
        let lane = ConsumerLane::open(&self.clients, ClientPurpose::Seek, &self.full, self.partitions)?;
        Ok(Arc::clone(seeker.insert(Arc::new(lane))))
    }

    fn check_gaps(&self, partition: u32, from: u64, taken: &[(u64, PackedRecord)]) -> Result<(), LogError> {
        if !self.forever {
            return Ok(());
        }
        match (from..).zip(taken).find(|(expected, (offset, _))| expected != offset) {
            None => Ok(()),
            Some((expected, (offset, _))) => Err(self.missing_record(partition, expected, *offset)),
        }
    }

    fn missing_record(&self, partition: u32, offset: u64, next: u64) -> LogError {
        LogError::Corrupt(format!(
            "{}: partition {partition} holds nothing at offset {offset}, and goes on at {next}: records were removed, or \
             written in a transaction",
            self.full
        ))
    }
}
