//! Compose, Kubernetes and the image agree with the program and with each other.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use tempfile::tempdir;

use crate::containers::{Container, OURS, containers, files, objects, of_compose, of_kubernetes};
use crate::harness::root;
use crate::read::{deploy, document, documents, none, string, text};

/// The program in an environment that says nothing else to it.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onefold"));
    std::env::vars().filter(|(name, _)| name.starts_with("ONEFOLD_")).for_each(|(name, _)| {
        command.env_remove(name);
    });
    command
}

/// Every role that the program knows, by its own documented default.
fn roles() -> BTreeSet<String> {
    let output = program().args(["config", "default"]).output().expect("the program");
    let default: toml::Table = toml::from_str(&String::from_utf8_lossy(&output.stdout)).expect("TOML");
    let roles = default["hub"]["roles"].as_array().expect("roles").iter();
    roles.map(|role| role.as_str().expect("a role").to_owned()).collect()
}

/// Where each role answers, as the gate knows it.
fn ports() -> BTreeMap<String, String> {
    let gate = text(&deploy("gate/gate.conf"));
    let map = gate.split_once("map $role $port {").and_then(|(_, rest)| rest.split_once('}')).expect("a map").0;
    let pairs = map.split(';').filter_map(|line| line.trim().split_once(' '));
    pairs.map(|(role, port)| (role.to_owned(), port.to_owned())).collect()
}

#[test]
fn every_file_parses_and_every_object_has_a_name() {
    for path in files(&["yaml", "yml", "json"]) {
        documents(&path);
    }
    let nameless = |object: &&Value| {
        !["apiVersion", "kind"].iter().all(|key| object[key].is_string()) || !object["metadata"]["name"].is_string()
    };
    none("an object without a name", &objects().iter().filter(nameless).map(ToString::to_string).collect::<Vec<_>>());
}

#[test]
fn every_image_is_of_one_version_and_ours_is_of_this_one() {
    let file = text(&deploy("Dockerfile"));
    let from = file.lines().filter_map(|line| line.strip_prefix("FROM ")).map(|rest| rest.split(' ').next().unwrap());
    let images: Vec<String> = from.map(str::to_owned).chain(containers().into_iter().map(|c| c.image)).collect();
    let pinned = |image: &str| {
        let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag).trim_start_matches('v');
        tag.split('.').count() >= 2 && tag.starts_with(|c: char| c.is_ascii_digit())
    };
    assert!(pinned("debian:12.13-slim") && !pinned("debian:12-slim") && !pinned("debian:latest") && !pinned("debian"));
    none("an image of any version", &images.iter().filter(|image| !pinned(image)).cloned().collect::<Vec<_>>());
    let ours = format!("{OURS}{}", env!("CARGO_PKG_VERSION"));
    let stale: Vec<_> = images.iter().filter(|image| image.starts_with(OURS) && **image != ours).cloned().collect();
    none("our image is of another version", &stale);
    let rust = format!("rust:{}.", env!("CARGO_PKG_RUST_VERSION"));
    assert!(images.iter().any(|image| image.starts_with(&rust)), "the image is built by another Rust than {rust}");
    let pom = text(&deploy("dev/pom.xml"));
    let kafka = images.iter().find_map(|image| image.strip_prefix("apache/kafka:")).expect("a broker");
    assert!(pom.contains(&format!("<version>{kafka}</version>")), "the tests run another Kafka than {kafka}");
}

