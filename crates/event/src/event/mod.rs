//! An event: what a source reports of a subject, with where it was read.

mod codec;
mod digest;
mod error;
mod payload;

use crate::{Body, EventId, EventType, Micros, Occurred, ReferenceRole, Subject, SubjectKind};

pub use codec::{CodecError, decode, decode_digested, decode_with, encode};
pub use digest::{ContentDigest, HubKey};
pub use error::EventError;
pub use payload::{EmptyKeyRing, KeyRing, Payload, PayloadContent};

pub use crate::v1::Locator;

/// A typed pointer to another subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubjectReference {
    /// What the target is to the event's subject.
    pub role: ReferenceRole,
    /// The target.
    pub subject: Subject,
}

/// Who says what of whom and when: all of an event but what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct EventHeader {
    /// Id of this version of the fact.
    pub id: EventId,
    /// Id of the fact, whatever its version.
    pub fact: EventId,
    /// The system that says so.
    pub source: String,
    /// What it is about.
    pub subject: Subject,
    /// When it happened.
    pub occurred_at: Micros,
    /// `occurred_at` is known to the day only: 00:00 in the source's zone.
    pub day: bool,
    /// Offset in effect at the source when it happened, in seconds east of UTC; none: not known.
    pub offset: Option<i32>,
    /// The source's own word for this version; empty: none.
    pub revision: String,
    /// Order between versions, left to right; empty: by `recorded_at`.
    pub revision_order: Vec<i64>,
    /// Digest of the mapping that made it (8 bytes); empty: posted as an event.
    pub mapping: Vec<u8>,
    /// Where the source's record stands.
    pub locator: Option<Locator>,
    /// Pointers to other subjects.
    pub references: Vec<SubjectReference>,
}

/// A fact that a source reports, as it stands in the log. When the hub took it in is the log record's own time.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Who says it of whom and when.
    pub header: EventHeader,
    payload: Payload,
}

/// An event whose payload has been read, as far as it could be opened.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodedEvent {
    /// Who says it of whom and when.
    pub header: EventHeader,
    /// What it says; of a sealed event its open fields alone.
    pub body: Body,
    /// The personal part could not be opened.
    pub is_sealed: bool,
}

impl Event {
    /// Makes an event of a body, in clear. The ids are the caller's (see [`crate::IdParts`]).
    ///
    /// # Errors
    /// A subject or reference that the type may not have.
    pub fn new(
        id: EventId,
        fact: EventId,
        source: &str,
        subject: Subject,
        occurred_at: Micros,
        body: Body,
    ) -> Result<Self, EventError> {
        let payload = Payload::of_body(&body)?;
        Self::from_checked(EventHeader::new(id, fact, source, subject, occurred_at), payload, &body)
    }

    /// The same of an encoded message, whose unknown fields are kept.
    ///
    /// # Errors
    /// An unknown type, bytes that do not decode, or a subject that the type may not have.
    pub fn from_message(
        id: EventId,
        fact: EventId,
        source: &str,
        subject: Subject,
        occurred_at: Micros,
        name: &str,
        message: &[u8],
    ) -> Result<Self, EventError> {
        let header = EventHeader::new(id, fact, source, subject, occurred_at);
        Self::of_message(header, name, message).map(|(event, _)| event)
    }

    /// The same, with what it says.
    pub(crate) fn of_message(header: EventHeader, name: &str, message: &[u8]) -> Result<(Self, Body), EventError> {
        let (payload, body) = Payload::of_message(name, message)?;
        Ok((Self::from_checked(header, payload, &body)?, body))
    }

    fn from_checked(header: EventHeader, payload: Payload, body: &Body) -> Result<Self, EventError> {
        header.check_subject(payload.ty())?;
        header.check_other_record(body)?;
        Ok(Self { header, payload })
    }

    /// As it was decoded from the log, which holds what was checked before.
    pub(crate) fn from_stored(header: EventHeader, payload: Payload) -> Self {
        Self { header, payload }
    }

    /// Adds a reference.
    ///
    /// # Errors
    /// A role that the type does not have, or a target of another kind than the role's.
    pub fn add_reference(&mut self, role: &str, subject: Subject) -> Result<(), EventError> {
        let ty = self.ty();
        let role = ty.role(role)?;
        check_target(role, &subject)?;
        self.header.references.push(SubjectReference { role, subject });
        Ok(())
    }

