//! An event: what a source reports of a subject, with where it was read.

use crate::codec::split;
use crate::{Body, EventId, EventType, Kind, Micros, Occurred, Role, Subject, SubjectError, ValueFault, catalogue};

pub use crate::v1::Locator;

/// A typed pointer to another subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// What the target is to the event's subject.
    pub role: Role,
    /// The target.
    pub subject: Subject,
}

/// A fact that a source reports. When the hub took it in is the log record's own time.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
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
    pub references: Vec<Reference>,
    /// What it says.
    pub body: Body,
    /// Encoding of the fields that are not personal, unknown ones among them.
    pub open: Vec<u8>,
    /// Encoding of the personal fields.
    pub personal: Vec<u8>,
}

/// Why bytes or words make no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum EventError {
    #[error("there is no event type `{name}`{}", hint(.nearest))]
    Type { name: String, nearest: Option<String> },
    #[error("{0}")]
    Subject(#[from] SubjectError),
    #[error("{name} is about {expected}, not about `{found}`")]
    Kind { name: &'static str, expected: String, found: String },
    #[error("{name} has no reference with the role `{role}`: expected one of {expected}")]
    Role { name: &'static str, role: String, expected: String },
    #[error("`{role}` points at a {expected}, not at `{found}`")]
    Target { role: &'static str, expected: &'static str, found: String },
    #[error("the message does not decode: {0}")]
    Decode(String),
    #[error("`{field}`: {problem}")]
    Field { field: String, problem: String },
    #[error("`{field}`: {fault}")]
    Value { field: String, fault: Box<ValueFault> },
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |n| format!("; did you mean `{n}`?"))
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
        let message = body.encode_to_vec();
        Self::from_message(id, fact, source, subject, occurred_at, body.name(), &message)
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
        let ty = catalogue().get(name)?;
        let (open, personal) = split(message, ty).map_err(|e| EventError::Decode(e.to_string()))?;
        let body = Body::decode(ty.name, &open, &personal)
            .ok_or_else(|| EventError::Type { name: name.to_owned(), nearest: None })?
            .map_err(|e| EventError::Decode(e.to_string()))?;
        let event = Self {
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
            body,
            open,
            personal,
        };
        event.check_subject(ty)?;
        event.check_other_record()?;
        Ok(event)
    }

    /// Adds a reference.
    ///
    /// # Errors
    /// A role that the type does not have, or a target of another kind than the role's.
    pub fn refer(&mut self, role: &str, subject: Subject) -> Result<(), EventError> {
        let ty = self.ty();
        let role = ty.role(role)?;
        check_target(role, &subject)?;
        self.references.push(Reference { role, subject });
        Ok(())
    }

    /// When it happened, as its source knows it.
    pub fn occurred(&self) -> Occurred {
        Occurred::new(self.occurred_at, self.day, self.offset)
    }

    /// Its type in the catalogue.
    pub fn ty(&self) -> &'static EventType {
        catalogue().of(&self.body)
    }

    /// A source speaks of two records of its own.
    fn check_other_record(&self) -> Result<(), EventError> {
        let Some((field, text)) = self.body.other_record() else { return Ok(()) };
        let wrong = |problem: String| EventError::Field { field: field.to_owned(), problem };
        let other = text.parse::<Subject>().map_err(|error| wrong(error.to_string()))?;
        if other.kind() != Kind::Party {
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

fn check_target(role: Role, subject: &Subject) -> Result<(), EventError> {
    let expected: Kind = role.kind();
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
        Event::new(ids.id(), ids.fact(), "crm", subject.parse()?, 0, body.into())
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
