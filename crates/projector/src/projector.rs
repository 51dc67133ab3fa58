//! The stage: a batch of records, one transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use onefold_event::{HubKey, KeyRing};
use onefold_log::{EVENTS_TOPIC, GroupMembership, Log};
use onefold_stage::{Stage, StageError, StepProgress};
use onefold_store::{ProjectStore, RowChanges, StoreError};
use serde::{Deserialize, Serialize};

use crate::batch::ProjectBatch;
use crate::read::{DecodedRecord, EventReader, ReadBatch};
use crate::transaction::{ProjectTransaction, TransactionLost};
use crate::work::{WorkCounters, WorkPart};

/// The group in which projectors share out partitions.
const GROUP: &str = "project";

/// A small batch is folded in so many portions, or else nothing of it is written before all of it is folded.
const PORTIONS: usize = 4;
/// Events of a portion, at least.
const SMALLEST: usize = 100;

/// Limits of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProjectorOptions {
    /// Records per batch at most; a backlog is taken in batches of this size.
    pub batch: usize,
    /// Events of a batch, at most, that are folded while the rows of those before are written and those of the ones after
    /// read.
    pub portion: usize,
}

impl Default for ProjectorOptions {
    fn default() -> Self {
        Self { batch: 20_000, portion: 2000 }
    }
}

/// Folds events into subjects and bundles.
pub struct Projector {
    reader: EventReader,
    store: Arc<dyn ProjectStore>,
    /// Events per portion.
    portion: usize,
    /// Which partitions are its own now; none before the first step.
    membership: Option<Box<dyn GroupMembership>>,
    /// Those of the last step.
    mine: Vec<u32>,
    /// Next offset per partition, as the store says, and never to be reached where it is another's; none: to be read again.
    positions: Option<Vec<u64>>,
    /// The next batch, read while the last one was written.
    ahead: Option<ReadBatch>,
    work: Arc<WorkCounters>,
}

impl Projector {
    /// A projector over a log and a store. The key is the hub's own, for content digests.
    pub fn new(
        log: Arc<dyn Log>,
        store: Arc<dyn ProjectStore>,
        (key, keys): (HubKey, Arc<dyn KeyRing>),
        options: ProjectorOptions,
    ) -> Self {
        let reader = EventReader { log, key, keys, batch: options.batch };
        let portion = options.portion.max(1);
        let work = Arc::default();
        Self { reader, store, portion, membership: None, mine: Vec::new(), positions: None, ahead: None, work }
    }

    /// Its counters.
    pub fn work(&self) -> Arc<WorkCounters> {
        Arc::clone(&self.work)
    }

    /// The partitions that it is to follow now. This is speed alone: two that follow one are parted by its position.
    async fn own_partitions(&mut self) -> Result<Vec<u32>, StageError> {
        if self.membership.is_none() {
            self.membership = Some(self.reader.log.join(EVENTS_TOPIC, GROUP).await?);
        }
        Ok(self.membership.as_ref().map(|membership| membership.mine()).unwrap_or_default())
    }

    /// The batch that comes after these positions: read already, or read now.
    async fn next_batch(&mut self, positions: &[u64]) -> Result<ReadBatch, StageError> {
        match self.ahead.take() {
            Some(ahead) if ahead.from == positions && !ahead.moves.is_empty() => Ok(ahead),
            _ => self.reader.read_batch(positions.to_vec()).await,
        }
    }

    /// One batch, one transaction.
    async fn project_batch(&self, read: &ReadBatch) -> Result<(), StageError> {
        let tx = ProjectTransaction::begin(self.store.begin(&read.moves).await?, Arc::clone(&self.work));
        if !read.refused.is_empty() {
            tx.save_changes(RowChanges { refused: read.refused.clone(), ..RowChanges::default() });
        }
        let batch =
            ProjectBatch::new(&tx, (self.reader.log.as_ref(), self.reader.keys.as_ref()), &self.work, read.taken.len());
        let portion = read.taken.len().div_ceil(PORTIONS).max(SMALLEST).min(self.portion);
        let portions: Vec<&[DecodedRecord]> = read.taken.chunks(portion).collect();
        if let Err(broken) = batch.project_portions(&portions).await {
            let failed = tx.give_up().await;
            return Err(match (failed, broken) {
                (Some(error), _) => error.into(),
                (None, TransactionLost::Log(error)) => error.into(),
                (None, TransactionLost::Store) => {
                    StoreError::Engine("the transaction ended by itself".to_owned()).into()
                }
            });
        }
        tx.commit().await?;
        self.work.add_batch(read.taken.len() as u64);
        for entry in &read.refused {
            tracing::error!(place = entry.resource, "a record in the log is no event; it is in quarantine");
        }
        Ok(())
    }
}

#[async_trait]
impl Stage for Projector {
    fn name(&self) -> &str {
        "projector"
    }

    async fn step(&mut self) -> Result<StepProgress, StageError> {
        let mine = self.own_partitions().await?;
        let positions = match self.positions.take() {
            Some(positions) if mine == self.mine => positions,
            _ => positions_of(&mine, self.store.positions().await?),
        };
        self.mine = mine;
        let began = Instant::now();
        let read = self.next_batch(&positions).await?;
        if read.moves.is_empty() {
            // Woken by an append; else it looks so often whether it is asked to stop.
            self.reader.log.wait(EVENTS_TOPIC, &positions, Duration::from_millis(100)).await?;
            self.positions = Some(positions);
            return Ok(StepProgress::Idle);
        }
        self.work.note_spent(WorkPart::Read, began);
        let (reader, to) = (self.reader.clone(), read.end_positions());
        let ahead = tokio::spawn(async move { reader.read_batch(to).await });
        let done = self.project_batch(&read).await;
        let began = Instant::now();
        // It ends within this step: nothing reads the log once the stage has stopped. What it could not read is read again.
        self.ahead = ahead.await.ok().and_then(Result::ok);
        self.work.note_spent(WorkPart::Read, began);
        done?;
        self.positions = Some(read.end_positions());
        Ok(StepProgress::Worked((read.taken.len() as u64).max(1)))
    }
}

/// Positions of these partitions alone: what is another's is taken to be at its end.
fn positions_of(mine: &[u32], positions: Vec<u64>) -> Vec<u64> {
    (0u32..).zip(positions).map(|(partition, at)| if mine.contains(&partition) { at } else { u64::MAX }).collect()
}
