//! The bytes of an event in the log. Old bytes are read for ever; unknown fields are kept, since what is stored is never encoded again.

use prost::Message;
use prost::encoding::{DecodeContext, decode_key, skip_field};

use crate::{Body, Event, EventError, EventId, EventType, Reference, Role, Subject, catalogue, v1};

/// Why bytes are no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum CodecError {
    #[error("the record is no protobuf of onefold.event.v1.Record: {0}")]
    Record(String),
    #[error("an event id has {0} bytes: expected 16")]
    Id(usize),
    #[error(transparent)]
    Event(#[from] EventError),
}

/// Encodes an event as a record's value.
pub fn encode(event: &Event) -> Vec<u8> {
    v1::Record {
        id: event.id.0.to_vec(),
        fact: event.fact.0.to_vec(),
        r#type: event.body.name().to_owned(),
        source: event.source.clone(),
        subject: event.subject.to_string(),
        occurred_at: event.occurred_at,
        day: event.day,
        offset: event.offset,
        revision: event.revision.clone(),
        revision_order: event.revision_order.clone(),
        mapping: event.mapping.clone(),
        locator: event.locator.clone(),
        references: (event.references.iter())
            .map(|r| v1::Reference { role: r.role.word().to_owned(), subject: r.subject.to_string() })
            .collect(),
        open: event.open.clone(),
        personal: event.personal.clone(),
    }
    .encode_to_vec()
}

/// Decodes a record's value.
///
/// # Errors
/// Bytes that are no record, or a type, subject, role or message that is not in the catalogue.
pub fn decode(value: &[u8]) -> Result<Event, CodecError> {
    let record = v1::Record::decode(value).map_err(|e| CodecError::Record(e.to_string()))?;
    let body = match Body::decode(&record.r#type, &record.open, &record.personal) {
        Some(body) => body.map_err(|e| EventError::Decode(e.to_string()))?,
        None => return Err(catalogue().unknown(&record.r#type).into()),
    };
    let references = (record.references.iter())
        .filter_map(|r| Role::from_word(&r.role).map(|role| (role, &r.subject)))
        .map(|(role, subject)| Ok(Reference { role, subject: subject.parse::<Subject>()? }))
        .collect::<Result<_, EventError>>()?;
    Ok(Event {
        id: id(&record.id)?,
        fact: id(&record.fact)?,
        source: record.source,
        subject: record.subject.parse().map_err(EventError::from)?,
        occurred_at: record.occurred_at,
        day: record.day,
        offset: record.offset,
        revision: record.revision,
        revision_order: record.revision_order,
        mapping: record.mapping,
        locator: record.locator,
        references,
        body,
        open: record.open,
        personal: record.personal,
    })
}

fn id(bytes: &[u8]) -> Result<EventId, CodecError> {
    bytes.try_into().map(EventId).map_err(|_| CodecError::Id(bytes.len()))
}

/// Parts the encoding of a message into open and personal fields, each in its order; unknown fields are open.
pub(crate) fn split(message: &[u8], ty: &EventType) -> Result<(Vec<u8>, Vec<u8>), prost::DecodeError> {
    let (mut open, mut personal) = (Vec::with_capacity(message.len()), Vec::new());
    let mut rest = message;
    while !rest.is_empty() {
        let start = rest;
        let (number, wire) = decode_key(&mut rest)?;
        skip_field(wire, number, &mut rest, DecodeContext::default())?;
        let field = &start[..start.len() - rest.len()];
        if ty.is_personal(number) { personal.extend_from_slice(field) } else { open.extend_from_slice(field) }
    }
    Ok((open, personal))
}
