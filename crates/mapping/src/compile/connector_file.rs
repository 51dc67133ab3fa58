//! A connector file from its text to its compiled form, section by section.

use std::collections::BTreeMap;
use std::sync::Arc;

use onefold_event::{Problem, catalogue};
use sha2::{Digest, Sha256};

use crate::compile::compiler::ConnectorCompiler;
use crate::compile::word_tables::read_named;
use crate::language::input::{FileCompletion, InputKind, InputSettings};
use crate::language::node::{TomlNode, parse_toml};
use crate::language::options::CONNECTOR;
use crate::language::path::{PathStep, RecordShape, ValuePath};
use crate::language::reading::{ReadSettings, RecordFormat};
use crate::program::compiled::CompiledConnector;
use crate::program::connector_test::ConnectorTest;
use crate::program::paths::PathId;
use crate::program::word_tables::{EnumTable, LookupTable};
use crate::report::diagnostics::Diagnostics;
use crate::report::nearest::did_you_mean;
use crate::report::source_text::SourceText;

const SECTIONS: [&str; 11] =
    ["connector", "from", "read", "assume", "enum", "lookup", "let", "skip", "common", "event", "test"];

/// Reads and checks a connector file. Sections come in the order in which they need each other: tables of words before
/// cells that name them, `[assume]` before what it is assumed of, names before conditions over them.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub(crate) fn compile_connector(
    source: &SourceText,
    load: &dyn Fn(&str) -> Result<String, String>,
) -> Result<CompiledConnector, Vec<Problem>> {
    let mut diagnostics = Diagnostics::new(source);
    let root = parse_toml(source, &mut diagnostics);
    // What is no TOML has no sections: all that would follow would be noise.
    if !diagnostics.list.is_empty() {
        return Err(diagnostics.finish());
    }
    check_sections(&root, &mut diagnostics);
    open_questions(source, &mut diagnostics);
    let (name, source_name, mapping) = read_identity(&root, &mut diagnostics);
    let from = find_section(&root, "from", &mut diagnostics).map(|n| InputSettings::parse(n, &mut diagnostics));
    let read = find_section(&root, "read", &mut diagnostics).map(|n| ReadSettings::parse(n, &mut diagnostics));
    let mut read = read.unwrap_or_default();
    let only_topics = from
        .as_ref()
        .is_some_and(|from| from.kinds.iter().all(|kind| matches!(kind, InputKind::Kafka | InputKind::Http)));
    if let Some(n) = root.get("read").and_then(|n| n.get("stop_after")).filter(|_| only_topics) {
        diagnostics.report_message(
            &n.span,
            "M0112",
            "`stop_after` is for files: topics and posts go on, and their quarantine is watched",
        );
    }
    refuse_growing(&root, from.as_ref(), &read, &mut diagnostics);
    if let Some(n) =
        root.get("from").and_then(|n| n.get("headers")).filter(|_| read.record_shape() == RecordShape::Table)
    {
        diagnostics.report_message(
            &n.span,
            "M0112",
            "`headers` are for JSON: they stand among the members of the body",
        );
    }
    let mut c = ConnectorCompiler::new(diagnostics, read.record_shape());
    // Before any cell: cells name these tables, and a look-up's columns are checked where it is taken from.
    (c.words, c.word_names) = read_named(root.get("enum"), &mut c.diagnostics, EnumTable::read);
    (c.lookups, c.lookup_names) =
        read_named(root.get("lookup"), &mut c.diagnostics, |n, node, f| LookupTable::read(n, node, load, f));
    let (records, only) = root.get("read").map(|n| json_selection(n, read.record_shape(), &mut c)).unwrap_or_default();
    if let Some(n) = root.get("assume") {
        c.read_assumptions(n);
    }
    if let Some(n) = root.get("let") {
        c.declare_lets(n, 0, "let.");
    }
    // Names are all declared by now, so that they may be used in any order.
    c.read_pending_cells();
    let mut skips = Vec::new();
    for entry in root.get("skip").map_or(&[][..], TomlNode::entries) {
        let condition = c.read_condition(&entry.node, 0, format!("skip.{}", entry.key));
        skips.extend(condition.map(|condition| (entry.key.clone(), condition)));
    }
    let events = c.read_events(root.get("common"), root.get("event"));
    // Only now are all needs known: those of events' fields lead back into `[let]`.
    for (scope, slot) in c.scopes.self_references() {
        let slot = &c.scopes.list[scope].slots[slot];
        c.diagnostics.report_message(&slot.span.clone(), "M0111", format!("`{}` is made from itself", slot.name));
    }
    let names: Vec<&str> =
        root.get("event").map_or(&[][..], TomlNode::entries).iter().map(|e| e.key.as_str()).collect();
    let reasons: Vec<&str> =
        root.get("skip").map_or(&[][..], TomlNode::entries).iter().map(|e| e.key.as_str()).collect();
    let tests = ConnectorTest::read_tests(root.get("test"), &names, &reasons, load, &mut c.diagnostics);
    let digest = digest_mapping(source, &c.lookups);
    let blank = Arc::clone(&c.assume.blank);
    let whole = |(id, (_, path)): (PathId, &(String, ValuePath))| {
        Some(id) != records && matches!(path, ValuePath::Json { whole: true, .. })
    };
    read.reads_body = !only.is_empty() || c.paths.list.iter().enumerate().any(whole);
    read.records = records.and_then(|id| match c.paths.list.get(id) {
        Some((_, ValuePath::Json { steps, .. })) => Some(steps.clone()),
        _ => None,
    });
    let unused = c.unused_assumptions(root.get("assume"));
    let ConnectorCompiler { diagnostics, paths, scopes, words, lookups, .. } = c;
    let problems = diagnostics.finish();
    match (problems.is_empty(), from) {
        (true, Some(from)) => Ok(CompiledConnector {
            source: SourceText { file: String::new(), text: String::new() },
            name,
            source_name,
            mapping,
            digest,
            from,
            read,
            records,
            only,
            blank,
            paths,
            scopes,
            words,
            lookups,
            skips,
            events,
            tests,
            unused,
        }),
        _ => Err(problems),
    }
}

