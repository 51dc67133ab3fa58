//! Answers as text for people.

use onefold_view::{is_zero, money_text};
use unicode_width::UnicodeWidthStr;

mod customer;
mod decided;
mod difference;
mod document;
mod entry;
mod explanation;
mod line;
mod remap;
mod report;
mod sample;
mod source;
mod time;
mod total;

pub(crate) use customer::render_customer;
pub(crate) use decided::{candidate_lines, decision_lines, join_lines};
pub(crate) use difference::{render_difference, render_steps};
pub(crate) use document::render_document;
pub(crate) use entry::{EntryCounts, entry_line, whole_entry};
pub(crate) use explanation::render_explanation;
pub(crate) use line::{document_row, event_text, hit_lines, name_text, owner_lines};
pub(crate) use onefold_view::amount_text;
pub(crate) use remap::{RemapAdvice, render_remap};
pub(crate) use report::render_report;
pub(crate) use sample::{PageStyle, render_html, render_sample};
pub(crate) use source::{render_source, source_line};
pub(crate) use time::{show_in, zone_line};
pub(crate) use total::{render_customer_status, render_status};

/// A text on one line, whatever breaks it has.
fn one_line(text: &str) -> String {
    text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A text followed by as many blanks as make it so many columns wide on a terminal, where a Chinese character takes two.
fn pad_columns(text: &str, columns: usize) -> String {
    format!("{text}{:1$}", "", columns.saturating_sub(text.width()))
}

/// A count with thousands apart.
fn count(n: u64) -> String {
    amount_text(&n.to_string())
}

/// How many there are of something.
pub(crate) fn counted(n: impl Into<i128>, one: &str, many: &str) -> String {
    let n: i128 = n.into();
    format!("{} {}", amount_text(&n.to_string()), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_whatever_the_script() {
        assert_eq!(pad_columns("order:erp:A1", 16), "order:erp:A1    ");
        assert_eq!(pad_columns("order:erp:订单1", 16), "order:erp:订单1 ");
        assert_eq!(pad_columns("order:erp:订单12345", 16), "order:erp:订单12345");
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!(counted(1u64, "record", "records"), "1 record");
        assert_eq!(counted(0i64, "record", "records"), "0 records");
        assert_eq!(counted(1_200u64, "record", "records"), "1,200 records");
    }
}
