//! A test of the connector file, as it is run.

use crate::report::source_text::TextSpan;

#[derive(Debug)]
pub(crate) struct ConnectorTest {
    pub(crate) name: String,
    pub(crate) span: TextSpan,
    pub(crate) input: String,
    pub(crate) emits: Option<Vec<String>>,
    pub(crate) rejects: Vec<String>,
    pub(crate) skips: Vec<String>,
    pub(crate) checks: Vec<(String, String, TextSpan)>,
}
