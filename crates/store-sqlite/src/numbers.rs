//! Numbers of the keys that were met lately, in bounded memory, and those given in the transaction under way.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// A key under two secret hashes: 128 bits that stand for its text in memory.
pub(crate) type Print = (u64, u64);

/// Prints are hashes already.
#[derive(Debug, Default)]
pub(crate) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}

type ByPrint = HashMap<Print, i64, BuildHasherDefault<AsIs>>;

/// Two generations: once the young one is full it becomes the old one, and what was not met since is forgotten.
#[derive(Debug)]
pub(crate) struct Numbers {
    hashes: (RandomState, RandomState),
    young: ByPrint,
    old: ByPrint,
    /// Keys of one generation at most.
    most: usize,
    /// Keys without a number when they were last looked for in this transaction, with the place where theirs would stand.
    absent: ByPrint,
    /// Numbers given in this transaction.
    given: ByPrint,
    /// The same by place, yet to be written.
    pending: Vec<(i64, i64)>,
}

impl Numbers {
    pub(crate) fn new(keys: usize) -> Self {
        Self {
            hashes: (RandomState::new(), RandomState::new()),
            young: ByPrint::default(),
            old: ByPrint::default(),
            most: (keys / 2).max(1),
            absent: ByPrint::default(),
            given: ByPrint::default(),
            pending: Vec::new(),
        }
    }

    pub(crate) fn print(&self, key: &str) -> Print {
        (self.hashes.0.hash_one(key), self.hashes.1.hash_one(key))
    }

    pub(crate) fn get(&mut self, print: Print) -> Option<i64> {
        if let Some(num) = self.young.get(&print).or_else(|| self.given.get(&print)) {
            return Some(*num);
        }
        let num = self.old.get(&print).copied()?;
        self.put(print, num);
        Some(num)
    }

    pub(crate) fn put(&mut self, print: Print, num: i64) {
        if self.young.len() >= self.most {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(print, num);
    }

    /// The place of a key that was looked for in this transaction and has no number.
    pub(crate) fn absent(&self, print: Print) -> Option<i64> {
        self.absent.get(&print).copied()
    }

    pub(crate) fn note_absent(&mut self, print: Print, place: i64) {
        self.absent.insert(print, place);
    }

    pub(crate) fn give(&mut self, print: Print, place: i64, num: i64) {
        self.absent.remove(&print);
        self.given.insert(print, num);
        self.pending.push((place, num));
    }

    /// Places and numbers that are to be written, by place: neighbours in the table one after the other.
    pub(crate) fn take_pending(&mut self) -> Vec<(i64, i64)> {
        self.pending.sort_unstable();
        std::mem::take(&mut self.pending)
    }

    /// What was given is in the file.
    pub(crate) fn committed(&mut self) {
        self.absent.clear();
        for (print, num) in std::mem::take(&mut self.given) {
            self.put(print, num);
        }
    }

    /// What was given is not in the file and was never given.
    pub(crate) fn rolled_back(&mut self) {
        self.absent.clear();
        self.given.clear();
        self.pending.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_met_again_and_again_is_not_forgotten() {
        let mut numbers = Numbers::new(8);
        let kept = numbers.print("party:erp:kept");
        numbers.put(kept, 1);
        for n in 0..100 {
            let print = numbers.print(&format!("party:erp:{n}"));
            numbers.put(print, n);
            assert_eq!(numbers.get(kept), Some(1));
        }
        assert!(numbers.young.len() <= 4 && numbers.old.len() <= 4);
    }

    #[test]
    fn a_number_that_was_rolled_back_was_never_given() {
        let mut numbers = Numbers::new(8);
        let print = numbers.print("party:erp:1");
        numbers.give(print, 77, 1);
        assert_eq!(numbers.get(print), Some(1));
        numbers.rolled_back();
        assert_eq!(numbers.get(print), None);
        assert!(numbers.take_pending().is_empty());
    }
}
