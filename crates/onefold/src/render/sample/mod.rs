//! What a sample became, as a page for people: of `connector try` and `ingest --dry-run`.

mod field;
mod html;
mod record;
mod style;
mod summary;

use std::fmt::Write;

use onefold_connect::SampleReport;

pub(crate) use html::render_html;
pub(crate) use style::{PageStyle, fit_text, visible_text};

/// The verdict first, then records, then what is told over all of them.
pub(crate) fn render_sample(report: &SampleReport, style: &PageStyle) -> String {
    let mut out = String::new();
    let digest = report.digest.get(..8).unwrap_or_default();
    let _ =
        write!(out, "{} (source {}, mapping {}, digest {digest}…)   ", report.connector, report.source, report.mapping);
    summary::render_verdict(report, style, &mut out);
    summary::render_unread(report, style, &mut out);
    out.push('\n');
    for record in &report.records {
        record::render_record(record, report.counts.records, style, &mut out);
    }
    let shown = report.records.len() as u64;
    if shown < report.selected && report.field.is_none() {
        let _ = writeln!(
            out,
            "{} records more are not shown: --limit N shows more of them, --only rejected those\n",
            report.selected - shown
        );
    }
    if let Some(field) = &report.field {
        field::render_field(field, style, &mut out);
        out.truncate(out.trim_end().len());
        return out;
    }
    summary::render_values("columns of the source", &report.columns, style, &mut out);
    summary::render_values("fields of the events", &report.fields, style, &mut out);
    out.truncate(out.trim_end().len());
    out
}
