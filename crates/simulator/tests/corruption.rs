//! The list of corrupted records is true: they stand where it says, and are what it says.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use support::{company, lines};

#[test]
fn every_corrupted_record_stands_where_it_is_listed() {
    let company = company(400, 3, 250);
    let listed = company.ndjson("corrupted.ndjson");
    assert_eq!(listed.len() as u64, company.summary.corrupted);
    let mut reasons = BTreeSet::new();
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for entry in &listed {
        let file = entry["file"].as_str().expect("a file");
        let first = entry["line"].as_u64().expect("a line") as usize;
        let bytes = STANDARD.decode(entry["bytes"].as_str().expect("bytes")).expect("base64");
        let wanted: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        let lines = lines(&company.dir.path().join(file));
        assert_eq!(lines[first - 1], wanted[0], "{file}:{first}");
        // The rest of the record follows, perhaps with others between.
        let mut rest = lines[first..].iter();
        for row in &wanted[1..] {
            assert!(rest.any(|line| line == row), "{file}:{first}");
        }
        *found.entry(file.to_owned()).or_default() += 1;
        reasons.insert(entry["reason"].as_str().expect("a reason").to_owned());
    }
    assert!(reasons.len() >= 8, "{reasons:?}");
    assert!(found.len() >= 12, "{found:?}");
}

#[test]
fn nothing_refers_to_a_corrupted_record() {
    let company = company(400, 3, 250);
    for connector in [
        "erp-customers",
        "erp-orders",
        "erp-invoices",
        "erp-credit-notes",
        "bank-payers",
        "bank-payments",
        "carrier-scans",
    ] {
        for row in company.rows(connector) {
            assert!(row.values().all(|cell| !cell.starts_with("X0")), "{row:?}");
        }
    }
    for connector in ["wms-movements", "desk-events"] {
        for record in company.records(connector) {
            assert!(!record.to_string().contains("\"X0"), "{record}");
        }
    }
}

#[test]
fn a_company_without_corruption_has_none() {
    let dir = tempfile::TempDir::new().expect("a temporary directory");
    let settings = onefold_simulator::CompanySettings { customers: 80, corrupt_one_in: 0, ..Default::default() };
    let summary = onefold_simulator::simulate(dir.path(), &settings).expect("a company");
    assert_eq!(summary.corrupted, 0);
    assert_eq!(std::fs::read(dir.path().join("truth/corrupted.ndjson")).expect("the list"), b"");
}
