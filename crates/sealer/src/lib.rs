#![doc = include_str!("../README.md")]

mod error;
mod evidence;
mod leaf_reader;
mod outside;
mod seal_reader;
mod sealer;
mod topic_reader;
mod verdict;
mod verify;

pub use error::SealerError;
pub use evidence::{GatheredEvidence, gather_evidence};
pub use outside::{OutsidePlace, read_outside};
pub use sealer::{SealSummary, Sealer, SealerOptions};
pub use verdict::{FindingKind, PartitionVerdict, SealFinding, SealVerdict};
pub use verify::verify_log;
