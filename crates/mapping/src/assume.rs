//! `[assume]`: what the source leaves unsaid, said once.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::tz::TimeZone;
use onefold_event::{Currency, CurrencyError, Problem};

use crate::cell::{CurrencyOf, Parse, TextOf, ZoneOf};
use crate::compile::Compiler;
use crate::instant::{DST, zone};
use crate::node::{Node, Value};
use crate::number::{EXAMPLES, NEGATIVES, Style};
use crate::pattern::Pattern;
use crate::scope::SlotTy;
use crate::source::{Faults, Span};
use crate::value::Ty;

#[derive(Debug)]
pub(crate) struct Assume {
    pub(crate) parse: Parse,
    pub(crate) blank: Arc<[String]>,
    pub(crate) region: Option<TextOf>,
    /// Where the zone is said, for advice about it.
    pub(crate) zone_at: Option<Span>,
}

/// Digits that the smallest unit of a currency has at most.
const MOST_DIGITS: u32 = 6;

/// Names of slots that no mapping can write.
pub(crate) const CURRENCY: &str = "[currency]";
pub(crate) const ZONE: &str = "[zone]";
pub(crate) const REGION: &str = "[region]";

impl Default for Assume {
    fn default() -> Self {
        Self {
            parse: Parse {
                style: Style::PLAIN,
                minor: false,
                units: Arc::default(),
                currency: None,
                dates: Arc::new([]),
                times: Arc::new([]),
                years: None,
                day_of_time: false,
                zone: None,
                dst: None,
                at: None,
                yes: Arc::new(["true".to_owned()]),
                no: Arc::new(["false".to_owned()]),
                source: None,
            },
            blank: Arc::new([]),
            region: None,
            zone_at: None,
        }
    }
}

impl Compiler<'_> {
    /// Reads the constants, and declares slots for what is worked out per record.
    pub(crate) fn assume(&mut self, node: &Node) {
        let known = [
            "zone", "dst", "date", "time", "years", "number", "negative", "currency", "minor", "region", "blank",
            "bool",
        ];
        node.only(&mut self.faults, "[assume]", &known);
        let mut assume = Assume::default();
        let f = &mut self.faults;
        if let Some(style) = node.get("number").and_then(|n| style(n, f)) {
            assume.parse.style = style;
        }
        if let Some(negative) = node.get("negative").and_then(|n| n.one_of(f, &NEGATIVES)) {
            assume.parse.style = assume.parse.style.negative(negative);
        }
        if let Some(dates) = node.get("date") {
            assume.parse.dates = patterns(dates, false, f);
        }
        if let Some(times) = node.get("time") {
            assume.parse.times = patterns(times, true, f);
        }
        assume.parse.years = node.get("years").and_then(|n| years(n, f));
        if let Some(n) = node.get("minor") {
            assume.parse.units = units(n, f);
        }
        assume.parse.dst = node.get("dst").and_then(|n| n.one_of(f, &DST));
        if let Some(blank) = node.get("blank") {
            assume.blank = blank.texts(f).into();
        }
        if let Some(node) = node.get("bool") {
            (assume.parse.yes, assume.parse.no) = yes_no(node, f);
        }
        if let Some(node) = node.get("zone") {
            assume.zone_at = Some(node.span.clone());
            assume.parse.zone = match node.is_table() {
                true => Some(ZoneOf::Slot(self.hidden(ZONE, node))),
                false => self.zone_of(node),
            };
        }
        if let Some(node) = node.get("currency") {
            assume.parse.currency = match node.is_table() {
                true => Some(CurrencyOf::Slot(self.hidden(CURRENCY, node))),
                false => currency(node, &mut self.faults).map(CurrencyOf::Fixed),
            };
        }
        if let Some(node) = node.get("region") {
            assume.region = match node.is_table() {
                true => Some(TextOf::Slot(self.hidden(REGION, node))),
                false => node.text(&mut self.faults).map(|t| TextOf::Fixed(t.to_owned())),
            };
        }
        self.assume = assume;
    }

    fn hidden(&mut self, name: &str, node: &Node) -> crate::scope::SlotRef {
        let index = self.scopes.declare(0, name, &node.span, SlotTy::One(Ty::Text));
        self.pend(0, index, node, name.trim_matches(['[', ']']).to_owned(), Ty::Text);
        crate::scope::SlotRef { up: 0, index }
    }

    pub(crate) fn zone_of(&mut self, node: &Node) -> Option<ZoneOf> {
        let name = node.text(&mut self.faults)?;
        let found = zone(name);
        if found.is_none() {
            let problem = Problem::new("M0404", format!("there is no zone `{name}`"));
            self.faults.add(&node.span, problem.instead("", "a name of the IANA database, such as Europe/London"));
        }
        // One slip is told once: what needs a zone has this one.
        Some(ZoneOf::Fixed(found.unwrap_or(TimeZone::UTC)))
    }
}

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

/// Digits of the smallest unit by currency.
fn units(node: &Node, faults: &mut Faults) -> Arc<BTreeMap<String, u32>> {
    let mut units = BTreeMap::new();
    if !node.table(faults) {
        return Arc::default();
    }
    for entry in node.entries() {
        let currency: Result<Currency, CurrencyError> = entry.key.parse();
        let code = match &currency {
            Ok(currency) => currency.code(),
            Err(error) => {
                faults.say(&entry.at, "M0406", error.to_string());
                continue;
            }
        };
        let digits = entry.node.integer(faults);
        match digits.and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= MOST_DIGITS) {
            Some(digits) => {
                units.insert(code.to_owned(), digits);
            }
            None if digits.is_some() => entry.node.wrong(faults, "how many digits the smallest unit has: 0 to 6"),
            None => {}
        }
    }
    Arc::new(units)
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
