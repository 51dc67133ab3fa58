//! Names and types of an expression, before any data is seen.

use onefold_event::{Currency, Problem};

use crate::compile::compiler::ConnectorCompiler;
use crate::language::node::TomlNode;
use crate::language::parser::parse_expression;
use crate::language::syntax::{BinaryOperator, SyntaxNode, SyntaxTree};
use crate::program::expression::{BuiltinFunction, CheckedCondition, CheckedExpression};
use crate::program::names::{ScopeId, SlotRef};
use crate::program::scope::{ScopeTable, SlotType};
use crate::report::nearest::did_you_mean;
use crate::report::source_text::TextSpan;
use crate::values::value::{CellValue, ValueType};

/// Type of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ExpressionType {
    /// A text; the words it can be, where that is known.
    Text(Option<Vec<String>>),
    Integer,
    Decimal,
    Money,
    Date,
    Time,
    Bool,
}

impl ExpressionType {
    pub(crate) fn from_value_type(ty: &ValueType, words: Option<Vec<String>>) -> Self {
        match ty {
            ValueType::Integer => Self::Integer,
            ValueType::Decimal => Self::Decimal,
            ValueType::Money => Self::Money,
            ValueType::Date => Self::Date,
            ValueType::Time => Self::Time,
            ValueType::Bool => Self::Bool,
            _ => Self::Text(words),
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Integer | Self::Decimal)
    }

    fn is_same(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) || (self.is_number() && other.is_number())
    }

    pub(crate) fn type_word(&self) -> &'static str {
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
pub(crate) struct VisibleNames<'s> {
    pub(crate) scopes: &'s ScopeTable,
    pub(crate) scope: ScopeId,
    pub(crate) own: Option<(ScopeId, usize)>,
    pub(crate) used: Vec<(ScopeId, usize)>,
}

/// What is wrong, and where in the expression.
type CheckError = Box<(Problem, TextSpan)>;

type CheckResult = Result<(CheckedExpression, ExpressionType), CheckError>;

pub(crate) fn fail_at<T>(span: &TextSpan, code: &'static str, message: impl Into<String>) -> Result<T, CheckError> {
    Err(Box::new((Problem::new(code, message), span.clone())))
}

pub(crate) fn check_expression(ast: &SyntaxTree, names: &mut VisibleNames) -> CheckResult {
    let boxed = |e: CheckedExpression| Box::new(e);
    Ok(match &ast.node {
        SyntaxNode::Literal(value) => {
            let ty = match value {
                CellValue::Integer(_) => ExpressionType::Integer,
                CellValue::Decimal(_) => ExpressionType::Decimal,
                CellValue::Bool(_) => ExpressionType::Bool,
                _ => ExpressionType::Text(None),
            };
            (CheckedExpression::Literal(value.clone()), ty)
        }
        SyntaxNode::Name(name) => {
            let (slot, scope) = find_name(names, name, &ast.span)?;
            let slots = &names.scopes.list[scope].slots;
            match &slots[slot.index].ty {
                SlotType::One(ty) => (
                    CheckedExpression::Slot(slot),
                    ExpressionType::from_value_type(ty, slots[slot.index].words.clone()),
                ),
                SlotType::List(_) => {
                    return fail_at(&ast.span, "M0303", format!("`{name}` is a list: use sum, count, any or all"));
                }
            }
        }
        SyntaxNode::Negative(inner) => {
            let (e, ty) = check_expression(inner, names)?;
            if !ty.is_number() && ty != ExpressionType::Money {
                return fail_at(&inner.span, "M0303", format!("a {} has no sign", ty.type_word()));
            }
            (CheckedExpression::Negative(boxed(e)), ty)
        }
        SyntaxNode::Not(inner) => (CheckedExpression::Not(boxed(check_condition(inner, names)?)), ExpressionType::Bool),
        SyntaxNode::And(l, r) => (
            CheckedExpression::And(boxed(check_condition(l, names)?), boxed(check_condition(r, names)?)),
            ExpressionType::Bool,
        ),
        SyntaxNode::Or(l, r) => (
            CheckedExpression::Or(boxed(check_condition(l, names)?), boxed(check_condition(r, names)?)),
            ExpressionType::Bool,
        ),
        SyntaxNode::Operate(op, l, r) => check_operation(*op, l, r, &ast.span, names)?,
        SyntaxNode::In(of, list) => {
            let (e, ty) = check_expression(of, names)?;
            let mut values = Vec::new();
            for item in list {
                let SyntaxNode::Literal(value) = &item.node else {
                    return fail_at(&item.span, "M0301", "only constants stand in a list after `in`");
                };
                let (_, other) = check_expression(item, names)?;
                if !ty.is_same(&other) {
                    return fail_at(
                        &item.span,
                        "M0303",
                        format!("a {} is never a {}", ty.type_word(), other.type_word()),
                    );
                }
                check_known_word(&ty, value, &item.span)?;
                values.push(value.clone());
            }
            (CheckedExpression::In(boxed(e), values), ExpressionType::Bool)
        }
        SyntaxNode::Is(of, present) => (
            CheckedExpression::Is { of: boxed(check_expression(of, names)?.0), present: *present },
            ExpressionType::Bool,
        ),
        SyntaxNode::If(c, yes, no) => {
            let c = check_condition(c, names)?;
            let ((yes_e, yes_ty), (no_e, no_ty)) = (check_expression(yes, names)?, check_expression(no, names)?);
            let ty = unite_types(&yes_ty, &no_ty, &ast.span)?;
            (CheckedExpression::If(boxed(c), boxed(yes_e), boxed(no_e)), ty)
        }
        SyntaxNode::Call(name, arguments) => check_call(name, arguments, &ast.span, names)?,
    })
}

