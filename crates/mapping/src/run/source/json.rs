//! Values in a JSON record, and the records in a JSON body.

use onefold_event::Problem;
use serde_json::Value;

use crate::language::path::{PathStep, ValuePath};
use crate::program::compiled::CompiledConnector;
use crate::program::paths::PathId;

/// A path meets a value that it cannot go on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShapeMismatch {
    /// Which step cannot be taken.
    step: usize,
    found: &'static str,
}

/// Goes down a JSON value. What is missing or null is absent; what has another shape than the path says is an error.
pub(crate) fn walk_json<'v>(mut value: &'v Value, steps: &[PathStep]) -> Result<Option<&'v Value>, ShapeMismatch> {
    for (n, step) in steps.iter().enumerate() {
        let next = match (step, value) {
            (_, Value::Null) => return Ok(None),
            (PathStep::Key(key), Value::Object(fields)) => fields.get(key),
            (PathStep::Index(n), Value::Array(list)) => list.get(*n),
            // Paths of several values are walked by `walk_every`; those of one have no such step.
            (PathStep::Every, _) => return Ok(None),
            (_, other) => return Err(ShapeMismatch { step: n, found: kind_of(other) }),
        };
        match next {
            Some(next) => value = next,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

/// The same, with every item where a step says so, in the order of the record.
pub(crate) fn walk_every<'v>(
    value: &'v Value,
    steps: &[PathStep],
    out: &mut Vec<&'v Value>,
) -> Result<(), ShapeMismatch> {
    let at = steps.iter().position(|step| *step == PathStep::Every);
    let (before, rest) = steps.split_at(at.unwrap_or(steps.len()));
    let found = walk_json(value, before)?;
    let (Some(found), [_, rest @ ..]) = (found, rest) else {
        out.extend(found);
        return Ok(());
    };
    match found {
        Value::Null => Ok(()),
        Value::Array(list) => list.iter().try_for_each(|item| {
            let deeper = |wrong: ShapeMismatch| ShapeMismatch { step: wrong.step + before.len() + 1, ..wrong };
            walk_every(item, rest, out).map_err(deeper)
        }),
        other => Err(ShapeMismatch { step: before.len(), found: kind_of(other) }),
    }
}

pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl ShapeMismatch {
    /// R0431: where the path ended, and what it expected there.
    pub(crate) fn to_problem(self, text: &str, steps: &[PathStep]) -> Problem {
        let show = |steps: &[PathStep]| {
            let shown = steps.iter().map(|step| match step {
                PathStep::Key(key) => format!(".{key}"),
                PathStep::Index(n) => format!("[{n}]"),
                PathStep::Every => "[]".to_owned(),
            });
            shown.collect::<String>().trim_start_matches('.').to_owned()
        };
        let (before, after) = steps.split_at(self.step.min(steps.len()));
        let at = if before.is_empty() { "the record".to_owned() } else { format!("`{}`", show(before)) };
        let wanted = match after.first() {
            Some(PathStep::Index(_) | PathStep::Every) => "a list",
            _ => "an object",
        };
        let mut problem = Problem::new("R0431", "the JSON has another shape than the path says")
            .instead(format!("{at} is {}", self.found), format!("{wanted}, for `{}` to be read of it", show(after)));
        problem.path = text.to_owned();
        if self.found == "a list" && wanted == "an object" {
            let (place, rest) = (show(before), show(after));
            problem = problem
                .help(format!("`{place}[0].{rest}` reads its first item; `each = \"{place}\"` takes every item, and so does `{place}[].{rest}`"));
        }
        problem
    }
}

/// The records of a JSON body (`[read] records`); none if it is not for us (`only`).
///
/// # Errors
/// The body has another shape than these paths say.
pub(crate) fn select_records<'v>(
    program: &CompiledConnector,
    body: &'v Value,
) -> Result<Option<Vec<&'v Value>>, Box<Problem>> {
    if !is_for_us(program, body)? {
        return Ok(None);
    }
    let Some(path) = program.records else { return Ok(Some(vec![body])) };
    match value_at(program, path, body)? {
        None | Some(Value::Null) => Ok(Some(Vec::new())),
        Some(Value::Array(list)) => Ok(Some(list.iter().collect())),
        Some(one @ Value::Object(_)) => Ok(Some(vec![one])),
        Some(found) => Err(other_shape(program, path, found, "a list of records, or one that is an object")),
    }
}

