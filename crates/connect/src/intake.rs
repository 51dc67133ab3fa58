//! STAGE: topics of intake into events, by one connector.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::select_all;
use onefold_door::{Door, DoorError};
use onefold_log::{GroupMembership, Log, LogError, StoredRecord};
use onefold_mapping::Connector;
use onefold_stage::{Stage, StageError, StepProgress};
use onefold_store::{IntakeStore, Quarantine};
use serde::Deserialize;

use crate::ingest::{RecordBatch, To, write};
use crate::read::PlanCache;
use crate::source::topic::{Message, open_message};
use crate::{IngestError, IngestReport};

/// Bytes of messages after which a batch is full.
const BYTES: usize = 8 << 20;
/// How long a step waits for messages before it looks whether partitions have changed hands.
const WAIT: Duration = Duration::from_millis(500);

/// How topics are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntakeOptions {
    /// Messages per batch at most.
    pub batch: usize,
}

impl Default for IntakeOptions {
    fn default() -> Self {
        Self { batch: 1_000 }
    }
}

/// Reads the topics of a connector, shared out among all processes that run it: maps messages, brings their events to the
/// door and what cannot be mapped to quarantine, and only then moves its position. Whatever is read twice is known at the
/// door, or dropped by the projector.
pub struct Intake {
    connector: Connector,
    name: String,
    log: Arc<dyn Log>,
    positions: Arc<dyn IntakeStore>,
    quarantine: Arc<dyn Quarantine>,
    door: Door,
    batch: usize,
    readings: Vec<TopicReading>,
    planned: PlanCache,
    /// Which partition is read first, so that none waits for ever.
    turn: usize,
}

/// One topic.
struct TopicReading {
    topic: String,
    place: Option<Box<dyn GroupMembership>>,
    mine: Vec<u32>,
    at: BTreeMap<u32, u64>,
    heads: Vec<u64>,
}

/// What one partition gave.
struct PartitionMessages {
    reading: usize,
    partition: u32,
    from: u64,
    messages: Vec<StoredRecord>,
}

impl Intake {
    /// Reads nothing yet. Topics that are absent are made when it begins, with as many partitions as the hub's.
    pub fn new(
        connector: Connector,
        door: Door,
        log: Arc<dyn Log>,
        positions: Arc<dyn IntakeStore>,
        quarantine: Arc<dyn Quarantine>,
        options: IntakeOptions,
    ) -> Self {
        let name = format!("connector {}", connector.name());
        let reading = |topic: String| TopicReading {
            topic,
            place: None,
            mine: Vec::new(),
            at: BTreeMap::new(),
            heads: Vec::new(),
        };
        let readings = connector.intake_topics().into_iter().map(reading).collect();
        let (batch, planned) = (options.batch.max(1), PlanCache::default());
        Self { connector, name, log, positions, quarantine, door, batch, readings, planned, turn: 0 }
    }

    async fn take(&mut self) -> Result<StepProgress, StageError> {
        for n in 0..self.readings.len() {
            self.follow(n).await?;
        }
        let found = self.read().await?;
        if found.is_empty() {
            self.wait().await?;
            return Ok(StepProgress::Idle);
        }
        let handled = found.iter().map(|found| found.messages.len() as u64).sum();
        let (batch, mut report) = self.map(&found);
        let to = To::Hub(&self.door, self.quarantine.as_ref());
        write(batch, &to, &mut report).await.map_err(stage_error)?;
        fail::fail_point!("connect.before_commit");
        self.commit(&found).await?;
        fail::fail_point!("connect.after_commit");
        count(self.connector.name(), &report);
        Ok(StepProgress::Worked(handled))
    }

