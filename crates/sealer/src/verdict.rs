//! What a verification found.

use serde::Serialize;

/// What kind of thing is not as it was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A record of the log.
    Record,
    /// A seal: altered, left out, or signed by another key.
    Seal,
    /// A checkpoint that was kept outside.
    Outside,
}

/// One thing that is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SealFinding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// Offset in the partition from which on the log cannot be relied on.
    pub offset: u64,
    /// What it is, and where.
    pub message: String,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartitionVerdict {
    /// Its number.
    pub partition: u32,
    /// Records that were held to what was sealed of them, and are the same.
    pub verified: u64,
    /// Records that are sealed.
    pub sealed: u64,
    /// Records behind the last seal that can be relied on: nothing is known of them.
    pub unsealed: u64,
    /// Seals that count.
    pub seals: u64,
    /// Seals of another sealer, who was second: they count for nothing.
    pub passed_over: u64,
    /// The newest checkpoint, as a signed note.
    pub checkpoint: Option<String>,
    /// What is wrong, by offset; of a partition whose records stand elsewhere than they were sealed, the first.
    pub findings: Vec<SealFinding>,
}

/// A log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SealVerdict {
    /// Name and id of the key.
    pub key: String,
    /// Checkpoints from outside that were held against the log.
    pub outside: u64,
    /// Each partition.
    pub partitions: Vec<PartitionVerdict>,
}

impl SealVerdict {
    /// Whether all that was sealed stands there as it was.
    pub fn is_whole(&self) -> bool {
        self.partitions.iter().all(|partition| partition.findings.is_empty())
    }

    /// A sum over the partitions.
    pub fn sum(&self, of: impl Fn(&PartitionVerdict) -> u64) -> u64 {
        self.partitions.iter().map(of).sum()
    }
}
