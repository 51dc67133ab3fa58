//! Names and types of an expression, before any data is seen.

use onefold_event::{Currency, Problem};

use crate::compile::compiler::Compiler;
use crate::language::node::Node;
use crate::language::parser::parse_expression;
use crate::language::syntax::{Ast, Op, SyntaxNode};
use crate::program::expression::{Condition, Expr, Function};
use crate::program::names::{ScopeId, SlotRef};
use crate::program::scope::{Scopes, SlotTy};
use crate::report::nearest::did_you_mean;
use crate::report::source_text::Span;
use crate::values::value::{Ty, Val};

/// Type of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    /// A text; the words it can be, where that is known.
    Text(Option<Vec<String>>),
    Integer,
    Decimal,
    Money,
    Date,
    Time,
    Bool,
}

impl Type {
    pub(crate) fn of(ty: &Ty, words: Option<Vec<String>>) -> Self {
        match ty {
            Ty::Integer => Self::Integer,
            Ty::Decimal => Self::Decimal,
            Ty::Money => Self::Money,
            Ty::Date => Self::Date,
            Ty::Time => Self::Time,
            Ty::Bool => Self::Bool,
            _ => Self::Text(words),
        }
    }

    fn number(&self) -> bool {
        matches!(self, Self::Integer | Self::Decimal)
    }

    fn same(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) || (self.number() && other.number())
    }

    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Money => "money",
            Self::Date => "date",
            Self::Time => "time",
            Self::Bool => "condition",
        }
    }
}

/// What names mean at a place, and which were used.
pub(crate) struct Names<'s> {
    pub(crate) scopes: &'s Scopes,
    pub(crate) scope: ScopeId,
    pub(crate) own: Option<(ScopeId, usize)>,
    pub(crate) used: Vec<(ScopeId, usize)>,
}

/// What is wrong, and where in the expression.
type Slip = Box<(Problem, Span)>;

type Checked = Result<(Expr, Type), Slip>;

pub(crate) fn fail<T>(span: &Span, code: &'static str, message: impl Into<String>) -> Result<T, Slip> {
    Err(Box::new((Problem::new(code, message), span.clone())))
}

pub(crate) fn check(ast: &Ast, names: &mut Names) -> Checked {
    let boxed = |e: Expr| Box::new(e);
    Ok(match &ast.node {
        SyntaxNode::Literal(value) => {
            let ty = match value {
                Val::Integer(_) => Type::Integer,
                Val::Decimal(_) => Type::Decimal,
                Val::Bool(_) => Type::Bool,
                _ => Type::Text(None),
            };
            (Expr::Literal(value.clone()), ty)
        }
        SyntaxNode::Name(name) => {
            let (slot, scope) = find(names, name, &ast.span)?;
            let slots = &names.scopes.list[scope].slots;
            match &slots[slot.index].ty {
                SlotTy::One(ty) => (Expr::Slot(slot), Type::of(ty, slots[slot.index].words.clone())),
                SlotTy::List(_) => {
                    return fail(&ast.span, "M0303", format!("`{name}` is a list: use sum, count, any or all"));
                }
            }
        }
        SyntaxNode::Negative(inner) => {
            let (e, ty) = check(inner, names)?;
            if !ty.number() && ty != Type::Money {
                return fail(&inner.span, "M0303", format!("a {} has no sign", ty.word()));
            }
            (Expr::Negative(boxed(e)), ty)
        }
        SyntaxNode::Not(inner) => (Expr::Not(boxed(condition(inner, names)?)), Type::Bool),
        SyntaxNode::And(l, r) => (Expr::And(boxed(condition(l, names)?), boxed(condition(r, names)?)), Type::Bool),
        SyntaxNode::Or(l, r) => (Expr::Or(boxed(condition(l, names)?), boxed(condition(r, names)?)), Type::Bool),
        SyntaxNode::Operate(op, l, r) => operate(*op, l, r, &ast.span, names)?,
        SyntaxNode::In(of, list) => {
            let (e, ty) = check(of, names)?;
            let mut values = Vec::new();
            for item in list {
                let SyntaxNode::Literal(value) = &item.node else {
                    return fail(&item.span, "M0301", "only constants stand in a list after `in`");
                };
                let (_, other) = check(item, names)?;
                if !ty.same(&other) {
                    return fail(&item.span, "M0303", format!("a {} is never a {}", ty.word(), other.word()));
                }
                known_word(&ty, value, &item.span)?;
                values.push(value.clone());
            }
            (Expr::In(boxed(e), values), Type::Bool)
        }
        SyntaxNode::Is(of, present) => (Expr::Is { of: boxed(check(of, names)?.0), present: *present }, Type::Bool),
        SyntaxNode::If(c, yes, no) => {
            let c = condition(c, names)?;
            let ((yes_e, yes_ty), (no_e, no_ty)) = (check(yes, names)?, check(no, names)?);
            let ty = unite(&yes_ty, &no_ty, &ast.span)?;
            (Expr::If(boxed(c), boxed(yes_e), boxed(no_e)), ty)
        }
        SyntaxNode::Call(name, arguments) => call(name, arguments, &ast.span, names)?,
    })
}

