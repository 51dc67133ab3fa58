//! Scopes of names: `[let]`s, the fields set beside, and lists of items with names of their own.

use crate::program::cell::CellDef;
use crate::program::expression::CheckedCondition;
use crate::program::names::{RepeatOver, ScopeId};
use crate::report::source_text::TextSpan;
use crate::values::value::ValueType;

#[derive(Debug)]
pub(crate) struct NameScope {
    pub(crate) parent: Option<ScopeId>,
    pub(crate) slots: Vec<NamedSlot>,
}

#[derive(Debug)]
pub(crate) struct NamedSlot {
    pub(crate) name: String,
    pub(crate) span: TextSpan,
    pub(crate) ty: SlotType,
    /// The words that it can give, where that is known.
    pub(crate) words: Option<Vec<String>>,
    pub(crate) fill: SlotFill,
    /// Slots (scope, index) that it needs.
    pub(crate) needs: Vec<(ScopeId, usize)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SlotType {
    One(ValueType),
    List(ScopeId),
}

#[derive(Debug)]
pub(crate) enum SlotFill {
    /// Not read yet, or wrong: the connector is refused.
    Nothing,
    Cell(Box<CellDef>),
    List {
        each: RepeatOver,
        scope: ScopeId,
        when: Option<CheckedCondition>,
    },
}

/// All scopes of a connector; the first is that of `[let]`.
#[derive(Debug, Default)]
pub(crate) struct ScopeTable {
    pub(crate) list: Vec<NameScope>,
}
