//! Whether a cell makes sense: its options fit its type, and what reading needs is said somewhere.

use onefold_event::Problem;

use crate::compile::compiler::ConnectorCompiler;
use crate::language::node::TomlNode;
use crate::program::cell::{CellDef, CellOrigin, ZoneOf};
use crate::values::instant::has_clock_changes;
use crate::values::value::ValueType;

/// Options that work on the source's texts.
pub(crate) const OF_TEXTS: [&str; 14] = [
    "pick",
    "trim",
    "blank",
    "fold",
    "strip",
    "replace",
    "match",
    "match_all",
    "part",
    "slice",
    "enum",
    "lookup",
    "take",
    "else",
];

/// Options that say how a text is read.
pub(crate) const OF_READING: [&str; 14] = [
    "number", "negative", "minor", "currency", "date", "time", "years", "pivot", "zone", "dst", "at", "bool",
    "default", "on_bad",
];

/// Why an option does nothing beside the others of its cell, if it does nothing.
fn idle_because(node: &TomlNode, key: &str, ty: &ValueType) -> Option<&'static str> {
    let has = |key: &str| node.get(key).is_some();
    let (text, reading) = (OF_TEXTS.contains(&key), OF_READING.contains(&key));
    Some(match key {
        "with" if !has("join") => "without `join`",
        "take" if !has("lookup") => "without `lookup`",
        "else" if !has("enum") && !has("lookup") => "without `enum` or `lookup`",
        "lookup" if has("enum") => "beside `enum`: a word is translated once",
        "negate" if has("abs") => "beside `abs`",
        "pick" if has("join") => "beside `join`",
        "pick" if has("use") => "beside `use`: it stands where the name is made",
        "date" if *ty == ValueType::Time && !has("at") => "for a time without `at`",
        "date" if *ty == ValueType::Date && has("time") => "beside `time`, of which the day is taken",
        "time" | "dst" if *ty == ValueType::Time && has("at") => "beside `at`, which makes a time of a written day",
        _ if text && has("calc") => "to what is computed",
        _ if (text || reading) && has("value") => "to a constant",
        _ => return None,
    })
}

impl ConnectorCompiler<'_> {
    /// Options that say nothing about a value of this type are slips.
    pub(crate) fn check_applicable(&mut self, node: &TomlNode, ty: &ValueType) {
        for entry in node.entries() {
            let number = matches!(ty, ValueType::Integer | ValueType::Decimal | ValueType::Money);
            let ok = match entry.key.as_str() {
                "number" | "negative" | "negate" | "abs" | "times" | "round" => number,
                "minor" => matches!(ty, ValueType::Decimal | ValueType::Money),
                // Of a decimal, whose amount of smallest units it is.
                "currency" => *ty == ValueType::Money || (*ty == ValueType::Decimal && node.get("minor").is_some()),
                "years" | "pivot" => matches!(ty, ValueType::Date | ValueType::Time),
                "date" => matches!(ty, ValueType::Date | ValueType::Time),
                "time" => matches!(ty, ValueType::Date | ValueType::Time),
                "zone" | "dst" | "at" => *ty == ValueType::Time,
                "bool" => *ty == ValueType::Bool,
                "add_days" => *ty == ValueType::Date,
                _ => true,
            };
            if !ok {
                self.diagnostics.report_message(
                    &entry.at,
                    "M0112",
                    format!("`{}` says nothing about a {}", entry.key, ty.type_word()),
                );
            }
            if let Some(why) = idle_because(node, &entry.key, ty).filter(|_| ok) {
                let message = format!("`{}` does nothing {why}", entry.key);
                self.diagnostics.report_message(&entry.at, "M0112", message);
            }
        }
    }

    /// Options that work on a text do nothing to what a name has read already.
    pub(crate) fn refuse_text_options(&mut self, node: &TomlNode, from: &str) {
        for entry in node.entries().iter().filter(|e| OF_TEXTS.contains(&e.key.as_str()) && e.key != "pick") {
            let message = format!("`{}` does nothing to a {from}: it works on texts", entry.key);
            self.diagnostics.report_message(&entry.at, "M0112", message);
        }
    }

    /// Whether everything that reading needs is said somewhere.
    pub(crate) fn check_complete(&mut self, cell: &CellDef, node: &TomlNode) {
        if cell.is_constant() {
            return;
        }
        let reads = !matches!(cell.origin, CellOrigin::Use(_) | CellOrigin::Calc { .. });
        let p = &cell.parse;
        let missing = match cell.ty {
            ValueType::Money | ValueType::Decimal
                if p.currency.is_none() && (p.minor || cell.ty == ValueType::Money) =>
            {
                Some(("M0409", "an amount needs a currency", "[assume] currency = \"EUR\", or { from = \"heading\" }"))
            }
            ValueType::Date if reads && !p.day_of_time && p.dates.is_empty() => {
                Some(("M0409", "how dates are written is not said", "[assume] date = \"yyyy-MM-dd\""))
            }
            ValueType::Time if reads && p.at.is_some() && p.dates.is_empty() => {
                Some(("M0409", "how dates are written is not said", "[assume] date = \"yyyy-MM-dd\""))
            }
            ValueType::Time if reads && p.at.is_none() && p.times.is_empty() => {
                Some(("M0409", "how times are written is not said", "[assume] time = \"yyyy-MM-dd HH:mm:ss\""))
            }
            ValueType::Time
                if p.zone.is_none() && (p.at.is_some() || reads && p.times.iter().any(|t| t.needs_zone())) =>
            {
                Some(("M0408", "a local time needs a zone", "[assume] zone = \"Europe/Berlin\""))
            }
            ValueType::Date | ValueType::Time
                if reads && p.pivot.is_none() && cell.used_patterns().iter().any(|pattern| pattern.needs_pivot()) =>
            {
                Some((
                    "M0409",
                    "which century two-digit years are of is not said",
                    "[assume] pivot = 1950: 50 is 1950 and 49 is 2049",
                ))
            }
            _ => None,
        };
        if let Some((code, message, help)) = missing {
            self.diagnostics.add(&node.span, Problem::new(code, message).help(help));
        }
        let dated = matches!(cell.ty, ValueType::Date | ValueType::Time) && reads;
        if let Some(n) = node.get("pivot").filter(|_| dated && !cell.used_patterns().iter().any(|p| p.needs_pivot())) {
            let message = "`pivot` does nothing where no pattern has years of two digits (yy)";
            self.diagnostics.report_message(&n.span, "M0112", message);
        }
        let local = cell.ty == ValueType::Time && reads && p.at.is_none() && p.times.iter().any(|t| t.needs_zone());
        if let (true, Some(ZoneOf::Fixed(zone)), None) = (local, &p.zone, p.dst)
            && has_clock_changes(zone)
        {
            let place = self.assume.zone_at.clone().unwrap_or(node.span.clone());
            let problem =
                Problem::new("M0405", "clocks in this zone are put back once a year: which of the two hours is meant?");
            self.diagnostics.add(&place, problem.help("add dst = \"earlier\", \"later\" or \"reject\""));
        }
    }
}
