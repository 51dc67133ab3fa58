//! What an explanation must say of a value, told from the view that shows it.

use std::collections::BTreeSet;

use onefold_service::Explanation;
use serde_json::{Value, json};

/// Figures that are no sums: the ends of their paths.
const RATIOS: [&str; 4] = [".mean_interval_days", ".mean_days_to_pay", ".on_time_share", ".mean_of_5"];
/// Lists whose entries are explained by the subject that they name in this member.
const ENTRIES: [(&str, &str); 6] = [
    ("latest[", "subject"),
    ("contacts.latest[", "subject"),
    ("cases.open_cases[", "subject"),
    ("findings.latest[", "subject"),
    ("records[", "party"),
    ("kept_apart[", "decision"),
];

/// The paths of all values that hold no others.
pub(crate) fn leaves(path: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                leaves(&if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, value, found);
            }
        }
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(n, value)| leaves(&format!("{path}[{n}]"), value, found));
        }
        value => found.push((path.to_owned(), value.clone())),
    }
}

/// A decimal in millionths; none where the text is none.
fn decimal(text: &str) -> Option<i128> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_decimal = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_decimal.then(|| {
        assert!(part.len() <= 6, "{text} is finer than millionths");
        sign * format!("{whole}{part:0<6}").parse::<i128>().expect("digits")
    })
}

/// A figure in millionths; none where the value is none.
fn figure(path: &str, value: &Value) -> Option<i128> {
    if ENTRIES.iter().any(|(list, _)| path.starts_with(list)) || path.ends_with(".name") {
        return None;
    }
    match value {
        Value::Number(number) => decimal(&number.to_string()),
        Value::String(text) if path.contains("by_currency") || path.contains("trade.") => decimal(text),
        _ => None,
    }
}

/// What stands at a path of plain names and of places in lists.
fn at<'v>(shown: &'v Value, path: &str) -> Option<&'v Value> {
    shown.pointer(&format!("/{}", path.replace(['.', '['], "/").replace(']', "")))
}

fn parent(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(parent, _)| parent)
}

/// Whether a value says that there is nothing.
fn is_nothing(path: &str, value: &Value) -> bool {
    value.is_null() || *value == json!(false) || *value == json!("") || figure(path, value) == Some(0)
}

/// Checks the explanation of what a view shows at a path.
pub(crate) fn check(path: &str, shown: &Value, value: &Value, explanation: &Explanation) {
    assert_eq!(&explanation.value, value, "{path}");
    assert!(explanation.sentence.ends_with('.'), "{path}: {}", explanation.sentence);
    let rests = explanation.events.len();
    // A product need not be described by its source.
    assert!(
        rests > 0 || is_nothing(path, value) || path.ends_with(".title"),
        "{path}: rests on nothing: {explanation:?}"
    );
    // Of the latest hundred parts, while none are left out.
    let detailed = explanation.parts.iter().take(if explanation.more_events == 0 { 100 } else { 0 });
    for part in detailed.filter(|part| part.at.is_some()) {
        let has_events = explanation.events.iter().any(|event| event.subject == part.subject);
        assert!(has_events, "{path}: no event of {}", part.subject);
    }
    check_formula(path, shown, value, explanation);
    check_statements(path, shown, value, explanation);
    check_subjects(path, shown, value, explanation);
    if !RATIOS.iter().any(|end| path.ends_with(end)) {
        check_parts(path, shown, value, explanation);
    }
}

/// The parts add up to the value, their terms to each, and each is what its document shows.
fn check_parts(path: &str, shown: &Value, value: &Value, explanation: &Explanation) {
    let Some(sum) = figure(path, value) else { return };
    let parts: Vec<i128> = explanation
        .parts
        .iter()
        .map(|part| figure(path, &part.value).unwrap_or_else(|| panic!("{path}: {part:?}")))
        .collect();
    assert_eq!(parts.iter().sum::<i128>(), sum, "{path}: the parts add up: {explanation:#?}");
    for part in explanation.parts.iter().filter(|part| path.ends_with(".open") && !part.terms.is_empty()) {
        let terms = part.terms.iter().map(|term| figure(path, &json!(term.amount)).expect("an amount"));
        assert_eq!(Some(terms.sum()), figure(path, &part.value), "{path}: the terms of {}", part.subject);
    }
    let is_total = [".ordered", ".invoiced", ".credited"].iter().any(|end| path.ends_with(end));
    if !(is_total && path.starts_with("trade.")) {
        return;
    }
    for part in &explanation.parts {
        let row = shown["latest"].as_array().and_then(|rows| rows.iter().find(|row| row["subject"] == part.subject));
        assert!(
            row.is_none_or(|row| row["amount"] == part.value),
            "{path}: {row:?} shows another amount than {part:?}"
        );
    }
}

