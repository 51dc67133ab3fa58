//! Scopes of names: `[let]`s, the fields set beside, and lists of items with names of their own.

use crate::program::cell::Cell;
use crate::program::expression::Condition;
use crate::program::names::{Each, ScopeId};
use crate::report::source_text::Span;
use crate::values::value::Ty;

#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) parent: Option<ScopeId>,
    pub(crate) slots: Vec<Slot>,
}

#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) ty: SlotTy,
    /// The words that it can give, where that is known.
    pub(crate) words: Option<Vec<String>>,
    pub(crate) fill: Fill,
    /// Slots (scope, index) that it needs.
    pub(crate) needs: Vec<(ScopeId, usize)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SlotTy {
    One(Ty),
    List(ScopeId),
}

#[derive(Debug)]
pub(crate) enum Fill {
    /// Not read yet, or wrong: the connector is refused.
    Nothing,
    Cell(Box<Cell>),
    List {
        each: Each,
        scope: ScopeId,
        when: Option<Condition>,
    },
}

/// All scopes of a connector; the first is that of `[let]`.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    pub(crate) list: Vec<Scope>,
}
