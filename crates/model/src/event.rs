//! An event as the model takes it.

use onefold_event::{ContentDigest, DecodedEvent, Event, EventError, HubKey, KeyRing, Micros};

/// An event of the log: read, with what tells copies of it apart.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedEvent {
    /// What it says, of whom and when.
    pub event: DecodedEvent,
    /// Digest of its content, as it stands in the log.
    pub digest: ContentDigest,
    /// When the hub took it in: microseconds since 1970-01-01T00:00Z.
    pub recorded_at: Micros,
}

impl LoggedEvent {
    /// Reads an event that the hub took in at a time.
    ///
    /// # Errors
    /// Its payload does not decode.
    pub fn new(event: Event, recorded_at: Micros, key: &HubKey, keys: &dyn KeyRing) -> Result<Self, EventError> {
        let digest = key.digest_event(&event);
        Ok(Self { event: event.into_decoded(keys)?, digest, recorded_at })
    }
}
