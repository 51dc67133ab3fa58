//! What stops an ingest: errors of the world and of the mapping, never of a record.

use onefold_door::DoorError;
use onefold_mapping::ConnectorTestResult;
use onefold_store::StoreError;

/// Why an ingest stopped. What was acknowledged before is safe; reading the same again takes in the rest, once.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum IngestError {
    #[error("the mapping fails {} of its own tests; nothing was read", .0.len())]
    Tests(Vec<ConnectorTestResult>),
    #[error("{input} could not be read: {error}; what came before is in, read it again for the rest")]
    Read { input: String, error: std::io::Error },
    #[error("{0}")]
    Door(#[from] DoorError),
    #[error("quarantine could not be written, so nothing later was taken in: {0}")]
    Quarantine(StoreError),
    #[error("the reader broke off; this is a defect of the program, and what was acknowledged is safe")]
    Broken,
}

impl IngestError {
    /// Whether the same call may succeed later, with nothing but time having passed.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Tests(_) | Self::Broken => false,
            Self::Read { error, .. } => {
                matches!(error.kind(), std::io::ErrorKind::Interrupted | std::io::ErrorKind::TimedOut)
            }
            Self::Door(error) => error.retryable(),
            Self::Quarantine(error) => error.retryable(),
        }
    }
}
