//! What a crate looks like inside: folders that can be read at a glance, and imports without large circles.
//!
//! Imports are read from the text: `use crate::..`, `use super::..`, `use self::..` and `use child::..` with their nested
//! braces, by the modules that the files are; a path in a body counts too where it begins with `crate::`. What a face or a
//! `mod.rs` passes on with `pub use` is followed to the file that holds it. Methods are not seen, so what this finds is
//! there, and what it does not find may be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::tree::{crates, files, none, read, root, shown};

/// Most `.rs` files in one folder.
const MOST_FILES: usize = 15;
/// Most files in one circle.
const MOST_IN_A_CIRCLE: usize = 3;

/// Folders that still hold more, and how many files they hold. The number may only go down.
const FULL_FOLDERS: &[(&str, usize)] = &[
    ("crates/identity/src", 30),
    ("crates/log-embedded/src", 16),
    ("crates/onefold/src", 16),
    ("crates/simulator/src", 31),
    ("crates/store-postgres/src", 23),
    ("crates/store-sqlite/src", 19),
    ("crates/store/src", 16),
    ("crates/view/src", 29),
];

/// Crates that still have larger circles, and the files in each. The numbers may only go down.
const LARGE_CIRCLES: &[(&str, &[usize])] = &[
    ("event", &[5]),
    ("identity", &[6]),
    ("service", &[5]),
    ("store-postgres", &[4]),
    ("store-sqlite", &[6]),
    ("view", &[5]),
];

#[test]
fn a_folder_is_a_plan_and_not_a_list() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for path in files("crates", ".rs").iter().filter(|path| shown(path).contains("/src/")) {
        *counts.entry(shown(path.parent().unwrap_or(Path::new("")))).or_default() += 1;
    }
    assert!(counts.len() > 30, "the walk has lost its way: {} folders", counts.len());
    let mut wrong = Vec::new();
    for (folder, count) in &counts {
        let allowed = FULL_FOLDERS.iter().find(|(known, _)| known == folder).map_or(MOST_FILES, |(_, count)| *count);
        if *count > allowed {
            wrong.push(format!("{folder}: {count} files, at most {allowed}: divide it by phases"));
        }
    }
    for (folder, count) in FULL_FOLDERS {
        let now = counts.get(*folder).copied().unwrap_or(0);
        if now < *count {
            wrong.push(format!(
                "{folder}: {now} files now: lower the exception, or take it out if {MOST_FILES} are enough"
            ));
        }
    }
    none("a folder holds too many files", &wrong);
}

#[test]
fn imports_make_no_large_circle() {
    let mut wrong = Vec::new();
    for word in crates().into_keys() {
        let large: Vec<Vec<String>> =
            circles(&imports_of(&word)).into_iter().filter(|circle| circle.len() > MOST_IN_A_CIRCLE).collect();
        let allowed = LARGE_CIRCLES.iter().find(|(known, _)| *known == word).map_or(&[][..], |(_, sizes)| *sizes);
        let mut sizes: Vec<usize> = large.iter().map(Vec::len).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        if sizes == allowed {
            continue;
        }
        let shown: Vec<String> = large.iter().map(|circle| circle.join(", ")).collect();
        wrong.push(format!("{word}: circles of {sizes:?} files, and {allowed:?} are known: {}", shown.join("; ")));
    }
    none("files that need each other in a circle are one file, or lack one below them", &wrong);
}

#[test]
fn imports_are_read_through_braces_and_from_either_end() {
    let text = "use crate::a::{b::{C, d}, self};\nuse super::e::F;\npub use z::Door;\nuse k::L;\n\
                fn f() { crate::g::h(); }\n// use crate::not::Here;\n";
    let own = ["x".to_owned(), "y".to_owned()];
    let found = |passed_on| -> BTreeSet<String> {
        paths(&code_of(text), &own, passed_on).into_iter().map(|(path, _)| path.join("::")).collect()
    };
    assert_eq!(found(false), ["a", "a::b::C", "a::b::d", "g::h", "x::e::F", "x::y::k::L"].map(str::to_owned).into());
    assert_eq!(found(true), ["x::y::z::Door".to_owned()].into());
    let ring =
        [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")].map(|(from, to)| (from.to_owned(), [to.to_owned()].into()));
    assert_eq!(circles(&ring.into()), [["a", "b", "c"]]);
    let open = [("a", "b"), ("b", "c")].map(|(from, to)| (from.to_owned(), [to.to_owned()].into()));
    assert!(circles(&open.into()).is_empty());
}

/// Which files of a crate import which; both by their paths from the crate's `src`.
fn imports_of(word: &str) -> BTreeMap<String, BTreeSet<String>> {
    let src = format!("crates/{word}/src");
    let sources = files(&src, ".rs");
    let top = root().join(&src);
    let module = |path: &Path| -> Vec<String> {
        let mut parts: Vec<String> = path
            .strip_prefix(&top)
            .unwrap_or(path)
            .with_extension("")
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            parts.pop();
        }
        parts
    };
    let modules: BTreeMap<Vec<String>, String> = sources
        .iter()
        .map(|path| (module(path), path.strip_prefix(&top).unwrap_or(path).display().to_string()))
        .collect();
    let texts: Vec<(Vec<String>, String)> = sources.iter().map(|path| (module(path), code_of(&read(path)))).collect();
    let mut passed_on: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for (own, text) in &texts {
        for (target, _) in paths(text, own, true) {
            let name = target.last().cloned().unwrap_or_default();
            passed_on.insert([own.as_slice(), &[name]].concat(), target);
        }
    }
    let mut imports = BTreeMap::new();
    for (own, text) in &texts {
        let Some(name) = modules.get(own) else { continue };
        let mut targets = BTreeSet::new();
        for (mut target, least) in paths(text, own, false) {
            // A thing may be passed on by several doors, one behind the other.
            for _ in 0..8 {
                let door = (least.max(1)..=target.len()).rev().find_map(|n| Some((n, passed_on.get(&target[..n])?)));
                let Some((length, behind)) = door else { break };
                target = [behind.as_slice(), &target[length..]].concat();
            }
            // The longest part of the path that is a file.
            let file = (least..=target.len()).rev().find_map(|length| modules.get(&target[..length]));
            targets.extend(file.filter(|file| *file != name).cloned());
        }
        imports.insert(name.clone(), targets);
    }
    imports
}

