//! Works out a cell: pick, clean, cut, translate, parse, adjust, default, check.

use std::borrow::Cow;
use std::cmp::Ordering;

use onefold_event::{KeyState, check_key, clean_text, judge_key};

use crate::program::cell::{Cell, Origin, Pick};
use crate::program::paths::PathId;
use crate::run::adjust::{adjust, check};
use crate::run::convert::{convert, parse_text, translate_text};
use crate::run::expression::eval;
use crate::run::frame::{Bad, Frame, Piece, Stop};
use crate::run::reporting::path_of;
use crate::values::value::{Fault, Val, order, unsigned_zero};

/// The cell's value; whatever is wrong with it has been reported.
pub(crate) fn cell_value<'r>(cell: &'r Cell, frame: &Frame<'_, 'r>) -> Result<Val<'r>, Bad> {
    let value = match made(cell, frame) {
        Err(Bad) if cell.lenient => Val::Absent,
        other => other?,
    };
    if cell.required && value.is_absent() {
        return Err(frame.missing(cell));
    }
    Ok(value)
}

fn made<'r>(cell: &'r Cell, frame: &Frame<'_, 'r>) -> Result<Val<'r>, Bad> {
    let rows = || frame.rows().take(8).collect::<Vec<_>>();
    let value = match &cell.origin {
        Origin::Value(value) => value.clone(),
        Origin::From(path) => from(cell, *path, frame)?,
        Origin::FirstOf(paths) => {
            let mut found = Val::Absent;
            for path in paths {
                found = from(cell, *path, frame)?;
                if !found.is_absent() {
                    break;
                }
            }
            found
        }
        Origin::Join { paths, with } => {
            let text = joined(cell, paths, with, frame)?;
            if text.is_empty() {
                Val::Absent
            } else {
                read(cell, text.into(), false, paths.first().copied(), &rows(), frame)?
            }
        }
        Origin::Use(slot) => {
            let value = frame.value(*slot)?;
            match value {
                Val::Text(text) => match cleaned(cell, text) {
                    Some(text) => read(cell, text, false, None, &rows(), frame)?,
                    None => Val::Absent,
                },
                other => convert(other, cell, frame).map_err(|stop| stopped(stop, cell, None, &rows(), frame))?,
            }
        }
        Origin::Calc(expr) => {
            let value = eval(expr, frame).and_then(|v| convert(v, cell, frame));
            value.map_err(|stop| stopped(stop, cell, None, &rows(), frame))?
        }
    };
    let value = adjust(cell, value).map_err(|fault| frame.report(cell, path_of(cell), &rows(), fault))?;
    let value = match (&cell.default, value) {
        (Some(default), Val::Absent) => cell_value(default, frame)?,
        (_, value) => value,
    };
    if !cell.checks.is_empty() && !value.is_absent() {
        check(cell, &value).map_err(|fault| frame.report(cell, path_of(cell), &rows(), fault))?;
    }
    Ok(value)
}

fn stopped(stop: Stop, cell: &Cell, path: Option<PathId>, rows: &[usize], frame: &Frame) -> Bad {
    match stop {
        Stop::Bad => Bad,
        Stop::Fault(fault) => frame.report(cell, path, rows, fault),
    }
}

/// Text after cleaning; None if it is blank.
pub(crate) fn cleaned<'t>(cell: &Cell, text: Cow<'t, str>) -> Option<Cow<'t, str>> {
    let text = match text {
        Cow::Borrowed(text) => clean_text(text, cell.trim),
        Cow::Owned(text) => Cow::Owned(clean_text(&text, cell.trim).into_owned()),
    };
    let text = cell.fold.apply(text);
    if text.is_empty() || cell.blank.iter().any(|b| *b == text) { None } else { Some(text) }
}

