//! Why the read model did not answer.

use std::cmp::Ordering;

use onefold_fold::FOLD_VERSION;

/// Classified by the engine's own code, never by text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum StoreError {
    #[error("another process has moved the position of partition {partition}: expected {expected}")]
    Fenced { partition: u32, expected: u64 },
    #[error("another process writes to this read model")]
    Locked,
    #[error("another transaction writes the same rows; nothing of this one was written: do it again")]
    Conflict,
    #[error("another process publishes by now: nothing of this was taken as done")]
    Superseded,
    #[error("the read model does not answer: {0}")]
    Unreachable(String),
    #[error("the read model's format is {found}, this program knows up to {known}: use a newer program")]
    TooNew { found: u32, known: u32 },
    #[error(
        "the read model's format is {found}, and this program writes {known}: `onefold run` of this program brings it there"
    )]
    TooOld { found: u32, known: u32 },
    #[error("there is no read model here yet: `onefold run` makes it")]
    Absent,
    #[error(
        "the views were made under other rules of identity than those configured now: make them again from the log, or put the rules back"
    )]
    OtherRules,
    #[error(
        "the views were derived by an older program (version {found} of the fold; this program's is {known}): stop all older processes, then `onefold rebuild` makes the views again from the log"
    )]
    OlderFold { found: u32, known: u32 },
    #[error(
        "the views were derived by a newer program (version {found} of the fold, this program's is {known}): use it"
    )]
    NewerFold { found: u32, known: u32 },
    #[error("the disk is full; nothing of this batch was written: free space and go on")]
    Full,
    #[error("the read model is damaged: {0}; `onefold rebuild --accept` makes it again from the log")]
    Corrupt(String),
    #[error("the read model: {0}")]
    Engine(String),
}

impl StoreError {
    /// Refuses views that were derived by another version than [`FOLD_VERSION`].
    ///
    /// # Errors
    /// `found` is another version.
    pub fn check_fold(found: u32) -> Result<(), Self> {
        match found.cmp(&FOLD_VERSION) {
            Ordering::Less => Err(Self::OlderFold { found, known: FOLD_VERSION }),
            Ordering::Equal => Ok(()),
            Ordering::Greater => Err(Self::NewerFold { found, known: FOLD_VERSION }),
        }
    }

    /// Whether the same call may succeed later without anybody doing anything but wait.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Locked | Self::Conflict | Self::Superseded | Self::Unreachable(_) | Self::Full)
    }
}
