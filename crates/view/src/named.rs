//! Parties that an event is about or names.

use onefold_event::{Body, Event, Kind, Subject};

/// Calls `each` with every party that an event is about or names, in whatever place; with one named twice, twice. A
/// party was first seen at the least time of any such event (B7).
pub fn parties_named(event: &Event, each: &mut dyn FnMut(&Subject)) {
    let subjects = std::iter::once(&event.subject).chain(event.references.iter().map(|r| &r.subject));
    subjects.filter(|subject| subject.kind() == Kind::Party).for_each(&mut *each);
    let decided: [&[String]; 2] = match &event.body {
        Body::PartiesLinked(m) => [&m.parties, &[]],
        Body::PartiesSeparated(m) => [&m.left, &m.right],
        Body::DocumentReassigned(m) => [std::slice::from_ref(&m.to), &[]],
        _ => return,
    };
    let parsed = decided.into_iter().flatten().filter_map(|text| text.parse::<Subject>().ok());
    parsed.filter(|subject| subject.kind() == Kind::Party).for_each(|party| each(&party));
}
