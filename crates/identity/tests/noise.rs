//! Whatever a source writes, there is a form or a reason, and a form is its own form.

use onefold_identity::{IdentifierKey, OwnerAtom, OwnerKey, normalise_identifier, normalise_name};
use proptest::prelude::*;

const KINDS: [&str; 12] = [
    "phone",
    "email",
    "account",
    "lei",
    "vat",
    "tax_number",
    "registration",
    "national_id",
    "loyalty",
    "number",
    "wechat",
    "",
];
const ISSUERS: [&str; 12] = ["", "CN", "de", "GR", "IT", "US", "ES", "FR", "erp", "中国", "a:b", "EU"];

/// VAT numbers as they may be written, and what they are.
const VAT: [(&str, &str); 8] = [
    ("ATU14243102", "vat:AT:ATU14243102"),
    ("BE403170701", "vat:BE:BE0403170701"),
    ("ESX5253868R", "vat:ES:ESX5253868R"),
    ("XI432525179", "vat:GB:GB432525179"),
    ("GR094501040", "vat:EL:EL094501040"),
    ("CHE107787577MWST", "vat:CH:CHE107787577"),
    ("NO923609016MVA", "vat:NO:NO923609016"),
    ("DE811125440", "vat:DE:DE811125440"),
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => any::<String>(),
        3 => "[-+0-9 ().;ext=#*/]{0,24}",
        2 => "[A-Z]{2}[0-9A-Z]{0,30}",
        2 => "(00|\\\\+|0)?[0-9]{1,20}(;ext=|x| ext )?[0-9]{0,8}",
        1 => "[０-９－ａ-ｚ]{0,20}",
        1 => "[a-z.]{1,10}@[a-z.-]{1,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_form_is_its_own_form(kind in 0..KINDS.len(), text in text(), issuer in 0..ISSUERS.len()) {
        let Ok(key) = normalise_identifier(KINDS[kind], &text, ISSUERS[issuer]) else { return Ok(()) };
        prop_assert_eq!(key.to_string().parse::<IdentifierKey>(), Ok(key.clone()));
        // Of an unknown kind without an issuer a colon in the value reads as one.
        if KINDS[kind] == "wechat" && ISSUERS[issuer].is_empty() && key.value().contains(':') {
            return Ok(());
        }
        let issuer = key.scope().strip_prefix(KINDS[kind]).unwrap().trim_start_matches(':');
        let value = if issuer.is_empty() { key.value() } else { &key.value()[issuer.len() + 1..] };
        prop_assert_eq!(normalise_identifier(KINDS[kind], value, issuer), Ok(key));
    }

    #[test]
    fn a_name_is_its_own_form(text in prop_oneof![any::<String>(), "[A-Za-zÀ-ž .,'&-]{0,30}", "[一-龥 先生女士（）]{0,8}"]) {
        for name in normalise_name(&text) {
            prop_assert_eq!(normalise_name(&name).into_iter().collect::<Vec<_>>(), [name.as_str()]);
            prop_assert!(!name.starts_with(' ') && !name.ends_with(' '));
        }
    }

    #[test]
    fn a_name_is_one_with_itself_in_capitals(text in prop_oneof![any::<String>(), "[\\p{L}\\p{M}'’. -]{0,20}", "[A-Za-zÀ-žΑ-ωА-я .,'&-]{0,30}"]) {
        prop_assert_eq!(normalise_name(&text.to_uppercase()), normalise_name(&text));
        prop_assert_eq!(normalise_name(&text.to_lowercase()), normalise_name(&text));
    }

    #[test]
    fn a_vat_number_does_not_depend_on_how_it_is_written(at in 0..VAT.len(), marks in "[ .-]{30}", issuer in 0..ISSUERS.len(), lower in any::<bool>()) {
        let (text, form) = VAT[at];
        let spread: String = text.chars().zip(marks.chars()).flat_map(|(c, mark)| [c, mark]).collect();
        let spread = if lower { spread.to_lowercase() } else { spread };
        let Some(issuer) = Some(ISSUERS[issuer]).filter(|issuer| !issuer.contains(':')) else { return Ok(()) };
        prop_assert_eq!(normalise_identifier("vat", &spread, issuer).map(|key| key.to_string()), Ok(form.to_owned()));
    }

    #[test]
    fn an_address_is_one_in_both_forms_of_its_domain(label in "[a-zäöüßéłøλπ中文例яд]{1,12}", top in "(de|中国|ελ|com)") {
        let domain = format!("{label}.{top}");
        let Ok(ascii) = idna::domain_to_ascii_strict(&domain) else { return Ok(()) };
        let key = normalise_identifier("email", &format!("Info@{ascii}"), "");
        prop_assert_eq!(normalise_identifier("email", &format!("info@{domain}"), ""), key.clone());
        prop_assert!(key.is_ok_and(|key| key.as_str().is_ascii()));
    }

    #[test]
    fn an_owner_key_is_read_back_or_is_none(texts in prop::collection::btree_set("party:[a-z]{1,3}:[a-z|%:7C25]{1,6}", 0..4), noise in any::<String>()) {
        let atoms = texts.iter().filter_map(|text| OwnerAtom::parse(text)).collect();
        let owner = OwnerKey::from_atoms(atoms);
        let of = "order:shop:1".parse().unwrap();
        prop_assert_eq!(OwnerKey::parse(&owner.key_for(&of)), Some(owner));
        if let Some(found) = OwnerKey::parse(&format!("set:{noise}")) {
            prop_assert_eq!(found.key_for(&of), format!("set:{noise}"));
        }
    }
}
