//! What stays behind a border: the syntax of a key in the module that owns it, rules of identity outside adapters.

use crate::tree::{files, none, read, shown};

/// Where the texts of keys are made and read.
const KEY_SYNTAX: &[&str] =
    &["crates/identity/src/owner.rs", "crates/event/src/subject.rs", "crates/event/src/kind.rs"];
/// Ways to take a key apart by its text.
const TAKEN_APART: &[&str] = &["starts_with(\"", "strip_prefix(\"", "format!(\""];
/// What keys begin with.
const BEGINNINGS: &[&str] = &["party:\"", "identifier:\"", "identifier:{", "set:\"", "first:\"", "until:\"", "each:\""];

/// What decides, and has no place where only SQL belongs.
const DECIDING: &[&str] = &["IdentityRules", "OwnerKey"];
/// Files of adapters that name the rules: they keep those that the views were made under, as text, and refuse others.
const DECIDING_ADAPTERS: &[&str] =
    &["crates/store-postgres/src/db.rs", "crates/store-postgres/src/migrate.rs", "crates/store-sqlite/src/db.rs"];

fn product(text: &str) -> &str {
    text.find("\n#[cfg(test)]\nmod ").map_or(text, |at| &text[..at])
}

#[test]
fn a_key_is_taken_apart_by_the_type_that_owns_its_syntax() {
    let mut wrong = Vec::new();
    for path in files("crates", ".rs") {
        let at = shown(&path);
        let of_another = KEY_SYNTAX.contains(&at.as_str()) || at.starts_with("crates/simulator");
        if of_another || !at.contains("/src/") || at.contains("-conformance/") || at.contains("/bench/") {
            continue;
        }
        for (number, line) in product(&read(&path)).lines().enumerate() {
            let apart = |way: &&str| BEGINNINGS.iter().any(|begins| line.contains(&format!("{way}{begins}")));
            if TAKEN_APART.iter().any(apart) {
                wrong.push(format!("{at}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    none("the syntax of a key is known outside its own module: ask `OwnerAtom` or `Subject`", &wrong);
}

#[test]
fn adapters_decide_nothing_that_they_did_not_decide_before() {
    let adapters =
        ["crates/store-sqlite/src", "crates/store-postgres/src", "crates/log-embedded/src", "crates/log-kafka/src"];
    let sources = adapters.iter().flat_map(|below| files(below, ".rs"));
    let decides = |path: &std::path::PathBuf| {
        let text = read(path);
        DECIDING.iter().any(|name| product(&text).contains(name))
    };
    let now: Vec<String> = sources.filter(decides).map(|path| shown(&path)).collect();
    let new: Vec<_> = now.iter().filter(|at| !DECIDING_ADAPTERS.contains(&at.as_str())).cloned().collect();
    none("an adapter holds SQL only: what needs rules of identity or reads owner keys belongs above the port", &new);
    let is_stale = |at: &&&str| !now.iter().any(|now| now == **at);
    let stale: Vec<_> = DECIDING_ADAPTERS.iter().filter(is_stale).map(|at| (*at).to_owned()).collect();
    none("an exception that is one no longer", &stale);
}
