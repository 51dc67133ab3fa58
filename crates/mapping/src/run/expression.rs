//! Works out a checked expression. What is absent makes what is computed from it absent, and no condition true.

use std::borrow::Cow;
use std::cmp::Ordering;

use onefold_event::{Currency, Problem, ValueFault};
use rust_decimal::Decimal;

use crate::language::syntax::BinaryOperator;
use crate::program::expression::{BuiltinFunction, CheckedCondition, CheckedExpression};
use crate::program::names::SlotRef;
use crate::run::frame::{EvaluationStop, ReportedFault, ScopeFrame};
use crate::values::currency_mark::no_currency;
use crate::values::value::{CellValue, compare_values, round_half_away, unsigned_zero};

/// Whether a condition holds; its own failures are reported here.
pub(crate) fn condition_holds<'r>(
    condition: &'r CheckedCondition,
    frame: &ScopeFrame<'_, 'r>,
) -> Result<bool, ReportedFault> {
    match evaluate_expression(&condition.expr, frame) {
        Ok(value) => Ok(value == CellValue::Bool(true)),
        Err(EvaluationStop::Bad) => Err(ReportedFault),
        Err(EvaluationStop::Fault(fault)) => {
            let mut problem = Problem::new(fault.code, fault.message).instead(fault.found, fault.expected);
            problem.target = condition.target.clone();
            problem.mapping = Some(frame.run.plan.position_of(&condition.span));
            problem.lines = frame.run.line_numbers(&frame.row_range().collect::<Vec<_>>());
            frame.run.errors.borrow_mut().push(problem);
            Err(ReportedFault)
        }
    }
}

pub(crate) fn evaluate_expression<'r>(
    expr: &'r CheckedExpression,
    frame: &ScopeFrame<'_, 'r>,
) -> Result<CellValue<'r>, EvaluationStop> {
    Ok(match expr {
        CheckedExpression::Literal(value) => value.clone(),
        CheckedExpression::Slot(at) => frame.slot_value(*at)?,
        CheckedExpression::Negative(inner) => negate_value(evaluate_expression(inner, frame)?),
        CheckedExpression::Not(inner) => CellValue::Bool(!is_true(&evaluate_expression(inner, frame)?)),
        CheckedExpression::And(l, r) => {
            CellValue::Bool(is_true(&evaluate_expression(l, frame)?) && is_true(&evaluate_expression(r, frame)?))
        }
        CheckedExpression::Or(l, r) => {
            CellValue::Bool(is_true(&evaluate_expression(l, frame)?) || is_true(&evaluate_expression(r, frame)?))
        }
        CheckedExpression::Arithmetic(op, l, r) => {
            compute_arithmetic(*op, evaluate_expression(l, frame)?, evaluate_expression(r, frame)?)?
        }
        CheckedExpression::Compare(op, l, r) => {
            CellValue::Bool(compare_operands(*op, &evaluate_expression(l, frame)?, &evaluate_expression(r, frame)?)?)
        }
        CheckedExpression::In(of, list) => {
            let value = evaluate_expression(of, frame)?;
            let mut found = false;
            for item in list {
                found |= compare_operands(BinaryOperator::Equal, &value, item)?;
            }
            CellValue::Bool(found)
        }
        CheckedExpression::Is { of, present } => {
            CellValue::Bool(evaluate_expression(of, frame)?.is_absent() != *present)
        }
        CheckedExpression::If(condition, yes, no) => {
            evaluate_expression(if is_true(&evaluate_expression(condition, frame)?) { yes } else { no }, frame)?
        }
        CheckedExpression::Call(function, arguments) => call_function(*function, arguments, frame)?,
        CheckedExpression::Sum { list, of } => sum_list(*list, *of, frame)?,
        CheckedExpression::Count(list) => {
            CellValue::Integer(i64::try_from(frame.slot_list(*list)?.1.len()).unwrap_or(i64::MAX))
        }
        CheckedExpression::Each { list, condition, all } => {
            let (owner, items) = frame.slot_list(*list)?;
            let mut result = *all;
            for item in items {
                let inner = owner.item_frame(*list, item).ok_or(EvaluationStop::Bad)?;
                let holds = is_true(&evaluate_expression(condition, &inner)?);
                result = if *all { result && holds } else { result || holds };
            }
            CellValue::Bool(result)
        }
    })
}

