//! Cutting text to what counts, by characters, in a fixed order: strip, replace, match, part, slice.

use std::borrow::Cow;

use onefold_event::ValueFault;
use regex::Regex;

#[derive(Debug, Clone)]
pub(crate) enum TextEdit {
    Strip(Vec<String>),
    Replace(Vec<(String, String)>),
    /// The first group of the match, or the whole of it.
    Match(Regex),
    /// The same of every match: a list.
    MatchAll(Regex),
    /// Which piece between marks, from 1; from the end if negative.
    Part {
        by: String,
        n: i64,
    },
    /// Start (from 1) and length.
    Slice {
        start: usize,
        length: usize,
    },
}

impl TextEdit {
    pub(crate) fn edit_text<'t>(&self, text: Cow<'t, str>) -> Result<Cow<'t, str>, ValueFault> {
        Ok(match self {
            Self::Strip(marks) => {
                if marks.iter().any(|m| text.contains(m.as_str())) {
                    let bare = marks.iter().fold(text.into_owned(), |t, m| t.replace(m.as_str(), ""));
                    Cow::Owned(bare.trim().to_owned())
                } else {
                    text
                }
            }
            Self::Replace(pairs) => pairs.iter().fold(text, |t, (old, new)| {
                if t.contains(old.as_str()) { Cow::Owned(t.replace(old.as_str(), new)) } else { t }
            }),
            // One text of it; who wants all asks for them.
            Self::Match(regex) | Self::MatchAll(regex) => {
                let found =
                    regex.captures(&text).and_then(|c| c.get(1).or_else(|| c.get(0)).map(|m| m.as_str().to_owned()));
                match found {
                    Some(found) => Cow::Owned(found),
                    None => return Err(nothing_to_edit(&text, format!("a text that matches {}", regex.as_str()))),
                }
            }
            Self::Part { by, n } => {
                let parts: Vec<&str> = text.split(by.as_str()).collect();
                let count = i64::try_from(parts.len()).unwrap_or(i64::MAX);
                let at = if *n > 0 { n - 1 } else { count + n };
                match usize::try_from(at).ok().and_then(|at| parts.get(at)) {
                    Some(part) => Cow::Owned((*part).trim().to_owned()),
                    None => return Err(nothing_to_edit(&text, format!("at least {} parts between `{by}`", n.abs()))),
                }
            }
            Self::Slice { start, length } => Cow::Owned(text.chars().skip(start - 1).take(*length).collect()),
        })
    }
}

/// The first group of every match, or the whole of it.
pub(crate) fn all_matches(regex: &Regex, text: &str) -> Vec<String> {
    let first = |found: regex::Captures| found.get(1).or_else(|| found.get(0)).map(|m| m.as_str().to_owned());
    regex.captures_iter(text).filter_map(first).collect()
}

fn nothing_to_edit(text: &str, expected: String) -> ValueFault {
    ValueFault::new("R0409", "the text has nothing to cut out").instead(text, expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(cut: TextEdit, text: &str) -> Option<String> {
        cut.edit_text(text.into()).ok().map(Cow::into_owned)
    }

    #[test]
    fn each_cut_takes_what_it_says() {
        assert_eq!(cut(TextEdit::Strip(vec!["%".into()]), "13 %").as_deref(), Some("13"));
        assert_eq!(cut(TextEdit::Replace(vec![("O".into(), "0".into())]), "1O5").as_deref(), Some("105"));
        assert_eq!(cut(TextEdit::Match(Regex::new(r"SO-(\d+)").unwrap()), "ref SO-771 x").as_deref(), Some("771"));
        assert_eq!(cut(TextEdit::Match(Regex::new(r"SO-(\d+)").unwrap()), "none"), None);
        assert_eq!(cut(TextEdit::Part { by: "/".into(), n: 2 }, "a/b/c").as_deref(), Some("b"));
        assert_eq!(cut(TextEdit::Part { by: "/".into(), n: -1 }, "a/b/c").as_deref(), Some("c"));
        assert_eq!(cut(TextEdit::Part { by: "/".into(), n: 4 }, "a/b/c"), None);
    }

    #[test]
    fn slices_count_characters_and_not_bytes() {
        assert_eq!(cut(TextEdit::Slice { start: 2, length: 2 }, "人民币元").as_deref(), Some("民币"));
        assert_eq!(cut(TextEdit::Slice { start: 1, length: 1 }, "C496350").as_deref(), Some("C"));
        assert_eq!(cut(TextEdit::Slice { start: 9, length: 1 }, "C").as_deref(), Some(""));
    }
}
