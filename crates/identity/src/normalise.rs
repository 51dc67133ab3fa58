//! One canonical form per value, and no form for what is no such value.

use unicode_normalization::UnicodeNormalization;

use crate::key::is_kind;
use crate::{IdentifierKey, account, china, email, lei, phone, vat};

/// Longest value, in bytes: longer ones are no identifiers.
const LONGEST: usize = 256;

/// Why a text is no value of its kind. An invalid identifier never links: it is a finding on the quality of its source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} `{text}`: {problem}")]
pub struct InvalidIdentifier {
    /// The kind that it was given as.
    pub kind: String,
    /// As the source wrote it.
    pub text: String,
    /// What is wrong.
    pub problem: &'static str,
}

/// Brings an identifier into canonical form.
///
/// `issuer` is whose number it is: the country of a tax number, registration, national id or VAT number, the region of a phone written nationally, the bank of an account that is no IBAN, the programme of a loyalty number, the source of another system's party number. Kinds that are not known are accepted as they are; they are neither strong nor weak.
///
/// # Errors
/// A value that cannot be one of its kind.
pub fn normalise_identifier(kind: &str, text: &str, issuer: &str) -> Result<IdentifierKey, InvalidIdentifier> {
    let invalid = |problem| InvalidIdentifier { kind: kind.to_owned(), text: text.to_owned(), problem };
    if !is_kind(kind) {
        return Err(invalid("a kind has lower-case letters, digits and underscores only"));
    }
    if text.len() > LONGEST || issuer.len() > LONGEST / 4 {
        return Err(invalid("too long"));
    }
    let issuer = clean_text(issuer);
    if issuer.contains(':') {
        return Err(invalid("an issuer holds no colon"));
    }
    let (issuer, value) = match kind {
        "phone" => (String::new(), phone::normalise_phone(text, &issuer)),
        "email" => (String::new(), email::normalise_email(text)),
        "lei" => (String::new(), lei::normalise_lei(text)),
        "account" => account::normalise_account(text, issuer),
        "vat" => vat::normalise_vat(text, &issuer),
        "tax_number" | "registration" | "national_id" => of_country(kind, text, &issuer),
        "loyalty" if issuer.is_empty() => return Err(invalid("whose programme? it has no issuer")),
        "loyalty" => (issuer, compact_text(text)),
        "number" if issuer.is_empty() => return Err(invalid("whose number? it has no issuer")),
        "number" => (issuer, own_number(text)),
        _ => (issuer, Ok(clean_text(text))),
    };
    let value = value.map_err(invalid)?;
    if value.is_empty() {
        return Err(invalid("empty"));
    }
    Ok(IdentifierKey::new(kind, &issuer, &value))
}

/// A value with the country that issued it, or what is wrong with it.
pub(crate) type ScopedValue = (String, Result<String, &'static str>);

fn of_country(kind: &str, text: &str, issuer: &str) -> ScopedValue {
    let country = issuer.to_ascii_uppercase();
    if country.is_empty() {
        return (country, Err("whose? it has no issuer, such as the country CN"));
    }
    let value = compact_text(text).and_then(|value| match (country.as_str(), kind) {
        ("CN", "national_id") => china::citizen_number(value),
        // A sole trader's tax number is the citizen's own.
        ("CN", "tax_number") => {
            china::credit_code(value.clone()).or_else(|problem| china::citizen_number(value).map_err(|_| problem))
        }
        ("CN", _) => china::credit_code(value),
        _ => Ok(value),
    });
    (country, value)
}

/// Canonical Unicode, without control characters, white space around or doubled within.
pub(crate) fn clean_text(text: &str) -> String {
    let text: String =
        text.nfkc().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control()).nfkc().collect();
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Letters and digits alone, upper case: what is left when the marks that people put between groups are gone.
pub(crate) fn compact_text(text: &str) -> Result<String, &'static str> {
    let text: String = text.nfkc().flat_map(char::to_uppercase).nfkc().filter(|c| c.is_alphanumeric()).nfkc().collect();
    let mut rest = text.chars();
    let first = rest.next();
    if text.chars().count() > 3 && rest.all(|c| Some(c) == first) {
        return Err("one character repeated is a placeholder");
    }
    if text.chars().any(char::is_numeric) || text.is_empty() { Ok(text) } else { Err("without any digit") }
}

