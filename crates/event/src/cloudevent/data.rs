//! The data of a CloudEvent, field by field: cleaned and judged as in files, and written as protobuf's JSON mapping has it.

use serde_json::{Map, Number, Value};

use super::read::EventSender;
use super::{field_error, missing_value, value_error};
use crate::{
    Currency, CurrencyError, EventError, FieldKind, MessageField, ValueFault, clean_text, read_date, read_decimal,
    read_json_number,
};

/// The fields of a message. What is blank is not there; an object in which nothing is, neither.
pub(super) fn read_fields(
    at: &str,
    fields: &[MessageField],
    mut data: Map<String, Value>,
    sender: &EventSender,
    errors: &mut Vec<EventError>,
) -> Map<String, Value> {
    let (mut read, mut absent) = (Map::new(), Vec::new());
    for field in fields {
        let path = format!("{at}.{}", field.name);
        let given = data.remove(&field.name).or_else(|| data.remove(&camel_case(&field.name)));
        let value = match given {
            None | Some(Value::Null) => None,
            Some(Value::Array(list)) if field.repeated => {
                let one = |(n, value)| read_value(&format!("{path}[{n}]"), &field.kind, value, sender, errors);
                let list: Vec<Value> = list.into_iter().enumerate().filter_map(one).collect();
                (!list.is_empty()).then_some(Value::Array(list))
            }
            Some(_) if field.repeated => {
                errors.push(field_error(&path, "expected a list"));
                continue;
            }
            Some(value) => {
                let before = errors.len();
                let value = read_value(&path, &field.kind, value, sender, errors);
                if errors.len() > before {
                    continue;
                }
                value
            }
        };
        match value {
            Some(value) => drop(read.insert(field.name.clone(), value)),
            None if field.required => absent.push(missing_value(&path, expected_kind(&field.kind))),
            None => {}
        }
    }
    errors.extend(data.keys().map(|name| field_error(&format!("{at}.{name}"), "is not a field of this type")));
    // Of a message that says nothing at all nothing is missing, unless it is the event's own.
    if !read.is_empty() || at == "data" {
        errors.extend(absent);
    }
    read
}

/// None where it is blank, or wrong, which is then said.
fn read_value(
    path: &str,
    kind: &FieldKind,
    value: Value,
    sender: &EventSender,
    errors: &mut Vec<EventError>,
) -> Option<Value> {
    match (kind, value) {
        (_, Value::Null) => None,
        (FieldKind::Message(fields), Value::Object(inner)) => {
            let read = read_fields(path, fields, inner, sender, errors);
            (!read.is_empty()).then_some(Value::Object(read))
        }
        (FieldKind::Money, Value::Object(inner)) => read_money(path, inner, sender, errors),
        (FieldKind::Message(_) | FieldKind::Money, _) => {
            errors.push(field_error(path, "expected an object"));
            None
        }
        (_, Value::Object(_) | Value::Array(_)) => {
            errors.push(field_error(path, &format!("expected {}", expected_kind(kind))));
            None
        }
        (FieldKind::Bool, Value::Bool(flag)) => Some(Value::Bool(flag)),
        (FieldKind::Enum(_), Value::Number(number)) => Some(Value::Number(number)),
        (FieldKind::Decimal, Value::Number(number)) => {
            report_fault(path, read_json_number(&number.to_string()).map(|d| d.to_string().into()), errors)
        }
        (_, plain) => {
            let text = match &plain {
                Value::String(text) => clean_text(text, true).into_owned(),
                other => other.to_string(),
            };
            if text.is_empty() {
                return None;
            }
            let read = match kind {
                FieldKind::Subject(_) => return read_subject(path, kind, &text, sender, errors),
                _ => plain_value(kind, text),
            };
            report_fault(path, read, errors)
        }
    }
}

fn plain_value(kind: &FieldKind, text: String) -> Result<Value, ValueFault> {
    Ok(match kind {
        FieldKind::Decimal => read_decimal(&text)?.to_string().into(),
        FieldKind::Date => read_date(&text)?.to_string().into(),
        FieldKind::Bool => match text.as_str() {
            "true" => true.into(),
            "false" => false.into(),
            _ => return Err(ValueFault::new("R0430", "this is neither yes nor no").instead(text, "true or false")),
        },
        FieldKind::Integer => {
            let whole = read_json_number(&text)?;
            let n = whole.fract().is_zero().then(|| u32::try_from(whole).ok()).flatten().ok_or_else(|| {
                ValueFault::new("R0414", "this is not a whole number")
                    .instead(text, "a whole number from 0 to 4294967295")
            })?;
            Value::Number(Number::from(n))
        }
        FieldKind::Enum(words) => {
            let lower = text.to_lowercase();
            let (_, number) = words.iter().find(|(word, _)| *word == lower).ok_or_else(|| {
                let all: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
                ValueFault::new("R0403", "this word is not known").instead(text, format!("one of {}", all.join(", ")))
            })?;
            Value::Number(Number::from(*number))
        }
        FieldKind::Text | FieldKind::Subject(_) | FieldKind::Money | FieldKind::Message(_) => text.into(),
    })
}

fn read_subject(
    path: &str,
    kind: &FieldKind,
    text: &str,
    sender: &EventSender,
    errors: &mut Vec<EventError>,
) -> Option<Value> {
    let FieldKind::Subject(kind) = kind else { return None };
    match sender.read_subject(text) {
        Ok(subject) if subject.kind() == *kind => Some(subject.as_str().into()),
        Ok(subject) => {
            errors.push(field_error(path, &format!("expected a {}, not `{subject}`", kind.word())));
            None
        }
        Err(error) => {
            errors.push(field_error(path, &error.to_string()));
            None
        }
    }
}

