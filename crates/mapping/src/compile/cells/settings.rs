//! How a source writes values: settings that stand in `[assume]` and in cells alike.

use std::ops::RangeInclusive;
use std::sync::Arc;

use onefold_event::{Currency, CurrencyError, Problem};

use crate::language::node::{TomlNode, TomlValue};
use crate::language::options::MARKS;
use crate::report::diagnostics::Diagnostics;
use crate::report::nearest::did_you_mean;
use crate::values::date_pattern::{DatePattern, FORMS};
use crate::values::number::{EXAMPLES, NumberStyle};

/// Two years, from and to.
pub(crate) fn read_years(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<RangeInclusive<i16>> {
    let list = if let TomlValue::List(list) = &node.value { list.as_slice() } else { &[] };
    let given: Vec<i16> =
        list.iter().filter_map(|n| n.expect_integer(diagnostics)).filter_map(|year| i16::try_from(year).ok()).collect();
    match given.as_slice() {
        [from, to] if list.len() == 2 && *from >= 1 && from <= to && *to <= 9999 => Some(*from..=*to),
        _ => {
            node.report_type(diagnostics, "two years, such as [1900, 2100]");
            None
        }
    }
}

/// The first of the hundred years that two digits may mean.
pub(crate) fn read_pivot(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<i16> {
    let found = node.expect_integer(diagnostics)?;
    let pivot = i16::try_from(found).ok().filter(|year| (1000..=9900).contains(year));
    if pivot.is_none() {
        node.report_type(
            diagnostics,
            "the first of the hundred years that two digits may mean, such as 1950: 50 is 1950 and 49 is 2049",
        );
    }
    pivot
}

pub(crate) fn read_style(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<NumberStyle> {
    let example = node.expect_text(diagnostics)?;
    let style = NumberStyle::by_example(example);
    if style.is_none() {
        let problem = Problem::new("M0403", format!("`{example}` is not one of the number examples"));
        diagnostics.add(&node.span, problem.instead("", format!("one of {}", EXAMPLES.join("  "))));
    }
    style
}

pub(crate) fn read_patterns(node: &TomlNode, time: bool, diagnostics: &mut Diagnostics) -> Arc<[DatePattern]> {
    let mut list: Vec<DatePattern> = Vec::new();
    for text in node.text_list(diagnostics) {
        match DatePattern::parse(&text, time) {
            Ok(pattern) => {
                if let Some(other) = list.iter().find(|p| p.can_disagree(&pattern)) {
                    let message = format!("`{}` and `{text}` read the same text as different days", other.text);
                    diagnostics.report_message(&node.span, "M0402", message);
                }
                list.push(pattern);
            }
            Err(why) => {
                let mut problem = Problem::new("M0401", format!("`{text}` is not a pattern: {why}"));
                let letters = if time { "yyyy-MM-dd HH:mm:ss" } else { "yyyy-MM-dd" };
                problem.expected = format!("one of {}, or letters such as {letters}", FORMS.join(", "));
                problem.help.extend(did_you_mean(&text, FORMS.into_iter()));
                diagnostics.add(&node.span, problem);
                // One slip is told once: what needs a pattern has this one.
                list.push(DatePattern::refused(&text));
            }
        }
    }
    list.into()
}

pub(crate) fn read_currency(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<Currency> {
    let code = node.expect_text(diagnostics)?;
    match code.parse() {
        Ok(currency) => Some(currency),
        Err(error) => {
            diagnostics.report_message(&node.span, "M0406", CurrencyError::to_string(&error));
            // One slip is told once: what needs a currency has this one.
            Currency::from_code("XXX")
        }
    }
}

pub(crate) fn read_yes_no(node: &TomlNode, diagnostics: &mut Diagnostics) -> (Arc<[String]>, Arc<[String]>) {
    if !node.expect_table(diagnostics) {
        return (Arc::new([]), Arc::new([]));
    }
    node.allow_keys(diagnostics, "`bool`", &MARKS.keys());
    let mut words = |key| node.get(key).map(|n| n.text_list(diagnostics)).unwrap_or_default().into();
    (words("yes"), words("no"))
}
