//! `[from]`: where the bytes come from. The mapping only hands it on.

use std::time::Duration;

use crate::node::{Node, Value};
use crate::source::Faults;

/// `[from]`, for whoever fetches the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct From {
    /// What kind of place it is.
    pub kind: FromKind,
    /// Globs of files.
    pub path: Vec<String>,
    /// When a file is finished.
    pub done: Done,
    /// What becomes of a file that was read.
    pub after: After,
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
}

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
    pub(crate) fn parse(node: &Node, faults: &mut Faults) -> Self {
        let mut from = Self { kind: FromKind::File, path: Vec::new(), done: Done::Now, after: After::Keep };
        let kinds = [("file", FromKind::File), ("stdin", FromKind::Stdin), ("http", FromKind::Http)];
        match node.get("kind") {
            Some(n) => from.kind = n.one_of(faults, &kinds).unwrap_or(FromKind::File),
            None => faults.say(&node.span, "M0102", "[from] does not say its `kind`"),
        }
        match from.kind {
            FromKind::File => node.only(faults, "[from]", &["kind", "path", "done", "after"]),
            // How posts are verified is read by the hub's own door.
            FromKind::Http => node.only(faults, "[from]", &["kind", "verify", "tolerance", "body"]),
            FromKind::Stdin => node.only(faults, "[from]", &["kind"]),
        }
        from.path = node.get("path").map(|n| n.texts(faults)).unwrap_or_default();
        if let Some(n) = node.get("done") {
            from.done = done(n, faults).unwrap_or(Done::Now);
        }
        if let Some(n) = node.get("after") {
            from.after = after(n, faults).unwrap_or(After::Keep);
        }
        from
    }
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