pub(crate) fn pieces<'r>(cell: &Cell, path: PathId, frame: &Frame<'_, 'r>) -> Result<Vec<Piece<'r>>, Bad> {
    let mut raw = Vec::new();
    for row in frame.rows() {
        frame.pieces(path, row, &mut raw).map_err(|problem| frame.report_problem(cell, *problem))?;
    }
    Ok(raw)
}

fn from<'r>(cell: &'r Cell, path: PathId, frame: &Frame<'_, 'r>) -> Result<Val<'r>, Bad> {
    let rows = frame.rows();
    let single = rows.len() == 1 && !matches!(cell.pick, Pick::Count | Pick::List);
    if single && let Some(text) = frame.field(path, rows.start) {
        return match cleaned(cell, text.into()) {
            Some(text) => read(cell, text, false, Some(path), &[rows.start], frame),
            None => Ok(Val::Absent),
        };
    }
    let mut raw = pieces(cell, path, frame)?;
    let alike = raw.windows(2).all(|w| matches!(w, [a, b] if a.text == b.text));
    if alike && matches!(cell.pick, Pick::Same | Pick::First | Pick::Last | Pick::Min | Pick::Max) {
        raw.truncate(1);
    }
    let present: Vec<(Option<Cow<'r, str>>, bool, usize)> =
        raw.into_iter().map(|p| (cleaned(cell, p.text), p.json, p.row)).collect();
    let some = |(text, json, row): (Option<Cow<'r, str>>, bool, usize)| text.map(|t| (t, json, row));
    let one = |found: Option<(Cow<'r, str>, bool, usize)>| match found {
        Some((text, json, row)) => read(cell, text, json, Some(path), &[row], frame),
        None => Ok(Val::Absent),
    };
    match cell.pick {
        Pick::Same => {
            if let Some(pair) = present.windows(2).find(|w| matches!(w, [a, b] if a.0 != b.0)) {
                return Err(disagree(cell, path, pair, frame));
            }
            one(present.into_iter().next().and_then(some))
        }
        Pick::First => one(present.into_iter().find_map(some)),
        Pick::Last => one(present.into_iter().rev().find_map(some)),
        Pick::Count => Ok(Val::Integer(
            i64::try_from(present.iter().filter(|(text, ..)| text.is_some()).count()).unwrap_or(i64::MAX),
        )),
        Pick::Min | Pick::Max | Pick::Sum | Pick::List => {
            let (mut values, mut bad) = (Vec::with_capacity(present.len()), false);
            for (text, json, row) in present.into_iter().filter_map(some) {
                match read(cell, text, json, Some(path), &[row], frame) {
                    Ok(value) => values.push((value, row)),
                    Err(Bad) => bad = true,
                }
            }
            if bad { Err(Bad) } else { reduce(cell, path, values, frame) }
        }
    }
}

fn reduce<'r>(cell: &Cell, path: PathId, values: Vec<(Val<'r>, usize)>, frame: &Frame<'_, 'r>) -> Result<Val<'r>, Bad> {
    if cell.pick == Pick::List {
        return Ok(Val::List(values.into_iter().map(|(v, _)| v).collect()));
    }
    let rows: Vec<usize> = values.iter().map(|(_, row)| *row).collect();
    let mut values = values.into_iter().map(|(v, _)| v);
    let Some(mut result) = values.next() else { return Ok(Val::Absent) };
    for value in values {
        if let (Val::Money(_, p), Val::Money(_, q)) = (&result, &value)
            && p != q
        {
            let fault = Fault::new("R0415", "amounts of two currencies do not compute")
                .instead(format!("{} and {}", p.code(), q.code()), "one currency");
            return Err(frame.report(cell, Some(path), &rows, fault));
        }
        if cell.pick == Pick::Sum {
            let sum = result.decimal().zip(value.decimal()).and_then(|(x, y)| x.checked_add(y));
            let Some(sum) = sum.map(unsigned_zero) else {
                return Err(frame.report(cell, Some(path), &rows, Fault::new("R0413", "a number has too many digits")));
            };
            result = match result {
                Val::Money(_, c) => Val::Money(sum, c),
                Val::Integer(_) => i64::try_from(sum).map_or(Val::Absent, Val::Integer),
                _ => Val::Decimal(sum),
            };
            continue;
        }
        let before = order(&value, &result) == Some(Ordering::Less);
        if before == (cell.pick == Pick::Min) {
            result = value;
        }
    }
    Ok(result)
}

