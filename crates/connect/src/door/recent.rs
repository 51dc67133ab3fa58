//! What went through the door and the store has not projected yet.

use std::collections::HashMap;

use onefold_event::{ContentDigest, EventId};

/// Entries after which it is worth asking the store how far it is.
const MANY: usize = 20_000;

/// A copy of an event in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Copy {
    pub(crate) digest: ContentDigest,
    pub(crate) partition: u32,
    pub(crate) offset: u64,
}

#[derive(Debug)]
pub(crate) struct Recent {
    copies: HashMap<String, Vec<(EventId, Copy)>>,
    count: usize,
    ask_at: usize,
}

impl Default for Recent {
    fn default() -> Self {
        Self { copies: HashMap::new(), count: 0, ask_at: MANY }
    }
}

impl Recent {
    pub(crate) fn of(&self, subject: &str, id: EventId) -> impl Iterator<Item = Copy> {
        self.copies.get(subject).into_iter().flatten().filter(move |(i, _)| *i == id).map(|(_, copy)| *copy)
    }

    pub(crate) fn add(&mut self, subject: &str, id: EventId, copy: Copy) {
        self.count += 1;
        self.copies.entry(subject.to_owned()).or_default().push((id, copy));
    }

    /// Whether it has grown enough to be pruned.
    pub(crate) fn is_large(&self) -> bool {
        self.count >= self.ask_at
    }

    /// Forgets what the store has projected. Whoever looks a subject up afterwards finds it there.
    pub(crate) fn prune(&mut self, positions: &[u64]) {
        let waits = |copy: &Copy| positions.get(copy.partition as usize).is_none_or(|next| copy.offset >= *next);
        for copies in self.copies.values_mut() {
            copies.retain(|(_, copy)| waits(copy));
        }
        self.copies.retain(|_, copies| !copies.is_empty());
        self.count = self.copies.values().map(Vec::len).sum();
        self.ask_at = MANY.max(self.count * 2);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_projected_is_forgotten_and_nothing_else() {
        let mut recent = Recent::default();
        for offset in 0..10 {
            let copy = Copy { digest: [0; 16], partition: (offset % 2) as u32, offset: offset / 2 };
            recent.add("order:erp:1", EventId([offset as u8; 16]), copy);
        }
        recent.prune(&[3, 0]);
        assert_eq!(recent.len(), 7);
        assert_eq!(recent.of("order:erp:1", EventId([4; 16])).count(), 0);
        assert_eq!(recent.of("order:erp:1", EventId([6; 16])).count(), 1);
        assert_eq!(recent.of("order:erp:1", EventId([1; 16])).count(), 1);
    }
}
