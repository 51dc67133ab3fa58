//! Everything that reading a connector file needs at hand, and names and conditions in it.

use std::collections::BTreeMap;

use crate::assume::Assume;
use crate::event_def::Condition;
use crate::expr::{Expr, Names, Type, check, parse};
use crate::node::{Node, Value};
use crate::path::{PathId, Paths, Shape};
use crate::scope::{Each, Fill, ScopeId, Scopes, SlotTy};
use crate::source::{Faults, Span};
use crate::value::Ty;
use crate::words::{Lookup, Words};
use onefold_event::Problem;

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
    pending: Vec<Pending>,
    lists: Vec<PendingList>,
}

/// A slot that is declared and whose cell is still to be read: names may be used before they are declared.
struct Pending {
    scope: ScopeId,
    index: usize,
    node: Node,
    target: String,
    ty: Ty,
}

struct PendingList {
    scope: ScopeId,
    index: usize,
    inner: ScopeId,
    node: Node,
    target: String,
}

/// Where a cell stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) scope: ScopeId,
    pub(crate) own: Option<(ScopeId, usize)>,
    pub(crate) target: &'a str,
}

const RESERVED: [&str; 13] =
    ["and", "or", "not", "in", "is", "if", "then", "else", "absent", "present", "true", "false", "sum"];

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

    /// Reads the cells of all declared slots.
    pub(crate) fn settle(&mut self) {
        for list in std::mem::take(&mut self.lists) {
            self.list_fill(&list);
        }
        for p in std::mem::take(&mut self.pending) {
            self.used.clear();
            let at = At { scope: p.scope, own: Some((p.scope, p.index)), target: &p.target };
            let cell = self.cell(&p.node, &p.ty, &at, &["as"]);
            let needs = std::mem::take(&mut self.used);
            let slot = &mut self.scopes.list[p.scope].slots[p.index];
            slot.needs = needs;
            if let Some(cell) = cell {
                slot.fill = Fill::Cell(Box::new(cell));
            }
        }
    }

    /// Declares `[let]` names.
    pub(crate) fn lets(&mut self, node: &Node, scope: ScopeId, prefix: &str) {
        for entry in node.entries() {
            let name = &entry.key;
            let plain =
                name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_numeric());
            if !plain || name.is_empty() || RESERVED.contains(&name.as_str()) {
                self.faults.say(
                    &entry.at,
                    "M0113",
                    format!("`{name}` cannot be a name in expressions: letters, digits and _ only"),
                );
                continue;
            }
            let target = format!("{prefix}{name}");
            if entry.node.get("each").is_some() {
                self.let_list(&entry.node, scope, name, &entry.at, &target);
                continue;
            }
            let ty = self.let_type(&entry.node, scope, node, 0);
            let index = self.scopes.declare(scope, name, &entry.at, SlotTy::One(ty.clone()));
            self.scopes.list[scope].slots[index].words = self.words_of(&entry.node);
            self.pend(scope, index, &entry.node, target, ty);
        }
    }

    fn let_list(&mut self, node: &Node, scope: ScopeId, name: &str, at: &Span, target: &str) {
        let inner = self.scopes.open(Some(scope));
        let index = self.scopes.declare(scope, name, at, SlotTy::List(inner));
        let mut rest = node.clone();
        if let Value::Table(entries) = &mut rest.value {
            entries.retain(|e| e.key != "each" && e.key != "when");
        }
        self.lets(&rest, inner, &format!("{target}."));
        self.pend_list(scope, index, inner, node, target);
    }

    pub(crate) fn pend_list(&mut self, scope: ScopeId, index: usize, inner: ScopeId, node: &Node, target: &str) {
        self.lists.push(PendingList { scope, index, inner, node: node.clone(), target: target.to_owned() });
    }

    /// Fills a declared list slot from `each` and `when`.
    fn list_fill(&mut self, list: &PendingList) {
        let PendingList { scope, index, inner, node, target } = list;
        let (scope, index, inner) = (*scope, *index, *inner);
        let each = node.get("each").and_then(|n| self.each(n));
        let before = std::mem::take(&mut self.used);
        let when = node.get("when").and_then(|n| self.condition(n, inner, format!("{target}.when")));
        let used = std::mem::replace(&mut self.used, before);
        let slot = &mut self.scopes.list[scope].slots[index];
        slot.needs.extend(used.into_iter().filter(|(s, _)| *s != inner));
        if let Some(each) = each {
            slot.fill = Fill::List { each, scope: inner, when };
        }
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

    fn let_type(&mut self, node: &Node, scope: ScopeId, siblings: &Node, depth: usize) -> Ty {
        if let Some(word) = node.get("as") {
            return word.one_of(&mut self.faults, &Ty::WORDS).map_or(Ty::Text, Ty::from_word);
        }
        if node.get("calc").is_some() {
            let problem = Problem::new("M0102", "what is computed says its type")
                .help("add as = \"decimal\" (or text, integer, money, date, time, bool)");
            self.faults.add(&node.span, problem);
        }
        // A name for a name has its type.
        let used = match node.get("use").map(|n| &n.value) {
            Some(Value::Text(name)) => name,
            _ => return Ty::Text,
        };
        if let Some(other) = siblings.get(used).filter(|_| depth < 16) {
            return self.let_type(other, scope, siblings, depth + 1);
        }
        match self.scopes.find(scope, None, used) {
            Some((slot, at)) => match &self.scopes.list[at].slots[slot.index].ty {
                SlotTy::One(ty) => ty.clone(),
                SlotTy::List(_) => Ty::Text,
            },
            None => Ty::Text,
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

    /// Reads and checks an expression; its faults point into the text.
    pub(crate) fn expression(
        &mut self,
        node: &Node,
        scope: ScopeId,
        own: Option<(ScopeId, usize)>,
    ) -> Option<(Expr, Type)> {
        let text = node.text(&mut self.faults)?.to_owned();
        let start = self
            .faults
            .source
            .text
            .get(node.span.clone())
            .and_then(|raw| raw.find(text.as_str()))
            .map(|at| node.span.start + at);
        let place = |span: &Span| start.map_or(node.span.clone(), |s| s + span.start..s + span.end.max(span.start + 1));
        let ast = match parse(&text) {
            Ok(ast) => ast,
            Err((why, span)) => {
                self.faults.say(&place(&span), "M0301", why);
                return None;
            }
        };
        let mut names = Names { scopes: &self.scopes, scope, own, used: Vec::new() };
        let checked = check(&ast, &mut names);
        let used = names.used;
        self.used.extend(used);
        match checked {
            Ok(checked) => Some(checked),
            Err(slip) => {
                let (problem, span) = *slip;
                self.faults.add(&place(&span), problem);
                None
            }
        }
    }

    pub(crate) fn condition(&mut self, node: &Node, scope: ScopeId, target: String) -> Option<Condition> {
        let (expr, ty) = self.expression(node, scope, None)?;
        if ty != Type::Bool {
            self.faults.say(&node.span, "M0303", format!("a condition is expected here, not a {}", ty.word()));
            return None;
        }
        Some(Condition { expr, target, span: node.span.clone() })
    }
}
