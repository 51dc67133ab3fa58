//! The tree as the house tests see it: crates, their manifests, and files by ending.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Top of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.join("../..").canonicalize().expect("testkit stands two levels below the root")
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A path as it is told to whoever must repair it.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// All files below a directory, with this ending.
pub(crate) fn files(below: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    gather(&root().join(below), &mut found);
    found.retain(|path| path.to_string_lossy().ends_with(ending));
    found.sort();
    found
}

/// Every Rust file of the project.
pub(crate) fn sources() -> Vec<PathBuf> {
    let found = [files("crates", ".rs"), files("tests", ".rs")].concat();
    assert!(found.len() > 100, "the walk has lost its way: {} Rust files", found.len());
    found
}

/// Every page of the project: READMEs, decisions, figures.
pub(crate) fn readmes() -> Vec<PathBuf> {
    let below = ["crates", "proto", "deploy", "findings", "tests"].iter().flat_map(|top| files(top, ".md"));
    below.chain([root().join("README.md")]).collect()
}

pub(crate) fn gather(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() { gather(&path, found) } else { found.push(path) }
    }
}

/// A crate's manifest, as far as the house cares.
#[derive(Default)]
pub(crate) struct Manifest {
    /// Packages in `[dependencies]`.
    pub(crate) normal: BTreeSet<String>,
    /// Packages in `[dev-dependencies]`.
    pub(crate) dev: BTreeSet<String>,
    /// Packages in `[workspace.dependencies]`, our own crates left aside.
    pub(crate) workspace: BTreeSet<String>,
    /// Where its test targets stand, as seen from its directory.
    pub(crate) tests: Vec<String>,
}

impl Manifest {
    /// Our own crates among the dependencies, by their one word.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &str> {
        self.normal.iter().filter_map(|name| name.strip_prefix("onefold-"))
    }

    pub(crate) fn parse(text: &str) -> Self {
        let mut manifest = Self::default();
        let mut section = "";
        for line in text.lines().map(str::trim) {
            if let Some(header) = line.strip_prefix('[') {
                section = header.trim_end_matches(']');
                // `[dependencies.serde]` names its package in the header.
                if let Some((part, package)) = section.split_once('.').filter(|(part, _)| *part != "workspace") {
                    manifest.put(part, package);
                    section = "";
                }
                continue;
            }
            if section == "[test" {
                manifest.tests.extend(line.strip_prefix("path = \"").map(|path| path.trim_end_matches('"').to_owned()));
            }
            let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(0);
            if end > 0 && !line.starts_with('#') {
                manifest.put(section, &line[..end]);
            }
        }
        manifest
    }

    fn put(&mut self, section: &str, package: &str) {
        match section {
            "dependencies" | "build-dependencies" => self.normal.insert(package.to_owned()),
            "dev-dependencies" => self.dev.insert(package.to_owned()),
            "workspace.dependencies" if !package.starts_with("onefold-") => self.workspace.insert(package.to_owned()),
            _ => false,
        };
    }
}

/// All crates by the word of their directory.
pub(crate) fn crates() -> BTreeMap<String, Manifest> {
    let entries = fs::read_dir(root().join("crates")).expect("there is a directory `crates`");
    let directories = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    let read = |path: PathBuf| {
        let word = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (word, Manifest::parse(&self::read(&path.join("Cargo.toml"))))
    };
    directories.map(read).collect()
}

/// Fails with all that is wrong at once.
pub(crate) fn none(rule: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{rule}:\n  {}", wrong.join("\n  "));
}
