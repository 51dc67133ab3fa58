//! What a record says as a whole: the revision of a source that keeps none.

use sha2::{Digest, Sha256};

use crate::language::path::Path;
use crate::program::expression::{Condition, Expr};
use crate::program::names::SlotRef;
use crate::run::expression::eval;
use crate::run::frame::{Base, Frame};
use crate::run::source::json::walk;
use crate::run::source::record::Row;

/// Digest of the source values that the mapping reads, not of the raw record: a print counter makes no revision.
pub(crate) fn content_digest(frame: &Frame) -> String {
    let inner = &frame.run.plan.inner;
    let mut hash = Sha256::new();
    let mut put = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    for (n, row) in frame.run.record.rows.iter().enumerate() {
        for (id, (text, path)) in inner.paths.list.iter().enumerate() {
            if !inner.paths.is_content(id) {
                continue;
            }
            match (path, row.row) {
                (Path::Column(_) | Path::Position(_), _) => {
                    if let Some(field) = frame.field(id, n) {
                        put(text.as_bytes());
                        put(field.trim().as_bytes());
                    }
                }
                // Paths within a list are relative to its items, which the list's own path covers.
                (Path::Json { whole, steps }, Row::Json(record, body)) => {
                    let from = match (frame.base, whole) {
                        (_, true) => body,
                        (Base::Item(item, ..), false) => item,
                        (_, false) => record,
                    };
                    if let Ok(Some(value)) = walk(from, steps) {
                        put(text.as_bytes());
                        put(value.to_string().as_bytes());
                    }
                }
                _ => {}
            }
        }
    }
    hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect()
}

/// The values of the names in a condition that failed.
pub(crate) fn operands<'r>(condition: &'r Condition, frame: &Frame<'_, 'r>) -> String {
    let mut slots = Vec::new();
    collect(&condition.expr, &mut slots);
    let shown = slots.iter().filter_map(|(at, name)| {
        let value = match name {
            None => frame.value(*at).ok()?.show(),
            Some(sum) => eval(sum, frame).ok()?.show(),
        };
        let label = frame.name_of(*at)?;
        Some(if name.is_some() { format!("sum of {label} {value}") } else { format!("{label} {value}") })
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn collect<'e>(expr: &'e Expr, out: &mut Vec<(SlotRef, Option<&'e Expr>)>) {
    match expr {
        Expr::Slot(at) => out.push((*at, None)),
        Expr::Sum { list, .. } => out.push((*list, Some(expr))),
        Expr::Negative(a) | Expr::Not(a) | Expr::In(a, _) | Expr::Is { of: a, .. } => collect(a, out),
        Expr::And(a, b) | Expr::Or(a, b) | Expr::Arithmetic(_, a, b) | Expr::Compare(_, a, b) => {
            collect(a, out);
            collect(b, out);
        }
        Expr::If(a, b, c) => [a, b, c].into_iter().for_each(|e| collect(e, out)),
        Expr::Call(_, list) => list.iter().for_each(|e| collect(e, out)),
        Expr::Literal(_) | Expr::Count(_) | Expr::Each { .. } => {}
    }
}
