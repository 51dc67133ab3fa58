//! Why the log cannot be sealed.

use std::path::PathBuf;

use onefold_log::LogError;
use onefold_seal::SealError;
use tokio::task::JoinError;

/// What keeps from sealing or from verifying at all. What a verification finds is no error: see
/// [`SealVerdict`](crate::SealVerdict).
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum SealerError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("nothing of this log is sealed yet: `onefold audit key` makes a key, `onefold audit seal` seals with it")]
    NotSealed,
    #[error(
        "the seals of partition {partition} cannot be relied on (seal {offset}): {why}. `onefold audit verify` says more; nothing was done now"
    )]
    Before { partition: u32, offset: u64, why: SealError },
    #[error(
        "partition {partition} ends at offset {head}, and is sealed up to {sealed}: the log was cut or replaced; put it back as it was"
    )]
    Shorter { partition: u32, head: u64, sealed: u64 },
    #[error(
        "the record at partition {partition}, offset {offset} is not the one that was sealed there: `onefold audit verify` says more"
    )]
    Altered { partition: u32, offset: u64 },
    #[error(
        "the record at partition {partition}, offset {offset} cannot be read, and nothing behind it is sealed: {why}"
    )]
    Unreadable { partition: u32, offset: u64, why: String },
    #[error("verifying partition {partition} ended before its end: {why}")]
    Stopped { partition: u32, why: JoinError },
    #[error("the log has {events} partitions and its seals have {seals}: they are of another log")]
    Partitions { events: u32, seals: u32 },
    #[error(
        "the place for checkpoints {path} cannot be {what}: {why}; sealing goes on, and they are written there once it can be"
    )]
    Place { path: PathBuf, what: &'static str, why: std::io::Error },
}
