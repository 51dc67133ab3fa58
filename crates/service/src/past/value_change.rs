//! What differs between two answers, value by value.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

/// Members by which the entries of a list are told apart, in this order of preference.
const NAMES: [&str; 6] = ["subject", "id", "key", "code", "name", "value"];

/// A value that is another one, that begins or that ends.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueChange {
    /// Where it stands, such as `receivable.by_currency.CNY.open`; an entry of a list by what tells it apart, such as
    /// `latest[invoice:erp:I1].open`. An entry that begins or ends is told whole.
    pub path: String,
    /// What it was; none: it was not there.
    pub before: Option<Value>,
    /// What it is; none: it is there no longer.
    pub after: Option<Value>,
}

impl ValueChange {
    /// All that differs, by path. What was not there, or is there no longer, is told in its values.
    pub fn between(before: Option<&Value>, after: Option<&Value>) -> Vec<Self> {
        let mut changes = Vec::new();
        collect(String::new(), before, after, &mut changes);
        changes
    }
}

fn collect(path: String, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<ValueChange>) {
    if before == after {
        return;
    }
    let is_open = |value: Option<&Value>| value.is_none_or(|value| value.is_object() || value.is_array());
    let is_entry = path.ends_with(']') && (before.is_none() || after.is_none());
    if is_entry || !(is_open(before) && is_open(after)) {
        changes.push(ValueChange { path, before: before.cloned(), after: after.cloned() });
        return;
    }
    let (before, after) = (value_parts(before), value_parts(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let path = if path.is_empty() { name.trim_start_matches('.').to_owned() } else { format!("{path}{name}") };
        collect(path, before.get(name).copied(), after.get(name).copied(), changes);
    }
}

/// The values that an object or a list is made of, each under what is added to the path for it. Entries that bear no name are told
/// apart by what they are: in another order they are the same.
pub(crate) fn value_parts(value: Option<&Value>) -> BTreeMap<String, &Value> {
    match value {
        Some(Value::Object(members)) => members.iter().map(|(name, value)| (format!(".{name}"), value)).collect(),
        Some(Value::Array(entries)) => {
            let mut named = BTreeMap::new();
            for (n, entry) in entries.iter().enumerate() {
                let name = NAMES.iter().find_map(|name| entry.get(name)?.as_str()).map_or_else(
                    || entry.as_str().map_or_else(|| entry.to_string(), ToOwned::to_owned),
                    ToOwned::to_owned,
                );
                // Of two that bear one name each has its own place.
                let taken = named.contains_key(&format!("[{name}]"));
                named.insert(if taken { format!("[{name} {n}]") } else { format!("[{name}]") }, entry);
            }
            named
        }
        _ => BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(before: &Value, after: &Value) -> Vec<String> {
        let text = |value: Option<Value>| value.map_or("-".to_owned(), |value| value.to_string());
        let changes = ValueChange::between(Some(before), Some(after)).into_iter();
        changes.map(|change| format!("{} {} {}", change.path, text(change.before), text(change.after))).collect()
    }

    #[test]
    fn values_that_differ_are_told_by_where_they_stand_and_entries_of_lists_by_what_tells_them_apart() {
        let before = json!({
            "open": { "CNY": "100.00", "EUR": "1.00" },
            "parties": ["party:a:1", "party:a:2"],
            "latest": [{ "subject": "invoice:a:1", "open": "100.00" }, { "subject": "order:a:1" }],
            "since": null,
        });
        let after = json!({
            "open": { "CNY": "60.00" },
            "parties": ["party:a:2", "party:a:1", "party:a:3"],
            "latest": [{ "subject": "order:a:1" }, { "subject": "invoice:a:1", "open": "60.00" }, { "subject": "payment:a:1" }],
            "since": "2026-01-01",
        });
        assert_eq!(
            told(&before, &after),
            [
                r#"latest[invoice:a:1].open "100.00" "60.00""#,
                r#"latest[payment:a:1] - {"subject":"payment:a:1"}"#,
                r#"open.CNY "100.00" "60.00""#,
                r#"open.EUR "1.00" -"#,
                r#"parties[party:a:3] - "party:a:3""#,
                r#"since null "2026-01-01""#,
            ]
        );
        assert!(told(&before, &before).is_empty());
    }
}
