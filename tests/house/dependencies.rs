//! A crate declares what its sources name, and nothing else.

use std::path::PathBuf;

use crate::tree::{Manifest, crates, files, none, read, root};

/// Packages whose library has another name than they have.
const OTHER_NAMES: &[(&str, &str)] = &[("iban_validate", "iban")];

/// The name that sources use for a package.
fn library(package: &str) -> String {
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == package).map(|(_, library)| *library);
    other.unwrap_or(package).replace('-', "_")
}

/// Whether a source holds this identifier, and not merely as a part of a longer one.
fn holds(text: &str, identifier: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(identifier)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + identifier.len()..].starts_with(part))
}

fn all_of(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| read(path)).collect()
}

/// Tests that a manifest takes from elsewhere, each with the files beside it, which may be its modules.
fn tests_elsewhere(word: &str, manifest: &Manifest) -> Vec<PathBuf> {
    let directory = root().join("crates").join(word);
    let beside = manifest.tests.iter().filter_map(|path| directory.join(path).canonicalize().ok());
    let mut found: Vec<_> = beside.filter_map(|path| path.parent().map(PathBuf::from)).collect();
    found.sort();
    found.dedup();
    found.iter().flat_map(|directory| files(&directory.to_string_lossy(), ".rs")).collect()
}

#[test]
fn a_crate_declares_what_its_sources_name() {
    let mut wrong = Vec::new();
    for (word, manifest) in crates() {
        let product = [files(&format!("crates/{word}/src"), ".rs"), files(&format!("crates/{word}"), "/build.rs")];
        let product = all_of(&product.concat());
        let unnamed = |package: &&String, sources: &str| !holds(sources, &library(package));
        wrong.extend(manifest.normal.iter().filter(|p| unnamed(p, &product)).map(|p| format!("{word}: {p}")));
        let beside = ["tests", "examples"].map(|below| all_of(&files(&format!("crates/{word}/{below}"), ".rs")));
        // The README is the crate's documentation, whose examples are tests.
        let readme = read(&root().join("crates").join(&word).join("README.md"));
        let tests = [product, readme, beside.concat(), all_of(&tests_elsewhere(&word, &manifest))].concat();
        wrong.extend(manifest.dev.iter().filter(|p| unnamed(p, &tests)).map(|p| format!("{word}, in tests: {p}")));
    }
    none("a dependency that no source names", &wrong);
}

#[test]
fn the_workspace_names_no_version_that_no_crate_uses() {
    let manifest = Manifest::parse(&read(&root().join("Cargo.toml")));
    let crates = crates();
    let used = |package: &&String| crates.values().any(|m| m.normal.contains(*package) || m.dev.contains(*package));
    let wrong: Vec<_> = manifest.workspace.iter().filter(|package| !used(package)).cloned().collect();
    none("a package of the workspace that no crate depends on", &wrong);
}

#[test]
fn a_name_is_found_as_a_whole_alone() {
    assert!(holds("use fail::cfg;", "fail"));
    assert!(holds("#[serde::x]", "serde"));
    assert!(!holds("failed; unfail; fail_point", "fail"));
}
