//! Why a log said no.

/// A failure of a log. Adapters classify by the code of what they stand on, never by its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// No topic of this name has been made.
    #[error("the log has no topic `{0}`")]
    UnknownTopic(String),
    /// Nothing is stored at this position.
    #[error("topic `{topic}` holds no record at partition {partition}, offset {offset}")]
    UnknownPosition {
        /// The topic asked.
        topic: String,
        /// The partition asked.
        partition: u32,
        /// The offset asked.
        offset: u64,
    },
    /// The request itself is wrong: no such partition, an append to a log that is open for reading only.
    #[error("the log refuses this: {0}")]
    Refused(String),
    /// A record is larger than the topic takes; nothing of its batch was appended.
    #[error("a record of {bytes} bytes; the topic takes {most}")]
    TooLarge {
        /// Its size, as [`crate::LogRecord::size`] counts it.
        bytes: usize,
        /// The largest that one with as many headers may have.
        most: usize,
    },
    /// No room for more; what was acknowledged before is safe, and appending works again when
    /// there is room.
    #[error("the log has no room left: {0}")]
    Full(String),
    /// Held up by somebody else for the moment.
    #[error("the log is busy: {0}")]
    Busy(String),
    /// Another process writes to this log.
    #[error("another process writes to this log: {0}")]
    Locked(String),
    /// Somebody else has begun to append under this id.
    #[error("somebody else has taken over as `{0}`: nothing of this was appended")]
    Fenced(String),
    /// There is no log at this place.
    #[error("there is no log at {0}")]
    Absent(String),
    /// The log was written by a later version of this program.
    #[error(
        "the log has data format {found}, this program knows formats up to {known}: \
         use a newer version of the program"
    )]
    TooNew {
        /// The format found.
        found: u32,
        /// The newest format that this program reads.
        known: u32,
    },
    /// The log is of an older format, and the program that writes to it is older too.
    #[error(
        "the log has data format {found}, and this program writes {known}: stop the older program, and whoever opens the log \
         next brings it there"
    )]
    TooOld {
        /// The format found.
        found: u32,
        /// The format of this program.
        known: u32,
    },
    /// What is stored contradicts itself or is not a log.
    #[error("the log is damaged: {0}")]
    Corrupt(String),
    /// It is another log than the one that was read: made anew, or put back from an older copy. Whoever has read it SHALL read and
    /// write no more of it until somebody has decided which of both counts.
    #[error("the log is not the one that was read: {0}")]
    Replaced(String),
    /// The log cannot be reached or the medium failed; nothing is known to be wrong with the data.
    #[error("the log is out of reach: {0}")]
    Unavailable(String),
    /// The log has been closed.
    #[error("the log is closed")]
    Closed,
    /// A failure without a class of its own.
    #[error("the log failed with code {code}: {message}")]
    Unknown {
        /// The code of what the adapter stands on.
        code: i32,
        /// What it said.
        message: String,
    },
}

impl LogError {
    /// Whether the same call may succeed later, with nothing but time having passed.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Full(_) | Self::Busy(_) | Self::Unavailable(_) => true,
            Self::UnknownTopic(_)
            | Self::UnknownPosition { .. }
            | Self::Refused(_)
            | Self::TooLarge { .. }
            | Self::Locked(_)
            | Self::Fenced(_)
            | Self::Absent(_)
            | Self::TooNew { .. }
            | Self::TooOld { .. }
            | Self::Corrupt(_)
            | Self::Replaced(_)
            | Self::Closed
            | Self::Unknown { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_time_heals_is_retryable() {
        assert!(LogError::Full(String::new()).retryable());
        assert!(LogError::Busy(String::new()).retryable());
        assert!(LogError::Unavailable(String::new()).retryable());
        assert!(!LogError::Locked(String::new()).retryable());
        assert!(!LogError::Corrupt(String::new()).retryable());
        assert!(!LogError::TooNew { found: 9, known: 1 }.retryable());
    }
}