fn find(names: &mut Names, name: &str, span: &Span) -> Result<(SlotRef, ScopeId), Slip> {
    if let Some((slot, scope)) = names.scopes.find(names.scope, names.own, name) {
        names.used.push((scope, slot.index));
        return Ok((slot, scope));
    }
    let known = names.scopes.names(names.scope);
    let mut problem = Problem::new("M0302", format!("there is no name `{name}` here"));
    match did_you_mean(name, known.iter().map(String::as_str)) {
        Some(advice) => problem = problem.help(advice),
        None if known.is_empty() => {
            problem = problem.help("an expression sees names declared in [let], never headings")
        }
        None => problem.expected = format!("one of {}; a heading is given a name in [let]", known.join(", ")),
    }
    Err(Box::new((problem, span.clone())))
}

fn condition(ast: &Ast, names: &mut Names) -> Result<Expr, Slip> {
    let (e, ty) = check(ast, names)?;
    if ty == Type::Bool {
        Ok(e)
    } else {
        fail(&ast.span, "M0303", format!("a condition is expected here, not a {}", ty.word()))
    }
}

/// A word that an enum never gives is a slip.
fn known_word(ty: &Type, value: &Val, span: &Span) -> Result<(), Slip> {
    let (Type::Text(Some(words)), Val::Text(text)) = (ty, value) else { return Ok(()) };
    if words.iter().any(|w| w == text) {
        return Ok(());
    }
    let mut problem = Problem::new("M0304", format!("it is never `{text}`"));
    problem.expected = format!("one of {}", words.join(", "));
    problem.help.extend(did_you_mean(text, words.iter().map(String::as_str)));
    Err(Box::new((problem, span.clone())))
}

fn unite(a: &Type, b: &Type, span: &Span) -> Result<Type, Slip> {
    match (a, b) {
        (Type::Text(Some(x)), Type::Text(Some(y))) => Ok(Type::Text(Some(x.iter().chain(y).cloned().collect()))),
        (Type::Text(_), Type::Text(_)) => Ok(Type::Text(None)),
        (Type::Integer, Type::Decimal) | (Type::Decimal, Type::Integer) => Ok(Type::Decimal),
        (a, b) if a == b => Ok(a.clone()),
        (a, b) => fail(span, "M0303", format!("this is now a {}, now a {}", a.word(), b.word())),
    }
}

fn operate(op: Op, l: &Ast, r: &Ast, span: &Span, names: &mut Names) -> Checked {
    let ((mut a, mut ta), (mut b, mut tb)) = (check(l, names)?, check(r, names)?);
    if let (Op::Add | Op::Subtract | Op::Multiply | Op::Divide, _) = (op, ()) {
        let ty = match (&ta, op, &tb) {
            (Type::Money, Op::Add | Op::Subtract, Type::Money) => Type::Money,
            (Type::Money, Op::Multiply | Op::Divide, t) if t.number() => Type::Money,
            (t, Op::Multiply, Type::Money) if t.number() => Type::Money,
            (Type::Money, Op::Divide, Type::Money) => Type::Decimal,
            (Type::Integer, Op::Add | Op::Subtract | Op::Multiply, Type::Integer) => Type::Integer,
            (x, _, y) if x.number() && y.number() => Type::Decimal,
            _ => return fail(span, "M0303", format!("a {} and a {} do not compute so", ta.word(), tb.word())),
        };
        return Ok((Expr::Arithmetic(op, Box::new(a), Box::new(b)), ty));
    }
    // A text constant beside a date is a date.
    for (e, ty, other) in [(&mut a, &mut ta, &tb.clone()), (&mut b, &mut tb, &Type::Date)] {
        let date = match (&*e, other) {
            (Expr::Literal(Val::Text(text)), Type::Date) => text.parse::<jiff::civil::Date>().ok(),
            _ => None,
        };
        if let Some(date) = date {
            (*e, *ty) = (Expr::Literal(Val::Date(date)), Type::Date);
        }
    }
    let money = |x: &Type, y: &Type| *x == Type::Money && y.number();
    if !ta.same(&tb) && !money(&ta, &tb) && !money(&tb, &ta) {
        return fail(span, "M0303", format!("a {} and a {} do not compare", ta.word(), tb.word()));
    }
    if ta == Type::Bool && !matches!(op, Op::Equal | Op::NotEqual) {
        return fail(span, "M0303", "conditions have no order");
    }
    if let Expr::Literal(value) = &b {
        known_word(&ta, value, &r.span)?;
    }
    if let Expr::Literal(value) = &a {
        known_word(&tb, value, &l.span)?;
    }
    Ok((Expr::Compare(op, Box::new(a), Box::new(b)), Type::Bool))
}

