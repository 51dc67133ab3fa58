//! What time it is.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use onefold_event::Micros;

/// What tells a door the time, in microseconds since 1970 UTC. Whoever opens the door brings it, so that a test can set it.
pub type DoorClock = Arc<dyn Fn() -> Micros + Send + Sync>;

/// The time by this machine's clock, in microseconds since 1970 UTC.
pub fn system_time() -> Micros {
    // A clock that was never set may be before 1970, where nothing happened yet.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros::try_from(since.as_micros()).unwrap_or(Micros::MAX)
}
