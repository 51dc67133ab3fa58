//! One topic as it is read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use onefold_log::{LogError, StoredRecord};
use rdkafka::error::KafkaError;
use tokio::sync::watch;

use crate::broker::Broker;
use crate::clients::{Clients, Purpose};
use crate::feed::{Dry, Lane, Reading};
use crate::recent::Recent;
use crate::wire::{Packed, unpack};

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
type Position = (u32, u64);

/// What a topic keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TopicRetention {
    /// Nothing is ever removed: offsets have no gap.
    pub(crate) forever: bool,
    /// No transaction is written to it, whose end would stand among the records.
    pub(crate) dense: bool,
    /// The largest message it takes.
    pub(crate) largest: usize,
}

/// What is known of a topic.
pub(crate) struct Topic {
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
    clients: Clients,
    broker: Arc<Broker>,
    /// The highest head seen, per partition.
    known: Vec<AtomicU64>,
    /// Rings when records come where somebody waits.
    bell: watch::Sender<()>,
    lanes: Mutex<Vec<Arc<Lane>>>,
    seeker: Mutex<Option<Arc<Lane>>>,
    recent: Recent,
    reads: AtomicU64,
    /// When the broker was last asked whether it still has that many partitions.
    pub(crate) looked: Mutex<Option<Instant>>,
}

