//! A CloudEvent as an event: its attributes. Texts are cleaned and values judged as in files.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost::Message;
use prost_reflect::DynamicMessage;
use serde_json::{Map, Value};

use super::data::read_fields;
use super::{CloudEventError, field_error, missing_value, value_error};
use crate::{
    Event, EventError, EventHeader, IdParts, Subject, SubjectError, SubjectKind, ValueFault, catalogue, check_key,
    check_length, clean_text, parse_instant, read_time,
};

/// Attributes of ours that may be left out. Whoever means one and misspells it by a letter would otherwise never know.
const OURS: [&str; 2] = ["revision", "precision"];
/// Attributes that the hub reads, and standard ones of which it makes nothing.
const KNOWN: [&str; 14] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "dataschema",
    "data",
    "data_base64",
    "fact",
    "revision",
    "precision",
    "recordedtime",
];

/// Reads one CloudEvents JSON object as an event. The id is made from source, `fact` (else `id`) and `revision`.
///
/// # Errors
/// All that is wrong: attributes missing, a type, subject, role or field that the catalogue does not have, values that are
/// none.
pub fn from_cloudevent(value: &Value) -> Result<Event, CloudEventError> {
    let Some(object) = value.as_object() else {
        return Err(CloudEventError(vec![field_error("", "expected one CloudEvents object")]));
    };
    let mut said = AttributeReader { object, errors: Vec::new() };
    if said.attribute("specversion").and_then(Value::as_str) != Some("1.0") {
        said.errors.push(field_error("specversion", "expected \"1.0\""));
    }
    said.check_names();
    let (id, source) = (said.read_required("id"), said.read_required("source"));
    let (name, about) = (said.read_required("type"), said.read_required("subject"));
    let time = said.read_required("time");
    let (occurred_at, offset) = match read_time(&time) {
        Ok(read) => read,
        Err(fault) => {
            // That it is missing has been said.
            said.errors.extend((!time.is_empty()).then(|| value_error("time", fault)));
            (0, None)
        }
    };
    let (revision, order) = said.read_revision();
    let day = said.read_precision();
    let sender = EventSender::from_source(&source);
    let subject = match about.is_empty() {
        true => None,
        false => sender.read_subject(&about).map_err(|error| said.errors.push(error)).ok(),
    };
    let fact = said.read_text("fact").unwrap_or_else(|| id.clone());
    let by_fact = said.attribute("fact").is_some();
    if let Err(fault) = check_key(&fact, false) {
        said.errors.push(value_error(if by_fact { "fact" } else { "id" }, fault));
    }
    let fact = [fact];
    let ids = IdParts {
        source: &sender.word,
        part: "",
        parts: &fact,
        revision: if by_fact && revision.is_empty() { &id } else { &revision },
    };
    for (name, text) in
        [("source", ids.source), (if by_fact { "fact" } else { "id" }, &fact[0]), ("revision", ids.revision)]
    {
        if let Err(fault) = check_length(text) {
            said.errors.push(value_error(name, fault));
        }
    }
    let mut data = said.read_data();
    let references = data.remove("references").filter(|references| !references.is_null());
    let mut errors = said.errors;
    let message = encode_message(&name, data, &sender, &mut errors);
    let (Some(subject), Some(message)) = (subject, message) else { return Err(CloudEventError(errors)) };
    let header = EventHeader::new(ids.event_id(), ids.fact_id(), &sender.word, subject, occurred_at);
    let (mut event, body) = match Event::of_message(header, &name, &message) {
        Ok(made) => made,
        Err(error) => {
            errors.push(error);
            return Err(CloudEventError(errors));
        }
    };
    for (n, identifier) in body.identifiers().iter().enumerate().filter(|(_, one)| one.kind != "email") {
        if let Err(fault) = check_key(&identifier.text, false) {
            errors.push(value_error(&format!("data.identifiers[{n}].text"), fault));
        }
    }
    // An instant in UTC is one; a day's beginning in UTC says nothing of the clock that it was 00:00 on.
    (event.header.day, event.header.offset) = (day, if day { offset } else { offset.or(Some(0)) });
    event.header.revision = ids.revision.to_owned();
    event.header.revision_order = order;
    if let Some(references) = references {
        read_references(&mut event, &references, &sender, &mut errors);
    }
    if errors.is_empty() { Ok(event) } else { Err(CloudEventError(errors)) }
}

