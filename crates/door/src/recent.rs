//! What went through the door and the store has not projected yet.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use onefold_event::{ContentDigest, EventId, HubKey};
use onefold_log::{EVENTS_TOPIC, Log, LogError, StoredRecord};

/// Entries after which it is worth asking the store how far it is.
const ASK_FROM: usize = 20_000;
/// Entries that are kept at most: some 50 MB.
pub(crate) const MOST_REMEMBERED: usize = 500_000;

/// Records that are read at once.
const AT_ONCE: usize = 4_000;

/// A copy of an event in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogCopy {
    pub(crate) digest: ContentDigest,
    pub(crate) partition: u32,
    pub(crate) offset: u64,
}

#[derive(Debug)]
pub(crate) struct RecentCopies {
    /// By id and place: the content, and a hash of the subject, within which copies are judged.
    copies: BTreeMap<(EventId, u32, u64), (ContentDigest, u64)>,
    ask_at: usize,
}

impl Default for RecentCopies {
    fn default() -> Self {
        Self { copies: BTreeMap::new(), ask_at: ASK_FROM }
    }
}

impl RecentCopies {
    pub(crate) fn of(&self, subject: &str, id: EventId) -> impl Iterator<Item = LogCopy> {
        let subject = hash(subject);
        let all = self.copies.range((id, 0, 0)..=(id, u32::MAX, u64::MAX));
        all.filter(move |(_, (_, about))| *about == subject).map(|((_, partition, offset), (digest, _))| LogCopy {
            digest: *digest,
            partition: *partition,
            offset: *offset,
        })
    }

    /// Adds what stands in a part of the log.
    pub(crate) async fn read_log(
        &mut self,
        log: &dyn Log,
        key: &HubKey,
        partition: u32,
        part: Range<u64>,
    ) -> Result<(), LogError> {
        let mut from = part.start;
        while from < part.end {
            let records = log.read(EVENTS_TOPIC, partition, from, AT_ONCE).await?;
            let Some(read) = records.last() else { break };
            from = read.offset + 1;
            records.iter().for_each(|stored| self.add_stored(key, partition, stored));
        }
        Ok(())
    }

    /// Adds a record of the log. What does not decode is passed over by the projector too, and is nobody's copy.
    pub(crate) fn add_stored(&mut self, key: &HubKey, partition: u32, stored: &StoredRecord) {
        if let Ok(event) = onefold_event::decode(&stored.record.value) {
            let copy = LogCopy { digest: key.digest_event(&event), partition, offset: stored.offset };
            self.add(event.header.subject.as_str(), event.header.id, copy);
        }
    }

    pub(crate) fn add(&mut self, subject: &str, id: EventId, copy: LogCopy) {
        self.copies.insert((id, copy.partition, copy.offset), (copy.digest, hash(subject)));
    }

    /// Whether it has grown enough to be pruned.
    pub(crate) fn is_large(&self) -> bool {
        self.copies.len() >= self.ask_at
    }

    /// Whether it may not grow further.
    pub(crate) fn is_full(&self) -> bool {
        self.copies.len() >= MOST_REMEMBERED
    }

    /// Forgets what the store has projected. Whoever looks a subject up afterwards finds it there.
    pub(crate) fn prune(&mut self, positions: &[u64]) {
        let waits = |partition: u32, offset: u64| positions.get(partition as usize).is_none_or(|next| offset >= *next);
        self.copies.retain(|(_, partition, offset), _| waits(*partition, *offset));
        self.ask_at = ASK_FROM.max(self.copies.len() * 2).min(MOST_REMEMBERED);
    }

    /// Forgets everything: copies of what is forgotten are found by the projector, and only there.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

fn hash(subject: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    subject.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_projected_is_forgotten_and_nothing_else() {
        let mut recent = RecentCopies::default();
        for offset in 0..10 {
            let copy = LogCopy { digest: [0; 16], partition: (offset % 2) as u32, offset: offset / 2 };
            recent.add("order:erp:1", EventId([offset as u8; 16]), copy);
        }
        recent.prune(&[3, 0]);
        assert_eq!(recent.copies.len(), 7);
        assert_eq!(recent.of("order:erp:1", EventId([4; 16])).count(), 0);
        assert_eq!(recent.of("order:erp:1", EventId([6; 16])).count(), 1);
        assert_eq!(recent.of("order:erp:1", EventId([1; 16])).count(), 1);
        assert_eq!(recent.of("order:erp:2", EventId([1; 16])).count(), 0);
    }
}
