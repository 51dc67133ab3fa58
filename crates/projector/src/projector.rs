//! The stage: a batch of records, one transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use onefold_event::{Event, HubKey, decode};
use onefold_log::{Log, Stored};
use onefold_stage::{Progress, Stage, StageError};
use onefold_store::ProjectStore;
use serde::Deserialize;

use crate::batch::Batch;
use crate::work::{Part, Work};

/// The topic of events.
const EVENTS: &str = "events";

/// Limits of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Records per batch at most; a backlog is taken in batches of this size.
    pub batch: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { batch: 10_000 }
    }
}

/// Folds events into subjects and bundles.
pub struct Projector {
    log: Arc<dyn Log>,
    store: Arc<dyn ProjectStore>,
    key: HubKey,
    options: Options,
    /// Next offset per partition, as the store says; none: to be read again.
    positions: Option<Vec<u64>>,
    work: Arc<Work>,
}

/// An event with its place in the log.
pub(crate) struct Taken {
    pub(crate) event: Event,
    pub(crate) partition: u32,
    pub(crate) offset: u64,
    pub(crate) recorded_at: i64,
}

impl Projector {
    /// A projector over a log and a store. The key is the hub's own, for content digests.
    pub fn new(log: Arc<dyn Log>, store: Arc<dyn ProjectStore>, key: HubKey, options: Options) -> Self {
        Self { log, store, key, options, positions: None, work: Arc::default() }
    }

    /// Its counters.
    pub fn work(&self) -> Arc<Work> {
        Arc::clone(&self.work)
    }

    async fn read(&self, positions: &[u64]) -> Result<(Vec<(u32, u64, u64)>, Vec<Taken>), StageError> {
        let (mut moves, mut taken) = (Vec::new(), Vec::new());
        let heads = self.log.heads(EVENTS).await?;
        let behind = heads.iter().zip(positions).filter(|(head, at)| head > at).count().max(1);
        let share = self.options.batch.div_ceil(behind);
        for (partition, (from, head)) in (0u32..).zip(positions.iter().copied().zip(heads)) {
            if head <= from {
                continue;
            }
            let records = self.log.read(EVENTS, partition, from, share).await?;
            let Some(last) = records.last() else { continue };
            moves.push((partition, from, last.offset + 1));
            taken.extend(records.into_iter().filter_map(take));
        }
        Ok((moves, taken))
    }
}

/// A record that is wrong alone is found before it is stored; one that came in all the same is left where it is and told of.
fn take(stored: Stored) -> Option<Taken> {
    match decode(&stored.record.value) {
        Ok(event) => {
            Some(Taken { event, partition: stored.partition, offset: stored.offset, recorded_at: stored.record.time })
        }
        Err(error) => {
            tracing::error!(partition = stored.partition, offset = stored.offset, %error, "a record in the log is no event; it is passed over");
            None
        }
    }
}

#[async_trait]
impl Stage for Projector {
    fn name(&self) -> &'static str {
        "projector"
    }

    async fn step(&mut self) -> Result<Progress, StageError> {
        let positions = match self.positions.take() {
            Some(positions) => positions,
            None => self.store.positions().await?,
        };
        let began = Instant::now();
        let (moves, taken) = self.read(&positions).await?;
        if moves.is_empty() {
            // Woken by an append; else it looks so often whether it is asked to stop.
            self.log.wait(EVENTS, &positions, Duration::from_millis(100)).await?;
            self.positions = Some(positions);
            return Ok(Progress::Idle);
        }
        let count = taken.len() as u64;
        let began = self.work.spent(Part::Read, began);
        let mut tx = self.store.begin(&moves).await?;
        let (changes, loading) = Batch::new(tx.as_mut(), self.log.as_ref(), &self.key).project(&taken).await?;
        self.work.add(Part::Load, loading);
        let began = self.work.spent(Part::Fold, began + loading);
        let rows = changes.rows() as u64;
        tx.save(changes).await?;
        let began = self.work.spent(Part::Save, began);
        tx.commit().await?;
        self.work.spent(Part::Commit, began);
        self.work.batch(count, rows);
        let mut positions = positions;
        for (partition, _, to) in moves {
            if let Some(position) = positions.get_mut(partition as usize) {
                *position = to;
            }
        }
        self.positions = Some(positions);
        Ok(Progress::Worked(count.max(1)))
    }
}