/// What the object says, and all that is wrong with it so far.
struct AttributeReader<'v> {
    object: &'v Map<String, Value>,
    errors: Vec<EventError>,
}

impl AttributeReader<'_> {
    /// An attribute that is null is not there (CloudEvents JSON format, section 2.2).
    fn attribute(&self, name: &str) -> Option<&Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// Any extension may be there; what is no name of one is a mistake.
    fn check_names(&mut self) {
        for name in self.object.keys().filter(|name| !KNOWN.contains(&name.as_str())) {
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
                let problem = "is not the name of a CloudEvents attribute: expected lower-case letters and digits";
                self.errors.push(field_error(name, problem));
            } else if let Some(meant) = OURS.iter().find(|ours| strsim::damerau_levenshtein(ours, name) == 1) {
                self.errors.push(field_error(
                    name,
                    &format!("is not an attribute that the hub reads: did you mean `{meant}`?"),
                ));
            }
        }
    }

    fn read_text(&mut self, name: &str) -> Option<String> {
        match self.attribute(name)? {
            Value::String(text) => Some(clean_text(text, true).into_owned()).filter(|text| !text.is_empty()),
            other => {
                let problem = format!("expected a text, found {other}");
                self.errors.push(field_error(name, &problem));
                None
            }
        }
    }

    /// Empty where it is missing, which is then said.
    fn read_required(&mut self, name: &str) -> String {
        let before = self.errors.len();
        let text = self.read_text(name);
        if text.is_none() && self.errors.len() == before {
            self.errors.push(missing_value(name, "a text"));
        }
        text.unwrap_or_default()
    }

    fn read_revision(&mut self) -> (String, Vec<i64>) {
        let text = match self.attribute("revision") {
            None => return (String::new(), Vec::new()),
            Some(Value::String(text)) => clean_text(text, true).into_owned(),
            Some(other) => other.to_string(),
        };
        if text.is_empty() {
            return (text, Vec::new());
        }
        match text.parse::<i64>().ok().or_else(|| parse_instant(&text)) {
            Some(order) => (text, vec![order]),
            None => {
                let problem = format!("`{text}` has no order: expected a whole number or an RFC 3339 instant");
                self.errors.push(field_error("revision", &problem));
                (text, Vec::new())
            }
        }
    }

    fn read_precision(&mut self) -> bool {
        let word = match self.attribute("precision") {
            None => return false,
            Some(value) => value.as_str().map(|text| clean_text(text, true).into_owned()),
        };
        if !matches!(word.as_deref(), Some("" | "day")) {
            self.errors.push(field_error("precision", "expected \"day\""));
        }
        word.as_deref() == Some("day")
    }

    /// The data, which may be in base64 where a sender knows it as bytes only.
    fn read_data(&mut self) -> Map<String, Value> {
        let (plain, bytes) = (self.attribute("data").cloned(), self.attribute("data_base64").cloned());
        let data = match (plain, bytes) {
            (Some(_), Some(_)) => Err(field_error("data_base64", "stands beside `data`: expected one of the two")),
            (data, None) => Ok(data.unwrap_or_else(|| Value::Object(Map::new()))),
            (None, Some(bytes)) => self.decode_data(&bytes),
        };
        match data {
            Ok(Value::Object(data)) => return data,
            Ok(_) => self.errors.push(field_error("data", "expected an object")),
            Err(error) => self.errors.push(error),
        }
        Map::new()
    }

    fn decode_data(&self, bytes: &Value) -> Result<Value, EventError> {
        let at = "data_base64";
        let media = self.attribute("datacontenttype").and_then(Value::as_str).unwrap_or("application/json");
        if !is_json(media) {
            return Err(field_error("datacontenttype", &format!("`{media}`: expected application/json")));
        }
        let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
        let text = bytes.as_str().ok_or_else(|| field_error(at, "expected a text in base64"))?;
        let bytes =
            engine.decode(text.trim()).map_err(|error| field_error(at, &format!("is not valid base64: {error}")))?;
        // Windows tools write a byte order mark, which JSON does not allow.
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        serde_json::from_slice(bytes).map_err(|error| field_error(at, &format!("is not valid JSON: {error}")))
    }
}

