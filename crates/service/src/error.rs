//! The closed list of reasons for which the hub says no.

use onefold_connect::IngestError;
use onefold_door::DoorError;
use onefold_log::LogError;
use onefold_store::StoreError;
use serde::Serialize;

use crate::CustomerName;

/// Why a request was not fulfilled. Faces map it once: to a status, an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request itself is wrong.
    Invalid,
    /// Nothing is known under this reference.
    NotFound,
    /// The reference is held by several customers, or the request may be meant in several ways.
    Ambiguous,
    /// More than is taken at once.
    TooLarge,
    /// This process only reads.
    ReadOnly,
    /// Held up for the moment; the same request may succeed later.
    Busy,
    /// There is no room left to write.
    Full,
    /// What is stored contradicts itself.
    Damaged,
    /// A failure without a code of its own.
    Internal,
}

impl ErrorCode {
    /// All codes.
    pub const ALL: [Self; 9] = [
        Self::Invalid,
        Self::NotFound,
        Self::Ambiguous,
        Self::TooLarge,
        Self::ReadOnly,
        Self::Busy,
        Self::Full,
        Self::Damaged,
        Self::Internal,
    ];

    /// The word in answers, such as `not_found`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::Ambiguous => "ambiguous",
            Self::TooLarge => "too_large",
            Self::ReadOnly => "read_only",
            Self::Busy => "busy",
            Self::Full => "full",
            Self::Damaged => "damaged",
            Self::Internal => "internal",
        }
    }

    /// Its status in HTTP (RFC 9110, section 15), whichever face answers.
    pub fn http_status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::ReadOnly => 403,
            Self::NotFound => 404,
            Self::Ambiguous => 409,
            Self::TooLarge => 413,
            Self::Damaged | Self::Internal => 500,
            Self::Busy => 503,
            Self::Full => 507,
        }
    }

    /// What it means, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Invalid => "The request is wrong",
            Self::NotFound => "Nothing is known under this reference",
            Self::Ambiguous => "Several are meant",
            Self::TooLarge => "Too much at once",
            Self::ReadOnly => "This process only reads",
            Self::Busy => "Busy for the moment",
            Self::Full => "No room left",
            Self::Damaged => "What is stored contradicts itself",
            Self::Internal => "The hub failed",
        }
    }
}

/// A refusal in one clear message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ServiceError {
    /// The reason.
    pub code: ErrorCode,
    /// What, where, expected, what to do.
    pub message: String,
    /// The customers between whom the request does not decide.
    pub customers: Vec<CustomerName>,
}

impl ServiceError {
    /// A refusal.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), customers: Vec::new() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Invalid, message)
    }

    /// A text that no page before gave as its `next`.
    pub(crate) fn no_cursor(text: &str) -> Self {
        Self::invalid(format!("`{text}` is no cursor: give back the `next` of the page before, unchanged"))
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, message)
    }

    /// Whether the same request may succeed later without anybody doing anything but wait.
    pub fn retryable(&self) -> bool {
        matches!(self.code, ErrorCode::Busy | ErrorCode::Full)
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Fenced { .. }
            | StoreError::Locked
            | StoreError::Conflict
            | StoreError::Superseded
            | StoreError::Unreachable(_) => ErrorCode::Busy,
            StoreError::Full => ErrorCode::Full,
            StoreError::Corrupt(_) => ErrorCode::Damaged,
            StoreError::TooNew { .. }
            | StoreError::TooOld { .. }
            | StoreError::Absent
            | StoreError::OtherRules
            | StoreError::OlderFold { .. }
            | StoreError::NewerFold { .. }
            | StoreError::Engine(_) => ErrorCode::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl From<LogError> for ServiceError {
    fn from(error: LogError) -> Self {
        let code = match &error {
            LogError::Busy(_) | LogError::Locked(_) | LogError::Unavailable(_) => ErrorCode::Busy,
            LogError::Full(_) => ErrorCode::Full,
            LogError::Corrupt(_) | LogError::Replaced(_) | LogError::UnknownPosition { .. } => ErrorCode::Damaged,
            LogError::TooLarge { .. } => ErrorCode::TooLarge,
            LogError::Refused(_) => ErrorCode::Invalid,
            _ => ErrorCode::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl From<DoorError> for ServiceError {
    fn from(error: DoorError) -> Self {
        let code = match &error {
            DoorError::Log(LogError::Full(_)) | DoorError::Store(StoreError::Full) => ErrorCode::Full,
            DoorError::Undecodable { .. } | DoorError::Log(LogError::Corrupt(_) | LogError::Replaced(_)) => {
                ErrorCode::Damaged
            }
            other if other.retryable() => ErrorCode::Busy,
            _ => ErrorCode::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl From<IngestError> for ServiceError {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Door(error) => error.into(),
            IngestError::Quarantine(StoreError::Full) => Self::new(ErrorCode::Full, error.to_string()),
            other if other.retryable() => Self::new(ErrorCode::Busy, other.to_string()),
            other => Self::new(ErrorCode::Internal, other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_word_of_its_own() {
        let words: std::collections::BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.word()).collect();
        assert_eq!(words.len(), ErrorCode::ALL.len());
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.word());
        }
    }

    #[test]
    fn only_what_time_heals_is_retryable() {
        assert!(ServiceError::from(StoreError::Full).retryable());
        assert!(ServiceError::from(LogError::Busy(String::new())).retryable());
        assert!(!ServiceError::from(StoreError::Corrupt(String::new())).retryable());
    }
}
