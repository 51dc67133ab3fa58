//! Parties that an event is about or names.

use onefold_event::{Body, Event, Kind, Subject};
use onefold_identity::guest_identifier;

use crate::Guest;

/// Calls `each` with every party that an event is about or names, in whatever place; with one named twice, twice. A
/// party was first seen at the least time of any such event (B7). A guest (C7) comes with what the event says of it.
pub fn parties_named(event: &Event, each: &mut dyn FnMut(&Subject, Option<&Guest>)) {
    let mut note = |party: &Subject| {
        if party.kind() == Kind::Party {
            let guest = guest_identifier(party).map(|_| Guest::default());
            each(party, guest.as_ref());
        }
    };
    note(&event.subject);
    event.references.iter().for_each(|reference| note(&reference.subject));
    let decided: [&[String]; 2] = match &event.body {
        Body::PartiesLinked(m) => [&m.parties, &[]],
        Body::PartiesSeparated(m) => [&m.left, &m.right],
        Body::DocumentReassigned(m) => [std::slice::from_ref(&m.to), &[]],
        _ => [&[], &[]],
    };
    decided.into_iter().flatten().filter_map(|text| text.parse().ok()).for_each(|party| note(&party));
    for (party, guest) in Guest::of(event) {
        each(&party, Some(&guest));
    }
}
