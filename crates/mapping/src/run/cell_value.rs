//! Works out a cell: pick, clean, cut, translate, parse, adjust, default, check.

use std::borrow::Cow;
use std::cmp::Ordering;

use onefold_event::{KeyState, ValueFault, check_key, clean_text, judge_key};

use crate::language::path::RecordShape;
use crate::program::cell::{CellDef, CellOrigin, RowPick};
use crate::program::paths::PathId;
use crate::run::adjust::{adjust_value, check_value};
use crate::run::convert::{convert_value, parse_text, translate_text};
use crate::run::expression::evaluate_expression;
use crate::run::frame::{EvaluationStop, ReportedFault, ScopeFrame, TextPiece};
use crate::run::reporting::path_of;
use crate::values::text_edit::{TextEdit, all_matches};
use crate::values::value::{CellValue, compare_values, unsigned_zero};

/// The cell's value; whatever is wrong with it has been reported.
pub(crate) fn cell_value<'r>(cell: &'r CellDef, frame: &ScopeFrame<'_, 'r>) -> Result<CellValue<'r>, ReportedFault> {
    let value = match origin_value(cell, frame) {
        Err(ReportedFault) if cell.lenient => CellValue::Absent,
        other => other?,
    };
    if cell.required && value.is_absent() {
        return Err(frame.report_missing(cell));
    }
    Ok(value)
}

fn origin_value<'r>(cell: &'r CellDef, frame: &ScopeFrame<'_, 'r>) -> Result<CellValue<'r>, ReportedFault> {
    let value = match (&cell.default, value_before_default(cell, frame)?) {
        (Some(default), CellValue::Absent) => cell_value(default, frame)?,
        (_, value) => value,
    };
    if !cell.checks.is_empty() && !value.is_absent() {
        let rows = frame.row_range().take(8).collect::<Vec<_>>();
        let all = if let CellValue::List(list) = &value { list.as_slice() } else { std::slice::from_ref(&value) };
        let checked = all.iter().try_for_each(|value| check_value(cell, value));
        checked.map_err(|fault| frame.report_fault_at(cell, path_of(cell), &rows, fault))?;
    }
    Ok(value)
}

/// Read and adjusted: what the cell's default, if it is absent, and its checks go on from.
pub(crate) fn value_before_default<'r>(
    cell: &'r CellDef,
    frame: &ScopeFrame<'_, 'r>,
) -> Result<CellValue<'r>, ReportedFault> {
    let rows = || frame.row_range().take(8).collect::<Vec<_>>();
    let value = match &cell.origin {
        CellOrigin::Value(value) => value.clone(),
        CellOrigin::From(path) => value_from_path(cell, *path, frame)?,
        CellOrigin::FirstOf(paths) => {
            let mut found = CellValue::Absent;
            for path in paths {
                found = value_from_path(cell, *path, frame)?;
                if !found.is_absent() {
                    break;
                }
            }
            found
        }
        CellOrigin::Join { paths, with } => {
            let text = joined_text(cell, paths, with, frame)?;
            if text.is_empty() {
                CellValue::Absent
            } else {
                read_text(cell, text.into(), false, paths.first().copied(), &rows(), frame)?
            }
        }
        CellOrigin::FirstCell(cells) => {
            let mut found = CellValue::Absent;
            for inner in cells {
                found = cell_value(inner, frame)?;
                if !found.is_absent() {
                    break;
                }
            }
            found
        }
        CellOrigin::JoinCells { cells, with } => {
            let (mut parts, mut bad) = (Vec::with_capacity(cells.len()), false);
            for inner in cells {
                match cell_value(inner, frame) {
                    Ok(CellValue::Absent) => {}
                    Ok(value) => parts.push(value.to_display()),
                    Err(ReportedFault) => bad = true,
                }
            }
            match parts.join(with) {
                _ if bad => return Err(ReportedFault),
                text if text.is_empty() => CellValue::Absent,
                text => read_text(cell, text.into(), false, None, &rows(), frame)?,
            }
        }
        CellOrigin::Use(slot) => {
            let value = frame.slot_value(*slot)?;
            match value {
                CellValue::Text(text) => match clean_for_cell(cell, text) {
                    Some(text) => read_text(cell, text, false, None, &rows(), frame)?,
                    None => CellValue::Absent,
                },
                other => {
                    convert_value(other, cell, frame).map_err(|stop| report_stop(stop, cell, None, &rows(), frame))?
                }
            }
        }
        CellOrigin::Calc { expression, .. } => {
            let value = evaluate_expression(expression, frame).and_then(|v| convert_value(v, cell, frame));
            value.map_err(|stop| report_stop(stop, cell, None, &rows(), frame))?
        }
    };
    // The order is fixed, however the options are written: read, adjust, default, check.
    let adjusted = match value {
        CellValue::List(list) => {
            let each = list.into_iter().map(|value| adjust_value(cell, value)).collect::<Result<_, _>>();
            each.map(CellValue::List)
        }
        one => adjust_value(cell, one),
    };
    adjusted.map_err(|fault| frame.report_fault_at(cell, path_of(cell), &rows(), fault))
}

