//! An event that a record may make, and of what.

use onefold_event::{EventType, Kind, Role};

use crate::program::cell::{Cell, TextOf};
use crate::program::expression::Condition;
use crate::program::layout::Layout;
use crate::program::names::{Each, ScopeId};
use crate::report::source_text::Span;

#[derive(Debug)]
pub(crate) struct EventDef {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) ty: &'static EventType,
    pub(crate) when: Option<Condition>,
    pub(crate) each: Option<Each>,
    pub(crate) part: String,
    pub(crate) scope: ScopeId,
    pub(crate) subject: SubjectDef,
    pub(crate) id: Vec<Cell>,
    pub(crate) revision: Option<Revision>,
    pub(crate) occurred_at: Cell,
    pub(crate) refs: Vec<RefDef>,
    pub(crate) layout: Vec<Layout>,
    pub(crate) expects: Vec<(String, Condition)>,
}

#[derive(Debug)]
pub(crate) struct SubjectDef {
    pub(crate) cell: Cell,
    pub(crate) kind: Kind,
    pub(crate) source: Option<TextOf>,
}

#[derive(Debug)]
pub(crate) enum Revision {
    /// The source's own word for the version, which has an order.
    Cell(Cell),
    /// Whatever the record says; the order, where one is given, is a cell's.
    Content(Option<Cell>),
}

#[derive(Debug)]
pub(crate) struct RefDef {
    pub(crate) cell: Cell,
    pub(crate) to: To,
}

#[derive(Debug)]
pub(crate) enum To {
    /// Another subject; the cell gives it whole.
    Subject(Role),
    Identifier {
        kind: String,
        issuer: Option<TextOf>,
        role: String,
    },
}
