//! An expression's text to tokens.

use crate::report::source_text::TextSpan;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SyntaxToken {
    Text(String),
    Number(String),
    /// A name, dotted or not, or a word such as `and`.
    Name(String),
    Mark(&'static str),
}

const MARKS: [&str; 16] = ["==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "(", ")", "[", "]", ",", "="];

pub(crate) fn split_tokens(text: &str) -> Result<Vec<(SyntaxToken, TextSpan)>, (String, TextSpan)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        let c = rest.chars().next().unwrap_or(' ');
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (token, length) = if c == '\'' || c == '"' {
            // No escapes: a text that holds one kind of quote stands in the other.
            let inner = rest.get(1..).unwrap_or_default();
            let end = inner.find(c).ok_or_else(|| ("a text is not closed".to_owned(), at..text.len()))?;
            (SyntaxToken::Text(inner[..end].to_owned()), end + 2)
        } else if c.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            (SyntaxToken::Number(rest[..end].to_owned()), end)
        } else if c.is_alphabetic() || c == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
            (SyntaxToken::Name(rest[..end].to_owned()), end)
        } else if let Some(mark) = MARKS.into_iter().find(|m| rest.starts_with(m)) {
            if mark == "=" {
                return Err(("`=` compares nothing: write `==`".into(), at..at + 1));
            }
            (SyntaxToken::Mark(mark), mark.len())
        } else {
            return Err((format!("`{c}` means nothing here"), at..at + c.len_utf8()));
        };
        tokens.push((token, at..at + length));
        at += length;
    }
    Ok(tokens)
}
