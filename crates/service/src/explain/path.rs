//! Where a value stands in what is shown, as people name it.

use serde_json::Value;

use crate::ServiceError;
use crate::past::value_parts;

/// Names that an error gives of what there is instead.
const MOST_NAMES: usize = 40;

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ValueStep {
    /// A member of an object.
    Member(String),
    /// An entry of a list, by what tells it apart.
    Entry(String),
}

/// A value that was found.
#[derive(Debug, Clone)]
pub(super) struct FoundValue<'v> {
    /// The steps to it.
    pub(super) steps: Vec<ValueStep>,
    /// Itself.
    pub(super) value: &'v Value,
    /// The entries of lists that it is, or stands in, from without.
    pub(super) entries: Vec<&'v Value>,
}

impl<'v> FoundValue<'v> {
    /// The innermost of them.
    pub(super) fn entry(&self) -> Option<&'v Value> {
        self.entries.last().copied()
    }

    /// The path as `diff` writes it.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.steps {
            match step {
                ValueStep::Member(name) if path.is_empty() => path.push_str(name),
                ValueStep::Member(name) => path.extend([".", name]),
                ValueStep::Entry(name) => path.extend(["[", name, "]"]),
            }
        }
        path
    }

    /// Paths of what it holds.
    pub(super) fn fields(&self) -> Vec<String> {
        value_parts(Some(self.value)).into_keys().map(|name| format!("{}{name}", self.path())).collect()
    }
}

/// The value at a path, such as `receivable.by_currency.CNY.open`, `latest[invoice:erp:I1].amount` or `latest[0]`.
///
/// # Errors
/// There is none: what there is where it ends is told.
pub(super) fn find_value<'v>(shown: &'v Value, path: &str) -> Result<FoundValue<'v>, ServiceError> {
    let path = path.trim();
    if let Some(found) = value_at(shown, path) {
        return Ok(found);
    }
    let cuts = path.char_indices().rev().filter(|(_, c)| matches!(c, '.' | '[')).map(|(at, _)| at);
    let before = cuts.filter_map(|at| path.split_at_checked(at)).find_map(|(before, _)| value_at(shown, before));
    let (before, place) = match &before {
        Some(found) => (found.value, format!("`{}`", found.path())),
        None => (shown, "what is shown".to_owned()),
    };
    let names: Vec<String> =
        value_parts(Some(before)).into_keys().map(|name| name.trim_start_matches('.').to_owned()).collect();
    let more = if names.len() > MOST_NAMES { format!(" and {} more", names.len() - MOST_NAMES) } else { String::new() };
    let there = match names.get(..MOST_NAMES.min(names.len())).unwrap_or_default() {
        [] if before.is_object() || before.is_array() => "it is empty".to_owned(),
        [] => "it is a value and holds no others".to_owned(),
        names => format!("there is {}{more}", names.join(", ")),
    };
    Err(ServiceError::not_found(format!("there is no `{path}`: of {place} {there}")))
}

/// The value at a path; none where there is none.
pub(super) fn value_at<'v>(shown: &'v Value, path: &str) -> Option<FoundValue<'v>> {
    let mut found = FoundValue { steps: Vec::new(), value: shown, entries: Vec::new() };
    (!path.is_empty() && walk(&mut found, path)).then_some(found)
}

/// Goes on along a path. Names may hold what parts steps: so each that fits is tried.
fn walk(found: &mut FoundValue<'_>, rest: &str) -> bool {
    if rest.is_empty() {
        return true;
    }
    let before = found.clone();
    for (name, part) in value_parts(Some(before.value)) {
        let written = if before.steps.is_empty() { name.trim_start_matches('.') } else { &name };
        let by_name = rest.strip_prefix(written);
        let ends = |after: &&str| after.is_empty() || after.starts_with(['.', '[']);
        let Some(after) = by_name.filter(ends).or_else(|| by_number(before.value, part, rest).filter(ends)) else {
            continue;
        };
        let step = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            Some(entry) => ValueStep::Entry(entry.to_owned()),
            None => ValueStep::Member(name.trim_start_matches('.').to_owned()),
        };
        if matches!(step, ValueStep::Entry(_)) {
            found.entries.push(part);
        }
        found.steps.push(step);
        found.value = part;
        if walk(found, after) {
            return true;
        }
        found.clone_from(&before);
    }
    false
}

/// What follows a number that stands for an entry of a list, counted from 0.
fn by_number<'p>(list: &Value, entry: &Value, rest: &'p str) -> Option<&'p str> {
    let (number, after) = rest.strip_prefix('[')?.split_once(']')?;
    let place: usize = number.parse().ok()?;
    list.as_array()?.get(place).filter(|at| std::ptr::eq(*at, entry)).map(|_| after)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_found_by_names_by_what_tells_entries_apart_and_by_their_number() {
        let shown = json!({
            "open": { "CNY": "100.00", "a.b": "1" },
            "latest": [{ "subject": "invoice:a:1", "open": "100.00" }, { "subject": "order:a:1" }],
        });
        let at = |path: &str| find_value(&shown, path).map(|found| (found.path(), found.value.clone()));
        assert_eq!(at("open.CNY").unwrap(), ("open.CNY".to_owned(), json!("100.00")));
        assert_eq!(at("open.a.b").unwrap().1, json!("1"), "a name may hold a point");
        let named = "latest[invoice:a:1].open";
        assert_eq!(at(named).unwrap(), at("latest[0].open").unwrap());
        assert_eq!(at("latest[0].open").unwrap().0, named);
        let entry = find_value(&shown, named).unwrap();
        assert_eq!(entry.entry(), shown.pointer("/latest/0"));
        for (path, said) in [
            ("open.EUR", "`open` there is CNY, a.b"),
            ("latest[2].open", "`latest` there is [invoice:a:1], [order:a:1]"),
            ("open.CNY.x", "`open.CNY` it is a value"),
            ("opened", "what is shown there is latest, open"),
            ("", "there is latest, open"),
        ] {
            let error = find_value(&shown, path).unwrap_err();
            assert!(error.message.contains(said), "{path}: {error}");
        }
    }
}
