//! Posted events: what they say, with the bytes that said it.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use onefold_event::{Event, EventError, EventLimits, Problem, ValueFault, from_cloudevent};
use onefold_format::json_problem;
use serde::de::{DeserializeSeed, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::fault;
use crate::source::file::open_bytes;

/// One event as it was sent, whether it is one or not: JSON of which nothing is made yet, since that takes many times the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedEvent {
    /// The bytes that were sent; what is refused is kept as these.
    pub raw: Vec<u8>,
}

/// Why posted bytes are no event.
#[derive(Debug, Clone, PartialEq)]
pub struct NoEvent {
    /// The sender's id; empty where there is none.
    pub id: String,
    /// All that is wrong.
    pub problems: Vec<Problem>,
}

/// Why a body is no list of events.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum BatchError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("more than {0} events at once: send them in several requests")]
    TooMany(usize),
}

/// Begins bytes that are packed by gzip (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

impl PostedEvent {
    /// A body as text: unpacked where it is packed, and without a byte order mark, as files are read.
    ///
    /// # Errors
    /// It is damaged or ends too early; or of kind `FileTooLarge`, it unpacks to more than so many bytes.
    pub fn unpacked(body: &[u8], most: usize) -> io::Result<Cow<'_, [u8]>> {
        if !body.starts_with(&GZIP) {
            return Ok(Cow::Borrowed(body.strip_prefix(MARK).unwrap_or(body)));
        }
        let mut whole = Vec::new();
        // One byte more than allowed tells that there is more.
        open_bytes(&Arc::from(body))?.reader.take(most as u64 + 1).read_to_end(&mut whole)?;
        if whole.len() > most {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        if whole.starts_with(MARK) {
            whole.drain(..MARK.len());
        }
        Ok(Cow::Owned(whole))
    }

    /// A body that is one event.
    ///
    /// # Errors
    /// It is no JSON.
    pub fn one(body: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice::<&RawValue>(body)?;
        Ok(Self { raw: body.to_vec() })
    }

    /// A body that is a list of events, so many at most; each has its own bytes. They are counted as they are read.
    ///
    /// # Errors
    /// It is no JSON, no list, or a longer one.
    pub fn batch(body: &[u8], most: usize) -> Result<Vec<Self>, BatchError> {
        let mut is_longer = false;
        let mut json = serde_json::Deserializer::from_slice(body);
        let read = Items { most, is_longer: &mut is_longer }.deserialize(&mut json);
        if is_longer {
            return Err(BatchError::TooMany(most));
        }
        let items = read?;
        json.end()?;
        Ok(items)
    }

    /// What its sender calls it; empty where it does not say.
    pub(crate) fn sender_id(&self) -> String {
        #[derive(Deserialize)]
        struct Named {
            id: String,
        }
        serde_json::from_slice::<Named>(&self.raw).map(|named| named.id).unwrap_or_default()
    }

    /// The event in it, within these bounds.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn event(&self, limits: &EventLimits) -> Result<Event, NoEvent> {
        let none = |id: String, problems| NoEvent { id, problems };
        let crowded = |fault: ValueFault| {
            let field = "data".to_owned();
            none(String::new(), fault::event(&[EventError::Value { field, fault: Box::new(fault) }]))
        };
        limits.check_json(&self.raw).map_err(crowded)?;
        let value: Value =
            serde_json::from_slice(&self.raw).map_err(|error| none(String::new(), vec![json_problem(&error, 1)]))?;
        let event = from_cloudevent(&value).map_err(|error| {
            let id = value.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            none(id, fault::posted(&error))
        })?;
        let beyond = limits.check_event(&event);
        if beyond.is_empty() {
            return Ok(event);
        }
        Err(none(value.get("id").and_then(Value::as_str).unwrap_or_default().to_owned(), fault::event(&beyond)))
    }
}

/// A list of which no more is read than it may have.
struct Items<'m> {
    most: usize,
    is_longer: &'m mut bool,
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = Vec<PostedEvent>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = Vec<PostedEvent>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<&RawValue>()? {
            if items.len() == self.most {
                *self.is_longer = true;
                return Err(A::Error::custom("there are more"));
            }
            items.push(PostedEvent { raw: item.get().as_bytes().to_vec() });
        }
        Ok(items)
    }
}

impl From<Value> for PostedEvent {
    /// What was never bytes: as it is written now.
    fn from(value: Value) -> Self {
        Self { raw: value.to_string().into_bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_packed_or_marked_body_is_read_as_the_plain_one_and_never_grows_beyond_its_bound() {
        let plain = b"{\"a\": \"caf\xc3\xa9\"}";
        let marked = [MARK, plain].concat();
        assert_eq!(&*PostedEvent::unpacked(plain, 100).unwrap(), plain);
        assert_eq!(&*PostedEvent::unpacked(&marked, 100).unwrap(), plain);
        assert_eq!(&*PostedEvent::unpacked(&gzip(&marked), 100).unwrap(), plain);
        let bomb = gzip(&vec![b' '; 1 << 20]);
        assert_eq!(PostedEvent::unpacked(&bomb, 1 << 19).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(PostedEvent::unpacked(&bomb, 1 << 20).unwrap().len(), 1 << 20);
        assert!(PostedEvent::unpacked(&bomb[..bomb.len() / 2], 1 << 20).is_err());
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    #[test]
    fn each_event_of_a_list_keeps_its_own_bytes() {
        let items = PostedEvent::batch(b" [ {\"b\" : 1.50,\n \"a\":\t\"\\u0041\"} ,7, [ ]]\n", 3).unwrap();
        let raw: Vec<&[u8]> = items.iter().map(|item| item.raw.as_slice()).collect();
        assert_eq!(raw, [&b"{\"b\" : 1.50,\n \"a\":\t\"\\u0041\"}"[..], b"7", b"[ ]"]);
        for bad in ["{}", "[1,", "[1] 2", "[1, tru]"] {
            assert!(matches!(PostedEvent::batch(bad.as_bytes(), 9), Err(BatchError::Json(_))), "{bad}");
        }
    }

    #[test]
    fn a_list_is_read_no_further_than_it_may_be_long() {
        assert_eq!(PostedEvent::batch(b"[1,2,3]", 3).unwrap().len(), 3);
        // What comes after the last that may be there is not even looked at.
        assert!(matches!(PostedEvent::batch(b"[1,2,3,4,nothing that is JSON", 3), Err(BatchError::TooMany(3))));
    }

    #[test]
    fn nothing_is_made_of_an_event_that_holds_more_than_it_may() {
        let limits = EventLimits { values: 100, ..EventLimits::default() };
        let posted =
            PostedEvent::one(format!("{{\"id\": \"1\", \"data\": [{}1]}}", "1,".repeat(100)).as_bytes()).unwrap();
        let no = posted.event(&limits).unwrap_err();
        assert_eq!(no.problems.iter().map(|problem| problem.code.as_ref()).collect::<Vec<_>>(), ["R0435"]);
        let deep = [[b'['; 200], [b']'; 200]].concat();
        assert_eq!(
            PostedEvent::one(&deep).unwrap().event(&EventLimits::default()).unwrap_err().problems[0].code,
            "R0306"
        );
    }
}
