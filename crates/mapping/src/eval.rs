//! Works out a cell: pick, clean, cut, translate, parse, adjust, default, check.

use std::borrow::Cow;
use std::cmp::Ordering;

use onefold_event::{KeyState, Problem, check_key, clean_text, judge_key};

use crate::cell::{Cell, Check, Origin, Pick};
use crate::convert::{convert, parse};
use crate::expr::{Stop, eval, order, rounded};
use crate::frame::{Bad, Frame, Item, Piece};
use crate::path::PathId;
use crate::scope::{Fill, SlotRef};
use crate::value::{Fault, Val, unsigned_zero};

impl<'f, 'r> Frame<'f, 'r> {
    /// The frame of an item of a list that this frame holds.
    pub(crate) fn item<'x>(&'x self, list: SlotRef, item: &'x Item<'r>) -> Option<Frame<'x, 'r>> {
        let Fill::List { scope, .. } = &self.scope.slots.get(list.index)?.fill else { return None };
        let scope = self.run.plan.scope(*scope)?;
        Some(Frame { run: self.run, scope, memo: &item.memo, parent: Some(self), base: item.base })
    }

    /// Reports a fault of a cell where it belongs: an error, or a finding where the cell allows it.
    fn report(&self, cell: &Cell, path: Option<PathId>, rows: &[usize], fault: Fault) -> Bad {
        let mut problem = Problem::new(fault.code, fault.message).instead(fault.found, fault.expected);
        problem.path = path.map_or("", |p| self.run.plan.path_text(p)).to_owned();
        // Advice is to be copied: it names the heading where there is one.
        let heading = if problem.path.is_empty() { "…" } else { &problem.path };
        problem.help =
            fault.help.iter().map(|h| h.replace("{ from = \"…\"", &format!("{{ from = \"{heading}\""))).collect();
        problem.lines = self.run.lines(rows);
        self.report_problem(cell, problem)
    }

    fn report_problem(&self, cell: &Cell, mut problem: Problem) -> Bad {
        problem.target.clone_from(&cell.target);
        problem.mapping = Some(self.run.plan.place(&cell.span));
        let list = if cell.lenient { &self.run.findings } else { &self.run.errors };
        let mut list = list.borrow_mut();
        if !list.contains(&problem) {
            list.push(problem);
        }
        Bad
    }

    /// A finding, where nothing is wrong enough for an error.
    pub(crate) fn notice(&self, cell: &Cell, fault: Fault) {
        let mut problem = Problem::new(fault.code, fault.message).instead(fault.found, fault.expected);
        problem.target.clone_from(&cell.target);
        problem.path = path_of(cell).map_or("", |p| self.run.plan.path_text(p)).to_owned();
        problem.mapping = Some(self.run.plan.place(&cell.span));
        problem.lines = self.run.lines(&self.rows().take(8).collect::<Vec<_>>());
        let mut findings = self.run.findings.borrow_mut();
        if !findings.contains(&problem) {
            findings.push(problem);
        }
    }

    pub(crate) fn fault(&self, cell: &Cell, fault: Fault) -> Bad {
        let rows: Vec<usize> = self.rows().take(8).collect();
        self.report(cell, path_of(cell), &rows, fault)
    }

    pub(crate) fn missing(&self, cell: &Cell) -> Bad {
        let path = match &cell.origin {
            Origin::From(path) => Some(*path),
            Origin::FirstOf(paths) | Origin::Join { paths, .. } => paths.first().copied(),
            _ => None,
        };
        let rows: Vec<usize> = self.rows().take(8).collect();
        let fault = Fault::new("R0402", "a required value is missing").instead("", format!("a {}", cell.ty.word()));
        self.report(cell, path, &rows, fault)
    }
}

/// The cell's value; whatever is wrong with it has been reported.
pub(crate) fn cell<'r>(cell: &'r Cell, frame: &Frame<'_, 'r>) -> Result<Val<'r>, Bad> {
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
        (Some(default), Val::Absent) => self::cell(default, frame)?,
        (_, value) => value,
    };
    if !cell.checks.is_empty() && !value.is_absent() {
        check(cell, &value).map_err(|fault| frame.report(cell, path_of(cell), &rows(), fault))?;
    }
    Ok(value)
}

