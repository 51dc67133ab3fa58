//! The log's records as leaf hashes, in order.

use std::collections::VecDeque;

use onefold_log::{EVENTS_TOPIC, Log, LogError};
use onefold_seal::{TreeHash, record_hash};

const CHUNK: usize = 5_000;

/// Reads one partition from its beginning.
pub(crate) struct LeafReader {
    partition: u32,
    /// Offset of the record behind those that were read.
    next: u64,
    hashes: VecDeque<TreeHash>,
    buffer: Vec<u8>,
    /// Where and why it cannot be read further, where the log itself says that it is damaged.
    broken: Option<(u64, String)>,
    ended: bool,
}

impl LeafReader {
    pub(crate) fn new(partition: u32) -> Self {
        let (hashes, buffer) = (VecDeque::new(), Vec::new());
        Self { partition, next: 0, hashes, buffer, broken: None, ended: false }
    }

    /// Reads until the record before `end` is there, as far as there are any.
    pub(crate) async fn fill(&mut self, log: &dyn Log, end: u64) -> Result<(), LogError> {
        while self.next < end && !self.ended {
            let stored = match log.read(EVENTS_TOPIC, self.partition, self.next, CHUNK).await {
                Err(LogError::Corrupt(why)) => {
                    // Those before it in the same chunk are read one by one, so that what can be judged is.
                    match log.read(EVENTS_TOPIC, self.partition, self.next, 1).await {
                        Err(LogError::Corrupt(_)) => {
                            self.broken = Some((self.next, why));
                            Vec::new()
                        }
                        one => one?,
                    }
                }
                stored => stored?,
            };
            self.ended = stored.is_empty();
            for stored in stored {
                if stored.offset != self.next {
                    self.broken = Some((self.next, "no record stands there, and others do behind it".to_owned()));
                    self.ended = true;
                    break;
                }
                self.next += 1;
                self.hashes.push_back(record_hash(&stored.record, &mut self.buffer));
            }
        }
        Ok(())
    }

    /// Hashes that were read and not taken yet.
    pub(crate) fn waiting(&mut self, most: usize) -> &[TreeHash] {
        let waiting = self.hashes.make_contiguous();
        &waiting[..waiting.len().min(most)]
    }

    /// Takes so many away.
    pub(crate) fn take(&mut self, count: usize) -> impl Iterator<Item = TreeHash> + '_ {
        self.hashes.drain(..count.min(self.hashes.len()))
    }

    /// Where the log itself says that it is damaged, and why.
    pub(crate) fn broken(&self) -> Option<&(u64, String)> {
        self.broken.as_ref()
    }
}
