//! Numbers by example: `1.234,56` says which mark groups and which is the decimal one.
//!
//! Written by hand because no kept crate reads grouped numbers of a declared style into exact decimals: those that know
//! locales format only, or read into floats, and guess the marks where here a wrong one must be an error.

use onefold_event::{ValueFault, plain_width};
use rust_decimal::Decimal;

use crate::values::value::unsigned_zero;

/// How a source writes numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NumberStyle {
    group: DigitGrouping,
    point: char,
    negative: NegativeStyle,
    /// Powers of ten are read, which is so where the mapping says a style; unsaid, a number is read as at every other door.
    powers: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DigitGrouping {
    None,
    Mark(char),
    /// White space of any kind.
    Space,
    /// Commas by two digits after the first three (India).
    Lakh,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NegativeStyle {
    Before,
    After,
    Brackets,
}

pub(crate) const EXAMPLES: [&str; 7] =
    ["1,234.56", "1.234,56", "1 234,56", "1'234.56", "12,34,567.89", "1234.56", "1234,56"];

pub(crate) const NEGATIVES: [(&str, NegativeStyle); 3] =
    [("-1", NegativeStyle::Before), ("1-", NegativeStyle::After), ("(1)", NegativeStyle::Brackets)];

impl NumberStyle {
    pub(crate) const PLAIN: Self =
        Self { group: DigitGrouping::None, point: '.', negative: NegativeStyle::Before, powers: false };

    pub(crate) fn by_example(example: &str) -> Option<Self> {
        let spaces = ['\u{a0}', '\u{202f}', '\u{2009}'];
        let (group, point) = match example.replace(spaces, " ").as_str() {
            "1,234.56" => (DigitGrouping::Mark(','), '.'),
            "1.234,56" => (DigitGrouping::Mark('.'), ','),
            "1 234,56" => (DigitGrouping::Space, ','),
            "1'234.56" => (DigitGrouping::Mark('\''), '.'),
            "12,34,567.89" => (DigitGrouping::Lakh, '.'),
            "1234.56" => (DigitGrouping::None, '.'),
            "1234,56" => (DigitGrouping::None, ','),
            _ => return None,
        };
        Some(Self { group, point, negative: NegativeStyle::Before, powers: true })
    }

    pub(crate) fn with_negative(self, negative: NegativeStyle) -> Self {
        Self { negative, ..self }
    }

    pub(crate) fn example(self) -> &'static str {
        match (self.group, self.point) {
            (DigitGrouping::Mark(','), _) => "1,234.56",
            (DigitGrouping::Mark('.'), _) => "1.234,56",
            (DigitGrouping::Mark(_), _) => "1'234.56",
            (DigitGrouping::Space, _) => "1 234,56",
            (DigitGrouping::Lakh, _) => "12,34,567.89",
            (DigitGrouping::None, '.') => "1234.56",
            (DigitGrouping::None, _) => "1234,56",
        }
    }

    /// Reads a number; the scale is kept.
    pub(crate) fn read_decimal(self, text: &str) -> Result<Decimal, ValueFault> {
        // One pass over the bytes for plain numbers, which nearly all are; everything else is read by the style.
        if let Some(quick) = read_plain_digits(text, self) {
            return Ok(quick);
        }
        self.read_by_style(text).ok_or_else(|| self.number_fault(text))
    }

    fn read_by_style(self, text: &str) -> Option<Decimal> {
        let text: String = text.trim().chars().map(plain_width).collect();
        let (minus, digits) = self.split_sign(&text)?;
        if let Some((digits, power)) = split_power(digits).filter(|_| self.powers) {
            let number = self.shifted(digits, power)?;
            return Some(unsigned_zero(if minus { -number } else { number }));
        }
        let (whole, fraction) = match digits.split_once(self.point) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (digits, None),
        };
        let whole = self.remove_grouping(whole)?;
        let fraction = fraction.unwrap_or_default();
        let plain = whole.len() <= 18
            && fraction.len() <= 18
            && digits.ends_with(|c: char| c.is_ascii_digit())
            && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
        if !plain || whole.is_empty() {
            return None;
        }
        let number: Decimal =
            if fraction.is_empty() { whole.parse() } else { format!("{whole}.{fraction}").parse() }.ok()?;
        Some(unsigned_zero(if minus { -number } else { number }))
    }

    /// Digits times a power of ten, exactly. None where zeros stand for digits that a spreadsheet has rounded away.
    fn shifted(self, digits: &str, power: &str) -> Option<Decimal> {
        let (whole, fraction) = digits.split_once(self.point).unwrap_or((digits, ""));
        let all: String = [whole, fraction].concat();
        let plain = !whole.is_empty()
            && !digits.ends_with(self.point)
            && all.len() <= 18
            && all.bytes().all(|b| b.is_ascii_digit());
        let by: i64 = power.parse().ok().filter(|by| plain && (-18..=18).contains(by))?;
        let scale = i64::try_from(fraction.len()).ok()? - by;
        let (digits, number) = (power.trim_start_matches(['+', '-']), all.parse::<i64>().ok()?);
        if scale >= 0 {
            // At most 18 digits and 18 more places: within what a decimal holds.
            return Decimal::try_from_i128_with_scale(i128::from(number), u32::try_from(scale).ok()?).ok();
        }
        // `1.23E+05`, with a sign and two digits, is how spreadsheets print what they have rounded; programs write 1.23E5.
        let rounded = power.starts_with('+') && digits.len() > 1;
        let tens = 10_i128.checked_pow(u32::try_from(-scale).ok()?)?;
        let number = i128::from(number).checked_mul(tens).filter(|n| n.unsigned_abs() < 10_u128.pow(18))?;
        if rounded { None } else { Decimal::try_from_i128_with_scale(number, 0).ok() }
    }

    fn split_sign(self, text: &str) -> Option<(bool, &str)> {
        let text = text.strip_prefix('+').unwrap_or(text);
        Some(match self.negative {
            NegativeStyle::Before => match text.strip_prefix(['-', '\u{2212}']) {
                Some(rest) => (true, rest.trim_start()),
                None => (false, text),
            },
            NegativeStyle::After => match text.strip_suffix(['-', '\u{2212}']) {
                Some(rest) => (true, rest.trim_end()),
                None => (false, text),
            },
            NegativeStyle::Brackets => match text.strip_prefix('(') {
                Some(rest) => (true, rest.strip_suffix(')')?),
                None => (false, text),
            },
        })
    }

    /// Takes the group marks out; None unless the groups are well formed.
    fn remove_grouping(self, whole: &str) -> Option<String> {
        let is_mark = |c: char| match self.group {
            DigitGrouping::None => false,
            DigitGrouping::Mark('\'') => c == '\'' || c == '’',
            DigitGrouping::Mark(mark) => c == mark,
            DigitGrouping::Space => c.is_whitespace(),
            DigitGrouping::Lakh => c == ',',
        };
        let groups: Vec<&str> = whole.split(is_mark).collect();
        let (last, before) = groups.split_last()?;
        if let Some((first, middle)) = before.split_first() {
            let size = if self.group == DigitGrouping::Lakh { 2 } else { 3 };
            let fits = (1..=size).contains(&first.len()) && middle.iter().all(|g| g.len() == size) && last.len() == 3;
            if !fits {
                return None;
            }
        }
        Some(groups.concat())
    }

    fn number_fault(self, text: &str) -> ValueFault {
        let fault = ValueFault::new("R0412", "a number is not written as the mapping says")
            .instead(text, format!("a number like {}", self.example()));
        let shortened = self.split_sign(text).and_then(|(_, digits)| split_power(digits));
        let said = NumberStyle { powers: true, ..self };
        if let Some(number) = said.read_by_style(text).filter(|_| shortened.is_some() && !self.powers) {
            let example = self.example();
            return fault
                .help(format!("as a power of ten it would be {number}: [assume] number = \"{example}\" reads these"));
        }
        if shortened.is_some_and(|(_, power)| power.parse::<i64>().is_ok()) {
            return fault.help(
                "a spreadsheet has shortened it, and what it left out is lost: export the column as a plain number",
            );
        }
        let other = EXAMPLES.iter().filter_map(|e| Self::by_example(e)).map(|s| s.with_negative(self.negative));
        match other.filter_map(|s| s.read_by_style(text).map(|n| (s, n))).next() {
            Some((style, n)) => fault.help(format!(
                "read as {} it would be {n}; for one field: {{ from = \"…\", number = \"{}\" }}",
                style.example(),
                style.example()
            )),
            None => fault,
        }
    }
}