/// As the number of a subject is cleaned, so that a party's own number and another system's word for it are one.
fn own_number(text: &str) -> Result<String, &'static str> {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(kind: &str, text: &str, issuer: &str) -> String {
        normalise_identifier(kind, text, issuer).map_or_else(|e| e.problem.to_owned(), |key| key.to_string())
    }

    #[test]
    fn a_value_has_one_form_however_it_is_written() {
        assert_eq!(key("tax_number", " 9111 0000 6000 3734 1l", "cn"), "tax_number:CN:91110000600037341L");
        assert_eq!(key("registration", "hrb-12 345", "DE"), "registration:DE:HRB12345");
        assert_eq!(key("loyalty", "ＡＢ-77 ", "club"), "loyalty:club:AB77");
        assert_eq!(key("number", " K 417 ", "erp"), "number:erp:K 417");
        assert_eq!(key("number", " \0 K 417\u{7} ", "erp"), "number:erp:K 417");
        assert_eq!(key("national_id", "11010519491231002x", "CN"), "national_id:CN:11010519491231002X");
        assert_eq!(key("national_id", "078-05-1120", "US"), "national_id:US:078051120");
    }

    #[test]
    fn a_sole_traders_tax_number_is_the_citizens_own() {
        assert_eq!(key("tax_number", "11010519491231002X", "CN"), "tax_number:CN:11010519491231002X");
        assert_eq!(key("registration", "11010519491231002X", "CN"), "the check character is wrong");
    }

    #[test]
    fn an_unknown_kind_is_kept_as_it_is() {
        assert_eq!(key("wechat", " open  id ", ""), "wechat:open id");
        assert_eq!(key("wechat", "o-1", "shop"), "wechat:shop:o-1");
    }

    #[test]
    fn what_is_no_value_has_no_form() {
        for (kind, text, issuer) in [
            ("Phone", "1", ""),
            ("", "1", ""),
            ("tax_number", "91110000600037341L", ""),
            ("tax_number", "91110000600037341N", "CN"),
            ("registration", "unknown", "DE"),
            ("registration", "0000000", "DE"),
            ("registration", "-", "DE"),
            ("loyalty", "77", ""),
            ("loyalty", "77", "a:b"),
            ("number", "K1", ""),
            ("number", " \u{7} ", "erp"),
            ("wechat", "  ", ""),
        ] {
            assert!(normalise_identifier(kind, text, issuer).is_err(), "{kind} {text} {issuer}");
        }
        assert!(normalise_identifier("number", &"9".repeat(300), "erp").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_in_its_form_stays_as_it_is(
            kind in prop::sample::select(vec![
                "phone", "email", "lei", "account", "vat", "tax_number", "registration", "national_id", "loyalty", "number",
                "wechat",
            ]),
            text in prop_oneof!["[ \u{0}\u{7}\t+.@:0-9A-Za-z０-９ßſİﬁ\u{301}\u{200b}-]{0,20}", "\\PC{0,12}"],
            issuer in prop::sample::select(vec!["", "DE", "CN", "erp"]),
        ) {
            if let Ok(key) = normalise_identifier(kind, &text, issuer) {
                let parted = || key.value().split_once(':').map(|(issuer, value)| normalise_identifier(kind, value, issuer));
                let again = normalise_identifier(kind, key.value(), "").or_else(|error| parted().unwrap_or(Err(error)));
                prop_assert_eq!(again, Ok(key));
            }
        }
    }
}
