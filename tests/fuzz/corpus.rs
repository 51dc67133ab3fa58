//! The committed corpus through every door: what fuzzing found to lead to different places is met again with each run of the tests.

mod doors;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use doors::{DOORS, Fate};

/// Bytes of the whole corpus at most: it is a sample, and what a run adds is minimised before it is kept.
const MOST_BYTES: u64 = 200_000;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz").join(name)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn stems(name: &str) -> BTreeSet<String> {
    let stem = |path: PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    files(&folder(name)).into_iter().map(stem).collect()
}

#[test]
fn whatever_comes_to_a_door_is_taken_in_or_refused() {
    let mut told = BTreeMap::new();
    for (name, door) in DOORS {
        let fates: Vec<Fate> = files(&folder("corpus").join(name))
            .iter()
            .map(|path| {
                eprintln!("{}", path.display());
                door(&fs::read(path).expect("a readable input"))
            })
            .collect();
        let count = |fate| fates.iter().filter(|own| **own == fate).count();
        told.insert(name, (count(Fate::Taken), count(Fate::Refused)));
    }
    // A corpus of which nothing is taken in any more says nothing about what lies behind the door.
    let stale: Vec<_> = told.iter().filter(|(_, (taken, refused))| *taken < 2 || *refused < 2).collect();
    assert!(stale.is_empty(), "inputs taken in and refused: {stale:?}");
}

#[test]
fn every_door_has_a_target_a_corpus_and_a_dictionary_and_nothing_else_has() {
    let doors: BTreeSet<String> = DOORS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(stems("targets"), doors);
    assert_eq!(stems("corpus"), doors);
    assert_eq!(stems("dictionaries"), doors);
    let manifest = fs::read_to_string(folder("Cargo.toml")).expect("the manifest of the targets");
    for (name, _) in DOORS {
        assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "{name}");
    }
}

#[test]
fn the_corpus_stays_small() {
    let all = DOORS.iter().flat_map(|(name, _)| files(&folder("corpus").join(name)));
    let bytes: u64 = all.map(|path| path.metadata().expect("a file").len()).sum();
    assert!(bytes <= MOST_BYTES, "{bytes} bytes: keep fewer");
}
