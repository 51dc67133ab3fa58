//! Exact decimals in the scale that the source wrote.

use rust_decimal::Decimal;

/// Most digits before and after the point: sums of a thousand million such amounts still fit 128 bits.
const WHOLE_DIGITS: usize = 15;
const SCALE: usize = 9;

/// Why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no decimal: expected at most 15 digits, a point and at most 9 more, such as -1250.00")]
pub struct AmountError(pub String);

/// Reads a decimal such as `-1250.00`; the scale is kept.
///
/// # Errors
/// Anything but an optional minus, digits, and a point with digits; or too many of them.
pub fn parse_decimal(text: &str) -> Result<Decimal, AmountError> {
    let bad = || AmountError(text.chars().take(60).collect());
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let fits = (1..=WHOLE_DIGITS).contains(&whole.len()) && (1..=SCALE).contains(&fraction.len());
    if !fits || !(whole.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    text.parse().map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_of_the_source_is_kept() {
        for text in ["0", "-373.57", "12.500", "999999999999999.999999999"] {
            assert_eq!(parse_decimal(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_plain_decimal_is_refused() {
        for text in ["", "-", "1,5", "1e5", ".5", "5.", "+1", "1 000", "1234567890123456", "0.1234567891", "NaN"] {
            assert!(parse_decimal(text).is_err(), "{text}");
        }
    }
}
