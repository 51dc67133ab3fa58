//! Everything that compiling a connector file needs at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use onefold_event::Problem;

use crate::language::node::{TomlNode, TomlValue};
use crate::language::path::RecordShape;
use crate::program::cell::{ParseSettings, TextOf};
use crate::program::names::{RepeatOver, ScopeId};
use crate::program::paths::{PathId, PathTable};
use crate::program::scope::ScopeTable;
use crate::program::word_tables::{EnumTable, LookupTable};
use crate::report::diagnostics::Diagnostics;
use crate::report::source_text::TextSpan;
use crate::values::number::NumberStyle;
use crate::values::value::ValueType;

pub(crate) struct ConnectorCompiler<'s> {
    pub(crate) diagnostics: Diagnostics<'s>,
    pub(crate) shape: RecordShape,
    pub(crate) paths: PathTable,
    pub(crate) scopes: ScopeTable,
    pub(crate) assume: AssumedSettings,
    /// Options of [assume] that some cell needs.
    pub(crate) assumed: BTreeSet<&'static str>,
    pub(crate) words: Vec<EnumTable>,
    pub(crate) word_names: BTreeMap<String, usize>,
    pub(crate) lookups: Vec<LookupTable>,
    pub(crate) lookup_names: BTreeMap<String, usize>,
    /// Names used since it was last emptied.
    pub(crate) used: Vec<(ScopeId, usize)>,
    /// The event that is being read.
    pub(crate) here: TextSpan,
    pub(crate) pending: Vec<PendingCell>,
    pub(crate) lists: Vec<PendingList>,
}

/// A slot that is declared and whose cell is still to be read: names may be used before they are declared.
pub(crate) struct PendingCell {
    pub(crate) scope: ScopeId,
    pub(crate) index: usize,
    pub(crate) node: TomlNode,
    pub(crate) target: String,
    pub(crate) ty: ValueType,
    /// It may give several values.
    pub(crate) list: bool,
    /// Of `[let]`, where `as` says its type.
    pub(crate) named: bool,
}

pub(crate) struct PendingList {
    pub(crate) scope: ScopeId,
    pub(crate) index: usize,
    pub(crate) inner: ScopeId,
    pub(crate) node: TomlNode,
    pub(crate) target: String,
}

/// Where a cell stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CellContext<'a> {
    pub(crate) scope: ScopeId,
    pub(crate) own: Option<(ScopeId, usize)>,
    pub(crate) target: &'a str,
}

#[derive(Debug)]
pub(crate) struct AssumedSettings {
    pub(crate) parse: ParseSettings,
    pub(crate) blank: Arc<[String]>,
    pub(crate) region: Option<TextOf>,
    /// Where the zone is said, for advice about it.
    pub(crate) zone_at: Option<TextSpan>,
}

impl Default for AssumedSettings {
    fn default() -> Self {
        Self {
            parse: ParseSettings {
                style: NumberStyle::PLAIN,
                minor: false,
                units: Arc::default(),
                currency: None,
                dates: Arc::new([]),
                times: Arc::new([]),
                years: None,
                pivot: None,
                day_of_time: false,
                zone: None,
                dst: None,
                at: None,
                yes: Arc::new(["true".to_owned()]),
                no: Arc::new(["false".to_owned()]),
                source: None,
            },
            blank: Arc::new([]),
            region: None,
            zone_at: None,
        }
    }
}

/// Names of slots that no mapping can write.
pub(crate) const CURRENCY: &str = "[currency]";

pub(crate) const ZONE: &str = "[zone]";

pub(crate) const REGION: &str = "[region]";

impl<'s> ConnectorCompiler<'s> {
    pub(crate) fn new(diagnostics: Diagnostics<'s>, shape: RecordShape) -> Self {
        let mut scopes = ScopeTable::default();
        // Scope 0 is that of `[let]`: skips and common names live there.
        scopes.open_scope(None);
        Self {
            diagnostics,
            shape,
            paths: PathTable::default(),
            scopes,
            assume: AssumedSettings::default(),
            assumed: BTreeSet::new(),
            words: Vec::new(),
            word_names: BTreeMap::new(),
            lookups: Vec::new(),
            lookup_names: BTreeMap::new(),
            used: Vec::new(),
            here: 0..0,
            pending: Vec::new(),
            lists: Vec::new(),
        }
    }

    pub(crate) fn add_pending(&mut self, pending: PendingCell) {
        self.pending.push(pending);
    }

    pub(crate) fn add_pending_list(
        &mut self,
        scope: ScopeId,
        index: usize,
        inner: ScopeId,
        node: &TomlNode,
        target: &str,
    ) {
        self.lists.push(PendingList { scope, index, inner, node: node.clone(), target: target.to_owned() });
    }

    pub(crate) fn read_repeat(&mut self, node: &TomlNode) -> Option<RepeatOver> {
        let text = node.expect_text(&mut self.diagnostics)?;
        if text == "#rows" {
            return Some(RepeatOver::Rows);
        }
        if self.shape == RecordShape::Table {
            let problem =
                Problem::new("M0201", format!("`{text}` is no list of a table")).instead("", "each = \"#rows\"");
            self.diagnostics.add(&node.span, problem);
            return None;
        }
        self.add_path(text, &node.span).map(RepeatOver::Path)
    }

    pub(crate) fn add_path(&mut self, text: &str, span: &TextSpan) -> Option<PathId> {
        match self.paths.add_path(text, self.shape) {
            Ok(id) => Some(id),
            Err(why) => {
                self.diagnostics.report_message(span, "M0201", format!("`{text}` is no path: {why}"));
                None
            }
        }
    }

    /// The words that a cell with an enum can give.
    pub(crate) fn words_of(&self, node: &TomlNode) -> Option<Vec<String>> {
        let TomlValue::Text(name) = &node.get("enum")?.value else { return None };
        let mut words = self.words.get(*self.word_names.get(name)?)?.closed_words()?;
        match node.get("default").map(|n| &n.value) {
            Some(TomlValue::Text(word)) => words.push(word.clone()),
            Some(_) => return None,
            None => {}
        }
        Some(words)
    }
}
