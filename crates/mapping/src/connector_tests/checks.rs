//! What a test's `check` names in the events that were made, and whether it is as expected.

use onefold_event::{FieldKind, FieldValue, MessageField, Occurred, parse_decimal, parse_instant, parse_time};

use crate::program::compiled::CompiledConnector;
use crate::program::event::RevisionDef;
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

/// Every value of an event under the path by which `find_checked` finds it, in the order of its fields.
pub(crate) fn list_checked(n: usize, one: &MadeEvent, program: &CompiledConnector) -> Vec<(String, String)> {
    let Some(def) = program.events.get(one.def) else { return Vec::new() };
    let header = &one.event.header;
    // A day is written without a time, so that `day` would say no more.
    let mut steps = vec!["subject".to_owned(), "occurred_at".to_owned()];
    // A digest of what the mapping reads is another one for each column more, though the version is the same.
    if matches!(def.revision, Some(RevisionDef::Cell(_))) {
        steps.push("revision".to_owned());
    }
    for reference in &header.references {
        let step = format!("refs.{}", reference.role.word());
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    let (message, kind) = (FieldValue::Message(one.message.clone()), FieldKind::Message(def.ty.fields.clone()));
    list_below(&message, &kind, "", &mut steps);
    let mut listed = Vec::new();
    for step in steps {
        // By place and path alone, so that what is listed is what is found.
        let found = find_checked(std::slice::from_ref(one), &format!("0.{step}"), program);
        if let Ok(Some(value)) = found
            && !value.is_empty()
        {
            listed.push((format!("{n}.{step}"), value));
        }
    }
    listed
}

/// Paths of all single values below.
fn list_below(value: &FieldValue, kind: &FieldKind, path: &str, paths: &mut Vec<String>) {
    let below = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
    match (value, kind) {
        (FieldValue::List(list), _) => {
            for (n, item) in list.iter().enumerate() {
                match item_name(list, kind, item) {
                    Some(name) => paths.push(below(name)),
                    None => list_below(item, kind, &below(&n.to_string()), paths),
                }
            }
        }
        (FieldValue::Message(fields), FieldKind::Message(known)) => {
            for (number, inner) in fields {
                if let Some(field) = known.iter().find(|field| field.number == *number) {
                    list_below(inner, &field.kind, &below(&field.name), paths);
                }
            }
        }
        _ => paths.push(path.to_owned()),
    }
}

/// By which name an item of names and texts is found among the others; none where a path could not write it, or says no more than it.
fn item_name<'v>(list: &'v [FieldValue], kind: &FieldKind, item: &'v FieldValue) -> Option<&'v str> {
    let (FieldKind::Message(known), FieldValue::Message(fields)) = (kind, item) else { return None };
    let of_name = known.iter().find(|field| field.name == "name")?.number;
    let name = fields.iter().find_map(|(n, value)| match value {
        FieldValue::Text(text) if *n == of_name => Some(text.as_str()),
        _ => None,
    })?;
    let is_path = !name.is_empty() && !name.contains('.') && name.parse::<usize>().is_err();
    let found = find_named(list, kind, name).filter(|found| is_path && fields.len() == 2 && std::ptr::eq(*found, item));
    found.map(|_| name)
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
