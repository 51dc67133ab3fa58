//! One record being mapped: where it is read, and what was wrong with it so far.

use std::cell::{OnceCell, RefCell};

use onefold_event::{Problem, ValueFault};
use serde_json::Value;

use crate::language::path::{PathStep, RecordMeta, ValuePath};
use crate::program::names::{RepeatOver, SlotRef};
use crate::program::paths::PathId;
use crate::program::scope::NameScope;
use crate::run::notes::RecordNotes;
use crate::run::source::json::{kind_of, walk_every};
use crate::run::source::plan::MappingPlan;
use crate::run::source::record::{SourceRecord, SourceRow};
use crate::values::value::CellValue;

/// Something is wrong, and has been reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReportedFault;

/// Why an expression has no value.
#[derive(Debug)]
pub(crate) enum EvaluationStop {
    /// Something that it needs is bad, and has been reported.
    Bad,
    /// The computing itself failed.
    Fault(ValueFault),
}

impl From<ReportedFault> for EvaluationStop {
    fn from(_: ReportedFault) -> Self {
        Self::Bad
    }
}

impl From<ValueFault> for EvaluationStop {
    fn from(fault: ValueFault) -> Self {
        Self::Fault(fault)
    }
}

pub(crate) struct RecordRun<'r> {
    pub(crate) plan: &'r MappingPlan,
    pub(crate) record: &'r SourceRecord<'r>,
    pub(crate) errors: RefCell<Vec<Problem>>,
    pub(crate) findings: RefCell<Vec<Problem>>,
    /// What is written down beside, where somebody wants to see how the record became what it is.
    pub(crate) notes: Option<&'r RefCell<RecordNotes>>,
}

/// What relative paths are relative to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PathBase<'r> {
    /// The record: all its rows.
    Whole,
    Row(usize),
    /// An item of a list in a row; the last is its place, from 0.
    Item(&'r Value, usize, usize),
}

pub(crate) enum SlotMemo<'r> {
    Value(Result<CellValue<'r>, ReportedFault>),
    List(Result<Vec<ListItem<'r>>, ReportedFault>),
}

pub(crate) type SlotMemos<'r> = Vec<OnceCell<SlotMemo<'r>>>;

pub(crate) struct ListItem<'r> {
    pub(crate) base: PathBase<'r>,
    pub(crate) memo: SlotMemos<'r>,
}

pub(crate) struct ScopeFrame<'f, 'r> {
    pub(crate) run: &'f RecordRun<'r>,
    pub(crate) scope: &'r NameScope,
    pub(crate) memo: &'f [OnceCell<SlotMemo<'r>>],
    pub(crate) parent: Option<&'f ScopeFrame<'f, 'r>>,
    pub(crate) base: PathBase<'r>,
}

/// A text as it stands in the source.
#[derive(Debug, Clone)]
pub(crate) struct TextPiece<'r> {
    pub(crate) text: std::borrow::Cow<'r, str>,
    /// A number or truth value of JSON, which has its own way of writing.
    pub(crate) json: bool,
    pub(crate) row: usize,
}

pub(crate) fn blank_memo<'r>(scope: &NameScope) -> SlotMemos<'r> {
    scope.slots.iter().map(|_| OnceCell::new()).collect()
}

impl<'f, 'r> ScopeFrame<'f, 'r> {
    pub(crate) fn frame_above(&self, levels: usize) -> Option<&Self> {
        // Frames stand on the stack of those who work out; a slot so many scopes up is so many parents away.
        let mut frame = self;
        for _ in 0..levels {
            frame = frame.parent?;
        }
        Some(frame)
    }

