//! The environment as a layer: `ONEFOLD_` with section and key in capitals.

use std::collections::BTreeMap;

use onefold_mapping::did_you_mean;
use toml::{Table, Value};

use super::{layer, service_links};

const PREFIX: &str = "ONEFOLD_";
/// Ends a variable that names a file which holds the value.
const FILE: &str = "_FILE";
/// Read elsewhere: options of the command line, and what is of one run rather than of a hub.
const OTHERS: [&str; 7] = [
    "ONEFOLD_CONFIG",
    "ONEFOLD_DATA",
    "ONEFOLD_KAFKA",
    "ONEFOLD_POSTGRES",
    "ONEFOLD_BY",
    "ONEFOLD_LOG",
    "ONEFOLD_FAILPOINTS",
];
/// Begins variables that connector files name for their secrets.
const SECRETS: &str = "ONEFOLD_SECRET_";
/// What tests and the servers to play with say to themselves.
const TESTS: [&str; 7] =
    ["ONEFOLD_DEV", "ONEFOLD_TEST_", "ONEFOLD_TRUTH_", "ONEFOLD_KILL", "ONEFOLD_FLIP", "ONEFOLD_SOAK", "ONEFOLD_BLESS"];

/// Lays the environment on `base`; answers what is wrong.
pub(super) fn lay_variables(base: &mut Table, environment: &[(String, String)]) -> Vec<String> {
    let mut known = BTreeMap::new();
    collect_variables(&layer::default_table(), &mut Vec::new(), &mut known);
    let mut wrong = Vec::new();
    for (name, text) in environment {
        let other =
            OTHERS.contains(&name.as_str()) || TESTS.iter().chain([&SECRETS]).any(|prefix| name.starts_with(prefix));
        if !name.starts_with(PREFIX) || other {
            continue;
        }
        let (variable, text) = match name.strip_suffix(FILE).filter(|v| find_variable(&known, v).is_some()) {
            Some(variable) => match layer::read_file(text) {
                Ok(text) => (variable, text),
                Err(why) => {
                    wrong.push(format!("{name}: {why}"));
                    continue;
                }
            },
            None => (name.as_str(), text.clone()),
        };
        let Some((path, like)) = find_variable(&known, variable) else {
            if service_links::is_link(name, &text) {
                continue;
            }
            let near = did_you_mean(name, known.keys().map(String::as_str)).map(|near| format!(": {near}"));
            wrong.push(format!("{name} is no key{}", near.unwrap_or_default()));
            continue;
        };
        match parse_value(&text, &like) {
            Some(value) => put_value(base, &path, value),
            None => wrong.push(format!("{name}: expected {}, found something else", layer::type_name(&like))),
        }
    }
    wrong
}

/// Every key by its variable, with its default; of open tables the prefix of theirs.
fn collect_variables(table: &Table, at: &mut Vec<String>, known: &mut BTreeMap<String, (Vec<String>, Value)>) {
    for (key, value) in table {
        at.push(key.clone());
        let variable = format!("{PREFIX}{}", at.join("_").to_uppercase());
        match value {
            Value::Table(below) if !layer::is_open(&at.join(".")) => collect_variables(below, at, known),
            _ => {
                known.insert(variable, (at.clone(), value.clone()));
            }
        }
        at.pop();
    }
}

/// The path of a variable and a value of its type.
fn find_variable(known: &BTreeMap<String, (Vec<String>, Value)>, variable: &str) -> Option<(Vec<String>, Value)> {
    if let Some((path, like)) = known.get(variable).filter(|(_, like)| !like.is_table()) {
        return Some((path.clone(), like.clone()));
    }
    let (open, (path, _)) =
        known.iter().find(|(open, (_, like))| like.is_table() && variable.starts_with(&format!("{open}_")))?;
    let rest = variable.get(open.len() + 1..)?.to_lowercase();
    // librdkafka's names have points where a variable cannot; limits by kind are numbers.
    let kafka = path.first().is_some_and(|section| section == "kafka");
    let (key, like) =
        if kafka { (rest.replace('_', "."), Value::String(String::new())) } else { (rest, Value::Integer(0)) };
    Some((path.iter().cloned().chain([key]).collect(), like))
}

fn parse_value(text: &str, like: &Value) -> Option<Value> {
    match like {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
        Value::Boolean(_) => text.trim().parse().ok().map(Value::Boolean),
        Value::Float(_) => text.trim().parse().ok().map(Value::Float),
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
        Value::Datetime(_) | Value::Table(_) => None,
    }
}

fn put_value(base: &mut Table, path: &[String], value: Value) {
    match path {
        [] => {}
        [key] => {
            base.insert(key.clone(), value);
        }
        [section, rest @ ..] => {
            if let Some(Value::Table(below)) = base.get_mut(section) {
                put_value(below, rest, value);
            }
        }
    }
}
