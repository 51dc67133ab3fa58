//! What a source file looks like.

use std::fs;
use std::path::Path;

use crate::tree::{crates, files, none, read, root, shown, sources};

/// Longest file; 500 lines are already the moment to think again.
const LONGEST: usize = 600;
/// Longest face, its `pub use` list left aside.
const LONGEST_FACE: usize = 80;
/// Widest port.
const WIDEST_TRAIT: usize = 7;
/// Public modules of a face, each with its reason.
const PUBLIC_MODULES: &[(&str, &str)] = &[
    ("crates/event/src/lib.rs", "pub mod v1"),        // generated messages
    ("crates/log/src/lib.rs", "pub mod conformance"), // the suites that adapters run
    ("crates/log/src/lib.rs", "pub mod speed"),       // what they are measured by
];

/// A word that must stand nowhere, put together so that this file does not hold it.
fn unfinished() -> [String; 3] {
    ["todo", "dbg", "unimplemented"].map(|word| format!("{word}!("))
}

#[test]
fn the_top_level_holds_nothing_else() {
    let allowed =
        ["Cargo.toml", "Cargo.lock", "LICENSE", "README.md", "crates", "deploy", "findings", "proto", "tests"];
    let ignored = read(&root().join(".gitignore"));
    let ignored: Vec<_> = ignored.lines().map(|line| line.trim_start_matches('/')).collect();
    let entries = fs::read_dir(root()).expect("the root can be listed");
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let wrong: Vec<_> = names
        .filter(|n| !n.starts_with('.') && !allowed.contains(&n.as_str()) && !ignored.contains(&n.as_str()))
        .collect();
    none("the top level holds more than the design names", &wrong);
    let missing: Vec<_> = allowed.iter().filter(|n| !root().join(n).exists()).map(|n| (*n).to_owned()).collect();
    none("the top level misses", &missing);
}

#[test]
fn every_file_begins_with_what_it_is() {
    let told = |path: &Path| {
        let text = read(path);
        text.starts_with("//!") || text.starts_with("#![doc")
    };
    let wrong: Vec<_> = sources().iter().filter(|path| !told(path)).map(|path| shown(path)).collect();
    none("a file must begin with `//!` or `#![doc`", &wrong);
}

#[test]
fn no_file_is_too_long() {
    let lines = sources().into_iter().map(|path| (read(&path).lines().count(), path));
    let wrong: Vec<_> =
        lines.filter(|(n, _)| *n > LONGEST).map(|(n, path)| format!("{}: {n} lines", shown(&path))).collect();
    none("a file holds more than one idea", &wrong);
}

#[test]
fn there_is_no_drawer() {
    let drawer = |path: &Path| {
        let name = if path.ends_with("mod.rs") { path.parent().and_then(Path::file_name) } else { path.file_stem() };
        name.is_some_and(|name| ["types", "common", "utils", "util", "helpers", "misc"].iter().any(|d| name == *d))
    };
    let wrong: Vec<_> = sources().iter().filter(|path| drawer(path)).map(|path| shown(path)).collect();
    none("a module must be called by what it holds", &wrong);
}

#[test]
fn a_face_is_a_list() {
    let mut wrong = Vec::new();
    for word in crates().into_keys() {
        let path = root().join("crates").join(&word).join("src/lib.rs");
        if !path.exists() {
            continue; // the binary has no face
        }
        let (text, at) = (read(&path), shown(&path));
        if !text.starts_with("#![doc = include_str!(\"../README.md\")]") {
            wrong.push(format!("{at}: the crate's doc is not its README"));
        }
        let mut listed = false;
        let mut others = 0;
        for line in text.lines() {
            listed |= line.starts_with("pub use ");
            others += usize::from(!listed);
            listed &= !line.contains(';');
            let code = line.trim_start();
            if code.contains("fn ") && !code.starts_with("//") {
                wrong.push(format!("{at}: a function: {code}"));
            }
            if code.starts_with("pub use ") && code.contains('*') {
                wrong.push(format!("{at}: whatever there is, not a list: {code}"));
            }
            let public = code.starts_with("pub mod ");
            if public && !PUBLIC_MODULES.iter().any(|(file, module)| *file == at && code.starts_with(module)) {
                wrong.push(format!("{at}: a public room: {code}"));
            }
        }
        if others > LONGEST_FACE {
            wrong.push(format!("{at}: {others} lines beside the list"));
        }
    }
    none("a face is private modules and one list of what is public", &wrong);
}

#[test]
fn a_port_is_narrow() {
    let mut wrong = Vec::new();
    for path in [files("crates/log/src", ".rs"), files("crates/store/src", ".rs")].concat() {
        let text = read(&path);
        for (at, _) in text.match_indices("\npub trait ") {
            let body = &text[at + 1..];
            let body = &body[..body.find("\n}").unwrap_or(body.len())];
            let methods = body.lines().filter(|line| {
                let line = line.trim_start();
                line.starts_with("fn ") || line.starts_with("async fn ")
            });
            let (methods, name) = (methods.count(), body.split([':', '{']).next().unwrap_or_default());
            if methods > WIDEST_TRAIT {
                wrong.push(format!("{}: {name} has {methods} methods", shown(&path)));
            }
        }
    }
    none("a port's trait has at most seven methods", &wrong);
}

#[test]
fn a_tests_name_is_a_claim() {
    let mut wrong = Vec::new();
    for path in sources() {
        for line in read(&path).lines().map(str::trim_start) {
            if line.starts_with("fn test_") || line.starts_with("async fn test_") {
                wrong.push(format!("{}: {line}", shown(&path)));
            }
        }
    }
    none("a test is called by what it claims", &wrong);
}

#[test]
fn nothing_is_left_for_later() {
    let mut wrong = Vec::new();
    for path in sources() {
        let text = read(&path);
        wrong.extend(unfinished().iter().filter(|w| text.contains(*w)).map(|w| format!("{}: {w}", shown(&path))));
    }
    none("what is unfinished is not committed", &wrong);
}

#[test]
fn what_must_come_out_the_same_uses_nothing_that_varies() {
    let varies =
        ["HashMap", "HashSet", "SystemTime", "Instant::now", "Timestamp::now", "Zoned::now", "f64", "f32", "rand::"];
    let mut wrong = Vec::new();
    for path in ["identity", "view", "value"].iter().flat_map(|word| files(&format!("crates/{word}/src"), ".rs")) {
        let text = read(&path);
        for word in varies {
            let whole = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if text.match_indices(word).any(|(at, _)| whole(at)) {
                wrong.push(format!("{}: {word}", shown(&path)));
            }
        }
    }
    none("identity and view: ordered maps, no clock, no randomness, no floating point", &wrong);
}
