//! What is told over a whole sample: the verdict, what is wrong by kind, values by column and field, words.

use std::fmt::Write;

use onefold_connect::{EnumSummary, FileState, IngestReport, SampleReport, ValueSummary, WordCount};
use unicode_width::UnicodeWidthStr;

use super::style::{PageInk, PageStyle, fit_path, fit_text, visible_text, wrap_text};
use crate::render::{count, counted, pad_columns};

/// Columns of a name, of a border and of an example, at most.
const NAME: usize = 34;
const BORDER: usize = 24;
const EXAMPLE: usize = 24;
/// Columns shown of those that are never read.
const UNREAD: usize = 12;
/// Words shown of an enum.
const WORDS: usize = 12;

/// Whether everything is accounted for, and what became of it.
pub(crate) fn render_verdict(report: &SampleReport, style: &PageStyle, out: &mut String) {
    let counts = &report.counts;
    for input in &report.inputs {
        let table = match input.delimiter {
            Some(delimiter) => format!(", '{}', {} columns", delimiter.escape_default(), input.columns),
            None => String::new(),
        };
        let _ = writeln!(out, "{}: {}{table}, {} rows", input.resource, input.charset, count(input.rows));
    }
    let skipped: Vec<String> = counts.skipped_by.iter().map(|(reason, n)| format!("{reason} {}", count(*n))).collect();
    let skipped = if skipped.is_empty() { String::new() } else { format!(" ({})", skipped.join(", ")) };
    let adds_up = counts.records == counts.mapped + counts.skipped + counts.quarantined;
    let ink = |n: u64, ink| if n > 0 { ink } else { PageInk::Plain };
    let _ = writeln!(
        out,
        "{}   {}   {}   = {} {}",
        style.paint(ink(counts.mapped, PageInk::Good), &format!("mapped {}", count(counts.mapped))),
        style.paint(ink(counts.skipped, PageInk::Odd), &format!("skipped {}{skipped}", count(counts.skipped))),
        style.paint(ink(counts.quarantined, PageInk::Bad), &format!("quarantined {}", count(counts.quarantined))),
        counted(counts.records, "record", "records"),
        if adds_up { "✓" } else { "✗ these do not add up" },
    );
    render_events(report, style, out);
    for test in &report.failed_tests {
        let told = format!("its own test \"{test}\" fails, so that it takes nothing in: see `onefold connector check`");
        let _ = writeln!(out, "{}", style.paint(PageInk::Bad, &told));
    }
    for problem in &report.unused_assumptions {
        let line = problem.mapping.as_ref().map_or(0, |place| place.line);
        let told = format!("! {} in line {line} of the connector file: {}", problem.code, problem.message);
        let _ = writeln!(out, "{}", style.paint(PageInk::Odd, &told));
    }
    render_files(counts, style, out);
}

fn render_events(report: &SampleReport, style: &PageStyle, out: &mut String) {
    let counts = &report.counts;
    let mut parts = Vec::new();
    if report.has_hub {
        parts.push((report.new, PageInk::Good, "new"));
        parts.push((report.amended, PageInk::Good, "amendments"));
        parts.push((counts.duplicates, PageInk::Odd, "duplicates"));
        parts.push((counts.older_mapping, PageInk::Odd, "made by an older mapping"));
        parts.push((counts.conflicts, PageInk::Bad, "conflicts"));
    } else {
        parts.push((counts.duplicates, PageInk::Odd, "the same as one before in the sample"));
        parts.push((report.amended, PageInk::Plain, "other versions of one before"));
        parts.push((counts.conflicts, PageInk::Bad, "with the id of one before and other content"));
    }
    let told: Vec<String> = (parts.iter().filter(|(n, ..)| *n > 0))
        .map(|(n, ink, what)| style.paint(*ink, &format!("{} {what}", count(*n))))
        .collect();
    // Whoever reads a file twice asks this one question.
    let all = report.has_hub && counts.events > 0 && counts.duplicates == counts.events;
    let told = match (told.is_empty(), all) {
        (_, true) => format!(": {}", style.paint(PageInk::Odd, "all duplicates, so that nothing would be taken in")),
        (true, _) => String::new(),
        (false, _) => format!(": {}", told.join(", ")),
    };
    let rate = if counts.seconds > 0.0 { counts.lines as f64 / counts.seconds } else { 0.0 };
    let took = format!("{:.1} s, {} rows/s", counts.seconds, count(rate as u64));
    let _ = writeln!(out, "events {}{told}; nothing was taken in; {took}", count(counts.events));
}

/// Inputs that were not read to their end, kinds of problems, and warnings.
fn render_files(counts: &IngestReport, style: &PageStyle, out: &mut String) {
    for file in &counts.files {
        let what = match file.state {
            FileState::Complete => continue,
            FileState::Incomplete => "is cut off or damaged: only what was whole before would be in",
            FileState::Refused => "is not what the mapping expects: nothing of it would be in",
            FileState::Stopped => "was stopped: too many of its records fail",
        };
        let _ = writeln!(out, "{}", style.paint(PageInk::Bad, &format!("{} {what}", file.input)));
        for problem in &file.problems {
            let _ = write!(out, "{problem}");
        }
    }
    for (code, seen) in &counts.problems {
        let message = seen.examples.first().map_or("", |example| example.problem.message.as_str());
        let line = format!("✗ {code} in {}: {message}", counted(seen.records, "record", "records"));
        let _ = writeln!(out, "{}", style.paint(PageInk::Bad, &line));
    }
    for (code, seen) in &counts.warnings {
        let Some(example) = seen.examples.first() else { continue };
        let at = format!("{}:{}", example.resource, example.first_line);
        let line = format!("! {code} {} times, as in {at}: {}", count(seen.records), example.problem.message);
        let _ = writeln!(out, "{}", style.paint(PageInk::Odd, &line));
    }
}

