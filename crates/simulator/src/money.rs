//! Exact amounts: whole cents in a currency, and the ways in which they are written.

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TradingCurrency {
    Cny,
    Eur,
    Usd,
}

impl TradingCurrency {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Cny => "CNY",
            Self::Eur => "EUR",
            Self::Usd => "USD",
        }
    }

    /// What a price in Chinese fen is in this currency's cents, at a list price's fixed rate.
    pub(crate) fn price_of(self, fen: i64) -> i64 {
        match self {
            Self::Cny => fen,
            Self::Eur => fen * 10 / 78,
            Self::Usd => fen * 10 / 72,
        }
    }
}

fn group_digits(cents: i128, group: &str, point: &str) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let whole = (cents.unsigned_abs() / 100).to_string();
    let mut grouped = String::with_capacity(whole.len() + 8);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push_str(group);
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{point}{:02}", cents.unsigned_abs() % 100)
}

/// `1234.56`
pub(crate) fn plain_amount(cents: i128) -> String {
    group_digits(cents, "", ".")
}

/// `1,234.56`, as the ERP writes it.
pub(crate) fn comma_grouped(cents: i64) -> String {
    group_digits(cents.into(), ",", ".")
}

/// `1.234,56`, as the bank writes it.
pub(crate) fn dot_grouped(cents: i64) -> String {
    group_digits(cents.into(), ".", ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_groups_of_three() {
        assert_eq!(comma_grouped(123_456_789), "1,234,567.89");
        assert_eq!(comma_grouped(-5), "-0.05");
        assert_eq!(dot_grouped(100_000), "1.000,00");
        assert_eq!(plain_amount(-123_456), "-1234.56");
    }
}