#[test]
fn nobody_is_root_or_may_become_it() {
    let root = |user: &str| user.is_empty() || user.starts_with('0') || user == "root";
    let mut wrong = Vec::new();
    for Container { at, said, pod, .. } in containers() {
        let mut must = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{at}: {what}"));
            }
        };
        if let Some(pod) = pod {
            let (of_pod, own) = (&pod["securityContext"], &said["securityContext"]);
            must(of_pod["runAsNonRoot"] == true, "runAsNonRoot");
            must(of_pod["runAsUser"].as_u64().is_some_and(|id| id > 0), "runAsUser");
            must(own["runAsUser"].is_null() || own["runAsUser"].as_u64().is_some_and(|id| id > 0), "runAsUser");
            must(of_pod["seccompProfile"]["type"] == "RuntimeDefault", "seccompProfile");
            must(own["allowPrivilegeEscalation"] == false, "allowPrivilegeEscalation");
            must(own["readOnlyRootFilesystem"] == true, "readOnlyRootFilesystem");
            must(own["capabilities"]["drop"][0] == "ALL", "capabilities");
            must(pod["automountServiceAccountToken"] == false, "automountServiceAccountToken");
            must(pod["enableServiceLinks"] == false, "enableServiceLinks");
            must(said["resources"]["limits"]["memory"].is_string(), "a limit of memory");
        } else {
            must(!root(said["user"].as_str().unwrap_or_default()), "user");
            must(said["cap_drop"][0] == "ALL", "cap_drop");
            must(said["security_opt"][0] == "no-new-privileges:true", "security_opt");
            must(
                !said["image"].as_str().is_some_and(|i| i.starts_with(OURS)) || said["read_only"] == true,
                "read_only",
            );
        }
    }
    let user = text(&deploy("Dockerfile")).lines().filter_map(|line| line.strip_prefix("USER ")).map(root).next_back();
    if user != Some(false) {
        wrong.push("Dockerfile: USER".to_owned());
    }
    none("a container may do more than it must", &wrong);
}

#[test]
fn every_word_of_a_container_is_one_that_the_program_takes() {
    let takes = |words: &[String]| program().args(words).arg("--help").output().expect("the program");
    for wrong in [["run", "--role", "nobody"], ["run", "--roll", "serve"], ["topics", "aply", "--json"]] {
        assert!(!takes(&wrong.map(str::to_owned)).status.success(), "{wrong:?} would be taken");
    }
    let mut wrong = Vec::new();
    for container in containers().into_iter().filter(Container::is_ours) {
        assert!(!container.words.is_empty(), "{}: says nothing", container.at);
        let output = takes(&container.words);
        if !output.status.success() {
            wrong.push(format!("{}: {}", container.at, String::from_utf8_lossy(&output.stderr)));
        }
    }
    none("the program does not take", &wrong);
}

#[test]
fn every_setting_of_a_container_is_one_that_the_program_knows() {
    let home = tempdir().expect("a directory");
    let secret = home.path().join("url");
    std::fs::write(&secret, "postgres://onefold:geheim@postgres:5432/onefold\n").expect("a file");
    let check = |env: &BTreeMap<String, String>| {
        let mut command = program();
        for (name, value) in env {
            match (name.as_str(), value.strip_prefix("/run/secrets/")) {
                ("ONEFOLD_CONFIG", _) => command.env(name, deploy("kubernetes/onefold.toml")),
                (_, Some(_)) => command.env(name, &secret),
                _ => command.env(name, value),
            };
        }
        command.args(["config", "check"]).output().expect("the program")
    };
    assert!(!check(&[("ONEFOLD_HTTP_LISTN".to_owned(), "127.0.0.1:1".to_owned())].into()).status.success());
    let ports = ports();
    for container in containers().into_iter().filter(Container::is_ours) {
        let output = check(&container.env);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{}: {}", container.at, String::from_utf8_lossy(&output.stderr));
        assert!(told.contains("onefold:***@postgres"), "{}: no database: {told}", container.at);
        assert!(!told.contains("embedded"), "{}: {told}", container.at);
        if let Some(role) = container.role() {
            let address = format!("127.0.0.1:{}", ports[role]);
            assert!(told.contains(&address), "{}: the gate asks at {address}: {told}", container.at);
        }
    }
}

