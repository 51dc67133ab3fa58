//! A connector file, read and checked.

use std::sync::Arc;

use onefold_event::{Problem, catalogue};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::compile::Compiler;
use crate::event_def::{Condition, EventDef};
use crate::from::{From, FromKind};
use crate::nearest::did_you_mean;
use crate::node::{self, Node};
use crate::path::{Path, Paths, kind_of, walk};
use crate::plan::Plan;
use crate::read::{Format, Read, json_paths};
use crate::scope::Scopes;
use crate::source::{Faults, Source};
use crate::trial::Trial;
use crate::words::{Lookup, Words, read_named};

/// A checked connector file. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Connector {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) source: Source,
    pub(crate) name: String,
    pub(crate) source_name: String,
    pub(crate) mapping: i64,
    pub(crate) digest: [u8; 8],
    pub(crate) from: From,
    pub(crate) read: Read,
    /// Words of `[assume] blank`.
    pub(crate) blank: Arc<[String]>,
    pub(crate) paths: Paths,
    pub(crate) scopes: Scopes,
    pub(crate) words: Vec<Words>,
    pub(crate) lookups: Vec<Lookup>,
    pub(crate) skips: Vec<(String, Condition)>,
    pub(crate) events: Vec<EventDef>,
    pub(crate) trials: Vec<Trial>,
}

const SECTIONS: [&str; 11] =
    ["connector", "from", "read", "assume", "enum", "lookup", "let", "skip", "common", "event", "test"];

impl Connector {
    /// Reads a connector file; `load` gives the text of look-up files by the name that the file writes.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file.
    pub fn parse(
        file_name: &str,
        text: &str,
        load: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<Self, Vec<Problem>> {
        let source = Source { file: file_name.to_owned(), text: text.to_owned() };
        let parsed = parse(&source, load)?;
        Ok(Self { inner: Arc::new(Inner { source, ..parsed }) })
    }

    /// Its name: cursor, quarantine and metrics bear it.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The system that speaks: part of every subject and event id.
    pub fn source(&self) -> &str {
        &self.inner.source_name
    }

    /// `mapping`: raised when the meaning of a field changes.
    pub fn mapping(&self) -> i64 {
        self.inner.mapping
    }

    /// Digest of the file, its look-ups and the catalogue. Comments count: what is signed off is the text.
    pub fn digest(&self) -> [u8; 8] {
        self.inner.digest
    }

    /// Where the bytes come from.
    #[allow(clippy::should_implement_trait)]
    pub fn from(&self) -> &From {
        &self.inner.from
    }

    /// Under which name processes share topics out, and keep how far they are.
    pub fn group(&self) -> &str {
        self.inner.from.group.as_deref().unwrap_or(&self.inner.name)
    }

    /// How rows are got out of bytes.
    pub fn read(&self) -> &Read {
        &self.inner.read
    }

    /// Finds the columns of a file once. JSON has no heading: give an empty one.
    ///
    /// # Errors
    /// Columns that are missing, stand twice, or are not allowed.
    pub fn plan(&self, heading: &[String]) -> Result<Plan, Vec<Problem>> {
        match self.inner.read.format {
            Format::Csv => Plan::of_heading(Arc::clone(&self.inner), heading, false),
            Format::Ndjson | Format::Json => Ok(Plan::headless(Arc::clone(&self.inner))),
        }
    }

    /// The records of a JSON body (`[read] records`); none if it is not for us (`only`).
    ///
    /// # Errors
    /// The body has another shape than these paths say.
    pub fn records<'v>(&self, body: &'v Json) -> Result<Option<Vec<&'v Json>>, Box<Problem>> {
        let at = |path: usize| match self.inner.paths.list.get(path) {
            Some((text, Path::Json { steps, .. })) => {
                walk(body, steps).map_err(|wrong| Box::new(wrong.problem(text, steps)))
            }
            _ => Ok(None),
        };
        let other = |path, found: &Json, expected: &str| {
            let mut problem = Problem::new("R0431", "the JSON has another shape than the path says")
                .instead(kind_of(found), expected);
            problem.path = self.inner.paths.text(path).to_owned();
            Box::new(problem)
        };
        for (path, words) in &self.inner.read.only {
            let text = match at(*path)? {
                None | Some(Json::Null) => String::new(),
                Some(Json::String(text)) => text.clone(),
                Some(found @ (Json::Array(_) | Json::Object(_))) => return Err(other(*path, found, "a single value")),
                Some(found) => found.to_string(),
            };
            if !words.contains(&text) {
                return Ok(None);
            }
        }
        let Some(path) = self.inner.read.records else { return Ok(Some(vec![body])) };
        match at(path)? {
            None | Some(Json::Null) => Ok(Some(Vec::new())),
            Some(Json::Array(list)) => Ok(Some(list.iter().collect())),
            Some(found) => Err(other(path, found, "a list of records")),
        }
    }
}

