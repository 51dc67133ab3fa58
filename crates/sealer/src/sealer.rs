//! The stage that seals.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use onefold_log::{EVENTS_TOPIC, Log, LogRecord, SEALS_TOPIC};
use onefold_seal::{MOST_LEAVES, NoteSigner, PartitionHistory, TreeCheckpoint};
use onefold_stage::{Stage, StageError, StepProgress};
use serde::{Deserialize, Serialize};

use crate::leaf_reader::LeafReader;
use crate::seal_reader::SealReader;
use crate::{OutsidePlace, SealerError};

/// How long a stage that has nothing to do waits at most.
const NET: Duration = Duration::from_secs(1);

/// When to seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealerOptions {
    /// What was taken in is sealed after so many seconds.
    pub every_seconds: u64,
    /// Or as soon as it is so many records.
    pub records: u64,
}

impl Default for SealerOptions {
    fn default() -> Self {
        Self { every_seconds: 600, records: 100_000 }
    }
}

/// What was sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SealSummary {
    /// Records.
    pub records: u64,
    /// Seals that they took.
    pub seals: u64,
    /// The newest checkpoint of each partition that has one, as signed notes.
    pub checkpoints: Vec<String>,
}

/// A partition as this sealer knows it.
struct SealedPartition {
    history: PartitionHistory,
    /// Where the next seal will stand in the topic of seals.
    next: u64,
}

/// Seals what the log has got, partition by partition, and writes checkpoints outside. One at a time is meant to; where two do, the
/// first seal of a record counts, and the other one goes on from it.
pub struct Sealer {
    log: Arc<dyn Log>,
    signer: NoteSigner,
    options: SealerOptions,
    places: Vec<OutsidePlace>,
    /// Loaded one after the other; emptied where what is known here and what stands in the log may differ.
    partitions: Vec<SealedPartition>,
    /// When what is not sealed yet is to be.
    due: Option<Instant>,
    /// A round is under way: partitions up to this one have had their turn.
    turn: Option<usize>,
    /// Checkpoints that are not in each of the places yet.
    unwritten: Vec<(TreeCheckpoint, String)>,
}

impl Sealer {
    /// A sealer that has looked at nothing yet.
    pub fn new(log: Arc<dyn Log>, signer: NoteSigner, places: Vec<OutsidePlace>, options: SealerOptions) -> Self {
        Self { log, signer, options, places, partitions: Vec::new(), due: None, turn: None, unwritten: Vec::new() }
    }

    /// Seals all that is in the log now.
    ///
    /// # Errors
    /// The log does not answer, does not go with what was sealed of it, or a place outside cannot be written. What was sealed by
    /// then stays so.
    pub async fn seal_all(&mut self) -> Result<SealSummary, SealerError> {
        let heads = self.log.heads(EVENTS_TOPIC).await?;
        let mut summary = SealSummary::default();
        for (partition, head) in heads.iter().enumerate() {
            loop {
                while !self.load_next(heads.len()).await? {}
                match self.seal_next(partition, *head).await? {
                    Some(0) => break,
                    Some(sealed) => {
                        summary.records += sealed;
                        summary.seals += 1;
                    }
                    None => {}
                }
            }
        }
        self.unwritten = self.newest();
        summary.checkpoints = self.unwritten.iter().map(|(_, note)| note.clone()).collect();
        self.write_places()?;
        Ok(summary)
    }

    /// Reads what is sealed of the next partition that is not known yet; true: all are.
    async fn load_next(&mut self, partitions: usize) -> Result<bool, SealerError> {
        if self.partitions.len() >= partitions {
            return Ok(true);
        }
        let partition = self.partitions.len() as u32;
        if partition == 0 {
            let (events, seals) = (partitions as u32, self.log.topic(SEALS_TOPIC, partitions as u32).await?);
            if events != seals {
                return Err(SealerError::Partitions { events, seals });
            }
        }
        let mut history = PartitionHistory::new(self.signer.public().name(), partition);
        let mut reader = SealReader::new(partition);
        while let Some((offset, seal)) = reader.next_seal(self.log.as_ref()).await? {
            // One that counts for nothing is left where it stands.
            seal.and_then(|seal| history.apply(&seal, self.signer.public())).map_err(|why| SealerError::Before {
                partition,
                offset,
                why,
            })?;
        }
        // What a seal says of subjects is in no tree of records: altered, it would be signed anew with the next seal.
        history.check_subjects().map_err(|why| SealerError::Before {
            partition,
            offset: reader.end().saturating_sub(1),
            why,
        })?;
        self.partitions.push(SealedPartition { history, next: reader.end() });
        let all_known = self.partitions.len() == partitions;
        if all_known {
            // Whoever sealed them may have been stopped before they were written outside.
            self.unwritten = self.newest();
        }
        Ok(all_known)
    }

