//! One record of a sample: the source on the left, what became of it on the right.

use onefold_connect::{RecordFate, SampleEvent, SampleRecord, SourceValue};
use onefold_event::Problem;
use unicode_width::UnicodeWidthStr;

use super::style::{PageInk, PageStyle, fit_path, fit_text, visible_text, wrap_text};
use crate::render::{counted, pad_columns};

/// Columns of a name, at most.
const NAME: usize = 28;
/// Columns of the left side, at most.
const LEFT: usize = 64;

/// A line of one side: pieces in their inks.
#[derive(Debug, Default)]
struct PageLine {
    text: String,
    width: usize,
}

impl PageLine {
    fn put(&mut self, style: &PageStyle, ink: PageInk, text: &str) {
        self.text.push_str(&style.paint(ink, text));
        self.width += text.width();
    }

    /// Blanks up to a column.
    fn reach(&mut self, column: usize) {
        let missing = column.saturating_sub(self.width);
        self.text.push_str(&" ".repeat(missing));
        self.width += missing;
    }
}

pub(crate) fn render_record(record: &SampleRecord, of: u64, style: &PageStyle, out: &mut String) {
    let left = source_lines(record, style);
    // As narrow as the source allows: the events on the right need the room for how their values came.
    let widest = left.iter().map(|line| line.width).max().unwrap_or(0);
    let head = head_text(record, of);
    let column = widest.max(head.width()).clamp(30, LEFT.min(style.width / 2));
    let right = fate_lines(record, style, style.width.saturating_sub(column + 3).max(30));
    let rule = |n: usize| "─".repeat(n);
    let put = |out: &mut String, left: PageLine, right: PageLine, bar: char| {
        let mut line = left;
        line.reach(column);
        let end = format!("{} {bar} {}", line.text, right.text);
        out.push_str(end.trim_end());
        out.push('\n');
    };
    let mut right = right.into_iter();
    let mut first = PageLine::default();
    first.put(style, PageInk::Strong, &fit_text(&head, column));
    put(out, first, right.next().unwrap_or_default(), '│');
    out.push_str(&format!("{}─┼─{}\n", rule(column), rule(style.width.saturating_sub(column + 3))));
    let mut left = left.into_iter();
    // One side is longer, and which is not known.
    loop {
        match (left.next(), right.next()) {
            (None, None) => break,
            (one, other) => put(out, one.unwrap_or_default(), other.unwrap_or_default(), '│'),
        }
    }
    out.push('\n');
}

fn head_text(record: &SampleRecord, of: u64) -> String {
    format!("record {} of {of}  {}{}", record.number, record.resource, place_text(record))
}

/// Where in its file a record stands, as far as it has lines.
pub(super) fn place_text(record: &SampleRecord) -> String {
    let lines = match (record.first_line, record.last_line) {
        (0, _) => String::new(),
        (first, last) if first == last => format!(", line {first}"),
        (first, last) => format!(", lines {first}-{last}"),
    };
    let item = record.item.map(|n| format!(", item {n}")).unwrap_or_default();
    format!("{lines}{item}")
}

fn source_lines(record: &SampleRecord, style: &PageStyle) -> Vec<PageLine> {
    let most = LEFT.min(style.width / 2);
    let name = record.values.iter().map(|value| value.name.width()).max().unwrap_or(0).min(NAME);
    let mut lines = Vec::new();
    // JSON exports name everything that they might say: what is blank and never read would bury the rest.
    let is_told = |value: &&SourceValue| value.read || value.values.iter().any(|text| !text.trim().is_empty());
    for value in record.values.iter().filter(is_told) {
        let ink = if value.read { PageInk::Plain } else { PageInk::Faint };
        for (n, text) in wrap_text(&values_text(value), most - name - 4).into_iter().enumerate() {
            let mut line = PageLine::default();
            let (sign, label) = if n == 0 { (sign(value), fit_path(&value.name, name)) } else { (" ", String::new()) };
            line.put(style, ink, &format!("{sign} {}  {text}", pad_columns(&label, name)));
            lines.push(line);
        }
    }
    let blank = record.values.iter().filter(|value| !is_told(value)).count();
    for (n, what) in [(blank, "that are blank and never read"), (record.values_left_off, "values more")] {
        if n > 0 {
            let mut line = PageLine::default();
            line.put(style, PageInk::Faint, &format!("- and {n} {what}"));
            lines.push(line);
        }
    }
    lines
}

/// What the mapping never reads has a sign too, since not every page has colours.
fn sign(value: &SourceValue) -> &'static str {
    if value.read { " " } else { "-" }
}

fn values_text(value: &SourceValue) -> String {
    let shown: Vec<String> = value.values.iter().map(|text| visible_text(text)).collect();
    let mut text = shown.join(" | ");
    if value.alike && value.count > 1 {
        text.push_str(&format!("  (in all {})", value.count));
    } else if value.count > shown.len() {
        text.push_str(&format!(" | … {} in all", value.count));
    }
    text
}

