//! Events as CloudEvents 1.0 in JSON (structured mode), attributes one to one, data in protobuf's canonical JSON mapping.
//!
//! Beside the standard attributes there are ours: `fact` (the source's key of the record, where the id names a
//! version of it), `revision` (a number, or RFC 3339), `precision` (`day`). References stand in `data.references`.

use prost::Message;
use prost_reflect::{DynamicMessage, SerializeOptions};
use serde_json::{Map, Value, json};

use crate::{
    Currency, Event, EventError, Field, FieldKind, IdParts, Subject, catalogue, format_micros, parse_decimal,
    parse_instant,
};

/// Why a JSON object is no event: all that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct CloudEventError(pub Vec<EventError>);

const STANDARD: [&str; 13] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "dataschema",
    "data",
    "fact",
    "revision",
    "precision",
    "recordedtime",
];

/// An event as CloudEvents JSON.
pub fn to_cloudevent(event: &Event) -> Value {
    let ty = event.ty();
    let bytes = [event.open.as_slice(), event.personal.as_slice()].concat();
    let mut data = DynamicMessage::decode(ty.message.clone(), bytes.as_slice())
        .ok()
        .and_then(|m| {
            m.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new().use_proto_field_name(true))
                .ok()
        })
        .unwrap_or_else(|| json!({}));
    if let (Some(data), false) = (data.as_object_mut(), event.references.is_empty()) {
        let references = event.references.iter().map(|r| json!({"role": r.role.word(), "subject": r.subject.as_str()}));
        data.insert("references".to_owned(), references.collect());
    }
    let mut out = json!({
        "specversion": "1.0",
        "id": event.id.to_string(),
        "source": event.source,
        "type": ty.name,
        "subject": event.subject.as_str(),
        "time": format_micros(event.occurred_at),
        "datacontenttype": "application/json",
        "fact": event.fact.to_string(),
        "data": data,
    });
    if event.day {
        out["precision"] = json!("day");
    }
    if !event.revision.is_empty() {
        out["revision"] = json!(event.revision);
    }
    out
}

/// Reads one CloudEvents JSON object as an event. The id is made from source, `fact` (else `id`) and `revision`.
///
/// # Errors
/// All that is wrong: attributes missing or unknown, a type, subject, role or field that the catalogue does not have.
pub fn from_cloudevent(value: &Value) -> Result<Event, CloudEventError> {
    let Some(object) = value.as_object() else {
        return Err(CloudEventError(vec![wrong("", "expected one CloudEvents object")]));
    };
    let mut errors = Vec::new();
    let text = |name: &str, errors: &mut Vec<EventError>| match object.get(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => text.clone(),
        Some(other) => {
            errors.push(wrong(name, &format!("expected a text, found {other}")));
            String::new()
        }
        None => {
            errors.push(wrong(name, "is missing"));
            String::new()
        }
    };
    if object.get("specversion").and_then(Value::as_str) != Some("1.0") {
        errors.push(wrong("specversion", "expected \"1.0\""));
    }
    for name in object.keys().filter(|name| !STANDARD.contains(&name.as_str())) {
        errors.push(wrong(name, "is no attribute that the hub knows"));
    }
    let (id, source) = (text("id", &mut errors), text("source", &mut errors));
    let (name, subject) = (text("type", &mut errors), text("subject", &mut errors));
    let time = text("time", &mut errors);
    let occurred_at = parse_instant(&time).unwrap_or_else(|| {
        errors.push(wrong("time", &format!("`{time}` is no RFC 3339 instant such as 2026-03-09T17:05:11+08:00")));
        0
    });
    if source.contains(':') {
        errors.push(wrong("source", "holds a colon; expected a plain word such as erp"));
    }
    let (revision, order) = revision(object.get("revision"), &mut errors);
    let day = match object.get("precision").map(Value::as_str) {
        None => false,
        Some(Some("day")) => true,
        Some(_) => {
            errors.push(wrong("precision", "expected \"day\""));
            false
        }
    };
    let subject = subject.parse::<Subject>().map_err(|e| errors.push(e.into())).ok();
    let fact = object.get("fact").and_then(Value::as_str).unwrap_or(&id).to_owned();
    let fact = [fact];
    let ids = IdParts {
        source: &source,
        part: "",
        parts: &fact,
        revision: if object.contains_key("fact") && revision.is_empty() { &id } else { &revision },
    };
    let mut data = object.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
    let references = data.remove("references");
    let message = match catalogue().get(&name) {
        Ok(ty) => {
            plain_codes(&ty.fields, &mut data);
            check_fields("data", &ty.fields, &data, &mut errors);
            match DynamicMessage::deserialize(ty.message.clone(), Value::Object(data)) {
                Ok(message) => Some(message.encode_to_vec()),
                Err(error) => {
                    errors.push(wrong("data", &error.to_string()));
                    None
                }
            }
        }
        Err(error) => {
            errors.push(error);
            None
        }
    };
    let (Some(subject), Some(message)) = (subject, message) else { return Err(CloudEventError(errors)) };
    let mut event = match Event::from_message(ids.id(), ids.fact(), &source, subject, occurred_at, &name, &message) {
        Ok(event) => event,
        Err(error) => {
            errors.push(error);
            return Err(CloudEventError(errors));
        }
    };
    event.day = day;
    event.revision = ids.revision.to_owned();
    event.revision_order = order;
    if let Some(references) = references {
        refer(&mut event, &references, &mut errors);
    }
    if errors.is_empty() { Ok(event) } else { Err(CloudEventError(errors)) }
}

