//! What the files in `deploy/` say.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::root;

pub(crate) fn deploy(name: &str) -> PathBuf {
    root().join("deploy").join(name)
}

pub(crate) fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All documents of a YAML or JSON file.
pub(crate) fn documents(path: &Path) -> Vec<Value> {
    let text = text(path);
    let read = if path.extension().is_some_and(|ending| ending == "json") {
        serde_json::from_str(&text).map(|document| vec![document]).map_err(|error| error.to_string())
    } else {
        serde_saphyr::from_multiple(&text).map_err(|error| error.to_string())
    };
    let read: Vec<Value> = read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(!read.is_empty(), "{} says nothing", path.display());
    read
}

pub(crate) fn document(name: &str) -> Value {
    documents(&deploy(name)).remove(0)
}

pub(crate) fn string(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("expected a text: {value}")).to_owned()
}

/// What is wrong, all of it at once.
pub(crate) fn none(claim: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{claim}:\n  {}", wrong.join("\n  "));
}
