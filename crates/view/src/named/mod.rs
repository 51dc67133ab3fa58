//! Parties and documents that an event is about or names.

mod former;
pub(crate) mod reference;

use onefold_event::{Body, DecodedEvent, Subject, SubjectKind};
use onefold_identity::guest_identifier;

use crate::GuestParty;

pub use former::{FormerKeys, NamedKeys, bystander_key};

/// Calls `each` with every party that an event is about or names, in whatever place; with one named twice, twice. A
/// party was first seen at the least time of any such event (B7). A guest (C7) comes with what the event says of it.
pub fn parties_named(event: &DecodedEvent, each: &mut dyn FnMut(&Subject, Option<&GuestParty>)) {
    let mut note = |party: &Subject| {
        if party.kind() == SubjectKind::Party {
            let guest = guest_identifier(party).map(|_| GuestParty::default());
            each(party, guest.as_ref());
        }
    };
    note(&event.header.subject);
    event.header.references.iter().for_each(|reference| note(&reference.subject));
    let other = event.body.other_record().and_then(|(_, text)| text.parse().ok());
    other.iter().for_each(&mut note);
    let decided: [&[String]; 2] = match &event.body {
        Body::PartiesLinked(m) => [&m.parties, &[]],
        Body::PartiesSeparated(m) => [&m.left, &m.right],
        Body::DocumentReassigned(m) => [std::slice::from_ref(&m.to), &[]],
        _ => [&[], &[]],
    };
    decided.into_iter().flatten().filter_map(|text| text.parse().ok()).for_each(|party| note(&party));
    for (party, guest) in GuestParty::guests_of(event) {
        each(&party, Some(&guest));
    }
}

/// Calls `each` with the documents that an event names: in references, allocations and lines; with one named twice, twice.
/// Folding it will ask for their rows.
pub fn documents_named(event: &DecodedEvent, each: &mut dyn FnMut(&Subject)) {
    let referred = event.header.references.iter().map(|reference| &reference.subject);
    referred.filter(|subject| subject.kind().is_document()).for_each(&mut *each);
    let allocations = match &event.body {
        Body::PaymentReceived(m) => m.allocations.as_slice(),
        Body::CreditNoteIssued(m) => m.allocations.as_slice(),
        _ => &[],
    };
    let items = match &event.body {
        Body::Dispatched(m) => m.items.as_slice(),
        Body::GoodsIssued(m) => m.items.as_slice(),
        _ => &[],
    };
    let texts = allocations.iter().map(|part| &part.invoice).chain(items.iter().map(|item| &item.order));
    texts.filter_map(|text| text.parse().ok()).for_each(|subject| each(&subject));
}