    pub(crate) fn name_of(&self, at: SlotRef) -> Option<&'r str> {
        self.frame_above(at.up)?.scope.slots.get(at.index).map(|s| s.name.as_str())
    }

    /// What a list or an event is repeated over.
    pub(crate) fn repeat_bases(&self, each: RepeatOver) -> Result<Vec<PathBase<'r>>, ReportedFault> {
        let rows = match self.base {
            PathBase::Whole => 0..self.run.record.rows.len(),
            PathBase::Row(n) | PathBase::Item(_, n, _) => n..n + 1,
        };
        let RepeatOver::Path(path) = each else { return Ok(rows.map(PathBase::Row).collect()) };
        let mut bases = Vec::new();
        for row in rows {
            let (found, each) = self.json_values(path, row).map_err(|problem| {
                self.run.errors.borrow_mut().push(*problem);
                ReportedFault
            })?;
            let mut add = |item: &'r Value| {
                let n = bases.len();
                bases.push(PathBase::Item(item, row, n));
            };
            for found in found {
                match found {
                    item if each => add(item),
                    Value::Null => {}
                    Value::Array(list) => list.iter().for_each(&mut add),
                    other => {
                        let mut problem =
                            Problem::new("R0431", "a list is expected here").instead(kind_of(other), "a list");
                        problem.help.push("`each = \"#rows\"` makes one item of the record itself".to_owned());
                        problem.path = self.run.plan.path_text(path).to_owned();
                        problem.lines = self.run.line_numbers(&[row]);
                        self.run.errors.borrow_mut().push(problem);
                        return Err(ReportedFault);
                    }
                }
            }
        }
        Ok(bases)
    }

    /// What a path leads to, and whether these are the items of a list, since it ends in `[]`.
    fn json_values(&self, path: PathId, row: usize) -> Result<(Vec<&'r Value>, bool), Box<Problem>> {
        let mut found = Vec::new();
        let Some(ValuePath::Json { whole, steps }) = self.run.plan.value_path(path) else { return Ok((found, false)) };
        let Some(SourceRow::Json(record, body)) = self.run.record.rows.get(row).map(|row| row.row) else {
            return Ok((found, false));
        };
        let from = match (whole, self.base) {
            (true, _) => body,
            (false, PathBase::Item(item, ..)) => item,
            (false, _) => record,
        };
        walk_every(from, steps, &mut found).map_err(|wrong| {
            let mut problem = wrong.to_problem(self.run.plan.path_text(path), steps);
            problem.lines = self.run.line_numbers(&[row]);
            Box::new(problem)
        })?;
        Ok((found, steps.last() == Some(&PathStep::Every)))
    }

    /// Rows that a path is read from.
    pub(crate) fn row_range(&self) -> std::ops::Range<usize> {
        match self.base {
            PathBase::Whole => 0..self.run.record.rows.len(),
            PathBase::Row(n) | PathBase::Item(_, n, _) => n..n + 1,
        }
    }

    /// The text of a path in one row, or several where JSON has a list.
    pub(crate) fn text_pieces(
        &self,
        path: PathId,
        row: usize,
        out: &mut Vec<TextPiece<'r>>,
    ) -> Result<(), Box<Problem>> {
        if let Some(text) = self.field_text(path, row) {
            out.push(TextPiece { text: text.into(), json: false, row });
            return Ok(());
        }
        match self.run.plan.value_path(path) {
            Some(ValuePath::Json { .. }) => {
                let (found, _) = self.json_values(path, row)?;
                found.into_iter().try_for_each(|value| match value {
                    Value::Array(list) => list.iter().try_for_each(|v| self.push_piece(v, path, row, out)),
                    value => self.push_piece(value, path, row, out),
                })
            }
            // Of the record as a whole they are said once, by its first row.
            Some(ValuePath::Meta(_)) if row > self.row_range().start => Ok(()),
            Some(ValuePath::Meta(meta)) => {
                let text = match (meta, self.base) {
                    (RecordMeta::File, _) => self.run.record.resource.to_owned(),
                    (RecordMeta::Line, _) => self.run.record.rows.get(row).map_or(0, |r| r.line).to_string(),
                    (RecordMeta::Index, PathBase::Item(_, _, n)) => (n + 1).to_string(),
                    (RecordMeta::Index, _) => (row + 1).to_string(),
                    (RecordMeta::Rows, _) => self.run.record.rows.len().to_string(),
                };
                out.push(TextPiece { text: text.into(), json: true, row });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A field of a table row.
    pub(crate) fn field_text(&self, path: PathId, row: usize) -> Option<&'r str> {
        let column = self.run.plan.column_of(path)?;
        match self.run.record.rows.get(row)?.row {
            SourceRow::Table(cells) => cells.cell(column),
            SourceRow::Json(..) => None,
        }
    }

    fn push_piece(
        &self,
        value: &'r Value,
        path: PathId,
        row: usize,
        out: &mut Vec<TextPiece<'r>>,
    ) -> Result<(), Box<Problem>> {
        match value {
            Value::Null => {}
            Value::String(text) => out.push(TextPiece { text: text.as_str().into(), json: false, row }),
            Value::Number(n) => out.push(TextPiece { text: n.to_string().into(), json: true, row }),
            Value::Bool(flag) => {
                out.push(TextPiece { text: if *flag { "true" } else { "false" }.into(), json: true, row })
            }
            Value::Array(_) | Value::Object(_) => {
                let mut problem = Problem::new("R0431", "a single value is expected here")
                    .instead(kind_of(value), "a text, a number or true or false");
                problem.path = self.run.plan.path_text(path).to_owned();
                problem.lines = self.run.line_numbers(&[row]);
                return Err(Box::new(problem));
            }
        }
        Ok(())
    }
}

impl RecordRun<'_> {
    /// Lines of these rows.
    pub(crate) fn line_numbers(&self, rows: &[usize]) -> Vec<u64> {
        rows.iter().filter_map(|n| self.record.rows.get(*n)).map(|r| r.line).filter(|n| *n > 0).collect()
    }
}
