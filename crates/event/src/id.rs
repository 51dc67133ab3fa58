//! Event ids come from the source's own record, so that reading it again gives them again.

use std::fmt;

use uuid::Uuid;

/// Names events: UUIDv5 namespace of our own.
const EVENTS: Uuid = Uuid::from_bytes(*b"onefold/event/v1");
/// Names versions of events that a later mapping makes.
const REMAPPED: Uuid = Uuid::from_bytes(*b"onefold/remap/v1");
/// Names parties, and so customers.
const PARTIES: Uuid = Uuid::from_bytes(*b"onefold/party/v1");

/// Id of an event or of a fact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub [u8; 16]);

impl EventId {
    /// Of the version that a later mapping makes of what this one was made of; `mapping` is that mapping's number. Made anew by
    /// the same number it is the same id, so that making events anew twice doubles nothing.
    #[must_use]
    pub fn remapped(self, mapping: i64) -> Self {
        let mut name = self.0.to_vec();
        name.extend_from_slice(&mapping.to_be_bytes());
        Self(Uuid::new_v5(&REMAPPED, &name).into_bytes())
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes(self.0).fmt(f)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an event's id is made from: cleaned source text, never translated values.
#[derive(Debug, Clone, Copy)]
pub struct IdParts<'a> {
    /// The connector's source.
    pub source: &'a str,
    /// Tells apart the events that one source record emits together; empty by default.
    pub part: &'a str,
    /// The source's key of the record.
    pub parts: &'a [String],
    /// The source's word for this version; empty: none.
    pub revision: &'a str,
}

impl IdParts<'_> {
    /// Id of this version of the fact (UUIDv5, RFC 9562 section 5.5, over length-prefixed parts).
    pub fn event_id(&self) -> EventId {
        let mut name = self.fact_name();
        put_text(&mut name, self.revision);
        EventId(Uuid::new_v5(&EVENTS, &name).into_bytes())
    }

    /// Id of the fact, whatever its version.
    pub fn fact_id(&self) -> EventId {
        EventId(Uuid::new_v5(&EVENTS, &self.fact_name()).into_bytes())
    }

    fn fact_name(&self) -> Vec<u8> {
        let mut name = Vec::with_capacity(64);
        put_text(&mut name, self.source);
        put_text(&mut name, self.part);
        // The count comes first, so that no list of parts can be read as another list with its neighbours.
        name.extend_from_slice(&length_prefix(self.parts.len()));
        for part in self.parts {
            put_text(&mut name, part);
        }
        name
    }
}

fn put_text(name: &mut Vec<u8>, text: &str) {
    name.extend_from_slice(&length_prefix(text.len()));
    name.extend_from_slice(text.as_bytes());
}

fn length_prefix(n: usize) -> [u8; 4] {
    u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes()
}

/// Id of a party by its key, and so of any customer that it heads.
pub fn party_id(key: &str) -> Uuid {
    Uuid::new_v5(&PARTIES, key.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_frozen() {
        let parts = ["SO-1".to_owned()];
        let id = IdParts { source: "erp", part: "", parts: &parts, revision: "2" };
        assert_eq!(id.event_id().to_string(), "23519d32-6662-55a3-8b2e-e8a55bfbf994");
        assert_eq!(id.fact_id().to_string(), "79d531e0-e904-576d-b283-57a1d81f3690");
        assert_eq!(id.event_id().remapped(2).to_string(), "cbab025a-a46e-56e0-81ff-85d59116779e");
        assert_ne!(id.event_id().remapped(2), id.event_id().remapped(3));
        assert_eq!(party_id("party:erp:K1").to_string(), "5ab483d8-b06e-595f-ac8c-46d3293332e7");
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let (ab_c, a_bc) = (["ab".to_owned(), "c".to_owned()], ["a".to_owned(), "bc".to_owned()]);
        let id = |parts| IdParts { source: "s", part: "", parts, revision: "" }.event_id();
        assert_ne!(id(&ab_c), id(&a_bc));
    }
}
