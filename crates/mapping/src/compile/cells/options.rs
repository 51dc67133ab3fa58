//! The options of a cell, each read from its key.

use std::sync::Arc;

use jiff::civil::Time;
use onefold_event::Problem;
use regex::Regex;
use rust_decimal::Decimal;

use crate::compile::cells::settings::{read_currency, read_patterns, read_pivot, read_style, read_years, read_yes_no};
use crate::compile::compiler::{CURRENCY, CellContext, ConnectorCompiler, ZONE};
use crate::language::node::{TomlNode, TomlValue};
use crate::language::options::PART;
use crate::program::cell::{
    CurrencyOf, ParseSettings, TextOf, TranslationTable, ValueAdjustment, ValueCheck, WordTranslation, ZoneOf,
};
use crate::program::names::SlotRef;
use crate::program::word_tables::UnknownWord;
use crate::report::nearest::did_you_mean;
use crate::values::instant::DST;
use crate::values::number::{NEGATIVES, NumberStyle};
use crate::values::text_edit::TextEdit;
use crate::values::value::ValueType;

/// More than anybody means, and less than a calendar holds.
const MOST_DAYS: i32 = 100_000;

impl ConnectorCompiler<'_> {
    pub(crate) fn read_text_edits(&mut self, node: &TomlNode) -> Vec<TextEdit> {
        let mut cuts = Vec::new();
        let f = &mut self.diagnostics;
        if let Some(n) = node.get("strip") {
            cuts.push(TextEdit::Strip(n.text_list(f)));
        }
        if let Some(n) = node.get("replace").filter(|n| n.expect_table(f)) {
            let pairs = n.entries().iter().filter_map(|e| Some((e.key.clone(), e.node.expect_text(f)?.to_owned())));
            cuts.push(TextEdit::Replace(pairs.collect()));
        }
        if let Some(n) = node.get("match") {
            cuts.extend(self.read_regex(n).map(TextEdit::Match));
        }
        if let Some(n) = node.get("match_all") {
            if node.get("match").is_some() {
                let message = "`match` takes the first match and `match_all` all of them: say one";
                self.diagnostics.report_message(&n.span, "M0112", message);
            }
            cuts.extend(self.read_regex(n).map(TextEdit::MatchAll));
        }
        let f = &mut self.diagnostics;
        if let Some(n) = node.get("part").filter(|n| n.expect_table(f)) {
            n.allow_keys(f, "`part`", &PART.keys());
            let by = n.get("by").and_then(|n| n.expect_text(f)).unwrap_or_default().to_owned();
            let which = n.get("n").and_then(|n| n.expect_integer(f)).unwrap_or(0);
            if by.is_empty() || which == 0 {
                f.report_message(&n.span, "M0102", "`part` needs `by`, and `n` counted from 1 (from the end: -1)");
            }
            cuts.push(TextEdit::Part { by, n: which });
        }
        if let Some(n) = node.get("slice") {
            let numbers: Vec<usize> = match &n.value {
                TomlValue::List(list) => {
                    list.iter().filter_map(|n| n.expect_integer(f)).filter_map(|n| usize::try_from(n).ok()).collect()
                }
                _ => Vec::new(),
            };
            match numbers.as_slice() {
                [start, length] if *start > 0 => cuts.push(TextEdit::Slice { start: *start, length: *length }),
                _ => n.report_type(f, "[start, length], counted from 1"),
            }
        }
        cuts
    }

    fn read_regex(&mut self, node: &TomlNode) -> Option<Regex> {
        let text = node.expect_text(&mut self.diagnostics)?;
        match Regex::new(text) {
            Ok(regex) => Some(regex),
            Err(why) => {
                let why = why.to_string();
                let last = why.lines().last().unwrap_or_default().trim().to_owned();
                self.diagnostics.report_message(&node.span, "M0407", format!("this is no regular expression: {last}"));
                None
            }
        }
    }

    pub(crate) fn read_translation(&mut self, node: &TomlNode, ty: &ValueType) -> Option<WordTranslation> {
        let otherwise = node.get("else").and_then(|n| UnknownWord::read(n, &mut self.diagnostics));
        if let Some(n) = node.get("enum") {
            let name = n.expect_text(&mut self.diagnostics)?;
            let Some(index) = self.word_names.get(name).copied() else {
                let advice = did_you_mean(name, self.word_names.keys().map(String::as_str));
                let mut problem = Problem::new("M0110", format!("there is no [enum.{name}]"));
                problem.help.extend(advice);
                self.diagnostics.add(&n.span, problem);
                return None;
            };
            let words = self.words.get(index)?;
            if let (ValueType::Word(known), Some(given)) = (ty, words.closed_words())
                && let Some(odd) = given.iter().find(|w| !known.iter().any(|(k, _)| k == *w))
            {
                let mut problem =
                    Problem::new("M0104", format!("[enum.{name}] gives `{odd}`, which the field does not know"));
                problem.expected =
                    format!("one of {}", known.iter().map(|(w, _)| w.as_str()).collect::<Vec<_>>().join(", "));
                self.diagnostics.add(&n.span, problem);
            }
            let otherwise = otherwise.unwrap_or_else(|| words.otherwise.clone());
            return Some(WordTranslation { by: TranslationTable::Words(index), otherwise });
        }
        let n = node.get("lookup")?;
        let name = n.expect_text(&mut self.diagnostics)?;
        let Some(index) = self.lookup_names.get(name).copied() else {
            let advice = did_you_mean(name, self.lookup_names.keys().map(String::as_str));
            let mut problem = Problem::new("M0110", format!("there is no [lookup.{name}]"));
            problem.help.extend(advice);
            self.diagnostics.add(&n.span, problem);
            return None;
        };
        let Some(take) = node.get("take") else {
            self.diagnostics.report_message(&n.span, "M0102", "a look-up says which column to `take`");
            return None;
        };
        let column = take.expect_text(&mut self.diagnostics)?;
        let lookup = self.lookups.get(index)?;
        let found = lookup.columns.iter().position(|c| c == column);
        if found.is_none() && !lookup.columns.is_empty() {
            let mut problem = Problem::new("M0502", format!("[lookup.{name}] has no column `{column}`"));
            problem.expected = format!("one of {}", lookup.columns.join(", "));
            self.diagnostics.add(&take.span, problem);
        }
        Some(WordTranslation {
            by: TranslationTable::Lookup(index, found?),
            otherwise: otherwise.unwrap_or(UnknownWord::Reject),
        })
    }

    pub(crate) fn read_parse_settings(&mut self, node: &TomlNode, at: &CellContext) -> ParseSettings {
        // Lists in it are shared (`Arc`): a cell that says nothing of its own copies pointers.
        let mut parse = self.assume.parse.clone();
        // Slots of [assume] belong to the outermost scope.
        parse.currency = parse.currency.map(|c| self.rebase_currency(c, at));
        parse.zone = parse.zone.map(|z| self.rebase_zone(z, at));
        let f = &mut self.diagnostics;
        if let Some(found) = node.get("number").and_then(|n| read_style(n, f)) {
            parse.style = found;
        }
        if let Some(negative) = node.get("negative").and_then(|n| n.one_of(f, &NEGATIVES)) {
            parse.style = parse.style.with_negative(negative);
        }
        parse.minor = node.get("minor").and_then(|n| n.expect_bool(f)).unwrap_or(false);
        if let Some(n) = node.get("date") {
            parse.dates = read_patterns(n, false, f);
        }
        if let Some(n) = node.get("time") {
            parse.times = read_patterns(n, true, f);
            parse.day_of_time = true;
        }
        if let Some(found) = node.get("years").and_then(|n| read_years(n, f)) {
            parse.years = Some(found);
        }
        if let Some(found) = node.get("pivot").and_then(|n| read_pivot(n, f)) {
            parse.pivot = Some(found);
        }
        if let Some(dst) = node.get("dst").and_then(|n| n.one_of(f, &DST)) {
            parse.dst = Some(dst);
        }
        if let Some(n) = node.get("at") {
            let text = n.expect_text(f).unwrap_or_default();
            parse.at = text.split_once(':').and_then(|(h, m)| Time::new(h.parse().ok()?, m.parse().ok()?, 0, 0).ok());
            if parse.at.is_none() {
                n.report_type(f, "a time of day such as \"00:00\"");
            }
        }
        if let Some(n) = node.get("bool") {
            (parse.yes, parse.no) = read_yes_no(n, f);
        }
        if let Some(n) = node.get("currency") {
            parse.currency = match n.is_table() {
                true => self.read_cell(n, &ValueType::Text, at, &[]).map(|c| CurrencyOf::Cell(Arc::new(c))),
                false => read_currency(n, &mut self.diagnostics).map(CurrencyOf::Fixed),
            };
        }
        if let Some(n) = node.get("zone") {
            parse.zone = match n.is_table() {
                true => self.read_cell(n, &ValueType::Text, at, &[]).map(|c| ZoneOf::Cell(Arc::new(c))),
                false => self.zone_of(n),
            };
        }
        parse.source = node.get("source").and_then(|n| self.text_of(n, at));
        parse
    }

    /// A plain text is a constant; a table is a cell.
    pub(crate) fn text_of(&mut self, node: &TomlNode, at: &CellContext) -> Option<TextOf> {
        match node.is_table() {
            true => self.read_cell(node, &ValueType::Text, at, &[]).map(|c| TextOf::Cell(Arc::new(c))),
            false => node.expect_text(&mut self.diagnostics).map(|t| TextOf::Fixed(t.to_owned())),
        }
    }

    fn rebase_currency(&mut self, of: CurrencyOf, at: &CellContext) -> CurrencyOf {
        match of {
            CurrencyOf::Slot(_) => self.slot_seen_from(CURRENCY, at).map_or(of, CurrencyOf::Slot),
            other => other,
        }
    }

    fn rebase_zone(&mut self, of: ZoneOf, at: &CellContext) -> ZoneOf {
        match of {
            ZoneOf::Slot(_) => self.slot_seen_from(ZONE, at).map_or(of, ZoneOf::Slot),
            other => other,
        }
    }

    /// A slot of [assume] as seen from here.
    pub(crate) fn slot_seen_from(&mut self, name: &str, at: &CellContext) -> Option<SlotRef> {
        self.scopes.find_slot(at.scope, at.own, name).map(|(slot, _)| slot)
    }

    pub(crate) fn read_adjustment(&mut self, node: &TomlNode) -> ValueAdjustment {
        let f = &mut self.diagnostics;
        let mut flag = |key| node.get(key).and_then(|n| n.expect_bool(f)).unwrap_or(false);
        let mut adjust = ValueAdjustment { negate: flag("negate"), abs: flag("abs"), ..ValueAdjustment::default() };
        if let Some(n) = node.get("times") {
            adjust.times = match &n.value {
                TomlValue::Integer(by) => Some(Decimal::from(*by)),
                TomlValue::Text(text) => NumberStyle::PLAIN.read_decimal(text).ok(),
                _ => None,
            };
            if adjust.times.is_none() {
                n.report_type(f, "a factor in quotes, such as \"0.01\"");
            }
        }
        if let Some(n) = node.get("round") {
            adjust.round = n.expect_integer(f).and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= 9);
            if adjust.round.is_none() {
                n.report_type(f, "a number of digits from 0 to 9");
            }
        }
        if let Some(n) = node.get("add_days") {
            let days = n.expect_integer(f).and_then(|n| i32::try_from(n).ok()).filter(|n| n.abs() <= MOST_DAYS);
            if days.is_none() {
                n.report_type(f, "a number of days, at most 100000");
            }
            adjust.add_days = days.unwrap_or(0);
        }
        adjust
    }

    pub(crate) fn read_checks(&mut self, node: &TomlNode, ty: &ValueType) -> Vec<ValueCheck> {
        let mut checks = Vec::new();
        let ty = if *ty == ValueType::Money { &ValueType::Decimal } else { ty };
        if let Some(n) = node.get("one_of") {
            if let TomlValue::List(list) = &n.value {
                checks.push(ValueCheck::OneOf(list.iter().filter_map(|n| self.read_constant(n, ty)).collect()));
            } else {
                n.report_type(&mut self.diagnostics, "a list");
            }
        }
        if let Some(n) = node.get("between") {
            let list = if let TomlValue::List(list) = &n.value { list.as_slice() } else { &[] };
            match list {
                [low, high] => {
                    if let (Some(low), Some(high)) = (self.read_constant(low, ty), self.read_constant(high, ty)) {
                        checks.push(ValueCheck::Between(low, high));
                    }
                }
                _ => n.report_type(&mut self.diagnostics, "[least, most]"),
            }
        }
        if let Some(n) = node.get("like") {
            checks.extend(self.read_regex(n).map(ValueCheck::Like));
        }
        if let Some(n) = node.get("max_length").and_then(|n| n.expect_integer(&mut self.diagnostics)) {
            checks.push(ValueCheck::MaxLength(usize::try_from(n).unwrap_or(0)));
        }
        checks
    }
}
