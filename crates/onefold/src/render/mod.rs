//! Answers as text for people.

mod customer;
mod line;
mod report;
mod total;

pub(crate) use customer::customer;
pub(crate) use line::{document, entry, event, hit, name, row, whole_entry};
pub(crate) use report::report;
pub(crate) use total::status;

/// The day of an instant, as people read it.
fn day(instant: &str) -> &str {
    instant.get(..10).unwrap_or(instant)
}

/// An instant to the minute.
fn minute(instant: &str) -> String {
    instant.get(..16).unwrap_or(instant).replace('T', " ")
}

/// A decimal with thousands apart.
pub(crate) fn amount(decimal: &str) -> String {
    let (sign, digits) = decimal.strip_prefix('-').map_or(("", decimal), |rest| ("-", rest));
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let mut out = sign.to_owned();
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(part) = part {
        out.push('.');
        out.push_str(part);
    }
    out
}

/// Whether a decimal is nothing.
fn is_zero(decimal: &str) -> bool {
    decimal.chars().all(|c| matches!(c, '0' | '.' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(amount("10305892.024"), "10,305,892.024");
        assert_eq!(amount("-373.57"), "-373.57");
        assert_eq!(amount("1000"), "1,000");
        assert_eq!(amount("0"), "0");
    }

    #[test]
    fn nothing_is_seen_at_any_scale() {
        assert!(is_zero("0") && is_zero("0.00") && !is_zero("0.01"));
    }
}