    /// Its type in the catalogue.
    pub fn ty(&self) -> &'static EventType {
        self.payload.ty()
    }

    /// What it says, in its two parts.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The same with its personal part sealed under this key (see [`Payload::seal_with`]).
    #[must_use]
    pub fn seal_with(self, key: &[u8], seal: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        Self { payload: self.payload.seal_with(key, seal), ..self }
    }

    /// Reads its payload with these keys.
    ///
    /// # Errors
    /// A payload that does not decode; one that these keys do not open is no error.
    pub fn read(&self, keys: &dyn KeyRing) -> Result<PayloadContent, EventError> {
        self.payload.read(&self.header.subject, keys)
    }

    /// Reads its payload and lets go of the bytes.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn into_decoded(self, keys: &dyn KeyRing) -> Result<DecodedEvent, EventError> {
        let PayloadContent { body, is_sealed } = self.read(keys)?;
        Ok(DecodedEvent { header: self.header, body, is_sealed })
    }
}

impl EventHeader {
    pub(crate) fn new(id: EventId, fact: EventId, source: &str, subject: Subject, occurred_at: Micros) -> Self {
        Self {
            id,
            fact,
            source: source.to_owned(),
            subject,
            occurred_at,
            day: false,
            offset: None,
            revision: String::new(),
            revision_order: Vec::new(),
            mapping: Vec::new(),
            locator: None,
            references: Vec::new(),
        }
    }

    /// When it happened, as its source knows it.
    pub fn occurred(&self) -> Occurred {
        Occurred::new(self.occurred_at, self.day, self.offset)
    }

    /// A source speaks of two records of its own.
    fn check_other_record(&self, body: &Body) -> Result<(), EventError> {
        let Some((field, text)) = body.other_record() else { return Ok(()) };
        let wrong = |problem: String| EventError::Field { field: field.to_owned(), problem };
        let other = text.parse::<Subject>().map_err(|error| wrong(error.to_string()))?;
        if other.kind() != SubjectKind::Party {
            return Err(wrong(format!("`{other}` is not a party")));
        }
        if other.source() != self.subject.source() {
            let own = self.subject.source();
            return Err(wrong(format!(
                "`{other}` is a record of another source: `{own}` can merge and split its own records only; that two sources' \
                 records are one customer follows from the identifiers they share, or from a decision"
            )));
        }
        if other == self.subject {
            return Err(wrong(format!("`{other}` is the record itself: expected another record of the same source")));
        }
        Ok(())
    }

    fn check_subject(&self, ty: &'static EventType) -> Result<(), EventError> {
        if ty.kinds.contains(&self.subject.kind()) {
            return Ok(());
        }
        let expected: Vec<_> = ty.kinds.iter().map(|k| k.word()).collect();
        Err(EventError::Kind { name: ty.name, expected: expected.join(" or "), found: self.subject.to_string() })
    }
}

fn check_target(role: ReferenceRole, subject: &Subject) -> Result<(), EventError> {
    let expected: SubjectKind = role.kind();
    if subject.kind() == expected {
        return Ok(());
    }
    Err(EventError::Target { role: role.word(), expected: expected.word(), found: subject.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IdParts, v1};

    fn merged(subject: &str, into: &str) -> Result<Event, EventError> {
        let ids = IdParts { source: "crm", part: "", parts: &["1".to_owned()], revision: "" };
        let body = v1::PartyMergedAtSource { into: into.to_owned(), ..Default::default() };
        Event::new(ids.event_id(), ids.fact_id(), "crm", subject.parse()?, 0, body.into())
    }

    #[test]
    fn a_source_merges_two_records_of_its_own_or_is_told_why_not() {
        assert!(merged("party:crm:1", "party:crm:2").is_ok());
        for (into, why) in [
            ("party:crm:1", "is the record itself"),
            ("party:erp:2", "is a record of another source"),
            ("order:crm:2", "is not a party"),
            ("", "`into`"),
        ] {
            let error = merged("party:crm:1", into).unwrap_err().to_string();
            assert!(error.starts_with("`into`: ") && error.contains(why), "{error}");
        }
    }
}
