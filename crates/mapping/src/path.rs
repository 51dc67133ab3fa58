//! Where in a record a value stands.

use serde_json::Value;

use onefold_event::Problem;

/// Which of the formats the paths are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Table,
    Tree,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Path {
    /// A heading, verbatim.
    Column(String),
    /// A column by its place, from 0.
    Position(usize),
    Meta(Meta),
    Json {
        whole: bool,
        steps: Vec<Step>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meta {
    File,
    Line,
    Index,
    Rows,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

impl Path {
    pub(crate) fn parse(text: &str, shape: Shape) -> Result<Self, String> {
        if let Some(word) = text.strip_prefix('#') {
            return meta(word, shape);
        }
        let text = text.strip_prefix("\\#").map_or_else(|| text.to_owned(), |rest| format!("#{rest}"));
        match shape {
            Shape::Table if text.is_empty() => Err("a path is empty".into()),
            Shape::Table => Ok(Self::Column(text)),
            Shape::Tree => {
                let (whole, rest) = match text.strip_prefix('$') {
                    Some(rest) => (true, rest.strip_prefix('.').unwrap_or(rest)),
                    None => (false, text.as_str()),
                };
                Ok(Self::Json { whole, steps: steps(rest)? })
            }
        }
    }
}

fn meta(word: &str, shape: Shape) -> Result<Path, String> {
    Ok(Path::Meta(match word {
        "file" => Meta::File,
        "line" => Meta::Line,
        "index" => Meta::Index,
        "rows" => Meta::Rows,
        _ => match (word.parse::<usize>(), shape) {
            (Ok(n), Shape::Table) if n > 0 => return Ok(Path::Position(n - 1)),
            _ => {
                return Err(format!(
                    "`#{word}` is not known: expected #file, #line, #index, #rows, or #3 for the third column; a heading that begins with # is written \\#"
                ));
            }
        },
    }))
}

fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(index) = rest.strip_prefix('[') {
            let (n, after) = index.split_once(']').ok_or("a `[` has no `]`")?;
            steps.push(Step::Index(n.parse().map_err(|_| format!("`[{n}]` is no place in a list"))?));
            rest = after.strip_prefix('.').unwrap_or(after);
        } else if let Some(quoted) = rest.strip_prefix('\'') {
            let (key, after) = quoted.split_once('\'').ok_or("a quote is not closed")?;
            steps.push(Step::Key(key.to_owned()));
            rest = after.strip_prefix('.').unwrap_or(after);
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            if key.is_empty() {
                return Err("two dots meet".into());
            }
            steps.push(Step::Key(key.to_owned()));
            rest = after.strip_prefix('.').unwrap_or(after);
        }
    }
    Ok(steps)
}

/// A path meets a value that it cannot go on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Misshapen {
    /// Which step cannot be taken.
    step: usize,
    found: &'static str,
}

/// Goes down a JSON value. What is missing or null is absent; what has another shape than the path says is an error.
pub(crate) fn walk<'v>(mut value: &'v Value, steps: &[Step]) -> Result<Option<&'v Value>, Misshapen> {
    for (n, step) in steps.iter().enumerate() {
        let next = match (step, value) {
            (_, Value::Null) => return Ok(None),
            (Step::Key(key), Value::Object(fields)) => fields.get(key),
            (Step::Index(n), Value::Array(list)) => list.get(*n),
            (_, other) => return Err(Misshapen { step: n, found: kind_of(other) }),
        };
        match next {
            Some(next) => value = next,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
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

impl Misshapen {
    /// R0431: where the path ended, and what it expected there.
    pub(crate) fn problem(self, text: &str, steps: &[Step]) -> Problem {
        let show = |steps: &[Step]| {
            let shown = steps.iter().map(|step| match step {
                Step::Key(key) => format!(".{key}"),
                Step::Index(n) => format!("[{n}]"),
            });
            shown.collect::<String>().trim_start_matches('.').to_owned()
        };
        let (before, after) = steps.split_at(self.step.min(steps.len()));
        let at = if before.is_empty() { "the record".to_owned() } else { format!("`{}`", show(before)) };
        let wanted = match after.first() {
            Some(Step::Index(_)) => "a list",
            _ => "an object",
        };
        let mut problem = Problem::new("R0431", "the JSON has another shape than the path says")
            .instead(format!("{at} is {}", self.found), format!("{wanted}, for `{}` to be read of it", show(after)));
        problem.path = text.to_owned();
        if self.found == "a list" && wanted == "an object" {
            let (place, rest) = (show(before), show(after));
            problem = problem
                .help(format!("`{place}[0].{rest}` reads its first item; `each = \"{place}\"` takes every item"));
        }
        problem
    }
}

/// All paths of a mapping, each once.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    pub(crate) list: Vec<(String, Path)>,
    content: Vec<bool>,
    /// What is being read says only in which order versions come.
    pub(crate) only_order: bool,
}

pub(crate) type PathId = usize;

impl Paths {
    pub(crate) fn add(&mut self, text: &str, shape: Shape) -> Result<PathId, String> {
        let content = !self.only_order;
        if let Some(known) = self.list.iter().position(|(t, _)| t == text) {
            self.content[known] |= content;
            return Ok(known);
        }
        self.list.push((text.to_owned(), Path::parse(text, shape)?));
        self.content.push(content);
        Ok(self.list.len() - 1)
    }

    /// Whether a change there is a change of what the record says.
    pub(crate) fn is_content(&self, id: PathId) -> bool {
        self.content.get(id).copied().unwrap_or(false)
    }

    pub(crate) fn text(&self, id: PathId) -> &str {
        self.list.get(id).map_or("", |(text, _)| text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
        match Path::parse(path, Shape::Tree).unwrap() {
            Path::Json { steps, .. } => walk(value, &steps).unwrap(),
            _ => None,
        }
    }

    #[test]
    fn headings_need_no_escaping() {
        for heading in ["价税合计(元)", "Qty/Unit", "Cust. No.", "a.b", "$.x"] {
            assert_eq!(Path::parse(heading, Shape::Table), Ok(Path::Column(heading.into())));
        }
        assert_eq!(Path::parse("\\#no", Shape::Table), Ok(Path::Column("#no".into())));
        assert_eq!(Path::parse("#3", Shape::Table), Ok(Path::Position(2)));
        assert!(Path::parse("#no", Shape::Table).is_err());
    }

    #[test]
    fn json_paths_go_by_key_index_and_quoted_key() {
        let value = json!({"a": {"b": [1, {"odd.key": 2}]}});
        assert_eq!(at(&value, "a.b[0]"), Some(&json!(1)));
        assert_eq!(at(&value, "$.a.b[1].'odd.key'"), Some(&json!(2)));
        assert_eq!(at(&value, "a.x"), None);
        assert_eq!(at(&json!({"a": null}), "a.b"), None);
        assert!(Path::parse("a..b", Shape::Tree).is_err());
        assert!(Path::parse("a[x]", Shape::Tree).is_err());
    }

    #[test]
    fn a_path_through_a_value_of_another_shape_says_where_it_ended() {
        let of = |value: Value, path: &str| match Path::parse(path, Shape::Tree).unwrap() {
            Path::Json { steps, .. } => walk(&value, &steps).unwrap_err().problem(path, &steps),
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
