//! VAT numbers of the European Union, the United Kingdom, Switzerland and Norway: shape of every country's, check digits
//! where they are published.

use crate::normalise::{ScopedValue, compact_text};
use crate::vat_check;

/// The prefix under which a country's numbers are known. Greece's is not its ISO 3166 code; a trader of Northern Ireland has
/// one number, which stands behind XI towards the Union and behind GB elsewhere.
fn country_prefix(country: &str) -> &str {
    match country {
        "GR" => "EL",
        "XI" => "GB",
        other => other,
    }
}

/// The value begins with its country's prefix. The country in the text is asked first, whoever is said to have issued the
/// number: a customer abroad gives his own country's. The issuer is asked where the text has no country, or none that fits:
/// French numbers may begin with any two letters.
pub(crate) fn normalise_vat(text: &str, issuer: &str) -> ScopedValue {
    let issuer = country_prefix(&issuer.to_ascii_uppercase()).to_owned();
    let value = match compact_text(text) {
        Ok(value) if value.is_ascii() => value,
        Ok(_) => return (issuer, Err("letters and digits of ASCII only")),
        Err(problem) => return (issuer, Err(problem)),
    };
    let own = value.split_at_checked(2).map(|(country, number)| (country_prefix(country), number));
    let own = own.filter(|(country, _)| vat_check::COUNTRIES.contains(country));
    let said = own.map(|(country, number)| check_number(country, number));
    if let Some((country, Ok(value))) = said {
        return (country, Ok(value));
    }
    let issued = if issuer.is_empty() { (issuer, Err("without a country")) } else { check_number(&issuer, &value) };
    match said {
        Some(said) if issued.1.is_err() => said,
        _ => issued,
    }
}

fn check_number(country: &str, number: &str) -> ScopedValue {
    let value = vat_check::check_digits(country, number).map(|number| format!("{country}{number}"));
    (country.to_owned(), value)
}

#[cfg(test)]
mod tests {
    fn key(text: &str, issuer: &str) -> Option<String> {
        crate::normalise_identifier("vat", text, issuer).map(|key| key.to_string()).ok()
    }

    #[test]
    fn a_number_is_judged_by_the_country_in_its_own_text_first() {
        for (text, form) in [
            ("ATU14243102", "vat:AT:ATU14243102"),
            ("BE0403170701", "vat:BE:BE0403170701"),
            ("ESX5253868R", "vat:ES:ESX5253868R"),
            ("GB980780684", "vat:GB:GB980780684"),
            ("el 094501040", "vat:EL:EL094501040"),
            ("GR094501040", "vat:EL:EL094501040"),
            ("DE811125440", "vat:DE:DE811125440"),
        ] {
            for issuer in ["DE", "CN", "FR", ""] {
                assert_eq!(key(text, issuer).as_deref(), Some(form), "{text} {issuer}");
            }
        }
        assert_eq!(key("ATU14243103", "DE"), None);
        assert_eq!(key("811125440", "CN"), None);
    }

    #[test]
    fn the_issuer_is_asked_where_the_text_has_no_country_that_fits() {
        assert_eq!(key("811125440", "DE").as_deref(), Some("vat:DE:DE811125440"));
        assert_eq!(key("U14243102", "at").as_deref(), Some("vat:AT:ATU14243102"));
        assert_eq!(key("432525179", "XI").as_deref(), Some("vat:GB:GB432525179"));
    }

    #[test]
    fn suffixes_are_spelling_and_not_number() {
        for text in
            ["CHE-107.787.577 MWST", "CHE-107.787.577 IVA", "CHE107787577TVA", "che 107 787 577", "CHE-107.787.577 VAT"]
        {
            assert_eq!(key(text, "").as_deref(), Some("vat:CH:CHE107787577"), "{text}");
        }
        assert_eq!(key("107.787.577 MWST", "CH"), key("CHE107787577", ""));
        for text in ["NO 923 609 016 MVA", "NO923609016", "no923609016mva"] {
            assert_eq!(key(text, "DE").as_deref(), Some("vat:NO:NO923609016"), "{text}");
        }
        assert_eq!(key("923 609 016 MVA", "NO"), key("NO923609016", ""));
        for text in ["CHE-107.787.578 MWST", "CHE-107.787.57 MWST", "NO 923 609 017 MVA", "NO 923 609 016 XYZ"] {
            assert_eq!(key(text, ""), None, "{text}");
        }
    }

    #[test]
    fn a_trader_of_northern_ireland_has_one_number() {
        assert_eq!(key("XI 432525179", "").as_deref(), Some("vat:GB:GB432525179"));
        assert_eq!(key("XI 432525179", ""), key("GB432525179", "DE"));
    }

    #[test]
    fn departments_and_the_one_stop_shop_have_numbers_of_their_own() {
        assert_eq!(key("GBGD001", "").as_deref(), Some("vat:GB:GBGD001"));
        assert_eq!(key("GB HA599", "").as_deref(), Some("vat:GB:GBHA599"));
        assert_eq!(key("GBGD599", ""), None);
        assert_eq!(key("EU372022452", "CN").as_deref(), Some("vat:EU:EU372022452"));
        assert_eq!(key("IM3720000224", "").as_deref(), Some("vat:IM:IM3720000224"));
        assert_eq!(key("EU123456789", ""), None);
    }
}
