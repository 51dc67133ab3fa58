//! Records that were read a moment ago.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::wire::PackedRecord;

/// What keeping a record costs beside its bytes.
const OVERHEAD: usize = 48;

/// The latest records read in order, per partition, up to a number of bytes.
#[derive(Debug)]
pub(crate) struct RecentRecords {
    partitions: Vec<Mutex<RecordSpan>>,
    /// Bytes per partition.
    most: usize,
}

/// Records without a gap.
#[derive(Debug, Default)]
struct RecordSpan {
    first: u64,
    held: VecDeque<PackedRecord>,
    bytes: usize,
}

impl RecentRecords {
    pub(crate) fn new(partitions: usize, bytes: usize) -> Self {
        Self { partitions: (0..partitions).map(|_| Mutex::default()).collect(), most: bytes / partitions.max(1) }
    }

    /// Takes in what was read, in order. Records before those that are held are not taken: a reader far behind would push out
    /// what others need.
    pub(crate) fn add_records(&self, partition: u32, read: &[(u64, PackedRecord)]) {
        let Some(run) = self.partitions.get(partition as usize) else { return };
        let mut run = run.lock().unwrap_or_else(PoisonError::into_inner);
        for (offset, packed) in read {
            let next = run.first + run.held.len() as u64;
            if *offset < next {
                continue;
            }
            if *offset > next || run.held.is_empty() {
                *run = RecordSpan { first: *offset, ..RecordSpan::default() };
            }
            run.bytes += packed.len() + OVERHEAD;
            run.held.push_back(packed.clone());
            while run.bytes > self.most {
                let Some(oldest) = run.held.pop_front() else { break };
                run.bytes -= oldest.len() + OVERHEAD;
                run.first += 1;
            }
        }
    }

    /// The record, if it is held.
    pub(crate) fn get(&self, partition: u32, offset: u64) -> Option<PackedRecord> {
        let run = self.partitions.get(partition as usize)?.lock().unwrap_or_else(PoisonError::into_inner);
        let at = usize::try_from(offset.checked_sub(run.first)?).ok()?;
        run.held.get(at).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(offsets: std::ops::Range<u64>) -> Vec<(u64, PackedRecord)> {
        offsets.map(|offset| (offset, PackedRecord::from(offset.to_string()))).collect()
    }

    #[test]
    fn the_latest_are_held_within_the_bytes() {
        let recent = RecentRecords::new(2, 2 * 10 * (OVERHEAD + 1));
        recent.add_records(1, &read(0..8));
        recent.add_records(1, &read(8..9));
        assert!((0..9).all(|offset| recent.get(1, offset) == Some(PackedRecord::from(offset.to_string()))));
        assert_eq!((recent.get(0, 0), recent.get(1, 9)), (None, None));
        recent.add_records(1, &read(9..50));
        assert_eq!((recent.get(1, 40), recent.get(1, 49).is_some()), (None, true));
    }

    #[test]
    fn a_reader_behind_does_not_push_out_what_is_ahead_and_a_leap_begins_anew() {
        let recent = RecentRecords::new(1, 1 << 20);
        recent.add_records(0, &read(100..110));
        recent.add_records(0, &read(5..20));
        assert_eq!((recent.get(0, 7), recent.get(0, 105).is_some()), (None, true));
        recent.add_records(0, &read(200..210));
        assert_eq!((recent.get(0, 105), recent.get(0, 205).is_some()), (None, true));
    }
}
