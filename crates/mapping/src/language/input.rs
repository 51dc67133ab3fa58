//! `[from]`: where the bytes come from. The mapping only hands it on.

use std::time::Duration;

use crate::language::hook::HookSettings;
use crate::language::node::{TomlNode, TomlValue};
use crate::language::options::{ARCHIVE, DONE, FILE, FROM, HTTP, KAFKA};
use crate::report::diagnostics::Diagnostics;

/// `[from]`, for whoever fetches the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputSettings {
    /// What kinds of place they come from; one, unless the same records come in several ways.
    pub kinds: Vec<InputKind>,
    /// Globs of files.
    pub path: Vec<String>,
    /// When a file is finished.
    pub done: FileCompletion,
    /// What becomes of a file that was read.
    pub after: AfterReading,
    /// Topics of intake.
    pub topics: Vec<String>,
    /// Under which name processes share the topics' partitions out, and keep how far they are; none: the connector's.
    pub group: Option<String>,
    /// What is posted to the hub, where it takes posts.
    pub hook: Option<HookSettings>,
}

/// What kind of place the bytes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    /// Files.
    File,
    /// Standard input.
    Stdin,
    /// Posted to the hub.
    Http,
    /// Messages in topics of intake.
    Kafka,
}

/// What names of topics of intake begin with.
const INTAKE: &str = "intake.";

/// When a file is finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileCompletion {
    /// As it is found.
    Now,
    /// When a file of its name with this ending stands beside it.
    Marker(String),
    /// When it has not grown for so long.
    Idle(Duration),
    /// Never: it is followed.
    Growing,
}

/// What becomes of a file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterReading {
    /// It stays.
    Keep,
    /// It is moved into this folder.
    Move(String),
    /// It is deleted.
    Delete,
}

impl InputSettings {
    /// Whether records come from such a place.
    pub fn is_kind(&self, kind: InputKind) -> bool {
        self.kinds.contains(&kind)
    }

    pub(crate) fn parse(node: &TomlNode, diagnostics: &mut Diagnostics) -> Self {
        let kinds = read_kinds(node, diagnostics);
        let is = |kind: InputKind| kinds.contains(&kind);
        let mut keys = FROM.keys();
        let of_kinds = [(InputKind::File, &FILE), (InputKind::Http, &HTTP), (InputKind::Kafka, &KAFKA)];
        of_kinds.iter().filter(|(kind, _)| is(*kind)).for_each(|(_, own)| keys.extend(own.keys()));
        node.allow_keys(diagnostics, "[from]", &keys);
        let mut from = Self {
            path: node.get("path").map(|n| n.text_list(diagnostics)).unwrap_or_default(),
            done: node.get("done").and_then(|n| read_completion(n, diagnostics)).unwrap_or(FileCompletion::Now),
            after: node.get("after").and_then(|n| read_after(n, diagnostics)).unwrap_or(AfterReading::Keep),
            topics: Vec::new(),
            group: None,
            hook: None,
            kinds,
        };
        check_watch(node, &from, diagnostics);
        if from.is_kind(InputKind::Http) {
            from.hook = HookSettings::parse(node, diagnostics);
        }
        if from.is_kind(InputKind::Kafka) {
            from.topics = read_topics(node, diagnostics);
            from.group = node.get("group").and_then(|n| read_group(n, diagnostics));
        }
        from
    }
}

/// What is said of files that nobody looks for, and what becomes of a file that is never finished.
fn check_watch(node: &TomlNode, from: &InputSettings, diagnostics: &mut Diagnostics) {
    let named = node.get("path").is_some();
    if let Some(n) = node.get("path").filter(|_| from.path.iter().all(String::is_empty)) {
        diagnostics.report_message(&n.span, "M0103", "`path` is empty: expected where the files stand");
    }
    for key in ["done", "after"] {
        if let Some(n) = node.get(key).filter(|_| from.is_kind(InputKind::File) && !named) {
            let message =
                format!("`{key}` is for files that are watched: say where they stand as `path`, or leave it out");
            diagnostics.report_message(&n.span, "M0112", message);
        }
    }
    if let Some(n) =
        node.get("after").filter(|_| from.done == FileCompletion::Growing && from.after != AfterReading::Keep)
    {
        let message = "a file that is followed (`done = \"growing\"`) is never finished: leave `after` out";
        diagnostics.report_message(&n.span, "M0112", message);
    }
}