fn value_at<'v>(program: &CompiledConnector, path: PathId, body: &'v Value) -> Result<Option<&'v Value>, Box<Problem>> {
    match program.paths.list.get(path) {
        Some((text, ValuePath::Json { steps, .. })) => {
            walk_json(body, steps).map_err(|wrong| Box::new(wrong.to_problem(text, steps)))
        }
        _ => Ok(None),
    }
}

fn other_shape(program: &CompiledConnector, path: PathId, found: &Value, expected: &str) -> Box<Problem> {
    let mut problem =
        Problem::new("R0431", "the JSON has another shape than the path says").instead(kind_of(found), expected);
    problem.path = program.paths.path_text(path).to_owned();
    Box::new(problem)
}

/// Whether a JSON body is one of those that `[read] only` selects.
///
/// # Errors
/// The body has another shape than its paths say.
pub(crate) fn is_for_us(program: &CompiledConnector, body: &Value) -> Result<bool, Box<Problem>> {
    // Before anything of the body is judged: what is not for us is nobody's error.
    for (path, words) in &program.only {
        let text = match value_at(program, *path, body)? {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(found @ (Value::Array(_) | Value::Object(_))) => {
                return Err(other_shape(program, *path, found, "a single value"));
            }
            Some(found) => found.to_string(),
        };
        if !words.contains(&text) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::path::RecordShape;
    use serde_json::json;

    fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
        match ValuePath::parse(path, RecordShape::Tree).unwrap() {
            ValuePath::Json { steps, .. } => walk_json(value, &steps).unwrap(),
            _ => None,
        }
    }

    #[test]
    fn json_paths_go_by_key_index_and_quoted_key() {
        let value = json!({"a": {"b": [1, {"odd.key": 2}]}});
        assert_eq!(at(&value, "a.b[0]"), Some(&json!(1)));
        assert_eq!(at(&value, "$.a.b[1].'odd.key'"), Some(&json!(2)));
        assert_eq!(at(&value, "a.x"), None);
        assert_eq!(at(&json!({"a": null}), "a.b"), None);
        assert!(ValuePath::parse("a..b", RecordShape::Tree).is_err());
        assert!(ValuePath::parse("a[x]", RecordShape::Tree).is_err());
    }

    #[test]
    fn every_item_of_lists_within_lists_is_found_in_order() {
        let every = |value: &Value, path: &str| match ValuePath::parse(path, RecordShape::Tree).unwrap() {
            ValuePath::Json { steps, .. } => {
                let mut found = Vec::new();
                walk_every(value, &steps, &mut found).map(|()| json!(found)).map_err(|wrong| {
                    let problem = wrong.to_problem(path, &steps);
                    format!("{}, not {}", problem.found, problem.expected)
                })
            }
            _ => panic!(),
        };
        let value = json!({"a": [{"b": [1, 2]}, {"b": null}, {}, {"b": [3]}], "c": null, "d": 1});
        assert_eq!(every(&value, "a[].b[]"), Ok(json!([1, 2, 3])));
        assert_eq!(every(&value, "a[].b"), Ok(json!([[1, 2], null, [3]])));
        assert_eq!(every(&value, "a[0].b[]"), Ok(json!([1, 2])));
        assert_eq!((every(&value, "c[].x"), every(&value, "x[]")), (Ok(json!([])), Ok(json!([]))));
        assert_eq!(every(&value, "d[]"), Err("`d` is a number, not a list, for `[]` to be read of it".to_owned()));
        assert!(every(&value, "a[].b[].c").unwrap_err().starts_with("`a[].b[]` is a number, not an object"));
    }

    #[test]
    fn a_path_through_a_value_of_another_shape_says_where_it_ended() {
        let of = |value: Value, path: &str| match ValuePath::parse(path, RecordShape::Tree).unwrap() {
            ValuePath::Json { steps, .. } => walk_json(&value, &steps).unwrap_err().to_problem(path, &steps),
            _ => panic!(),
        };
        let list = of(json!({"customer": [{"id": 1}]}), "customer.id");
        assert_eq!((list.code.as_ref(), list.found.as_str()), ("R0431", "`customer` is a list"));
        assert!(list.help[0].contains("`customer[0].id`"), "{list}");
        assert_eq!(of(json!({"a": {"b": "text"}}), "a.b.c").found, "`a.b` is a text");
        assert_eq!(of(json!({"a": {"b": 1}}), "a[0]").expected, "a list, for `[0]` to be read of it");
        assert_eq!(of(json!([1]), "a").found, "the record is a list");
    }
}