fn report_stop(
    stop: EvaluationStop,
    cell: &CellDef,
    path: Option<PathId>,
    rows: &[usize],
    frame: &ScopeFrame,
) -> ReportedFault {
    match stop {
        EvaluationStop::Bad => ReportedFault,
        EvaluationStop::Fault(fault) => frame.report_fault_at(cell, path, rows, fault),
    }
}

/// Text after cleaning; None if it is blank.
pub(crate) fn clean_for_cell<'t>(cell: &CellDef, text: Cow<'t, str>) -> Option<Cow<'t, str>> {
    let text = match text {
        Cow::Borrowed(text) => clean_text(text, cell.trim),
        Cow::Owned(text) => Cow::Owned(clean_text(&text, cell.trim).into_owned()),
    };
    let text = cell.fold.fold_text(text);
    if text.is_empty() || cell.blank.iter().any(|b| *b == text) { None } else { Some(text) }
}

pub(crate) fn cell_pieces<'r>(
    cell: &CellDef,
    path: PathId,
    frame: &ScopeFrame<'_, 'r>,
) -> Result<Vec<TextPiece<'r>>, ReportedFault> {
    let mut raw = Vec::new();
    for row in frame.row_range() {
        frame.text_pieces(path, row, &mut raw).map_err(|problem| frame.report_problem(cell, *problem))?;
    }
    Ok(raw)
}