fn read_kinds(node: &TomlNode, diagnostics: &mut Diagnostics) -> Vec<InputKind> {
    let words = [
        ("file", InputKind::File),
        ("stdin", InputKind::Stdin),
        ("http", InputKind::Http),
        ("kafka", InputKind::Kafka),
    ];
    let mut kinds = match node.get("kind") {
        Some(TomlNode { value: TomlValue::List(list), .. }) => {
            list.iter().filter_map(|n| n.one_of(diagnostics, &words)).collect::<Vec<_>>()
        }
        Some(n) => n.one_of(diagnostics, &words).into_iter().collect(),
        None => {
            diagnostics.report_message(&node.span, "M0102", "[from] does not say its `kind`");
            Vec::new()
        }
    };
    if kinds.is_empty() {
        kinds.push(InputKind::File);
    }
    kinds
}

fn read_topics(node: &TomlNode, diagnostics: &mut Diagnostics) -> Vec<String> {
    let Some(n) = node.get("topics") else {
        diagnostics.report_message(&node.span, "M0102", "[from] does not say its `topics`");
        return Vec::new();
    };
    let topics = n.text_list(diagnostics);
    for topic in &topics {
        // Anything else would be read that is not sources' own, the hub's events among it.
        if !topic.strip_prefix(INTAKE).is_some_and(is_plain_name) {
            diagnostics.report_message(
                &n.span,
                "M0103",
                format!("`{topic}` is no topic of intake: expected a name such as \"intake.finance\""),
            );
        }
    }
    topics
}

fn read_group(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<String> {
    let group = node.expect_text(diagnostics)?.to_owned();
    if !is_plain_name(&group) {
        diagnostics.report_message(&node.span, "M0103", "`group` is made of letters, digits, -, _ and .");
    }
    Some(group)
}

fn is_plain_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 200 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn read_completion(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<FileCompletion> {
    if !node.is_table() {
        return node.one_of(diagnostics, &[("growing", ())]).map(|()| FileCompletion::Growing);
    }
    node.allow_keys(diagnostics, "`done`", &DONE.keys());
    let (marker, idle) = (node.get("marker"), node.get("idle"));
    if marker.is_some() == idle.is_some() {
        diagnostics.report_message(&node.span, "M0103", "`done` is a `marker` or an `idle` time: expected one of them");
        return None;
    }
    if let Some(n) = marker {
        let ending = n.expect_text(diagnostics)?;
        if ending.is_empty() || ending.contains('/') {
            diagnostics.report_message(&n.span, "M0103", "`marker` is the ending of a name, such as \".ok\"");
        }
        return Some(FileCompletion::Marker(ending.to_owned()));
    }
    idle?.expect_while(diagnostics).map(FileCompletion::Idle)
}

fn read_after(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<AfterReading> {
    if let TomlValue::Table(_) = node.value {
        node.allow_keys(diagnostics, "`after`", &ARCHIVE.keys());
        let Some(n) = node.get("move") else {
            diagnostics.report_message(
                &node.span,
                "M0102",
                "`after` does not say into which directory: { move = \"/archive\" }",
            );
            return None;
        };
        let directory = n.expect_text(diagnostics)?;
        if directory.is_empty() {
            diagnostics.report_message(&n.span, "M0103", "`move` is empty: expected a directory");
        }
        return Some(AfterReading::Move(directory.to_owned()));
    }
    node.one_of(diagnostics, &[("keep", false), ("delete", true)])
        .map(|delete| if delete { AfterReading::Delete } else { AfterReading::Keep })
}
