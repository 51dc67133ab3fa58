//! The dashboard and the alerts ask for nothing that the program does not tell, and each alert says what to do.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use onefold_testkit::skipped;
use regex::Regex;
use serde_json::Value;

use crate::harness::root;
use crate::read::{deploy, document, none, string, text};

/// Labels that Prometheus itself gives, or `prometheus.yaml` and the pod monitor.
const GIVEN: [&str; 4] = ["job", "role", "instance", "le"];

/// What the program tells: kind and labels of each metric.
struct Told {
    metrics: BTreeMap<String, (String, BTreeSet<String>)>,
    stages: BTreeSet<String>,
    routes: BTreeSet<String>,
}

impl Told {
    fn read() -> Self {
        let (mut metrics, mut stages) = (BTreeMap::new(), BTreeSet::new());
        let told = Regex::new(r#"(?s)metrics::(gauge|counter|histogram)!\(\s*"(\w+)"(.*?)\)\s*\."#).unwrap();
        let label = Regex::new(r#""(\w+)"\s*=>"#).unwrap();
        let stage = Regex::new(r#"fn name\(&self\) -> &str \{\s*"(\w+)""#).unwrap();
        let sources = glob(&root().join("crates"));
        for text in &sources {
            for found in told.captures_iter(text) {
                let labels = label.captures_iter(&found[3]).map(|label| label[1].to_owned()).collect();
                metrics.insert(found[2].to_owned(), (found[1].to_owned(), labels));
            }
            stages.extend(stage.captures_iter(text).map(|found| found[1].to_owned()));
        }
        let route = Regex::new(r#"\.route\("([^"]+)""#).unwrap();
        let routes = sources.iter().flat_map(|text| route.captures_iter(text).map(|found| found[1].to_owned()));
        let told = Self { routes: routes.collect(), metrics, stages };
        assert!(told.metrics.len() >= 10 && told.stages.len() >= 3 && told.routes.len() >= 5, "the walk is lost");
        told
    }

    /// What a question asks for that nobody tells.
    fn missing(&self, question: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut labels: BTreeSet<String> = GIVEN.map(str::to_owned).into();
        for name in Regex::new(r"onefold_\w+").unwrap().find_iter(question).map(|found| found.as_str()) {
            let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let of_histogram = of_histogram.filter(|base| self.metrics.get(*base).is_some_and(|m| m.0 == "histogram"));
            match (of_histogram, self.metrics.get(name)) {
                (Some(base), _) => labels.extend(self.metrics[base].1.iter().cloned()),
                (None, Some((kind, own))) if kind != "histogram" => labels.extend(own.iter().cloned()),
                _ => wrong.push(name.to_owned()),
            }
        }
        let listed = Regex::new(r"by \(([^)]*)\)").unwrap();
        let listed = listed
            .captures_iter(question)
            .flat_map(|l| l[1].split(',').map(|l| l.trim().to_owned()).collect::<Vec<_>>());
        let matched = Regex::new(r#"(\w+)(?:=|=~|!=|!~)"([^"]*)""#).unwrap();
        let matched: Vec<_> = matched.captures_iter(question).map(|m| (m[1].to_owned(), m[2].to_owned())).collect();
        let asked = listed.chain(matched.iter().map(|(label, _)| label.clone()));
        wrong.extend(asked.filter(|label| !labels.contains(label)));
        for (label, value) in matched {
            let there = match label.as_str() {
                "stage" => self.stages.contains(&value),
                "route" => {
                    let value = Regex::new(&format!("^{}$", value.replace('{', r"\{").replace('}', r"\}"))).unwrap();
                    self.routes.iter().any(|route| value.is_match(route))
                }
                _ => true,
            };
            if !there {
                wrong.push(format!("{label}={value}"));
            }
        }
        wrong
    }
}

/// The text of every Rust file below.
fn glob(directory: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(directory).expect("a directory").flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(glob(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(text(&path));
        }
    }
    found
}

fn alerts() -> Vec<Value> {
    let groups = document("prometheus/alerts.yaml");
    let rules = groups["groups"].as_array().expect("groups").iter().flat_map(|g| g["rules"].as_array().cloned());
    let rules: Vec<Value> = rules.flatten().collect();
    assert!(rules.len() >= 10, "the walk is lost");
    rules
}

#[test]
fn whatever_is_asked_for_is_told() {
    let told = Told::read();
    for wrong in [
        "onefold_lag_evnts",
        "onefold_stage_step_seconds",
        "onefold_inbox_waiting_count",
        "sum by (stag) (onefold_stage_handled_total)",
        r#"onefold_stage_handled_total{stage="project"}"#,
        r#"onefold_http_seconds_count{route="/v2/events"}"#,
    ] {
        assert!(!told.missing(wrong).is_empty(), "{wrong} would be taken");
    }
    let mut wrong = Vec::new();
    for rule in alerts() {
        let missing = told.missing(&string(&rule["expr"]));
        wrong.extend(missing.into_iter().map(|what| format!("{}: {what}", rule["alert"])));
    }
    let dashboard = document("grafana/onefold.json");
    let mut asked = 0;
    for panel in dashboard["panels"].as_array().expect("panels") {
        for target in panel["targets"].as_array().expect("targets") {
            asked += 1;
            let missing = told.missing(&string(&target["expr"]));
            wrong.extend(missing.into_iter().map(|what| format!("{}: {what}", panel["title"])));
        }
    }
    assert!(asked >= 10, "the dashboard asks {asked} questions");
    none("nobody tells", &wrong);
}

#[test]
fn whatever_is_told_is_shown() {
    let asked = text(&deploy("grafana/onefold.json"));
    let absent = Told::read().metrics.into_keys().filter(|name| !asked.contains(name.as_str()));
    none("the dashboard does not show", &absent.collect::<Vec<_>>());
}

#[test]
fn every_alert_says_what_to_do_and_is_tried() {
    let readme = text(&deploy("README.md"));
    let mut wrong = Vec::new();
    let tests = document("prometheus/alerts-tests.yaml");
    let tried = |name: &str| {
        let tests = tests["tests"].as_array().into_iter().flatten();
        let mut rules = tests.flat_map(|test| test["alert_rule_test"].as_array()).flatten();
        rules.any(|rule| rule["alertname"] == name && rule["exp_alerts"].as_array().is_some_and(|a| !a.is_empty()))
    };
    for rule in alerts() {
        let name = string(&rule["alert"]);
        let (notes, severity) = (&rule["annotations"], &rule["labels"]["severity"]);
        if !notes["summary"].is_string() || !["critical", "warning"].iter().any(|known| severity == known) {
            wrong.push(format!("{name}: summary, severity"));
        }
        if notes["runbook"] != format!("deploy/README.md#{}", name.to_lowercase()) {
            wrong.push(format!("{name}: runbook"));
        }
        let heading = format!("\n### {name}\n\n");
        let told = readme.split_once(&heading).and_then(|(_, rest)| rest.lines().next());
        if told.is_none_or(|line| line.len() < 20) {
            wrong.push(format!("{name}: deploy/README.md says nothing under {heading:?}"));
        }
        if !tried(&name) {
            wrong.push(format!("{name}: alerts-tests.yaml never raises it"));
        }
    }
    none("an alert that helps nobody", &wrong);
}

#[test]
fn every_alert_is_raised_by_the_figures_that_it_is_for() {
    let Ok(output) =
        Command::new("promtool").args(["test", "rules"]).arg(deploy("prometheus/alerts-tests.yaml")).output()
    else {
        return skipped("the alert rules", "install promtool (Debian: apt-get install prometheus)");
    };
    let told = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    assert!(output.status.success(), "{told}");
}
