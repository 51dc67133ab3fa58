//! What sources say of a party: each value with who said it and when, what stands beside the fields of the catalogue, and who speaks
//! for an organisation.

use std::collections::BTreeMap;

use onefold_event::{DecodedEvent, Micros, v1};

/// Longest text of a profile value in a bundle, in bytes.
pub(crate) const LONGEST: usize = 240;

/// The latest value of a field, with who said it and when.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PartyValue {
    #[prost(string, tag = "1")]
    pub(crate) text: String,
    #[prost(string, tag = "2")]
    pub(crate) source: String,
    #[prost(sint64, tag = "3")]
    pub(crate) at: Micros,
}

/// Longest part of a contact person that is kept, in bytes.
const LONGEST_PART: usize = 120;

/// What was said last of somebody who speaks for an organisation.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ContactValue {
    #[prost(string, tag = "1")]
    pub(crate) function: String,
    #[prost(string, tag = "2")]
    pub(crate) phone: String,
    #[prost(string, tag = "3")]
    pub(crate) email: String,
    #[prost(string, tag = "4")]
    pub(crate) source: String,
    #[prost(sint64, tag = "5")]
    pub(crate) at: Micros,
}

/// Of each name the latest text counts; one without a text takes the name back.
pub(crate) fn add_attributes(
    all: &mut BTreeMap<String, PartyValue>,
    event: &DecodedEvent,
    attributes: &[v1::Attribute],
) {
    for v1::Attribute { name, text } in attributes {
        if text.is_empty() {
            all.remove(name);
            continue;
        }
        let (text, source) = (truncate_text(text, LONGEST).to_owned(), event.header.source.clone());
        all.insert(name.clone(), PartyValue { text, source, at: event.header.occurred_at });
    }
}

/// Of each name what was said last counts, whole.
pub(crate) fn add_contacts(
    all: &mut BTreeMap<String, ContactValue>,
    event: &DecodedEvent,
    contacts: &[v1::ContactPerson],
) {
    let part = |text: &str| truncate_text(text, LONGEST_PART).to_owned();
    for contact in contacts {
        let value = ContactValue {
            function: part(&contact.function),
            phone: part(&contact.phone),
            email: part(&contact.email),
            source: event.header.source.clone(),
            at: event.header.occurred_at,
        };
        all.insert(part(&contact.name), value);
    }
}

/// The beginning of a text, at most so many bytes, at the border of a character.
pub(crate) fn truncate_text(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
