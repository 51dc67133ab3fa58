//! A checked expression: names are places, and every operation has operands that fit.

use crate::language::syntax::BinaryOperator;
use crate::program::names::SlotRef;
use crate::report::source_text::TextSpan;
use crate::values::value::CellValue;

/// A checked expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CheckedExpression {
    Literal(CellValue<'static>),
    Slot(SlotRef),
    Negative(Box<CheckedExpression>),
    Not(Box<CheckedExpression>),
    And(Box<CheckedExpression>, Box<CheckedExpression>),
    Or(Box<CheckedExpression>, Box<CheckedExpression>),
    Arithmetic(BinaryOperator, Box<CheckedExpression>, Box<CheckedExpression>),
    Compare(BinaryOperator, Box<CheckedExpression>, Box<CheckedExpression>),
    In(Box<CheckedExpression>, Vec<CellValue<'static>>),
    Is {
        of: Box<CheckedExpression>,
        present: bool,
    },
    If(Box<CheckedExpression>, Box<CheckedExpression>, Box<CheckedExpression>),
    Call(BuiltinFunction, Vec<CheckedExpression>),
    /// Sum of a slot of each item.
    Sum {
        list: SlotRef,
        of: SlotRef,
    },
    Count(SlotRef),
    /// `any` or `all`.
    Each {
        list: SlotRef,
        condition: Box<CheckedExpression>,
        all: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BuiltinFunction {
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
pub(crate) struct CheckedCondition {
    pub(crate) expr: CheckedExpression,
    pub(crate) target: String,
    pub(crate) span: TextSpan,
}
