//! `[common]` and `[event.N]`: which event a record makes, and of what.

use onefold_event::{EventType, Problem, catalogue};

use crate::compile::cells::cell::ORIGINS;
use crate::compile::compiler::{CellContext, ConnectorCompiler, REGION};
use crate::language::node::{TomlEntry, TomlNode, TomlValue};
use crate::language::options::{COMMON, CONTENT, EVENT, NAMED, SUBJECT};
use crate::program::cell::{CellDef, TextOf};
use crate::program::event::{EventDef, RevisionDef, SubjectDef};
use crate::program::names::ScopeId;
use crate::report::nearest::did_you_mean;
use crate::report::source_text::TextSpan;
use crate::values::value::ValueType;

/// A key's entry, from the event or else from `[common]`.
struct EventSections<'n> {
    common: Option<&'n TomlNode>,
    event: &'n TomlNode,
}

impl<'n> EventSections<'n> {
    fn get(&self, key: &str) -> Option<&'n TomlNode> {
        self.event.get(key).or_else(|| self.common.and_then(|c| c.get(key)))
    }

    /// The entries of a sub-table, the event's winning over the common ones; true marks a common one.
    fn merged_entries(&self, key: &str) -> Vec<(TomlEntry, bool)> {
        let common = self.common.and_then(|c| c.get(key)).map_or(&[][..], TomlNode::entries);
        let own = self.event.get(key).map_or(&[][..], TomlNode::entries);
        let mut all: Vec<(TomlEntry, bool)> = Vec::new();
        for entry in common {
            match own.iter().find(|e| e.key == entry.key) {
                Some(own) => all.push((merge_entries(entry, own), false)),
                None => all.push((entry.clone(), true)),
            }
        }
        all.extend(own.iter().filter(|e| !common.iter().any(|c| c.key == e.key)).map(|e| (e.clone(), false)));
        all
    }
}

/// Nested fields are merged key by key; a cell or a list is taken whole.
fn merge_entries(common: &TomlEntry, own: &TomlEntry) -> TomlEntry {
    let nested = |n: &TomlNode| {
        n.is_table() && !n.entries().iter().any(|e| ORIGINS.contains(&e.key.as_str()) || e.key == "each")
    };
    if !nested(&common.node) || !nested(&own.node) {
        return own.clone();
    }
    let mut entries: Vec<TomlEntry> =
        common.node.entries().iter().filter(|e| own.node.get(&e.key).is_none()).cloned().collect();
    entries.extend(own.node.entries().iter().map(|e| match common.node.entry(&e.key) {
        Some(c) => merge_entries(c, e),
        None => e.clone(),
    }));
    TomlEntry { node: TomlNode { span: own.node.span.clone(), value: TomlValue::Table(entries) }, ..own.clone() }
}

