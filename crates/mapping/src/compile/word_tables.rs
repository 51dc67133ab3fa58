//! `[enum]` and `[lookup]`: a source's words to the catalogue's.

use std::collections::{BTreeMap, HashMap};

use onefold_event::{Problem, clean_text};

use crate::language::node::{TomlNode, TomlValue};
use crate::language::options::{ALTERNATIVE, ENUM, LOOKUP};
use crate::program::word_tables::{EnumTable, LookupTable, UnknownWord};
use crate::report::diagnostics::Diagnostics;
use crate::values::fold::FOLDS;

/// Longest look-up table, in bytes: it is held whole.
const LOOKUP_BYTES: usize = 64 << 20;

impl UnknownWord {
    pub(crate) fn read(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<Self> {
        if node.is_table() {
            node.allow_keys(diagnostics, "`else`", &ALTERNATIVE.keys());
            return node.get("value")?.expect_text(diagnostics).map(|t| Self::Value(t.to_owned()));
        }
        node.one_of(diagnostics, &[("reject", 0), ("absent", 1), ("keep", 2)]).map(|n| match n {
            0 => Self::Reject,
            1 => Self::Absent,
            _ => Self::Keep,
        })
    }
}

impl EnumTable {
    pub(crate) fn read(name: &str, node: &TomlNode, diagnostics: &mut Diagnostics) -> Self {
        node.allow_keys(diagnostics, &format!("[enum.{name}]"), &ENUM.keys());
        let fold = node.get("fold").and_then(|n| n.one_of(diagnostics, &FOLDS)).unwrap_or_default();
        let otherwise = match node.get("else") {
            Some(n) => UnknownWord::read(n, diagnostics),
            None => {
                let missing = Problem::new("M0102", format!("[enum.{name}] does not say what to do with other words"))
                    .help("add else = \"reject\" (or \"absent\", \"keep\", { value = \"…\" })");
                diagnostics.add(&node.span, missing);
                None
            }
        };
        let mut words = Self {
            name: name.to_owned(),
            otherwise: otherwise.unwrap_or(UnknownWord::Reject),
            fold,
            values: HashMap::new(),
            listed: Vec::new(),
        };
        let Some(values) = node.get("values") else {
            diagnostics.report_message(&node.span, "M0102", format!("[enum.{name}.values] is missing"));
            return words;
        };
        for entry in values.entries() {
            let Some(to) = entry.node.expect_text(diagnostics) else { continue };
            let key = words.fold_key(&entry.key).into_owned();
            words.listed.push(entry.key.clone());
            // Twice the same word with one meaning is a habit of exports; with two it is a slip.
            if words.values.insert(key, to.to_owned()).is_some_and(|old| old != to) {
                diagnostics.report_message(
                    &entry.at,
                    "M0108",
                    format!("`{}` is the same word as one above, with another meaning", entry.key),
                );
            }
        }
        words
    }
}

impl LookupTable {
    pub(crate) fn read(
        name: &str,
        node: &TomlNode,
        load: &dyn Fn(&str) -> Result<String, String>,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        node.allow_keys(diagnostics, &format!("[lookup.{name}]"), &LOOKUP.keys());
        let fold = node.get("fold").and_then(|n| n.one_of(diagnostics, &FOLDS)).unwrap_or_default();
        let mut lookup =
            Self { name: name.to_owned(), text: String::new(), columns: Vec::new(), fold, rows: HashMap::new() };
        let (Some(file), Some(key)) = (node.get("file"), node.get("key")) else {
            diagnostics.report_message(&node.span, "M0102", format!("[lookup.{name}] needs `file` and `key`"));
            return lookup;
        };
        let (Some(path), Some(column)) = (file.expect_text(diagnostics), key.expect_text(diagnostics)) else {
            return lookup;
        };
        match load(path) {
            Ok(text) if text.len() > LOOKUP_BYTES => {
                diagnostics.report_message(
                    &file.span,
                    "M0501",
                    format!("the look-up file {path} has {} bytes: at most {LOOKUP_BYTES}", text.len()),
                );
            }
            Ok(text) => lookup.text = text,
            Err(why) => diagnostics.report_message(
                &file.span,
                "M0501",
                format!("the look-up file {path} cannot be read: {why}"),
            ),
        }
        if let Err(problem) = lookup.read_rows(path, column) {
            diagnostics.add(if problem.code == "M0502" { &key.span } else { &file.span }, *problem);
        }
        lookup
    }

    fn read_rows(&mut self, path: &str, key: &str) -> Result<(), Box<Problem>> {
        if self.text.is_empty() {
            return Ok(());
        }
        let bad = |e: csv::Error| Box::new(Problem::new("M0501", format!("the look-up file {path} is no CSV: {e}")));
        // Excel puts the mark before the first heading, where it would be part of the key column's name.
        let text = self.text.trim_start_matches('\u{feff}').to_owned();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        self.columns = reader.headers().map_err(bad)?.iter().map(str::to_owned).collect();
        let Some(at) = self.columns.iter().position(|c| c == key) else {
            let missing = Problem::new("M0502", format!("the look-up file {path} has no column `{key}`"));
            // Not what it has: nobody knows that it is the right file.
            let found = format!("{} columns of other names in its first line", self.columns.len());
            return Err(Box::new(missing.instead(found, format!("a first line that names `{key}`"))));
        };
        for row in reader.records() {
            let row = row.map_err(bad)?;
            let line = row.position().map_or(0, csv::Position::line);
            let word = self.fold.fold_text(clean_text(row.get(at).unwrap_or_default(), true)).into_owned();
            if self.rows.insert(word, row).is_some() {
                let why = format!("the look-up file {path} has the key of line {line} twice");
                return Err(Box::new(Problem::new("M0501", why)));
            }
        }
        Ok(())
    }
}

/// Named tables under `[enum]` or `[lookup]`.
pub(crate) fn read_named<T>(
    node: Option<&TomlNode>,
    diagnostics: &mut Diagnostics,
    read: impl Fn(&str, &TomlNode, &mut Diagnostics) -> T,
) -> (Vec<T>, BTreeMap<String, usize>) {
    let (mut list, mut names) = (Vec::new(), BTreeMap::new());
    for entry in node.map_or(&[][..], TomlNode::entries) {
        if !matches!(entry.node.value, TomlValue::Table(_)) {
            entry.node.report_type(diagnostics, "a table");
            continue;
        }
        names.insert(entry.key.clone(), list.len());
        list.push(read(&entry.key, &entry.node, diagnostics));
    }
    (list, names)
}