pub(crate) fn disagree(cell: &Cell, path: PathId, pair: &[(Option<Cow<str>>, bool, usize)], frame: &Frame) -> Bad {
    let show = |text: &Option<Cow<str>>| text.as_ref().map_or("nothing".to_owned(), |t| format!("`{t}`"));
    let found = pair.iter().map(|(text, ..)| show(text)).collect::<Vec<_>>().join(" and ");
    let rows: Vec<usize> = pair.iter().map(|(.., row)| *row).collect();
    let heading = frame.run.plan.path_text(path);
    let fault = Fault::new("R0405", "the rows of one record disagree")
        .instead(found, "one value in all rows")
        .help(format!("choose one with {{ from = \"{heading}\", pick = \"first\" }}, or group by {heading} too"));
    frame.report(cell, Some(path), &rows, fault)
}

pub(crate) fn joined(cell: &Cell, paths: &[PathId], with: &str, frame: &Frame) -> Result<String, Bad> {
    let mut parts = Vec::new();
    for path in paths {
        let texts: Vec<_> =
            pieces(cell, *path, frame)?.into_iter().map(|p| (cleaned(cell, p.text), p.json, p.row)).collect();
        if let (true, Some((Some(text), json, row))) = (cell.is_key(), texts.first()) {
            whole_key(text, *json).map_err(|fault| frame.report(cell, Some(*path), &[*row], fault))?;
        }
        if let Some(pair) = texts.windows(2).find(|w| matches!(w, [a, b] if a.0 != b.0)) {
            return Err(disagree(cell, *path, pair, frame));
        }
        parts.extend(texts.into_iter().next().and_then(|(text, ..)| text));
    }
    Ok(parts.join(with))
}

/// Cut, translate and parse one cleaned text.
pub(crate) fn read<'r>(
    cell: &'r Cell,
    text: Cow<'r, str>,
    json: bool,
    path: Option<PathId>,
    rows: &[usize],
    frame: &Frame<'_, 'r>,
) -> Result<Val<'r>, Bad> {
    text_value(cell, text, json, frame).map_err(|stop| stopped(stop, cell, path, rows, frame))
}

fn text_value<'r>(cell: &'r Cell, mut text: Cow<'r, str>, json: bool, frame: &Frame<'_, 'r>) -> Result<Val<'r>, Stop> {
    for cut in &cell.cuts {
        text = cut.apply(text)?;
    }
    if !cell.cuts.is_empty() && text.is_empty() {
        return Ok(Val::Absent);
    }
    if let Some(translate) = &cell.translate {
        match translate_text(translate, text, frame)? {
            Some(word) => text = word,
            None => return Ok(Val::Absent),
        }
    }
    if cell.is_key() {
        whole_key(&text, json)?;
        if let KeyState::Doubtful(why) = judge_key(&text, json) {
            let fault = Fault::new("R0433", "this key may be what a spreadsheet left of another");
            frame.notice(cell, fault.instead(text.as_ref(), format!("the number as the source has it: {why}")));
        }
    }
    parse_text(cell, text, json, frame)
}

/// R0432: a key that is damaged makes records one which are several, or several which are one.
pub(crate) fn whole_key(text: &str, json: bool) -> Result<(), Fault> {
    check_key(text, json).map_err(|fault| match text.ends_with(".0") {
        true => fault.help("if only `.0` was added: { from = \"…\", match = '^([0-9]+)(?:\\.0)?$' }"),
        false => fault,
    })
}
