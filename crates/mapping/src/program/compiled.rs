//! A connector file, compiled: all that a record needs to become events.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::language::input::From;
use crate::language::reading::Read;
use crate::program::connector_test::Trial;
use crate::program::event::EventDef;
use crate::program::expression::Condition;
use crate::program::paths::{PathId, Paths};
use crate::program::scope::Scopes;
use crate::program::word_tables::{Lookup, Words};
use crate::report::source_text::Source;

#[derive(Debug)]
pub(crate) struct CompiledConnector {
    pub(crate) source: Source,
    pub(crate) name: String,
    pub(crate) source_name: String,
    pub(crate) mapping: i64,
    pub(crate) digest: [u8; 8],
    pub(crate) from: From,
    pub(crate) read: Read,
    /// JSON: path of a list in each body whose items are the records.
    pub(crate) records: Option<PathId>,
    /// JSON: bodies where these paths hold other words are not for us.
    pub(crate) only: BTreeMap<PathId, Vec<String>>,
    /// Words of `[assume] blank`.
    pub(crate) blank: Arc<[String]>,
    pub(crate) paths: Paths,
    pub(crate) scopes: Scopes,
    pub(crate) words: Vec<Words>,
    pub(crate) lookups: Vec<Lookup>,
    pub(crate) skips: Vec<(String, Condition)>,
    pub(crate) events: Vec<EventDef>,
    pub(crate) trials: Vec<Trial>,
}
