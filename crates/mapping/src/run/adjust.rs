//! What is done to a value once it is read, and what it must be then.

use std::cmp::Ordering;

use crate::program::cell::{Cell, Check};
use crate::values::value::{Fault, Val, order, rounded, unsigned_zero};

pub(crate) fn adjust<'r>(cell: &Cell, value: Val<'r>) -> Result<Val<'r>, Fault> {
    let a = &cell.adjust;
    if let (Val::Date(date), true) = (&value, a.add_days != 0) {
        let later = date.checked_add(jiff::Span::new().days(a.add_days));
        return later
            .map(Val::Date)
            .map_err(|_| Fault::new("R0421", "this date does not exist").instead(date.to_string(), "a date"));
    }
    let plain = !a.negate && !a.abs && a.times.is_none() && a.round.is_none();
    let Some(d) = value.decimal().filter(|_| !plain) else { return Ok(value) };
    let mut d = if a.negate { -d } else { d };
    if a.abs {
        d = d.abs();
    }
    if let Some(times) = a.times {
        d = d.checked_mul(times).ok_or_else(|| {
            Fault::new("R0413", "a number has too many digits").instead(d.to_string(), "fewer digits")
        })?;
    }
    if let Some(digits) = a.round {
        d = rounded(d, digits);
    }
    let d = unsigned_zero(d);
    Ok(match value {
        Val::Money(_, c) => Val::Money(d, c),
        Val::Integer(n) => match i64::try_from(d) {
            Ok(n) if rust_decimal::Decimal::from(n) == d => Val::Integer(n),
            _ => return Err(Fault::new("R0414", "this is not a whole number").instead(n.to_string(), "a whole number")),
        },
        _ => Val::Decimal(d),
    })
}

pub(crate) fn check(cell: &Cell, value: &Val) -> Result<(), Fault> {
    let fault = |expected: String| {
        Err(Fault::new("R0406", "a value is not what the mapping allows").instead(value.show(), expected))
    };
    for check in &cell.checks {
        match check {
            Check::OneOf(list) if !list.iter().any(|v| order(v, value) == Some(Ordering::Equal)) => {
                return fault(format!("one of {}", list.iter().map(Val::show).collect::<Vec<_>>().join(", ")));
            }
            Check::Between(low, high)
                if order(value, low) == Some(Ordering::Less) || order(value, high) == Some(Ordering::Greater) =>
            {
                return fault(format!("between {} and {}", low.show(), high.show()));
            }
            Check::Like(regex) if !regex.is_match(&value.show()) => {
                return fault(format!("a text like {}", regex.as_str()));
            }
            Check::MaxLength(most) if value.show().chars().count() > *most => {
                return fault(format!("at most {most} characters"));
            }
            _ => {}
        }
    }
    Ok(())
}