/// Whether a media type says that the data is JSON (RFC 6839: `application/json`, or a suffix `+json`).
fn is_json(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.ends_with("/json") || essence.ends_with("+json")
}

/// The message that the data is of, encoded; none where something is wrong with it.
fn encode_message(
    name: &str,
    data: Map<String, Value>,
    sender: &EventSender,
    errors: &mut Vec<EventError>,
) -> Option<Vec<u8>> {
    let ty = match catalogue().get(name) {
        Ok(ty) => ty,
        Err(error) => {
            errors.extend((!name.is_empty()).then_some(error));
            return None;
        }
    };
    let before = errors.len();
    let data = read_fields("data", &ty.fields, data, sender, errors);
    if errors.len() > before {
        return None;
    }
    match DynamicMessage::deserialize(ty.message.clone(), Value::Object(data)) {
        Ok(message) => Some(message.encode_to_vec()),
        Err(error) => {
            errors.push(field_error("data", &error.to_string()));
            None
        }
    }
}

fn read_references(event: &mut Event, references: &Value, sender: &EventSender, errors: &mut Vec<EventError>) {
    let Some(list) = references.as_array() else {
        errors.push(field_error("data.references", "expected a list of {\"role\", \"subject\"}"));
        return;
    };
    for reference in list {
        let part = |name: &str| reference.get(name).and_then(Value::as_str).unwrap_or_default();
        let done = sender
            .read_subject(part("subject"))
            .and_then(|subject| event.add_reference(&clean_text(part("role"), true), subject));
        errors.extend(done.err());
    }
}

/// Who sends, as the attribute `source` says and as subjects say it: there a colon ends the source, so one within it is
/// percent-encoded (RFC 3986, section 2.1).
pub(super) struct EventSender {
    uri: String,
    word: String,
}

impl EventSender {
    fn from_source(source: &str) -> Self {
        let uri = decode_percent(source);
        Self { word: uri.replace(':', "%3A"), uri }
    }

    /// Reads a subject: cleaned as in files; its source may be the sender's own URI as it stands.
    pub(super) fn read_subject(&self, text: &str) -> Result<Subject, EventError> {
        let text = decode_percent(text);
        let text = clean_text(&text, true);
        let refused = |error: &SubjectError| {
            let expected = format!("kind:source:number: {error}");
            value_error(
                "subject",
                ValueFault::new("R0408", "this number makes no subject").instead(text.as_ref(), expected),
            )
        };
        let shape = || refused(&SubjectError::Shape(text.clone().into_owned()));
        let (word, rest) = text.split_once(':').ok_or_else(shape)?;
        let unknown = || refused(&SubjectError::Kind(text.clone().into_owned()));
        let kind = SubjectKind::from_word(word).ok_or_else(unknown)?;
        let own = rest.strip_prefix(self.uri.as_str()).and_then(|rest| rest.strip_prefix(':'));
        let (source, number) = match own {
            Some(number) => (self.word.as_str(), number),
            None => rest.split_once(':').ok_or_else(shape)?,
        };
        if own.is_none() && number.starts_with("//") {
            let fault = ValueFault::new("R0408", "this number makes no subject")
                .instead(text.as_ref(), "kind:source:number; a colon within the source is written %3A");
            return Err(value_error("subject", fault));
        }
        let number = clean_text(number, true);
        check_key(&number, false).map_err(|fault| value_error("subject", fault))?;
        Subject::new(kind, &clean_text(source, true), &number).map_err(|error| refused(&error))
    }
}

