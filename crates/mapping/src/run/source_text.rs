//! The text of a cell before translation: what ids and revisions are made of.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::program::cell::{Cell, Origin, Pick};
use crate::program::paths::PathId;
use crate::run::cell_value::{cleaned, disagree, joined, pieces, read, whole_key};
use crate::run::frame::{Bad, Frame};
use crate::values::value::{Val, order};

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
