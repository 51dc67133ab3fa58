//! `[common]` and `[event.N]`: which event a record makes, and of what.

use onefold_event::{EventType, Problem, catalogue};

use crate::compile::cells::cell::ORIGINS;
use crate::compile::compiler::{At, Compiler, REGION};
use crate::language::node::{Entry, Node, Value};
use crate::program::cell::{Cell, Origin, TextOf};
use crate::program::event::{EventDef, Revision, SubjectDef};
use crate::program::names::ScopeId;
use crate::report::nearest::did_you_mean;
use crate::report::source_text::Span;
use crate::values::value::Ty;

const COMMON: [&str; 9] = ["subject", "id", "revision", "occurred_at", "part", "refs", "set", "expect", "let"];

/// A key's entry, from the event or else from `[common]`.
struct Both<'n> {
    common: Option<&'n Node>,
    event: &'n Node,
}

impl<'n> Both<'n> {
    fn get(&self, key: &str) -> Option<&'n Node> {
        self.event.get(key).or_else(|| self.common.and_then(|c| c.get(key)))
    }

    /// The entries of a sub-table, the event's winning over the common ones; true marks a common one.
    fn merged(&self, key: &str) -> Vec<(Entry, bool)> {
        let common = self.common.and_then(|c| c.get(key)).map_or(&[][..], Node::entries);
        let own = self.event.get(key).map_or(&[][..], Node::entries);
        let mut all: Vec<(Entry, bool)> = Vec::new();
        for entry in common {
            match own.iter().find(|e| e.key == entry.key) {
                Some(own) => all.push((merge(entry, own), false)),
                None => all.push((entry.clone(), true)),
            }
        }
        all.extend(own.iter().filter(|e| !common.iter().any(|c| c.key == e.key)).map(|e| (e.clone(), false)));
        all
    }
}

/// Nested fields are merged key by key; a cell or a list is taken whole.
fn merge(common: &Entry, own: &Entry) -> Entry {
    let nested =
        |n: &Node| n.is_table() && !n.entries().iter().any(|e| ORIGINS.contains(&e.key.as_str()) || e.key == "each");
    if !nested(&common.node) || !nested(&own.node) {
        return own.clone();
    }
    let mut entries: Vec<Entry> =
        common.node.entries().iter().filter(|e| own.node.get(&e.key).is_none()).cloned().collect();
    entries.extend(own.node.entries().iter().map(|e| match common.node.entry(&e.key) {
        Some(c) => merge(c, e),
        None => e.clone(),
    }));
    Entry { node: Node { span: own.node.span.clone(), value: Value::Table(entries) }, ..own.clone() }
}

