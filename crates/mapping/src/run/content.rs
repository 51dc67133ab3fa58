//! What a record says as a whole: the revision of a source that keeps none.

use sha2::{Digest, Sha256};

use crate::language::path::ValuePath;
use crate::program::expression::{CheckedCondition, CheckedExpression};
use crate::program::names::SlotRef;
use crate::run::expression::evaluate_expression;
use crate::run::frame::{PathBase, ScopeFrame};
use crate::run::source::json::walk_every;
use crate::run::source::record::SourceRow;

/// Digest of the source values that the mapping reads, not of the raw record: a print counter makes no revision.
pub(crate) fn content_digest(frame: &ScopeFrame) -> String {
    let inner = &frame.run.plan.inner;
    let mut hash = Sha256::new();
    let mut put = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    for (n, row) in frame.run.record.rows.iter().enumerate() {
        for (id, (text, path)) in inner.paths.list.iter().enumerate() {
            // Paths that only select or order records change without the record saying anything else.
            if !inner.paths.is_content(id) {
                continue;
            }
            match (path, row.row) {
                (ValuePath::Column(_) | ValuePath::Position(_), _) => {
                    if let Some(field) = frame.field_text(id, n) {
                        // The path too, so that a value that moves to another column is a change.
                        put(text.as_bytes());
                        put(field.trim().as_bytes());
                    }
                }
                // Paths within a list are relative to its items, which the list's own path covers.
                (ValuePath::Json { whole, steps }, SourceRow::Json(record, body)) => {
                    let from = match (frame.base, whole) {
                        (_, true) => body,
                        (PathBase::Item(item, ..), false) => item,
                        (_, false) => record,
                    };
                    let mut found = Vec::new();
                    // What has another shape than the path says is an error of the record, told elsewhere.
                    if walk_every(from, steps, &mut found).is_err() {
                        found.clear();
                    }
                    for value in found {
                        put(text.as_bytes());
                        put(value.to_string().as_bytes());
                    }
                }
                _ => {}
            }
        }
    }
    hex::encode(&hash.finalize()[..8])
}

/// The values of the names in a condition that failed.
pub(crate) fn condition_operands<'r>(condition: &'r CheckedCondition, frame: &ScopeFrame<'_, 'r>) -> String {
    let mut slots = Vec::new();
    collect_operands(&condition.expr, &mut slots);
    let shown = slots.iter().filter_map(|(at, name)| {
        let value = match name {
            None => frame.slot_value(*at).ok()?.to_display(),
            Some(sum) => evaluate_expression(sum, frame).ok()?.to_display(),
        };
        let label = frame.name_of(*at)?;
        Some(if name.is_some() { format!("sum of {label} {value}") } else { format!("{label} {value}") })
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn collect_operands<'e>(expr: &'e CheckedExpression, out: &mut Vec<(SlotRef, Option<&'e CheckedExpression>)>) {
    match expr {
        CheckedExpression::Slot(at) => out.push((*at, None)),
        CheckedExpression::Sum { list, .. } => out.push((*list, Some(expr))),
        CheckedExpression::Negative(a)
        | CheckedExpression::Not(a)
        | CheckedExpression::In(a, _)
        | CheckedExpression::Is { of: a, .. } => collect_operands(a, out),
        CheckedExpression::And(a, b)
        | CheckedExpression::Or(a, b)
        | CheckedExpression::Arithmetic(_, a, b)
        | CheckedExpression::Compare(_, a, b) => {
            collect_operands(a, out);
            collect_operands(b, out);
        }
        CheckedExpression::If(a, b, c) => [a, b, c].into_iter().for_each(|e| collect_operands(e, out)),
        CheckedExpression::Call(_, list) => list.iter().for_each(|e| collect_operands(e, out)),
        CheckedExpression::Literal(_) | CheckedExpression::Count(_) | CheckedExpression::Each { .. } => {}
    }
}
