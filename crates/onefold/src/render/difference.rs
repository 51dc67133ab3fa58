//! What changed between two moments.

use onefold_service::{ChangeCause, MovedClock, ValueChange, ViewDifference};
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
    for step in &difference.steps {
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
    lines.join("\n")
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
