//! Tokens to a tree, loosest binding first: or, and, not, comparison, sum, product, sign.
//!
//! Written by hand although languages for expressions exist: the interpreters of CEL and VRL compute in binary floating
//! point, and amounts here are exact decimals with the scale that the source wrote. Types, enum words and names are also
//! checked before any data is seen, against the connector's own tables, which neither can be told of.

use std::borrow::Cow;

use crate::language::lexer::{SyntaxToken, split_tokens};
use crate::language::syntax::{BinaryOperator, SyntaxNode, SyntaxTree};
use crate::report::source_text::TextSpan;
use crate::values::number::NumberStyle;
use crate::values::value::CellValue;

/// Deepest nesting, so that a hostile mapping cannot exhaust the stack.
const DEEPEST: usize = 64;

type ParseResult = Result<SyntaxTree, (String, TextSpan)>;

pub(crate) fn parse_expression(text: &str) -> ParseResult {
    let tokens = split_tokens(text)?;
    let mut parser = ExpressionParser { tokens, at: 0, end: text.len(), depth: 0 };
    let ast = parser.parse_or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(ast),
        Some((_, span)) => Err(("the expression should end here".into(), span.clone())),
    }
}

struct ExpressionParser {
    tokens: Vec<(SyntaxToken, TextSpan)>,
    at: usize,
    end: usize,
    depth: usize,
}

impl ExpressionParser {
    fn peek(&self) -> Option<&SyntaxToken> {
        self.tokens.get(self.at).map(|(t, _)| t)
    }

    fn current_span(&self) -> TextSpan {
        self.tokens.get(self.at).map_or(self.end..self.end, |(_, s)| s.clone())
    }

