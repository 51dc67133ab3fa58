//! Exact amounts: whole units at a scale, with a currency packed into a number.

use onefold_event::{Currency, Day, parse_decimal, v1};

/// What stands for a currency that is none of three letters (ISO 4217: no currency).
const NONE: &str = "XXX";

/// An exact decimal, of a currency where there is one.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Money {
    /// Three letters packed; 0: a plain number.
    #[prost(uint32, tag = "1")]
    pub(crate) currency: u32,
    /// Digits after the point.
    #[prost(uint32, tag = "2")]
    pub(crate) scale: u32,
    /// Lower half of the zigzag of the units.
    #[prost(uint64, tag = "3")]
    pub(crate) low: u64,
    /// Upper half.
    #[prost(uint64, tag = "4")]
    pub(crate) high: u64,
}

impl Money {
    pub(crate) fn new(currency: u32, scale: u32, units: i128) -> Self {
        let (low, high) = split_units(units);
        Self { currency, scale, low, high }
    }

    /// Reads an event's money; none where it is missing or no amount.
    pub(crate) fn from_message(money: Option<&v1::Money>) -> Option<Self> {
        let money = money?;
        Self::parse_number(&money.amount).map(|number| Self { currency: pack_code(&money.currency), ..number })
    }

    /// Reads a plain number.
    pub(crate) fn parse_number(text: &str) -> Option<Self> {
        let decimal = parse_decimal(text).ok()?;
        Some(Self::new(0, decimal.scale(), decimal.mantissa()))
    }

    pub(crate) fn units(&self) -> i128 {
        join_units(self.low, self.high)
    }

    /// `self - other`, at the larger scale, in the currency of `self`.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        let scale = self.scale.max(other.scale);
        let units = rescale(self.units(), self.scale, scale).wrapping_sub(rescale(other.units(), other.scale, scale));
        Self::new(self.currency, scale, units)
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        let scale = self.scale.max(other.scale);
        let units = rescale(self.units(), self.scale, scale).wrapping_add(rescale(other.units(), other.scale, scale));
        Self::new(self.currency, scale, units)
    }

    /// The same with the other sign.
    pub(crate) fn negated(&self) -> Self {
        Self::new(self.currency, self.scale, self.units().wrapping_neg())
    }

    /// Itself, or zero in its place where it is negative.
    pub(crate) fn at_least_zero(&self) -> Self {
        if self.units() < 0 { Self::new(self.currency, self.scale, 0) } else { *self }
    }

    /// The lesser of two, at the larger scale.
    pub(crate) fn smaller_of(&self, other: &Self) -> Self {
        if self.minus(other).units() > 0 { other.plus(&Self::new(0, self.scale, 0)) } else { *self }
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.low == 0 && self.high == 0
    }

    /// The decimal as text, such as `-1250.00`.
    pub fn text(&self) -> String {
        format_decimal(self.units(), self.scale)
    }

    /// The currency's three letters; empty for a plain number.
    pub fn currency_code(&self) -> String {
        unpack_code(self.currency)
    }
}

/// Zigzag of 128 bits in two halves, so that small amounts of either sign are short.
pub(crate) fn split_units(units: i128) -> (u64, u64) {
    let zigzag = (units.wrapping_shl(1) ^ (units >> 127)) as u128;
    (zigzag as u64, (zigzag >> 64) as u64)
}

pub(crate) fn join_units(low: u64, high: u64) -> i128 {
    let zigzag = (u128::from(high) << 64) | u128::from(low);
    ((zigzag >> 1) as i128) ^ -((zigzag & 1) as i128)
}

/// Units at a larger scale. The log's amounts have at most 24 digits; wrapping keeps the fold total all the same.
pub(crate) fn rescale(units: i128, from: u32, to: u32) -> i128 {
    units.wrapping_mul(10i128.wrapping_pow(to.saturating_sub(from)))
}

