//! Marks of currencies beside amounts: codes, signs, and what prices bear in shops and banks.

use std::borrow::Cow;

use onefold_event::{Currency, CurrencyError, ValueFault};

/// Marks beyond the code and the sign that ISO currencies have in CLDR; only those that say which dollar or yuan is meant,
/// or that are the currency's own everyday word.
const MARKS: [(&str, &[&str]); 22] = [
    ("USD", &["US$", "U$S", "$US"]),
    ("AUD", &["A$", "AU$"]),
    ("CAD", &["C$", "CA$", "CAD$"]),
    ("NZD", &["NZ$"]),
    ("HKD", &["HK$"]),
    ("TWD", &["NT$"]),
    ("SGD", &["S$", "SG$"]),
    ("MXN", &["MX$", "Mex$"]),
    ("BRL", &["R$"]),
    ("CNY", &["RMB", "CN¥", "元", "¥"]),
    ("JPY", &["JP¥", "円", "¥"]),
    ("KRW", &["₩", "원"]),
    ("INR", &["₹", "Rs.", "Rs"]),
    ("CHF", &["Fr.", "SFr."]),
    ("PLN", &["zł"]),
    ("CZK", &["Kč"]),
    ("HUF", &["Ft"]),
    ("SEK", &["kr"]),
    ("NOK", &["kr"]),
    ("DKK", &["kr", "kr."]),
    ("TRY", &["₺", "TL"]),
    ("RUB", &["₽", "руб."]),
];

/// Signs that only amounts bear.
const SIGNS: &str = "€$£¥₹₽₩₺";

/// Full-width and small signs as the ordinary ones: ￥ becomes ¥.
fn ordinary_signs(text: &str) -> Cow<'_, str> {
    let wide = |c: char| {
        Some(match c {
            '￥' => '¥',
            '＄' | '﹩' => '$',
            '￡' => '£',
            '￦' => '₩',
            _ => return None,
        })
    };
    match text.chars().any(|c| wide(c).is_some()) {
        true => Cow::Owned(text.chars().map(|c| wide(c).unwrap_or(c)).collect()),
        false => Cow::Borrowed(text),
    }
}

/// What an amount's text says of its currency.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CurrencyMark {
    /// It bears a mark of the currency: the text without it, the minus kept.
    Own(String),
    /// It bears the mark of another.
    Other,
    /// It bears none.
    No,
}

/// In capitals: `all` and `try` are words.
fn is_code(word: &str) -> bool {
    Currency::from_code(word).is_some_and(|currency| currency.code() == word)
}

/// Takes the mark of a currency off an amount.
pub(crate) fn remove_currency_mark(text: &str, currency: Currency) -> CurrencyMark {
    let text = ordinary_signs(text);
    let (sign, small) = (currency.symbol(), currency.code().to_lowercase());
    let own = MARKS.iter().find(|(code, _)| *code == currency.code()).map_or(&[][..], |(_, marks)| marks);
    let marks = || [currency.code(), small.as_str(), sign.as_str()].into_iter().chain(own.iter().copied());
    let (minus, bare) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest.trim_start()),
        None => ("", text.as_ref()),
    };
    // The longest first: $ is a part of US$.
    let found = marks()
        .filter(|mark| !mark.is_empty())
        .filter_map(|mark| Some((mark.len(), bare.strip_prefix(mark).or_else(|| bare.strip_suffix(mark))?)))
        .max_by_key(|(length, _)| *length);
    if let Some((_, amount)) = found.filter(|(_, amount)| !amount.contains(|c: char| c.is_alphabetic())) {
        return CurrencyMark::Own(format!("{minus}{}", amount.trim()));
    }
    // Nothing of its own was found: whether another currency's mark stands there decides which error it is.
    let foreign = text.contains(|c: char| SIGNS.contains(c)) || text.split(|c: char| !c.is_alphabetic()).any(is_code);
    if foreign { CurrencyMark::Other } else { CurrencyMark::No }
}

/// A word that ISO 4217 never had as a code.
pub(crate) fn no_currency(error: &CurrencyError) -> ValueFault {
    ValueFault::new("R0411", "this is not a currency of ISO 4217")
        .instead(error.text.clone(), "a code such as EUR")
        .help(format!("{}; an [enum] translates the source's words into codes", error.help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, code: &str) -> CurrencyMark {
        remove_currency_mark(text, Currency::from_code(code).unwrap())
    }

    #[test]
    fn marks_of_the_currency_are_taken_off_and_others_are_told() {
        for (text, code, bare) in [
            ("￥1,100.00", "CNY", "1,100.00"),
            ("￥1,100", "JPY", "1,100"),
            ("US$ 12.50", "USD", "12.50"),
            ("-US$12.50", "USD", "-12.50"),
            ("$12.50", "USD", "12.50"),
            ("12.50 USD", "USD", "12.50"),
            ("12,50 €", "EUR", "12,50"),
            ("€-12,50", "EUR", "-12,50"),
            ("RMB 7", "CNY", "7"),
            ("100元", "CNY", "100"),
            ("NT$100", "TWD", "100"),
            ("10 kr", "SEK", "10"),
            ("＄5", "USD", "5"),
        ] {
            assert_eq!(of(text, code), CurrencyMark::Own(bare.to_owned()), "{text}");
        }
        for (text, code) in
            [("US$12", "EUR"), ("A$12", "USD"), ("HK$5", "USD"), ("￥12", "USD"), ("12 EUR", "USD"), ("EUR12", "USD")]
        {
            assert_eq!(of(text, code), CurrencyMark::Other, "{text}");
        }
        assert_eq!(of("12.50", "EUR"), CurrencyMark::No);
        assert_eq!(of("a dozen", "EUR"), CurrencyMark::No);
    }
}
