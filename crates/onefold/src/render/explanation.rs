//! Why a value is what it is.

use onefold_service::{ExplainedPart, ExplainedTerm, Explanation};
use onefold_view::is_decimal;
use serde_json::Value;

use super::time::time_text;
use super::{amount_text, counted, event_text, one_line, pad_columns};

/// Parts that are shown.
const PARTS: usize = 40;
/// Events that are shown.
const EVENTS: usize = 40;

/// The value and what it is, then what it is made of, what does not count, and the events that it rests on.
pub(crate) fn render_explanation(explanation: &Explanation) -> String {
    let value = value_text(&explanation.value);
    let head = if explanation.fields.is_empty() {
        format!("{} = {value}", explanation.path)
    } else {
        explanation.path.clone()
    };
    let mut lines = vec![head, String::new()];
    let rule = match explanation.rule {
        "" => String::new(),
        rule if rule.bytes().any(|b| b.is_ascii_digit()) => format!("  (rule {rule})"),
        rule => format!("  (rule \u{201c}{rule}\u{201d})"),
    };
    lines.push(format!("{}{rule}", explanation.sentence));
    put_formula(explanation, &mut lines);
    let heads = |lines: &mut Vec<String>, title: &str| lines.extend([String::new(), title.to_owned()]);
    if !explanation.fields.is_empty() {
        heads(&mut lines, "HOLDS");
        lines.extend(explanation.fields.iter().map(|field| format!("  {field}")));
    }
    if !explanation.terms.is_empty() {
        heads(&mut lines, "TERMS");
        lines.push(format!("  {}", terms_text(&explanation.terms)));
    }
    if !explanation.parts.is_empty() {
        heads(&mut lines, "PARTS");
        let shown = explanation.parts.iter().take(PARTS);
        lines.extend(shown.map(part_text));
        put_more(&mut lines, explanation.parts.len().saturating_sub(PARTS), "part");
    }
    if !explanation.statements.is_empty() {
        heads(&mut lines, "SAID BY");
        lines.extend(explanation.statements.iter().map(|said| {
            let at = said.at.as_ref().map(|at| format!("  {}", time_text(at))).unwrap_or_default();
            let lost =
                if said.lost_by.is_empty() { String::new() } else { format!("  (does not count: {})", said.lost_by) };
            format!("  {}{at}  {}{lost}", pad_columns(&said.party, 32), value_text(&said.value))
        }));
    }
    if !explanation.links.is_empty() {
        heads(&mut lines, "JOINED BY");
        for link in &explanation.links {
            lines.push(format!("  {}  first heard of {}", pad_columns(&link.party, 32), link.first_seen));
            lines.extend(link.path.iter().map(|step| format!("      {} -> {}  by {}", step.from, step.to, step.by)));
        }
    }
    if !explanation.lost.is_empty() {
        heads(&mut lines, "DOES NOT COUNT");
        lines.extend(explanation.lost.iter().map(|lost| format!("  {}  {}", pad_columns(&lost.subject, 32), lost.why)));
    }
    if !explanation.decisions.is_empty() {
        heads(&mut lines, "DECIDED BY");
        lines.extend(explanation.decisions.iter().map(|made| {
            format!(
                "  {}  {}  {} by {}: {}",
                made.decided_at,
                made.subject,
                made.what.replace('_', " "),
                made.by,
                one_line(&made.why)
            )
        }));
    }
    if !explanation.events.is_empty() {
        heads(&mut lines, "RESTS ON");
        lines.extend(explanation.events.iter().take(EVENTS).map(|event| format!("  {}", event_text(event))));
        let unseen = explanation.events.len().saturating_sub(EVENTS) + explanation.more_events;
        put_more(&mut lines, unseen, "event");
    }
    lines.join("\n")
}

fn put_formula(explanation: &Explanation, lines: &mut Vec<String>) {
    if explanation.formula.is_empty() {
        return;
    }
    let name = explanation.path.rsplit_once('.').map_or(explanation.path.as_str(), |(_, name)| name);
    lines.extend([String::new(), format!("  {name} = {}", explanation.formula)]);
    let width = explanation.figures.iter().map(|figure| figure.name.len()).max().unwrap_or(0);
    lines.extend(
        explanation
            .figures
            .iter()
            .map(|figure| format!("    {:<width$}  {:>16}", figure.name, value_text(&figure.value))),
    );
}

fn put_more(lines: &mut Vec<String>, unseen: usize, of: &str) {
    if unseen > 0 {
        let more = counted(i128::try_from(unseen).unwrap_or(0), of, &format!("{of}s"));
        lines.push(format!("  and {more} more; --json tells {}", if of == "part" { "all" } else { "more" }));
    }
}

fn part_text(part: &ExplainedPart) -> String {
    let at = part.at.as_ref().map(time_text).unwrap_or_default();
    let status = if part.status.is_empty() { String::new() } else { format!("  {}", part.status.replace('_', " ")) };
    let why = if part.why.is_empty() { String::new() } else { format!("  {}", part.why) };
    // An entry of a list is shown above already.
    let value = if part.value.is_object() { String::new() } else { format!("{:>16}  ", value_text(&part.value)) };
    let at = if at.is_empty() && part.value.is_object() { String::new() } else { format!("{at:<22}  ") };
    let text = format!("  {value}{at}{}{status}{why}", pad_columns(&part.subject, 32));
    // One that nothing was said of is its total, which the part shows already.
    if part.terms.len() < 2 { text } else { format!("{text}\n  {:>16}  = {}", "", terms_text(&part.terms)) }
}

fn terms_text(terms: &[ExplainedTerm]) -> String {
    let term = |term: &ExplainedTerm| {
        let by = if term.by.is_empty() { String::new() } else { format!(" ({})", term.by) };
        format!("{} {}{by}", term.what, amount_text(&term.amount))
    };
    terms.iter().map(term).collect::<Vec<_>>().join("; ")
}

/// A value on one line; of one with members these by their names.
fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) if is_decimal(text) => amount_text(text),
        Value::String(text) => one_line(text),
        // Of a value with who says it no more is told on a line.
        Value::Object(members) if members.contains_key("value") && members.contains_key("others") => {
            let told = |name: &str| members.get(name).map(value_text).unwrap_or_default();
            format!("{} ({})", told("value"), told("source"))
        }
        Value::Object(members) if members.contains_key("key") && members.contains_key("state") => {
            let told = |name: &str| members.get(name).map(value_text).unwrap_or_default();
            format!("{} ({})", told("key"), told("state"))
        }
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| match value {
                Value::String(text) if text.is_empty() => None,
                value => Some(format!("{name} {}", value_text(value))),
            };
            members.iter().filter_map(member).collect::<Vec<_>>().join(", ")
        }
        Value::Array(entries) if entries.len() > 3 => {
            counted(i128::try_from(entries.len()).unwrap_or(0), "entry", "entries")
        }
        Value::Array(entries) => entries.iter().map(value_text).collect::<Vec<_>>().join("; "),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
