//! One record being mapped: where it is read, and what was wrong with it so far.

use std::cell::{OnceCell, RefCell};

use onefold_event::Problem;
use serde_json::Value;

use crate::language::path::{Meta, Path};
use crate::program::names::{Each, SlotRef};
use crate::program::paths::PathId;
use crate::program::scope::Scope;
use crate::run::source::json::{kind_of, walk};
use crate::run::source::plan::Plan;
use crate::run::source::record::{RecordIn, Row};
use crate::values::value::{Fault, Val};

/// Something is wrong, and has been reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bad;

/// Why an expression has no value.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something that it needs is bad, and has been reported.
    Bad,
    /// The computing itself failed.
    Fault(Fault),
}

impl From<Bad> for Stop {
    fn from(_: Bad) -> Self {
        Self::Bad
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

pub(crate) struct Run<'r> {
    pub(crate) plan: &'r Plan,
    pub(crate) record: &'r RecordIn<'r>,
    pub(crate) errors: RefCell<Vec<Problem>>,
    pub(crate) findings: RefCell<Vec<Problem>>,
}

/// What relative paths are relative to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Base<'r> {
    /// The record: all its rows.
    Whole,
    Row(usize),
    /// An item of a list in a row; the last is its place, from 0.
    Item(&'r Value, usize, usize),
}

pub(crate) enum Memo<'r> {
    Value(Result<Val<'r>, Bad>),
    List(Result<Vec<Item<'r>>, Bad>),
}

pub(crate) type Memos<'r> = Vec<OnceCell<Memo<'r>>>;

pub(crate) struct Item<'r> {
    pub(crate) base: Base<'r>,
    pub(crate) memo: Memos<'r>,
}

pub(crate) struct Frame<'f, 'r> {
    pub(crate) run: &'f Run<'r>,
    pub(crate) scope: &'r Scope,
    pub(crate) memo: &'f [OnceCell<Memo<'r>>],
    pub(crate) parent: Option<&'f Frame<'f, 'r>>,
    pub(crate) base: Base<'r>,
}

/// A text as it stands in the source.
#[derive(Debug, Clone)]
pub(crate) struct Piece<'r> {
    pub(crate) text: std::borrow::Cow<'r, str>,
    /// A number or truth value of JSON, which has its own way of writing.
    pub(crate) json: bool,
    pub(crate) row: usize,
}

pub(crate) fn blank_memo<'r>(scope: &Scope) -> Memos<'r> {
    scope.slots.iter().map(|_| OnceCell::new()).collect()
}

impl<'f, 'r> Frame<'f, 'r> {
    pub(crate) fn up(&self, levels: usize) -> Option<&Self> {
        let mut frame = self;
        for _ in 0..levels {
            frame = frame.parent?;
        }
        Some(frame)
    }

