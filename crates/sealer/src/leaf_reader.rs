//! The log's records as hashes, in order.

use std::collections::VecDeque;

use onefold_log::{EVENTS_TOPIC, Log, LogError};
use onefold_seal::RecordHash;

use crate::topic_reader::read_next;

/// Records that are in memory at once.
const CHUNK: usize = 5_000;

/// Reads one partition from a place on. Of a record only its hashes are kept.
pub(crate) struct LeafReader {
    partition: u32,
    /// Offset of the record behind those that were read.
    next: u64,
    hashes: VecDeque<RecordHash>,
    buffer: Vec<u8>,
    /// Where and why it cannot be read further, where the log itself says that it is damaged.
    broken: Option<(u64, String)>,
}

impl LeafReader {
    pub(crate) fn new(partition: u32, next: u64) -> Self {
        Self { partition, next, hashes: VecDeque::new(), buffer: Vec::new(), broken: None }
    }

    /// Reads until the record before `end` is there, as far as there are any now: where the log ends today it may go on tomorrow.
    pub(crate) async fn fill(&mut self, log: &dyn Log, end: u64) -> Result<(), LogError> {
        while self.next < end && self.broken.is_none() {
            let most = usize::try_from(end - self.next).unwrap_or(CHUNK).min(CHUNK);
            let stored = match read_next(log, EVENTS_TOPIC, self.partition, self.next, most).await {
                Err(LogError::Corrupt(why)) => {
                    self.broken = Some((self.next, why));
                    break;
                }
                read => read?,
            };
            if stored.is_empty() {
                break;
            }
            for stored in stored {
                if stored.offset != self.next {
                    self.broken = Some((self.next, "no record stands there, and others do behind it".to_owned()));
                    break;
                }
                self.next += 1;
                self.hashes.push_back(RecordHash::new(&stored.record, &mut self.buffer));
            }
        }
        Ok(())
    }

    /// What was read and not taken yet, so many at most.
    pub(crate) fn waiting(&mut self, most: usize) -> &[RecordHash] {
        let waiting = self.hashes.make_contiguous();
        &waiting[..waiting.len().min(most)]
    }

    /// Takes so many away.
    pub(crate) fn take(&mut self, count: usize) -> impl Iterator<Item = RecordHash> + '_ {
        self.hashes.drain(..count.min(self.hashes.len()))
    }

    /// Where the log itself says that it is damaged, and why.
    pub(crate) fn broken(&self) -> Option<&(u64, String)> {
        self.broken.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onefold_log::LogRecord;
    use onefold_log_embedded::{EmbeddedLog, EmbeddedOptions};
    use tempfile::TempDir;

    #[tokio::test]
    async fn a_log_that_ended_once_is_read_on_when_it_has_grown() {
        let dir = TempDir::new().unwrap();
        let log = EmbeddedLog::open(&dir.path().join("log.db"), EmbeddedOptions::default()).unwrap();
        log.topic(EVENTS_TOPIC, 1).await.unwrap();
        let mut reader = LeafReader::new(0, 2);
        for grown in [0, 3, 3, 9] {
            reader.fill(&log, 9).await.unwrap();
            let there = log.heads(EVENTS_TOPIC).await.unwrap()[0];
            assert_eq!(reader.waiting(100).len() as u64, there.min(9).saturating_sub(2));
            let batch = (0..grown).map(|n| (0, LogRecord::new("key", "value", n))).collect();
            log.append(EVENTS_TOPIC, batch).await.unwrap();
        }
        assert!(reader.broken().is_none());
    }
}