fn value_from_path<'r>(
    cell: &'r CellDef,
    path: PathId,
    frame: &ScopeFrame<'_, 'r>,
) -> Result<CellValue<'r>, ReportedFault> {
    let rows = frame.row_range();
    let single = rows.len() == 1 && !matches!(cell.pick, RowPick::Count | RowPick::List);
    // By far the most common: one row, one column. No list of pieces is made.
    if single && let Some(text) = frame.field_text(path, rows.start) {
        return match clean_for_cell(cell, text.into()) {
            Some(text) => read_text(cell, text, false, Some(path), &[rows.start], frame),
            None => Ok(CellValue::Absent),
        };
    }
    let mut raw = cell_pieces(cell, path, frame)?;
    // Rows that repeat a value (headers of a document) are cleaned and read once.
    let alike = raw.windows(2).all(|w| matches!(w, [a, b] if a.text == b.text));
    if alike && matches!(cell.pick, RowPick::Same | RowPick::First | RowPick::Last | RowPick::Min | RowPick::Max) {
        raw.truncate(1);
    }
    let present: Vec<(Option<Cow<'r, str>>, bool, usize)> =
        raw.into_iter().map(|p| (clean_for_cell(cell, p.text), p.json, p.row)).collect();
    let some = |(text, json, row): (Option<Cow<'r, str>>, bool, usize)| text.map(|t| (t, json, row));
    let one = |found: Option<(Cow<'r, str>, bool, usize)>| match found {
        Some((text, json, row)) => read_text(cell, text, json, Some(path), &[row], frame),
        None => Ok(CellValue::Absent),
    };
    match cell.pick {
        RowPick::Same => {
            if let Some(pair) = present.windows(2).find(|w| matches!(w, [a, b] if a.0 != b.0)) {
                return Err(report_disagreement(cell, path, pair, frame));
            }
            one(present.into_iter().next().and_then(some))
        }
        RowPick::First => one(present.into_iter().find_map(some)),
        RowPick::Last => one(present.into_iter().rev().find_map(some)),
        RowPick::Count => Ok(CellValue::Integer(
            i64::try_from(present.iter().filter(|(text, ..)| text.is_some()).count()).unwrap_or(i64::MAX),
        )),
        RowPick::Min | RowPick::Max | RowPick::Sum | RowPick::List => {
            // All values are read before the first bad one ends it: all errors of a record are told.
            let (mut values, mut bad) = (Vec::with_capacity(present.len()), false);
            for (text, json, row) in present.into_iter().filter_map(some) {
                match read_text(cell, text, json, Some(path), &[row], frame) {
                    Ok(value) => values.push((value, row)),
                    Err(ReportedFault) => bad = true,
                }
            }
            if bad { Err(ReportedFault) } else { reduce_values(cell, path, values, frame) }
        }
    }
}

fn reduce_values<'r>(
    cell: &CellDef,
    path: PathId,
    values: Vec<(CellValue<'r>, usize)>,
    frame: &ScopeFrame<'_, 'r>,
) -> Result<CellValue<'r>, ReportedFault> {
    if cell.pick == RowPick::List {
        // A text of which all matches are taken gives a list of its own.
        let flat = values.into_iter().flat_map(|(value, _)| match value {
            CellValue::List(list) => list,
            one => vec![one],
        });
        return Ok(CellValue::List(flat.collect()));
    }
    let rows: Vec<usize> = values.iter().map(|(_, row)| *row).collect();
    let mut values = values.into_iter().map(|(v, _)| v);
    let Some(mut result) = values.next() else { return Ok(CellValue::Absent) };
    for value in values {
        if let (CellValue::Money(_, p), CellValue::Money(_, q)) = (&result, &value)
            && p != q
        {
            let fault = ValueFault::new("R0415", "amounts of two currencies do not compute")
                .instead(format!("{} and {}", p.code(), q.code()), "one currency");
            return Err(frame.report_fault_at(cell, Some(path), &rows, fault));
        }
        if cell.pick == RowPick::Sum {
            let sum = result.as_decimal().zip(value.as_decimal()).and_then(|(x, y)| x.checked_add(y));
            let Some(sum) = sum.map(unsigned_zero) else {
                return Err(frame.report_fault_at(
                    cell,
                    Some(path),
                    &rows,
                    ValueFault::new("R0413", "a number has too many digits"),
                ));
            };
            result = match result {
                CellValue::Money(_, c) => CellValue::Money(sum, c),
                CellValue::Integer(_) => i64::try_from(sum).map_or(CellValue::Absent, CellValue::Integer),
                _ => CellValue::Decimal(sum),
            };
            continue;
        }
        let before = compare_values(&value, &result) == Some(Ordering::Less);
        if before == (cell.pick == RowPick::Min) {
            result = value;
        }
    }
    Ok(result)
}

pub(crate) fn report_disagreement(
    cell: &CellDef,
    path: PathId,
    pair: &[(Option<Cow<str>>, bool, usize)],
    frame: &ScopeFrame,
) -> ReportedFault {
    let show = |text: &Option<Cow<str>>| text.as_ref().map_or("nothing".to_owned(), |t| format!("`{t}`"));
    let found = pair.iter().map(|(text, ..)| show(text)).collect::<Vec<_>>().join(" and ");
    let rows: Vec<usize> = pair.iter().map(|(.., row)| *row).collect();
    let heading = frame.run.plan.path_text(path);
    let fault = match frame.run.plan.shape() {
        RecordShape::Table => ValueFault::new("R0405", "the rows of one record disagree")
            .instead(found, "one value in all rows")
            .help(format!("choose one with {{ from = \"{heading}\", pick = \"first\" }}, or group by {heading} too")),
        RecordShape::Tree => ValueFault::new("R0405", "the items of a list disagree")
            .instead(found, "one value in all items")
            .help(format!(
                "choose one with {{ from = \"{heading}\", pick = \"first\" }}; where several may stand, pick = \"list\""
            )),
    };
    frame.report_fault_at(cell, Some(path), &rows, fault)
}

