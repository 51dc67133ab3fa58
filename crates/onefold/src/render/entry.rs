//! What waits in quarantine.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use onefold_connect::entry_text;
use onefold_event::{Micros, Problem, render_problem};
use onefold_store::QuarantineEntry;
use unicode_width::UnicodeWidthStr;

use super::{count, counted, pad_columns};

/// Kinds that are told apart: connectors by problems.
const MOST_KINDS: usize = 200;

/// Entries by connector and problem.
#[derive(Debug, Default)]
pub(crate) struct EntryCounts {
    kinds: BTreeMap<(String, String), EntryKind>,
    /// Of kinds beyond those that are told apart.
    others: u64,
    total: u64,
}

/// Entries of one kind.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct EntryKind {
    connector: String,
    codes: String,
    entries: u64,
    first_seen: Micros,
    last_seen: Micros,
    /// What is wrong with the first of them.
    message: String,
}

impl EntryCounts {
    pub(crate) fn note(&mut self, entry: &QuarantineEntry) {
        self.total += 1;
        let (known, key) = (self.kinds.len(), (entry.connector.clone(), entry.codes.clone()));
        if known >= MOST_KINDS && !self.kinds.contains_key(&key) {
            self.others += 1;
            return;
        }
        let kind = self.kinds.entry(key).or_insert_with(|| EntryKind {
            connector: entry.connector.clone(),
            codes: entry.codes.clone(),
            entries: 0,
            first_seen: entry.first_seen,
            last_seen: entry.last_seen,
            message: first_message(entry).to_owned(),
        });
        kind.entries += 1;
        kind.first_seen = kind.first_seen.min(entry.first_seen);
        kind.last_seen = kind.last_seen.max(entry.last_seen);
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The kinds, the most frequent first.
    pub(crate) fn kinds(&self) -> Vec<&EntryKind> {
        let mut kinds: Vec<&EntryKind> = self.kinds.values().collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.entries));
        kinds
    }

    /// A table of them.
    pub(crate) fn render(&self, zone: &TimeZone) -> String {
        let kinds = self.kinds();
        // A Chinese name takes two columns a character.
        let wide = |text: fn(&EntryKind) -> &str, title: &str| {
            kinds.iter().map(|kind| text(kind).width()).max().unwrap_or(0).max(title.width())
        };
        let (name, codes) = (wide(|kind| &kind.connector, "connector"), wide(|kind| &kind.codes, "problem"));
        let mut text = format!("{} (times in {})", counted(self.total, "entry", "entries"), zone_name(zone));
        let _ = write!(
            text,
            "\n  {:>9}  {}  {}  {:<16}  {:<16}  what",
            "entries",
            pad_columns("connector", name),
            pad_columns("problem", codes),
            "first",
            "last"
        );
        for kind in kinds {
            let _ = write!(
                text,
                "\n  {:>9}  {}  {}  {}  {}  {}",
                count(kind.entries),
                pad_columns(&kind.connector, name),
                pad_columns(&kind.codes, codes),
                minute_text(kind.first_seen, zone),
                minute_text(kind.last_seen, zone),
                kind.message
            );
        }
        if self.others > 0 {
            let _ = write!(text, "\n  {:>9}  of other connectors and problems", count(self.others));
        }
        text
    }
}

fn first_message(entry: &QuarantineEntry) -> &str {
    entry.problems.get(0).and_then(|p| p.get("message")).and_then(|m| m.as_str()).unwrap_or_default()
}

fn zone_name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

/// To the minute.
fn minute_text(at: Micros, zone: &TimeZone) -> String {
    Timestamp::from_microsecond(at)
        .map_or_else(|_| "?".to_owned(), |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string())
}

/// An entry of quarantine in a line.
pub(crate) fn entry_line(entry: &QuarantineEntry, zone: &TimeZone) -> String {
    let lines = match (entry.first_line, entry.last_line) {
        (0, _) => String::new(),
        (first, last) if last <= first => format!(":{first}"),
        (first, last) => format!(":{first}-{last}"),
    };
    let decision =
        if entry.decision.is_empty() { String::new() } else { format!("  {} ({})", entry.decision, entry.why) };
    let seen = match entry.tries {
        0 | 1 => String::new(),
        tries => format!("  seen {tries} times, last {}", minute_text(entry.last_seen, zone)),
    };
    format!(
        "q-{:04}  {:<8}  {}  {} {}{lines}  {}{seen}{decision}",
        entry.number,
        entry.codes,
        minute_text(entry.first_seen, zone),
        entry.connector,
        entry.resource,
        first_message(entry)
    )
}

/// An entry with its bytes, as text in its source's charset, and every problem.
pub(crate) fn whole_entry(entry: &QuarantineEntry, zone: &TimeZone) -> String {
    let mut text = entry_line(entry, zone);
    let problems: Vec<Problem> = serde_json::from_value(entry.problems.clone()).unwrap_or_default();
    let raw = entry_text(entry);
    let line_of = |line: u64| {
        let at = usize::try_from(line.checked_sub(entry.first_line)?).ok()?;
        raw.lines().nth(at).map(str::to_owned)
    };
    for problem in &problems {
        text.push('\n');
        text.push_str(&render_problem(problem, &entry.resource, &line_of));
    }
    let kept = entry.raw.len() as u64;
    let cut = if kept < entry.length { format!(", of which the first {kept} are kept") } else { String::new() };
    let charset = entry.context.get("charset").and_then(|name| name.as_str()).filter(|name| !name.is_empty());
    let read_by = charset.map_or_else(String::new, |name| format!(", shown as {name}"));
    let _ = write!(
        text,
        "\n{}{cut}{read_by}, sha256 {}; as they stand: onefold quarantine show q-{:04} --bytes\n{raw}",
        counted(entry.length, "byte", "bytes"),
        entry.sha256,
        entry.number
    );
    text
}
