//! The same page as one HTML file that needs nothing else: no script, nothing fetched, every value escaped.

use std::fmt::Write;

use onefold_connect::{EnumSummary, RecordFate, SampleEvent, SampleRecord, SampleReport, ValueSummary, WordCount};
use onefold_event::Problem;

use super::record::place_text;
use super::style::{PageStyle, visible_text};
use super::summary;

const HEAD: &str = "<meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<style>
:root { color-scheme: light dark; font: 14px/1.45 system-ui, sans-serif; }
body { margin: 1.5rem; }
pre, td, th, code { font-family: ui-monospace, monospace; font-size: 13px; }
table { border-collapse: collapse; margin: .3rem 0 1rem; }
td, th { text-align: left; vertical-align: top; padding: .1rem .8rem .1rem 0; overflow-wrap: anywhere; }
th { font-weight: 600; border-bottom: 1px solid; }
section { border: 1px solid color-mix(in srgb, currentColor 30%, transparent); border-radius: 6px; padding: .6rem 1rem; margin: 1rem 0; }
.sides { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 1.5rem; align-items: start; }
.how, .unread { opacity: .62; }
.mapped { color: #18794e; } .skipped { color: #9a6700; } .rejected { color: #c62a2f; }
</style>";

pub(crate) fn render_html(report: &SampleReport) -> String {
    let mut out =
        format!("<!doctype html><html lang=\"en\"><title>{} tried</title>{HEAD}", escape_text(&report.connector));
    // The same words as in a terminal: two pages of one report say one thing.
    let mut verdict = String::new();
    summary::render_verdict(report, &PageStyle::of_output(false), &mut verdict);
    let _ = write!(
        out,
        "<h1>{}</h1><p>source {}, mapping {}, digest <code>{}</code></p><pre>{}</pre>",
        escape_text(&report.connector),
        escape_text(&report.source),
        report.mapping,
        escape_text(&report.digest),
        escape_text(&verdict),
    );
    let unread: Vec<String> =
        report.columns.iter().filter(|one| !one.read).map(|one| format!("<code>{}</code>", shown(&one.name))).collect();
    let unread = if unread.is_empty() { "none".to_owned() } else { unread.join(", ") };
    let _ = write!(out, "<p>Columns never read: {unread}.</p>");
    report.enums.iter().for_each(|words| write_enum(words, &mut out));
    report.records.iter().for_each(|record| write_record(record, report.counts.records, &mut out));
    let left = report.selected.saturating_sub(report.records.len() as u64);
    if left > 0 {
        let _ = write!(out, "<p>{left} records more are not shown.</p>");
    }
    write_values("columns of the source", &report.columns, &mut out);
    write_values("fields of the events", &report.fields, &mut out);
    out.push_str("</html>");
    out
}

fn write_enum(words: &EnumSummary, out: &mut String) {
    let told = |list: &[WordCount]| {
        list.iter()
            .map(|one| format!("<code>{}</code> ({})", shown(&one.word), one.records))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let _ = write!(out, "<p><code>[enum.{}]</code> met: {}", escape_text(&words.name), told(&words.met));
    if !words.unknown.is_empty() {
        let more = if words.more_unknown { " and more" } else { "" };
        let _ = write!(out, "; <span class=rejected>not listed: {}{more}</span>", told(&words.unknown));
    }
    if !words.never_met.is_empty() {
        let never: Vec<String> = words.never_met.iter().map(|word| format!("<code>{}</code>", shown(word))).collect();
        let _ = write!(out, "; never met: {}", never.join(", "));
    }
    out.push_str("</p>");
}

fn write_record(record: &SampleRecord, of: u64, out: &mut String) {
    let fate = match record.fate {
        RecordFate::Skipped => format!("skipped: {}", record.reason),
        other => other.to_string(),
    };
    let _ = write!(
        out,
        "<section><h2>record {} of {of} <span class={}>{}</span></h2><p>{}{}</p><div class=sides><table>",
        record.number,
        record.fate,
        escape_text(&fate),
        shown(&record.resource),
        place_text(record),
    );
    // Blank or not, since a page is searched and not scrolled.
    for value in &record.values {
        let class = if value.read { "" } else { " class=unread title=\"never read\"" };
        let texts: Vec<String> = value.values.iter().map(|text| escape_text(&visible_text(text))).collect();
        let more =
            if value.count > 1 { format!(" <span class=how>in all {}</span>", value.count) } else { String::new() };
        let _ = write!(out, "<tr{class}><td>{}<td>{}{more}", shown(&value.name), texts.join(" | "));
    }
    if record.values_left_off > 0 {
        let _ = write!(out, "<tr><td><td class=how>and {} values more", record.values_left_off);
    }
    out.push_str("</table><div>");
    record.problems.iter().for_each(|problem| write_problem(problem, "rejected", out));
    record.events.iter().for_each(|event| write_event(event, out));
    record.findings.iter().for_each(|problem| write_problem(problem, "skipped", out));
    out.push_str("</div></div></section>");
}

fn write_problem(problem: &Problem, class: &str, out: &mut String) {
    let _ = write!(out, "<pre class={class}>{}</pre>", escape_text(&problem.to_string()));
}

fn write_event(event: &SampleEvent, out: &mut String) {
    let verdict = event.verdict.as_ref().map(|told| format!(" {} {}", told.word, told.earlier)).unwrap_or_default();
    let _ = write!(
        out,
        "<h3>{} → {}{}</h3><table>",
        escape_text(&event.name),
        escape_text(&event.event_type),
        escape_text(&verdict)
    );
    for field in &event.fields {
        let how = if field.how.is_empty() { String::new() } else { format!("← {}", shown(&field.how)) };
        let _ = write!(out, "<tr><td>{}<td>{}<td class=how>{how}", shown(&field.field), shown(&field.value));
    }
    if event.fields_left_off > 0 {
        let _ = write!(out, "<tr><td class=how>and {} fields more", event.fields_left_off);
    }
    out.push_str("</table>");
    for expectation in &event.expectations {
        let _ = write!(out, "<p class=mapped>expect \"{}\" ✓</p>", escape_text(expectation));
    }
}

fn write_values(title: &str, values: &[ValueSummary], out: &mut String) {
    let _ = write!(out, "<h2>{title}</h2><table><tr><th>name<th>present<th>distinct<th>least<th>greatest<th>examples");
    for value in values {
        let class = if value.read { "" } else { " class=unread title=\"never read\"" };
        let examples: Vec<String> = value.examples.iter().map(|text| shown(text)).collect();
        let _ = write!(
            out,
            "<tr{class}><td>{}<td>{}<td>{}{}<td>{}<td>{}<td>{}",
            shown(&value.name),
            summary::share_text(value),
            value.distinct,
            if value.more { "+" } else { "" },
            shown(&value.least),
            shown(&value.greatest),
            examples.join(" | "),
        );
    }
    out.push_str("</table>");
}

/// A value with what cannot be seen made visible, escaped.
fn shown(text: &str) -> String {
    if text.is_empty() { String::new() } else { escape_text(&visible_text(text)) }
}

/// Text that is text and nothing else, between tags and within quotes.
fn escape_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_source_writes_is_markup() {
        assert_eq!(shown("<b onclick='x'>\"&\u{1b}"), "&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;\\u{1b}");
        assert_eq!(escape_text("a < b && c"), "a &lt; b &amp;&amp; c");
    }
}
