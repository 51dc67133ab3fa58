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
    /// Its place among the records of a sample that are shown.
    pub(crate) shown: Option<usize>,
}

/// What a record of a document is, before it is mapped.
pub(crate) enum RecordContent<'d> {
    /// Known already what becomes of it.
    Ended(MappingOutcome),
    /// Its rows, of a table.
    Rows,
    /// An item of a JSON body, and the body.
    Item(&'d Value, &'d Value),
}

/// Somebody who watches what becomes of each record, and maps it meanwhile.
pub(crate) trait RecordWatch {
    /// Maps a record; answers also its place among those that are kept to be shown.
    fn see(
        &mut self,
        context: &InputContext<'_>,
        rows: &[RawRow],
        item: Option<usize>,
        content: RecordContent<'_>,
    ) -> (MappingOutcome, Option<usize>);
}

/// Maps documents, each item of a JSON body by itself, and hands on what became of them.
pub(crate) struct MappingSink<'w, F> {
    watch: Option<&'w mut dyn RecordWatch>,
    hand_on: F,
}

impl<F: FnMut(MappedRecord) -> ControlFlow<()>> DocumentSink for MappingSink<'_, F> {
    fn take(&mut self, context: &InputContext<'_>, mut document: SourceDocument) -> ControlFlow<()> {
        let mut problems = std::mem::take(&mut document.spoiled);
        if !context.grouped || problems.is_empty() {
            problems.extend(document.rows.iter().filter_map(|row| match &row.content {
                RowContent::Bad(problem, _) => Some((**problem).clone()),
                _ => None,
            }));
        }
        if !problems.is_empty() {
            let content = RecordContent::Ended(MappingOutcome::Quarantined(problems));
            return self.give(context, document.rows, None, content);
        }
        if let [RawRow { content: RowContent::Record(record, around), .. }] = document.rows.as_mut_slice() {
            let (record, around) = (std::mem::take(record), around.clone());
            let content = record_content(context.connector, &record, around.as_deref().unwrap_or(&record));
            return self.give(context, document.rows, None, content);
        }
        if let [RawRow { content: RowContent::Json(body), .. }] = document.rows.as_mut_slice() {
            let body = std::mem::take(body);
            return self.body(context, &body, document.rows);
        }
        self.give(context, document.rows, None, RecordContent::Rows)
    }
}

impl<'w, F: FnMut(MappedRecord) -> ControlFlow<()>> MappingSink<'w, F> {
    /// `watch` sees every record.
    pub(crate) fn new(watch: Option<&'w mut dyn RecordWatch>, hand_on: F) -> Self {
        Self { watch, hand_on }
    }

    /// Each item of a JSON body is a record of its own and fails alone.
    fn body(&mut self, context: &InputContext<'_>, body: &Value, mut rows: Vec<RawRow>) -> ControlFlow<()> {
        let ended = |outcome| RecordContent::Ended(outcome);
        let skipped = |reason: &str| ended(MappingOutcome::Skipped { reason: reason.to_owned() });
        let items = match context.connector.select_records(body) {
            Ok(Some(items)) if items.is_empty() => return self.give(context, rows, None, skipped("no records in it")),
            Ok(Some(items)) => items,
            Ok(None) => return self.give(context, rows, None, skipped("not for us")),
            Err(mut problem) => {
                problem.lines = rows.iter().map(|row| row.place.first_line).collect();
                return self.give(context, rows, None, ended(MappingOutcome::Quarantined(vec![*problem])));
            }
        };
        let whole = items.len() == 1 && items.first().is_some_and(|item| std::ptr::eq(*item, body));
        for (n, item) in items.into_iter().enumerate() {
            let own = if whole { std::mem::take(&mut rows) } else { rows.clone() };
            self.give(context, own, (!whole).then_some(n), RecordContent::Item(item, body))?;
        }
        ControlFlow::Continue(())
    }

    fn give(
        &mut self,
        context: &InputContext<'_>,
        rows: Vec<RawRow>,
        item: Option<usize>,
        content: RecordContent<'_>,
    ) -> ControlFlow<()> {
        let (outcome, shown) = match (&mut self.watch, content) {
            (Some(watch), content) => watch.see(context, &rows, item, content),
            (None, RecordContent::Ended(outcome)) => (outcome, None),
            (None, content) => {
                let map = |record: &SourceRecord| context.plan.map(record);
                (with_record(&context.origin.resource, &rows, &content, map), None)
            }
        };
        // Skipped records leave nothing to keep; the rest is freed where it was made.
        let kept = match outcome {
            MappingOutcome::Skipped { .. } => RecordBytes::default(),
            _ => RecordBytes::of(rows, context.origin.charset),
        };
        (self.hand_on)(MappedRecord { origin: Arc::clone(&context.origin), kept, item, outcome, shown })
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
        [RawRow { content: RowContent::Record(record, around), .. }] => {
            map_record(connector, plan, resource, rows, (record, around))
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
    if let [RawRow { content: RowContent::Record(record, around), .. }] = rows {
        return map_record(connector, plan, resource, rows, (record, around));
    }
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
    with_record(resource, rows, &RecordContent::Rows, |record| plan.map(record))
}

/// Maps one item of a JSON body.
fn map_item(plan: &MappingPlan, resource: &str, rows: &[RawRow], item: &Value, body: &Value) -> MappingOutcome {
    with_record(resource, rows, &RecordContent::Item(item, body), |record| plan.map(record))
}

/// Puts a record together for the mapping.
pub(crate) fn with_record<T>(
    resource: &str,
    rows: &[RawRow],
    content: &RecordContent<'_>,
    make: impl FnOnce(&SourceRecord) -> T,
) -> T {
    if let RecordContent::Item(item, body) = content {
        let line = rows.first().map_or(0, |row| row.place.first_line);
        return make(&record(resource, &[NumberedRow { row: SourceRow::Json(item, body), line }], rows));
    }
    let said: Vec<NumberedRow<'_>> = (rows.iter())
        .filter_map(|row| match &row.content {
            RowContent::Fields(fields) => {
                Some(NumberedRow { row: SourceRow::Table(fields), line: row.place.first_line })
            }
            _ => None,
        })
        .collect();
    make(&record(resource, &said, rows))
}

/// What a record of a JSON document is to the mapping, `body` being the document.
fn record_content<'d>(connector: &Connector, record: &'d Value, body: &'d Value) -> RecordContent<'d> {
    match connector.is_for_us(body) {
        Ok(true) => RecordContent::Item(record, body),
        Ok(false) => RecordContent::Ended(MappingOutcome::Skipped { reason: "not for us".to_owned() }),
        Err(problem) => RecordContent::Ended(MappingOutcome::Quarantined(vec![*problem])),
    }
}

/// Maps a record of a JSON document, of which `around` is the rest.
fn map_record(
    connector: &Connector,
    plan: &MappingPlan,
    resource: &str,
    rows: &[RawRow],
    (record, around): (&Value, &Option<Arc<Value>>),
) -> MappingOutcome {
    match record_content(connector, record, around.as_deref().unwrap_or(record)) {
        RecordContent::Ended(outcome) => outcome,
        content => with_record(resource, rows, &content, |record| plan.map(record)),
    }
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
