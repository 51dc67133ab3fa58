//! Answers as text for people.

use onefold_event::Currency;
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
pub(crate) use difference::render_difference;
pub(crate) use document::render_document;
pub(crate) use entry::{EntryCounts, entry_line, whole_entry};
pub(crate) use explanation::render_explanation;
pub(crate) use line::{document_row, event_text, hit_lines, name_text, owner_lines};
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

/// A decimal with thousands apart.
pub(crate) fn amount_text(decimal: &str) -> String {
    let (sign, digits) = decimal.strip_prefix('-').map_or(("", decimal), |rest| ("-", rest));
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let mut out = sign.to_owned();
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(part) = part {
        out.push('.');
        out.push_str(part);
    }
    out
}

/// An amount with thousands apart, in the digits of its currency: zeros beyond them are not shown, what is more exact is.
fn money_text(decimal: &str, currency: &str) -> String {
    let digits = Currency::from_code(currency).and_then(|currency| currency.exponent());
    let Some(digits) = digits.map(usize::from) else { return amount_text(decimal) };
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    let exact = part.trim_end_matches('0').len().max(digits);
    let part: String = part.chars().chain(std::iter::repeat('0')).take(exact).collect();
    if part.is_empty() { amount_text(whole) } else { amount_text(&format!("{whole}.{part}")) }
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

/// Whether a decimal is nothing.
fn is_zero(decimal: &str) -> bool {
    decimal.chars().all(|c| matches!(c, '0' | '.' | '-'))
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
    fn thousands_stand_apart() {
        assert_eq!(amount_text("10305892.024"), "10,305,892.024");
        assert_eq!(amount_text("-373.57"), "-373.57");
        assert_eq!(amount_text("1000"), "1,000");
        assert_eq!(amount_text("0"), "0");
    }

    #[test]
    fn an_amount_has_the_digits_of_its_currency_or_what_is_more_exact() {
        assert_eq!(money_text("1318.0000", "CNY"), "1,318.00");
        assert_eq!(money_text("0", "EUR"), "0.00");
        assert_eq!(money_text("-3.145", "EUR"), "-3.145");
        assert_eq!(money_text("1200.00", "JPY"), "1,200");
        assert_eq!(money_text("1.5", "KWD"), "1.500");
        assert_eq!(money_text("1.50", "bonus"), "1.50");
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!(counted(1u64, "record", "records"), "1 record");
        assert_eq!(counted(0i64, "record", "records"), "0 records");
        assert_eq!(counted(1_200u64, "record", "records"), "1,200 records");
    }

    #[test]
    fn nothing_is_seen_at_any_scale() {
        assert!(is_zero("0") && is_zero("0.00") && !is_zero("0.01"));
    }
}
