//! Chance that is the same each time: a stream of its own per purpose and index, so
//! that what one customer does never depends on how many others there are.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub(crate) struct SeededDice(ChaCha8Rng);

impl SeededDice {
    pub(crate) fn new(seed: u64, purpose: &str, index: u64) -> Self {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&index.to_le_bytes());
        // Purposes are short names of our own; 16 bytes tell them all apart.
        for (slot, byte) in key[16..].iter_mut().zip(purpose.bytes()) {
            *slot = byte;
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        if high <= low { low } else { self.0.random_range(low..=high) }
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.between(0, end as i64 - 1) as usize
    }

    /// True so many times in a thousand.
    pub(crate) fn chance(&mut self, in_thousand: i64) -> bool {
        self.between(0, 999) < in_thousand
    }

    /// One of a few constants.
    pub(crate) fn pick_constant<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}