fn find_name(names: &mut VisibleNames, name: &str, span: &TextSpan) -> Result<(SlotRef, ScopeId), CheckError> {
    if let Some((slot, scope)) = names.scopes.find_slot(names.scope, names.own, name) {
        names.used.push((scope, slot.index));
        return Ok((slot, scope));
    }
    let known = names.scopes.visible_names(names.scope);
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

fn check_condition(ast: &SyntaxTree, names: &mut VisibleNames) -> Result<CheckedExpression, CheckError> {
    let (e, ty) = check_expression(ast, names)?;
    if ty == ExpressionType::Bool {
        Ok(e)
    } else {
        fail_at(&ast.span, "M0303", format!("a condition is expected here, not a {}", ty.type_word()))
    }
}

/// A word that an enum never gives is a slip.
fn check_known_word(ty: &ExpressionType, value: &CellValue, span: &TextSpan) -> Result<(), CheckError> {
    let (ExpressionType::Text(Some(words)), CellValue::Text(text)) = (ty, value) else { return Ok(()) };
    if words.iter().any(|w| w == text) {
        return Ok(());
    }
    let mut problem = Problem::new("M0304", format!("it is never `{text}`"));
    problem.expected = format!("one of {}", words.join(", "));
    problem.help.extend(did_you_mean(text, words.iter().map(String::as_str)));
    Err(Box::new((problem, span.clone())))
}

fn unite_types(a: &ExpressionType, b: &ExpressionType, span: &TextSpan) -> Result<ExpressionType, CheckError> {
    match (a, b) {
        (ExpressionType::Text(Some(x)), ExpressionType::Text(Some(y))) => {
            Ok(ExpressionType::Text(Some(x.iter().chain(y).cloned().collect())))
        }
        (ExpressionType::Text(_), ExpressionType::Text(_)) => Ok(ExpressionType::Text(None)),
        (ExpressionType::Integer, ExpressionType::Decimal) | (ExpressionType::Decimal, ExpressionType::Integer) => {
            Ok(ExpressionType::Decimal)
        }
        (a, b) if a == b => Ok(a.clone()),
        (a, b) => fail_at(span, "M0303", format!("this is now a {}, now a {}", a.type_word(), b.type_word())),
    }
}

fn check_operation(
    op: BinaryOperator,
    l: &SyntaxTree,
    r: &SyntaxTree,
    span: &TextSpan,
    names: &mut VisibleNames,
) -> CheckResult {
    let ((mut a, mut ta), (mut b, mut tb)) = (check_expression(l, names)?, check_expression(r, names)?);
    if let (BinaryOperator::Add | BinaryOperator::Subtract | BinaryOperator::Multiply | BinaryOperator::Divide, _) =
        (op, ())
    {
        let ty = match (&ta, op, &tb) {
            (ExpressionType::Money, BinaryOperator::Add | BinaryOperator::Subtract, ExpressionType::Money) => {
                ExpressionType::Money
            }
            (ExpressionType::Money, BinaryOperator::Multiply | BinaryOperator::Divide, t) if t.is_number() => {
                ExpressionType::Money
            }
            (t, BinaryOperator::Multiply, ExpressionType::Money) if t.is_number() => ExpressionType::Money,
            (ExpressionType::Money, BinaryOperator::Divide, ExpressionType::Money) => ExpressionType::Decimal,
            (
                ExpressionType::Integer,
                BinaryOperator::Add | BinaryOperator::Subtract | BinaryOperator::Multiply,
                ExpressionType::Integer,
            ) => ExpressionType::Integer,
            (x, _, y) if x.is_number() && y.is_number() => ExpressionType::Decimal,
            _ => {
                return fail_at(
                    span,
                    "M0303",
                    format!("a {} and a {} do not compute so", ta.type_word(), tb.type_word()),
                );
            }
        };
        return Ok((CheckedExpression::Arithmetic(op, Box::new(a), Box::new(b)), ty));
    }
    // A text constant beside a date is a date.
    for (e, ty, other) in [(&mut a, &mut ta, &tb.clone()), (&mut b, &mut tb, &ExpressionType::Date)] {
        let date = match (&*e, other) {
            (CheckedExpression::Literal(CellValue::Text(text)), ExpressionType::Date) => {
                text.parse::<jiff::civil::Date>().ok()
            }
            _ => None,
        };
        if let Some(date) = date {
            (*e, *ty) = (CheckedExpression::Literal(CellValue::Date(date)), ExpressionType::Date);
        }
    }
    let money = |x: &ExpressionType, y: &ExpressionType| *x == ExpressionType::Money && y.is_number();
    if !ta.is_same(&tb) && !money(&ta, &tb) && !money(&tb, &ta) {
        return fail_at(span, "M0303", format!("a {} and a {} do not compare", ta.type_word(), tb.type_word()));
    }
    if ta == ExpressionType::Bool && !matches!(op, BinaryOperator::Equal | BinaryOperator::NotEqual) {
        return fail_at(span, "M0303", "conditions have no order");
    }
    if let CheckedExpression::Literal(value) = &b {
        check_known_word(&ta, value, &r.span)?;
    }
    if let CheckedExpression::Literal(value) = &a {
        check_known_word(&tb, value, &l.span)?;
    }
    Ok((CheckedExpression::Compare(op, Box::new(a), Box::new(b)), ExpressionType::Bool))
}

const FUNCTIONS: [&str; 15] = [
    "abs", "round", "min", "max", "near", "sum", "count", "any", "all", "coalesce", "lower", "upper", "length",
    "concat", "money",
];

fn check_call(name: &str, arguments: &[SyntaxTree], span: &TextSpan, names: &mut VisibleNames) -> CheckResult {
    if let "sum" | "count" | "any" | "all" = name {
        return check_list_call(name, arguments, span, names);
    }
    if !FUNCTIONS.contains(&name) {
        let mut problem = Problem::new("M0302", format!("there is no function `{name}`"));
        problem.help.extend(did_you_mean(name, FUNCTIONS.into_iter()));
        problem.expected = format!("one of {}", FUNCTIONS.join(", "));
        return Err(Box::new((problem, span.clone())));
    }
    let mut checked = Vec::new();
    for argument in arguments {
        checked.push(check_expression(argument, names)?);
    }
    let types: Vec<ExpressionType> = checked.iter().map(|(_, ty)| ty.clone()).collect();
    let amount = |ty: &ExpressionType| ty.is_number() || *ty == ExpressionType::Money;
    let (function, ty) = match (name, types.as_slice()) {
        ("abs", [a]) if amount(a) => (BuiltinFunction::Abs, a.clone()),
        ("round", [a, ExpressionType::Integer]) if amount(a) => (
            BuiltinFunction::Round,
            if *a == ExpressionType::Money { ExpressionType::Money } else { ExpressionType::Decimal },
        ),
        ("min" | "max", [a, b]) if a.is_same(b) && !matches!(a, ExpressionType::Bool) => {
            (if name == "min" { BuiltinFunction::Min } else { BuiltinFunction::Max }, unite_types(a, b, span)?)
        }
        ("near", [a, b, c]) if c.is_number() && amount(a) && amount(b) => (BuiltinFunction::Near, ExpressionType::Bool),
        ("coalesce", [first, rest @ ..]) if !rest.is_empty() => {
            let mut ty = first.clone();
            for other in rest {
                ty = unite_types(&ty, other, span)?;
            }
            (BuiltinFunction::Coalesce, ty)
        }
        ("lower", [ExpressionType::Text(_)]) => (BuiltinFunction::Lower, ExpressionType::Text(None)),
        ("upper", [ExpressionType::Text(_)]) => (BuiltinFunction::Upper, ExpressionType::Text(None)),
        ("length", [ExpressionType::Text(_)]) => (BuiltinFunction::Length, ExpressionType::Integer),
        ("concat", all) if !all.is_empty() && all.iter().all(|t| matches!(t, ExpressionType::Text(_))) => {
            (BuiltinFunction::Concat, ExpressionType::Text(None))
        }
        ("money", [a, ExpressionType::Text(_)]) if a.is_number() => {
            let code = checked.get(1).map(|(e, _)| e);
            if let Some(CheckedExpression::Literal(CellValue::Text(code))) = code
                && let Err(error) = code.parse::<Currency>()
            {
                return fail_at(span, "M0406", error.to_string());
            }
            (BuiltinFunction::Money, ExpressionType::Money)
        }
        _ => {
            let given: Vec<_> = types.iter().map(ExpressionType::type_word).collect();
            let problem = Problem::new("M0303", format!("`{name}` does not take ({})", given.join(", ")));
            return Err(Box::new((problem.instead("", function_signature(name)), span.clone())));
        }
    };
    Ok((CheckedExpression::Call(function, checked.into_iter().map(|(e, _)| e).collect()), ty))
}

fn function_signature(name: &str) -> &'static str {
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

fn check_list_call(name: &str, arguments: &[SyntaxTree], span: &TextSpan, names: &mut VisibleNames) -> CheckResult {
    let wrong = || {
        fail_at(
            span,
            "M0303",
            match name {
                "sum" => "`sum` takes a field of a list, such as sum(lines.amount)",
                "count" => "`count` takes a list, such as count(lines)",
                _ => "`any` and `all` take a list and a condition, such as any(lines, amount < 0)",
            },
        )
    };
    let Some(SyntaxTree { node: SyntaxNode::Name(path), span: at }) = arguments.first() else { return wrong() };
    let (list_name, inner) = match (name, path.rsplit_once('.')) {
        ("sum", Some((list, inner))) => (list, Some(inner)),
        ("sum", None) => return wrong(),
        _ => (path.as_str(), None),
    };
    let (list, scope) = find_name(names, list_name, at)?;
    let SlotType::List(items) = names.scopes.list[scope].slots[list.index].ty else {
        return fail_at(at, "M0303", format!("`{list_name}` is no list"));
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
                SlotType::One(ValueType::Money) => ExpressionType::Money,
                SlotType::One(ValueType::Integer) => ExpressionType::Integer,
                SlotType::One(ValueType::Decimal) => ExpressionType::Decimal,
                _ => return fail_at(at, "M0303", format!("`{inner}` is no number")),
            };
            Ok((CheckedExpression::Sum { list, of: SlotRef { up: 0, index } }, ty))
        }
        ("count", [_]) => Ok((CheckedExpression::Count(list), ExpressionType::Integer)),
        ("any" | "all", [_, body]) => {
            let outer = names.scope;
            // Within the condition the items' own names come first; the items hang below the scope that holds the list.
            names.scope = items;
            let body = check_condition(body, names);
            names.scope = outer;
            Ok((CheckedExpression::Each { list, condition: Box::new(body?), all: name == "all" }, ExpressionType::Bool))
        }
        _ => wrong(),
    }
}

