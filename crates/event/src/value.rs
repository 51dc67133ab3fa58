//! Plain values as every door reads and judges them, refused in the same words and under the same code.

use std::fmt;

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;

use crate::{Micros, POSSIBLE_YEARS, is_possible_year, parse_decimal, parse_time, plain_width};

/// Why a text gives no value. Where it stands is added by the one who read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueFault {
    /// Stable code, such as `R0412`.
    pub code: &'static str,
    /// What is wrong.
    pub message: &'static str,
    /// What stands there.
    pub found: String,
    /// What could stand there.
    pub expected: String,
    /// What can be done about it.
    pub help: Vec<String>,
}

impl ValueFault {
    /// A fault of which only the kind is known.
    pub fn new(code: &'static str, message: &'static str) -> Self {
        Self { code, message, found: String::new(), expected: String::new(), help: Vec::new() }
    }

    /// The same, with what was found and what was expected.
    #[must_use]
    pub fn instead(mut self, found: impl Into<String>, expected: impl Into<String>) -> Self {
        self.found = found.into();
        self.expected = expected.into();
        self
    }

    /// The same, with advice.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }
}

impl fmt::Display for ValueFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)?;
        if !self.found.is_empty() {
            write!(f, ": found `{}`", self.found)?;
        }
        if !self.expected.is_empty() {
            write!(f, ", expected {}", self.expected)?;
        }
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}

/// Reads a number like `-1234.56`: a point, no group marks, a sign before it, digits of either width. The scale is kept.
///
/// # Errors
/// Another way of writing (R0412), or too many digits (R0413).
pub fn read_decimal(text: &str) -> Result<Decimal, ValueFault> {
    let shape = || {
        let fault =
            ValueFault::new("R0412", "a number is not written as expected").instead(text, "a number like 1234.56");
        match text.contains(['e', 'E']) && Decimal::from_scientific(text).is_ok() {
            true => fault.help("a spreadsheet has shortened it: export the column as a plain number"),
            false => fault,
        }
    };
    let narrow: String = text.trim().chars().map(plain_width).collect();
    let unsigned = narrow.strip_prefix('+').unwrap_or(&narrow);
    let (minus, digits) = match unsigned.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, unsigned),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !plain(fraction) {
        return Err(shape());
    }
    let number: Decimal = digits.parse().map_err(|_| too_long(text))?;
    check_decimal(if minus && !number.is_zero() { -number } else { number })
}

/// The same of a JSON number, which may have an exponent.
///
/// # Errors
/// As for [`read_decimal`].
pub fn read_json_number(text: &str) -> Result<Decimal, ValueFault> {
    match Decimal::from_scientific(text) {
        Ok(number) if text.contains(['e', 'E']) => check_decimal(number),
        _ => read_decimal(text),
    }
}

/// Judges a number, however it was written.
///
/// # Errors
/// More digits than sums have room for (R0413).
pub fn check_decimal(number: Decimal) -> Result<Decimal, ValueFault> {
    let text = number.to_string();
    parse_decimal(&text).map_err(|_| too_long(&text))
}

fn too_long(text: &str) -> ValueFault {
    ValueFault::new("R0413", "a number has too many digits")
        .instead(text, "at most 15 digits before the point and 9 after it")
}

/// Reads a day like `2026-03-09`.
///
/// # Errors
/// Another way of writing (R0420), a day that no calendar has (R0421), or one of an impossible year (R0424).
pub fn read_date(text: &str) -> Result<Date, ValueFault> {
    if !has_shape(text, "dddd-dd-dd") {
        return Err(ValueFault::new("R0420", "a date or time is not written as expected")
            .instead(text, "a date like 2026-03-09"));
    }
    check_date(text.parse().map_err(|_| no_such(text))?)
}

/// Judges a day, however it was written.
///
/// # Errors
/// A year outside [`POSSIBLE_YEARS`] (R0424).
pub fn check_date(date: Date) -> Result<Date, ValueFault> {
    check_years(date.to_datetime(jiff::civil::Time::midnight())).map(|()| date)
}

/// Judges a time on the source's own clock, however it was written.
///
/// # Errors
/// A year outside [`POSSIBLE_YEARS`] (R0424).
pub fn check_years(local: DateTime) -> Result<(), ValueFault> {
    if is_possible_year(local.year()) {
        return Ok(());
    }
    let (first, last) = (POSSIBLE_YEARS.start(), POSSIBLE_YEARS.end());
    Err(ValueFault::new("R0424", "this time is out of range")
        .instead(local.to_string(), format!("a time between {first} and {last}"))
        .help("where the source writes it for \"none\" or \"for ever\", leave it out"))
}

