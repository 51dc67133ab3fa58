//! Static lineage: which paths, names and tables make each field. Kept once per mapping digest.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::program::cell::{CellDef, CellOrigin, CurrencyOf, RowPick, TranslationTable};
use crate::program::compiled::CompiledConnector;
use crate::program::event::RevisionDef;
use crate::program::expression::CheckedExpression;
use crate::program::layout::{FieldLayout, LayoutFill};
use crate::program::names::{RepeatOver, ScopeId, SlotRef};
use crate::program::scope::SlotFill;
use crate::program::word_tables::UnknownWord;
use crate::values::value::ValueType;

/// Where a field of an event comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FieldLineage {
    /// Name of the event in the connector file.
    pub event: String,
    /// Such as `total`, `lines[].amount`, `refs.order`, `subject`.
    pub field: String,
    /// Headings or paths that are read, sorted.
    pub paths: Vec<String>,
    /// What is done on the way, in order.
    pub via: Vec<String>,
    /// Line in the connector file.
    pub line: u32,
}

/// Where each field of each event comes from, in the order of the connector file.
pub(crate) fn field_lineage(inner: &CompiledConnector) -> Vec<FieldLineage> {
    let mut all = Vec::new();
    for def in &inner.events {
        let mut walk = LineageWalk { inner, event: &def.name, out: &mut all };
        walk.add_cell("subject", &def.subject.cell, def.scope);
        def.id.iter().for_each(|c| walk.add_cell("id", c, def.scope));
        if let Some(RevisionDef::Cell(c) | RevisionDef::Content(Some(c))) = &def.revision {
            walk.add_cell("revision", c, def.scope);
        }
        walk.add_cell("occurred_at", &def.occurred_at, def.scope);
        for r in &def.refs {
            let name = r.cell.target.strip_prefix(&format!("{}.", def.name)).unwrap_or(&r.cell.target).to_owned();
            walk.add_cell(&name, &r.cell, def.scope);
        }
        walk.add_layout(&def.layout, def.scope, "");
    }
    all
}

struct LineageWalk<'a> {
    inner: &'a CompiledConnector,
    event: &'a str,
    out: &'a mut Vec<FieldLineage>,
}

impl LineageWalk<'_> {
    fn add_layout(&mut self, layout: &[FieldLayout], scope: ScopeId, prefix: &str) {
        for part in layout {
            let name = format!("{prefix}{}", part.field.name);
            match &part.fill {
                LayoutFill::Slot(slot) => self.add_slot(&name, *slot, scope),
                LayoutFill::Slots(slots) => slots.iter().for_each(|s| self.add_slot(&name, *s, scope)),
                LayoutFill::Message(fields) => self.add_layout(fields, scope, &format!("{name}.")),
                LayoutFill::Messages(list) => {
                    list.iter().for_each(|fields| self.add_layout(fields, scope, &format!("{name}[].")))
                }
                LayoutFill::List { slot, fields } => {
                    if let Some(SlotFill::List { scope: items, .. }) = self.slot_fill(scope, *slot) {
                        let items = *items;
                        self.add_layout(fields, items, &format!("{name}[]."));
                    }
                }
            }
        }
    }

    fn slot_fill(&self, scope: ScopeId, slot: usize) -> Option<&SlotFill> {
        Some(&self.inner.scopes.list.get(scope)?.slots.get(slot)?.fill)
    }

    fn add_slot(&mut self, name: &str, slot: usize, scope: ScopeId) {
        let inner = self.inner;
        if let Some(SlotFill::Cell(cell)) =
            inner.scopes.list.get(scope).and_then(|s| s.slots.get(slot)).map(|s| &s.fill)
        {
            self.add_cell(name, cell, scope);
        }
    }

    fn add_cell(&mut self, field: &str, cell: &CellDef, scope: ScopeId) {
        let mut found = CellTrace::default();
        trace_cell(cell, scope, self.inner, &mut found, 0);
        self.out.push(FieldLineage {
            event: self.event.to_owned(),
            field: field.to_owned(),
            paths: found.paths.into_iter().collect(),
            via: found.via,
            line: self.inner.source.position_of(&cell.span).line,
        });
    }
}

#[derive(Default)]
struct CellTrace {
    paths: BTreeSet<String>,
    via: Vec<String>,
}

