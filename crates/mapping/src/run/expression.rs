//! Works out a checked expression. What is absent makes what is computed from it absent, and no condition true.

use std::borrow::Cow;
use std::cmp::Ordering;

use onefold_event::{Currency, Problem};
use rust_decimal::Decimal;

use crate::language::syntax::Op;
use crate::program::expression::{Condition, Expr, Function};
use crate::program::names::SlotRef;
use crate::run::frame::{Bad, Frame, Stop};
use crate::values::currency_mark::no_currency;
use crate::values::value::{Fault, Val, order, rounded, unsigned_zero};

/// Whether a condition holds; its own failures are reported here.
pub(crate) fn holds<'r>(condition: &'r Condition, frame: &Frame<'_, 'r>) -> Result<bool, Bad> {
    match eval(&condition.expr, frame) {
        Ok(value) => Ok(value == Val::Bool(true)),
        Err(Stop::Bad) => Err(Bad),
        Err(Stop::Fault(fault)) => {
            let mut problem = Problem::new(fault.code, fault.message).instead(fault.found, fault.expected);
            problem.target = condition.target.clone();
            problem.mapping = Some(frame.run.plan.place(&condition.span));
            problem.lines = frame.run.lines(&frame.rows().collect::<Vec<_>>());
            frame.run.errors.borrow_mut().push(problem);
            Err(Bad)
        }
    }
}

pub(crate) fn eval<'r>(expr: &'r Expr, frame: &Frame<'_, 'r>) -> Result<Val<'r>, Stop> {
    Ok(match expr {
        Expr::Literal(value) => value.clone(),
        Expr::Slot(at) => frame.value(*at)?,
        Expr::Negative(inner) => negative(eval(inner, frame)?),
        Expr::Not(inner) => Val::Bool(!truth(&eval(inner, frame)?)),
        Expr::And(l, r) => Val::Bool(truth(&eval(l, frame)?) && truth(&eval(r, frame)?)),
        Expr::Or(l, r) => Val::Bool(truth(&eval(l, frame)?) || truth(&eval(r, frame)?)),
        Expr::Arithmetic(op, l, r) => arithmetic(*op, eval(l, frame)?, eval(r, frame)?)?,
        Expr::Compare(op, l, r) => Val::Bool(compare(*op, &eval(l, frame)?, &eval(r, frame)?)?),
        Expr::In(of, list) => {
            let value = eval(of, frame)?;
            let mut found = false;
            for item in list {
                found |= compare(Op::Equal, &value, item)?;
            }
            Val::Bool(found)
        }
        Expr::Is { of, present } => Val::Bool(eval(of, frame)?.is_absent() != *present),
        Expr::If(condition, yes, no) => eval(if truth(&eval(condition, frame)?) { yes } else { no }, frame)?,
        Expr::Call(function, arguments) => call(*function, arguments, frame)?,
        Expr::Sum { list, of } => sum(*list, *of, frame)?,
        Expr::Count(list) => Val::Integer(i64::try_from(frame.list(*list)?.1.len()).unwrap_or(i64::MAX)),
        Expr::Each { list, condition, all } => {
            let (owner, items) = frame.list(*list)?;
            let mut result = *all;
            for item in items {
                let inner = owner.item(*list, item).ok_or(Stop::Bad)?;
                let holds = truth(&eval(condition, &inner)?);
                result = if *all { result && holds } else { result || holds };
            }
            Val::Bool(result)
        }
    })
}

fn truth(value: &Val) -> bool {
    *value == Val::Bool(true)
}

