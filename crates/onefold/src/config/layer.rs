//! One layer laid over another: what the upper does not say stays, what nobody knows is refused.

use onefold_mapping::did_you_mean;
use toml::{Table, Value};

use super::DEFAULT;

/// Tables whose keys are the user's own.
const OPEN: [&str; 3] = ["kafka.properties", "identity.hub.kinds", "identity.profile.groups"];

/// The default as a table.
pub(crate) fn default_table() -> Table {
    // A test holds the default to being TOML.
    toml::from_str(DEFAULT).expect("the default configuration, which is compiled in, is TOML")
}

/// Lays `over` on `base`, which knows every key; answers what is wrong.
pub(super) fn lay_table(base: &mut Table, over: Table) -> Vec<String> {
    let mut wrong = Vec::new();
    lay_at(base, over, "", &mut wrong);
    wrong
}

fn lay_at(base: &mut Table, over: Table, at: &str, wrong: &mut Vec<String>) {
    for (key, value) in over {
        let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        let value = match from_file(value) {
            Ok(value) => value,
            Err(why) => {
                wrong.push(format!("{path}: {why}"));
                continue;
            }
        };
        if OPEN.contains(&at) {
            base.insert(key, value);
            continue;
        }
        match base.get_mut(&key) {
            None => {
                let prefix = if at.is_empty() { String::new() } else { format!("{at}.") };
                let near = did_you_mean(&key, base.keys().map(String::as_str))
                    .map(|near| format!(": {}", near.replacen('`', &format!("`{prefix}"), 1)));
                wrong.push(format!("{path} is no key{}", near.unwrap_or_default()));
            }
            Some(Value::Table(below)) => match value {
                Value::Table(over) => lay_at(below, over, &path, wrong),
                other => wrong.push(format!("{path}: expected a table, found {}", type_name(&other))),
            },
            Some(known) if known.same_type(&value) => *known = value,
            Some(known) => wrong.push(format!("{path}: expected {}, found {}", type_name(known), type_name(&value))),
        }
    }
}

/// `{ file = "..." }` stands for what is in the file.
fn from_file(value: Value) -> Result<Value, String> {
    let Value::Table(table) = &value else { return Ok(value) };
    match table.get("file") {
        Some(Value::String(path)) if table.len() == 1 => read_file(path).map(Value::String),
        _ => Ok(value),
    }
}

/// What a file holds, without the line's end that editors leave.
pub(super) fn read_file(path: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// Whether a table's keys are the user's own.
pub(super) fn is_open(path: &str) -> bool {
    OPEN.contains(&path)
}

pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::Integer(_) => "an integer",
        Value::Float(_) => "a number with a point",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}
