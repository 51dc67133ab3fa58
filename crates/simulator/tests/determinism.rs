//! The same seed makes the same company, byte for byte.

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};
use support::company;

fn digests(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for part in ["erp", "bank", "wms", "carrier", "desk", "truth"] {
        for entry in std::fs::read_dir(dir.join(part)).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = format!("{part}/{}", path.file_name().expect("a name").to_string_lossy());
            found.insert(name, Sha256::digest(std::fs::read(&path).expect("a file")).to_vec());
        }
    }
    found
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (one, two) = (company(300, 9, 10_000), company(300, 9, 10_000));
    let (first, second) = (digests(one.dir.path()), digests(two.dir.path()));
    assert!(first.len() > 15, "{:?}", first.keys());
    assert_eq!(first, second);
}

#[test]
fn another_seed_gives_another_company() {
    let (one, two) = (company(60, 1, 10_000), company(60, 2, 10_000));
    let (first, second) = (digests(one.dir.path()), digests(two.dir.path()));
    for (name, digest) in &first {
        // The price list is the same everywhere, and so are the numbers by which the complaint goes.
        assert!(
            ["erp/goods.csv", "truth/complaint.json"].contains(&name.as_str()) || second.get(name) != Some(digest),
            "{name}"
        );
    }
}

#[test]
fn companies_of_any_size_can_be_made() {
    for customers in [1, 2, 9, 10, 11, 60, 61] {
        let company = company(customers, 4, 7);
        assert_eq!(company.summary.customers, u64::from(customers) + 2);
        assert_eq!(company.summary.complaint.is_some(), customers >= 10);
    }
}