impl ConnectorCompiler<'_> {
    pub(crate) fn read_events(&mut self, common: Option<&TomlNode>, events: Option<&TomlNode>) -> Vec<EventDef> {
        if let Some(common) = common {
            common.allow_keys(&mut self.diagnostics, "[common]", &COMMON.keys());
        }
        let entries = events.map_or(&[][..], TomlNode::entries);
        if entries.is_empty() {
            self.diagnostics.report_message(&(0..0), "M0102", "a connector has at least one [event.NAME]");
        }
        entries.iter().filter_map(|entry| self.read_event(entry, common)).collect()
    }

    fn read_event(&mut self, entry: &TomlEntry, common: Option<&TomlNode>) -> Option<EventDef> {
        let name = &entry.key;
        if !entry.node.expect_table(&mut self.diagnostics) {
            return None;
        }
        self.here = entry.at.clone();
        let known = COMMON.keys_with(&EVENT);
        entry.node.allow_keys(&mut self.diagnostics, &format!("[event.{name}]"), &known);
        let both = EventSections { common, event: &entry.node };
        let ty = self.event_type(entry)?;
        // Names of an event are its own; those of `[let]` at the top are seen from all.
        let scope = self.scopes.open_scope(Some(0));
        let lets: Vec<TomlEntry> = both.merged_entries("let").into_iter().map(|(e, _)| e).collect();
        self.declare_lets(
            &TomlNode { span: entry.at.clone(), value: TomlValue::Table(lets) },
            scope,
            &format!("{name}.let."),
        );
        // Fields are slots too: declared before conditions, which may name them.
        let layout = self.read_message(&both.merged_entries("set"), &ty.fields, scope, name, "", ty);
        // The event's cells are read once all its names are declared, and before what refers to them.
        self.read_pending_cells();
        let when = entry.node.get("when").and_then(|n| self.read_condition(n, scope, format!("{name}.when")));
        let each = entry.node.get("each").and_then(|n| self.read_repeat(n));
        let part = both.get("part").and_then(|n| n.expect_text(&mut self.diagnostics)).unwrap_or_default().to_owned();
        let subject = self.read_subject(&both, scope, name, ty, &entry.at);
        let id = self.read_id(&both, scope, name, &entry.at);
        let revision = both.get("revision").and_then(|n| self.read_revision(n, scope, name));
        let occurred_at = self.cell_of(&both, "occurred_at", &ValueType::Time, scope, name, &entry.at, &[]);
        let refs = both
            .merged_entries("refs")
            .iter()
            .flat_map(|(e, c)| self.read_references(e, *c, ty, scope, name))
            .collect();
        let expects = (both.merged_entries("expect").iter())
            .filter_map(|(e, _)| {
                Some((e.key.clone(), self.read_condition(&e.node, scope, format!("{name}.expect.{}", e.key))?))
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

    fn event_type(&mut self, entry: &TomlEntry) -> Option<&'static EventType> {
        let Some(node) = entry.node.get("type") else {
            self.diagnostics.report_message(
                &entry.at,
                "M0102",
                format!("[event.{}] does not say its `type`", entry.key),
            );
            return None;
        };
        let name = node.expect_text(&mut self.diagnostics)?;
        match catalogue().get(name) {
            Ok(ty) => Some(ty),
            Err(why) => {
                let known = catalogue().types().map(|t| t.name);
                let near = did_you_mean(name, known);
                let mut problem = Problem::new("M0105", format!("there is no event type `{name}`"));
                problem.help.push(near.unwrap_or_else(|| why.to_string()));
                self.diagnostics.add(&node.span, problem);
                None
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn cell_of(
        &mut self,
        both: &EventSections,
        key: &str,
        ty: &ValueType,
        scope: ScopeId,
        name: &str,
        at: &TextSpan,
        more: &[&str],
    ) -> Option<CellDef> {
        let Some(node) = both.get(key) else {
            let problem = Problem::new("M0102", format!("`{name}` does not say its `{key}`"));
            self.diagnostics.add(at, problem.help(format!("add {key} = \"heading\", here or in [common]")));
            return None;
        };
        let target = format!("{name}.{key}");
        self.read_cell(node, ty, &CellContext { scope, own: None, target: &target }, more)
    }

    fn read_subject(
        &mut self,
        both: &EventSections,
        scope: ScopeId,
        name: &str,
        ty: &'static EventType,
        at: &TextSpan,
    ) -> Option<SubjectDef> {
        let mut cell = self.cell_of(both, "subject", &ValueType::Text, scope, name, at, &SUBJECT.keys())?;
        cell.key = true;
        let node = both.get("subject")?;
        let mut kind = *ty.kinds.first()?;
        if let Some(n) = node.get("kind") {
            let words: Vec<_> = ty.kinds.iter().map(|k| (k.word(), *k)).collect();
            kind = n.one_of(&mut self.diagnostics, &words).unwrap_or(kind);
        }
        let target = format!("{name}.subject");
        let source =
            node.get("source").and_then(|n| self.text_of(n, &CellContext { scope, own: None, target: &target }));
        Some(SubjectDef { cell, kind, source })
    }

    fn read_id(&mut self, both: &EventSections, scope: ScopeId, name: &str, at: &TextSpan) -> Vec<CellDef> {
        let Some(node) = both.get("id") else {
            let problem = Problem::new("M0102", format!("`{name}` does not say its `id`"));
            self.diagnostics
                .add(at, problem.help("add id = [\"heading\"]: what tells this record from all others of the source"));
            return Vec::new();
        };
        let list = if let TomlValue::List(list) = &node.value { list.as_slice() } else { std::slice::from_ref(node) };
        if list.is_empty() {
            node.report_type(&mut self.diagnostics, "a list of at least one path");
        }
        let target = format!("{name}.id");
        let at = CellContext { scope, own: None, target: &target };
        let parts = list.iter().filter_map(|n| self.source_cell(n, &at));
        parts.map(|part| CellDef { key: true, ..part }).collect()
    }

    /// A cell of which only the source's text counts.
    fn source_cell(&mut self, node: &TomlNode, at: &CellContext) -> Option<CellDef> {
        let cell = self.read_cell(node, &ValueType::Text, at, &[])?;
        if !cell.is_source_text() {
            let problem = Problem::new("M0115", "ids and revisions are made of the source's own text");
            self.diagnostics.add(
                &node.span,
                problem.help("what is computed or translated would change them when the mapping changes"),
            );
        }
        Some(cell)
    }

    fn read_revision(&mut self, node: &TomlNode, scope: ScopeId, name: &str) -> Option<RevisionDef> {
        let target = format!("{name}.revision");
        let at = CellContext { scope, own: None, target: &target };
        if let Some(by) = node.get("by") {
            node.allow_keys(&mut self.diagnostics, "`revision`", &CONTENT.keys());
            by.one_of(&mut self.diagnostics, &[("content", ())])?;
            // The order of versions is no part of what they say: it makes no new revision.
            self.paths.only_order = true;
            let order = node.get("order").and_then(|n| self.ordered_cell(n, &at));
            self.paths.only_order = false;
            return Some(RevisionDef::Content(order));
        }
        self.ordered_cell(node, &at).map(RevisionDef::Cell)
    }

    /// A version is a time where the mapping says how times are written, else a number; `as` says otherwise.
    fn ordered_cell(&mut self, node: &TomlNode, at: &CellContext) -> Option<CellDef> {
        let timed = !self.assume.parse.times.is_empty() || node.get("time").is_some();
        let ty = match node.get("as").map(|n| {
            n.one_of(
                &mut self.diagnostics,
                &[
                    ("time", ValueType::Time),
                    ("date", ValueType::Date),
                    ("integer", ValueType::Integer),
                    ("decimal", ValueType::Decimal),
                ]
                .map(|(w, t)| (w, order_word(&t))),
            )
        }) {
            Some(word) => order_type(word?),
            None if timed => ValueType::Time,
            None => ValueType::Integer,
        };
        let cell = self.read_cell(node, &ty, at, &NAMED.keys())?;
        if !cell.is_source_text() {
            self.diagnostics.report_message(&node.span, "M0115", "ids and revisions are made of the source's own text");
        }
        Some(cell)
    }

    /// The region of [assume], as seen from a scope.
    pub(crate) fn region_seen_from(&mut self, at: &CellContext) -> Option<TextOf> {
        self.assumed.insert("region");
        match self.assume.region.clone()? {
            TextOf::Slot(_) => self.slot_seen_from(REGION, at).map(TextOf::Slot),
            other => Some(other),
        }
    }
}

fn order_word(ty: &ValueType) -> u8 {
    match ty {
        ValueType::Time => 5,
        ValueType::Date => 4,
        ValueType::Decimal => 2,
        _ => 1,
    }
}

fn order_type(word: u8) -> ValueType {
    ValueType::from_word(word)
}
