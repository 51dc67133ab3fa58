//! What is wrong, where in the mapping and where in the data.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A place in the connector file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
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
    pub mapping: Option<Place>,
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

/// The whole problem as `onefold` prints it, without the data's own lines.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::render::render(self, "", &|_| None))
    }
}

impl std::error::Error for Problem {}