const FUNCTIONS: [&str; 15] = [
    "abs", "round", "min", "max", "near", "sum", "count", "any", "all", "coalesce", "lower", "upper", "length",
    "concat", "money",
];

fn call(name: &str, arguments: &[Ast], span: &Span, names: &mut Names) -> Checked {
    if let "sum" | "count" | "any" | "all" = name {
        return over_list(name, arguments, span, names);
    }
    if !FUNCTIONS.contains(&name) {
        let mut problem = Problem::new("M0302", format!("there is no function `{name}`"));
        problem.help.extend(did_you_mean(name, FUNCTIONS.into_iter()));
        problem.expected = format!("one of {}", FUNCTIONS.join(", "));
        return Err(Box::new((problem, span.clone())));
    }
    let mut checked = Vec::new();
    for argument in arguments {
        checked.push(check(argument, names)?);
    }
    let types: Vec<Type> = checked.iter().map(|(_, ty)| ty.clone()).collect();
    let amount = |ty: &Type| ty.number() || *ty == Type::Money;
    let (function, ty) = match (name, types.as_slice()) {
        ("abs", [a]) if amount(a) => (Function::Abs, a.clone()),
        ("round", [a, Type::Integer]) if amount(a) => {
            (Function::Round, if *a == Type::Money { Type::Money } else { Type::Decimal })
        }
        ("min" | "max", [a, b]) if a.same(b) && !matches!(a, Type::Bool) => {
            (if name == "min" { Function::Min } else { Function::Max }, unite(a, b, span)?)
        }
        ("near", [a, b, c]) if c.number() && amount(a) && amount(b) => (Function::Near, Type::Bool),
        ("coalesce", [first, rest @ ..]) if !rest.is_empty() => {
            let mut ty = first.clone();
            for other in rest {
                ty = unite(&ty, other, span)?;
            }
            (Function::Coalesce, ty)
        }
        ("lower", [Type::Text(_)]) => (Function::Lower, Type::Text(None)),
        ("upper", [Type::Text(_)]) => (Function::Upper, Type::Text(None)),
        ("length", [Type::Text(_)]) => (Function::Length, Type::Integer),
        ("concat", all) if !all.is_empty() && all.iter().all(|t| matches!(t, Type::Text(_))) => {
            (Function::Concat, Type::Text(None))
        }
        ("money", [a, Type::Text(_)]) if a.number() => {
            let code = checked.get(1).map(|(e, _)| e);
            if let Some(Expr::Literal(Val::Text(code))) = code
                && let Err(error) = code.parse::<Currency>()
            {
                return fail(span, "M0406", error.to_string());
            }
            (Function::Money, Type::Money)
        }
        _ => {
            let given: Vec<_> = types.iter().map(Type::word).collect();
            let problem = Problem::new("M0303", format!("`{name}` does not take ({})", given.join(", ")));
            return Err(Box::new((problem.instead("", signature(name)), span.clone())));
        }
    };
    Ok((Expr::Call(function, checked.into_iter().map(|(e, _)| e).collect()), ty))
}

