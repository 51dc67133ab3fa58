//! Where in a record a value stands, as the connector file writes it.

/// Which of the formats the paths are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordShape {
    Table,
    Tree,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ValuePath {
    /// A heading, verbatim.
    Column(String),
    /// A column by its place, from 0.
    Position(usize),
    Meta(RecordMeta),
    Json {
        whole: bool,
        steps: Vec<PathStep>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordMeta {
    File,
    Line,
    Index,
    Rows,
}

/// One step into a JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// To the value of this key.
    Key(String),
    /// To the item at this place, counted from 0.
    Index(usize),
    /// To every item.
    Every,
}

impl ValuePath {
    pub(crate) fn parse(text: &str, shape: RecordShape) -> Result<Self, String> {
        if let Some(word) = text.strip_prefix('#') {
            return parse_meta(word, shape);
        }
        let text = text.strip_prefix("\\#").map_or_else(|| text.to_owned(), |rest| format!("#{rest}"));
        match shape {
            RecordShape::Table if text.is_empty() => Err("a path is empty".into()),
            RecordShape::Table => Ok(Self::Column(text)),
            RecordShape::Tree => {
                let (whole, rest) = match text.strip_prefix('$') {
                    Some(rest) => (true, rest.strip_prefix('.').unwrap_or(rest)),
                    None => (false, text.as_str()),
                };
                Ok(Self::Json { whole, steps: parse_steps(rest)? })
            }
        }
    }
}

fn parse_meta(word: &str, shape: RecordShape) -> Result<ValuePath, String> {
    Ok(ValuePath::Meta(match word {
        "file" => RecordMeta::File,
        "line" => RecordMeta::Line,
        "index" => RecordMeta::Index,
        "rows" => RecordMeta::Rows,
        "item" if shape == RecordShape::Tree => return Ok(ValuePath::Json { whole: false, steps: Vec::new() }),
        _ => match (word.parse::<usize>(), shape) {
            (Ok(n), RecordShape::Table) if n > 0 => return Ok(ValuePath::Position(n - 1)),
            _ => {
                return Err(format!(
                    "`#{word}` is not known: expected #file, #line, #index, #rows, #item of a JSON list, or #3 for the third column; a heading that begins with # is written \\#"
                ));
            }
        },
    }))
}

fn parse_steps(text: &str) -> Result<Vec<PathStep>, String> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(index) = rest.strip_prefix('[') {
            let (n, after) = index.split_once(']').ok_or("a `[` has no `]`")?;
            steps.push(if n.is_empty() {
                PathStep::Every
            } else {
                PathStep::Index(n.parse().map_err(|_| format!("`[{n}]` is no place in a list"))?)
            });
            rest = after.strip_prefix('.').unwrap_or(after);
        } else if let Some(quoted) = rest.strip_prefix('\'') {
            let (key, after) = quoted.split_once('\'').ok_or("a quote is not closed")?;
            steps.push(PathStep::Key(key.to_owned()));
            rest = after.strip_prefix('.').unwrap_or(after);
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            if key.is_empty() {
                return Err("two dots meet".into());
            }
            steps.push(PathStep::Key(key.to_owned()));
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
            assert_eq!(ValuePath::parse(heading, RecordShape::Table), Ok(ValuePath::Column(heading.into())));
        }
        assert_eq!(ValuePath::parse("\\#no", RecordShape::Table), Ok(ValuePath::Column("#no".into())));
        assert_eq!(ValuePath::parse("#3", RecordShape::Table), Ok(ValuePath::Position(2)));
        assert!(ValuePath::parse("#no", RecordShape::Table).is_err());
    }
}
