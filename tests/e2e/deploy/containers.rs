//! The containers that Compose and Kubernetes start: images, words, settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::root;
use crate::read::{document, documents, string};

/// The image of this program.
pub(crate) const OURS: &str = "onefold:";

/// Every file below `deploy/` with one of these endings.
pub(crate) fn files(endings: &[&str]) -> Vec<PathBuf> {
    fn walk(directory: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, endings, found);
            } else if path.extension().is_some_and(|own| endings.iter().any(|ending| own == *ending)) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join("deploy"), endings, &mut found);
    found.sort();
    found
}

/// The objects that a cluster is given, examples included.
pub(crate) fn objects() -> Vec<Value> {
    let of_cluster = |path: &PathBuf| path.parent().is_some_and(|parent| parent.ends_with("deploy/kubernetes"));
    let paths = files(&["yaml"]).into_iter().filter(of_cluster).filter(|path| !path.ends_with("kustomization.yaml"));
    let found: Vec<Value> = paths.flat_map(|path| documents(&path)).collect();
    assert!(found.len() > 12, "the walk has lost its way: {} objects", found.len());
    found
}

/// A container as Compose or Kubernetes start it.
#[derive(Debug)]
pub(crate) struct Container {
    /// Where it stands, for whoever must repair it.
    pub(crate) at: String,
    pub(crate) image: String,
    pub(crate) words: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
    /// All that is said of it.
    pub(crate) said: Value,
    /// What its pod says.
    pub(crate) pod: Option<Value>,
}

impl Container {
    pub(crate) fn is_ours(&self) -> bool {
        self.image.starts_with(OURS)
    }

    /// The role it runs, if it runs one.
    pub(crate) fn role(&self) -> Option<&str> {
        let roles = self.words.windows(2).find(|pair| pair[0] == "--role")?;
        self.words.first().filter(|word| *word == "run").map(|_| roles[1].as_str())
    }
}

pub(crate) fn of_compose() -> Vec<Container> {
    let compose = document("compose.yaml");
    let services = compose["services"].as_object().expect("services").iter();
    services
        .map(|(name, said)| Container {
            at: format!("compose.yaml: {name}"),
            image: said["image"].as_str().unwrap_or_default().to_owned(),
            words: words(&said["command"]),
            env: said["environment"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(k, v)| (k.clone(), v.as_str().expect("a text").to_owned()))
                .collect(),
            said: said.clone(),
            pod: None,
        })
        .collect()
}

pub(crate) fn of_kubernetes() -> Vec<Container> {
    let mut found = Vec::new();
    for object in objects() {
        let pod = &object["spec"]["template"]["spec"];
        for said in pod["containers"].as_array().into_iter().flatten() {
            let env = said["env"].as_array().into_iter().flatten();
            found.push(Container {
                at: format!("{}: {}", object["metadata"]["name"], said["name"]),
                image: said["image"].as_str().unwrap_or_default().to_owned(),
                words: words(&said["args"]),
                env: env.map(|one| (string(&one["name"]), string(&one["value"]))).collect(),
                said: said.clone(),
                pod: Some(pod.clone()),
            });
        }
    }
    found
}

pub(crate) fn containers() -> Vec<Container> {
    let found: Vec<_> = of_compose().into_iter().chain(of_kubernetes()).collect();
    assert!(found.iter().filter(|container| container.is_ours()).count() >= 10, "{found:#?}");
    found
}

pub(crate) fn words(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(string).collect()
}
