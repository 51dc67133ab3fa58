//! What is done to a value once it is read, and what it must be then.

use std::cmp::Ordering;

use onefold_event::ValueFault;

use crate::program::cell::{CellDef, ValueCheck};
use crate::values::value::{CellValue, compare_values, round_half_away, unsigned_zero};

pub(crate) fn adjust_value<'r>(cell: &CellDef, value: CellValue<'r>) -> Result<CellValue<'r>, ValueFault> {
    let a = &cell.adjust;
    if let (CellValue::Date(date), true) = (&value, a.add_days != 0) {
        let later = date.checked_add(jiff::Span::new().days(a.add_days));
        return later
            .map(CellValue::Date)
            .map_err(|_| ValueFault::new("R0421", "this date does not exist").instead(date.to_string(), "a date"));
    }
    let plain = !a.negate && !a.abs && a.times.is_none() && a.round.is_none();
    let Some(d) = value.as_decimal().filter(|_| !plain) else { return Ok(value) };
    let mut d = if a.negate { -d } else { d };
    if a.abs {
        d = d.abs();
    }
    if let Some(times) = a.times {
        d = d.checked_mul(times).ok_or_else(|| {
            ValueFault::new("R0413", "a number has too many digits").instead(d.to_string(), "fewer digits")
        })?;
    }
    if let Some(digits) = a.round {
        d = round_half_away(d, digits);
    }
    let d = unsigned_zero(d);
    Ok(match value {
        CellValue::Money(_, c) => CellValue::Money(d, c),
        CellValue::Integer(n) => match i64::try_from(d) {
            Ok(n) if rust_decimal::Decimal::from(n) == d => CellValue::Integer(n),
            _ => {
                return Err(
                    ValueFault::new("R0414", "this is not a whole number").instead(n.to_string(), "a whole number")
                );
            }
        },
        _ => CellValue::Decimal(d),
    })
}

pub(crate) fn check_value(cell: &CellDef, value: &CellValue) -> Result<(), ValueFault> {
    let fault = |expected: String| {
        Err(ValueFault::new("R0406", "a value is not what the mapping allows").instead(value.to_display(), expected))
    };
    for check in &cell.checks {
        match check {
            ValueCheck::OneOf(list) if !list.iter().any(|v| compare_values(v, value) == Some(Ordering::Equal)) => {
                return fault(format!(
                    "one of {}",
                    list.iter().map(CellValue::to_display).collect::<Vec<_>>().join(", ")
                ));
            }
            ValueCheck::Between(low, high)
                if compare_values(value, low) == Some(Ordering::Less)
                    || compare_values(value, high) == Some(Ordering::Greater) =>
            {
                return fault(format!("between {} and {}", low.to_display(), high.to_display()));
            }
            ValueCheck::Like(regex) if !regex.is_match(&value.to_display()) => {
                return fault(format!("a text like {}", regex.as_str()));
            }
            ValueCheck::MaxLength(most) if value.to_display().chars().count() > *most => {
                return fault(format!("at most {most} characters"));
            }
            _ => {}
        }
    }
    Ok(())
}