fn find_section<'n>(root: &'n TomlNode, name: &str, diagnostics: &mut Diagnostics) -> Option<&'n TomlNode> {
    let found = root.get(name);
    match found {
        None => diagnostics.report_message(&(0..0), "M0102", format!("the section [{name}] is missing")),
        Some(node) => return node.expect_table(diagnostics).then_some(node),
    }
    None
}

/// Of a file that never ends, the last record must be whole before its end.
fn refuse_growing(root: &TomlNode, from: Option<&InputSettings>, read: &ReadSettings, diagnostics: &mut Diagnostics) {
    let growing = from.is_some_and(|from| from.done == FileCompletion::Growing);
    let apart = read.group_by.is_empty() && read.fill_down.is_empty() && read.format != RecordFormat::Json;
    if let Some(n) = root.get("from").and_then(|n| n.get("done")).filter(|_| growing && !apart) {
        let message = "a file that is followed (`done = \"growing\"`) has no end at which its last record is whole: its rows stand for \
                       themselves (no `group_by`, no `fill_down`, no `format = \"json\"`)";
        diagnostics.report_message(&n.span, "M0112", message);
    }
}

fn check_sections(root: &TomlNode, diagnostics: &mut Diagnostics) {
    for entry in root.entries() {
        if !SECTIONS.contains(&entry.key.as_str()) {
            let mut problem = Problem::new("M0101", format!("there is no section [{}]", entry.key));
            match did_you_mean(&entry.key, SECTIONS.into_iter()) {
                Some(advice) => problem = problem.help(advice),
                None => problem.expected = SECTIONS.map(|s| format!("[{s}]")).join(" "),
            }
            diagnostics.add(&entry.at, problem);
        } else if !entry.node.is_table() {
            entry.node.report_type(diagnostics, "a table");
        }
    }
}

/// `# ?` marks what a draft was unsure of: a person decides before it runs.
fn open_questions(source: &SourceText, diagnostics: &mut Diagnostics) {
    let mut at = 0;
    for line in source.text.split_inclusive('\n') {
        if line.trim_start().starts_with("# ?") {
            diagnostics.report_message(
                &(at..at + line.trim_end().len()),
                "M0602",
                "this question is still open: answer it and take the mark away",
            );
        }
        at += line.len();
    }
}

