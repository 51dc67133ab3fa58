//! From the log to events: read, decoded and digested.

use std::sync::Arc;

use onefold_event::{ContentDigest, DecodedEvent, HubKey, KeyRing, decode_digested};
use onefold_log::{EVENTS_TOPIC, Log, StoredRecord};
use onefold_stage::StageError;
use onefold_store::QuarantineEntry;

/// An event with its place in the log.
pub(crate) struct DecodedRecord {
    pub(crate) event: DecodedEvent,
    /// Digest of what it says.
    pub(crate) digest: ContentDigest,
    pub(crate) partition: u32,
    pub(crate) offset: u64,
    pub(crate) recorded_at: i64,
}

/// What is to be one batch.
#[derive(Default)]
pub(crate) struct ReadBatch {
    /// Positions that it moves: (partition, from, to).
    pub(crate) moves: Vec<(u32, u64, u64)>,
    pub(crate) taken: Vec<DecodedRecord>,
    /// Records among them that are no events.
    pub(crate) refused: Vec<QuarantineEntry>,
    /// Positions before it.
    pub(crate) from: Vec<u64>,
}

impl ReadBatch {
    /// Positions after it.
    pub(crate) fn end_positions(&self) -> Vec<u64> {
        let mut to = self.from.clone();
        for (partition, _, position) in &self.moves {
            if let Some(at) = to.get_mut(*partition as usize) {
                *at = *position;
            }
        }
        to
    }
}

/// Reads batches.
#[derive(Clone)]
pub(crate) struct EventReader {
    pub(crate) log: Arc<dyn Log>,
    /// The hub's own, for content digests.
    pub(crate) key: HubKey,
    /// What opens personal parts that are sealed.
    pub(crate) keys: Arc<dyn KeyRing>,
    /// Records per batch at most.
    pub(crate) batch: usize,
}

impl EventReader {
    /// What comes after these positions, shared out among the partitions that have more.
    pub(crate) async fn read_batch(&self, from: Vec<u64>) -> Result<ReadBatch, StageError> {
        let mut read = ReadBatch { from, ..ReadBatch::default() };
        let heads = self.log.heads(EVENTS_TOPIC).await?;
        let behind = heads.iter().zip(&read.from).filter(|(head, at)| head > at).count().max(1);
        let share = self.batch.div_ceil(behind);
        for (partition, (from, head)) in (0u32..).zip(read.from.iter().copied().zip(heads)) {
            if head <= from {
                continue;
            }
            let records = self.log.read(EVENTS_TOPIC, partition, from, share).await?;
            let Some(last) = records.last() else { continue };
            read.moves.push((partition, from, last.offset + 1));
            let (key, keys) = (self.key.clone(), Arc::clone(&self.keys));
            let take = move || {
                let (mut taken, mut refused) = (Vec::with_capacity(records.len()), Vec::new());
                for stored in records {
                    match decode_record(stored, &key, keys.as_ref()) {
                        Ok(event) => taken.push(event),
                        Err(entry) => refused.push(*entry),
                    }
                }
                (taken, refused)
            };
            // Off the threads that wait for the network.
            let (taken, refused) = tokio::task::spawn_blocking(take).await.map_err(StageError::other)?;
            read.taken.extend(taken);
            read.refused.extend(refused);
        }
        Ok(read)
    }
}

/// A record that is wrong alone is found before it is stored; one that came into the log all the same stays there, and is in
/// quarantine for whoever must decide.
fn decode_record(
    stored: StoredRecord,
    key: &HubKey,
    keys: &dyn KeyRing,
) -> Result<DecodedRecord, Box<QuarantineEntry>> {
    match decode_digested(&stored.record.value, key, keys) {
        Ok((digest, event)) => {
            let StoredRecord { partition, offset, record } = stored;
            Ok(DecodedRecord { event, digest, partition, offset, recorded_at: record.time })
        }
        Err(error) => Err(Box::new(QuarantineEntry::refused(EVENTS_TOPIC, &stored, &error))),
    }
}