    fn accept_mark(&mut self, mark: &str) -> bool {
        let found = matches!(self.peek(), Some(SyntaxToken::Mark(m)) if *m == mark);
        self.at += usize::from(found);
        found
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(SyntaxToken::Name(n)) if n == word);
        self.at += usize::from(found);
        found
    }

    fn expect_mark(&mut self, mark: &str) -> Result<(), (String, TextSpan)> {
        if self.accept_mark(mark) { Ok(()) } else { Err((format!("`{mark}` is expected here"), self.current_span())) }
    }

    fn parse_or(&mut self) -> ParseResult {
        self.depth += 1;
        // Only brackets nest, and each passes through here: one counter bounds the recursion.
        if self.depth > DEEPEST {
            return Err(("the expression is nested too deep".into(), self.current_span()));
        }
        let mut left = self.parse_and()?;
        while self.accept_word("or") {
            let right = self.parse_and()?;
            left = join_operands(left, right, SyntaxNode::Or);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn parse_and(&mut self) -> ParseResult {
        let mut left = self.parse_not()?;
        while self.accept_word("and") {
            let right = self.parse_not()?;
            left = join_operands(left, right, SyntaxNode::And);
        }
        Ok(left)
    }

    fn parse_not(&mut self) -> ParseResult {
        let start = self.current_span().start;
        let mut count = 0_usize;
        // Counted and not recursed into: thousands of them cost no stack.
        while self.accept_word("not") {
            count += 1;
        }
        let mut inner = self.parse_comparison()?;
        if count % 2 == 1 {
            inner = SyntaxTree { span: start..inner.span.end, node: SyntaxNode::Not(Box::new(inner)) };
        }
        Ok(inner)
    }

    fn parse_comparison(&mut self) -> ParseResult {
        let left = self.parse_sum()?;
        const OPS: [(&str, BinaryOperator); 6] = [
            ("==", BinaryOperator::Equal),
            ("!=", BinaryOperator::NotEqual),
            ("<=", BinaryOperator::AtMost),
            (">=", BinaryOperator::AtLeast),
            ("<", BinaryOperator::Less),
            (">", BinaryOperator::More),
        ];
        for (mark, op) in OPS {
            if self.accept_mark(mark) {
                let right = self.parse_sum()?;
                return Ok(join_operands(left, right, |l, r| SyntaxNode::Operate(op, l, r)));
            }
        }
        if self.accept_word("in") {
            self.expect_mark("[")?;
            let list = self.parse_list("]")?;
            let span = left.span.start..self.tokens.get(self.at - 1).map_or(self.end, |(_, s)| s.end);
            return Ok(SyntaxTree { span, node: SyntaxNode::In(Box::new(left), list) });
        }
        if self.accept_word("is") {
            let span = left.span.start..self.current_span().end;
            let present = match (self.accept_word("present"), self.accept_word("absent")) {
                (true, _) => true,
                (_, true) => false,
                _ => return Err(("`absent` or `present` is expected after `is`".into(), self.current_span())),
            };
            return Ok(SyntaxTree { span, node: SyntaxNode::Is(Box::new(left), present) });
        }
        Ok(left)
    }

    fn parse_sum(&mut self) -> ParseResult {
        let mut left = self.parse_product()?;
        loop {
            let op = if self.accept_mark("+") {
                BinaryOperator::Add
            } else if self.accept_mark("-") {
                BinaryOperator::Subtract
            } else {
                return Ok(left);
            };
            let right = self.parse_product()?;
            left = join_operands(left, right, |l, r| SyntaxNode::Operate(op, l, r));
        }
    }

    fn parse_product(&mut self) -> ParseResult {
        let mut left = self.parse_sign()?;
        loop {
            let op = if self.accept_mark("*") {
                BinaryOperator::Multiply
            } else if self.accept_mark("/") {
                BinaryOperator::Divide
            } else {
                return Ok(left);
            };
            let right = self.parse_sign()?;
            left = join_operands(left, right, |l, r| SyntaxNode::Operate(op, l, r));
        }
    }

    fn parse_sign(&mut self) -> ParseResult {
        let start = self.current_span().start;
        if !self.accept_mark("-") {
            return self.parse_primary();
        }
        let inner = self.parse_primary()?;
        Ok(SyntaxTree { span: start..inner.span.end, node: SyntaxNode::Negative(Box::new(inner)) })
    }

    fn parse_primary(&mut self) -> ParseResult {
        let span = self.current_span();
        let Some(token) = self.peek().cloned() else { return Err(("the expression ends too early".into(), span)) };
        self.at += 1;
        let node = match token {
            SyntaxToken::Text(text) => SyntaxNode::Literal(CellValue::Text(Cow::Owned(text))),
            SyntaxToken::Number(text) => {
                let number = NumberStyle::PLAIN
                    .read_decimal(&text)
                    .map_err(|_| (format!("`{text}` is no number"), span.clone()))?;
                // Without a point it stays an integer, so that `count(x) > 1` compares integers.
                let whole = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
                SyntaxNode::Literal(whole.map_or(CellValue::Decimal(number), CellValue::Integer))
            }
            SyntaxToken::Mark("(") => {
                let inner = self.parse_or()?;
                self.expect_mark(")")?;
                return Ok(inner);
            }
            SyntaxToken::Mark(mark) => return Err((format!("a value is expected here, not `{mark}`"), span)),
            SyntaxToken::Name(name) => return self.parse_name(name, span),
        };
        Ok(SyntaxTree { span, node })
    }

    fn parse_name(&mut self, name: String, span: TextSpan) -> ParseResult {
        let node = match name.as_str() {
            "true" => SyntaxNode::Literal(CellValue::Bool(true)),
            "false" => SyntaxNode::Literal(CellValue::Bool(false)),
            "if" => {
                let condition = self.parse_or()?;
                if !self.accept_word("then") {
                    return Err(("`then` is expected here".into(), self.current_span()));
                }
                let yes = self.parse_or()?;
                if !self.accept_word("else") {
                    return Err(("`else` is expected here".into(), self.current_span()));
                }
                let no = self.parse_or()?;
                let end = no.span.end;
                return Ok(SyntaxTree {
                    span: span.start..end,
                    node: SyntaxNode::If(Box::new(condition), Box::new(yes), Box::new(no)),
                });
            }
            "and" | "or" | "not" | "in" | "is" | "then" | "else" | "absent" | "present" => {
                return Err((format!("a value is expected here, not `{name}`"), span));
            }
            _ if self.accept_mark("(") => SyntaxNode::Call(name, self.parse_list(")")?),
            _ => SyntaxNode::Name(name),
        };
        Ok(SyntaxTree { span, node })
    }

    fn parse_list(&mut self, close: &str) -> Result<Vec<SyntaxTree>, (String, TextSpan)> {
        let mut items = Vec::new();
        while !self.accept_mark(close) {
            if !items.is_empty() {
                self.expect_mark(",")?;
            }
            items.push(self.parse_or()?);
        }
        Ok(items)
    }
}

fn join_operands(
    left: SyntaxTree,
    right: SyntaxTree,
    node: impl FnOnce(Box<SyntaxTree>, Box<SyntaxTree>) -> SyntaxNode,
) -> SyntaxTree {
    SyntaxTree { span: left.span.start..right.span.end, node: node(Box::new(left), Box::new(right)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> String {
        fn show(ast: &SyntaxTree) -> String {
            match &ast.node {
                SyntaxNode::Literal(v) => v.to_display(),
                SyntaxNode::Name(n) => n.clone(),
                SyntaxNode::Negative(a) => format!("-{}", show(a)),
                SyntaxNode::Not(a) => format!("!{}", show(a)),
                SyntaxNode::And(a, b) => format!("({} and {})", show(a), show(b)),
                SyntaxNode::Or(a, b) => format!("({} or {})", show(a), show(b)),
                SyntaxNode::Operate(op, a, b) => format!("({} {op:?} {})", show(a), show(b)),
                SyntaxNode::In(a, l) => {
                    format!("({} in {})", show(a), l.iter().map(show).collect::<Vec<_>>().join(";"))
                }
                SyntaxNode::Is(a, p) => format!("({} is {p})", show(a)),
                SyntaxNode::If(a, b, c) => format!("({} ? {} : {})", show(a), show(b), show(c)),
                SyntaxNode::Call(n, l) => format!("{n}({})", l.iter().map(show).collect::<Vec<_>>().join(";")),
            }
        }
        parse_expression(text).map_or_else(|(e, s)| format!("{e} @{}", s.start), |a| show(&a))
    }

    #[test]
    fn products_bind_before_sums_before_comparisons_before_and_before_or() {
        assert_eq!(shape("a + b * 2 > -c and not d or e"), "((((a Add (b Multiply 2)) More -c) and !d) or e)");
        assert_eq!(shape("state == '未审核'"), "(state Equal 未审核)");
        assert_eq!(shape("near(total, sum(lines.amount), 0.05)"), "near(total;sum(lines.amount);0.05)");
        assert_eq!(shape("if a is absent then 1 else b"), "((a is false) ? 1 : b)");
        assert_eq!(shape("x in ['a', 'b']"), "(x in a;b)");
    }

    #[test]
    fn faults_say_where() {
        assert_eq!(shape("a = 1"), "`=` compares nothing: write `==` @2");
        assert_eq!(shape("a == "), "the expression ends too early @5");
        assert_eq!(shape("a b"), "the expression should end here @2");
        assert_eq!(shape("f(a b)"), "`,` is expected here @4");
        assert_eq!(shape(&"(".repeat(500)).split(" @").next(), Some("the expression is nested too deep"));
    }
}