fn path_of(cell: &Cell) -> Option<PathId> {
    match &cell.origin {
        Origin::From(path) => Some(*path),
        _ => None,
    }
}

fn stopped(stop: Stop, cell: &Cell, path: Option<PathId>, rows: &[usize], frame: &Frame) -> Bad {
    match stop {
        Stop::Bad => Bad,
        Stop::Fault(fault) => frame.report(cell, path, rows, fault),
    }
}

/// Text after cleaning; None if it is blank.
fn cleaned<'t>(cell: &Cell, text: Cow<'t, str>) -> Option<Cow<'t, str>> {
    let text = match text {
        Cow::Borrowed(text) => clean_text(text, cell.trim),
        Cow::Owned(text) => Cow::Owned(clean_text(&text, cell.trim).into_owned()),
    };
    let text = cell.fold.apply(text);
    if text.is_empty() || cell.blank.iter().any(|b| *b == text) { None } else { Some(text) }
}

fn pieces<'r>(cell: &Cell, path: PathId, frame: &Frame<'_, 'r>) -> Result<Vec<Piece<'r>>, Bad> {
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

fn disagree(cell: &Cell, path: PathId, pair: &[(Option<Cow<str>>, bool, usize)], frame: &Frame) -> Bad {
    let show = |text: &Option<Cow<str>>| text.as_ref().map_or("nothing".to_owned(), |t| format!("`{t}`"));
    let found = pair.iter().map(|(text, ..)| show(text)).collect::<Vec<_>>().join(" and ");
    let rows: Vec<usize> = pair.iter().map(|(.., row)| *row).collect();
    let heading = frame.run.plan.path_text(path);
    let fault = Fault::new("R0405", "the rows of one record disagree")
        .instead(found, "one value in all rows")
        .help(format!("choose one with {{ from = \"{heading}\", pick = \"first\" }}, or group by {heading} too"));
    frame.report(cell, Some(path), &rows, fault)
}

fn joined(cell: &Cell, paths: &[PathId], with: &str, frame: &Frame) -> Result<String, Bad> {
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
fn read<'r>(
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
        match crate::convert::translate(translate, text, frame)? {
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
    parse(cell, text, json, frame)
}

/// R0432: a key that is damaged makes records one which are several, or several which are one.
fn whole_key(text: &str, json: bool) -> Result<(), Fault> {
    check_key(text, json).map_err(|fault| match text.ends_with(".0") {
        true => fault.help("if only `.0` was added: { from = \"…\", match = '^([0-9]+)(?:\\.0)?$' }"),
        false => fault,
    })
}

/// The text of a cell before translation: what ids and revisions are made of.
pub(crate) fn source_text<'r>(cell: &'r Cell, frame: &Frame<'_, 'r>) -> Result<Option<String>, Bad> {
    let rows: Vec<usize> = frame.rows().take(8).collect();
    let cut = |text: Cow<'r, str>, json: bool, path| {
        let mut text = text;
        for cut in &cell.cuts {
            text = cut.apply(text).map_err(|fault| frame.report(cell, path, &rows, fault))?;
        }
        if cell.is_key() {
            whole_key(&text, json).map_err(|fault| frame.report(cell, path, &rows, fault))?;
        }
        Ok(Some(text.into_owned()).filter(|t| !t.is_empty()))
    };
    match &cell.origin {
        Origin::Value(value) => Ok(Some(value.show()).filter(|t| !t.is_empty())),
        Origin::From(path) => match picked(cell, *path, frame)? {
            Some((text, json)) => cut(text, json, Some(*path)),
            None => Ok(None),
        },
        Origin::FirstOf(paths) => {
            for path in paths {
                if let Some((text, json)) = picked(cell, *path, frame)? {
                    return cut(text, json, Some(*path));
                }
            }
            Ok(None)
        }
        Origin::Join { paths, with } => cut(joined(cell, paths, with, frame)?.into(), false, None),
        Origin::Use(slot) => match frame.fill(*slot) {
            Some((inner, owner)) => match source_text(inner, owner)? {
                Some(text) => match cleaned(cell, text.into()) {
                    Some(text) => cut(Cow::Owned(text.into_owned()), false, None),
                    None => Ok(None),
                },
                None => Ok(None),
            },
            None => Err(Bad),
        },
        // Refused when the connector was read: what is computed is no source text.
        Origin::Calc(_) => Err(Bad),
    }
}

