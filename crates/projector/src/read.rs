//! From the log to events: read, decoded and digested.

use std::sync::Arc;

use onefold_event::{ContentDigest, Event, HubKey, decode};
use onefold_log::{Log, LogError, Stored};

/// The topic of events.
pub(crate) const EVENTS: &str = "events";

/// An event with its place in the log.
pub(crate) struct Taken {
    pub(crate) event: Event,
    /// Digest of what it says.
    pub(crate) digest: ContentDigest,
    pub(crate) partition: u32,
    pub(crate) offset: u64,
    pub(crate) recorded_at: i64,
}

/// What is to be one batch.
#[derive(Default)]
pub(crate) struct Read {
    /// Positions that it moves: (partition, from, to).
    pub(crate) moves: Vec<(u32, u64, u64)>,
    pub(crate) taken: Vec<Taken>,
    /// Positions before it.
    pub(crate) from: Vec<u64>,
}

impl Read {
    /// Positions after it.
    pub(crate) fn to(&self) -> Vec<u64> {
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
pub(crate) struct Reader {
    pub(crate) log: Arc<dyn Log>,
    /// The hub's own, for content digests.
    pub(crate) key: HubKey,
    /// Records per batch at most.
    pub(crate) batch: usize,
}

impl Reader {
    /// What comes after these positions, shared out among the partitions that have more.
    pub(crate) async fn read(&self, from: Vec<u64>) -> Result<Read, LogError> {
        let mut read = Read { from, ..Read::default() };
        let heads = self.log.heads(EVENTS).await?;
        let behind = heads.iter().zip(&read.from).filter(|(head, at)| head > at).count().max(1);
        let share = self.batch.div_ceil(behind);
        for (partition, (from, head)) in (0u32..).zip(read.from.iter().copied().zip(heads)) {
            if head <= from {
                continue;
            }
            let records = self.log.read(EVENTS, partition, from, share).await?;
            let Some(last) = records.last() else { continue };
            read.moves.push((partition, from, last.offset + 1));
            let key = self.key.clone();
            let take = move || records.into_iter().filter_map(|stored| take(stored, &key)).collect::<Vec<_>>();
            // Off the threads that wait for the network.
            read.taken.extend(tokio::task::spawn_blocking(take).await.map_err(|_| LogError::Closed)?);
        }
        Ok(read)
    }
}

/// A record that is wrong alone is found before it is stored; one that came in all the same is left where it is and told of.
fn take(stored: Stored, key: &HubKey) -> Option<Taken> {
    let Stored { partition, offset, record } = stored;
    match decode(&record.value) {
        Ok(event) => {
            let digest = key.digest(&event);
            Some(Taken { event, digest, partition, offset, recorded_at: record.time })
        }
        Err(error) => {
            tracing::error!(partition, offset, %error, "a record in the log is no event; it is passed over");
            None
        }
    }
}
