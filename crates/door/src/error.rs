//! What keeps the door shut: errors of the world, never of an event.

use onefold_log::LogError;
use onefold_store::StoreError;

/// Why the door took nothing of a batch.
#[derive(Debug, Clone, thiserror::Error)]
#[allow(missing_docs)]
pub enum DoorError {
    #[error("the events were not written: {0}")]
    Log(#[from] LogError),
    #[error("what is known could not be looked up: {0}")]
    Store(#[from] StoreError),
    #[error(
        "the event at partition {partition}, offset {offset} does not decode: {problem}; the log or this program is damaged"
    )]
    Undecodable { partition: u32, offset: u64, problem: String },
    #[error("the door broke off: it is not known whether the events were written; give them again")]
    Broken,
}

impl DoorError {
    /// Whether the same call may succeed later, with nothing but time having passed.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Log(error) => error.retryable(),
            Self::Store(error) => error.retryable(),
            Self::Undecodable { .. } => false,
            Self::Broken => true,
        }
    }
}
