//! What an ingest did.

use std::fmt::Write;

use onefold_connect::{FileState, IngestReport};

use super::{amount_text, counted};

/// Examples shown of each code.
const EXAMPLES: usize = 2;

/// The report for people: what became of the records, and what is wrong with those that were not taken in.
pub(crate) fn render_report(report: &IngestReport) -> String {
    let mut text = String::new();
    let count = |n: u64| amount_text(&n.to_string());
    for seen in report.problems.values() {
        for example in seen.examples.iter().take(EXAMPLES) {
            let lines = if example.last_line > example.first_line {
                format!("{}-{}", example.first_line, example.last_line)
            } else {
                example.first_line.to_string()
            };
            // Writing to a string does not fail.
            let _ = writeln!(text, "{}:{lines}\n{}", example.resource, example.problem);
        }
        if seen.records > EXAMPLES as u64 {
            let _ = writeln!(text, "   = {} records with this problem in all", count(seen.records));
        }
    }
    for seen in report.warnings.values() {
        if let Some(example) = seen.examples.first() {
            let _ = writeln!(text, "{}:{}\n{}", example.resource, example.first_line, example.problem.as_warning());
        }
        if seen.records > 1 {
            let _ = writeln!(text, "   = {} with this warning in all", count(seen.records));
        }
    }
    for file in &report.files {
        let what = match file.state {
            FileState::Complete => continue,
            FileState::Incomplete => "is cut off or damaged: what was whole before is in",
            FileState::Refused => "is not what the mapping expects: nothing of it is in",
            FileState::Stopped => "was stopped: too many of its records fail",
        };
        let _ = writeln!(text, "{} {what}", file.input);
    }
    let _ = writeln!(
        text,
        "{} in {}: {} mapped, {} skipped, {} quarantined",
        counted(report.records, "record", "records"),
        counted(report.lines, "line", "lines"),
        count(report.mapped),
        count(report.skipped),
        count(report.quarantined)
    );
    for (reason, n) in &report.skipped_by {
        let _ = writeln!(text, "  skipped {}: {reason}", count(*n));
    }
    let rate = if report.seconds > 0.0 { report.lines as f64 / report.seconds } else { 0.0 };
    let took = format!("{:.1} s, {} lines/s", report.seconds, count(rate as u64));
    let _ = write!(
        text,
        "{}: {} accepted, {}, {}; {took}",
        counted(report.events, "event", "events"),
        count(report.accepted),
        counted(report.duplicates, "duplicate", "duplicates"),
        counted(report.conflicts, "conflict", "conflicts")
    );
    for (n, what) in [
        (report.older_mapping, "events were made by an older mapping and stay as they are"),
        (report.findings, "findings in what was taken in: left out, as the mapping allows, or worth a look"),
        (report.withheld, "documents are not in, since their file ends too early"),
    ] {
        if n > 0 {
            let _ = write!(text, "\n{} {what}", count(n));
        }
    }
    if report.quarantined + report.conflicts > 0 {
        text.push_str("\nsee: onefold quarantine list");
    }
    text
}
