//! The text of a cell before translation: what ids and revisions are made of.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::program::cell::{CellDef, CellOrigin, RowPick};
use crate::program::paths::PathId;
use crate::run::cell_value::{cell_pieces, clean_for_cell, joined_text, read_text, report_disagreement, whole_key};
use crate::run::frame::{ReportedFault, ScopeFrame};
use crate::values::value::{CellValue, compare_values};

/// The text of a cell before translation: what ids and revisions are made of.
pub(crate) fn source_text<'r>(cell: &'r CellDef, frame: &ScopeFrame<'_, 'r>) -> Result<Option<String>, ReportedFault> {
    // At most 8 rows are named in an error: a document may have thousands.
    let rows: Vec<usize> = frame.row_range().take(8).collect();
    let cut = |text: Cow<'r, str>, json: bool, path| {
        let mut text = text;
        for cut in &cell.cuts {
            text = cut.edit_text(text).map_err(|fault| frame.report_fault_at(cell, path, &rows, fault))?;
        }
        if cell.is_key() {
            whole_key(&text, json).map_err(|fault| frame.report_fault_at(cell, path, &rows, fault))?;
        }
        Ok(Some(text.into_owned()).filter(|t| !t.is_empty()))
    };
    match &cell.origin {
        CellOrigin::Value(value) => Ok(Some(value.to_display()).filter(|t| !t.is_empty())),
        CellOrigin::From(path) => match picked_text(cell, *path, frame)? {
            Some((text, json)) => cut(text, json, Some(*path)),
            None => Ok(None),
        },
        CellOrigin::FirstOf(paths) => {
            for path in paths {
                if let Some((text, json)) = picked_text(cell, *path, frame)? {
                    return cut(text, json, Some(*path));
                }
            }
            Ok(None)
        }
        CellOrigin::Join { paths, with } => cut(joined_text(cell, paths, with, frame)?.into(), false, None),
        CellOrigin::FirstCell(cells) => {
            for inner in cells {
                if let Some(text) = source_text(inner, frame)? {
                    return cut(text.into(), false, None);
                }
            }
            Ok(None)
        }
        CellOrigin::JoinCells { cells, with } => {
            let mut parts = Vec::with_capacity(cells.len());
            for inner in cells {
                parts.extend(source_text(inner, frame)?);
            }
            cut(parts.join(with).into(), false, None)
        }
        CellOrigin::Use(slot) => match frame.slot_fill(*slot) {
            Some((inner, owner)) => match source_text(inner, owner)? {
                Some(text) => match clean_for_cell(cell, text.into()) {
                    Some(text) => cut(Cow::Owned(text.into_owned()), false, None),
                    None => Ok(None),
                },
                None => Ok(None),
            },
            None => Err(ReportedFault),
        },
        // Refused when the connector was read: what is computed is no source text.
        CellOrigin::Calc { .. } => Err(ReportedFault),
    }
}

/// The one text that `pick` gives, without reading it where that can be helped.
fn picked_text<'r>(
    cell: &'r CellDef,
    path: PathId,
    frame: &ScopeFrame<'_, 'r>,
) -> Result<Option<(Cow<'r, str>, bool)>, ReportedFault> {
    let texts: Vec<(Option<Cow<'r, str>>, bool, usize)> =
        cell_pieces(cell, path, frame)?.into_iter().map(|p| (clean_for_cell(cell, p.text), p.json, p.row)).collect();
    let alike = texts.windows(2).all(|w| matches!(w, [a, b] if a.0 == b.0));
    let some = |(text, json, _): (Option<Cow<'r, str>>, bool, usize)| text.map(|text| (text, json));
    match cell.pick {
        _ if alike => Ok(texts.into_iter().next().and_then(some)),
        RowPick::First => Ok(texts.into_iter().find_map(some)),
        RowPick::Last => Ok(texts.into_iter().rev().find_map(some)),
        RowPick::Min | RowPick::Max => {
            let mut best: Option<(CellValue<'r>, Cow<'r, str>, bool)> = None;
            for (text, json, row) in texts {
                let Some(text) = text else { continue };
                let value = read_text(cell, text.clone(), json, Some(path), &[row], frame)?;
                let better = match &best {
                    Some((old, ..)) => {
                        compare_values(&value, old)
                            == Some(if cell.pick == RowPick::Min { Ordering::Less } else { Ordering::Greater })
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
            Some(pair) => Err(report_disagreement(cell, path, pair, frame)),
            None => Ok(None),
        },
    }
}
