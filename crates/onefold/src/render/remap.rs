//! What a remap did, or would do.

use std::fmt::Write;

use onefold_connect::{FieldChange, IngestReport, MovedEvent, RemapReport};
use unicode_width::UnicodeWidthStr;

use super::sample::{fit_text, visible_text};
use super::{count, counted, pad_columns, render_report};

/// Columns that a value takes at most.
const VALUE: usize = 40;

/// How events that another mapping made are made anew: the words of the command, and the connector's file and `mapping`.
#[derive(Debug, Clone)]
pub(crate) struct RemapAdvice {
    pub(crate) command: String,
    pub(crate) file: String,
    pub(crate) mapping: i64,
}

impl RemapAdvice {
    /// What is to be done where an ingest left events as another mapping made them; nothing where it left none.
    pub(crate) fn lines(&self, report: &IngestReport) -> String {
        let Self { command, file, mapping } = self;
        let mut text = String::new();
        if report.not_outranked > 0 {
            let _ = write!(
                text,
                "\n{} of them under a `mapping` that is not less than {mapping}: where a field means something else now, raise it \
                 in {file}",
                count(report.not_outranked)
            );
        }
        if report.older_mapping > 0 {
            let _ = write!(text, "\nto see what would change: {command} --dry-run\nto make them anew: {command}");
        }
        text
    }
}

/// The report of a remap. `is_dry`: nothing was written.
pub(crate) fn render_remap(report: &IngestReport, is_dry: bool) -> String {
    let mut text = render_report(report);
    let Some(remap) = &report.remap else { return text };
    let RemapReport { remapped, moved, withdrawn, unmoved, left, .. } = remap;
    let done = if is_dry { "would be made anew" } else { "were made anew, as newer versions of the same" };
    let _ = write!(text, "\n{} {done}", counted(*remapped, "event", "events"));
    render_changes(&remap.changes, &mut text);
    if *moved > 0 {
        let done = if is_dry { "would be taken in there" } else { "taken in there" };
        let _ =
            write!(text, "\n{} about another subject than before, {done}:", counted(*moved, "event is", "events are"));
        render_moved(&remap.moved_examples, &mut text);
    }
    if *withdrawn > 0 {
        let done = if is_dry { "would be withdrawn" } else { "withdrawn" };
        let _ = write!(
            text,
            "\n{} {done} from subjects that they are no longer about",
            counted(*withdrawn, "event", "events")
        );
    }
    if *unmoved > 0 {
        let _ = write!(
            text,
            "\n{} about another subject than before, and not taken in, since what stands would count twice:",
            counted(*unmoved, "event is", "events are")
        );
        render_moved(&remap.unmoved_examples, &mut text);
        text.push_str(
            "\n  raise `mapping`, and read again what gave the events that stand: a greater number withdraws them",
        );
    }
    if *left > 0 {
        let _ = write!(
            text,
            "\n{} of what was read now, and no longer made (skipped, refused, other events, another file of that name):",
            counted(*left, "event stays that was made", "events stay that were made")
        );
        for one in &remap.left_examples {
            let _ = write!(text, "\n  {one}");
        }
    }
    if let Some(originals) = &remap.originals {
        let _ = write!(
            text,
            "\n{} that the hub keeps",
            counted(originals.messages, "message was read", "messages were read")
        );
        if originals.unkept > 0 {
            let _ = write!(
                text,
                "\n{} of older mappings stay, since the hub keeps no copy of what they were made of:",
                counted(originals.unkept, "event", "events")
            );
            for one in &originals.resources {
                let _ = write!(text, "\n  {:>9}  {}", count(one.events), one.resource);
            }
            if originals.more_resources > 0 {
                let _ = write!(text, "\n             and {} more", count(originals.more_resources));
            }
            text.push_str("\nto make these anew, where the files are: onefold ingest --remap --connector FILE PATH...");
        }
    }
    if is_dry {
        text.push_str("\nnothing was written");
    }
    text
}

fn render_moved(examples: &[MovedEvent], text: &mut String) {
    for one in examples {
        let _ = write!(text, "\n  {} -> {} ({})", one.from, one.subject, one.place);
    }
}

/// Fields that change, by type, with examples.
fn render_changes(changes: &[FieldChange], text: &mut String) {
    let mut last = "";
    let shown = |value: &str| match value {
        "" => "(nothing)".to_owned(),
        value => fit_text(&visible_text(value), VALUE),
    };
    for change in changes {
        if change.event_type != last {
            let _ = write!(text, "\n  {}", change.event_type);
            last = &change.event_type;
        }
        let _ = write!(text, "\n    {} changes in {}", change.field, counted(change.events, "event", "events"));
        let wide = change.examples.iter().map(|one| one.subject.width()).max().unwrap_or(0);
        for one in &change.examples {
            let subject = pad_columns(&one.subject, wide);
            let _ = write!(text, "\n      {subject}  {} -> {}", shown(&one.before), shown(&one.after));
        }
    }
}