/// The power of ten behind the digits of a number such as 1.2E+3.
fn split_power(digits: &str) -> Option<(&str, &str)> {
    digits.split_once(['E', 'e'])
}

/// Digits with at most one point and a leading minus: by far the most common.
fn read_plain_digits(text: &str, style: NumberStyle) -> Option<Decimal> {
    let (minus, digits) = match text.strip_prefix('-') {
        Some(rest) if style.negative == NegativeStyle::Before => (true, rest),
        _ => (false, text),
    };
    let (mut n, mut scale, mut seen) = (0_i64, 0_u32, false);
    // 18 digits fit into an i64 whatever they are; the slow way judges the rest.
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    for b in digits.bytes() {
        match b {
            b'0'..=b'9' => {
                n = n * 10 + i64::from(b - b'0');
                scale += u32::from(seen);
            }
            b'.' if style.point == '.' && !seen && b != digits.as_bytes()[0] => seen = true,
            _ => return None,
        }
    }
    (!seen || scale > 0).then(|| Decimal::new(if minus { -n } else { n }, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(example: &str, text: &str) -> Option<String> {
        NumberStyle::by_example(example).unwrap().read_decimal(text).ok().map(|d| d.to_string())
    }

    #[test]
    fn every_example_reads_itself() {
        for example in EXAMPLES {
            let wanted = if example.starts_with("12,34") { "1234567.89" } else { "1234.56" };
            assert_eq!(read(example, example).as_deref(), Some(wanted), "{example}");
        }
        for space in ["1\u{a0}234,56", "1\u{2009}234,56", "1\u{202f}234,56"] {
            assert_eq!(read("1 234,56", space).as_deref(), Some("1234.56"));
        }
    }

    #[test]
    fn groups_must_be_well_formed() {
        for (example, text) in [
            ("1.234,56", "12.50"),
            ("1,234.56", "1250,00"),
            ("1,234.56", "1,23,456"),
            ("12,34,567.89", "123,456"),
            ("1234.56", "1,234.56"),
            ("1,234.56", ",123"),
            ("1,234.56", "1,234,"),
        ] {
            assert_eq!(read(example, text), None, "{example} {text}");
        }
    }

    #[test]
    fn the_scale_and_ungrouped_digits_are_kept() {
        assert_eq!(read("1,234.56", "50880.00").as_deref(), Some("50880.00"));
        assert_eq!(read("1,234.56", "110.000").as_deref(), Some("110.000"));
        assert_eq!(read("1234,56", "-0,00").as_deref(), Some("0.00"));
        assert_eq!(read("1234.56", "-53594.36").as_deref(), Some("-53594.36"));
    }

    #[test]
    fn negatives_stand_where_the_source_puts_them() {
        let after = NumberStyle::by_example("1,234.56").unwrap().with_negative(NegativeStyle::After);
        assert_eq!(after.read_decimal("1,250.00-").unwrap().to_string(), "-1250.00");
        assert!(after.read_decimal("-1,250.00").is_err());
        let brackets = NumberStyle::PLAIN.with_negative(NegativeStyle::Brackets);
        assert_eq!(brackets.read_decimal("(1.50)").unwrap().to_string(), "-1.50");
        assert!(brackets.read_decimal("(1.50").is_err());
    }

    #[test]
    fn full_width_digits_are_digits() {
        assert_eq!(read("1,234.56", "１，２５０．００").as_deref(), Some("1250.00"));
    }

    #[test]
    fn a_comma_locale_is_named_in_the_error() {
        let fault = NumberStyle::by_example("1,234.56").unwrap().read_decimal("1250,00").unwrap_err();
        assert_eq!((fault.code, fault.found.as_str()), ("R0412", "1250,00"));
        assert!(fault.help[0].contains("1250.00"), "{fault:?}");
        assert!(NumberStyle::PLAIN.read_decimal("1E+05").unwrap_err().help[0].contains("spreadsheet"));
    }

    #[test]
    fn powers_of_ten_are_the_numbers_that_they_say() {
        for (example, text, number) in [
            ("1234.56", "1.2E+3", "1200"),
            ("1234.56", "1.2345E+2", "123.45"),
            ("1234.56", "1.2345e2", "123.45"),
            ("1234.56", "1.2345E+02", "123.45"),
            ("1234.56", "-1.50E0", "-1.50"),
            ("1234.56", "1E5", "100000"),
            ("1234.56", "1.0E7", "10000000"),
            ("1234.56", "5E-05", "0.00005"),
            ("1234.56", "-0E3", "0"),
            ("1.234,56", "1,2345E+2", "123.45"),
            ("1,234.56", "１．２Ｅ３", "1200"),
        ] {
            assert_eq!(read(example, text).as_deref(), Some(number), "{text}");
        }
        let after = NumberStyle::by_example("1234.56").unwrap().with_negative(NegativeStyle::After);
        assert_eq!(after.read_decimal("1.2E3-").unwrap().to_string(), "-1200");
        let unsaid = NumberStyle::PLAIN.read_decimal("1.2E3").unwrap_err();
        assert!(unsaid.help[0].contains("1200") && unsaid.help[0].contains("number = \"1234.56\""), "{unsaid:?}");
    }

    #[test]
    fn digits_that_a_power_of_ten_does_not_hold_are_not_invented() {
        for text in ["1E+05", "1.23E+05", "1.23457E+11", "2.4952E+19", "1e+16"] {
            let fault = NumberStyle::PLAIN.read_decimal(text).unwrap_err();
            assert!(fault.help[0].contains("spreadsheet"), "{text}: {fault:?}");
        }
        for text in
            ["E5", "1E", "1E+", "1E2.5", "1E19", "1,000E2", "1.E3", ".5E3", "1E99999999999999999999", "1E3E4", "E"]
        {
            assert_eq!(read("1,234.56", text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".", "5.", ".5", "1-2", "abc", "--1", "NaN", "1.2.3", "1234567890123456789012"] {
            assert!(NumberStyle::PLAIN.read_decimal(text).is_err(), "{text}");
        }
    }
}
