//! VAT numbers of the European Union: shape of every member's, check digits where they are published.

use crate::normalise::{Scoped, compact};
use crate::vat_check;

/// Countries whose text may begin with the prefix of the other.
fn prefix(country: &str) -> &str {
    if country == "GR" { "EL" } else { country }
}

/// The value begins with its country's prefix; the issuer is needed only where the text has none.
pub(crate) fn normalise(text: &str, issuer: &str) -> Scoped {
    let issuer = issuer.to_ascii_uppercase();
    let value = match compact(text) {
        Ok(value) if value.is_ascii() => value,
        Ok(_) => return (issuer, Err("letters and digits of ASCII only")),
        Err(problem) => return (issuer, Err(problem)),
    };
    let country = prefix(&issuer).to_owned();
    if country.is_empty() || value.starts_with(&country) {
        let Some((country, number)) = value.split_at_checked(2) else { return (issuer, Err("too short")) };
        let country = prefix(country).to_owned();
        if !country.bytes().all(|b| b.is_ascii_alphabetic()) {
            return (issuer, Err("without a country"));
        }
        return check(country, number);
    }
    check(country, &value)
}

fn check(country: String, number: &str) -> Scoped {
    match vat_check::check(&country, number) {
        Ok(number) => {
            let value = format!("{country}{number}");
            (country, Ok(value))
        }
        Err(problem) => (country, Err(problem)),
    }
}
