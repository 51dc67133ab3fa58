//! What went wrong, by the server's own code.

use onefold_store::StoreError;

/// Classifies by SQLSTATE, and by where the connection broke.
pub(crate) fn engine(error: sqlx::Error) -> StoreError {
    use sqlx::Error as E;
    let text = error.to_string();
    match &error {
        E::Database(database) => by_state(database.code().as_deref().unwrap_or_default(), text),
        E::Io(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => StoreError::Unreachable(text),
        E::Decode(_) | E::ColumnDecode { .. } => StoreError::Corrupt(text),
        _ => StoreError::Engine(text),
    }
}

fn by_state(state: &str, text: String) -> StoreError {
    match state {
        // Serialisation failure, deadlock, lock not available.
        "40001" | "40P01" | "55P03" => StoreError::Conflict,
        "53100" => StoreError::Full,
        // Cancelled by a timeout, ended while idle, written to while it is a standby.
        "57014" | "25P03" | "25006" => StoreError::Unreachable(text),
        "XX001" | "XX002" => StoreError::Corrupt(text),
        // Connection; resources; shut down, crashed or not up yet.
        _ if ["08", "53", "57"].contains(&state.get(..2).unwrap_or_default()) => StoreError::Unreachable(text),
        _ => StoreError::Engine(text),
    }
}

/// A row of ours that does not decode.
pub(crate) fn corrupt(what: &str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_may_be_tried_again() {
        for state in ["40001", "40P01", "55P03", "53100", "53300", "57P01", "57P03", "08006", "25P03", "25006"] {
            assert!(by_state(state, String::new()).retryable(), "{state}");
        }
    }

    #[test]
    fn what_needs_somebody_does_not() {
        for state in ["28P01", "42P01", "3D000", "XX001", "22021"] {
            assert!(!by_state(state, String::new()).retryable(), "{state}");
        }
    }
}