fn trace_cell(cell: &CellDef, scope: ScopeId, inner: &CompiledConnector, found: &mut CellTrace, depth: usize) {
    // Names for names for names: deeper than anybody writes, and circles were refused.
    if depth > 32 {
        return;
    }
    let mut path = |id: &usize| {
        found.paths.insert(inner.paths.path_text(*id).to_owned());
    };
    match &cell.origin {
        CellOrigin::From(id) => path(id),
        CellOrigin::FirstOf(ids) | CellOrigin::Join { paths: ids, .. } => ids.iter().for_each(path),
        CellOrigin::FirstCell(cells) | CellOrigin::JoinCells { cells, .. } => {
            cells.iter().for_each(|part| trace_cell(part, scope, inner, found, depth + 1));
        }
        CellOrigin::Value(value) => found.via.push(format!("constant {}", value.to_display())),
        CellOrigin::Use(at) => trace_name(*at, scope, inner, found, depth),
        CellOrigin::Calc { expression, text } => {
            found.via.push(format!("computed: {text}"));
            trace_expression(expression, scope, inner, found, depth);
        }
    }
    if cell.pick != RowPick::Same {
        found.via.push(format!("pick {:?}", cell.pick).to_lowercase());
    }
    if let Some(t) = &cell.translate {
        found.via.push(match t.by {
            TranslationTable::Words(n) => format!("[enum.{}]", inner.words.get(n).map_or("", |w| w.name.as_str())),
            TranslationTable::Lookup(n, _) => {
                format!("[lookup.{}]", inner.lookups.get(n).map_or("", |l| l.name.as_str()))
            }
        });
        if let UnknownWord::Value(value) = &t.otherwise {
            found.via.push(format!("else {value}"));
        }
    }
    let of_currency = cell.parse.minor || cell.ty == ValueType::Money;
    if let Some(CurrencyOf::Slot(at)) = cell.parse.currency.as_ref().filter(|_| of_currency) {
        trace_name(*at, scope, inner, found, depth);
    }
    let a = &cell.adjust;
    for (on, word) in [(a.negate, "negated"), (a.abs, "absolute")] {
        found.via.extend(on.then(|| word.to_owned()));
    }
    found.via.extend(a.times.map(|t| format!("× {t}")));
    found.via.extend(a.round.map(|d| format!("rounded to {d}")));
    found.via.extend((a.add_days != 0).then(|| format!("+ {} d", a.add_days)));
    if let Some(default) = &cell.default {
        found.via.push("by default:".into());
        trace_cell(default, scope, inner, found, depth + 1);
    }
}

fn trace_name(at: SlotRef, scope: ScopeId, inner: &CompiledConnector, found: &mut CellTrace, depth: usize) {
    let mut scope = scope;
    for _ in 0..at.up {
        let Some(parent) = inner.scopes.list.get(scope).and_then(|s| s.parent) else { return };
        scope = parent;
    }
    let Some(slot) = inner.scopes.list.get(scope).and_then(|s| s.slots.get(at.index)) else { return };
    match &slot.fill {
        SlotFill::Cell(cell) => trace_cell(cell, scope, inner, found, depth + 1),
        SlotFill::List { each: RepeatOver::Path(id), .. } => {
            found.paths.insert(inner.paths.path_text(*id).to_owned());
        }
        _ => {}
    }
}

fn trace_expression(
    expr: &CheckedExpression,
    scope: ScopeId,
    inner: &CompiledConnector,
    found: &mut CellTrace,
    depth: usize,
) {
    let mut go = |e: &CheckedExpression| trace_expression(e, scope, inner, found, depth);
    match expr {
        CheckedExpression::Literal(_) => {}
        CheckedExpression::Slot(at) | CheckedExpression::Count(at) => trace_name(*at, scope, inner, found, depth),
        CheckedExpression::Negative(a)
        | CheckedExpression::Not(a)
        | CheckedExpression::In(a, _)
        | CheckedExpression::Is { of: a, .. } => go(a),
        CheckedExpression::And(a, b)
        | CheckedExpression::Or(a, b)
        | CheckedExpression::Arithmetic(_, a, b)
        | CheckedExpression::Compare(_, a, b) => {
            go(a);
            go(b);
        }
        CheckedExpression::If(a, b, c) => [a, b, c].into_iter().for_each(|e| go(e)),
        CheckedExpression::Call(_, list) => list.iter().for_each(go),
        CheckedExpression::Sum { list, of } => {
            trace_name(*list, scope, inner, found, depth);
            if let Some((items, index)) = items_of(*list, scope, inner).zip(Some(of.index)) {
                trace_name(SlotRef { up: 0, index }, items, inner, found, depth);
            }
        }
        CheckedExpression::Each { list, condition, .. } => {
            if let Some(items) = items_of(*list, scope, inner) {
                trace_expression(condition, items, inner, found, depth);
            }
        }
    }
}

fn items_of(at: SlotRef, mut scope: ScopeId, inner: &CompiledConnector) -> Option<ScopeId> {
    for _ in 0..at.up {
        scope = inner.scopes.list.get(scope)?.parent?;
    }
    match &inner.scopes.list.get(scope)?.slots.get(at.index)?.fill {
        SlotFill::List { scope, .. } => Some(*scope),
        _ => None,
    }
}