    pub(crate) fn name_of(&self, at: SlotRef) -> Option<&'r str> {
        self.up(at.up)?.scope.slots.get(at.index).map(|s| s.name.as_str())
    }

    /// What a list or an event is repeated over.
    pub(crate) fn bases(&self, each: Each) -> Result<Vec<Base<'r>>, Bad> {
        let rows = match self.base {
            Base::Whole => 0..self.run.record.rows.len(),
            Base::Row(n) | Base::Item(_, n, _) => n..n + 1,
        };
        let Each::Path(path) = each else { return Ok(rows.map(Base::Row).collect()) };
        let mut bases = Vec::new();
        for row in rows {
            let found = self.json(path, row).map_err(|problem| {
                self.run.errors.borrow_mut().push(*problem);
                Bad
            })?;
            match found {
                None | Some(Value::Null) => {}
                Some(Value::Array(list)) => bases.extend(list.iter().enumerate().map(|(i, v)| Base::Item(v, row, i))),
                Some(other) => {
                    let mut problem =
                        Problem::new("R0431", "a list is expected here").instead(kind_of(other), "a list");
                    problem.path = self.run.plan.path_text(path).to_owned();
                    problem.lines = self.run.lines(&[row]);
                    self.run.errors.borrow_mut().push(problem);
                    return Err(Bad);
                }
            }
        }
        Ok(bases)
    }

    fn json(&self, path: PathId, row: usize) -> Result<Option<&'r Value>, Box<Problem>> {
        let Some(Path::Json { whole, steps }) = self.run.plan.path(path) else { return Ok(None) };
        let Some(Row::Json(record, body)) = self.run.record.rows.get(row).map(|row| row.row) else { return Ok(None) };
        let from = match (whole, self.base) {
            (true, _) => body,
            (false, Base::Item(item, ..)) => item,
            (false, _) => record,
        };
        walk(from, steps).map_err(|wrong| {
            let mut problem = wrong.problem(self.run.plan.path_text(path), steps);
            problem.lines = self.run.lines(&[row]);
            Box::new(problem)
        })
    }

    /// Rows that a path is read from.
    pub(crate) fn rows(&self) -> std::ops::Range<usize> {
        match self.base {
            Base::Whole => 0..self.run.record.rows.len(),
            Base::Row(n) | Base::Item(_, n, _) => n..n + 1,
        }
    }

    /// The text of a path in one row, or several where JSON has a list.
    pub(crate) fn pieces(&self, path: PathId, row: usize, out: &mut Vec<Piece<'r>>) -> Result<(), Box<Problem>> {
        if let Some(text) = self.field(path, row) {
            out.push(Piece { text: text.into(), json: false, row });
            return Ok(());
        }
        match self.run.plan.path(path) {
            Some(Path::Json { .. }) => match self.json(path, row)? {
                Some(Value::Array(list)) => list.iter().try_for_each(|v| self.piece(v, path, row, out)),
                Some(value) => self.piece(value, path, row, out),
                None => Ok(()),
            },
            // Of the record as a whole they are said once, by its first row.
            Some(Path::Meta(_)) if row > self.rows().start => Ok(()),
            Some(Path::Meta(meta)) => {
                let text = match (meta, self.base) {
                    (Meta::File, _) => self.run.record.resource.to_owned(),
                    (Meta::Line, _) => self.run.record.rows.get(row).map_or(0, |r| r.line).to_string(),
                    (Meta::Index, Base::Item(_, _, n)) => (n + 1).to_string(),
                    (Meta::Index, _) => (row + 1).to_string(),
                    (Meta::Rows, _) => self.run.record.rows.len().to_string(),
                };
                out.push(Piece { text: text.into(), json: true, row });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A field of a table row.
    pub(crate) fn field(&self, path: PathId, row: usize) -> Option<&'r str> {
        let column = self.run.plan.column(path)?;
        match self.run.record.rows.get(row)?.row {
            Row::Table(cells) => cells.cell(column),
            Row::Json(..) => None,
        }
    }

    fn piece(&self, value: &'r Value, path: PathId, row: usize, out: &mut Vec<Piece<'r>>) -> Result<(), Box<Problem>> {
        match value {
            Value::Null => {}
            Value::String(text) => out.push(Piece { text: text.as_str().into(), json: false, row }),
            Value::Number(n) => out.push(Piece { text: n.to_string().into(), json: true, row }),
            Value::Bool(flag) => out.push(Piece { text: if *flag { "true" } else { "false" }.into(), json: true, row }),
            Value::Array(_) | Value::Object(_) => {
                let mut problem = Problem::new("R0431", "a single value is expected here")
                    .instead(kind_of(value), "a text, a number or true or false");
                problem.path = self.run.plan.path_text(path).to_owned();
                problem.lines = self.run.lines(&[row]);
                return Err(Box::new(problem));
            }
        }
        Ok(())
    }
}

impl Run<'_> {
    /// Lines of these rows.
    pub(crate) fn lines(&self, rows: &[usize]) -> Vec<u64> {
        rows.iter().filter_map(|n| self.record.rows.get(*n)).map(|r| r.line).filter(|n| *n > 0).collect()
    }
}
