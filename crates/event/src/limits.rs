//! What an event may be at most, whichever door it comes through.

use prost::Message;
use prost::encoding::{DecodeContext, decode_key, skip_field};
use serde::{Deserialize, Serialize};

use crate::{Event, EventError, IdParts, ValueFault, v1};

/// Longest text of a key, in bytes: of a subject, a source, an id or a part of one, a revision, an identifier.
pub const LONGEST_KEY: usize = 512;
/// What an encoded event has beside its texts and messages, at most.
const FRAME: usize = 256;
/// Characters of a text that is too long to be shown.
const SHOWN: usize = 40;

/// Bounds of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventLimits {
    /// References of an event.
    pub references: usize,
    /// Entries of each list in an event, such as lines, allocations or identifiers.
    pub entries: usize,
    /// Values in the JSON of a posted event: texts, numbers, lists, objects.
    pub values: usize,
    /// Bytes of an event as it stands in the log.
    pub event_bytes: usize,
}

impl Default for EventLimits {
    fn default() -> Self {
        Self { references: 10_000, entries: 10_000, values: 200_000, event_bytes: 4 << 20 }
    }
}

impl EventLimits {
    /// All bounds that an event is beyond. Of a personal part that is sealed its size alone is known.
    pub fn check_event(&self, event: &Event) -> Vec<EventError> {
        let mut beyond = Vec::new();
        let mut note = |field: String, fault: ValueFault| {
            beyond.push(EventError::Value { field, fault: Box::new(fault) });
        };
        for (field, text) in [("source", &event.header.source), ("revision", &event.header.revision)] {
            if let Err(fault) = check_length(text) {
                note(field.to_owned(), fault);
            }
        }
        for (n, identifier) in find_identifiers(event).iter().enumerate() {
            for (part, text) in [("kind", &identifier.kind), ("text", &identifier.text), ("issuer", &identifier.issuer)]
            {
                if let Err(fault) = check_length(text) {
                    note(format!("data.identifiers[{n}].{part}"), fault);
                }
            }
        }
        if event.header.references.len() > self.references {
            note("data.references".to_owned(), too_many(event.header.references.len(), "references", self.references));
        }
        for (number, count) in self.long_lists(event) {
            let fields = event.ty().fields.iter();
            let name = fields.filter(|field| field.number == number).map(|field| field.name.as_str()).next();
            note(format!("data.{}", name.unwrap_or("?")), too_many(count, "entries", self.entries));
        }
        let bytes = stored_size(event);
        if bytes > self.event_bytes {
            note("data".to_owned(), too_large(bytes, self.event_bytes));
        }
        beyond
    }

    /// Whether the JSON of an event holds no more values than it may. To be asked before values are made of it, which take
    /// many times the room of their text.
    ///
    /// # Errors
    /// There are more (R0435).
    pub fn check_json(&self, json: &[u8]) -> Result<(), ValueFault> {
        let (mut values, mut quoted, mut escaped) = (1_usize, false, false);
        for byte in json {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b',' | b'[' | b'{' if !quoted => values += 1,
                _ => {}
            }
        }
        if values > self.values { Err(too_many(values, "values", self.values)) } else { Ok(()) }
    }

    /// Lists of the message that are longer than they may be, by the number of their field.
    fn long_lists(&self, event: &Event) -> Vec<(u32, usize)> {
        let mut long = Vec::new();
        // Each entry takes two bytes at least.
        let parts = [Some(event.payload().open()), event.payload().clear_personal()];
        for part in parts.into_iter().flatten().filter(|part| part.len() / 2 > self.entries) {
            let mut counts = std::collections::BTreeMap::<u32, usize>::new();
            each_field(part, |number, _| *counts.entry(number).or_default() += 1);
            long.extend(counts.into_iter().filter(|(_, count)| *count > self.entries));
        }
        long
    }
}

impl IdParts<'_> {
    /// Whether each text in it is short enough for a key.
    ///
    /// # Errors
    /// One is longer (R0434).
    pub fn check_lengths(&self) -> Result<(), ValueFault> {
        let mut texts =
            [self.source, self.part, self.revision].into_iter().chain(self.parts.iter().map(String::as_str));
        texts.try_for_each(check_length)
    }
}

/// Whether a text is short enough for a key.
///
/// # Errors
/// It is longer (R0434).
pub fn check_length(text: impl AsRef<str>) -> Result<(), ValueFault> {
    let text = text.as_ref();
    if text.len() <= LONGEST_KEY {
        return Ok(());
    }
    let start: String = text.chars().take(SHOWN).collect();
    Err(ValueFault::new("R0434", "the text is too long for a key")
        .instead(format!("{} bytes that begin with `{start}`", text.len()), format!("at most {LONGEST_KEY} bytes"))
        .help("name the record by its number in the source; what is written about it belongs into other fields"))
}

fn too_many(count: usize, what: &str, most: usize) -> ValueFault {
    ValueFault::new("R0435", "an event holds more than it may")
        .instead(format!("{count} {what}"), format!("at most {most} {what}"))
        .help("let the source report it as several events, such as one per delivery or statement")
        .help(format!(
            "or raise `{}` in [limits] of the configuration, for every process of the hub",
            match what {
                "references" => "references",
                "entries" => "entries",
                _ => "values",
            }
        ))
}

