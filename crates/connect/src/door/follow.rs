//! Waits until the views show what was written.

use std::time::Duration;

use onefold_log::{EVENTS_TOPIC, Log};
use onefold_store::FollowStore;

use crate::DoorError;

const SHORTEST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(50);

/// Waits until the read model has projected all that is in the log now, and nothing waits in its inbox or is marked.
/// `told` hears how many records are still to be projected. Whoever wants no more drops the future.
///
/// # Errors
/// The log or the store does not answer.
pub async fn await_projected(log: &dyn Log, store: &dyn FollowStore, told: &dyn Fn(u64)) -> Result<(), DoorError> {
    let heads = log.heads(EVENTS_TOPIC).await?;
    let mut pause = SHORTEST;
    loop {
        let followed = store.followed().await?;
        let behind = (heads.iter().enumerate())
            .map(|(n, head)| head.saturating_sub(followed.positions.get(n).copied().unwrap_or(0)))
            .sum();
        if behind == 0 && !followed.waiting {
            return Ok(());
        }
        told(behind);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
    }
}
