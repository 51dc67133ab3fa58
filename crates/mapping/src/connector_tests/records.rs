//! A test's input as records, each to its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use onefold_event::Problem;
use serde_json::Value as Json;

use crate::language::input::InputKind;
use crate::language::path::{PathStep, RecordShape};
use crate::language::reading::{RecordFormat, TableHeading, join_blanks};
use crate::program::compiled::CompiledConnector;
use crate::run::map::RecordResult;
use crate::run::source::fill_down::FillDownState;
use crate::run::source::json::select_records;
use crate::run::source::plan::MappingPlan;
use crate::run::source::record::{NumberedRow, SourceRecord, SourceRow};

/// Runs the records of an input; with `place` as if each stood where that record stands in its source.
pub(crate) fn run_records(
    program: &Arc<CompiledConnector>,
    input: &str,
    place: Option<&SourceRecord>,
) -> Result<Vec<RecordResult>, Vec<Problem>> {
    if program.read.record_shape() == RecordShape::Tree {
        return run_json_records(program, input, place);
    }
    let bad = |e: csv::Error| vec![Problem::new("T0002", format!("the test's input is no CSV: {e}"))];
    let read = &program.read;
    let mut quoted = false;
    let joined = read.blanks.then(|| {
        let lines: Vec<_> = input.lines().map(|line| join_blanks(line, read.quote, &mut quoted)).collect();
        lines.join("\n")
    });
    let input = joined.as_deref().unwrap_or(input);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(read.delimiter)
        .quote(read.quote)
        .escape(read.escape)
        .has_headers(false)
        .flexible(true)
        .from_reader(input.as_bytes());
    let mut rows: Vec<(Vec<String>, u64)> = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let more = reader.read_record(&mut record).map_err(bad)?;
        if !more {
            break;
        }
        rows.push((record.iter().map(str::to_owned).collect(), record.position().map_or(0, csv::Position::line)));
    }
    let heading: Vec<String> = match &read.header {
        TableHeading::Given(names) => names.clone(),
        TableHeading::Row(n) => {
            let n = usize::try_from(*n).unwrap_or(1).min(rows.len());
            let head = rows.drain(..n).next_back();
            head.map(|(row, _)| row).unwrap_or_default()
        }
    };
    if let Some((row, line)) = rows.iter().find(|(r, _)| r.len() != heading.len() && !read.pad_ragged) {
        let mut problem = Problem::new("R0303", "a row has not as many fields as the heading")
            .instead(row.len().to_string(), heading.len().to_string());
        problem.lines = vec![*line];
        return Err(vec![problem]);
    }
    // Lenient: a test shows the columns that matter, the others are blank.
    let plan = MappingPlan::of_heading(Arc::clone(program), &heading, true)?;
    let mut above = FillDownState::default();
    for (row, _) in &mut rows {
        for (column, value) in plan.fill_down(row, &mut above) {
            row.get_mut(column).into_iter().for_each(|cell| cell.clone_from(&value));
        }
    }
    let mut groups: Vec<Vec<NumberedRow>> = Vec::new();
    let mut at: BTreeMap<String, usize> = BTreeMap::new();
    for (row, line) in &rows {
        let one = NumberedRow { row: SourceRow::Table(row), line: *line };
        match plan.group_key(row) {
            Some(key) => match at.get(&key).and_then(|n| groups.get_mut(*n)) {
                Some(group) => group.push(one),
                None => {
                    at.insert(key, groups.len());
                    groups.push(vec![one]);
                }
            },
            None => groups.push(vec![one]),
        }
    }
    Ok(groups.iter_mut().map(|rows| finish_rows(&plan, rows, place)).collect())
}

fn run_json_records(
    program: &Arc<CompiledConnector>,
    input: &str,
    place: Option<&SourceRecord>,
) -> Result<Vec<RecordResult>, Vec<Problem>> {
    let plan = MappingPlan::without_heading(Arc::clone(program));
    let mut ended = Vec::new();
    for body in serde_json::Deserializer::from_str(input).into_iter::<Json>() {
        let body = body.map_err(|e| vec![Problem::new("T0002", format!("the test's input is no JSON: {e}"))])?;
        for body in bodies_of(program, &body) {
            let records = match select_records(program, body) {
                Ok(records) => records.unwrap_or_default(),
                Err(problem) => {
                    ended.push(RecordResult::Quarantined(vec![*problem]));
                    continue;
                }
            };
            for record in records {
                let mut rows = [NumberedRow { row: SourceRow::Json(record, body), line: 0 }];
                ended.push(finish_rows(&plan, &mut rows, place));
            }
        }
    }
    Ok(ended)
}

/// Files may hold a list of bodies, one after the other; a message or a post is one body, whatever it is.
fn bodies_of<'v>(program: &CompiledConnector, document: &'v Json) -> &'v [Json] {
    let of_files = program.from.kinds.iter().any(|kind| matches!(kind, InputKind::File | InputKind::Stdin));
    let in_list = !matches!(program.read.records.as_deref(), Some([PathStep::Index(_) | PathStep::Every, ..]));
    match document {
        Json::Array(list) if of_files && in_list && program.read.format == RecordFormat::Json => list,
        one => std::slice::from_ref(one),
    }
}

fn finish_rows(plan: &MappingPlan, rows: &mut [NumberedRow], place: Option<&SourceRecord>) -> RecordResult {
    let Some(place) = place else {
        return plan.finish_record(&SourceRecord { resource: "test", rows, last_line: 0, offset: 0, length: 0 });
    };
    rows.iter_mut().zip(place.rows).for_each(|(row, at)| row.line = at.line);
    plan.finish_record(&SourceRecord { rows, ..*place })
}