/// What no event is made of, and words that were expected or not.
pub(crate) fn render_unread(report: &SampleReport, style: &PageStyle, out: &mut String) {
    let unread: Vec<String> =
        report.columns.iter().filter(|column| !column.read).map(|column| visible_text(&column.name)).collect();
    let told = match unread.len() {
        0 => "none".to_owned(),
        n if n > UNREAD => {
            let shown: Vec<&str> = unread.iter().take(UNREAD).map(String::as_str).collect();
            format!("{}, and {} more, which have a - below", shown.join(", "), n - UNREAD)
        }
        _ => unread.join(", "),
    };
    for line in wrap_text(&format!("columns never read: {told}"), style.width) {
        let _ = writeln!(out, "{line}");
    }
    for words in &report.enums {
        render_enum(words, style, out);
    }
}

fn render_enum(words: &EnumSummary, style: &PageStyle, out: &mut String) {
    let told = |list: &[WordCount]| {
        let mut text: Vec<String> = list
            .iter()
            .take(WORDS)
            .map(|one| format!("{} ({})", visible_text(&one.word), count(one.records)))
            .collect();
        if list.len() > WORDS {
            text.push("…".to_owned());
        }
        text.join(", ")
    };
    let mut lines = vec![(PageInk::Plain, format!("[enum.{}] met: {}", words.name, or_none(told(&words.met))))];
    if !words.unknown.is_empty() {
        let more = if words.more_unknown { " and more" } else { "" };
        lines.push((PageInk::Bad, format!("[enum.{}] not listed: {}{more}", words.name, told(&words.unknown))));
    }
    if !words.never_met.is_empty() {
        let never: Vec<String> = words.never_met.iter().take(WORDS).map(|word| visible_text(word)).collect();
        let more = if words.never_met.len() > WORDS { ", …" } else { "" };
        lines.push((PageInk::Faint, format!("[enum.{}] never met: {}{more}", words.name, never.join(", "))));
    }
    for (ink, text) in lines {
        for line in wrap_text(&text, style.width) {
            let _ = writeln!(out, "{}", style.paint(ink, &line));
        }
    }
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

/// A table of values over the whole sample.
pub(crate) fn render_values(title: &str, values: &[ValueSummary], style: &PageStyle, out: &mut String) {
    if values.is_empty() {
        return;
    }
    let names: Vec<String> = values.iter().map(|value| fit_path(&visible_text(&value.name), NAME)).collect();
    let wide = |texts: &[String]| texts.iter().map(|text| text.width()).max().unwrap_or(0);
    let border = |text: &str| fit_text(&visible_text(text), BORDER);
    let (least, greatest): (Vec<String>, Vec<String>) =
        values.iter().map(|value| (border(&value.least), border(&value.greatest))).unzip();
    let (name, low, high) = (wide(&names).max(title.width()), wide(&least).max(5), wide(&greatest).max(8));
    let head = format!(
        "  {}  present  distinct  {}  {}  examples",
        pad_columns(title, name),
        pad_columns("least", low),
        pad_columns("greatest", high)
    );
    let _ = writeln!(out, "{}", style.paint(PageInk::Strong, &head));
    for (((value, label), least), greatest) in values.iter().zip(&names).zip(&least).zip(&greatest) {
        let distinct = format!("{}{}", count(value.distinct), if value.more { "+" } else { "" });
        let examples: Vec<String> = value.examples.iter().map(|text| fit_text(&visible_text(text), EXAMPLE)).collect();
        let (least, greatest) = if value.present == 0 { ("", "") } else { (least.as_str(), greatest.as_str()) };
        let line = format!(
            "{} {}  {:>7}  {:>8}  {}  {}  {}",
            if value.read { " " } else { "-" },
            pad_columns(label, name),
            share_text(value),
            distinct,
            pad_columns(least, low),
            pad_columns(greatest, high),
            examples.join(" | ")
        );
        let ink = if value.read { PageInk::Plain } else { PageInk::Faint };
        let _ = writeln!(out, "{}", style.paint(ink, fit_text(&line, style.width).trim_end()));
    }
    out.push('\n');
}

/// In percent; what is nearly all or nearly nothing does not look as if it were.
pub(crate) fn share_text(value: &ValueSummary) -> String {
    if value.present == value.of {
        return "100 %".to_owned();
    }
    if value.present == 0 {
        return "0 %".to_owned();
    }
    let share = (value.present as f64 / value.of.max(1) as f64 * 100.0).clamp(0.1, 99.9);
    format!("{share:.1} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_all_or_nothing_only_where_it_is() {
        let of = |present, of| {
            let (name, least, greatest) = Default::default();
            share_text(&ValueSummary {
                name,
                present,
                of,
                distinct: 0,
                more: false,
                least,
                greatest,
                examples: Vec::new(),
                read: true,
            })
        };
        assert_eq!([of(3, 3), of(0, 3), of(99_999, 100_000), of(1, 100_000)], ["100 %", "0 %", "99.9 %", "0.1 %"]);
    }
}
