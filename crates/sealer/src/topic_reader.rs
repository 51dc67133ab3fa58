//! A topic read on from a place, as far as the log can be read.

use onefold_log::{Log, LogError, StoredRecord};

/// The records from `next` on, `most` of them at most. Of those that stand before one that the log calls damaged, as many as can be
/// had: they are judged before it is told.
///
/// # Errors
/// The very next one is damaged ([`LogError::Corrupt`]), or the log cannot be read.
pub(crate) async fn read_next(
    log: &dyn Log,
    topic: &str,
    partition: u32,
    next: u64,
    most: usize,
) -> Result<Vec<StoredRecord>, LogError> {
    match log.read(topic, partition, next, most).await {
        Err(LogError::Corrupt(_)) if most > 1 => log.read(topic, partition, next, 1).await,
        read => read,
    }
}
