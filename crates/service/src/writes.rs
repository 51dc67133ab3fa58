//! Whether what is taken in can be written: the last attempt says so, until another one does.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{ErrorCode, ServiceError};

/// What the last write came to; clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Writes(Arc<Mutex<Option<String>>>);

impl Writes {
    /// Notes what a request came to; `wrote` says of one that was fulfilled that it wrote something.
    pub(crate) fn note<T>(&self, done: &Result<T, ServiceError>, wrote: impl FnOnce(&T) -> bool) {
        let failed = match done {
            Ok(done) if wrote(done) => None,
            Err(error) if is_of_the_world(error.code) => Some(error.message.clone()),
            // Nothing was tried.
            Ok(_) | Err(_) => return,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }

    /// Why the last write failed; none where it did not.
    pub(crate) fn failed(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn is_of_the_world(code: ErrorCode) -> bool {
    match code {
        ErrorCode::Busy | ErrorCode::Full | ErrorCode::Damaged | ErrorCode::Internal => true,
        ErrorCode::Invalid | ErrorCode::NotFound | ErrorCode::Ambiguous | ErrorCode::TooLarge | ErrorCode::ReadOnly => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_stands_until_something_is_written() {
        let writes = Writes::default();
        let failed = |code| Err::<usize, _>(ServiceError::new(code, "no room"));
        writes.note(&failed(ErrorCode::Invalid), |_| true);
        assert_eq!(writes.failed(), None, "a wrong request says nothing of the disk");
        writes.note(&failed(ErrorCode::Full), |_| true);
        writes.note(&Ok(0), |written| *written > 0);
        assert_eq!(writes.failed().as_deref(), Some("no room"), "nothing was tried meanwhile");
        writes.note(&Ok(1), |written| *written > 0);
        assert_eq!(writes.failed(), None);
    }
}
