//! How a cell came to its value in one record, in words: what it was read from and what was done to it.

use crate::program::cell::{CellDef, CellOrigin, CurrencyOf, RowPick, TranslationTable};
use crate::program::paths::PathId;
use crate::run::cell_value::{cell_pieces, cell_value, clean_for_cell, value_before_default};
use crate::run::frame::ScopeFrame;
use crate::run::source_text::source_text;
use crate::values::text_edit::TextEdit;
use crate::values::value::{CellValue, ValueType};

/// Names of names of names: deeper than anybody writes, and circles were refused.
const DEEPEST: usize = 32;
/// Most characters of a word that is quoted.
const LONGEST: usize = 40;

/// Such as `sum of 2 × 价税合计(元)`, `税率, strip %, × 0.01` or `default: 开票日期, + 30 d (到期日 is blank)`.
pub(crate) fn tell_cell<'r>(cell: &'r CellDef, frame: &ScopeFrame<'_, 'r>) -> String {
    tell(cell, frame, 0)
}

fn tell<'r>(cell: &'r CellDef, frame: &ScopeFrame<'_, 'r>, depth: usize) -> String {
    if depth > DEEPEST {
        return "…".to_owned();
    }
    let read = value_before_default(cell, frame);
    if let (Ok(CellValue::Absent), Some(default)) = (&read, &cell.default) {
        let told = match &default.origin {
            CellOrigin::Value(_) => "default".to_owned(),
            _ => format!("default: {}", tell(default, frame, depth + 1)),
        };
        let blank = origin_names(cell, frame);
        return if blank.is_empty() { told } else { format!("{told} ({} is blank)", blank.join(", ")) };
    }
    let mut steps = vec![tell_origin(cell, frame, depth)];
    steps.extend(cell.cuts.iter().map(tell_edit));
    steps.extend(tell_translation(cell, frame));
    if cell.parse.minor {
        steps.push("in smallest units".to_owned());
    }
    if let (ValueType::Money, Some(of)) = (&cell.ty, &cell.parse.currency) {
        let told = match of {
            CurrencyOf::Fixed(_) => None,
            CurrencyOf::Slot(slot) => frame.slot_fill(*slot).map(|(inner, owner)| tell(inner, owner, depth + 1)),
            CurrencyOf::Cell(inner) => Some(tell(inner, frame, depth + 1)),
        };
        // A computed or named amount has its currency already.
        let reads = !matches!(cell.origin, CellOrigin::Use(_) | CellOrigin::Calc { .. });
        steps.extend(told.filter(|_| reads).map(|told| format!("currency from {told}")));
    }
    if cell.parse.at.is_some() {
        steps.push("known to the day".to_owned());
    }
    let a = &cell.adjust;
    for (on, word) in [(a.negate, "negated"), (a.abs, "without its sign")] {
        steps.extend(on.then(|| word.to_owned()));
    }
    steps.extend(a.times.map(|by| format!("× {by}")));
    steps.extend(a.round.map(|digits| format!("rounded to {digits} decimals")));
    if a.add_days != 0 {
        steps.push(format!("{} {} d", if a.add_days < 0 { '-' } else { '+' }, a.add_days.abs()));
    }
    steps.join(", ")
}

fn tell_origin<'r>(cell: &'r CellDef, frame: &ScopeFrame<'_, 'r>, depth: usize) -> String {
    let path_text = |path: PathId| frame.run.plan.path_text(path);
    match &cell.origin {
        CellOrigin::Value(_) => "constant".to_owned(),
        CellOrigin::From(path) => tell_pick(cell, *path, frame),
        CellOrigin::FirstOf(paths) => {
            let found = paths.iter().position(|path| is_there(cell, *path, frame)).unwrap_or(0);
            let told = paths.get(found).map(|path| tell_pick(cell, *path, frame)).unwrap_or_default();
            let blank: Vec<&str> = paths.iter().take(found).map(|path| path_text(*path)).collect();
            if blank.is_empty() { told } else { format!("{told} ({} is blank)", blank.join(", ")) }
        }
        CellOrigin::Join { paths, .. } => {
            let there = paths.iter().filter(|path| is_there(cell, **path, frame));
            there.map(|path| path_text(*path)).collect::<Vec<_>>().join(" + ")
        }
        CellOrigin::FirstCell(cells) => {
            let there = |part: &&'r CellDef| !matches!(cell_value(part, frame), Ok(CellValue::Absent));
            let found = cells.iter().find(there).or(cells.first());
            found.map(|part| tell(part, frame, depth + 1)).unwrap_or_default()
        }
        CellOrigin::JoinCells { cells, .. } => {
            let there = cells.iter().filter(|part| !matches!(cell_value(part, frame), Ok(CellValue::Absent)));
            there.map(|part| tell(part, frame, depth + 1)).collect::<Vec<_>>().join(" + ")
        }
        CellOrigin::Use(slot) => match frame.slot_fill(*slot) {
            Some((inner, owner)) => tell(inner, owner, depth + 1),
            None => frame.name_of(*slot).unwrap_or_default().to_owned(),
        },
        CellOrigin::Calc { text, .. } => format!("= {text}"),
    }
}

