//! An event that a record may make, and of what.

use onefold_event::{EventType, ReferenceRole, SubjectKind};

use crate::program::cell::{CellDef, TextOf};
use crate::program::expression::CheckedCondition;
use crate::program::layout::FieldLayout;
use crate::program::names::{RepeatOver, ScopeId};
use crate::report::source_text::TextSpan;

#[derive(Debug)]
pub(crate) struct EventDef {
    pub(crate) name: String,
    pub(crate) span: TextSpan,
    pub(crate) ty: &'static EventType,
    pub(crate) when: Option<CheckedCondition>,
    pub(crate) each: Option<RepeatOver>,
    pub(crate) part: String,
    pub(crate) scope: ScopeId,
    pub(crate) subject: SubjectDef,
    pub(crate) id: Vec<CellDef>,
    pub(crate) revision: Option<RevisionDef>,
    pub(crate) occurred_at: CellDef,
    pub(crate) refs: Vec<ReferenceDef>,
    pub(crate) layout: Vec<FieldLayout>,
    pub(crate) expects: Vec<(String, CheckedCondition)>,
}

#[derive(Debug)]
pub(crate) struct SubjectDef {
    pub(crate) cell: CellDef,
    pub(crate) kind: SubjectKind,
    pub(crate) source: Option<TextOf>,
}

#[derive(Debug)]
pub(crate) enum RevisionDef {
    /// The source's own word for the version, which has an order.
    Cell(CellDef),
    /// Whatever the record says; the order, where one is given, is a cell's.
    Content(Option<CellDef>),
}

#[derive(Debug)]
pub(crate) struct ReferenceDef {
    pub(crate) cell: CellDef,
    pub(crate) to: ReferenceTarget,
}

#[derive(Debug)]
pub(crate) enum ReferenceTarget {
    /// Another subject; the cell gives it whole.
    Subject(ReferenceRole),
    Identifier {
        kind: String,
        issuer: Option<TextOf>,
        role: String,
    },
}
