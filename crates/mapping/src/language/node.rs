//! The TOML tree with its spans, in the order of the file.

use std::time::Duration;

use onefold_event::Problem;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::report::diagnostics::Diagnostics;
use crate::report::nearest::did_you_mean;
use crate::report::source_text::{SourceText, TextSpan};

#[derive(Debug, Clone)]
pub(crate) struct TomlNode {
    pub(crate) span: TextSpan,
    pub(crate) value: TomlValue,
}

#[derive(Debug, Clone)]
pub(crate) enum TomlValue {
    Text(String),
    Integer(i64),
    /// Text of a float or a date, which the mapping language has no use for.
    Other,
    Bool(bool),
    List(Vec<TomlNode>),
    Table(Vec<TomlEntry>),
}

#[derive(Debug, Clone)]
pub(crate) struct TomlEntry {
    pub(crate) key: String,
    pub(crate) at: TextSpan,
    pub(crate) node: TomlNode,
}

/// Reads the text; what is no TOML is reported with its place.
pub(crate) fn parse_toml(source: &SourceText, diagnostics: &mut Diagnostics) -> TomlNode {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    for error in errors {
        diagnostics.report_message(
            &error.span().unwrap_or(0..0),
            "M0001",
            format!("this is no TOML: {}", error.message().trim()),
        );
    }
    let root = TomlNode { span: 0..0, value: TomlValue::Table(table_entries(table.get_ref())) };
    one_line_tables(&root, source, diagnostics);
    root
}

/// TOML 1.0 only, although the parser reads 1.1: editors do not.
fn one_line_tables(node: &TomlNode, source: &SourceText, diagnostics: &mut Diagnostics) {
    let children: Vec<&TomlNode> = match &node.value {
        TomlValue::Table(entries) => entries.iter().map(|e| &e.node).collect(),
        TomlValue::List(list) => list.iter().collect(),
        _ => return,
    };
    let text = source.text.get(node.span.clone()).unwrap_or_default();
    if node.is_table() && text.starts_with('{') {
        // Breaks within its values (long texts, lists) are allowed.
        let mut between = node.span.start;
        let inner = children.iter().map(|c| &c.span).chain([&(node.span.end..node.span.end)]).any(|child| {
            let gap = source.text.get(between..child.start).unwrap_or_default();
            between = child.end;
            gap.contains('\n')
        });
        if inner {
            let problem = Problem::new("M0002", "a table in braces stands on one line");
            diagnostics.add(
                &(node.span.start..node.span.start + 1),
                problem.help("give it a [section] of its own: most editors know TOML 1.0 only"),
            );
        }
    }
    children.into_iter().for_each(|child| one_line_tables(child, source, diagnostics));
}

fn table_entries(table: &DeTable) -> Vec<TomlEntry> {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| TomlEntry { key: key.get_ref().to_string(), at: key.span(), node: node_of_value(value) })
        .collect();
    // The parser keeps keys by name; the order of the file is that of events and conditions.
    entries.sort_by_key(|e| e.at.start);
    entries
}

fn node_of_value(value: &Spanned<DeValue>) -> TomlNode {
    let inner = match value.get_ref() {
        DeValue::String(text) => TomlValue::Text(text.to_string()),
        DeValue::Integer(n) => {
            i64::from_str_radix(n.as_str(), n.radix()).map_or_else(|_| TomlValue::Other, TomlValue::Integer)
        }
        DeValue::Float(_) | DeValue::Datetime(_) => TomlValue::Other,
        DeValue::Boolean(flag) => TomlValue::Bool(*flag),
        DeValue::Array(list) => TomlValue::List(list.iter().map(node_of_value).collect()),
        DeValue::Table(table) => TomlValue::Table(table_entries(table)),
    };
    TomlNode { span: value.span(), value: inner }
}