    /// Makes the next seal of a partition that is loaded; answers with its number of records, 0 where all are sealed. Nothing: another
    /// sealer was first, and all must be loaded again.
    async fn seal_next(&mut self, partition: usize, head: u64) -> Result<Option<u64>, SealerError> {
        let Some(SealedPartition { history, next }) = self.partitions.get_mut(partition) else { return Ok(None) };
        let (from, number) = (history.size(), partition as u32);
        if head < from {
            return Err(SealerError::Shorter { partition: number, head, sealed: from });
        }
        let mut reader = LeafReader::new(number, from);
        reader.fill(self.log.as_ref(), head.min(from + MOST_LEAVES as u64)).await?;
        let records = reader.waiting(MOST_LEAVES);
        if records.is_empty() {
            return match reader.broken() {
                Some((offset, why)) => {
                    Err(SealerError::Unreadable { partition: number, offset: *offset, why: why.clone() })
                }
                None => Ok(Some(0)),
            };
        }
        let sealed = records.len() as u64;
        let seal = history.seal(records, &self.signer);
        let record = LogRecord::new(number.to_be_bytes().to_vec(), seal.encode(), 0);
        let appended = self.log.append(SEALS_TOPIC, vec![(number, record)]).await;
        // Whether it is there is known to the log alone, or somebody else was first: all is read again before more is sealed.
        if !matches!(appended.as_deref(), Ok([offset]) if offset == next) {
            self.partitions.clear();
            return Ok(appended.map(|_| None)?);
        }
        *next += 1;
        Ok(Some(sealed))
    }

    fn newest(&self) -> Vec<(TreeCheckpoint, String)> {
        let last = |partition: &SealedPartition| {
            partition.history.last().map(|(checkpoint, note)| (checkpoint.clone(), note.to_owned()))
        };
        self.partitions.iter().filter_map(last).collect()
    }

    /// Each place is tried, whatever becomes of those before it.
    fn write_places(&mut self) -> Result<(), SealerError> {
        let (key, newest) = (self.signer.public().clone(), std::mem::take(&mut self.unwritten));
        let failed: Vec<SealerError> =
            self.places.iter_mut().filter_map(|place| place.write(&newest, &key).err()).collect();
        match failed.into_iter().next() {
            Some(first) => {
                self.unwritten = newest;
                Err(first)
            }
            None => Ok(()),
        }
    }

    /// Seals, and then writes outside what is not there yet: a place that cannot be written is told by each step and keeps none from
    /// sealing.
    async fn take_step(&mut self) -> Result<StepProgress, SealerError> {
        let progress = self.seal_step().await?;
        if !self.unwritten.is_empty() {
            self.write_places()?;
        }
        Ok(progress)
    }

    async fn seal_step(&mut self) -> Result<StepProgress, SealerError> {
        let heads = self.log.heads(EVENTS_TOPIC).await?;
        if !self.load_next(heads.len()).await? {
            return Ok(StepProgress::Worked(0));
        }
        if let Some(turn) = self.turn {
            return self.go_on(turn, &heads).await;
        }
        let sizes: Vec<u64> = self.partitions.iter().map(|partition| partition.history.size()).collect();
        let open: u64 = heads.iter().zip(&sizes).map(|(head, size)| head.saturating_sub(*size)).sum();
        let is_shorter = heads.iter().zip(&sizes).any(|(head, size)| head < size);
        if open == 0 && !is_shorter {
            self.due = None;
            self.log.wait(EVENTS_TOPIC, &sizes, NET).await?;
            return Ok(StepProgress::Idle);
        }
        let now = Instant::now();
        let due = *self.due.get_or_insert_with(|| now + Duration::from_secs(self.options.every_seconds));
        if is_shorter || open >= self.options.records || now >= due {
            self.turn = Some(0);
            return Ok(StepProgress::Worked(0));
        }
        tokio::time::sleep(NET.min(due - now)).await;
        Ok(StepProgress::Idle)
    }

    /// One seal of a round; when it has been round, checkpoints are written outside.
    async fn go_on(&mut self, turn: usize, heads: &[u64]) -> Result<StepProgress, SealerError> {
        let Some(head) = heads.get(turn) else {
            (self.turn, self.due, self.unwritten) = (None, None, self.newest());
            return Ok(StepProgress::Worked(0));
        };
        let sealed = self.seal_next(turn, *head).await?;
        // A partition that grows while it is sealed waits for the next round with what came meanwhile.
        if sealed.is_some_and(|sealed| sealed < MOST_LEAVES as u64) {
            self.turn = Some(turn + 1);
        }
        Ok(StepProgress::Worked(sealed.unwrap_or(0)))
    }
}

#[async_trait]
impl Stage for Sealer {
    fn name(&self) -> &str {
        "seal"
    }

    async fn step(&mut self) -> Result<StepProgress, StageError> {
        self.take_step().await.map_err(|error| match error {
            SealerError::Log(error) => error.into(),
            other => StageError::other(other),
        })
    }
}
