//! What changed between two moments.

use onefold_service::{ChangeCause, DifferenceStep, MovedClock, ReplaySteps, ValueChange, ViewDifference};
use serde_json::Value;

use super::{event_text, one_line};

/// The changes on the whole, then moment by moment what made them.
pub(crate) fn render_difference(difference: &ViewDifference) -> String {
    let (to, clock) = match difference.clock {
        MovedClock::AsOf => (&difference.to.as_of, "AS OF"),
        MovedClock::KnownAt => (&difference.to.known_at, "AS KNOWN AT"),
    };
    let from = difference.from.as_deref().unwrap_or("before the first event");
    let mut lines =
        vec![format!("{clock} {from} -> {}; days end in {}", to.as_deref().unwrap_or("now"), difference.to.zone)];
    lines.push(String::new());
    if difference.changes.is_empty() {
        lines.push("  nothing is another than before".to_owned());
    }
    lines.extend(difference.changes.iter().map(change_line));
    difference.steps.iter().for_each(|step| put_step(step, &mut lines));
    lines.join("\n")
}

/// Each moment with its events, what they changed, and the state after it in a line.
pub(crate) fn render_steps(replayed: &ReplaySteps) -> String {
    let clock = match replayed.clock {
        MovedClock::AsOf => "by when it happened",
        MovedClock::KnownAt => "by when the hub took it in",
    };
    let mut lines = vec![format!("STEP BY STEP {clock}; days end in {}", replayed.to.zone)];
    for step in &replayed.steps {
        put_step(step, &mut lines);
        if let Some(state) = &step.state {
            lines.push(format!("  = {}", state_text(state)));
        }
    }
    lines.join("\n")
}

fn put_step(step: &DifferenceStep, lines: &mut Vec<String>) {
    lines.push(String::new());
    match step.by {
        ChangeCause::Time => lines.push(format!("{}  days passed", step.at)),
        ChangeCause::Events if step.events.is_empty() => {
            lines.push(format!("{}  by events of others, which are not among its own", step.at));
        }
        ChangeCause::Events => lines.extend(step.events.iter().map(event_text)),
    }
    if step.changes.is_empty() {
        lines.push("  changed nothing that is shown".to_owned());
    }
    lines.extend(step.changes.iter().map(change_line));
}

/// A state in a line: of a customer its name, documents and what it owes; of a document how it stands.
fn state_text(state: &Value) -> String {
    let told = |pointer: &str| state.pointer(pointer).map(value_text).unwrap_or_default();
    if state.get("receivable").is_none_or(|receivable| receivable.get("by_currency").is_none()) {
        let parts = [told("/subject"), told("/status"), told("/amount"), told("/currency")];
        return parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    }
    let owed = state.pointer("/receivable/by_currency").and_then(Value::as_object).into_iter().flatten();
    let owed = owed
        .map(|(currency, sums)| format!(", owes {} {currency}", sums.get("owed").map(value_text).unwrap_or_default()));
    let name = told("/profile/name/value");
    let name = if name.is_empty() { "no name known".to_owned() } else { name };
    format!("{name}: {} documents{}", told("/documents"), owed.collect::<String>())
}

fn change_line(change: &ValueChange) -> String {
    let text = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), value_text);
    format!("  {:<52} {} -> {}", change.path, text(&change.before), text(&change.after))
}

/// A value on one line; of an entry with members, these.
fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => one_line(text),
        Value::Object(members) => members.values().map(value_text).collect::<Vec<_>>().join(" "),
        Value::Array(entries) => entries.iter().map(value_text).collect::<Vec<_>>().join(", "),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
