//! What is wrong, where in the mapping and where in the data: the one form in which every crate reports it.

mod render;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use render::{render_problem, render_record_problems};

/// A place in the connector file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePosition {
    /// The connector file.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
    /// In characters, counted from 1.
    pub column: u32,
    /// Characters to point at.
    pub length: u32,
    /// The line's text.
    pub excerpt: String,
}

/// One error, of a mapping (code `M....`) or of a record (`R....`). The README lists the codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable code, such as `R0412`.
    pub code: Cow<'static, str>,
    /// What is wrong, in one sentence without its particulars.
    pub message: String,
    /// What the mapping wanted to fill, such as `invoice.total`; may be empty.
    pub target: String,
    /// Heading or path that was read; may be empty.
    pub path: String,
    /// What stands there; may be empty.
    pub found: String,
    /// What the mapping expects; may be empty.
    pub expected: String,
    /// By whose word it is expected.
    pub mapping: Option<FilePosition>,
    /// Lines of the source at fault; empty for a mapping's own errors and for what is no text.
    pub lines: Vec<u64>,
    /// What would settle it.
    pub help: Vec<String>,
}

impl Problem {
    /// A problem that so far has a code and a message only. For readers that report in the same form.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code: Cow::Borrowed(code),
            message: message.into(),
            target: String::new(),
            path: String::new(),
            found: String::new(),
            expected: String::new(),
            mapping: None,
            lines: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// The whole problem as one that costs nothing, for what was read all the same.
    pub fn as_warning(&self) -> String {
        let text = self.to_string();
        text.strip_prefix("error").map_or_else(|| text.clone(), |rest| format!("warning{rest}"))
    }

    /// Says what stands there and what was expected instead.
    #[must_use]
    pub fn instead(mut self, found: impl Into<String>, expected: impl Into<String>) -> Self {
        self.found = found.into();
        self.expected = expected.into();
        self
    }
}

/// Problems as quarantine keeps them and as answers show them: a list of objects with all their fields.
pub fn problems_to_json(problems: &[Problem]) -> Value {
    // Texts, numbers and lists alone: nothing that JSON could refuse.
    serde_json::to_value(problems).unwrap_or_default()
}

/// The whole problem as `onefold` prints it, without the data's own lines.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render_problem(self, "", &|_| None))
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_problems_have_all_their_fields_whether_filled_or_not() {
        let bare = Problem::new("R0501", "a record in the log is no event").instead("no type", "an event").help("who?");
        let mut placed = Problem::new("R0412", "a number");
        placed.lines = vec![7];
        placed.mapping =
            Some(FilePosition { file: "k.toml".into(), line: 23, column: 1, length: 6, excerpt: "number = 1".into() });
        assert_eq!(
            problems_to_json(&[bare, placed]).to_string(),
            "[{\"code\":\"R0501\",\"expected\":\"an event\",\"found\":\"no type\",\"help\":[\"who?\"],\"lines\":[],\
             \"mapping\":null,\"message\":\"a record in the log is no event\",\"path\":\"\",\"target\":\"\"},\
             {\"code\":\"R0412\",\"expected\":\"\",\"found\":\"\",\"help\":[],\"lines\":[7],\"mapping\":{\"column\":1,\
             \"excerpt\":\"number = 1\",\"file\":\"k.toml\",\"length\":6,\"line\":23},\"message\":\"a number\",\
             \"path\":\"\",\"target\":\"\"}]"
        );
    }
}