pub(crate) fn format_decimal(units: i128, scale: u32) -> String {
    let digits = units.unsigned_abs().to_string();
    let scale = scale as usize;
    let sign = if units < 0 { "-" } else { "" };
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// A decimal with thousands apart.
pub fn amount_text(decimal: &str) -> String {
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

/// An amount with thousands apart, in the digits of its currency: zeros beyond them are not shown, what is more exact is.
pub fn money_text(decimal: &str, currency: &str) -> String {
    let digits = Currency::from_code(currency).and_then(|currency| currency.exponent());
    let Some(digits) = digits.map(usize::from) else { return amount_text(decimal) };
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    let exact = part.trim_end_matches('0').len().max(digits);
    let part: String = part.chars().chain(std::iter::repeat('0')).take(exact).collect();
    if part.is_empty() { amount_text(whole) } else { amount_text(&format!("{whole}.{part}")) }
}

/// Whether a text is an amount with digits after its point, and so no number of a document or a phone.
pub fn is_decimal(text: &str) -> bool {
    text.contains('.') && text.trim_start_matches('-').chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// Whether a decimal is nothing.
pub fn is_zero(decimal: &str) -> bool {
    decimal.chars().all(|c| matches!(c, '0' | '.' | '-'))
}

/// Digits after the point of a currency's smallest unit (ISO 4217); none where it says none.
pub(crate) fn minor_digits(currency: u32) -> u32 {
    let known = Currency::from_code(&unpack_code(currency));
    known.and_then(|currency| currency.exponent()).map_or(0, u32::from)
}

/// Packs a currency code; the letters' order is the numbers' order.
pub(crate) fn pack_code(code: &str) -> u32 {
    let code = code.trim();
    let letters = if code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphabetic()) { code } else { NONE };
    letters.bytes().fold(0, |packed, b| (packed << 8) | u32::from(b.to_ascii_uppercase()))
}

pub(crate) fn unpack_code(packed: u32) -> String {
    packed.to_be_bytes().iter().filter(|b| **b != 0).map(|b| char::from(*b)).collect()
}

/// Day number (0 is 1970-01-01) of an ISO 8601 calendar day.
pub fn day_number(text: &str) -> Option<i64> {
    let date: jiff::civil::Date = text.parse().ok()?;
    Some(Day::from(date).0)
}

/// The calendar day of a day number, as ISO 8601.
pub fn format_day(day: i64) -> String {
    Day(day).to_string()
}

/// Microseconds of a day.
pub(crate) const DAY: i64 = 86_400_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_units_survive_the_halves() {
        for units in [0, 1, -1, 63, -64, i128::from(i64::MAX) * 7, i128::MIN, i128::MAX] {
            let (low, high) = split_units(units);
            assert_eq!(join_units(low, high), units);
        }
    }

    #[test]
    fn amounts_keep_their_scale_as_text() {
        for text in ["0", "-373.57", "0.05", "-0.005", "12.500", "999999999999999.999999999"] {
            assert_eq!(Money::parse_number(text).unwrap().text(), text);
        }
    }

    #[test]
    fn a_currency_survives_packing_and_what_is_none_is_xxx() {
        assert_eq!(unpack_code(pack_code("gbp")), "GBP");
        assert_eq!(unpack_code(pack_code("€")), "XXX");
        assert!(pack_code("CNY") < pack_code("GBP"));
    }

    #[test]
    fn days_survive_their_text() {
        assert_eq!(day_number("1970-01-02"), Some(1));
        assert_eq!(day_number("2026-02-30"), None);
        assert_eq!(day_number("1969-12-31"), Some(-1));
        assert_eq!(format_day(day_number("2026-03-09").unwrap()), "2026-03-09");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(amount_text("10305892.024"), "10,305,892.024");
        assert_eq!(amount_text("-373.57"), "-373.57");
        assert_eq!(amount_text("1000"), "1,000");
        assert_eq!(amount_text("0"), "0");
    }

    #[test]
    fn an_amount_has_the_digits_of_its_currency_or_what_is_more_exact() {
        assert_eq!(money_text("1318.0000", "CNY"), "1,318.00");
        assert_eq!(money_text("0", "EUR"), "0.00");
        assert_eq!(money_text("-3.145", "EUR"), "-3.145");
        assert_eq!(money_text("1200.00", "JPY"), "1,200");
        assert_eq!(money_text("1.5", "KWD"), "1.500");
        assert_eq!(money_text("1.50", "bonus"), "1.50");
    }

    #[test]
    fn nothing_is_seen_at_any_scale() {
        assert!(is_zero("0") && is_zero("0.00") && !is_zero("0.01"));
    }
}
