//! All problems of a connector file: it is read to its end, so that whoever writes it sees them at once.

use onefold_event::{FilePosition, Problem};

use crate::report::source_text::{SourceText, TextSpan};

/// Collects the problems of a connector file: all of them, not the first.
#[derive(Debug)]
pub(crate) struct Diagnostics<'s> {
    pub(crate) source: &'s SourceText,
    pub(crate) list: Vec<Problem>,
    /// Texts that may be secrets: no problem shows them.
    hidden: Vec<String>,
}

impl<'s> Diagnostics<'s> {
    pub(crate) fn new(source: &'s SourceText) -> Self {
        Self { source, list: Vec::new(), hidden: Vec::new() }
    }

    pub(crate) fn add(&mut self, span: &TextSpan, mut problem: Problem) {
        problem.mapping = Some(self.source.position_of(span));
        // What stands in [common] is read once per event.
        if !self.list.contains(&problem) {
            self.list.push(problem);
        }
    }

    /// A problem with its code and message only.
    pub(crate) fn report_message(&mut self, span: &TextSpan, code: &'static str, message: impl Into<String>) {
        self.add(span, Problem::new(code, message));
    }

    /// Keeps a text that may be a secret out of what is told, wherever the line is shown that it stands in.
    pub(crate) fn hide(&mut self, text: &str) {
        if !text.is_empty() {
            self.hidden.push(text.to_owned());
        }
    }

    /// Where in the file something stands.
    pub(crate) fn position_of(&self, span: &TextSpan) -> FilePosition {
        self.source.position_of(span)
    }

    pub(crate) fn finish(mut self) -> Vec<Problem> {
        for text in &self.hidden {
            for problem in &mut self.list {
                problem.message = problem.message.replace(&format!("`{text}`"), "`***`");
                if let Some(place) = problem.mapping.as_mut().filter(|place| place.excerpt.contains(text)) {
                    place.excerpt = place.excerpt.replace(text, "***");
                    // The line is shorter now; what it points at begins where it did, at the latest.
                    let length = u32::try_from(place.excerpt.chars().count()).unwrap_or(u32::MAX);
                    place.column = place.column.min(length.max(1));
                    place.length = place.length.min(length.saturating_sub(place.column).saturating_add(1)).max(1);
                }
            }
        }
        // Sections are read in the order in which they need each other; people read from the top.
        self.list.sort_by_key(|p| p.mapping.as_ref().map(|m| (m.line, m.column)));
        self.list
    }
}