fn parse(source: &Source, load: &dyn Fn(&str) -> Result<String, String>) -> Result<Inner, Vec<Problem>> {
    let mut faults = Faults::new(source);
    let root = node::parse(source, &mut faults);
    if !faults.list.is_empty() {
        return Err(faults.finish());
    }
    sections(&root, &mut faults);
    open_questions(source, &mut faults);
    let (name, source_name, mapping) = identity(&root, &mut faults);
    let from = section(&root, "from", &mut faults).map(|n| From::parse(n, &mut faults));
    let read = section(&root, "read", &mut faults).map(|n| Read::parse(n, &mut faults));
    let mut read = read.unwrap_or_default();
    let only_topics = from.as_ref().is_some_and(|from| from.kinds == [FromKind::Kafka]);
    if let Some(n) = root.get("read").and_then(|n| n.get("stop_after")).filter(|_| only_topics) {
        faults.say(&n.span, "M0112", "`stop_after` is for files: a topic goes on, and its quarantine is watched");
    }
    let mut c = Compiler::new(faults, read.shape());
    (c.words, c.word_names) = read_named(root.get("enum"), &mut c.faults, Words::read);
    (c.lookups, c.lookup_names) =
        read_named(root.get("lookup"), &mut c.faults, |n, node, f| Lookup::read(n, node, load, f));
    if let Some(n) = root.get("read") {
        json_paths(n, &mut read, &mut c);
    }
    if let Some(n) = root.get("assume") {
        c.assume(n);
    }
    if let Some(n) = root.get("let") {
        c.lets(n, 0, "let.");
    }
    c.settle();
    let mut skips = Vec::new();
    for entry in root.get("skip").map_or(&[][..], Node::entries) {
        let condition = c.condition(&entry.node, 0, format!("skip.{}", entry.key));
        skips.extend(condition.map(|condition| (entry.key.clone(), condition)));
    }
    let events = c.events(root.get("common"), root.get("event"));
    for (scope, slot) in c.scopes.circles() {
        let slot = &c.scopes.list[scope].slots[slot];
        c.faults.say(&slot.span.clone(), "M0111", format!("`{}` is made from itself", slot.name));
    }
    let names: Vec<&str> = root.get("event").map_or(&[][..], Node::entries).iter().map(|e| e.key.as_str()).collect();
    let reasons: Vec<&str> = root.get("skip").map_or(&[][..], Node::entries).iter().map(|e| e.key.as_str()).collect();
    let trials = Trial::read(root.get("test"), &names, &reasons, load, &mut c.faults);
    let digest = digest(source, &c.lookups);
    let blank = Arc::clone(&c.assume.blank);
    let Compiler { faults, paths, scopes, words, lookups, .. } = c;
    let problems = faults.finish();
    match (problems.is_empty(), from) {
        (true, Some(from)) => Ok(Inner {
            source: Source { file: String::new(), text: String::new() },
            name,
            source_name,
            mapping,
            digest,
            from,
            read,
            blank,
            paths,
            scopes,
            words,
            lookups,
            skips,
            events,
            trials,
        }),
        _ => Err(problems),
    }
}

fn section<'n>(root: &'n Node, name: &str, faults: &mut Faults) -> Option<&'n Node> {
    let found = root.get(name);
    match found {
        None => faults.say(&(0..0), "M0102", format!("the section [{name}] is missing")),
        Some(node) => return node.table(faults).then_some(node),
    }
    None
}

fn sections(root: &Node, faults: &mut Faults) {
    for entry in root.entries() {
        if !SECTIONS.contains(&entry.key.as_str()) {
            let mut problem = Problem::new("M0101", format!("there is no section [{}]", entry.key));
            match did_you_mean(&entry.key, SECTIONS.into_iter()) {
                Some(advice) => problem = problem.help(advice),
                None => problem.expected = SECTIONS.map(|s| format!("[{s}]")).join(" "),
            }
            faults.add(&entry.at, problem);
        } else if !entry.node.is_table() {
            entry.node.wrong(faults, "a table");
        }
    }
}

/// `# ?` marks what a draft was unsure of: a person decides before it runs.
fn open_questions(source: &Source, faults: &mut Faults) {
    let mut at = 0;
    for line in source.text.split_inclusive('\n') {
        if line.trim_start().starts_with("# ?") {
            faults.say(
                &(at..at + line.trim_end().len()),
                "M0602",
                "this question is still open: answer it and take the mark away",
            );
        }
        at += line.len();
    }
}

fn identity(root: &Node, faults: &mut Faults) -> (String, String, i64) {
    let Some(node) = section(root, "connector", faults) else { return Default::default() };
    node.only(faults, "[connector]", &["name", "source", "mapping", "owner", "note"]);
    let mut word = |key: &str| {
        let Some(n) = node.get(key) else {
            faults.say(&node.span, "M0102", format!("[connector] does not say its `{key}`"));
            return String::new();
        };
        let text = n.text(faults).unwrap_or_default().to_owned();
        let plain = !text.is_empty()
            && text.len() <= 64
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if !plain {
            faults.say(&n.span, "M0103", format!("`{key}` is made of letters, digits, -, _ and ."));
        }
        text
    };
    let (name, source) = (word("name"), word("source"));
    let mapping = node.get("mapping").and_then(|n| n.integer(faults)).unwrap_or(1);
    (name, source, mapping)
}

fn digest(source: &Source, lookups: &[Lookup]) -> [u8; 8] {
    let mut hash = Sha256::new();
    let mut put = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
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
