//! Whether projectors get into each other's way, and for how long they then take turns.

use std::sync::atomic::{AtomicU32, Ordering};

/// Turns taken alone at most before it is tried side by side again.
const MOST: u32 = 64;

/// After a conflict the next batches are projected alone, more of them each time; a batch that went through side by side
/// halves that again. So two projectors always make progress, and hubs whose batches hardly meet lose little.
#[derive(Debug, Default)]
pub(crate) struct Contention {
    alone: AtomicU32,
    next: AtomicU32,
}

impl Contention {
    /// Whether this batch must be alone.
    pub(crate) fn take_turn(&self) -> bool {
        let less = |turns: u32| turns.checked_sub(1);
        self.alone.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    /// Another transaction was in the way.
    pub(crate) fn conflict(&self) {
        let next = self.next.load(Ordering::Relaxed).clamp(1, MOST);
        self.alone.store(next, Ordering::Relaxed);
        self.next.store((next * 2).min(MOST), Ordering::Relaxed);
    }

    /// None was.
    pub(crate) fn side_by_side(&self) {
        self.next.store(self.next.load(Ordering::Relaxed) / 2, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_conflict_doubles_the_turns_and_peace_halves_them() {
        let contention = Contention::default();
        assert!(!contention.take_turn());
        contention.conflict();
        assert!(contention.take_turn() && !contention.take_turn());
        contention.conflict();
        assert!(contention.take_turn() && contention.take_turn() && !contention.take_turn());
        contention.side_by_side();
        contention.conflict();
        assert!(contention.take_turn() && contention.take_turn() && !contention.take_turn());
    }
}