/// What `pick` makes of the values of several rows; one value needs none.
fn tell_pick<'r>(cell: &'r CellDef, path: PathId, frame: &ScopeFrame<'_, 'r>) -> String {
    let name = frame.run.plan.path_text(path);
    let count = || cell_pieces(cell, path, frame).map_or(0, |pieces| pieces.len());
    let word = match cell.pick {
        RowPick::Same => return name.to_owned(),
        RowPick::Count => return format!("count of {name}"),
        RowPick::First => "first of",
        RowPick::Last => "last of",
        RowPick::Min => "least of",
        RowPick::Max => "greatest of",
        RowPick::Sum => "sum of",
        RowPick::List => "list of",
    };
    format!("{word} {} × {name}", count())
}

fn is_there<'r>(cell: &'r CellDef, path: PathId, frame: &ScopeFrame<'_, 'r>) -> bool {
    cell_pieces(cell, path, frame)
        .is_ok_and(|pieces| pieces.into_iter().any(|piece| clean_for_cell(cell, piece.text).is_some()))
}

/// Headings and paths that a cell is read from itself.
fn origin_names<'r>(cell: &'r CellDef, frame: &ScopeFrame<'_, 'r>) -> Vec<&'r str> {
    let plan = frame.run.plan;
    match &cell.origin {
        CellOrigin::From(path) => vec![plan.path_text(*path)],
        CellOrigin::FirstOf(paths) | CellOrigin::Join { paths, .. } => {
            paths.iter().map(|path| plan.path_text(*path)).collect()
        }
        CellOrigin::FirstCell(cells) | CellOrigin::JoinCells { cells, .. } => {
            cells.iter().flat_map(|part| origin_names(part, frame)).collect()
        }
        CellOrigin::Use(slot) => {
            frame.slot_fill(*slot).map(|(inner, owner)| origin_names(inner, owner)).unwrap_or_default()
        }
        CellOrigin::Value(_) | CellOrigin::Calc { .. } => Vec::new(),
    }
}

fn tell_edit(edit: &TextEdit) -> String {
    match edit {
        TextEdit::Strip(marks) => format!("strip {}", marks.join(" ")),
        TextEdit::Replace(pairs) => {
            let told: Vec<String> = pairs.iter().map(|(old, new)| format!("{old} → {new}")).collect();
            format!("replace {}", told.join(" "))
        }
        TextEdit::Match(regex) => format!("match {}", regex.as_str()),
        TextEdit::MatchAll(regex) => format!("all matches of {}", regex.as_str()),
        TextEdit::Part { by, n } => format!("part {n} by `{by}`"),
        TextEdit::Slice { start, length } => format!("{length} characters from {start}"),
    }
}

fn tell_translation<'r>(cell: &'r CellDef, frame: &ScopeFrame<'_, 'r>) -> Option<String> {
    let translate = cell.translate.as_ref()?;
    let plan = frame.run.plan;
    let word = source_text(cell, frame).ok().flatten().unwrap_or_default();
    let (table, known) = match translate.by {
        TranslationTable::Words(n) => {
            let table = plan.enum_table(n)?;
            (format!("[enum.{}]", table.name), table.get(&word).is_some())
        }
        TranslationTable::Lookup(n, column) => {
            let table = plan.lookup_table(n)?;
            (format!("[lookup.{}]", table.name), table.get(&word, column).is_some())
        }
    };
    let quoted: String = word.chars().take(LONGEST).collect();
    Some(if known { format!("{table} of \"{quoted}\"") } else { format!("{table} has no \"{quoted}\": else") })
}
