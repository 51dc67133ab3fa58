//! The bytes of an event in the log. Old bytes are read for ever; unknown fields are kept, since what is stored is never encoded again.

use prost::Message;

use crate::{
    ContentDigest, DecodedEvent, Event, EventError, EventHeader, EventId, HubKey, KeyRing, Payload, ReferenceRole,
    Subject, SubjectReference, v1,
};

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
    let (header, payload) = (&event.header, event.payload());
    v1::Record {
        id: header.id.0.to_vec(),
        fact: header.fact.0.to_vec(),
        r#type: payload.ty().name.to_owned(),
        source: header.source.clone(),
        subject: header.subject.to_string(),
        occurred_at: header.occurred_at,
        day: header.day,
        offset: header.offset,
        revision: header.revision.clone(),
        revision_order: header.revision_order.clone(),
        mapping: header.mapping.clone(),
        locator: header.locator.clone(),
        references: (header.references.iter())
            .map(|r| v1::Reference { role: r.role.word().to_owned(), subject: r.subject.to_string() })
            .collect(),
        open: payload.open().to_vec(),
        personal: payload.personal().to_vec(),
        sealed_by: payload.sealed_by().to_vec(),
    }
    .encode_to_vec()
}

/// Decodes a record's value: header and payload, of which nothing is read.
///
/// # Errors
/// Bytes that are no record, or a type, subject or role that is not in the catalogue.
pub fn decode(value: &[u8]) -> Result<Event, CodecError> {
    let record = v1::Record::decode(value).map_err(|e| CodecError::Record(e.to_string()))?;
    let payload = Payload::of_parts(&record.r#type, record.open, record.personal, record.sealed_by)?;
    let references = (record.references.iter())
        .filter_map(|r| ReferenceRole::from_word(&r.role).map(|role| (role, &r.subject)))
        .map(|(role, subject)| Ok(SubjectReference { role, subject: subject.parse::<Subject>()? }))
        .collect::<Result<_, EventError>>()?;
    let header = EventHeader {
        id: decode_id(&record.id)?,
        fact: decode_id(&record.fact)?,
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
    };
    Ok(Event::from_stored(header, payload))
}

/// Decodes a record's value and reads its payload with these keys.
///
/// # Errors
/// As [`decode`], and a payload that does not decode.
pub fn decode_with(value: &[u8], keys: &dyn KeyRing) -> Result<DecodedEvent, CodecError> {
    Ok(decode(value)?.into_decoded(keys)?)
}

/// The same with the digest of what stands in the log, sealed or not.
///
/// # Errors
/// As [`decode_with`].
pub fn decode_digested(
    value: &[u8],
    key: &HubKey,
    keys: &dyn KeyRing,
) -> Result<(ContentDigest, DecodedEvent), CodecError> {
    let event = decode(value)?;
    let digest = key.digest_event(&event);
    Ok((digest, event.into_decoded(keys)?))
}

fn decode_id(bytes: &[u8]) -> Result<EventId, CodecError> {
    bytes.try_into().map(EventId).map_err(|_| CodecError::Id(bytes.len()))
}