/// Characters beyond ASCII that a sender has percent-encoded, as themselves. All other escapes stay, since a number may hold
/// them.
fn decode_percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, escaped) = rest.split_at(at);
        out.push_str(before);
        let mut bytes = Vec::new();
        while let Some(byte) = escaped.get(bytes.len() * 3..).and_then(escaped_byte).filter(|byte| *byte >= 0x80) {
            bytes.push(byte);
        }
        let taken = match std::str::from_utf8(&bytes) {
            Ok(read) if !read.is_empty() => {
                out.push_str(read);
                bytes.len() * 3
            }
            _ => {
                out.push('%');
                1
            }
        };
        rest = escaped.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The byte of an escape that a text begins with.
fn escaped_byte(text: &str) -> Option<u8> {
    let hex = text.strip_prefix('%')?.get(..2)?;
    hex.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u8::from_str_radix(hex, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scan() -> Value {
        json!({
            "specversion": "1.0", "id": "S-7", "source": "wms", "type": "shipping.scanned.v1",
            "subject": "track:wms:SF1001", "time": "2026-03-09T17:05:11+08:00", "data": {"text": "Kunshan"},
        })
    }

    fn with(changes: Value) -> Value {
        let mut event = scan();
        for (name, value) in changes.as_object().unwrap() {
            event[name] = value.clone();
        }
        event
    }

    fn read(changes: Value) -> Event {
        from_cloudevent(&with(changes)).unwrap_or_else(|error| panic!("{error}"))
    }

    fn refused(changes: Value) -> String {
        from_cloudevent(&with(changes)).unwrap_err().to_string()
    }

    #[test]
    fn extensions_are_passed_over_and_change_nothing() {
        let plain = read(json!({}));
        let extended = read(json!({
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "a=b",
            "partitionkey": "7", "sequence": "2", "sampledrate": 30, "comexampleextension1": true, "comexample2": {"a": 1},
            "dataschema": "https://example.com/scan", "recordedtime": "2026-03-10T00:00:00Z", "revision": null,
        }));
        assert_eq!(extended, plain);
        assert!(refused(json!({"revison": "2"})).contains("did you mean `revision`"));
        assert!(refused(json!({"Event_Type": "2"})).contains("lower-case letters and digits"));
    }

    #[test]
    fn data_may_be_in_base64() {
        let plain = read(json!({}));
        let bytes = "77u/eyJ0ZXh0IjoiS3Vuc2hhbiJ9";
        for media in [json!("application/json"), json!("application/vnd.acme+json; charset=utf-8"), Value::Null] {
            let packed = read(json!({"data": null, "data_base64": bytes, "datacontenttype": media}));
            assert_eq!(packed, plain);
        }
        assert!(refused(json!({"data_base64": bytes})).contains("beside `data`"));
        assert!(refused(json!({"data": null, "data_base64": "?"})).contains("not valid base64"));
        assert!(refused(json!({"data": null, "data_base64": "e30x"})).contains("not valid JSON"));
        let avro = refused(json!({"data": null, "data_base64": bytes, "datacontenttype": "application/avro"}));
        assert!(avro.contains("expected application/json"), "{avro}");
    }

    #[test]
    fn a_source_may_be_a_uri_and_is_said_in_subjects_with_its_colons_encoded() {
        for (source, word) in [
            ("/erp/cn", "/erp/cn"),
            ("https://erp.example/de", "https%3A//erp.example/de"),
            ("urn:acme:erp", "urn%3Aacme%3Aerp"),
            ("https%3A//erp.example/de", "https%3A//erp.example/de"),
        ] {
            let by = |subject: String| read(json!({"source": source, "subject": subject}));
            let (raw, encoded) = (by(format!("track:{source}:SF:1")), by(format!("track:{word}:SF:1")));
            assert_eq!(raw, encoded);
            assert_eq!(
                (raw.header.source.as_str(), raw.header.subject.source(), raw.header.subject.number()),
                (word, word, "SF:1")
            );
            let shown = super::super::to_cloudevent(&raw, &crate::EmptyKeyRing);
            let again = from_cloudevent(&shown).unwrap();
            assert_eq!((again.header.source, again.header.subject), (raw.header.source, raw.header.subject));
        }
        assert!(refused(json!({"subject": "track:https://wms.example:1"})).contains("%3A"));
    }

    #[test]
    fn texts_are_cleaned_as_in_files_and_may_be_percent_encoded() {
        let plain = read(json!({"subject": "track:wms:Größe-発", "id": "é"}));
        for subject in [
            "track:wms:Gro\u{308}ße-発",
            "\u{feff}track:wms:Größe-発\u{200b}",
            " track:wms: Größe-発 ",
            "track:wms:\u{feff}Größe-発",
            "track:wms:Gr%C3%B6%C3%9Fe-%e7%99%ba",
        ] {
            assert_eq!(read(json!({"subject": subject, "id": " e\u{301}"})), plain, "{subject}");
        }
        assert_eq!(read(json!({"subject": "track:wms:100%25%2F%E7"})).header.subject.number(), "100%25%2F%E7");
        let cleaned = read(json!({"data": {"text": "\u{200b}Kunshan\u{a0}"}}));
        assert_eq!(cleaned, read(json!({})));
    }

    #[test]
    fn the_day_is_that_of_the_text_s_own_offset() {
        let day = |time: &str| read(json!({"time": time, "precision": "day"})).header.occurred().to_string();
        assert_eq!(day("2026-03-01T00:00:00+08:00"), "2026-03-01");
        assert_eq!(day("2026-01-01T00:00:00+14:00"), "2026-01-01");
        assert_eq!(day("2026-03-01T15:30:00-08:00"), "2026-03-01");
        // Whoever sends UTC sends 00:00 of the source's zone in it.
        assert_eq!(day("2026-02-28T16:00:00Z"), "2026-03-01");
        assert_eq!(read(json!({})).header.occurred().to_string(), "2026-03-09T17:05:11+08:00");
    }

    #[test]
    fn a_key_that_a_spreadsheet_or_a_float_has_damaged_is_refused_as_in_files() {
        let with = |name: &str, value: &str| {
            let mut event = scan();
            event[name] = value.into();
            from_cloudevent(&event).map(drop).map_err(|error| error.to_string())
        };
        for (name, value) in [("subject", "track:wms:2.4952E+19"), ("fact", "489434.0"), ("id", "1E+05")] {
            let said = with(name, value).unwrap_err();
            assert!(said.contains(name) && said.contains("has damaged this key"), "{said}");
        }
        assert_eq!(with("subject", "track:wms:24952000000000000017"), Ok(()));
        let mut party = scan();
        (party["type"], party["subject"]) = ("party.recorded.v1".into(), "party:crm:1".into());
        let loyalty = |text: &str| json!({"identifiers": [{"kind": "loyalty", "text": text, "issuer": "club"}]});
        party["data"] = loyalty("2.4952E+19");
        let said = from_cloudevent(&party).unwrap_err().to_string();
        assert!(said.contains("data.identifiers[0].text"), "{said}");
        party["data"] = loyalty("24952000000000000017");
        assert!(from_cloudevent(&party).is_ok());
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let said = refused(json!({
            "specversion": "0.3", "id": 7, "time": "2569-01-01T00:00:00Z", "source": "", "subject": "thing:a:1",
            "data": {"text": ["a"], "plaice": "b"},
        }));
        for word in ["specversion", "`id`", "between 1900 and 2100", "`source`", "thing:a:1", "data.text", "plaice"] {
            assert!(said.contains(word), "{word}: {said}");
        }
    }
}