impl Topic {
    pub(crate) fn new(
        (name, full): (&str, String),
        partitions: u32,
        TopicRetention { forever, dense, largest }: TopicRetention,
        clients: &Clients,
        broker: &Arc<Broker>,
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
            recent: Recent::new(partitions as usize, clients.options.recent_bytes),
            reads: AtomicU64::new(0),
            looked: Mutex::default(),
        }
    }

    /// Asking for a partition that is not there is the caller's mistake.
    pub(crate) fn has(&self, partition: u32) -> Result<(), LogError> {
        if partition < self.partitions {
            return Ok(());
        }
        Err(LogError::Refused(format!(
            "topic `{}` has {} partitions, there is no partition {partition}",
            self.name, self.partitions
        )))
    }

    /// The heads that were seen; they only move on.
    pub(crate) fn known(&self) -> Vec<u64> {
        self.known.iter().map(|head| head.load(Ordering::Acquire)).collect()
    }

    /// A record at this offset exists.
    pub(crate) fn exists(&self, partition: u32, offset: u64) {
        if let Some(head) = self.known.get(partition as usize) {
            head.fetch_max(offset + 1, Ordering::AcqRel);
        }
    }

    /// Rings for those who wait in this process.
    pub(crate) fn ring(&self) {
        self.bell.send_replace(());
    }

    pub(crate) fn listen(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }

    /// Whether any head is beyond what was seen.
    pub(crate) fn beyond(heads: &[u64], seen: &[u64]) -> bool {
        heads.iter().enumerate().any(|(p, head)| *head > seen.get(p).copied().unwrap_or(0))
    }

    /// The heads as the broker has them. Blocks.
    pub(crate) fn heads(&self) -> Result<Vec<u64>, LogError> {
        let before = self.known();
        let heads = self.broker.heads(&self.full, 0..self.partitions)?;
        if let Some((partition, (head, seen))) =
            (0u32..).zip(heads.iter().zip(&before)).find(|(_, (head, seen))| head < seen)
        {
            return Err(self.replaced(format!("partition {partition} ends at {head}, where it went on to {seen}")));
        }
        for (known, head) in self.known.iter().zip(heads) {
            known.fetch_max(head, Ordering::AcqRel);
        }
        Ok(self.known())
    }

    /// What an append was given lies beyond all that was known before it began.
    pub(crate) fn appended(&self, places: &[(u32, u64)], before: &[u64]) -> Result<(), LogError> {
        let is_known =
            |(partition, offset): &&(u32, u64)| before.get(*partition as usize).is_some_and(|head| offset < head);
        if let Some((partition, offset)) = places.iter().find(is_known) {
            return Err(self.replaced(format!("offset {offset} of partition {partition} was given again")));
        }
        places.iter().for_each(|(partition, offset)| self.exists(*partition, *offset));
        Ok(())
    }

    fn replaced(&self, what: String) -> LogError {
        LogError::Replaced(format!(
            "{}: {what}; the topic was deleted and made anew, or its broker lost records",
            self.full
        ))
    }

    /// Records of one partition in order. Blocks.
    pub(crate) fn read(&self, partition: u32, from: u64, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        let now = self.reads.fetch_add(1, Ordering::Relaxed) + 1;
        let mut taken = Vec::new();
        let there = self.lane_at(partition, from);
        if let Some(mut reading) = there.as_deref().and_then(|lane| lane.lock(partition)) {
            // Only what has come already: no question to the broker while records flow.
            self.go(&mut reading, from)?;
            reading.take(max, READ_BYTES, u64::MAX, None, &mut taken).or_else(|dry| self.pass(dry))?;
        }
        if taken.is_empty() {
            let head = |heads: Vec<u64>| heads.get(partition as usize).copied().unwrap_or(0);
            if from >= head(self.known()) && from >= head(self.heads()?) {
                return Ok(Vec::new());
            }
            let lane = match there {
                Some(lane) => lane,
                None => self.lane_for(partition)?,
            };
            taken = self.must_take(&lane, partition, from, max).inspect_err(|error| self.forget(&lane, error))?;
            lane.touch(partition, now);
        } else if let Some(lane) = there {
            lane.touch(partition, now);
        }
        if let Some((last, _)) = taken.last() {
            self.exists(partition, *last);
        }
        self.check_gaps(partition, from, &taken)?;
        self.recent.add(partition, &taken);
        Ok(taken.iter().map(|(offset, packed)| unpack(partition, *offset, packed)).collect())
    }

    /// Records that are known to exist, waited for.
    fn must_take(&self, lane: &Lane, partition: u32, from: u64, max: usize) -> Result<Vec<(u64, Packed)>, LogError> {
        let mut taken = Vec::new();
        let mut place = from;
        let deadline = Instant::now() + ANSWER.min(self.clients.options.patience);
        let Some(mut reading) = lane.lock(partition) else { return Ok(taken) };
        if !self.dense {
            // Told anew where the partition ends: below the head there may be nothing but the end of a transaction.
            reading.leave();
        }
        loop {
            self.go(&mut reading, place)?;
            match reading.take(max, READ_BYTES, u64::MAX, Some(deadline), &mut taken) {
                Ok(()) if taken.is_empty() && Instant::now() >= deadline => {
                    return Err(self.clients.unavailable(&format!(
                        "{}: no answer in time for partition {partition}, offset {from}",
                        self.full
                    )));
                }
                Ok(()) => return Ok(taken),
                Err(Dry::NoSuchOffset) => {
                    let first = self.broker.first(&self.full, partition)?;
                    if self.forever || first <= place {
                        return Err(self.missing(partition, place, first));
                    }
                    place = first;
                }
                Err(Dry::End) => return Ok(taken),
                Err(Dry::Failed(error)) => return Err(error),
            }
        }
    }

    /// The records at exactly these positions; duplicates and any order allowed. Blocks.
    pub(crate) fn fetch(&self, positions: &[(u32, u64)]) -> Result<Vec<StoredRecord>, LogError> {
        let unknown =
            |(partition, offset): (u32, u64)| LogError::UnknownPosition { topic: self.name.clone(), partition, offset };
        let mut known = self.known();
        if positions.iter().any(|(p, offset)| known.get(*p as usize).is_some_and(|head| offset >= head)) {
            known = self.heads()?;
        }
        if let Some(absent) = positions.iter().find(|(p, offset)| known.get(*p as usize).is_none_or(|h| offset >= h)) {
            return Err(unknown(*absent));
        }
        let mut found: Vec<Option<Packed>> = positions.iter().map(|(p, offset)| self.recent.get(*p, *offset)).collect();
        let mut missing: Vec<(u32, u64)> =
            positions.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(at, _)| *at).collect();
        if !missing.is_empty() {
            missing.sort_unstable();
            missing.dedup();
            let got = self.seek(&missing)?;
            for (at, place) in positions.iter().zip(&mut found).filter(|(_, place)| place.is_none()) {
                *place = got.binary_search_by_key(at, |(at, _)| *at).ok().map(|k| got[k].1.clone());
            }
        }
        positions
            .iter()
            .zip(found)
            .map(|(at, packed)| packed.map(|packed| unpack(at.0, at.1, &packed)).ok_or_else(|| unknown(*at)))
            .collect()
    }

    /// The records at these positions, which are in order and occur once.
    fn seek(&self, positions: &[(u32, u64)]) -> Result<Vec<(Position, Packed)>, LogError> {
        let lane = self.seeker()?;
        self.seek_in(&lane, positions).inspect_err(|error| self.forget(&lane, error))
    }

    fn seek_in(&self, lane: &Lane, positions: &[(u32, u64)]) -> Result<Vec<(Position, Packed)>, LogError> {
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
        let mut feeds: Vec<_> =
            runs.into_iter().filter_map(|(partition, runs)| Some((partition, lane.lock(partition)?, runs))).collect();
        let deadline = Instant::now() + ANSWER.min(self.clients.options.patience);
        let (mut got, mut taken) = (Vec::with_capacity(positions.len()), Vec::new());
        while !feeds.is_empty() {
            // All partitions are on their way before the first is waited for.
            for (_, reading, runs) in &mut feeds {
                if let Some((from, _)) = runs.front() {
                    self.go(reading, *from)?;
                }
            }
            for (partition, reading, runs) in &mut feeds {
                let Some((from, end)) = runs.front_mut() else { continue };
                taken.clear();
                let most = usize::try_from(*end - *from).unwrap_or(usize::MAX);
                match reading.take(most, usize::MAX, *end, Some(deadline), &mut taken) {
                    Err(Dry::Failed(error)) => return Err(error),
                    // Removed: the caller is told which is not there.
                    Err(Dry::NoSuchOffset | Dry::End) => *from = *end,
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
                reading.leave();
            }
            feeds.retain(|(_, _, runs)| !runs.is_empty());
        }
        got.sort_unstable_by_key(|(at, _)| *at);
        Ok(got)
    }

    /// Puts a reader at each head, so that the bell rings when more comes. Partitions that nobody here follows (seen far beyond
    /// their head) are left alone. Blocks.
    pub(crate) fn arm(&self, heads: &[u64], seen: &[u64]) -> Result<(), LogError> {
        for (partition, head) in (0u32..).zip(heads) {
            if seen.get(partition as usize).is_some_and(|seen| *seen > i64::MAX as u64) {
                continue;
            }
            let lane = match self.lane_at(partition, *head) {
                Some(lane) => lane,
                None => self.lane_for(partition)?,
            };
            let Some(mut reading) = lane.lock(partition) else { continue };
            self.go(&mut reading, *head)?;
            match reading.peek() {
                Ok(Some(offset)) => self.exists(partition, offset),
                Ok(None) | Err(Dry::NoSuchOffset | Dry::End) => {}
                Err(Dry::Failed(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn go(&self, reading: &mut Reading<'_>, offset: u64) -> Result<(), LogError> {
        let failed = |error: KafkaError| self.clients.failed(&error, &self.full);
        reading.go(offset, &self.bell).map_err(failed)
    }

    fn pass(&self, dry: Dry) -> Result<(), LogError> {
        match dry {
            // Looked into by whoever must have it.
            Dry::NoSuchOffset | Dry::End => Ok(()),
            Dry::Failed(error) => Err(error),
        }
    }

    fn lane_at(&self, partition: u32, offset: u64) -> Option<Arc<Lane>> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.iter().find(|lane| lane.next(partition) == Some(offset)).cloned()
    }

    /// One that nobody reads this partition in, a new one, or the one that was read longest ago.
    fn lane_for(&self, partition: u32) -> Result<Arc<Lane>, LogError> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(free) = lanes.iter().find(|lane| lane.next(partition).is_none()) {
            return Ok(Arc::clone(free));
        }
        if lanes.len() < LANES {
            let purpose = if self.dense { Purpose::Follow } else { Purpose::FollowToEnd };
            let lane = Arc::new(Lane::open(&self.clients, purpose, &self.full, self.partitions)?);
            lanes.push(Arc::clone(&lane));
            return Ok(lane);
        }
        let oldest = lanes.iter().min_by_key(|lane| lane.used(partition));
        oldest.cloned().ok_or(LogError::Closed)
    }

    /// A client that did not bring what is there is not asked again: after a broker was killed or frozen, some never find back
    /// to a partition. The next read makes a new one.
    fn forget(&self, lane: &Arc<Lane>, error: &LogError) {
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

    fn seeker(&self) -> Result<Arc<Lane>, LogError> {
        let mut seeker = self.seeker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = &*seeker {
            return Ok(Arc::clone(lane));
        }
        let lane = Lane::open(&self.clients, Purpose::Seek, &self.full, self.partitions)?;
        Ok(Arc::clone(seeker.insert(Arc::new(lane))))
    }

    fn check_gaps(&self, partition: u32, from: u64, taken: &[(u64, Packed)]) -> Result<(), LogError> {
        if !self.forever {
            return Ok(());
        }
        match (from..).zip(taken).find(|(expected, (offset, _))| expected != offset) {
            None => Ok(()),
            Some((expected, (offset, _))) => Err(self.missing(partition, expected, *offset)),
        }
    }

    fn missing(&self, partition: u32, offset: u64, next: u64) -> LogError {
        LogError::Corrupt(format!(
            "{}: partition {partition} holds nothing at offset {offset}, and goes on at {next}: records were removed, or \
             written in a transaction",
            self.full
        ))
    }
}
