//! `[assume]`: what the source leaves unsaid, said once.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use onefold_event::{Currency, CurrencyError, Problem};

use crate::compile::cells::settings::{read_currency, read_patterns, read_pivot, read_style, read_years, read_yes_no};
use crate::compile::compiler::{AssumedSettings, CURRENCY, ConnectorCompiler, PendingCell, REGION, ZONE};
use crate::language::node::TomlNode;
use crate::language::options::ASSUME;
use crate::program::cell::{CurrencyOf, TextOf, ZoneOf};
use crate::program::names::SlotRef;
use crate::program::scope::SlotType;
use crate::report::diagnostics::Diagnostics;
use crate::values::instant::{DST, zone_by_name};
use crate::values::number::NEGATIVES;
use crate::values::value::ValueType;

impl ConnectorCompiler<'_> {
    /// Reads the constants, and declares slots for what is worked out per record.
    pub(crate) fn read_assumptions(&mut self, node: &TomlNode) {
        node.allow_keys(&mut self.diagnostics, "[assume]", &ASSUME.keys());
        let mut assume = AssumedSettings::default();
        let f = &mut self.diagnostics;
        if let Some(style) = node.get("number").and_then(|n| read_style(n, f)) {
            assume.parse.style = style;
        }
        if let Some(negative) = node.get("negative").and_then(|n| n.one_of(f, &NEGATIVES)) {
            assume.parse.style = assume.parse.style.with_negative(negative);
        }
        if let Some(dates) = node.get("date") {
            assume.parse.dates = read_patterns(dates, false, f);
        }
        if let Some(times) = node.get("time") {
            assume.parse.times = read_patterns(times, true, f);
        }
        assume.parse.years = node.get("years").and_then(|n| read_years(n, f));
        assume.parse.pivot = node.get("pivot").and_then(|n| read_pivot(n, f));
        if let Some(n) = node.get("minor") {
            assume.parse.units = read_units(n, f);
        }
        assume.parse.dst = node.get("dst").and_then(|n| n.one_of(f, &DST));
        if let Some(blank) = node.get("blank") {
            assume.blank = blank.text_list(f).into();
        }
        if let Some(node) = node.get("bool") {
            (assume.parse.yes, assume.parse.no) = read_yes_no(node, f);
        }
        if let Some(node) = node.get("zone") {
            assume.zone_at = Some(node.span.clone());
            assume.parse.zone = match node.is_table() {
                true => Some(ZoneOf::Slot(self.hidden_slot(ZONE, node))),
                false => self.zone_of(node),
            };
        }
        if let Some(node) = node.get("currency") {
            assume.parse.currency = match node.is_table() {
                true => Some(CurrencyOf::Slot(self.hidden_slot(CURRENCY, node))),
                false => read_currency(node, &mut self.diagnostics).map(CurrencyOf::Fixed),
            };
        }
        if let Some(node) = node.get("region") {
            assume.region = match node.is_table() {
                true => Some(TextOf::Slot(self.hidden_slot(REGION, node))),
                false => node.expect_text(&mut self.diagnostics).map(|t| TextOf::Fixed(t.to_owned())),
            };
        }
        self.assume = assume;
    }

    fn hidden_slot(&mut self, name: &str, node: &TomlNode) -> SlotRef {
        let index = self.scopes.declare_name(0, name, &node.span, SlotType::One(ValueType::Text));
        let target = name.trim_matches(['[', ']']).to_owned();
        let node = node.clone();
        self.add_pending(PendingCell { scope: 0, index, node, target, ty: ValueType::Text, list: false, named: false });
        SlotRef { up: 0, index }
    }

    pub(crate) fn zone_of(&mut self, node: &TomlNode) -> Option<ZoneOf> {
        let name = node.expect_text(&mut self.diagnostics)?;
        let found = zone_by_name(name);
        if found.is_none() {
            let problem = Problem::new("M0404", format!("there is no zone `{name}`"));
            self.diagnostics.add(&node.span, problem.instead("", "a name of the IANA database, such as Europe/London"));
        }
        // One slip is told once: what needs a zone has this one.
        Some(ZoneOf::Fixed(found.unwrap_or(TimeZone::UTC)))
    }
}

/// Digits that the smallest unit of a currency has at most.
const MOST_DIGITS: u32 = 6;

/// Digits of the smallest unit by currency.
fn read_units(node: &TomlNode, diagnostics: &mut Diagnostics) -> Arc<BTreeMap<String, u32>> {
    let mut units = BTreeMap::new();
    if !node.expect_table(diagnostics) {
        return Arc::default();
    }
    for entry in node.entries() {
        let currency: Result<Currency, CurrencyError> = entry.key.parse();
        let code = match &currency {
            Ok(currency) => currency.code(),
            Err(error) => {
                diagnostics.report_message(&entry.at, "M0406", error.to_string());
                continue;
            }
        };
        let digits = entry.node.expect_integer(diagnostics);
        match digits.and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= MOST_DIGITS) {
            Some(digits) => {
                units.insert(code.to_owned(), digits);
            }
            None if digits.is_some() => {
                entry.node.report_type(diagnostics, "how many digits the smallest unit has: 0 to 6")
            }
            None => {}
        }
    }
    Arc::new(units)
}
