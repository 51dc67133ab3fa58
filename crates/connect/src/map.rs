//! Documents to what the mapping makes of them.

use std::ops::ControlFlow;
use std::sync::Arc;

use onefold_format::{RawRow, RowContent};
use onefold_mapping::{Connector, MappingOutcome, MappingPlan, NumberedRow, SourceRecord, SourceRow};
use serde_json::Value;

use crate::entry::Origin;
use crate::read::{DocumentSink, InputContext};
use crate::record_bytes::RecordBytes;
use crate::window::SourceDocument;

/// A record with what became of it.
#[derive(Debug)]
pub(crate) struct MappedRecord {
    pub(crate) origin: Arc<Origin>,
    pub(crate) kept: RecordBytes,
    /// Which item of a JSON body.
    pub(crate) item: Option<usize>,
    pub(crate) outcome: MappingOutcome,
}

/// Maps documents, each item of a JSON body by itself, and hands on what became of them.
pub(crate) struct MappingSink<F>(pub(crate) F);

impl<F: FnMut(MappedRecord) -> ControlFlow<()>> DocumentSink for MappingSink<F> {
    fn take(&mut self, context: &InputContext<'_>, mut document: SourceDocument) -> ControlFlow<()> {
        let mut problems = std::mem::take(&mut document.spoiled);
        if !context.grouped || problems.is_empty() {
            problems.extend(document.rows.iter().filter_map(|row| match &row.content {
                RowContent::Bad(problem, _) => Some((**problem).clone()),
                _ => None,
            }));
        }
        if !problems.is_empty() {
            return self.give(context, document.rows, None, MappingOutcome::Quarantined(problems));
        }
        if let [RawRow { content: RowContent::Json(body), .. }] = document.rows.as_mut_slice() {
            let body = std::mem::take(body);
            return self.body(context, &body, document.rows);
        }
        let outcome = map_rows(&context.plan, &context.origin.resource, &document.rows);
        self.give(context, document.rows, None, outcome)
    }
}

impl<F: FnMut(MappedRecord) -> ControlFlow<()>> MappingSink<F> {
    /// Each item of a JSON body is a record of its own and fails alone.
    fn body(&mut self, context: &InputContext<'_>, body: &Value, mut rows: Vec<RawRow>) -> ControlFlow<()> {
        let found = match context.connector.select_records(body) {
            Ok(found) => found,
            Err(mut problem) => {
                problem.lines = rows.iter().map(|row| row.place.first_line).collect();
                return self.give(context, rows, None, MappingOutcome::Quarantined(vec![*problem]));
            }
        };
        let items = match found {
            None => return self.give(context, rows, None, MappingOutcome::Skipped { reason: "not for us".to_owned() }),
            Some(items) if items.is_empty() => {
                return self.give(
                    context,
                    rows,
                    None,
                    MappingOutcome::Skipped { reason: "no records in it".to_owned() },
                );
            }
            Some(items) => items,
        };
        let whole = items.len() == 1 && items.first().is_some_and(|item| std::ptr::eq(*item, body));
        for (n, item) in items.into_iter().enumerate() {
            let outcome = map_item(&context.plan, &context.origin.resource, &rows, item, body);
            let own = if whole { std::mem::take(&mut rows) } else { rows.clone() };
            self.give(context, own, (!whole).then_some(n), outcome)?;
        }
        ControlFlow::Continue(())
    }

    fn give(
        &mut self,
        context: &InputContext<'_>,
        rows: Vec<RawRow>,
        item: Option<usize>,
        outcome: MappingOutcome,
    ) -> ControlFlow<()> {
        // Skipped records leave nothing to keep; the rest is freed where it was made.
        let kept = match outcome {
            MappingOutcome::Skipped { .. } => RecordBytes::default(),
            _ => RecordBytes::of(rows, context.origin.charset),
        };
        (self.0)(MappedRecord { origin: Arc::clone(&context.origin), kept, item, outcome })
    }
}

/// What the mapping makes of a record, the first where it is several.
pub(crate) fn glimpse(connector: &Connector, plan: &MappingPlan, resource: &str, rows: &[RawRow]) -> MappingOutcome {
    match rows {
        [RawRow { content: RowContent::Json(body), .. }] => {
            match connector.select_records(body).ok().flatten().unwrap_or_default().first() {
                Some(item) => map_item(plan, resource, rows, item, body),
                None => MappingOutcome::Quarantined(Vec::new()),
            }
        }
        rows if rows.iter().all(|row| matches!(row.content, RowContent::Fields(_))) => map_rows(plan, resource, rows),
        _ => MappingOutcome::Quarantined(Vec::new()),
    }
}

/// What the mapping makes of a record that is read again: of a JSON body the item that it was.
pub(crate) fn map_again(
    connector: &Connector,
    plan: &MappingPlan,
    resource: &str,
    rows: &[RawRow],
    item: usize,
) -> MappingOutcome {
    let [RawRow { content: RowContent::Json(body), .. }] = rows else { return map_rows(plan, resource, rows) };
    let found = match connector.select_records(body) {
        Ok(found) => found,
        Err(problem) => return MappingOutcome::Quarantined(vec![*problem]),
    };
    let Some(items) = found else { return MappingOutcome::Skipped { reason: "not for us".to_owned() } };
    match items.get(item) {
        Some(item) => map_item(plan, resource, rows, item, body),
        None => MappingOutcome::Skipped { reason: "no records in it".to_owned() },
    }
}

/// Maps a record of table rows.
pub(crate) fn map_rows(plan: &MappingPlan, resource: &str, rows: &[RawRow]) -> MappingOutcome {
    let said: Vec<NumberedRow<'_>> = (rows.iter())
        .filter_map(|row| match &row.content {
            RowContent::Fields(fields) => {
                Some(NumberedRow { row: SourceRow::Table(fields), line: row.place.first_line })
            }
            _ => None,
        })
        .collect();
    plan.map(&record(resource, &said, rows))
}

/// Maps one item of a JSON body.
pub(crate) fn map_item(
    plan: &MappingPlan,
    resource: &str,
    rows: &[RawRow],
    item: &Value,
    body: &Value,
) -> MappingOutcome {
    let line = rows.first().map_or(0, |row| row.place.first_line);
    plan.map(&record(resource, &[NumberedRow { row: SourceRow::Json(item, body), line }], rows))
}

fn record<'r>(resource: &'r str, said: &'r [NumberedRow<'r>], rows: &[RawRow]) -> SourceRecord<'r> {
    let offset = rows.iter().map(|r| r.place.offset).min().unwrap_or(0);
    let end = rows.iter().map(|r| r.place.offset + r.place.length).max().unwrap_or(0);
    SourceRecord {
        resource,
        rows: said,
        last_line: rows.iter().map(|r| r.place.last_line).max().unwrap_or(0),
        offset,
        length: end.saturating_sub(offset),
    }
}
