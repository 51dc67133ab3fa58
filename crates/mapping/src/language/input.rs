//! `[from]`: where the bytes come from. The mapping only hands it on.

use std::time::Duration;

use crate::language::node::{Node, Value};
use crate::report::diagnostics::Faults;

/// `[from]`, for whoever fetches the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct From {
    /// What kinds of place they come from; one, unless the same records come in several ways.
    pub kinds: Vec<FromKind>,
    /// Globs of files.
    pub path: Vec<String>,
    /// When a file is finished.
    pub done: Done,
    /// What becomes of a file that was read.
    pub after: After,
    /// Topics of intake.
    pub topics: Vec<String>,
    /// Under which name processes share the topics' partitions out, and keep how far they are; none: the connector's.
    pub group: Option<String>,
}

/// What kind of place the bytes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromKind {
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
pub enum Done {
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
pub enum After {
    /// It stays.
    Keep,
    /// It is moved into this folder.
    Move(String),
    /// It is deleted.
    Delete,
}

impl From {
    /// Whether records come from such a place.
    pub fn is(&self, kind: FromKind) -> bool {
        self.kinds.contains(&kind)
    }

    pub(crate) fn parse(node: &Node, faults: &mut Faults) -> Self {
        let kinds = kinds(node, faults);
        let is = |kind: FromKind| kinds.contains(&kind);
        let mut keys = vec!["kind"];
        let of_kinds = [
            (FromKind::File, &["path", "done", "after"][..]),
            // How posts are verified is read by the hub's own door.
            (FromKind::Http, &["verify", "tolerance", "body"]),
            (FromKind::Kafka, &["topics", "group"]),
        ];
        of_kinds.iter().filter(|(kind, _)| is(*kind)).for_each(|(_, own)| keys.extend_from_slice(own));
        node.only(faults, "[from]", &keys);
        let mut from = Self {
            path: node.get("path").map(|n| n.texts(faults)).unwrap_or_default(),
            done: node.get("done").and_then(|n| done(n, faults)).unwrap_or(Done::Now),
            after: node.get("after").and_then(|n| after(n, faults)).unwrap_or(After::Keep),
            topics: Vec::new(),
            group: None,
            kinds,
        };
        if from.is(FromKind::Kafka) {
            from.topics = topics(node, faults);
            from.group = node.get("group").and_then(|n| group(n, faults));
        }
        from
    }
}

fn kinds(node: &Node, faults: &mut Faults) -> Vec<FromKind> {
    let words =
        [("file", FromKind::File), ("stdin", FromKind::Stdin), ("http", FromKind::Http), ("kafka", FromKind::Kafka)];
    let mut kinds = match node.get("kind") {
        Some(Node { value: Value::List(list), .. }) => {
            list.iter().filter_map(|n| n.one_of(faults, &words)).collect::<Vec<_>>()
        }
        Some(n) => n.one_of(faults, &words).into_iter().collect(),
        None => {
            faults.say(&node.span, "M0102", "[from] does not say its `kind`");
            Vec::new()
        }
    };
    if kinds.is_empty() {
        kinds.push(FromKind::File);
    }
    kinds
}

fn topics(node: &Node, faults: &mut Faults) -> Vec<String> {
    let Some(n) = node.get("topics") else {
        faults.say(&node.span, "M0102", "[from] does not say its `topics`");
        return Vec::new();
    };
    let topics = n.texts(faults);
    for topic in &topics {
        // Anything else would be read that is not sources' own, the hub's events among it.
        if !topic.strip_prefix(INTAKE).is_some_and(plain) {
            faults.say(
                &n.span,
                "M0103",
                format!("`{topic}` is no topic of intake: expected a name such as \"intake.finance\""),
            );
        }
    }
    topics
}

fn group(node: &Node, faults: &mut Faults) -> Option<String> {
    let group = node.text(faults)?.to_owned();
    if !plain(&group) {
        faults.say(&node.span, "M0103", "`group` is made of letters, digits, -, _ and .");
    }
    Some(group)
}

fn plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= 200 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn done(node: &Node, faults: &mut Faults) -> Option<Done> {
    if !node.is_table() {
        return node.one_of(faults, &[("growing", ())]).map(|()| Done::Growing);
    }
    node.only(faults, "`done`", &["marker", "idle"]);
    if let Some(n) = node.get("marker") {
        return n.text(faults).map(|t| Done::Marker(t.to_owned()));
    }
    let n = node.get("idle")?;
    let text = n.text(faults)?;
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
        n.wrong(faults, "a while such as \"5m\"");
    }
    found.map(|s| Done::Idle(Duration::from_secs(s)))
}

fn after(node: &Node, faults: &mut Faults) -> Option<After> {
    if let Value::Table(_) = node.value {
        node.only(faults, "`after`", &["move"]);
        return node.get("move")?.text(faults).map(|t| After::Move(t.to_owned()));
    }
    node.one_of(faults, &[("keep", false), ("delete", true)])
        .map(|delete| if delete { After::Delete } else { After::Keep })
}
