//! Everything that compiling a connector file needs at hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use onefold_event::Problem;

use crate::language::node::{Node, Value};
use crate::language::path::Shape;
use crate::program::cell::{Parse, TextOf};
use crate::program::names::{Each, ScopeId};
use crate::program::paths::{PathId, Paths};
use crate::program::scope::Scopes;
use crate::program::word_tables::{Lookup, Words};
use crate::report::diagnostics::Faults;
use crate::report::source_text::Span;
use crate::values::number::Style;
use crate::values::value::Ty;

pub(crate) struct Compiler<'s> {
    pub(crate) faults: Faults<'s>,
    pub(crate) shape: Shape,
    pub(crate) paths: Paths,
    pub(crate) scopes: Scopes,
    pub(crate) assume: Assume,
    pub(crate) words: Vec<Words>,
    pub(crate) word_names: BTreeMap<String, usize>,
    pub(crate) lookups: Vec<Lookup>,
    pub(crate) lookup_names: BTreeMap<String, usize>,
    /// Names used since it was last emptied.
    pub(crate) used: Vec<(ScopeId, usize)>,
    /// The event that is being read.
    pub(crate) here: Span,
    pub(crate) pending: Vec<Pending>,
    pub(crate) lists: Vec<PendingList>,
}

/// A slot that is declared and whose cell is still to be read: names may be used before they are declared.
pub(crate) struct Pending {
    pub(crate) scope: ScopeId,
    pub(crate) index: usize,
    pub(crate) node: Node,
    pub(crate) target: String,
    pub(crate) ty: Ty,
}

pub(crate) struct PendingList {
    pub(crate) scope: ScopeId,
    pub(crate) index: usize,
    pub(crate) inner: ScopeId,
    pub(crate) node: Node,
    pub(crate) target: String,
}

/// Where a cell stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) scope: ScopeId,
    pub(crate) own: Option<(ScopeId, usize)>,
    pub(crate) target: &'a str,
}

#[derive(Debug)]
pub(crate) struct Assume {
    pub(crate) parse: Parse,
    pub(crate) blank: Arc<[String]>,
    pub(crate) region: Option<TextOf>,
    /// Where the zone is said, for advice about it.
    pub(crate) zone_at: Option<Span>,
}

impl Default for Assume {
    fn default() -> Self {
        Self {
            parse: Parse {
                style: Style::PLAIN,
                minor: false,
                units: Arc::default(),
                currency: None,
                dates: Arc::new([]),
                times: Arc::new([]),
                years: None,
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

impl<'s> Compiler<'s> {
    pub(crate) fn new(faults: Faults<'s>, shape: Shape) -> Self {
        let mut scopes = Scopes::default();
        scopes.open(None);
        Self {
            faults,
            shape,
            paths: Paths::default(),
            scopes,
            assume: Assume::default(),
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

    pub(crate) fn pend(&mut self, scope: ScopeId, index: usize, node: &Node, target: String, ty: Ty) {
        self.pending.push(Pending { scope, index, node: node.clone(), target, ty });
    }

    pub(crate) fn pend_list(&mut self, scope: ScopeId, index: usize, inner: ScopeId, node: &Node, target: &str) {
        self.lists.push(PendingList { scope, index, inner, node: node.clone(), target: target.to_owned() });
    }

    pub(crate) fn each(&mut self, node: &Node) -> Option<Each> {
        let text = node.text(&mut self.faults)?;
        if text == "#rows" {
            return Some(Each::Rows);
        }
        if self.shape == Shape::Table {
            let problem =
                Problem::new("M0201", format!("`{text}` is no list of a table")).instead("", "each = \"#rows\"");
            self.faults.add(&node.span, problem);
            return None;
        }
        self.path(text, &node.span).map(Each::Path)
    }

    pub(crate) fn path(&mut self, text: &str, span: &Span) -> Option<PathId> {
        match self.paths.add(text, self.shape) {
            Ok(id) => Some(id),
            Err(why) => {
                self.faults.say(span, "M0201", format!("`{text}` is no path: {why}"));
                None
            }
        }
    }

    /// The words that a cell with an enum can give.
    pub(crate) fn words_of(&self, node: &Node) -> Option<Vec<String>> {
        let Value::Text(name) = &node.get("enum")?.value else { return None };
        let mut words = self.words.get(*self.word_names.get(name)?)?.closed()?;
        match node.get("default").map(|n| &n.value) {
            Some(Value::Text(word)) => words.push(word.clone()),
            Some(_) => return None,
            None => {}
        }
        Some(words)
    }
}
