//! Bank accounts: IBAN where it looks like one, else digits of their bank.

use iban::{Iban, IbanLike};

use crate::normalise::{Scoped, compact};

/// Shortest account that is told apart without naming its bank: card numbers and the like.
const SHORTEST_ALONE: usize = 12;
const SHORTEST: usize = 5;

/// An IBAN needs no issuer; other numbers keep that of their bank.
pub(crate) fn normalise(text: &str, bank: String) -> Scoped {
    let value = match compact(text) {
        Ok(value) => value,
        Err(problem) => return (bank, Err(problem)),
    };
    let value = value.strip_prefix("IBAN").unwrap_or(&value).to_owned();
    if looks_like_iban(&value) {
        let iban: Result<Iban, _> = value.parse();
        return (
            String::new(),
            iban.map(|iban| iban.electronic_str().to_owned())
                .map_err(|_| "the IBAN's check digits or length are wrong"),
        );
    }
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let shortest = if bank.is_empty() { SHORTEST_ALONE } else { SHORTEST };
    if digits < shortest || !value.is_ascii() {
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

#[cfg(test)]
mod tests {
    #[test]
    fn an_account_has_one_form() {
        let key = |text, bank| crate::normalise("account", text, bank).map(|key| key.to_string()).ok();
        assert_eq!(key("de89 3704 0044 0532 0130 00", "any"), Some("account:DE89370400440532013000".into()));
        assert_eq!(key("IBAN DE89370400440532013000", ""), Some("account:DE89370400440532013000".into()));
        assert_eq!(key("6222 0212 3456 7890 123", ""), Some("account:6222021234567890123".into()));
        assert_eq!(key("12-345-67", "icbc"), Some("account:icbc:1234567".into()));
        assert_eq!(key("12-345-67", ""), None);
        assert_eq!(key("DE89370400440532013001", ""), None);
        assert_eq!(key("0000000000000000", ""), None);
    }
}
