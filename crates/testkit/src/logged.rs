//! What is in a log.

use onefold_event::{Event, decode};
use onefold_log::{EVENTS_TOPIC, Log};

/// All events with when they were taken in, in microseconds, by that.
///
/// # Panics
/// The log does not answer, or holds what is no event.
pub async fn logged_events(log: &dyn Log) -> Vec<(i64, Event)> {
    let mut events = Vec::new();
    for partition in 0..log.heads(EVENTS_TOPIC).await.expect("heads").len() {
        for stored in log.read(EVENTS_TOPIC, partition as u32, 0, usize::MAX >> 1).await.expect("records") {
            events.push((stored.record.time, decode(&stored.record.value).expect("an event")));
        }
    }
    events.sort_by_key(|(time, _)| *time);
    events
}