/// The one text that `pick` gives, without reading it where that can be helped.
fn picked<'r>(cell: &'r Cell, path: PathId, frame: &Frame<'_, 'r>) -> Result<Option<(Cow<'r, str>, bool)>, Bad> {
    let texts: Vec<(Option<Cow<'r, str>>, bool, usize)> =
        pieces(cell, path, frame)?.into_iter().map(|p| (cleaned(cell, p.text), p.json, p.row)).collect();
    let alike = texts.windows(2).all(|w| matches!(w, [a, b] if a.0 == b.0));
    let some = |(text, json, _): (Option<Cow<'r, str>>, bool, usize)| text.map(|text| (text, json));
    match cell.pick {
        _ if alike => Ok(texts.into_iter().next().and_then(some)),
        Pick::First => Ok(texts.into_iter().find_map(some)),
        Pick::Last => Ok(texts.into_iter().rev().find_map(some)),
        Pick::Min | Pick::Max => {
            let mut best: Option<(Val<'r>, Cow<'r, str>, bool)> = None;
            for (text, json, row) in texts {
                let Some(text) = text else { continue };
                let value = read(cell, text.clone(), json, Some(path), &[row], frame)?;
                let better = match &best {
                    Some((old, ..)) => {
                        order(&value, old)
                            == Some(if cell.pick == Pick::Min { Ordering::Less } else { Ordering::Greater })
                    }
                    None => true,
                };
                if better {
                    best = Some((value, text, json));
                }
            }
            Ok(best.map(|(_, text, json)| (text, json)))
        }
        _ => match texts.windows(2).find(|w| matches!(w, [a, b] if a.0 != b.0)) {
            Some(pair) => Err(disagree(cell, path, pair, frame)),
            None => Ok(None),
        },
    }
}

fn adjust<'r>(cell: &Cell, value: Val<'r>) -> Result<Val<'r>, Fault> {
    let a = &cell.adjust;
    if let (Val::Date(date), true) = (&value, a.add_days != 0) {
        let later = date.checked_add(jiff::Span::new().days(a.add_days));
        return later
            .map(Val::Date)
            .map_err(|_| Fault::new("R0421", "this date does not exist").instead(date.to_string(), "a date"));
    }
    let plain = !a.negate && !a.abs && a.times.is_none() && a.round.is_none();
    let Some(d) = value.decimal().filter(|_| !plain) else { return Ok(value) };
    let mut d = if a.negate { -d } else { d };
    if a.abs {
        d = d.abs();
    }
    if let Some(times) = a.times {
        d = d.checked_mul(times).ok_or_else(|| {
            Fault::new("R0413", "a number has too many digits").instead(d.to_string(), "fewer digits")
        })?;
    }
    if let Some(digits) = a.round {
        d = rounded(d, digits);
    }
    let d = unsigned_zero(d);
    Ok(match value {
        Val::Money(_, c) => Val::Money(d, c),
        Val::Integer(n) => match i64::try_from(d) {
            Ok(n) if rust_decimal::Decimal::from(n) == d => Val::Integer(n),
            _ => return Err(Fault::new("R0414", "this is not a whole number").instead(n.to_string(), "a whole number")),
        },
        _ => Val::Decimal(d),
    })
}

fn check(cell: &Cell, value: &Val) -> Result<(), Fault> {
    let fault = |expected: String| {
        Err(Fault::new("R0406", "a value is not what the mapping allows").instead(value.show(), expected))
    };
    for check in &cell.checks {
        match check {
            Check::OneOf(list) if !list.iter().any(|v| order(v, value) == Some(Ordering::Equal)) => {
                return fault(format!("one of {}", list.iter().map(Val::show).collect::<Vec<_>>().join(", ")));
            }
            Check::Between(low, high)
                if order(value, low) == Some(Ordering::Less) || order(value, high) == Some(Ordering::Greater) =>
            {
                return fault(format!("between {} and {}", low.show(), high.show()));
            }
            Check::Like(regex) if !regex.is_match(&value.show()) => {
                return fault(format!("a text like {}", regex.as_str()));
            }
            Check::MaxLength(most) if value.show().chars().count() > *most => {
                return fault(format!("at most {most} characters"));
            }
            _ => {}
        }
    }
    Ok(())
}