fn is_true(value: &CellValue) -> bool {
    *value == CellValue::Bool(true)
}

fn negate_value(value: CellValue<'_>) -> CellValue<'_> {
    match value {
        CellValue::Integer(n) => n.checked_neg().map_or(CellValue::Absent, CellValue::Integer),
        CellValue::Decimal(d) => CellValue::Decimal(unsigned_zero(-d)),
        CellValue::Money(d, c) => CellValue::Money(unsigned_zero(-d), c),
        other => other,
    }
}

fn overflow_fault() -> ValueFault {
    ValueFault::new("R0413", "a number has too many digits").instead("", "a result of at most 28 digits")
}

fn two_currencies(a: Currency, b: Currency) -> ValueFault {
    ValueFault::new("R0415", "amounts of two currencies do not compute")
        .instead(format!("{} and {}", a.code(), b.code()), "one currency")
}

fn compute_arithmetic<'r>(op: BinaryOperator, a: CellValue<'r>, b: CellValue<'r>) -> Result<CellValue<'r>, ValueFault> {
    let (Some(x), Some(y)) = (a.as_decimal(), b.as_decimal()) else { return Ok(CellValue::Absent) };
    if let (CellValue::Integer(x), CellValue::Integer(y)) = (&a, &b)
        && op != BinaryOperator::Divide
    {
        let n = match op {
            BinaryOperator::Add => x.checked_add(*y),
            BinaryOperator::Subtract => x.checked_sub(*y),
            _ => x.checked_mul(*y),
        };
        return n.map(CellValue::Integer).ok_or_else(overflow_fault);
    }
    let currency = match (&a, &b) {
        (CellValue::Money(_, p), CellValue::Money(_, q)) if p != q => return Err(two_currencies(*p, *q)),
        (CellValue::Money(..), CellValue::Money(..)) if op == BinaryOperator::Divide => None,
        (CellValue::Money(_, c), _) | (_, CellValue::Money(_, c)) => Some(*c),
        _ => None,
    };
    if op == BinaryOperator::Divide && y.is_zero() {
        return Err(ValueFault::new("R0414", "a number is divided by zero")
            .instead(format!("{x} / 0"), "a divisor that is not zero"));
    }
    let result = match op {
        BinaryOperator::Add => x.checked_add(y),
        BinaryOperator::Subtract => x.checked_sub(y),
        BinaryOperator::Multiply => exact_product(x, y),
        _ => x.checked_div(y),
    };
    let result = unsigned_zero(result.ok_or_else(overflow_fault)?);
    Ok(currency.map_or(CellValue::Decimal(result), |c| CellValue::Money(result, c)))
}

/// Exact, in the scale of both together: `12 × 6.95` is 83.40's like, and `0 × 2.50` is 0.00.
pub(crate) fn exact_product(x: Decimal, y: Decimal) -> Option<Decimal> {
    let mut result = x.checked_mul(y)?;
    let scale = x.scale() + y.scale();
    if result.is_zero() && scale <= 28 {
        result = Decimal::new(0, scale);
    }
    Some(result)
}

fn compare_operands(op: BinaryOperator, a: &CellValue, b: &CellValue) -> Result<bool, ValueFault> {
    let order = match (a, b) {
        (CellValue::Absent, _) | (_, CellValue::Absent) => {
            return Ok(op == BinaryOperator::NotEqual && a.is_absent() != b.is_absent());
        }
        (CellValue::Money(_, p), CellValue::Money(_, q)) if p != q => return Err(two_currencies(*p, *q)),
        _ => compare_values(a, b),
    };
    Ok(match op {
        BinaryOperator::Equal => order == Some(Ordering::Equal),
        BinaryOperator::NotEqual => order != Some(Ordering::Equal),
        BinaryOperator::Less => order == Some(Ordering::Less),
        BinaryOperator::AtMost => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        BinaryOperator::More => order == Some(Ordering::Greater),
        BinaryOperator::AtLeast => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        _ => false,
    })
}

fn sum_list<'r>(list: SlotRef, of: SlotRef, frame: &ScopeFrame<'_, 'r>) -> Result<CellValue<'r>, EvaluationStop> {
    let (owner, items) = frame.slot_list(list)?;
    let mut total = CellValue::Absent;
    for item in items {
        let inner = owner.item_frame(list, item).ok_or(EvaluationStop::Bad)?;
        let value = inner.slot_value(of)?;
        if value.is_absent() {
            continue;
        }
        total = if total.is_absent() { value } else { compute_arithmetic(BinaryOperator::Add, total, value)? };
    }
    Ok(total)
}

fn call_function<'r>(
    function: BuiltinFunction,
    arguments: &'r [CheckedExpression],
    frame: &ScopeFrame<'_, 'r>,
) -> Result<CellValue<'r>, EvaluationStop> {
    let mut values = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let value = evaluate_expression(argument, frame)?;
        if function == BuiltinFunction::Coalesce && !value.is_absent() {
            return Ok(value);
        }
        values.push(value);
    }
    if function == BuiltinFunction::Concat {
        return Ok(CellValue::Text(Cow::Owned(values.iter().map(CellValue::to_display).collect())));
    }
    // What is absent makes what is computed from it absent; `coalesce` and `concat` have answered above.
    if values.iter().any(CellValue::is_absent) {
        return Ok(CellValue::Absent);
    }
    Ok(match (function, values.as_slice()) {
        (BuiltinFunction::Abs, [value]) => {
            if value.as_decimal().is_some_and(|d| d.is_sign_negative()) {
                negate_value(value.clone())
            } else {
                value.clone()
            }
        }
        (BuiltinFunction::Round, [value, CellValue::Integer(digits)]) => {
            let round = |d: Decimal| round_half_away(d, u32::try_from(*digits).unwrap_or(0));
            match value {
                CellValue::Money(d, c) => CellValue::Money(round(*d), *c),
                other => other.as_decimal().map_or(CellValue::Absent, |d| CellValue::Decimal(round(d))),
            }
        }
        (BuiltinFunction::Min | BuiltinFunction::Max, [a, b]) => {
            if let (CellValue::Money(_, p), CellValue::Money(_, q)) = (a, b)
                && p != q
            {
                return Err(two_currencies(*p, *q).into());
            }
            let first =
                compare_values(a, b).is_some_and(|o| (o == Ordering::Less) == (function == BuiltinFunction::Min));
            if first { a.clone() } else { b.clone() }
        }
        (BuiltinFunction::Near, [a, b, within]) => {
            if let (CellValue::Money(_, p), CellValue::Money(_, q)) = (a, b)
                && p != q
            {
                return Err(two_currencies(*p, *q).into());
            }
            let (Some(x), Some(y), Some(within)) = (a.as_decimal(), b.as_decimal(), within.as_decimal()) else {
                return Ok(CellValue::Absent);
            };
            CellValue::Bool(x.checked_sub(y).ok_or_else(overflow_fault)?.abs() <= within)
        }
        (BuiltinFunction::Lower, [CellValue::Text(text)]) => CellValue::Text(text.to_lowercase().into()),
        (BuiltinFunction::Upper, [CellValue::Text(text)]) => CellValue::Text(text.to_uppercase().into()),
        (BuiltinFunction::Length, [CellValue::Text(text)]) => {
            CellValue::Integer(i64::try_from(text.chars().count()).unwrap_or(i64::MAX))
        }
        (BuiltinFunction::Money, [amount, CellValue::Text(code)]) => {
            let currency = code.parse::<Currency>().map_err(|error| no_currency(&error))?;
            amount.as_decimal().map_or(CellValue::Absent, |amount| CellValue::Money(amount, currency))
        }
        _ => CellValue::Absent,
    })
}