/// Reads a time like `2026-03-09T17:05:11+08:00`: the instant, and the offset in seconds east of UTC where the text tells it.
///
/// # Errors
/// Another way of writing (R0420), a time that does not exist (R0421), or one of an impossible year (R0424).
pub fn read_time(text: &str) -> Result<(Micros, Option<i32>), ValueFault> {
    let leap = text.get(16..19) == Some(":60");
    let Some((at, offset)) = parse_time(text).filter(|_| !leap) else {
        let day = text.get(..10).filter(|day| has_shape(day, "dddd-dd-dd"));
        let local = text.parse::<DateTime>().is_ok_and(|_| !leap);
        return Err(match day.map(|day| day.parse().map(check_date)) {
            None => ValueFault::new("R0420", "a date or time is not written as expected")
                .instead(text, "an RFC 3339 instant like 2026-03-09T17:05:11+08:00"),
            Some(Ok(Err(impossible))) => impossible,
            Some(_) if local => {
                ValueFault::new("R0425", "a local time has no zone").instead(text, "a time with its offset")
            }
            Some(_) => no_such(text),
        });
    };
    let zone = jiff::tz::Offset::from_seconds(offset.unwrap_or(0)).unwrap_or(jiff::tz::Offset::UTC);
    let instant = jiff::Timestamp::from_microsecond(at).map_err(|_| no_such(text))?;
    check_years(zone.to_datetime(instant)).map(|()| (at, offset))
}

fn no_such(text: &str) -> ValueFault {
    ValueFault::new("R0421", "this date does not exist").instead(text, "a day of the calendar, and a time of the day")
}

/// Whether a text has a digit for each `d`, and for each other character that one.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(b, s)| if s == b'd' { b.is_ascii_digit() } else { b == s })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_numbers_are_read_in_either_width_and_with_either_minus() {
        for (text, read) in [
            ("1234.56", "1234.56"),
            ("-1.50", "-1.50"),
            ("+7", "7"),
            ("\u{2212}7", "-7"),
            ("－１２．５", "-12.5"),
            ("-0.00", "0.00"),
        ] {
            assert_eq!(read_decimal(text).map(|d| d.to_string()).as_deref(), Ok(read), "{text}");
        }
        assert_eq!(read_json_number("1.5e3").map(|d| d.to_string()).as_deref(), Ok("1500"));
    }

    #[test]
    fn what_is_no_value_says_why_under_its_code() {
        let number = |text: &str| read_decimal(text).unwrap_err().code;
        assert_eq!([number("1,5"), number("1e5"), number(".5"), number("5."), number("")], ["R0412"; 5]);
        assert_eq!([number("1234567890123456"), number("0.1234567891"), number(&"9".repeat(40))], ["R0413"; 3]);
        let date = |text: &str| read_date(text).unwrap_err().code;
        assert_eq!([date("2026-3-9"), date("09.03.2026"), date("20260309")], ["R0420"; 3]);
        assert_eq!([date("2026-02-30"), date("0000-00-00")], ["R0421"; 2]);
        assert_eq!([date("0026-03-09"), date("2569-03-09"), date("9999-12-31")], ["R0424"; 3]);
        let time = |text: &str| read_time(text).unwrap_err().code;
        assert_eq!([time("yesterday"), time("09.03.2026 17:05"), time("")], ["R0420"; 3]);
        assert_eq!([time("2026-03-09"), time("2026-03-09T17:05")], ["R0425"; 2]);
        assert_eq!(
            [time("2026-02-30T00:00:00Z"), time("2026-03-09T24:01:00Z"), time("2026-06-30T23:59:60Z")],
            ["R0421"; 3]
        );
        assert_eq!(
            [time("2569-03-09T00:00:00Z"), time("0026-03-09T00:00:00+08:00"), time("9999-12-31T00:00:00Z")],
            ["R0424"; 3]
        );
    }

    #[test]
    fn the_year_is_that_of_the_source_s_own_clock() {
        assert!(read_time("1900-01-01T00:00:00+14:00").is_ok());
        assert_eq!(read_time("1899-12-31T23:59:59-12:00").unwrap_err().code, "R0424");
    }
}
