//! What an event may be at most, whichever door it comes through.

use prost::Message;
use prost::encoding::{DecodeContext, decode_key, skip_field};
use serde::{Deserialize, Serialize};

use crate::{Event, EventError, IdParts, ValueFault, v1};

/// Longest text of a key, in bytes: of a subject, a source, an id or a part of one, a revision, an identifier.
pub const LONGEST_KEY: usize = 512;
/// Attributes, and contact persons, of one event at most.
const MOST_ATTRIBUTES: usize = 200;
/// Longest name of an attribute, in bytes.
const LONGEST_ATTRIBUTE_NAME: usize = 120;
/// Longest text of an attribute, in bytes; of a contact person each part is bounded like a key.
const LONGEST_ATTRIBUTE: usize = 4096;
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
        check_attributes(event, &mut note);
        for (n, identifier) in find_messages::<v1::Identifier>(event, "identifiers").iter().enumerate() {
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
    Err(beyond_length("R0434", "the text is too long for a key", text, LONGEST_KEY)
        .help("name the record by its number in the source; what is written about it belongs into other fields"))
}

fn too_many(count: usize, what: &str, most: usize) -> ValueFault {
    beyond_count(count, what, most)
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

fn beyond_count(count: usize, what: &str, most: usize) -> ValueFault {
    ValueFault::new("R0435", "an event holds more than it may")
        .instead(format!("{count} {what}"), format!("at most {most} {what}"))
}

fn beyond_length(code: &'static str, message: &'static str, text: &str, most: usize) -> ValueFault {
    let start: String = text.chars().take(SHOWN).collect();
    ValueFault::new(code, message)
        .instead(format!("{} bytes that begin with `{start}`", text.len()), format!("at most {most} bytes"))
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

/// Notes what is beyond the bounds of attributes and contact persons.
fn check_attributes(event: &Event, note: &mut impl FnMut(String, ValueFault)) {
    let attributes = find_messages::<v1::Attribute>(event, "attributes");
    let contacts = find_messages::<v1::ContactPerson>(event, "contacts");
    for (field, count) in [("attributes", attributes.len()), ("contacts", contacts.len())] {
        if count > MOST_ATTRIBUTES {
            note(
                format!("data.{field}"),
                beyond_count(count, field, MOST_ATTRIBUTES)
                    .help("leave out what nobody is to see with the customer or the document"),
            );
        }
    }
    let mut bound = |field: &str, (n, part): (usize, &str), text: &str, most: usize| {
        if text.len() > most {
            let fault =
                beyond_length("R0437", "a text is longer than one that stands beside others may be", text, most);
            note(
                format!("data.{field}[{n}].{part}"),
                fault.help("keep documents where they are, and say here where that is"),
            );
        }
    };
    for (n, one) in attributes.iter().enumerate() {
        bound("attributes", (n, "name"), &one.name, LONGEST_ATTRIBUTE_NAME);
        bound("attributes", (n, "text"), &one.text, LONGEST_ATTRIBUTE);
    }
    for (n, one) in contacts.iter().enumerate() {
        for (part, text) in
            [("name", &one.name), ("function", &one.function), ("phone", &one.phone), ("email", &one.email)]
        {
            bound("contacts", (n, part), text, LONGEST_KEY);
        }
    }
}

/// The entries of a list of an event, found without decoding the rest of it; none of a part that is too short for one of them to be
/// beyond a bound.
fn find_messages<M: Message + Default>(event: &Event, list: &str) -> Vec<M> {
    let mut found = Vec::new();
    let Some(field) = event.ty().fields.iter().find(|field| field.name == list) else { return found };
    let part = if field.personal { event.payload().clear_personal() } else { Some(event.payload().open()) };
    if let Some(part) = part.filter(|part| part.len() > LONGEST_ATTRIBUTE_NAME) {
        each_field(part, |number, value| {
            found.extend((number == field.number).then(|| M::decode_length_delimited(value).ok()).flatten());
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
    fn attributes_are_few_and_short() {
        let ids = IdParts { source: "crm", part: "", parts: &["1".to_owned()], revision: "" };
        let event = |body: crate::Body, about: &str| {
            Event::new(ids.event_id(), ids.fact_id(), "crm", about.parse().unwrap(), 0, body).unwrap()
        };
        let of = |name: &str, text: &str| v1::Attribute { name: name.to_owned(), text: text.to_owned() };
        let (long_name, long_text) = (of(&"n".repeat(121), "x"), of("plan", &"t".repeat(4_097)));
        for (attributes, told) in [
            (vec![of(&"n".repeat(120), &"t".repeat(4_096))], ""),
            (vec![of("a", "1"), long_name], "data.attributes[1].name"),
            (vec![long_text], "data.attributes[0].text"),
            ((0..201).map(|n| of(&n.to_string(), "x")).collect(), "201 attributes"),
        ] {
            let party = v1::PartyRecorded { attributes: attributes.clone(), ..Default::default() };
            let order = v1::OrderPlaced { attributes, ..Default::default() };
            for event in [event(party.into(), "party:crm:1"), event(order.into(), "order:crm:1")] {
                let found = codes(EventLimits::default(), &event).join("; ");
                assert!(found.contains(told) && found.is_empty() == told.is_empty(), "{told}: {found}");
            }
        }
        let contact = v1::ContactPerson { name: "Anna".into(), phone: "1".repeat(513), ..Default::default() };
        let party = v1::PartyRecorded { contacts: vec![contact], ..Default::default() };
        let found = codes(EventLimits::default(), &event(party.into(), "party:crm:1"));
        assert!(found.len() == 1 && found[0].contains("data.contacts[0].phone"), "{found:?}");
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
