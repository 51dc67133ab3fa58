//! All problems of a connector file: it is read to its end, so that whoever writes it sees them at once.

use onefold_event::Problem;

use crate::report::source_text::{SourceText, TextSpan};

/// Collects the problems of a connector file: all of them, not the first.
#[derive(Debug)]
pub(crate) struct Diagnostics<'s> {
    pub(crate) source: &'s SourceText,
    pub(crate) list: Vec<Problem>,
}

impl<'s> Diagnostics<'s> {
    pub(crate) fn new(source: &'s SourceText) -> Self {
        Self { source, list: Vec::new() }
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

    pub(crate) fn finish(mut self) -> Vec<Problem> {
        // Sections are read in the order in which they need each other; people read from the top.
        self.list.sort_by_key(|p| p.mapping.as_ref().map(|m| (m.line, m.column)));
        self.list
    }
}
