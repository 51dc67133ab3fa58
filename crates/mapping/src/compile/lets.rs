//! `[let]`: names, declared before any is read, so that they may be used in any order.

use onefold_event::Problem;

use crate::compile::compiler::{CellContext, ConnectorCompiler, PendingCell, PendingList};
use crate::language::node::{TomlNode, TomlValue};
use crate::language::options::{NAMED, SEVERAL};
use crate::program::names::ScopeId;
use crate::program::scope::{SlotFill, SlotType};
use crate::report::source_text::TextSpan;
use crate::values::value::ValueType;

const RESERVED: [&str; 13] =
    ["and", "or", "not", "in", "is", "if", "then", "else", "absent", "present", "true", "false", "sum"];

impl ConnectorCompiler<'_> {
    /// Reads the cells of all declared slots.
    pub(crate) fn read_pending_cells(&mut self) {
        for list in std::mem::take(&mut self.lists) {
            self.list_fill(&list);
        }
        for p in std::mem::take(&mut self.pending) {
            // What this cell uses is what it needs: `used` is one list, so it is emptied between cells.
            self.used.clear();
            let at = CellContext { scope: p.scope, own: Some((p.scope, p.index)), target: &p.target };
            let more: Vec<&str> = [(&NAMED, p.named), (&SEVERAL, p.list)]
                .iter()
                .filter(|(_, may)| *may)
                .flat_map(|(table, _)| table.keys())
                .collect();
            let cell = self.read_cell(&p.node, &p.ty, &at, &more);
            let needs = std::mem::take(&mut self.used);
            let slot = &mut self.scopes.list[p.scope].slots[p.index];
            slot.needs = needs;
            if let Some(cell) = cell {
                slot.fill = SlotFill::Cell(Box::new(cell));
            }
        }
    }

    /// Declares `[let]` names.
    pub(crate) fn declare_lets(&mut self, node: &TomlNode, scope: ScopeId, prefix: &str) {
        for entry in node.entries() {
            let name = &entry.key;
            let plain =
                name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_numeric());
            if !plain || name.is_empty() || RESERVED.contains(&name.as_str()) {
                self.diagnostics.report_message(
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
            // The type is known before the cell is read: expressions may use the name further up in the file.
            let ty = self.let_type(&entry.node, scope, node, 0);
            let index = self.scopes.declare_name(scope, name, &entry.at, SlotType::One(ty.clone()));
            self.scopes.list[scope].slots[index].words = self.words_of(&entry.node);
            let node = entry.node.clone();
            self.add_pending(PendingCell { scope, index, node, target, ty, list: true, named: true });
        }
    }

    fn let_list(&mut self, node: &TomlNode, scope: ScopeId, name: &str, at: &TextSpan, target: &str) {
        let inner = self.scopes.open_scope(Some(scope));
        let index = self.scopes.declare_name(scope, name, at, SlotType::List(inner));
        let mut rest = node.clone();
        if let TomlValue::Table(entries) = &mut rest.value {
            entries.retain(|e| e.key != "each" && e.key != "when");
        }
        self.declare_lets(&rest, inner, &format!("{target}."));
        self.add_pending_list(scope, index, inner, node, target);
    }

    /// Fills a declared list slot from `each` and `when`.
    fn list_fill(&mut self, list: &PendingList) {
        let PendingList { scope, index, inner, node, target } = list;
        let (scope, index, inner) = (*scope, *index, *inner);
        let each = node.get("each").and_then(|n| self.read_repeat(n));
        // The list needs what its condition uses, not what the cell around it used so far.
        let before = std::mem::take(&mut self.used);
        let when = node.get("when").and_then(|n| self.read_condition(n, inner, format!("{target}.when")));
        let used = std::mem::replace(&mut self.used, before);
        let slot = &mut self.scopes.list[scope].slots[index];
        // Names of the items are worked out per item: needing them is no circle.
        slot.needs.extend(used.into_iter().filter(|(s, _)| *s != inner));
        if let Some(each) = each {
            slot.fill = SlotFill::List { each, scope: inner, when };
        }
    }

    fn let_type(&mut self, node: &TomlNode, scope: ScopeId, siblings: &TomlNode, depth: usize) -> ValueType {
        if let Some(word) = node.get("as") {
            return word.one_of(&mut self.diagnostics, &ValueType::WORDS).map_or(ValueType::Text, ValueType::from_word);
        }
        if node.get("calc").is_some() {
            let problem = Problem::new("M0102", "what is computed says its type")
                .help("add as = \"decimal\" (or text, integer, money, date, time, bool)");
            self.diagnostics.add(&node.span, problem);
        }
        // A name for a name has its type.
        let used = match node.get("use").map(|n| &n.value) {
            Some(TomlValue::Text(name)) => name,
            _ => return ValueType::Text,
        };
        if let Some(other) = siblings.get(used).filter(|_| depth < 16) {
            return self.let_type(other, scope, siblings, depth + 1);
        }
        match self.scopes.find_slot(scope, None, used) {
            Some((slot, at)) => match &self.scopes.list[at].slots[slot.index].ty {
                SlotType::One(ty) => ty.clone(),
                SlotType::List(_) => ValueType::Text,
            },
            None => ValueType::Text,
        }
    }
}
