//! A checked expression: names are places, and every operation has operands that fit.

use crate::language::syntax::Op;
use crate::program::names::SlotRef;
use crate::report::source_text::Span;
use crate::values::value::Val;

/// A checked expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    Literal(Val<'static>),
    Slot(SlotRef),
    Negative(Box<Expr>),
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Arithmetic(Op, Box<Expr>, Box<Expr>),
    Compare(Op, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Val<'static>>),
    Is {
        of: Box<Expr>,
        present: bool,
    },
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
    /// Sum of a slot of each item.
    Sum {
        list: SlotRef,
        of: SlotRef,
    },
    Count(SlotRef),
    /// `any` or `all`.
    Each {
        list: SlotRef,
        condition: Box<Expr>,
        all: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Abs,
    Round,
    Min,
    Max,
    Near,
    Coalesce,
    Lower,
    Upper,
    Length,
    Concat,
    Money,
}

#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) expr: Expr,
    pub(crate) target: String,
    pub(crate) span: Span,
}
