//! Expressions: the one place where a mapping computes, over declared and typed names only.

mod ast;
mod check;
mod eval;
mod lexer;
mod parser;

pub(crate) use check::{Names, Type, check};
pub(crate) use eval::{Stop, eval, holds, order, rounded};
pub(crate) use parser::parse;

use crate::scope::SlotRef;
use crate::value::Val;

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
pub(crate) enum Op {
    Add,
    Subtract,
    Multiply,
    Divide,
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
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
