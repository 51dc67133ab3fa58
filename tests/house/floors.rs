//! Who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{Manifest, crates, none};

/// Floors, from the ground up. A crate may depend on lower floors only.
const FLOORS: &[(u8, &[&str])] = &[
    (1, &["event"]),
    (2, &["identity", "fold", "view", "value", "mapping", "log"]),
    (3, &["model", "seal", "log-embedded", "log-kafka", "store", "format"]),
    (4, &["customer", "store-sqlite", "store-postgres", "stage", "door"]),
    (5, &["connect", "resolver", "projector", "assembler", "publisher", "audit", "sealer"]),
    (6, &["service"]),
    (7, &["api", "console"]),
    (8, &["onefold"]),
];

/// Beside the house: they stand on no floor.
const SIDE: &[&str] = &["event-codegen", "simulator", "store-conformance", "testkit"];

/// Arrows within a floor, each with its reason.
const SAME_FLOOR: &[(&str, &str, &str)] = &[
    ("view", "identity", "a fragment says whose its document is in identity's words: owner keys and identifier keys"),
    ("fold", "identity", "whose a subject is is said in the same words"),
    ("fold", "view", "a subject's state holds its fragment, and gives what is added to bundles"),
];

/// Adapters, and who may name them beside the binary and `testkit` (in tests anybody may).
const ADAPTERS: &[&str] = &["log-embedded", "log-kafka", "store-sqlite", "store-postgres"];

/// Technologies and the only crates that may know them.
const KNOWN_BY: &[(&str, &[&str])] = &[
    ("rdkafka", &["log-kafka"]),
    ("rusqlite", &["log-embedded", "store-sqlite"]),
    ("sqlx", &["store-postgres"]),
    ("axum", &["api", "console"]),
    ("clap", &["onefold"]),
    ("anyhow", &["onefold"]),
    ("ed25519-dalek", &["seal"]),
];

/// What crates that only compute may not depend on: they do no I/O and wait for nothing.
const PURE: &[&str] = &["event", "identity", "fold", "view", "value", "model", "mapping", "format", "seal"];
const IMPURE: &[&str] = &["tokio", "async-trait", "rand", "tracing", "rusqlite"];

fn floor(word: &str) -> Option<u8> {
    FLOORS.iter().find(|(_, words)| words.contains(&word)).map(|(floor, _)| *floor)
}

fn allowed_on_same_floor(from: &str, to: &str) -> bool {
    SAME_FLOOR.iter().any(|(a, b, _)| (*a, *b) == (from, to))
}

#[test]
fn every_crate_has_its_floor() {
    let wrong: Vec<_> =
        crates().into_keys().filter(|word| floor(word).is_none() && !SIDE.contains(&word.as_str())).collect();
    none("a crate is on no floor", &wrong);
}

#[test]
fn arrows_run_down() {
    let mut wrong = Vec::new();
    for (word, manifest) in crates() {
        let Some(own) = floor(&word) else { continue };
        for other in manifest.ours().filter(|other| !SIDE.contains(other)) {
            let down = floor(other).is_some_and(|floor| floor < own);
            if !down && !allowed_on_same_floor(&word, other) {
                wrong.push(format!("{word} (floor {own}) depends on {other} (floor {:?})", floor(other)));
            }
        }
    }
    none("a crate may depend on lower floors only", &wrong);
}

#[test]
fn every_exception_is_still_one() {
    let crates = crates();
    let stale = |(from, to, _): &&(&str, &str, &str)| !crates.get(*from).is_some_and(|m| m.ours().any(|o| o == *to));
    let wrong: Vec<_> = SAME_FLOOR.iter().filter(stale).map(|(a, b, _)| format!("{a} -> {b}")).collect();
    none("an exception that nobody uses", &wrong);
}

#[test]
fn there_is_no_circle() {
    fn visit<'a>(
        word: &'a str,
        all: &'a BTreeMap<String, Manifest>,
        path: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) {
        assert!(!path.contains(&word), "a circle: {} -> {word}", path.join(" -> "));
        if done.contains(word) {
            return;
        }
        path.push(word);
        if let Some(manifest) = all.get(word) {
            manifest.ours().for_each(|other| visit(other, all, path, done));
        }
        path.pop();
        done.insert(word);
    }
    let all = crates();
    let mut done = BTreeSet::new();
    all.keys().for_each(|word| visit(word, &all, &mut Vec::new(), &mut done));
}

#[test]
fn adapters_are_named_by_the_binary_alone() {
    let mut wrong = Vec::new();
    for (word, manifest) in crates().iter().filter(|(word, _)| !["onefold", "testkit"].contains(&word.as_str())) {
        wrong.extend(manifest.ours().filter(|o| ADAPTERS.contains(o)).map(|o| format!("{word} names {o}")));
    }
    none("only onefold names adapters", &wrong);
}

#[test]
fn the_simulator_knows_none_of_ours_and_only_the_binary_knows_it() {
    let all = crates();
    let simulator = &all["simulator"];
    let ours = simulator.normal.union(&simulator.dev).filter(|name| name.starts_with("onefold-"));
    none("the simulator must not know what it tests", &ours.cloned().collect::<Vec<_>>());
    let knows = |(word, m): &(&String, &Manifest)| *word != "onefold" && m.ours().any(|other| other == "simulator");
    let wrong: Vec<_> = all.iter().filter(knows).map(|(word, _)| word.clone()).collect();
    none("only onefold may depend on the simulator", &wrong);
}

#[test]
fn what_generates_code_knows_none_of_ours_and_nothing_is_built_with_it() {
    let all = crates();
    let codegen = &all["event-codegen"];
    let ours = codegen.normal.union(&codegen.dev).filter(|name| name.starts_with("onefold-"));
    none("it must run while the rest does not compile", &ours.cloned().collect::<Vec<_>>());
    let knows = |(_, m): &(&String, &Manifest)| m.normal.union(&m.dev).any(|name| name == "onefold-event-codegen");
    let wrong: Vec<_> = all.iter().filter(knows).map(|(word, _)| word.clone()).collect();
    none("what it generates is committed, and built without it", &wrong);
}

#[test]
fn equipment_of_tests_is_for_tests_alone() {
    let all = crates();
    let uses = |m: &Manifest| m.ours().any(|other| ["testkit", "store-conformance"].contains(&other));
    let wrong: Vec<_> = all.iter().filter(|(_, m)| uses(m)).map(|(word, _)| word.clone()).collect();
    none("test equipment may be a dev-dependency only", &wrong);
}

#[test]
fn a_technology_is_known_in_one_place() {
    let mut wrong = Vec::new();
    for (word, manifest) in crates() {
        for (technology, knowers) in KNOWN_BY {
            if manifest.normal.contains(*technology) && !knowers.contains(&word.as_str()) {
                wrong.push(format!("{word} knows {technology}, which is for {}", knowers.join(", ")));
            }
        }
    }
    none("a technology strays", &wrong);
}

#[test]
fn what_only_computes_does_no_io() {
    let mut wrong = Vec::new();
    for (word, manifest) in crates().into_iter().filter(|(word, _)| PURE.contains(&word.as_str())) {
        wrong.extend(
            IMPURE.iter().filter(|name| manifest.normal.contains(**name)).map(|name| format!("{word}: {name}")),
        );
    }
    none("a pure crate depends on what is not", &wrong);
}