fn fate_lines(record: &SampleRecord, style: &PageStyle, width: usize) -> Vec<PageLine> {
    let mut lines = Vec::new();
    let mut put = |ink: PageInk, text: &str| {
        for text in wrap_text(text, width) {
            let mut line = PageLine::default();
            line.put(style, ink, &text);
            lines.push(line);
        }
    };
    match record.fate {
        RecordFate::Skipped => put(PageInk::Odd, &format!("skipped: {}", record.reason)),
        RecordFate::Rejected => put(
            PageInk::Bad,
            &format!("rejected, to wait in quarantine: {}", counted(record.problems.len() as u64, "reason", "reasons")),
        ),
        RecordFate::Mapped => {}
    }
    for problem in &record.problems {
        problem_lines(problem, "", &mut put);
    }
    for event in &record.events {
        event_lines(event, style, width, &mut lines);
    }
    for finding in &record.findings {
        problem_lines(finding, "worth a look: ", &mut |ink, text| {
            let ink = if ink == PageInk::Bad { PageInk::Odd } else { ink };
            for text in wrap_text(text, width) {
                let mut line = PageLine::default();
                line.put(style, ink, &text);
                lines.push(line);
            }
        });
    }
    lines
}

/// The record stands beside it, so that its lines are not shown again.
fn problem_lines(problem: &Problem, before: &str, put: &mut dyn FnMut(PageInk, &str)) {
    put(PageInk::Bad, &format!("✗ {before}{} {}", problem.code, problem.message));
    let lines: Vec<String> = problem.lines.iter().map(u64::to_string).collect();
    let place = match lines.len() {
        0 => String::new(),
        1 => format!(", line {}", lines.join("")),
        _ => format!(", lines {}", lines.join(", ")),
    };
    let target = if problem.target.is_empty() { "the record" } else { &problem.target };
    let from = if problem.path.is_empty() { String::new() } else { format!(" from {}", problem.path) };
    put(PageInk::Plain, &format!("  in        {target}{from}{place}"));
    if !problem.found.is_empty() {
        put(PageInk::Plain, &format!("  found     {}", visible_text(&problem.found)));
    }
    let by = problem.mapping.as_ref().map(|at| format!(" ({}:{})", at.file, at.line)).unwrap_or_default();
    if !problem.expected.is_empty() {
        put(PageInk::Plain, &format!("  expected  {}{by}", problem.expected));
    } else if !by.is_empty() {
        put(PageInk::Plain, &format!("  by       {by}"));
    }
    for help in &problem.help {
        put(PageInk::Plain, &format!("  → {help}"));
    }
}

fn event_lines(event: &SampleEvent, style: &PageStyle, width: usize, lines: &mut Vec<PageLine>) {
    let mut head = PageLine::default();
    head.put(style, PageInk::Strong, &event.name);
    head.put(style, PageInk::Plain, &format!(" → {}", event.event_type));
    if let Some(verdict) = &event.verdict {
        let ink = match verdict.word {
            "new" | "amendment" => PageInk::Good,
            "duplicate" | "older-mapping" => PageInk::Odd,
            _ => PageInk::Bad,
        };
        head.put(style, ink, &format!("  {}", verdict.word.to_uppercase()));
        if !verdict.earlier.is_empty() {
            head.put(style, PageInk::Faint, &format!(" of {}", verdict.earlier));
        }
    }
    lines.push(head);
    let name = event.fields.iter().map(|field| field.field.width()).max().unwrap_or(0).min(NAME);
    let value = event.fields.iter().map(|field| field.value.width()).max().unwrap_or(0).min(36);
    for field in &event.fields {
        let mut line = PageLine::default();
        line.put(style, PageInk::Plain, &pad_columns(&field.field, name));
        line.put(style, PageInk::Plain, "  ");
        line.put(style, PageInk::Strong, &visible_text(&field.value));
        if !field.how.is_empty() {
            line.reach(name + 2 + value);
            let how = format!("  ← {}", field.how);
            // What does not fit beside it stands below.
            if line.width + how.width() <= width {
                line.put(style, PageInk::Faint, &how);
            } else {
                lines.push(std::mem::take(&mut line));
                for (n, text) in wrap_text(&field.how, width.saturating_sub(name + 4)).into_iter().enumerate() {
                    let mut below = PageLine::default();
                    below.reach(name);
                    below.put(style, PageInk::Faint, &format!("  {} {text}", if n == 0 { "←" } else { " " }));
                    lines.push(below);
                }
                continue;
            }
        }
        lines.push(line);
    }
    if event.fields_left_off > 0 {
        let mut line = PageLine::default();
        line.put(style, PageInk::Faint, &format!("and {} fields more", event.fields_left_off));
        lines.push(line);
    }
    for expectation in &event.expectations {
        let mut line = PageLine::default();
        line.put(style, PageInk::Good, &format!("expect \"{expectation}\" ✓"));
        lines.push(line);
    }
}
