//! A connector file, compiled: all that a record needs to become events.

use std::collections::BTreeMap;
use std::sync::Arc;

use onefold_event::Problem;

use crate::language::input::InputSettings;
use crate::language::reading::ReadSettings;
use crate::program::connector_test::ConnectorTest;
use crate::program::event::EventDef;
use crate::program::expression::CheckedCondition;
use crate::program::paths::{PathId, PathTable};
use crate::program::scope::ScopeTable;
use crate::program::word_tables::{EnumTable, LookupTable};
use crate::report::source_text::SourceText;

/// Immutable, and shared by all plans of a connector.
#[derive(Debug)]
pub(crate) struct CompiledConnector {
    pub(crate) source: SourceText,
    pub(crate) name: String,
    pub(crate) source_name: String,
    /// Raised by its author when the meaning of a field changes.
    pub(crate) mapping: i64,
    /// Of the file, its look-ups and the catalogue.
    pub(crate) digest: [u8; 8],
    pub(crate) from: InputSettings,
    pub(crate) read: ReadSettings,
    /// JSON: path of a list in each body whose items are the records.
    pub(crate) records: Option<PathId>,
    /// JSON: bodies where these paths hold other words are not for us.
    pub(crate) only: BTreeMap<PathId, Vec<String>>,
    /// Words of `[assume] blank`.
    pub(crate) blank: Arc<[String]>,
    pub(crate) paths: PathTable,
    pub(crate) scopes: ScopeTable,
    pub(crate) words: Vec<EnumTable>,
    pub(crate) lookups: Vec<LookupTable>,
    /// Reason and condition of each `[skip]`, in the order of the file.
    pub(crate) skips: Vec<(String, CheckedCondition)>,
    pub(crate) events: Vec<EventDef>,
    pub(crate) tests: Vec<ConnectorTest>,
    /// What of `[assume]` says nothing.
    pub(crate) unused: Vec<Problem>,
}
