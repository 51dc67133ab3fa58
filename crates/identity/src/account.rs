//! Bank accounts: IBAN where it looks like one, else digits of their bank.

use iban::{Iban, IbanLike, ParseIbanError};

use crate::normalise::{ScopedValue, compact_text};

/// Shortest account that is told apart without naming its bank: card numbers and the like.
const SHORTEST_ALONE: usize = 12;
const SHORTEST: usize = 5;

/// An IBAN needs no issuer; other numbers keep that of their bank.
pub(crate) fn normalise_account(text: &str, bank: String) -> ScopedValue {
    let value = match compact_text(text) {
        Ok(value) => value,
        Err(problem) => return (bank, Err(problem)),
    };
    let value = value.strip_prefix("IBAN").unwrap_or(&value).to_owned();
    if looks_like_iban(&value) {
        return (
            String::new(),
            if is_iban(&value) { Ok(value) } else { Err("the IBAN's check digits or length are wrong") },
        );
    }
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let enough = if bank.is_empty() { digits >= SHORTEST_ALONE && digits == value.len() } else { digits >= SHORTEST };
    if !enough || !value.is_ascii() {
        return (bank, Err("too short to be an account, or its bank is not given"));
    }
    (bank, Ok(value))
}

fn looks_like_iban(value: &str) -> bool {
    let mut chars = value.chars();
    let mut next = |is: fn(&char) -> bool| chars.next().as_ref().is_some_and(is);
    next(char::is_ascii_alphabetic)
        && next(char::is_ascii_alphabetic)
        && next(char::is_ascii_digit)
        && next(char::is_ascii_digit)
        && value.len() >= 15
}

fn is_iban(value: &str) -> bool {
    match value.parse::<Iban>() {
        Ok(iban) if iban.country_code() == "ES" => check_spain(iban.bban()),
        Ok(_) => true,
        Err(ParseIbanError::UnknownCountry(base)) => {
            let of = |(country, ..): &&(&str, usize, fn(&char) -> bool)| *country == base.country_code();
            ADDED.iter().find(of).is_some_and(|(_, length, rest)| {
                let bank = |at: usize, c: char| if at < 4 { c.is_ascii_uppercase() } else { rest(&c) };
                value.len() == *length && value.chars().skip(4).enumerate().all(|(at, c)| bank(at, c))
            })
        }
        Err(_) => false,
    }
}

/// Whether a character may stand in the bank code of a country.
type IsBankCode = fn(&char) -> bool;

/// Countries that the library lacks, with the length of their numbers and what follows the bank's four letters, as SWIFT's IBAN
/// registry (ISO 13616) has them.
const ADDED: [(&str, usize, IsBankCode); 2] =
    [("HN", 28, char::is_ascii_digit), ("PK", 24, char::is_ascii_alphanumeric)];

/// The two check digits within a Spanish account: of bank and branch, and of the number; powers of two mod 11.
fn check_spain(account: &str) -> bool {
    let check = |padding: &str, part: Option<&str>| {
        let text = format!("{padding}{}", part.unwrap_or_default());
        let sum = text.chars().zip(0_u32..).map(|(c, i)| c.to_digit(10).unwrap_or(0) << i).sum::<u32>() % 11;
        char::from_digit(if sum < 2 { sum } else { 11 - sum }, 10)
    };
    let given = account.get(8..10).unwrap_or_default();
    given.chars().next() == check("00", account.get(..8)) && given.chars().nth(1) == check("", account.get(10..))
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_account_has_one_form() {
        let key = |text, bank| crate::normalise_identifier("account", text, bank).map(|key| key.to_string()).ok();
        assert_eq!(key("de89 3704 0044 0532 0130 00", "any"), Some("account:DE89370400440532013000".into()));
        assert_eq!(key("IBAN DE89370400440532013000", ""), Some("account:DE89370400440532013000".into()));
        assert_eq!(key("6222 0212 3456 7890 123", ""), Some("account:6222021234567890123".into()));
        assert_eq!(key("12-345-67", "icbc"), Some("account:icbc:1234567".into()));
        assert_eq!(key("12-345-67", ""), None);
        assert_eq!(key("icbc:1234567890123", ""), None);
        assert_eq!(key("DE89370400440532013001", ""), None);
        assert_eq!(key("0000000000000000", ""), None);
    }

    #[test]
    fn a_country_that_the_registry_got_lately_has_valid_accounts() {
        let valid = |text| crate::normalise_identifier("account", text, "").is_ok();
        for text in ["HN54PISA00000000000000123124", "HN88 CABF 0000 0000 0002 5000 5469", "PK36SCBL0000001123456702"] {
            assert!(valid(text), "{text}");
        }
        for text in ["HN55PISA00000000000000123124", "HN54PISA0000000000000012312", "ZZ54PISA00000000000000123124"] {
            assert!(!valid(text), "{text}");
        }
    }
}
