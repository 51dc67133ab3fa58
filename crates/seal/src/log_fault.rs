//! Where the log differs from what was sealed of it.

use std::fmt;

use crate::{PartitionSeal, RecordHash};

/// Differences of one seal that are told at most: who altered more has altered the log, wherever.
const MOST_FAULTS: usize = 100;

/// How a record differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFaultKind {
    /// Another record stands there.
    Changed,
    /// The record that was sealed there is gone; the one after it has taken its place.
    Missing,
    /// A record stands there that was not sealed, before the one that was.
    Added,
    /// Two records have changed places: the other one's offset.
    Swapped(u64),
    /// The log ends there, and more was sealed: up to this offset.
    Cut(u64),
}

/// One difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogFault {
    /// Where in the partition.
    pub offset: u64,
    /// What.
    pub kind: LogFaultKind,
}

impl LogFault {
    /// Whether what follows stands elsewhere than it was sealed, and cannot be judged by its place any more.
    pub fn shifts(&self) -> bool {
        matches!(self.kind, LogFaultKind::Missing | LogFaultKind::Added | LogFaultKind::Cut(_))
    }
}

impl fmt::Display for LogFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = self.offset;
        match self.kind {
            LogFaultKind::Changed => write!(f, "offset {offset}: another record stands there than was sealed"),
            LogFaultKind::Missing => write!(f, "offset {offset}: the record that was sealed there is missing"),
            LogFaultKind::Added => write!(f, "offset {offset}: a record was added there after the log was sealed"),
            LogFaultKind::Swapped(other) => {
                write!(f, "offsets {offset} and {other}: the two records have changed places")
            }
            LogFaultKind::Cut(sealed) => {
                write!(
                    f,
                    "offset {offset}: the log ends there, and records up to offset {} were sealed",
                    sealed.saturating_sub(1)
                )
            }
        }
    }
}

/// Holds the records of a seal's range to it, by their leaf hashes: `found` begins where the seal does, ends where the log or the
/// range ends, and may hold one record more, by which one that was added last is told from one that was changed.
pub fn find_faults(seal: &PartitionSeal, found: &[RecordHash]) -> Vec<LogFault> {
    let sealed = &seal.leaves;
    let mut faults: Vec<LogFault> = Vec::new();
    for (at, expected) in sealed.iter().enumerate() {
        let offset = seal.start + at as u64;
        let leaf_at = |at: usize| found.get(at).map(|record| &record.leaf);
        let Some(there) = leaf_at(at) else {
            faults.push(LogFault { offset, kind: LogFaultKind::Cut(seal.end()) });
            break;
        };
        if there == expected || faults.iter().any(|fault| fault.kind == LogFaultKind::Swapped(offset)) {
            continue;
        }
        // Two records in each other's place come first: neighbours look like one that is missing.
        let swapped = sealed.iter().skip(at + 1).position(|later| later == there).map(|after| at + 1 + after);
        let swapped = swapped.filter(|other| leaf_at(*other) == Some(expected));
        let kind = match swapped {
            Some(other) => LogFaultKind::Swapped(seal.start + other as u64),
            None if sealed.get(at + 1) == Some(there) => LogFaultKind::Missing,
            None if leaf_at(at + 1) == Some(expected) => LogFaultKind::Added,
            None => LogFaultKind::Changed,
        };
        let fault = LogFault { offset, kind };
        faults.push(fault);
        if fault.shifts() || faults.len() == MOST_FAULTS {
            break;
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(numbers: &[u8]) -> Vec<RecordHash> {
        numbers.iter().map(|n| RecordHash { leaf: [*n; 32], subject: [*n; 32] }).collect()
    }

    fn faults(found: &[u8]) -> Vec<(u64, LogFaultKind)> {
        let seal = PartitionSeal::new(String::new(), 100, &records(&[0, 1, 2, 3, 4, 5]));
        find_faults(&seal, &records(found)).iter().map(|fault| (fault.offset, fault.kind)).collect()
    }

    #[test]
    fn each_kind_is_told_with_its_place() {
        use LogFaultKind::{Added, Changed, Cut, Missing, Swapped};
        assert_eq!(faults(&[0, 1, 2, 3, 4, 5]), []);
        assert_eq!(faults(&[0, 1, 2, 3, 4, 5, 9]), [], "what follows is not sealed yet");
        assert_eq!(faults(&[0, 9, 2, 3, 8, 5]), [(101, Changed), (104, Changed)]);
        assert_eq!(faults(&[0, 2, 3, 4, 5, 9]), [(101, Missing)]);
        assert_eq!(faults(&[0, 9, 1, 2, 3, 4, 5]), [(101, Added)]);
        assert_eq!(faults(&[0, 1, 2, 3, 4, 9, 5]), [(105, Added)]);
        assert_eq!(faults(&[0, 4, 2, 3, 1, 5]), [(101, Swapped(104))]);
        assert_eq!(faults(&[1, 0, 2, 3, 4, 5]), [(100, Swapped(101))]);
        assert_eq!(faults(&[0, 1, 2]), [(103, Cut(106))]);
        assert_eq!(faults(&[]), [(100, Cut(106))]);
    }
}