impl Compiler<'_> {
    pub(crate) fn events(&mut self, common: Option<&Node>, events: Option<&Node>) -> Vec<EventDef> {
        if let Some(common) = common {
            common.only(&mut self.faults, "[common]", &COMMON);
        }
        let entries = events.map_or(&[][..], Node::entries);
        if entries.is_empty() {
            self.faults.say(&(0..0), "M0102", "a connector has at least one [event.NAME]");
        }
        entries.iter().filter_map(|entry| self.event(entry, common)).collect()
    }

    fn event(&mut self, entry: &Entry, common: Option<&Node>) -> Option<EventDef> {
        let name = &entry.key;
        if !entry.node.table(&mut self.faults) {
            return None;
        }
        self.here = entry.at.clone();
        let mut known = COMMON.to_vec();
        known.extend(["type", "when", "each"]);
        entry.node.only(&mut self.faults, &format!("[event.{name}]"), &known);
        let both = Both { common, event: &entry.node };
        let ty = self.event_type(entry)?;
        let scope = self.scopes.open(Some(0));
        let lets: Vec<Entry> = both.merged("let").into_iter().map(|(e, _)| e).collect();
        self.lets(&Node { span: entry.at.clone(), value: Value::Table(lets) }, scope, &format!("{name}.let."));
        let layout = self.message(&both.merged("set"), &ty.fields, scope, name, "", ty);
        self.settle();
        let when = entry.node.get("when").and_then(|n| self.condition(n, scope, format!("{name}.when")));
        let each = entry.node.get("each").and_then(|n| self.each(n));
        let part = both.get("part").and_then(|n| n.text(&mut self.faults)).unwrap_or_default().to_owned();
        let subject = self.subject(&both, scope, name, ty, &entry.at);
        let id = self.id(&both, scope, name, &entry.at);
        let revision = both.get("revision").and_then(|n| self.revision(n, scope, name));
        let occurred_at = self.cell_of(&both, "occurred_at", &Ty::Time, scope, name, &entry.at, &[]);
        let refs = both.merged("refs").iter().flat_map(|(e, c)| self.refs(e, *c, ty, scope, name)).collect();
        let expects = (both.merged("expect").iter())
            .filter_map(|(e, _)| {
                Some((e.key.clone(), self.condition(&e.node, scope, format!("{name}.expect.{}", e.key))?))
            })
            .collect();
        Some(EventDef {
            name: name.clone(),
            span: entry.at.clone(),
            ty,
            when,
            each,
            part,
            scope,
            subject: subject?,
            id,
            revision,
            occurred_at: occurred_at?,
            refs,
            layout,
            expects,
        })
    }

    fn event_type(&mut self, entry: &Entry) -> Option<&'static EventType> {
        let Some(node) = entry.node.get("type") else {
            self.faults.say(&entry.at, "M0102", format!("[event.{}] does not say its `type`", entry.key));
            return None;
        };
        let name = node.text(&mut self.faults)?;
        match catalogue().get(name) {
            Ok(ty) => Some(ty),
            Err(why) => {
                let known = catalogue().types().map(|t| t.name);
                let near = did_you_mean(name, known);
                let mut problem = Problem::new("M0105", format!("there is no event type `{name}`"));
                problem.help.push(near.unwrap_or_else(|| why.to_string()));
                self.faults.add(&node.span, problem);
                None
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn cell_of(
        &mut self,
        both: &Both,
        key: &str,
        ty: &Ty,
        scope: ScopeId,
        name: &str,
        at: &Span,
        more: &[&str],
    ) -> Option<Cell> {
        let Some(node) = both.get(key) else {
            let problem = Problem::new("M0102", format!("`{name}` does not say its `{key}`"));
            self.faults.add(at, problem.help(format!("add {key} = \"heading\", here or in [common]")));
            return None;
        };
        let target = format!("{name}.{key}");
        self.cell(node, ty, &At { scope, own: None, target: &target }, more)
    }

    fn subject(
        &mut self,
        both: &Both,
        scope: ScopeId,
        name: &str,
        ty: &'static EventType,
        at: &Span,
    ) -> Option<SubjectDef> {
        let mut cell = self.cell_of(both, "subject", &Ty::Text, scope, name, at, &["kind", "source"])?;
        cell.key = true;
        let node = both.get("subject")?;
        let mut kind = *ty.kinds.first()?;
        if let Some(n) = node.get("kind") {
            let words: Vec<_> = ty.kinds.iter().map(|k| (k.word(), *k)).collect();
            kind = n.one_of(&mut self.faults, &words).unwrap_or(kind);
        }
        let target = format!("{name}.subject");
        let source = node.get("source").and_then(|n| self.text_of(n, &At { scope, own: None, target: &target }));
        Some(SubjectDef { cell, kind, source })
    }

    fn id(&mut self, both: &Both, scope: ScopeId, name: &str, at: &Span) -> Vec<Cell> {
        let Some(node) = both.get("id") else {
            let problem = Problem::new("M0102", format!("`{name}` does not say its `id`"));
            self.faults
                .add(at, problem.help("add id = [\"heading\"]: what tells this record from all others of the source"));
            return Vec::new();
        };
        let list = if let Value::List(list) = &node.value { list.as_slice() } else { std::slice::from_ref(node) };
        if list.is_empty() {
            node.wrong(&mut self.faults, "a list of at least one path");
        }
        let target = format!("{name}.id");
        let at = At { scope, own: None, target: &target };
        let parts = list.iter().filter_map(|n| self.source_cell(n, &at));
        parts.map(|part| Cell { key: true, ..part }).collect()
    }

    /// A cell of which only the source's text counts.
    fn source_cell(&mut self, node: &Node, at: &At) -> Option<Cell> {
        let cell = self.cell(node, &Ty::Text, at, &["as"])?;
        if matches!(cell.origin, Origin::Calc(_)) || cell.translate.is_some() {
            let problem = Problem::new("M0115", "ids and revisions are made of the source's own text");
            self.faults.add(
                &node.span,
                problem.help("what is computed or translated would change them when the mapping changes"),
            );
        }
        Some(cell)
    }

    fn revision(&mut self, node: &Node, scope: ScopeId, name: &str) -> Option<Revision> {
        let target = format!("{name}.revision");
        let at = At { scope, own: None, target: &target };
        if let Some(by) = node.get("by") {
            node.only(&mut self.faults, "`revision`", &["by", "order"]);
            by.one_of(&mut self.faults, &[("content", ())])?;
            self.paths.only_order = true;
            let order = node.get("order").and_then(|n| self.ordered(n, &at));
            self.paths.only_order = false;
            return Some(Revision::Content(order));
        }
        self.ordered(node, &at).map(Revision::Cell)
    }

    /// A version is a time where the mapping says how times are written, else a number; `as` says otherwise.
    fn ordered(&mut self, node: &Node, at: &At) -> Option<Cell> {
        let timed = !self.assume.parse.times.is_empty() || node.get("time").is_some();
        let ty = match node.get("as").map(|n| {
            n.one_of(
                &mut self.faults,
                &[("time", Ty::Time), ("date", Ty::Date), ("integer", Ty::Integer), ("decimal", Ty::Decimal)]
                    .map(|(w, t)| (w, order_word(&t))),
            )
        }) {
            Some(word) => order_type(word?),
            None if timed => Ty::Time,
            None => Ty::Integer,
        };
        let cell = self.cell(node, &ty, at, &["as"])?;
        if matches!(cell.origin, Origin::Calc(_)) || cell.translate.is_some() {
            self.faults.say(&node.span, "M0115", "ids and revisions are made of the source's own text");
        }
        Some(cell)
    }

    /// The region of [assume], as seen from a scope.
    pub(crate) fn region(&mut self, at: &At) -> Option<TextOf> {
        match self.assume.region.clone()? {
            TextOf::Slot(_) => self.rebase(REGION, at).map(TextOf::Slot),
            other => Some(other),
        }
    }
}

fn order_word(ty: &Ty) -> u8 {
    match ty {
        Ty::Time => 5,
        Ty::Date => 4,
        Ty::Decimal => 2,
        _ => 1,
    }
}

fn order_type(word: u8) -> Ty {
    Ty::from_word(word)
}