/// A file's code without comments, and without its tests: what those import is no part of how the crate is built.
fn code_of(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .fold(String::new(), |all, line| all + line + "\n")
}

/// All paths below the crate that a file's code names, from the crate's root: what it imports, or what it passes on.
/// With each how many of its parts a module must have to be meant: `std::fmt` is no child, and not the parent's either.
fn paths(code: &str, own: &[String], passed_on: bool) -> Vec<(Vec<String>, usize)> {
    let mut found = Vec::new();
    let mut body = String::new();
    for statement in code.split_inclusive(';') {
        let last = statement.rfind("use ").filter(|at| {
            let before = statement[..*at]
                .trim_end_matches("pub ")
                .trim_end_matches("pub(crate) ")
                .trim_end_matches("pub(super) ");
            before.ends_with('\n') || before.trim().is_empty()
        });
        let Some(at) = last else {
            body.push_str(statement);
            continue;
        };
        body.push_str(&statement[..at]);
        let public =
            statement[..at].trim_end_matches(' ').ends_with("pub") || statement[..at].trim_end().ends_with(')');
        if public != passed_on {
            continue;
        }
        let mut rest = statement[at + 4..].trim_end_matches(';').trim();
        let (mut base, mut child) = (own.to_vec(), 1);
        if let Some(after) = rest.strip_prefix("crate::") {
            (base, rest, child) = (Vec::new(), after, 0);
        }
        if let Some(after) = rest.strip_prefix("self::") {
            (rest, child) = (after, 0);
        }
        while let Some(above) = rest.strip_prefix("super::") {
            base.pop();
            (rest, child) = (above, 0);
        }
        let mut ends = Vec::new();
        spread(rest, &base, &mut ends);
        found.extend(ends.into_iter().map(|path| (path, base.len() + child)));
    }
    if !passed_on {
        for (at, start) in body.match_indices("crate::") {
            if !body[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                let mut ends = Vec::new();
                spread(&body[at + start.len()..], &[], &mut ends);
                found.extend(ends.into_iter().map(|path| (path, 0)));
            }
        }
    }
    found
}

/// Follows one path, and each of its braces, to its ends.
fn spread(text: &str, base: &[String], found: &mut Vec<Vec<String>>) {
    let text = text.trim_start();
    if let Some(inner) = text.strip_prefix('{') {
        let (mut depth, mut start) = (0_usize, 0);
        for (at, c) in inner.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    if !inner[start..at].trim().is_empty() {
                        spread(&inner[start..at], base, found);
                    }
                    start = at + 1;
                    if c == '}' {
                        return;
                    }
                }
                _ => {}
            }
        }
        return;
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let mut path = base.to_vec();
    if name != "self" && !name.is_empty() {
        path.push(name.to_owned());
    }
    match rest.strip_prefix("::") {
        Some(rest) => spread(rest, &path, found),
        None => found.push(path),
    }
}

/// Sets of files of which each reaches each other (strongly connected, by reachability: crates are small).
fn circles(imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reach: BTreeMap<&String, BTreeSet<&String>> = imports
        .keys()
        .map(|from| {
            let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
            while let Some(file) = next.pop() {
                next.extend(imports.get(file).into_iter().flatten().filter(|to| seen.insert(*to)));
            }
            (from, seen)
        })
        .collect();
    let mut found: BTreeSet<Vec<String>> = BTreeSet::new();
    for (from, reached) in &reach {
        if !reached.contains(*from) {
            continue;
        }
        let circle = reached.iter().filter(|to| reach.get(**to).is_some_and(|back| back.contains(*from)));
        found.insert(circle.map(|file| (*file).clone()).collect());
    }
    found.into_iter().collect()
}