fn revision(value: Option<&Value>, errors: &mut Vec<EventError>) -> (String, Vec<i64>) {
    let text = match value {
        None => return (String::new(), Vec::new()),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(other) => other.to_string(),
    };
    match text.parse::<i64>().ok().or_else(|| parse_instant(&text)) {
        Some(order) => (text, vec![order]),
        None => {
            errors.push(wrong(
                "revision",
                &format!("`{text}` has no order: expected a whole number or an RFC 3339 instant"),
            ));
            (text, Vec::new())
        }
    }
}

fn refer(event: &mut Event, references: &Value, errors: &mut Vec<EventError>) {
    let Some(list) = references.as_array() else {
        errors.push(wrong("data.references", "expected a list of {\"role\", \"subject\"}"));
        return;
    };
    for reference in list {
        let part = |name: &str| reference.get(name).and_then(Value::as_str).unwrap_or_default();
        let done =
            part("subject").parse::<Subject>().map_err(EventError::from).and_then(|s| event.refer(part("role"), s));
        errors.extend(done.err());
    }
}

/// Checks what protobuf's JSON mapping does not: required fields, decimals, dates, subjects, currencies.
fn check_fields(at: &str, fields: &[Field], data: &Map<String, Value>, errors: &mut Vec<EventError>) {
    for field in fields {
        let path = format!("{at}.{}", field.name);
        match data.get(&field.name).filter(|v| !v.is_null()) {
            None if field.required => errors.push(wrong(&path, "is missing")),
            None => {}
            Some(Value::Array(list)) if field.repeated => {
                for (n, value) in list.iter().enumerate() {
                    check_value(&format!("{path}[{n}]"), &field.kind, value, errors);
                }
            }
            Some(value) => check_value(&path, &field.kind, value, errors),
        }
    }
}

/// Writes currencies as ISO 4217 does, `eur` as `EUR`, so that two spellings are one content.
fn plain_codes(fields: &[Field], data: &mut Map<String, Value>) {
    for field in fields {
        let values = match data.get_mut(&field.name) {
            Some(Value::Array(list)) => list.as_mut_slice(),
            Some(value) => std::slice::from_mut(value),
            None => continue,
        };
        for object in values.iter_mut().filter_map(Value::as_object_mut) {
            match (&field.kind, object.get_mut("currency")) {
                (FieldKind::Money, Some(Value::String(code))) => {
                    if let Some(currency) = Currency::from_code(code) {
                        *code = currency.code().to_owned();
                    }
                }
                (FieldKind::Message(fields), _) => plain_codes(fields, object),
                _ => {}
            }
        }
    }
}

fn check_value(path: &str, kind: &FieldKind, value: &Value, errors: &mut Vec<EventError>) {
    let text = value.as_str().unwrap_or_default();
    match kind {
        FieldKind::Decimal => {
            if let Err(error) = parse_decimal(text) {
                errors.push(wrong(path, &error.to_string()));
            }
        }
        FieldKind::Date => {
            if text.parse::<jiff::civil::Date>().is_err() || text.len() != 10 {
                errors.push(wrong(path, &format!("`{text}` is no date such as 2026-03-09")));
            }
        }
        FieldKind::Subject(kind) => match text.parse::<Subject>() {
            Ok(subject) if subject.kind() == *kind => {}
            Ok(subject) => errors.push(wrong(path, &format!("`{subject}` is no {}", kind.word()))),
            Err(error) => errors.push(wrong(path, &error.to_string())),
        },
        FieldKind::Money => {
            if let Err(error) = parse_decimal(value.get("amount").and_then(Value::as_str).unwrap_or_default()) {
                errors.push(wrong(&format!("{path}.amount"), &error.to_string()));
            }
            let currency = value.get("currency").and_then(Value::as_str).unwrap_or_default();
            if let Err(error) = currency.parse::<Currency>() {
                errors.push(wrong(&format!("{path}.currency"), &error.to_string()));
            }
        }
        FieldKind::Message(fields) => match value.as_object() {
            Some(inner) => check_fields(path, fields, inner, errors),
            None => errors.push(wrong(path, "expected an object")),
        },
        FieldKind::Text | FieldKind::Bool | FieldKind::Integer | FieldKind::Enum(_) => {}
    }
}

fn wrong(field: &str, problem: &str) -> EventError {
    EventError::Field { field: field.to_owned(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invoice(currency: &str) -> Result<Event, CloudEventError> {
        from_cloudevent(&json!({
            "specversion": "1.0", "id": "I-1", "source": "erp", "type": "finance.invoice_issued.v1",
            "subject": "invoice:erp:I-1", "time": "2001-03-09T09:00:00Z",
            "data": {"number": "I-1", "total": {"amount": "1.00", "currency": currency}},
        }))
    }

    #[test]
    fn a_currency_is_any_that_iso_4217_ever_had_in_one_spelling() {
        for (written, code) in [("eur", "EUR"), ("EUR", "EUR"), ("DEM", "DEM"), ("ang", "ANG"), ("BYR", "BYR")] {
            let event = invoice(written).unwrap();
            assert_eq!(to_cloudevent(&event)["data"]["total"]["currency"], code, "{written}");
        }
    }

    #[test]
    fn a_word_that_never_was_a_currency_is_refused_with_what_was_probably_meant() {
        for (written, help) in [("RMB", "did you mean `CNY`?"), ("ZZZ", "EUR"), ("", "EUR")] {
            let error = invoice(written).unwrap_err().to_string();
            assert!(error.contains("data.total.currency") && error.contains(help), "{error}");
        }
    }
}
