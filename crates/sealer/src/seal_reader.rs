//! Seals as they are kept in the log.

use onefold_log::{Log, LogError, SEALS_TOPIC};
use onefold_seal::{PartitionSeal, SealError};

use crate::topic_reader::read_next;

/// Seals that are read at once: one has up to some MiB.
const CHUNK: usize = 4;

/// The seals of one partition, one after the other.
pub(crate) struct SealReader {
    partition: u32,
    /// Offset of the next one in their topic.
    next: u64,
    read: std::vec::IntoIter<(u64, Result<PartitionSeal, SealError>)>,
}

impl SealReader {
    pub(crate) fn new(partition: u32) -> Self {
        Self { partition, next: 0, read: Vec::new().into_iter() }
    }

    /// The next one with its offset, or why it is none; nothing at the end.
    pub(crate) async fn next_seal(
        &mut self,
        log: &dyn Log,
    ) -> Result<Option<(u64, Result<PartitionSeal, SealError>)>, LogError> {
        if let Some(seal) = self.read.next() {
            return Ok(Some(seal));
        }
        let stored = read_next(log, SEALS_TOPIC, self.partition, self.next, CHUNK).await?;
        let Some(last) = stored.last() else { return Ok(None) };
        self.next = last.offset + 1;
        let decoded: Vec<_> =
            stored.into_iter().map(|stored| (stored.offset, PartitionSeal::decode(&stored.record.value))).collect();
        self.read = decoded.into_iter();
        Ok(self.read.next())
    }

    /// Where the next seal will stand in the topic, once all were read.
    pub(crate) fn end(&self) -> u64 {
        self.next
    }
}