/// R0436: more bytes than an event may have.
pub fn too_large(bytes: usize, most: usize) -> ValueFault {
    ValueFault::new("R0436", "the event is larger than the log takes")
        .instead(format!("{bytes} bytes as it stands in the log"), format!("at most {most} bytes"))
        .help("let the source report it as several events, and keep documents and pictures where they are")
        .help("or raise `event_bytes` in [limits] of the configuration, as far as the log takes it")
}

/// Calls `each` with the number of every field of an encoded message, and with the bytes from its value on.
fn each_field(message: &[u8], mut each: impl FnMut(u32, &[u8])) {
    let mut rest = message;
    while !rest.is_empty() {
        // What does not decode was refused where the event was made.
        let Ok((number, wire)) = decode_key(&mut rest) else { return };
        let value = rest;
        if skip_field(wire, number, &mut rest, DecodeContext::default()).is_err() {
            return;
        }
        each(number, value);
    }
}

/// The identifiers of an event, found without decoding the rest of it.
fn find_identifiers(event: &Event) -> Vec<v1::Identifier> {
    let mut found = Vec::new();
    // None of a shorter part is too long.
    let personal = event.payload().clear_personal().filter(|part| part.len() > LONGEST_KEY);
    let field = event.ty().fields.iter().find(|field| field.name == "identifiers");
    if let (Some(personal), Some(field)) = (personal, field) {
        each_field(personal, |number, value| {
            found.extend(
                (number == field.number).then(|| v1::Identifier::decode_length_delimited(value).ok()).flatten(),
            );
        });
    }
    found
}

/// Bytes of an event as it stands in the log, at most.
fn stored_size(event: &Event) -> usize {
    let (event, payload) = (&event.header, event.payload());
    let references = event.references.iter().map(|one| one.role.word().len() + one.subject.as_str().len() + 12);
    let locator = event.locator.as_ref().map_or(0, |at| at.connector.len() + at.resource.len());
    let texts = event.source.len() + 2 * event.subject.as_str().len() + event.revision.len() + locator;
    FRAME
        + texts
        + payload.open().len()
        + payload.personal().len()
        + payload.sealed_by().len()
        + references.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{encode, v1};

    fn invoice(lines: usize, references: usize) -> Event {
        let ids = IdParts { source: "erp", part: "", parts: &["1".to_owned()], revision: "" };
        let line = v1::Line { product: "product:erp:P1".to_owned(), ..Default::default() };
        let body = v1::InvoiceIssued { lines: vec![line; lines], ..Default::default() };
        let subject = "invoice:erp:1".parse().unwrap();
        let mut event = Event::new(ids.event_id(), ids.fact_id(), "erp", subject, 0, body.into()).unwrap();
        for n in 0..references {
            event.add_reference("order", format!("order:erp:{n}").parse().unwrap()).unwrap();
        }
        event
    }

    fn codes(limits: EventLimits, event: &Event) -> Vec<String> {
        limits.check_event(event).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_bound_is_told_with_where_it_is_passed_and_by_how_much() {
        let limits = EventLimits { references: 3, entries: 4, values: 5, event_bytes: 1_000 };
        assert_eq!(codes(limits, &invoice(4, 3)), Vec::<String>::new());
        for (event, field, found) in [
            (invoice(4, 4), "data.references", "4 references"),
            (invoice(5, 3), "data.lines", "5 entries"),
            (invoice(60, 3), "`data`", "bytes as it stands in the log"),
        ] {
            let told = codes(limits, &event).join("; ");
            assert!(told.contains(field) && told.contains(found), "{told}");
        }
        let mut long = invoice(1, 0);
        (long.header.source, long.header.revision) = ("s".repeat(513), "r".repeat(513));
        assert_eq!(codes(limits, &long).len(), 3, "both, and the whole: {:?}", codes(limits, &long));
    }

    #[test]
    fn a_key_is_bounded_by_its_bytes() {
        let parts = ["é".repeat(256)];
        assert!(IdParts { source: "erp", part: "", parts: &parts, revision: "" }.check_lengths().is_ok());
        let parts = ["é".repeat(257)];
        let fault = IdParts { source: "erp", part: "", parts: &parts, revision: "" }.check_lengths().unwrap_err();
        assert_eq!((fault.code, fault.expected.as_str()), ("R0434", "at most 512 bytes"));
        assert!(fault.found.starts_with("514 bytes"), "{}", fault.found);
    }

    #[test]
    fn an_encoded_event_is_never_larger_than_it_is_taken_for() {
        for event in [invoice(0, 0), invoice(1, 1), invoice(500, 500)] {
            let (is, taken) = (encode(&event).len(), stored_size(&event));
            assert!(is <= taken && taken <= is + FRAME + is / 2, "{is} is taken for {taken}");
        }
    }

    #[test]
    fn values_are_counted_outside_of_texts() {
        let limits = EventLimits { values: 4, ..EventLimits::default() };
        for few in ["1", "[1,2,3]", "{\"a,b[{\": \"\\\",,,[[[\", \"c\": 1}"] {
            assert!(limits.check_json(few.as_bytes()).is_ok(), "{few}");
        }
        for many in ["[1,2,3,4]", "[[[[]]]]", "{\"a\": {}, \"b\": [1]}"] {
            assert!(limits.check_json(many.as_bytes()).is_err(), "{many}");
        }
    }
}