/// An amount with its currency; without an amount there is no money.
fn read_money(
    path: &str,
    mut inner: Map<String, Value>,
    sender: &EventSender,
    errors: &mut Vec<EventError>,
) -> Option<Value> {
    let (amount, currency) = (inner.remove("amount"), inner.remove("currency").unwrap_or_default());
    errors.extend(inner.keys().map(|name| field_error(&format!("{path}.{name}"), "is not a field of this type")));
    let amount = amount?;
    let before = errors.len();
    let amount = read_value(&format!("{path}.amount"), &FieldKind::Decimal, amount, sender, errors);
    if amount.is_none() && errors.len() == before {
        return None;
    }
    let at = format!("{path}.currency");
    let said_of_amount = errors.split_off(before);
    let code = read_value(&at, &FieldKind::Text, currency, sender, errors);
    let code = match code.as_ref().and_then(Value::as_str) {
        Some(code) => report_fault(&at, read_currency(code), errors)?,
        None => {
            let fault = ValueFault::new("R0410", "an amount has no currency").instead("", "a code such as EUR");
            errors.push(value_error(&at, fault));
            return None;
        }
    };
    // How an amount is written may depend on its currency, so nothing is said of it before that is known.
    errors.extend(said_of_amount);
    let mut money = Map::new();
    money.insert("amount".to_owned(), amount?);
    money.insert("currency".to_owned(), code);
    Some(Value::Object(money))
}

/// A currency in the spelling of ISO 4217: `eur` is `EUR`, so that two spellings are one content.
fn read_currency(code: &str) -> Result<Value, ValueFault> {
    let refused = |error: CurrencyError| {
        ValueFault::new("R0411", "this is not a currency of ISO 4217")
            .instead(code, "a code such as EUR")
            .help(error.help)
    };
    code.parse::<Currency>().map(|currency| currency.code().into()).map_err(refused)
}

fn report_fault(path: &str, read: Result<Value, ValueFault>, errors: &mut Vec<EventError>) -> Option<Value> {
    read.map_err(|fault| errors.push(value_error(path, fault))).ok()
}

fn expected_kind(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "a text",
        FieldKind::Bool => "true or false",
        FieldKind::Integer => "a whole number",
        FieldKind::Decimal => "a decimal",
        FieldKind::Date => "a date",
        FieldKind::Money => "a money",
        FieldKind::Subject(_) => "a subject",
        FieldKind::Enum(_) => "a word",
        FieldKind::Message(_) => "an object",
    }
}

/// A name as protobuf's JSON mapping writes it by default: `due_on` is `dueOn`.
fn camel_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                out.push(c.to_ascii_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::{Event, from_cloudevent, to_cloudevent};
    use serde_json::{Value, json};

    fn invoice(data: Value) -> Result<Event, String> {
        let event = json!({
            "specversion": "1.0", "id": "I1", "source": "erp", "type": "finance.invoice_issued.v1",
            "subject": "invoice:erp:I1", "time": "2026-03-09T17:05:11+08:00", "data": data,
        });
        from_cloudevent(&event).map_err(|error| error.to_string())
    }

    #[test]
    fn one_value_written_in_several_ways_is_one() {
        let plain = invoice(json!({
            "total": {"amount": "1250.50", "currency": "CNY"}, "due_on": "2026-04-08", "lines": [{"product": "P1"}],
        }));
        assert!(plain.is_ok(), "{plain:?}");
        for data in [
            json!({"total": {"amount": serde_json::from_str::<Value>("1250.50").unwrap(), "currency": " CNY "}, "dueOn": "2026-04-08 ", "lines": [{"product": "P1"}]}),
            json!({"total": {"amount": "１２５０．５０", "currency": "CNY"}, "due_on": "2026-04-08", "number": "",
                "lines": [{"product": "\u{200b}P1", "name": " "}, {"quantity": ""}, {}], "tax": {"amount": null}}),
            json!({"total": {"amount": "+1250.50", "currency": "CNY"}, "due_on": "2026-04-08",
                "lines": [{"product": "P1"}], "references": null}),
        ] {
            assert_eq!(invoice(data.clone()), plain, "{data}");
        }
    }

    fn billed(currency: &str) -> Result<Event, String> {
        invoice(json!({"number": "I-1", "total": {"amount": "1.00", "currency": currency}}))
    }

    #[test]
    fn a_currency_is_any_that_iso_4217_ever_had_in_one_spelling() {
        for (written, code) in [("eur", "EUR"), ("EUR", "EUR"), ("DEM", "DEM"), ("ang", "ANG"), ("BYR", "BYR")] {
            let event = billed(written).unwrap();
            assert_eq!(to_cloudevent(&event, &crate::EmptyKeyRing)["data"]["total"]["currency"], code, "{written}");
        }
    }

    #[test]
    fn a_word_that_never_was_a_currency_is_refused_with_what_was_probably_meant() {
        for (written, help) in [("RMB", "did you mean `CNY`?"), ("ZZZ", "EUR"), ("", "EUR")] {
            let error = billed(written).unwrap_err();
            assert!(error.contains("data.total.currency") && error.contains(help), "{error}");
        }
    }

    #[test]
    fn a_field_is_judged_by_whichever_of_its_names_it_comes() {
        for name in ["due_on", "dueOn"] {
            let said = invoice(json!({"total": {"amount": "1", "currency": "CNY"}, name: "9999-12-31"})).unwrap_err();
            assert!(said.contains("due_on") && said.contains("out of range"), "{said}");
        }
    }
}