#[test]
fn every_role_is_deployed_kept_and_watched() {
    let roles = roles();
    let run_by = |containers: Vec<Container>| -> Vec<String> {
        containers.iter().filter_map(|container| container.role().map(str::to_owned)).collect()
    };
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    let once: Vec<String> = roles.iter().cloned().collect();
    assert_eq!(sorted(run_by(of_compose())), once, "compose.yaml");
    assert_eq!(sorted(run_by(of_kubernetes())), once, "kubernetes");
    assert_eq!(ports().into_keys().collect::<BTreeSet<_>>(), roles, "gate.conf");

    let targets = &document("prometheus/prometheus.yaml")["scrape_configs"][0]["static_configs"];
    let watched = targets.as_array().expect("targets").iter().map(|target| {
        let (role, path) = (string(&target["labels"]["role"]), string(&target["labels"]["__metrics_path__"]));
        assert_eq!(path, format!("/metrics/{role}"));
        role
    });
    assert_eq!(sorted(watched.collect()), once, "prometheus.yaml");

    let kept = objects().into_iter().filter(|object| object["kind"] == "PodDisruptionBudget");
    let kept = kept.map(|object| string(&object["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]));
    assert_eq!(sorted(kept.collect()), once, "budgets.yaml");
    let topics = containers().iter().filter(|container| container.words == ["topics", "apply"]).count();
    assert_eq!(topics, 2, "the topics are made by one job in Compose and one in Kubernetes");
}

#[test]
fn every_pod_says_how_it_is_and_is_given_time_to_stop() {
    let mut wrong = Vec::new();
    for container in of_kubernetes().into_iter().filter(|container| container.role().is_some()) {
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
            if container.said[probe]["exec"]["command"][0] != "healthy" {
                wrong.push(format!("{}: {probe}", container.at));
            }
        }
        let pod = container.pod.expect("a pod");
        if pod["terminationGracePeriodSeconds"].as_u64().is_none_or(|seconds| seconds < 30) {
            wrong.push(format!("{}: terminationGracePeriodSeconds", container.at));
        }
        let volumes: Vec<String> =
            pod["volumes"].as_array().into_iter().flatten().map(|v| string(&v["name"])).collect();
        let mounts = pod["containers"].as_array().into_iter().flatten().flat_map(|c| c["volumeMounts"].as_array());
        for mount in mounts.flatten().map(|mount| string(&mount["name"])).filter(|name| !volumes.contains(name)) {
            wrong.push(format!("{}: no volume {mount}", container.at));
        }
        if !pod["containers"].as_array().into_iter().flatten().any(|c| c["name"] == "gate") {
            wrong.push(format!("{}: nobody reaches it without a gate", container.at));
        }
    }
    none("a pod that Kubernetes cannot look after", &wrong);
    let file = text(&deploy("Dockerfile"));
    assert!(file.contains("deploy/healthy /usr/local/bin/healthy") && file.contains("CMD [\"healthy\"]"));
}

#[test]
fn whatever_is_mounted_or_copied_is_there() {
    let compose = document("compose.yaml");
    let mut wrong = Vec::new();
    for container in of_compose() {
        let volumes = container.said["volumes"].as_array().into_iter().flatten().map(string).collect::<Vec<_>>();
        for from in volumes.iter().filter_map(|volume| volume.split(':').next()) {
            let there = match from.strip_prefix("./") {
                Some(file) => deploy(file).exists(),
                None => compose["volumes"].get(from).is_some(),
            };
            if !there {
                wrong.push(format!("{}: {from}", container.at));
            }
        }
        let secrets = container.said["secrets"].as_array().into_iter().flatten().map(string);
        wrong.extend(secrets.filter(|name| compose["secrets"].get(name).is_none()));
    }
    let made = tempdir().expect("a directory");
    let status = Command::new(deploy("compose-secrets")).arg(made.path().join("s")).output().expect("bash");
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    for (name, secret) in compose["secrets"].as_object().expect("secrets") {
        let file = string(&secret["file"]);
        if !made.path().join("s").join(file.trim_start_matches("./secrets/")).exists() {
            wrong.push(format!("compose-secrets does not make {name}"));
        }
    }
    let ignored = text(&root().join(".dockerignore"));
    let kept = ignored.lines().filter_map(|line| line.strip_prefix('!'));
    wrong.extend(kept.filter(|path| !root().join(path).exists()).map(|path| format!(".dockerignore: {path}")));
    none("something is not there", &wrong);
}
