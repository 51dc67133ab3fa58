//! What READMEs say of the tree.

use std::path::{Path, PathBuf};

use crate::tree::{crates, files, gather, none, read, readmes, root, shown};

/// First parts of words with a slash that name no file of ours: media types, what the simulator writes, and what
/// cargo builds (there or not, by what was built before).
const ELSEWHERE: &[&str] = &["application", "text", "erp", "bank", "wms", "carrier", "desk", "truth", "target"];
/// Endings by which a bare word is a file.
const ENDINGS: &[&str] = &[".rs", ".toml", ".md", ".proto", ".sql"];

#[test]
fn every_crate_tells_its_invariant() {
    let mut wrong = Vec::new();
    for word in crates().into_keys() {
        let path = root().join("crates").join(&word).join("README.md");
        if !path.exists() || !read(&path).to_lowercase().contains("invariant") {
            wrong.push(shown(&path));
        }
    }
    none("every crate has a README with its invariant", &wrong);
}

#[test]
fn every_path_that_a_readme_names_exists() {
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for readme in readmes() {
        for word in quoted(&read(&readme)).filter(|word| is_path(word)) {
            checked += 1;
            if !exists(&readme, &word) {
                wrong.push(format!("{}: `{word}`", shown(&readme)));
            }
        }
    }
    assert!(checked > 40, "the READMEs name {checked} paths: the walk has lost its way");
    none("a README names what is not there", &wrong);
}

#[test]
fn the_map_shows_the_crates_that_there_are() {
    let map = read(&root().join("crates/README.md"));
    // Other tables of the page begin with another column than the floor.
    let is_floor = |line: &&str| {
        let first = line.trim_start_matches("| ").split(' ').next().unwrap_or_default();
        line.starts_with("| ") && (first == "side" || first.parse::<u8>().is_ok())
    };
    let table: Vec<_> = map.lines().filter(is_floor).collect();
    let named: Vec<_> =
        table.iter().flat_map(|line| quoted(line.split('|').nth(2).unwrap_or_default()).collect::<Vec<_>>()).collect();
    let there: Vec<_> = crates().into_keys().collect();
    let missing = there.iter().filter(|word| !named.contains(word)).cloned().collect::<Vec<_>>();
    none("crates/README.md misses", &missing);
    let gone = named.iter().filter(|word| !there.contains(word)).cloned().collect::<Vec<_>>();
    none("crates/README.md names crates that are not there", &gone);
}

#[test]
fn operations_name_every_connector_file() {
    let told = read(&root().join("deploy/README.md"));
    let there = files("deploy/connectors", "")
        .into_iter()
        .map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned());
    let missing: Vec<_> = there.filter(|name| !told.contains(&format!("`{name}`"))).collect();
    none("deploy/README.md misses", &missing);
}

/// Words in single backticks, fenced blocks left out.
fn quoted(text: &str) -> impl Iterator<Item = String> {
    let mut fenced = false;
    let mut words = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            words.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    words.into_iter()
}

fn is_path(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
    let first = word.split('/').next().unwrap_or_default();
    let named = word.contains('/') || ENDINGS.iter().any(|ending| word.ends_with(ending));
    plain && named && !first.is_empty() && !ELSEWHERE.contains(&first) && word.trim_start_matches('.') != "/"
}

/// From the README's own directory, its `src`, or the root; a bare name may stand anywhere below the README.
fn exists(readme: &Path, word: &str) -> bool {
    let here = readme.parent().unwrap_or(Path::new("/"));
    let bases: [PathBuf; 3] = [here.to_owned(), here.join("src"), root()];
    if bases.iter().any(|base| base.join(word).exists()) {
        return true;
    }
    let mut below = Vec::new();
    if !word.contains('/') && here != root() {
        gather(here, &mut below);
    }
    below.iter().any(|path| path.file_name().is_some_and(|name| name == word))
}