/// The figures are those of the view, and the formula makes the value of them.
fn check_formula(path: &str, shown: &Value, value: &Value, explanation: &Explanation) {
    for figure in explanation.figures.iter().filter(|figure| figure.name != "purchases") {
        let near = |place: &str| at(shown, &format!("{place}.{}", figure.name));
        let found = near(parent(path)).or_else(|| near(parent(parent(path)))).unwrap_or(&Value::Null);
        assert_eq!(&figure.value, found, "{path}: `{}` of the formula", figure.name);
    }
    let figures: Vec<i128> = explanation.figures.iter().map(|one| figure(path, &one.value).unwrap_or(0)).collect();
    let parts: Vec<i128> = explanation.parts.iter().filter_map(|part| part.value.as_str().and_then(decimal)).collect();
    let (made, parts_of) = match (explanation.formula, figures.as_slice()) {
        ("", _) => return,
        ("invoiced - credited + adjusted", [invoiced, credited, adjusted]) => (invoiced - credited + adjusted, 1),
        ("open - unapplied_credit - unallocated", [open, unapplied, unallocated]) => {
            (open - unapplied - unallocated, 1)
        }
        ("open - overdue", [open, overdue]) => (open - overdue, 1),
        ("1-30 + 31-60 + 61-90 + over-90 days past due", past_due) => (past_due.iter().sum(), 1),
        ("on_time / promised", [on_time, promised]) => (*on_time, promised / 1_000_000),
        ("mean of the parts", []) => (parts.iter().sum(), parts.len() as i128),
        ("(last_at - first_at) in days / (purchases - 1)", [_, _, purchases]) => {
            let counted: i64 = explanation.parts.iter().filter_map(|part| part.value.as_i64()).sum();
            assert_eq!(i128::from(counted) * 1_000_000, *purchases, "{path}: purchases are counted by their documents");
            assert_eq!(value.is_null(), counted < 2, "{path}");
            return;
        }
        (formula, figures) => panic!("{path}: `{formula}` of {figures:?}"),
    };
    match value.as_str().and_then(|text| Some((decimal(text)?, text.split_once('.').map_or(0, |(_, part)| part.len()))))
    {
        Some((value, places)) => {
            // As it is rounded to its places.
            let half = 10i128.pow(6 - u32::try_from(places).expect("few")) / 2;
            assert!((value * parts_of - made).abs() <= parts_of * half, "{path}: {value} is not {made} / {parts_of}");
        }
        None => assert!(value.is_null() && parts_of * made == 0, "{path}: {explanation:?}"),
    }
}

/// Of a field of the profile or an attribute, the first statement is what is shown, and each that says otherwise loses by a rule.
fn check_statements(path: &str, shown: &Value, value: &Value, explanation: &Explanation) {
    for group in ["profile", "attributes"] {
        for (name, field) in shown[group].as_object().into_iter().flatten() {
            if !path.starts_with(&format!("{group}.{name}.")) {
                continue;
            }
            let first = explanation.statements.first().expect("a statement");
            assert_eq!((&first.value, &json!(first.source)), (&field["value"], &field["source"]), "{path}");
            for said in &explanation.statements {
                assert_eq!(said.lost_by.is_empty(), said.value == field["value"], "{path}: {said:?}");
            }
            for other in field["others"].as_array().into_iter().flatten() {
                let is_told = explanation.statements.iter().any(|said| said.value == other["value"]);
                assert!(is_told, "{path}: nobody is told to say {other}");
            }
        }
    }
    let of_parties = ["identifiers[", "contact_persons["].iter().any(|list| path.starts_with(list));
    if of_parties {
        let parties: BTreeSet<&str> =
            shown["parties"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert!(explanation.statements.iter().all(|said| parties.contains(said.party.as_str())), "{path}");
        let counts = explanation.statements.iter().any(|said| said.lost_by.is_empty() && said.value == *value);
        assert!(counts, "{path}: no party says {value}: {:?}", explanation.statements);
    }
}

/// An entry is explained by the subject that it names, a day by the documents of that day, and the customer by all of its parties.
fn check_subjects(path: &str, shown: &Value, value: &Value, explanation: &Explanation) {
    for (list, member) in ENTRIES.iter().filter(|(list, _)| path.starts_with(list)) {
        let place = path.find(']').expect("a place in the list");
        let entry = at(shown, &path[..place]).expect("an entry");
        let parts: Vec<(&Value, &str)> =
            explanation.parts.iter().map(|part| (&part.value, part.subject.as_str())).collect();
        assert_eq!(parts, [(value, entry[*member].as_str().expect("a subject"))], "{path} of {list}");
    }
    if matches!(path, "trade.first_at" | "trade.last_at" | "contacts.last_at") && !value.is_null() {
        assert!(!explanation.parts.is_empty() && explanation.parts.iter().all(|part| part.value == *value), "{path}");
    }
    let linked: Vec<&str> = explanation.links.iter().map(|link| link.party.as_str()).collect();
    let parties: Vec<&str> = shown["parties"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match path {
        "id" => assert_eq!(linked.iter().collect::<BTreeSet<_>>(), parties.iter().collect(), "{path}"),
        path if path.starts_with("parties[") => assert_eq!(linked, [value.as_str().expect("a party")], "{path}"),
        _ => {}
    }
}
