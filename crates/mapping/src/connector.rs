//! A connector file, read and checked.

use std::borrow::Cow;
use std::sync::Arc;

use onefold_event::Problem;
use serde_json::Value as Json;

use crate::compile::connector_file::compile_connector;
use crate::connector_tests::run::{ConnectorTestResult, run_tests};
use crate::language::hook::{HOOKS, HookBody};
use crate::language::input::{InputKind, InputSettings};
use crate::language::path::RecordShape;
use crate::language::reading::ReadSettings;
use crate::lineage::{FieldLineage, field_lineage};
use crate::program::compiled::CompiledConnector;
use crate::report::source_text::SourceText;
use crate::run::source::json::{is_for_us, select_records};
use crate::run::source::plan::MappingPlan;

/// A checked connector file. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Connector {
    pub(crate) inner: Arc<CompiledConnector>,
}

impl Connector {
    /// Reads a connector file; `load` gives the text of look-up files by the name that the file writes.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file.
    pub fn parse(
        file_name: &str,
        text: &str,
        load: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<Self, Vec<Problem>> {
        let source = SourceText { file: file_name.to_owned(), text: text.to_owned() };
        let compiled = compile_connector(&source, load)?;
        Ok(Self { inner: Arc::new(CompiledConnector { source, ..compiled }) })
    }

    /// Its name, at most 64 letters, digits, `-`, `_` and `.`: cursor, quarantine and metrics bear it.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The system that speaks: part of every subject and event id.
    pub fn source(&self) -> &str {
        &self.inner.source_name
    }

    /// `mapping`: a whole number, 1 unless it is said; raised when the meaning of a field changes.
    pub fn mapping(&self) -> i64 {
        self.inner.mapping
    }

    /// The first 8 bytes of a SHA-256 of the file, its look-ups and the catalogue. Comments count: what is signed off is the text.
    pub fn digest(&self) -> [u8; 8] {
        self.inner.digest
    }

    /// Where the bytes come from.
    pub fn input_settings(&self) -> &InputSettings {
        &self.inner.from
    }

    /// Under which name processes share topics out, and keep how far they are.
    pub fn group_key(&self) -> &str {
        self.inner.from.group.as_deref().unwrap_or(&self.inner.name)
    }

    /// The topic that keeps what is posted to it until it is mapped; none where it takes no posts.
    pub fn hook_topic(&self) -> Option<String> {
        self.inner.from.hook.as_ref().map(|_| format!("{HOOKS}{}", self.inner.name))
    }

    /// The topics of intake that it reads: those that it names, and that of its own posts.
    pub fn intake_topics(&self) -> Vec<String> {
        self.inner.from.topics.iter().cloned().chain(self.hook_topic()).collect()
    }

    /// How the bytes of this resource are packed, where they are a form.
    pub fn form_of(&self, resource: &str) -> Option<&HookBody> {
        let hook = self.inner.from.hook.as_ref().filter(|hook| hook.body != HookBody::Whole)?;
        let only_hook = self.inner.from.kinds == [InputKind::Http];
        let posted = || resource.strip_prefix(HOOKS)?.strip_prefix(self.inner.name.as_str())?.strip_prefix('/');
        (only_hook || posted().is_some()).then_some(&hook.body)
    }

    /// How rows are got out of bytes.
    pub fn read_settings(&self) -> &ReadSettings {
        &self.inner.read
    }

    /// Finds the columns of a file once. JSON has no heading: give an empty one.
    ///
    /// # Errors
    /// Columns that are missing, stand twice, or are not allowed.
    pub fn plan_heading(&self, heading: &[String]) -> Result<MappingPlan, Vec<Problem>> {
        match self.inner.read.record_shape() {
            RecordShape::Table => MappingPlan::of_heading(Arc::clone(&self.inner), heading, false),
            RecordShape::Tree => Ok(MappingPlan::without_heading(Arc::clone(&self.inner))),
        }
    }

    /// The records of a JSON body (`[read] records`); none if it is not for us (`only`).
    ///
    /// # Errors
    /// The body has another shape than these paths say.
    pub fn select_records<'v>(&self, body: &'v Json) -> Result<Option<Vec<&'v Json>>, Box<Problem>> {
        select_records(&self.inner, body)
    }

    /// Name and words of each `[enum]`, as they are written, in the order of the file.
    pub fn enum_words(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.inner.words.iter().map(|table| (table.name.as_str(), table.listed.as_slice()))
    }

    /// By what a word of the n-th `[enum]` is known again: case and width may not count.
    pub fn enum_key<'t>(&self, table: usize, word: &'t str) -> Cow<'t, str> {
        self.inner.words.get(table).map_or(Cow::Borrowed(word), |table| table.fold_key(word))
    }

    /// `[read] records`: where the records of a JSON body stand.
    pub fn records_path(&self) -> Option<&str> {
        self.inner.records.map(|path| self.inner.paths.path_text(path).trim_start_matches("$."))
    }

    /// Whether a JSON body is one of those that `[read] only` selects; all are where it says nothing.
    ///
    /// # Errors
    /// The body has another shape than its paths say.
    pub fn is_for_us(&self, body: &Json) -> Result<bool, Box<Problem>> {
        is_for_us(&self.inner, body)
    }

    /// Where each field of each event comes from, in the order of the connector file.
    pub fn lineage(&self) -> Vec<FieldLineage> {
        field_lineage(&self.inner)
    }

    /// Options of `[assume]` that no cell needs, in the order of the file: it runs all the same.
    pub fn unused_assumptions(&self) -> &[Problem] {
        &self.inner.unused
    }

    /// Names of the connector file's own tests, in its order.
    pub fn test_names(&self) -> impl Iterator<Item = &str> {
        self.inner.tests.iter().map(|test| test.name.as_str())
    }

    /// Runs the connector file's own tests, in its order; one that passed has no problems. Columns that a test's input leaves out are blank.
    pub fn run_tests(&self) -> Vec<ConnectorTestResult> {
        run_tests(&self.inner)
    }
}