    /// Brings up to date which partitions are mine, how far they are and where they end.
    async fn follow(&mut self, n: usize) -> Result<(), StageError> {
        let (group, connector) = (self.connector.group_key().to_owned(), self.connector.name());
        let Some(reading) = self.readings.get_mut(n) else { return Ok(()) };
        let topic = reading.topic.as_str();
        let place = match &mut reading.place {
            Some(place) => place,
            none => {
                self.log.topic(topic, self.door.partitions()).await?;
                none.insert(self.log.join(topic, &format!("connect.{group}")).await?)
            }
        };
        let mine = place.mine();
        if mine != reading.mine {
            if mine.iter().any(|partition| !reading.mine.contains(partition)) {
                // Whoever had it has brought events to a door of its own, some a moment ago.
                self.door.learn().await.map_err(|error| stage_error(error.into()))?;
            }
            for gone in reading.mine.iter().filter(|partition| !mine.contains(partition)) {
                lag(connector, topic, *gone, 0);
            }
            reading.at = self.positions.intake(&group, topic).await?;
            reading.mine = mine;
        }
        // Who has no partition asks too: a group whose broker is away gives none, and that is not rest.
        reading.heads = self.log.heads(topic).await?;
        for partition in &reading.mine {
            let head = reading.heads.get(*partition as usize).copied().unwrap_or(0);
            let at = reading.at(*partition);
            if at > head {
                let told = format!(
                    "{topic}: partition {partition} ends at {head}, and the connector {connector} has read up to {at}: the topic was \
                     made anew; give [from] another `group` to read it from its beginning"
                );
                return Err(LogError::Corrupt(told).into());
            }
            lag(connector, topic, *partition, head - at);
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<Vec<PartitionMessages>, StageError> {
        let mut waiting: Vec<(usize, u32)> = Vec::new();
        for (n, reading) in self.readings.iter().enumerate() {
            let more = |p: &&u32| reading.heads.get(**p as usize).is_some_and(|head| reading.at(**p) < *head);
            waiting.extend(reading.mine.iter().filter(more).map(|partition| (n, *partition)));
        }
        if !waiting.is_empty() {
            let first = self.turn % waiting.len();
            waiting.rotate_left(first);
            self.turn = self.turn.wrapping_add(1);
        }
        let (mut found, mut left, mut bytes) = (Vec::new(), self.batch, 0);
        for (n, partition) in waiting {
            let Some(reading) = self.readings.get(n) else { continue };
            let from = reading.at(partition);
            let messages = self.log.read(&reading.topic, partition, from, left).await?;
            left -= messages.len().min(left);
            bytes += messages.iter().map(|message| message.record.size()).sum::<usize>();
            if let Some(first) =
                messages.first().map(|message| message.offset).filter(|first| *first > from + 1 && from > 0)
            {
                let (topic, last) = (&reading.topic, first - 1);
                tracing::warn!(%topic, partition, from, last, "messages were removed before they were read");
            }
            if !messages.is_empty() {
                found.push(PartitionMessages { reading: n, partition, from, messages });
            }
            if left == 0 || bytes >= BYTES {
                break;
            }
        }
        Ok(found)
    }

    fn map(&mut self, found: &[PartitionMessages]) -> (RecordBatch, IngestReport) {
        let (mut batch, mut report) = (RecordBatch::default(), IngestReport::default());
        for PartitionMessages { reading, messages, .. } in found {
            let Some(topic) = self.readings.get(*reading).map(|reading| reading.topic.as_str()) else { continue };
            for message in messages.iter().map(|stored| Message { topic, stored }) {
                if let Some(reason) = message.passed_over(&self.connector) {
                    report.skip(reason.to_owned());
                    continue;
                }
                let records = open_message(&self.connector, &message, &mut self.planned);
                records.into_iter().for_each(|taken| batch.push(taken));
            }
        }
        (batch, report)
    }

    async fn commit(&mut self, found: &[PartitionMessages]) -> Result<(), StageError> {
        for (n, reading) in self.readings.iter_mut().enumerate() {
            let next = |found: &PartitionMessages| found.messages.last().map(|message| message.offset + 1);
            let own = found.iter().filter(|found| found.reading == n);
            let moves: Vec<_> = own.filter_map(|found| Some((found.partition, found.from, next(found)?))).collect();
            if moves.is_empty() {
                continue;
            }
            self.positions.move_intake(self.connector.group_key(), &reading.topic, &moves).await?;
            for (partition, _, to) in moves {
                reading.at.insert(partition, to);
                let head = reading.heads.get(partition as usize).copied().unwrap_or(to);
                lag(self.connector.name(), &reading.topic, partition, head.saturating_sub(to));
            }
        }
        Ok(())
    }

    async fn wait(&self) -> Result<(), StageError> {
        let waits: Vec<_> = self.readings.iter().map(|reading| reading.wait(self.log.as_ref()).boxed()).collect();
        if waits.is_empty() {
            tokio::time::sleep(WAIT).await;
            return Ok(());
        }
        let (waited, ..) = select_all(waits).await;
        Ok(waited?)
    }
}

impl TopicReading {
    fn at(&self, partition: u32) -> u64 {
        self.at.get(&partition).copied().unwrap_or(0)
    }

    /// Waits for messages, or for partitions where there are none.
    async fn wait(&self, log: &dyn Log) -> Result<(), LogError> {
        match &self.place {
            Some(place) if self.mine.is_empty() => place.changed(&[], WAIT).await.map(drop),
            Some(_) => {
                let partitions = 0..self.heads.len() as u32;
                let seen: Vec<u64> =
                    partitions.map(|p| if self.mine.contains(&p) { self.at(p) } else { u64::MAX }).collect();
                log.wait(&self.topic, &seen, WAIT).await.map(drop)
            }
            None => {
                tokio::time::sleep(WAIT).await;
                Ok(())
            }
        }
    }
}

#[async_trait]
impl Stage for Intake {
    fn name(&self) -> &str {
        &self.name
    }

    async fn step(&mut self) -> Result<StepProgress, StageError> {
        let done = self.take().await;
        if done.is_err() {
            // Somebody else may have moved on: what is known of positions is asked for again.
            self.readings.iter_mut().for_each(|reading| reading.mine.clear());
        }
        done
    }
}

fn lag(connector: &str, topic: &str, partition: u32, lag: u64) {
    let (connector, topic, partition) = (connector.to_owned(), topic.to_owned(), partition.to_string());
    metrics::gauge!("onefold_intake_lag", "connector" => connector, "topic" => topic, "partition" => partition)
        .set(lag as f64);
}

pub(crate) fn count(connector: &str, report: &IngestReport) {
    let outcomes = [("mapped", report.mapped), ("skipped", report.skipped), ("quarantined", report.quarantined)];
    for (outcome, records) in outcomes {
        let connector = connector.to_owned();
        metrics::counter!("onefold_intake_records_total", "connector" => connector, "outcome" => outcome)
            .increment(records);
    }
    let verdicts = [
        ("accepted", report.accepted),
        ("duplicate", report.duplicates),
        ("conflict", report.conflicts),
        ("older_mapping", report.older_mapping),
    ];
    for (verdict, events) in verdicts {
        let connector = connector.to_owned();
        metrics::counter!("onefold_intake_events_total", "connector" => connector, "verdict" => verdict)
            .increment(events);
    }
}

/// Who is at fault stays told apart: the operator looks at the log, at the read model, or at this connector.
pub(crate) fn stage_error(error: IngestError) -> StageError {
    match error {
        IngestError::Door(DoorError::Log(error)) => error.into(),
        IngestError::Door(DoorError::Store(error)) | IngestError::Quarantine(error) => error.into(),
        IngestError::Door(undecodable @ DoorError::Undecodable { .. }) => {
            LogError::Corrupt(undecodable.to_string()).into()
        }
        other @ (IngestError::Door(DoorError::Broken)
        | IngestError::Tests(_)
        | IngestError::Read { .. }
        | IngestError::Broken) => StageError::other(other),
    }
}

#[cfg(test)]
mod tests {
    use onefold_store::StoreError;

    use super::*;

    #[test]
    fn a_fault_of_the_connector_is_not_told_as_one_of_the_log() {
        let read = IngestError::Read { input: "orders.csv".into(), error: std::io::ErrorKind::NotFound.into() };
        for error in [read, IngestError::Broken, IngestError::Tests(Vec::new()), DoorError::Broken.into()] {
            let told = error.to_string();
            let error = stage_error(error);
            assert!(matches!(error, StageError::Other(_)), "{error:?}");
            assert_eq!(error.to_string(), told);
        }
        let log = stage_error(DoorError::Log(LogError::Closed).into());
        assert!(matches!(log, StageError::Log(LogError::Closed)), "{log:?}");
        let store = stage_error(IngestError::Quarantine(StoreError::Full));
        assert!(matches!(store, StageError::Store(StoreError::Full)), "{store:?}");
    }
}
