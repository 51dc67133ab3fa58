//! A test of the connector file, as it is run.

use crate::report::source_text::Span;

#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) input: String,
    pub(crate) emits: Option<Vec<String>>,
    pub(crate) rejects: Vec<String>,
    pub(crate) skips: Vec<String>,
    pub(crate) checks: Vec<(String, String, Span)>,
}
