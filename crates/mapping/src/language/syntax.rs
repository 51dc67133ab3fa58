//! An expression as written, before its names are known.

use crate::report::source_text::Span;
use crate::values::value::Val;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ast {
    /// Bytes within the expression's text.
    pub(crate) span: Span,
    pub(crate) node: SyntaxNode,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SyntaxNode {
    Literal(Val<'static>),
    Name(String),
    Negative(Box<Ast>),
    Not(Box<Ast>),
    And(Box<Ast>, Box<Ast>),
    Or(Box<Ast>, Box<Ast>),
    Operate(Op, Box<Ast>, Box<Ast>),
    In(Box<Ast>, Vec<Ast>),
    Is(Box<Ast>, bool),
    If(Box<Ast>, Box<Ast>, Box<Ast>),
    Call(String, Vec<Ast>),
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