impl TomlNode {
    pub(crate) fn entries(&self) -> &[TomlEntry] {
        match &self.value {
            TomlValue::Table(entries) => entries,
            _ => &[],
        }
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&TomlEntry> {
        self.entries().iter().find(|e| e.key == key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&TomlNode> {
        self.entry(key).map(|e| &e.node)
    }

    pub(crate) fn is_table(&self) -> bool {
        matches!(self.value, TomlValue::Table(_))
    }

    fn type_word(&self) -> &'static str {
        match &self.value {
            TomlValue::Text(_) => "a text",
            TomlValue::Integer(_) => "a whole number",
            TomlValue::Other => "a TOML float or date",
            TomlValue::Bool(_) => "true or false",
            TomlValue::List(_) => "a list",
            TomlValue::Table(_) => "a table",
        }
    }

    pub(crate) fn report_type(&self, diagnostics: &mut Diagnostics, expected: &str) {
        let mut problem = Problem::new("M0103", format!("this is {}: expected {expected}", self.type_word()));
        if matches!(self.value, TomlValue::Other) {
            problem = problem.help("amounts, rates and dates stand in quotes: a TOML float is not exact");
        }
        diagnostics.add(&self.span, problem);
    }

    pub(crate) fn expect_table(&self, diagnostics: &mut Diagnostics) -> bool {
        if !self.is_table() {
            self.report_type(diagnostics, "a table");
        }
        self.is_table()
    }

    pub(crate) fn expect_text(&self, diagnostics: &mut Diagnostics) -> Option<&str> {
        match &self.value {
            TomlValue::Text(text) => Some(text),
            _ => {
                self.report_type(diagnostics, "a text in quotes");
                None
            }
        }
    }

    pub(crate) fn expect_bool(&self, diagnostics: &mut Diagnostics) -> Option<bool> {
        match &self.value {
            TomlValue::Bool(flag) => Some(*flag),
            _ => {
                self.report_type(diagnostics, "true or false");
                None
            }
        }
    }

    /// A while, in seconds, minutes or hours.
    pub(crate) fn expect_while(&self, diagnostics: &mut Diagnostics) -> Option<Duration> {
        let text = self.expect_text(diagnostics)?;
        let found = text.find(|c: char| !c.is_ascii_digit()).and_then(|at| {
            let (count, unit) = text.split_at(at);
            let seconds = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                _ => return None,
            };
            count.parse::<u64>().ok().and_then(|c| c.checked_mul(seconds))
        });
        if found.is_none() {
            self.report_type(diagnostics, "a while such as \"5m\"");
        }
        found.map(Duration::from_secs)
    }

    pub(crate) fn expect_integer(&self, diagnostics: &mut Diagnostics) -> Option<i64> {
        match &self.value {
            TomlValue::Integer(n) => Some(*n),
            _ => {
                self.report_type(diagnostics, "a whole number");
                None
            }
        }
    }

    /// A list of texts; one text is a list of one.
    pub(crate) fn text_list(&self, diagnostics: &mut Diagnostics) -> Vec<String> {
        match &self.value {
            TomlValue::Text(text) => vec![text.clone()],
            TomlValue::List(list) => {
                list.iter().filter_map(|n| n.expect_text(diagnostics).map(str::to_owned)).collect()
            }
            _ => {
                self.report_type(diagnostics, "a text or a list of texts");
                Vec::new()
            }
        }
    }

    /// Refuses keys that are not known here, naming the nearest that is.
    pub(crate) fn allow_keys(&self, diagnostics: &mut Diagnostics, place: &str, known: &[&str]) {
        for entry in self.entries() {
            if known.contains(&entry.key.as_str()) {
                continue;
            }
            let mut problem = Problem::new("M0101", format!("{place} has no key `{}`", entry.key));
            match did_you_mean(&entry.key, known.iter().copied()) {
                Some(advice) => problem = problem.help(advice),
                None => problem.expected = known.join(", "),
            }
            diagnostics.add(&entry.at, problem);
        }
    }

    /// One of a few words.
    pub(crate) fn one_of<T: Copy>(&self, diagnostics: &mut Diagnostics, words: &[(&str, T)]) -> Option<T> {
        let text = self.expect_text(diagnostics)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let mut problem = Problem::new("M0104", format!("`{text}` is not known here"));
        problem.expected = format!("one of {}", all.join(", "));
        problem.help.extend(did_you_mean(text, all.into_iter()));
        diagnostics.add(&self.span, problem);
        None
    }
}
