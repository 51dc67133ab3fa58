//! Where in a record a value stands, as the connector file writes it.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_need_no_escaping() {
        for heading in ["价税合计(元)", "Qty/Unit", "Cust. No.", "a.b", "$.x"] {
            assert_eq!(Path::parse(heading, Shape::Table), Ok(Path::Column(heading.into())));
        }
        assert_eq!(Path::parse("\\#no", Shape::Table), Ok(Path::Column("#no".into())));
        assert_eq!(Path::parse("#3", Shape::Table), Ok(Path::Position(2)));
        assert!(Path::parse("#no", Shape::Table).is_err());
    }
}