fn signature(name: &str) -> &'static str {
    match name {
        "abs" => "abs(decimal)",
        "round" => "round(decimal, integer)",
        "min" => "min(x, y) of one type",
        "max" => "max(x, y) of one type",
        "near" => "near(x, y, tolerance)",
        "coalesce" => "coalesce(x, y, ..) of one type",
        "lower" => "lower(text)",
        "upper" => "upper(text)",
        "length" => "length(text)",
        "money" => "money(decimal, 'EUR')",
        _ => "concat(text, ..)",
    }
}

fn over_list(name: &str, arguments: &[Ast], span: &Span, names: &mut Names) -> Checked {
    let wrong = || {
        fail(
            span,
            "M0303",
            match name {
                "sum" => "`sum` takes a field of a list, such as sum(lines.amount)",
                "count" => "`count` takes a list, such as count(lines)",
                _ => "`any` and `all` take a list and a condition, such as any(lines, amount < 0)",
            },
        )
    };
    let Some(Ast { node: SyntaxNode::Name(path), span: at }) = arguments.first() else { return wrong() };
    let (list_name, inner) = match (name, path.rsplit_once('.')) {
        ("sum", Some((list, inner))) => (list, Some(inner)),
        ("sum", None) => return wrong(),
        _ => (path.as_str(), None),
    };
    let (list, scope) = find(names, list_name, at)?;
    let SlotTy::List(items) = names.scopes.list[scope].slots[list.index].ty else {
        return fail(at, "M0303", format!("`{list_name}` is no list"));
    };
    match (name, arguments) {
        ("sum", [_]) => {
            let inner = inner.unwrap_or_default();
            let slots = &names.scopes.list[items].slots;
            let Some(index) = slots.iter().position(|s| s.name == inner) else {
                let mut problem = Problem::new("M0302", format!("`{list_name}` has no field `{inner}`"));
                problem.help.extend(did_you_mean(inner, slots.iter().map(|s| s.name.as_str())));
                return Err(Box::new((problem, at.clone())));
            };
            let ty = match &slots[index].ty {
                SlotTy::One(Ty::Money) => Type::Money,
                SlotTy::One(Ty::Integer) => Type::Integer,
                SlotTy::One(Ty::Decimal) => Type::Decimal,
                _ => return fail(at, "M0303", format!("`{inner}` is no number")),
            };
            Ok((Expr::Sum { list, of: SlotRef { up: 0, index } }, ty))
        }
        ("count", [_]) => Ok((Expr::Count(list), Type::Integer)),
        ("any" | "all", [_, body]) => {
            let outer = names.scope;
            // Within the condition the items' own names come first; the items hang below the scope that holds the list.
            names.scope = items;
            let body = condition(body, names);
            names.scope = outer;
            Ok((Expr::Each { list, condition: Box::new(body?), all: name == "all" }, Type::Bool))
        }
        _ => wrong(),
    }
}

impl Compiler<'_> {
    /// Reads and checks an expression; its faults point into the text.
    pub(crate) fn expression(
        &mut self,
        node: &Node,
        scope: ScopeId,
        own: Option<(ScopeId, usize)>,
    ) -> Option<(Expr, Type)> {
        let text = node.text(&mut self.faults)?.to_owned();
        let start = self
            .faults
            .source
            .text
            .get(node.span.clone())
            .and_then(|raw| raw.find(text.as_str()))
            .map(|at| node.span.start + at);
        let place = |span: &Span| start.map_or(node.span.clone(), |s| s + span.start..s + span.end.max(span.start + 1));
        let ast = match parse_expression(&text) {
            Ok(ast) => ast,
            Err((why, span)) => {
                self.faults.say(&place(&span), "M0301", why);
                return None;
            }
        };
        let mut names = Names { scopes: &self.scopes, scope, own, used: Vec::new() };
        let checked = check(&ast, &mut names);
        let used = names.used;
        self.used.extend(used);
        match checked {
            Ok(checked) => Some(checked),
            Err(slip) => {
                let (problem, span) = *slip;
                self.faults.add(&place(&span), problem);
                None
            }
        }
    }

    pub(crate) fn condition(&mut self, node: &Node, scope: ScopeId, target: String) -> Option<Condition> {
        let (expr, ty) = self.expression(node, scope, None)?;
        if ty != Type::Bool {
            self.faults.say(&node.span, "M0303", format!("a condition is expected here, not a {}", ty.word()));
            return None;
        }
        Some(Condition { expr, target, span: node.span.clone() })
    }
}
