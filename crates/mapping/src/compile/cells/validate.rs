//! Whether a cell makes sense: its options fit its type, and what reading needs is said somewhere.

use onefold_event::Problem;

use crate::compile::compiler::ConnectorCompiler;
use crate::language::node::TomlNode;
use crate::program::cell::{CellDef, CellOrigin, ZoneOf};
use crate::values::instant::has_clock_changes;
use crate::values::value::ValueType;

impl ConnectorCompiler<'_> {
    /// Options that say nothing about a value of this type are slips.
    pub(crate) fn check_applicable(&mut self, node: &TomlNode, ty: &ValueType) {
        for entry in node.entries() {
            let number = matches!(ty, ValueType::Integer | ValueType::Decimal | ValueType::Money);
            let ok = match entry.key.as_str() {
                "number" | "negative" | "negate" | "abs" | "times" | "round" => number,
                "minor" | "currency" => *ty == ValueType::Money,
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
            if entry.key == "with" && node.get("join").is_none() || entry.key == "take" && node.get("lookup").is_none()
            {
                self.diagnostics.report_message(&entry.at, "M0112", format!("`{}` says nothing here", entry.key));
            }
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
            ValueType::Money if p.currency.is_none() => {
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