fn read_identity(root: &TomlNode, diagnostics: &mut Diagnostics) -> (String, String, i64) {
    let Some(node) = find_section(root, "connector", diagnostics) else { return Default::default() };
    node.allow_keys(diagnostics, "[connector]", &CONNECTOR.keys());
    let mut word = |key: &str| {
        let Some(n) = node.get(key) else {
            diagnostics.report_message(&node.span, "M0102", format!("[connector] does not say its `{key}`"));
            return String::new();
        };
        let text = n.expect_text(diagnostics).unwrap_or_default().to_owned();
        let plain = !text.is_empty()
            && text.len() <= 64
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if !plain {
            diagnostics.report_message(&n.span, "M0103", format!("`{key}` is made of letters, digits, -, _ and ."));
        }
        text
    };
    let (name, source) = (word("name"), word("source"));
    let number = node.get("mapping").and_then(|n| Some((n, n.expect_integer(diagnostics)?)));
    if let Some((n, _)) = number.filter(|(_, number)| *number < 1) {
        diagnostics.report_message(
            &n.span,
            "M0103",
            "`mapping` is a whole number from 1, raised by 1 each time".to_owned(),
        );
    }
    let mapping = number.map_or(1, |(_, number)| number);
    (name, source, mapping)
}

pub(crate) fn digest_mapping(source: &SourceText, lookups: &[LookupTable]) -> [u8; 8] {
    let mut hash = Sha256::new();
    let mut put = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    // Each length first: no two texts can be moved into each other.
    put(&source.text);
    lookups.iter().for_each(|l| put(&l.text));
    // The catalogue counts by what it says: types and fields.
    for ty in catalogue().types() {
        put(ty.name);
        ty.fields.iter().for_each(|f| put(&format!("{f:?}")));
    }
    let full = hash.finalize();
    let mut short = [0; 8];
    short.iter_mut().zip(full.iter()).for_each(|(to, from)| *to = *from);
    short
}

/// Greatest place in a list that `records` goes by: a record that is sent alone has so many before it.
const MOST_INDEX: usize = 1_000;

/// Paths of `records` and `only`: which records of a JSON body are for us.
fn json_selection(
    node: &TomlNode,
    shape: RecordShape,
    compiler: &mut ConnectorCompiler,
) -> (Option<PathId>, BTreeMap<PathId, Vec<String>>) {
    let (mut records, mut only) = (None, BTreeMap::new());
    for key in ["records", "only"] {
        if let (Some(n), RecordShape::Table) = (node.get(key), shape) {
            compiler.diagnostics.add(&n.span, Problem::new("M0112", format!("`{key}` is for JSON")));
            return (records, only);
        }
    }
    // What selects a record is no content of it: a change there makes no new revision.
    compiler.paths.only_order = true;
    if let Some(n) = node.get("records") {
        let text = n.expect_text(&mut compiler.diagnostics).map(str::to_owned);
        records = text.and_then(|t| compiler.add_path(&t, &n.span));
        let steps = match records.and_then(|id| compiler.paths.list.get(id)) {
            Some((_, ValuePath::Json { steps, .. })) => steps.as_slice(),
            _ => &[],
        };
        if steps.contains(&PathStep::Every) {
            let message = "`records` leads to one list; what is in lists within it is taken by `each`";
            compiler.diagnostics.report_message(&n.span, "M0103", message);
        }
        if steps.iter().any(|step| matches!(step, PathStep::Index(n) if *n > MOST_INDEX)) {
            let message = format!("`records` goes to an item of a list: at most the one at {MOST_INDEX}");
            compiler.diagnostics.report_message(&n.span, "M0103", message);
        }
    }
    for entry in node.get("only").map_or(&[][..], TomlNode::entries) {
        if let Some(path) = compiler.add_path(&entry.key, &entry.at) {
            only.insert(path, entry.node.text_list(&mut compiler.diagnostics));
        }
    }
    compiler.paths.only_order = false;
    (records, only)
}
