//! Identifiers of others, valid and not, with the form that they must have.

use std::collections::BTreeMap;
use std::path::PathBuf;

use onefold_identity::normalise_identifier;

/// Rows of a file of published vectors; none, said by name, where it is absent and this is not CI.
fn rows(file: &str) -> Vec<Vec<String>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/identifiers").join(file);
    if !path.exists() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{file} is absent");
        eprintln!("skipped: {file} is absent");
        return Vec::new();
    }
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The form of a value, which is its own form.
fn key(kind: &str, text: &str, issuer: &str) -> Option<String> {
    let key = normalise_identifier(kind, text, issuer).ok()?;
    let issuer = key.scope().strip_prefix(kind).unwrap().trim_start_matches(':');
    let value = key.value().strip_prefix(issuer).unwrap().trim_start_matches(':');
    assert_eq!(normalise_identifier(kind, value, issuer).as_ref(), Ok(&key));
    assert_eq!(key.to_string().parse().as_ref(), Ok(&key));
    Some(key.to_string())
}

/// Of each kind: how many, and where our verdict or form is another.
fn compare(
    vectors: &str,
    ours: impl Fn(&str) -> Option<String>,
    expected: impl Fn(&str) -> String,
) -> (usize, Vec<String>) {
    let rows: Vec<_> = rows("stdnum_vectors.csv").into_iter().filter(|row| row[0] == vectors).collect();
    let differ = |row: &&Vec<String>| ours(&row[1]) != (row[2] == "True").then(|| expected(&row[3]));
    (rows.len(), rows.iter().filter(differ).map(|row| row[1].clone()).collect())
}

fn all(found: (usize, Vec<String>), count: usize) {
    assert!(found.0 == count || found.0 == 0, "{}", found.0);
    assert_eq!(found.1, [""; 0]);
}

#[test]
fn every_credit_code_is_judged_as_published() {
    all(compare("CN_USCC", |text| key("registration", text, "CN"), |form| format!("registration:CN:{form}")), 200);
}

#[test]
fn every_lei_is_judged_as_published() {
    all(compare("LEI", |text| key("lei", text, ""), |form| format!("lei:{form}")), 100);
}

#[test]
fn every_iban_is_judged_as_published() {
    all(compare("IBAN", |text| key("account", text, ""), |form| format!("account:{form}")), 215);
}

#[test]
fn every_vat_number_is_judged_as_published() {
    // One trader's numbers under XI and GB are one key.
    let expected = |form: &str| format!("vat:{0}:{0}{1}", form[..2].replace("XI", "GB"), &form[2..]);
    let (count, differ) = compare("EU_VAT", |text| key("vat", text, ""), expected);
    // A comma between groups is read as the point that it is elsewhere.
    all((count, differ.into_iter().filter(|text| text != "BE 0220,764.971").collect()), 755);
}

#[test]
fn a_vat_number_without_its_country_takes_the_issuers() {
    assert_eq!(key("vat", "811125440", "DE"), key("vat", "DE 811125440", ""));
    assert_eq!(key("vat", "094501040", "GR"), key("vat", "EL094501040", ""));
    assert_eq!(key("vat", "811125440", ""), None);
}

#[test]
fn every_phone_number_is_published_e164() {
    let rows = rows("phone_vectors.csv");
    let mut wrong: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in &rows {
        let expected = Some(format!("phone:{}", row[4]));
        for (form, text, region) in
            [("national", &row[2], &row[0]), ("international", &row[3], &row[0]), ("e164", &row[4], &String::new())]
        {
            let found = key("phone", text, region);
            if found != expected {
                wrong.entry(form).or_default().push(format!("{} {text} {} {found:?}", row[0], row[4]));
            }
        }
    }
    assert!(rows.len() == 489 || rows.is_empty());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_phone_number_has_one_form_however_it_is_written() {
    assert_eq!(key("phone", "0086 13800138000", "").as_deref(), Some("phone:+8613800138000"));
    assert_eq!(key("phone", "0086 13800138000", "US").as_deref(), Some("phone:+8613800138000"));
    assert_eq!(key("phone", "138 0013 8000", "cn").as_deref(), Some("phone:+8613800138000"));
    assert_eq!(key("phone", "１３８００１３８０００", "CN").as_deref(), Some("phone:+8613800138000"));
    assert_eq!(key("phone", "tel:+86-138-0013-8000", "").as_deref(), Some("phone:+8613800138000"));
    assert_eq!(key("phone", "1-800-FLOWERS", "US").as_deref(), Some("phone:+18003569377"));
    assert_eq!(key("phone", "０２－１０４８１２３４", "KR").as_deref(), Some("phone:+82210481234"));
    assert_eq!(key("phone", "+86 10 6552 9988 ext. 12", "").as_deref(), Some("phone:+861065529988;ext=12"));
}

#[test]
fn what_is_no_phone_number_has_no_form() {
    for (text, region) in [
        ("", "CN"),
        ("abc", "CN"),
        ("13800138000", ""),
        ("123", "CN"),
        ("+86 000", ""),
        ("138001380001", "CN"),
        ("13800138000", "China"),
    ] {
        assert_eq!(key("phone", text, region), None, "{text}");
    }
}
