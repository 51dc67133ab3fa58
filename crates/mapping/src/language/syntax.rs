//! An expression as written, before its names are known.

use crate::report::source_text::TextSpan;
use crate::values::value::CellValue;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SyntaxTree {
    /// Bytes within the expression's text.
    pub(crate) span: TextSpan,
    pub(crate) node: SyntaxNode,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SyntaxNode {
    Literal(CellValue<'static>),
    Name(String),
    Negative(Box<SyntaxTree>),
    Not(Box<SyntaxTree>),
    And(Box<SyntaxTree>, Box<SyntaxTree>),
    Or(Box<SyntaxTree>, Box<SyntaxTree>),
    Operate(BinaryOperator, Box<SyntaxTree>, Box<SyntaxTree>),
    In(Box<SyntaxTree>, Vec<SyntaxTree>),
    Is(Box<SyntaxTree>, bool),
    If(Box<SyntaxTree>, Box<SyntaxTree>, Box<SyntaxTree>),
    Call(String, Vec<SyntaxTree>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryOperator {
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
