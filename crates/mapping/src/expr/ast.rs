//! An expression as written, before its names are known.

use super::Op;
use crate::source::Span;
use crate::value::Val;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ast {
    /// Bytes within the expression's text.
    pub(crate) span: Span,
    pub(crate) node: Node,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
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
