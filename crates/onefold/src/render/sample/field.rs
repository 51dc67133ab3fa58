//! One field over a sample.

use std::fmt::Write;

use onefold_connect::FieldSummary;
use unicode_width::UnicodeWidthStr;

use super::style::{PageInk, PageStyle, fit_text, visible_text};
use crate::render::{count, counted, pad_columns};

/// Values and failures that are shown.
const SHOWN: usize = 50;
/// Columns of a value, and of how it came.
const VALUE: usize = 40;
const HOW: usize = 60;

/// Values with how each came, the most frequent first; then what is wrong.
pub(crate) fn render_field(field: &FieldSummary, style: &PageStyle, out: &mut String) {
    let without = if field.absent > 0 {
        format!(", absent in {}", counted(field.absent, "event", "events"))
    } else {
        String::new()
    };
    let failed: u64 = field.failures.iter().map(|failure| failure.count).sum::<u64>() + field.more_failures;
    let wrong = if failed > 0 { format!(", {}", counted(failed, "failure", "failures")) } else { String::new() };
    let head = format!("{}: {}{without}{wrong}", field.name, counted(field.values, "value", "values"));
    // Writing to a string does not fail.
    let _ = writeln!(out, "{}", style.paint(PageInk::Strong, &head));
    if field.values == 0 && failed == 0 {
        let _ = writeln!(out, "no event of the sample has such a field: see the fields of the events without --field");
    }
    let texts: Vec<(String, String)> = (field.kinds.iter().take(SHOWN))
        .map(|kind| (fit_text(&visible_text(&kind.value), VALUE), fit_text(&kind.how, HOW)))
        .collect();
    let (wide, wide_how) = texts.iter().fold((0, 0), |(a, b), (value, how)| (a.max(value.width()), b.max(how.width())));
    for (kind, (value, how)) in field.kinds.iter().zip(&texts) {
        let line = format!(
            "  {:>9}  {}  ← {}  {}",
            count(kind.count),
            pad_columns(value, wide),
            pad_columns(how, wide_how),
            kind.place
        );
        let _ = writeln!(out, "{}", fit_text(&line, style.width));
    }
    // Those beyond what is shown, and those beyond what is told apart.
    let shown: u64 = field.kinds.iter().take(SHOWN).map(|kind| kind.count).sum();
    if shown < field.values {
        let _ = writeln!(out, "  {:>9}  others", count(field.values - shown));
    }
    for failure in field.failures.iter().take(SHOWN) {
        let line = format!(
            "✗ {:>9}  {} {}: {}  {}",
            count(failure.count),
            failure.code,
            failure.message,
            fit_text(&visible_text(&failure.found), VALUE),
            failure.place
        );
        let _ = writeln!(out, "{}", style.paint(PageInk::Bad, &fit_text(&line, style.width)));
    }
    let shown: u64 = field.failures.iter().take(SHOWN).map(|failure| failure.count).sum();
    if shown < failed {
        let _ = writeln!(out, "✗ {:>9}  others", count(failed - shown));
    }
}