impl ConnectorCompiler<'_> {
    /// Reads and checks an expression; its faults point into the text.
    pub(crate) fn read_expression(
        &mut self,
        node: &TomlNode,
        scope: ScopeId,
        own: Option<(ScopeId, usize)>,
    ) -> Option<(CheckedExpression, ExpressionType)> {
        let text = node.expect_text(&mut self.diagnostics)?.to_owned();
        let start = self
            .diagnostics
            .source
            .text
            .get(node.span.clone())
            .and_then(|raw| raw.find(text.as_str()))
            .map(|at| node.span.start + at);
        let place =
            |span: &TextSpan| start.map_or(node.span.clone(), |s| s + span.start..s + span.end.max(span.start + 1));
        let ast = match parse_expression(&text) {
            Ok(ast) => ast,
            Err((why, span)) => {
                self.diagnostics.report_message(&place(&span), "M0301", why);
                return None;
            }
        };
        let mut names = VisibleNames { scopes: &self.scopes, scope, own, used: Vec::new() };
        let checked = check_expression(&ast, &mut names);
        let used = names.used;
        self.used.extend(used);
        match checked {
            Ok(checked) => Some(checked),
            Err(slip) => {
                let (problem, span) = *slip;
                self.diagnostics.add(&place(&span), problem);
                None
            }
        }
    }

    pub(crate) fn read_condition(
        &mut self,
        node: &TomlNode,
        scope: ScopeId,
        target: String,
    ) -> Option<CheckedCondition> {
        let (expr, ty) = self.read_expression(node, scope, None)?;
        if ty != ExpressionType::Bool {
            self.diagnostics.report_message(
                &node.span,
                "M0303",
                format!("a condition is expected here, not a {}", ty.type_word()),
            );
            return None;
        }
        Some(CheckedCondition { expr, target, span: node.span.clone() })
    }
}