pub(crate) fn joined_text(
    cell: &CellDef,
    paths: &[PathId],
    with: &str,
    frame: &ScopeFrame,
) -> Result<String, ReportedFault> {
    let mut parts = Vec::new();
    for path in paths {
        let texts: Vec<_> = cell_pieces(cell, *path, frame)?
            .into_iter()
            .map(|p| (clean_for_cell(cell, p.text), p.json, p.row))
            .collect();
        if let (true, Some((Some(text), json, row))) = (cell.is_key(), texts.first()) {
            whole_key(text, *json).map_err(|fault| frame.report_fault_at(cell, Some(*path), &[*row], fault))?;
        }
        if let Some(pair) = texts.windows(2).find(|w| matches!(w, [a, b] if a.0 != b.0)) {
            return Err(report_disagreement(cell, *path, pair, frame));
        }
        parts.extend(texts.into_iter().next().and_then(|(text, ..)| text));
    }
    Ok(parts.join(with))
}

/// Cut, translate and parse one cleaned text.
pub(crate) fn read_text<'r>(
    cell: &'r CellDef,
    text: Cow<'r, str>,
    json: bool,
    path: Option<PathId>,
    rows: &[usize],
    frame: &ScopeFrame<'_, 'r>,
) -> Result<CellValue<'r>, ReportedFault> {
    text_value(cell, text, json, frame).map_err(|stop| report_stop(stop, cell, path, rows, frame))
}

fn text_value<'r>(
    cell: &'r CellDef,
    text: Cow<'r, str>,
    json: bool,
    frame: &ScopeFrame<'_, 'r>,
) -> Result<CellValue<'r>, EvaluationStop> {
    edited_value(cell, &cell.cuts, text, json, frame)
}

/// The same from one of the edits on: what follows them is done to each text that they make.
fn edited_value<'r>(
    cell: &'r CellDef,
    edits: &'r [TextEdit],
    mut text: Cow<'r, str>,
    json: bool,
    frame: &ScopeFrame<'_, 'r>,
) -> Result<CellValue<'r>, EvaluationStop> {
    for (n, edit) in edits.iter().enumerate() {
        if let TextEdit::MatchAll(regex) = edit {
            let rest = edits.get(n + 1..).unwrap_or_default();
            let found = all_matches(regex, &text).into_iter();
            let values = found.map(|found| edited_value(cell, rest, found.into(), json, frame));
            let list: Vec<_> =
                values.filter(|value| !matches!(value, Ok(CellValue::Absent))).collect::<Result<_, _>>()?;
            return Ok(if list.is_empty() { CellValue::Absent } else { CellValue::List(list) });
        }
        text = edit.edit_text(text)?;
    }
    if !cell.cuts.is_empty() && text.is_empty() {
        return Ok(CellValue::Absent);
    }
    if let Some(translate) = &cell.translate {
        match translate_text(translate, text, frame)? {
            Some(word) => text = word,
            None => return Ok(CellValue::Absent),
        }
    }
    if cell.is_key() {
        whole_key(&text, json)?;
        if let KeyState::Doubtful(why) = judge_key(&text, json) {
            let fault = ValueFault::new("R0433", "this key may be what a spreadsheet left of another");
            frame.add_finding(cell, fault.instead(text.as_ref(), format!("the number as the source has it: {why}")));
        }
    }
    parse_text(cell, text, json, frame)
}

/// R0432: a key that is damaged makes records one which are several, or several which are one.
pub(crate) fn whole_key(text: &str, json: bool) -> Result<(), ValueFault> {
    check_key(text, json).map_err(|fault| match text.ends_with(".0") {
        true => fault.help("if only `.0` was added: { from = \"…\", match = '^([0-9]+)(?:\\.0)?$' }"),
        false => fault,
    })
}