fn negative(value: Val<'_>) -> Val<'_> {
    match value {
        Val::Integer(n) => n.checked_neg().map_or(Val::Absent, Val::Integer),
        Val::Decimal(d) => Val::Decimal(unsigned_zero(-d)),
        Val::Money(d, c) => Val::Money(unsigned_zero(-d), c),
        other => other,
    }
}

fn overflow() -> Fault {
    Fault::new("R0413", "a number has too many digits").instead("", "a result of at most 28 digits")
}

fn two_currencies(a: Currency, b: Currency) -> Fault {
    Fault::new("R0415", "amounts of two currencies do not compute")
        .instead(format!("{} and {}", a.code(), b.code()), "one currency")
}

fn arithmetic<'r>(op: Op, a: Val<'r>, b: Val<'r>) -> Result<Val<'r>, Fault> {
    let (Some(x), Some(y)) = (a.decimal(), b.decimal()) else { return Ok(Val::Absent) };
    if let (Val::Integer(x), Val::Integer(y)) = (&a, &b)
        && op != Op::Divide
    {
        let n = match op {
            Op::Add => x.checked_add(*y),
            Op::Subtract => x.checked_sub(*y),
            _ => x.checked_mul(*y),
        };
        return n.map(Val::Integer).ok_or_else(overflow);
    }
    let currency = match (&a, &b) {
        (Val::Money(_, p), Val::Money(_, q)) if p != q => return Err(two_currencies(*p, *q)),
        (Val::Money(..), Val::Money(..)) if op == Op::Divide => None,
        (Val::Money(_, c), _) | (_, Val::Money(_, c)) => Some(*c),
        _ => None,
    };
    if op == Op::Divide && y.is_zero() {
        return Err(Fault::new("R0414", "a number is divided by zero")
            .instead(format!("{x} / 0"), "a divisor that is not zero"));
    }
    let result = match op {
        Op::Add => x.checked_add(y),
        Op::Subtract => x.checked_sub(y),
        Op::Multiply => product(x, y),
        _ => x.checked_div(y),
    };
    let result = unsigned_zero(result.ok_or_else(overflow)?);
    Ok(currency.map_or(Val::Decimal(result), |c| Val::Money(result, c)))
}

/// Exact, in the scale of both together: `12 × 6.95` is 83.40's like, and `0 × 2.50` is 0.00.
pub(crate) fn product(x: Decimal, y: Decimal) -> Option<Decimal> {
    let mut result = x.checked_mul(y)?;
    let scale = x.scale() + y.scale();
    if result.is_zero() && scale <= 28 {
        result = Decimal::new(0, scale);
    }
    Some(result)
}

fn compare(op: Op, a: &Val, b: &Val) -> Result<bool, Fault> {
    let order = match (a, b) {
        (Val::Absent, _) | (_, Val::Absent) => return Ok(op == Op::NotEqual && a.is_absent() != b.is_absent()),
        (Val::Money(_, p), Val::Money(_, q)) if p != q => return Err(two_currencies(*p, *q)),
        _ => order(a, b),
    };
    Ok(match op {
        Op::Equal => order == Some(Ordering::Equal),
        Op::NotEqual => order != Some(Ordering::Equal),
        Op::Less => order == Some(Ordering::Less),
        Op::AtMost => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Op::More => order == Some(Ordering::Greater),
        Op::AtLeast => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        _ => false,
    })
}

fn sum<'r>(list: SlotRef, of: SlotRef, frame: &Frame<'_, 'r>) -> Result<Val<'r>, Stop> {
    let (owner, items) = frame.list(list)?;
    let mut total = Val::Absent;
    for item in items {
        let inner = owner.item(list, item).ok_or(Stop::Bad)?;
        let value = inner.value(of)?;
        if value.is_absent() {
            continue;
        }
        total = if total.is_absent() { value } else { arithmetic(Op::Add, total, value)? };
    }
    Ok(total)
}

fn call<'r>(function: Function, arguments: &'r [Expr], frame: &Frame<'_, 'r>) -> Result<Val<'r>, Stop> {
    let mut values = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let value = eval(argument, frame)?;
        if function == Function::Coalesce && !value.is_absent() {
            return Ok(value);
        }
        values.push(value);
    }
    if function == Function::Concat {
        return Ok(Val::Text(Cow::Owned(values.iter().map(Val::show).collect())));
    }
    if values.iter().any(Val::is_absent) {
        return Ok(Val::Absent);
    }
    Ok(match (function, values.as_slice()) {
        (Function::Abs, [value]) => {
            if value.decimal().is_some_and(|d| d.is_sign_negative()) {
                negative(value.clone())
            } else {
                value.clone()
            }
        }
        (Function::Round, [value, Val::Integer(digits)]) => {
            let round = |d: Decimal| rounded(d, u32::try_from(*digits).unwrap_or(0));
            match value {
                Val::Money(d, c) => Val::Money(round(*d), *c),
                other => other.decimal().map_or(Val::Absent, |d| Val::Decimal(round(d))),
            }
        }
        (Function::Min | Function::Max, [a, b]) => {
            if let (Val::Money(_, p), Val::Money(_, q)) = (a, b)
                && p != q
            {
                return Err(two_currencies(*p, *q).into());
            }
            let first = order(a, b).is_some_and(|o| (o == Ordering::Less) == (function == Function::Min));
            if first { a.clone() } else { b.clone() }
        }
        (Function::Near, [a, b, within]) => {
            if let (Val::Money(_, p), Val::Money(_, q)) = (a, b)
                && p != q
            {
                return Err(two_currencies(*p, *q).into());
            }
            let (Some(x), Some(y), Some(within)) = (a.decimal(), b.decimal(), within.decimal()) else {
                return Ok(Val::Absent);
            };
            Val::Bool(x.checked_sub(y).ok_or_else(overflow)?.abs() <= within)
        }
        (Function::Lower, [Val::Text(text)]) => Val::Text(text.to_lowercase().into()),
        (Function::Upper, [Val::Text(text)]) => Val::Text(text.to_uppercase().into()),
        (Function::Length, [Val::Text(text)]) => Val::Integer(i64::try_from(text.chars().count()).unwrap_or(i64::MAX)),
        (Function::Money, [amount, Val::Text(code)]) => {
            let currency = code.parse::<Currency>().map_err(|error| no_currency(&error))?;
            amount.decimal().map_or(Val::Absent, |amount| Val::Money(amount, currency))
        }
        _ => Val::Absent,
    })
}
