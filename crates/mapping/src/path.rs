//! Where in a record a value stands.

use serde_json::Value;

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

/// Goes down a JSON value.
pub(crate) fn walk<'v>(mut value: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    for step in steps {
        value = match step {
            Step::Key(key) => value.get(key)?,
            Step::Index(n) => value.get(n)?,
        };
    }
    Some(value)
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
            Path::Json { steps, .. } => walk(value, &steps),
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
        assert!(Path::parse("a..b", Shape::Tree).is_err());
        assert!(Path::parse("a[x]", Shape::Tree).is_err());
    }
}
