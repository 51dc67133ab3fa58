//! How a source writes values: settings that stand in `[assume]` and in cells alike.

use std::ops::RangeInclusive;
use std::sync::Arc;

use onefold_event::{Currency, CurrencyError, Problem};

use crate::language::node::{Node, Value};
use crate::report::diagnostics::Faults;
use crate::values::date_pattern::Pattern;
use crate::values::number::{EXAMPLES, Style};

/// Two years, from and to.
pub(crate) fn years(node: &Node, faults: &mut Faults) -> Option<RangeInclusive<i16>> {
    let list = if let Value::List(list) = &node.value { list.as_slice() } else { &[] };
    let given: Vec<i16> =
        list.iter().filter_map(|n| n.integer(faults)).filter_map(|year| i16::try_from(year).ok()).collect();
    match given.as_slice() {
        [from, to] if list.len() == 2 && *from >= 1 && from <= to && *to <= 9999 => Some(*from..=*to),
        _ => {
            node.wrong(faults, "two years, such as [1900, 2100]");
            None
        }
    }
}

pub(crate) fn style(node: &Node, faults: &mut Faults) -> Option<Style> {
    let example = node.text(faults)?;
    let style = Style::by_example(example);
    if style.is_none() {
        let problem = Problem::new("M0403", format!("`{example}` is not one of the number examples"));
        faults.add(&node.span, problem.instead("", format!("one of {}", EXAMPLES.join("  "))));
    }
    style
}

pub(crate) fn patterns(node: &Node, time: bool, faults: &mut Faults) -> Arc<[Pattern]> {
    let mut list: Vec<Pattern> = Vec::new();
    for text in node.texts(faults) {
        match Pattern::parse(&text, time) {
            Ok(pattern) => {
                if let Some(other) = list.iter().find(|p| p.disagrees(&pattern)) {
                    let message = format!("`{}` and `{text}` read the same text as different days", other.text);
                    faults.say(&node.span, "M0402", message);
                }
                list.push(pattern);
            }
            Err(why) => {
                faults.say(&node.span, "M0401", format!("`{text}` is not a pattern: {why}"));
                // One slip is told once: what needs a pattern has this one.
                list.push(Pattern::refused(&text));
            }
        }
    }
    list.into()
}

pub(crate) fn currency(node: &Node, faults: &mut Faults) -> Option<Currency> {
    let code = node.text(faults)?;
    match code.parse() {
        Ok(currency) => Some(currency),
        Err(error) => {
            faults.say(&node.span, "M0406", CurrencyError::to_string(&error));
            // One slip is told once: what needs a currency has this one.
            Currency::from_code("XXX")
        }
    }
}

pub(crate) fn yes_no(node: &Node, faults: &mut Faults) -> (Arc<[String]>, Arc<[String]>) {
    if !node.table(faults) {
        return (Arc::new([]), Arc::new([]));
    }
    node.only(faults, "`bool`", &["yes", "no"]);
    let mut words = |key| node.get(key).map(|n| n.texts(faults)).unwrap_or_default().into();
    (words("yes"), words("no"))
}
