//! Tokens to a tree, loosest binding first: or, and, not, comparison, sum, product, sign.

use std::borrow::Cow;

use crate::language::lexer::{Token, lex};
use crate::language::syntax::{Ast, Op, SyntaxNode};
use crate::report::source_text::Span;
use crate::values::number::Style;
use crate::values::value::Val;

/// Deepest nesting, so that a hostile mapping cannot exhaust the stack.
const DEEPEST: usize = 64;

type Parsed = Result<Ast, (String, Span)>;

pub(crate) fn parse_expression(text: &str) -> Parsed {
    let tokens = lex(text)?;
    let mut parser = Parser { tokens, at: 0, end: text.len(), depth: 0 };
    let ast = parser.or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(ast),
        Some((_, span)) => Err(("the expression should end here".into(), span.clone())),
    }
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(t, _)| t)
    }

    fn here(&self) -> Span {
        self.tokens.get(self.at).map_or(self.end..self.end, |(_, s)| s.clone())
    }

    fn mark(&mut self, mark: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Mark(m)) if *m == mark);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Name(n)) if n == word);
        self.at += usize::from(found);
        found
    }

    fn want(&mut self, mark: &str) -> Result<(), (String, Span)> {
        if self.mark(mark) { Ok(()) } else { Err((format!("`{mark}` is expected here"), self.here())) }
    }

    fn or(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(("the expression is nested too deep".into(), self.here()));
        }
        let mut left = self.and()?;
        while self.word("or") {
            let right = self.and()?;
            left = join(left, right, SyntaxNode::Or);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.not()?;
        while self.word("and") {
            let right = self.not()?;
            left = join(left, right, SyntaxNode::And);
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed {
        let start = self.here().start;
        let mut count = 0_usize;
        while self.word("not") {
            count += 1;
        }
        let mut inner = self.compare()?;
        if count % 2 == 1 {
            inner = Ast { span: start..inner.span.end, node: SyntaxNode::Not(Box::new(inner)) };
        }
        Ok(inner)
    }

    fn compare(&mut self) -> Parsed {
        let left = self.sum()?;
        const OPS: [(&str, Op); 6] = [
            ("==", Op::Equal),
            ("!=", Op::NotEqual),
            ("<=", Op::AtMost),
            (">=", Op::AtLeast),
            ("<", Op::Less),
            (">", Op::More),
        ];
        for (mark, op) in OPS {
            if self.mark(mark) {
                let right = self.sum()?;
                return Ok(join(left, right, |l, r| SyntaxNode::Operate(op, l, r)));
            }
        }
        if self.word("in") {
            self.want("[")?;
            let list = self.list("]")?;
            let span = left.span.start..self.tokens.get(self.at - 1).map_or(self.end, |(_, s)| s.end);
            return Ok(Ast { span, node: SyntaxNode::In(Box::new(left), list) });
        }
        if self.word("is") {
            let span = left.span.start..self.here().end;
            let present = match (self.word("present"), self.word("absent")) {
                (true, _) => true,
                (_, true) => false,
                _ => return Err(("`absent` or `present` is expected after `is`".into(), self.here())),
            };
            return Ok(Ast { span, node: SyntaxNode::Is(Box::new(left), present) });
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        loop {
            let op = if self.mark("+") {
                Op::Add
            } else if self.mark("-") {
                Op::Subtract
            } else {
                return Ok(left);
            };
            let right = self.product()?;
            left = join(left, right, |l, r| SyntaxNode::Operate(op, l, r));
        }
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.sign()?;
        loop {
            let op = if self.mark("*") {
                Op::Multiply
            } else if self.mark("/") {
                Op::Divide
            } else {
                return Ok(left);
            };
            let right = self.sign()?;
            left = join(left, right, |l, r| SyntaxNode::Operate(op, l, r));
        }
    }

    fn sign(&mut self) -> Parsed {
        let start = self.here().start;
        if !self.mark("-") {
            return self.primary();
        }
        let inner = self.primary()?;
        Ok(Ast { span: start..inner.span.end, node: SyntaxNode::Negative(Box::new(inner)) })
    }

    fn primary(&mut self) -> Parsed {
        let span = self.here();
        let Some(token) = self.peek().cloned() else { return Err(("the expression ends too early".into(), span)) };
        self.at += 1;
        let node = match token {
            Token::Text(text) => SyntaxNode::Literal(Val::Text(Cow::Owned(text))),
            Token::Number(text) => {
                let number = Style::PLAIN.read(&text).map_err(|_| (format!("`{text}` is no number"), span.clone()))?;
                let whole = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
                SyntaxNode::Literal(whole.map_or(Val::Decimal(number), Val::Integer))
            }
            Token::Mark("(") => {
                let inner = self.or()?;
                self.want(")")?;
                return Ok(inner);
            }
            Token::Mark(mark) => return Err((format!("a value is expected here, not `{mark}`"), span)),
            Token::Name(name) => return self.name(name, span),
        };
        Ok(Ast { span, node })
    }

    fn name(&mut self, name: String, span: Span) -> Parsed {
        let node = match name.as_str() {
            "true" => SyntaxNode::Literal(Val::Bool(true)),
            "false" => SyntaxNode::Literal(Val::Bool(false)),
            "if" => {
                let condition = self.or()?;
                if !self.word("then") {
                    return Err(("`then` is expected here".into(), self.here()));
                }
                let yes = self.or()?;
                if !self.word("else") {
                    return Err(("`else` is expected here".into(), self.here()));
                }
                let no = self.or()?;
                let end = no.span.end;
                return Ok(Ast {
                    span: span.start..end,
                    node: SyntaxNode::If(Box::new(condition), Box::new(yes), Box::new(no)),
                });
            }
            "and" | "or" | "not" | "in" | "is" | "then" | "else" | "absent" | "present" => {
                return Err((format!("a value is expected here, not `{name}`"), span));
            }
            _ if self.mark("(") => SyntaxNode::Call(name, self.list(")")?),
            _ => SyntaxNode::Name(name),
        };
        Ok(Ast { span, node })
    }

    fn list(&mut self, close: &str) -> Result<Vec<Ast>, (String, Span)> {
        let mut items = Vec::new();
        while !self.mark(close) {
            if !items.is_empty() {
                self.want(",")?;
            }
            items.push(self.or()?);
        }
        Ok(items)
    }
}

fn join(left: Ast, right: Ast, node: impl FnOnce(Box<Ast>, Box<Ast>) -> SyntaxNode) -> Ast {
    Ast { span: left.span.start..right.span.end, node: node(Box::new(left), Box::new(right)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> String {
        fn show(ast: &Ast) -> String {
            match &ast.node {
                SyntaxNode::Literal(v) => v.show(),
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
