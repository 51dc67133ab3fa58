//! What a test's `check` names in the events that were made, and whether it is as expected.

use onefold_event::{FieldKind, FieldValue, MessageField, Occurred, parse_decimal, parse_instant, parse_time};

use crate::program::compiled::CompiledConnector;
use crate::report::nearest::did_you_mean;
use crate::run::map::MadeEvent;

/// Which event a path such as `0.total` is about, counted from 0.
pub(crate) fn event_place(path: &str) -> Option<usize> {
    path.split_once('.')?.0.parse().ok()
}

/// What stands at a path such as `0.lines.1.product`; None where nothing does.
pub(crate) fn find_checked(
    made: &[MadeEvent],
    path: &str,
    program: &CompiledConnector,
) -> Result<Option<String>, String> {
    let (n, rest) = path
        .split_once('.')
        .ok_or_else(|| format!("`{path}` is no path: expected 0.total, with the event's place from 0"))?;
    let n: usize = n.parse().map_err(|_| format!("`{path}` does not begin with an event's place, from 0"))?;
    let Some(one) = made.get(n) else { return Err(format!("there is no event {n}")) };
    let Some(def) = program.events.get(one.def) else { return Ok(None) };
    let event = &one.event;
    let steps: Vec<&str> = rest.split('.').collect();
    Ok(match steps.as_slice() {
        ["type"] => Some(def.ty.name.to_owned()),
        ["subject"] => Some(event.header.subject.to_string()),
        ["occurred_at"] => Some(event.header.occurred().to_string()),
        ["day"] => Some(event.header.day.to_string()),
        ["revision"] => Some(event.header.revision.clone()).filter(|r| !r.is_empty()),
        ["refs", role] => {
            let subjects: Vec<_> = event
                .header
                .references
                .iter()
                .filter(|r| r.role.word() == *role)
                .map(|r| r.subject.to_string())
                .collect();
            Some(subjects.join(", ")).filter(|t| !t.is_empty())
        }
        _ => find_below(
            &FieldValue::Message(one.message.clone()),
            &FieldKind::Message(def.ty.fields.clone()),
            &steps,
            rest,
        )?,
    })
}

fn find_below(value: &FieldValue, kind: &FieldKind, steps: &[&str], path: &str) -> Result<Option<String>, String> {
    let Some((step, rest)) = steps.split_first() else { return Ok(show_value(value, kind)) };
    match (value, kind) {
        (FieldValue::List(list), _) => match step.parse::<usize>() {
            Ok(n) => list.get(n).map_or(Ok(None), |item| find_below(item, kind, rest, path)),
            Err(_) => find_named(list, kind, step).map_or(Ok(None), |item| find_below(item, kind, &["text"], path)),
        },
        (FieldValue::Message(fields), FieldKind::Message(known)) => {
            let Some(field) = known.iter().find(|f| f.name == *step) else {
                let advice =
                    did_you_mean(step, known.iter().map(|f: &MessageField| f.name.as_str())).unwrap_or_default();
                return Err(format!("`{path}`: there is no field `{step}` {advice}").trim_end().to_owned());
            };
            match fields.iter().find(|(n, _)| *n == field.number) {
                Some((_, inner)) => find_below(inner, &field.kind, rest, path),
                None => Ok(None),
            }
        }
        _ => Err(format!("`{path}` goes on below a single value")),
    }
}

/// The item of a list of names and texts that bears a name, as connector files write it: `attributes.colour`.
fn find_named<'v>(list: &'v [FieldValue], kind: &FieldKind, name: &str) -> Option<&'v FieldValue> {
    let FieldKind::Message(known) = kind else { return None };
    let number = |field: &str| Some(known.iter().find(|f| f.name == field)?.number);
    // Of names and texts alone.
    number("text")?;
    let of_name = number("name")?;
    list.iter().find(|item| match item {
        FieldValue::Message(fields) => {
            fields.iter().any(|(n, value)| *n == of_name && matches!(value, FieldValue::Text(text) if text == name))
        }
        _ => false,
    })
}

fn show_value(value: &FieldValue, kind: &FieldKind) -> Option<String> {
    Some(match (value, kind) {
        (FieldValue::Text(text), _) => text.clone(),
        (FieldValue::Bool(flag), _) => flag.to_string(),
        (FieldValue::Integer(n), _) => n.to_string(),
        (FieldValue::Enum(n), FieldKind::Enum(words)) => words.iter().find(|(_, m)| m == n)?.0.clone(),
        (FieldValue::Enum(n), _) => n.to_string(),
        (FieldValue::Message(fields), FieldKind::Money) => {
            fields.iter().filter_map(|(_, v)| show_value(v, &FieldKind::Text)).collect::<Vec<_>>().join(" ")
        }
        (FieldValue::Message(_), _) => "a message".into(),
        (FieldValue::List(list), _) => list.iter().filter_map(|v| show_value(v, kind)).collect::<Vec<_>>().join(", "),
    })
}

/// Equal by type: `50880.00` is `50880`, one instant may be written with any offset, and a day as its beginning.
pub(crate) fn is_equal_by_type(found: &Option<String>, wanted: &str) -> bool {
    let Some(found) = found else { return wanted.is_empty() };
    if found == wanted {
        return true;
    }
    let amount = |text: &str| {
        let (number, code) = text.split_once(' ').unwrap_or((text, ""));
        parse_decimal(number).ok().map(|d| (d.normalize(), code.to_owned()))
    };
    let instants = parse_instant(found).zip(parse_instant(wanted)).is_some_and(|(a, b)| a == b);
    let day = |text| parse_time(text).map(|(at, offset)| Occurred::new(at, true, offset).to_string());
    let is_day = found.len() == 10 && day(wanted).is_some_and(|day| day == *found);
    instants || is_day || amount(found).zip(amount(wanted)).is_some_and(|(a, b)| a == b)
}
