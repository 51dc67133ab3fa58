//! Whether a cell makes sense: its options fit its type, and what reading needs is said somewhere.

use onefold_event::Problem;

use crate::compile::compiler::Compiler;
use crate::language::node::Node;
use crate::program::cell::{Cell, Origin, ZoneOf};
use crate::values::instant::changes;
use crate::values::value::Ty;

impl Compiler<'_> {
    /// Options that say nothing about a value of this type are slips.
    pub(crate) fn applicable(&mut self, node: &Node, ty: &Ty) {
        for entry in node.entries() {
            let number = matches!(ty, Ty::Integer | Ty::Decimal | Ty::Money);
            let ok = match entry.key.as_str() {
                "number" | "negative" | "negate" | "abs" | "times" | "round" => number,
                "minor" | "currency" => *ty == Ty::Money,
                "years" => matches!(ty, Ty::Date | Ty::Time),
                "date" => matches!(ty, Ty::Date | Ty::Time),
                "time" => matches!(ty, Ty::Date | Ty::Time),
                "zone" | "dst" | "at" => *ty == Ty::Time,
                "bool" => *ty == Ty::Bool,
                "add_days" => *ty == Ty::Date,
                _ => true,
            };
            if !ok {
                self.faults.say(&entry.at, "M0112", format!("`{}` says nothing about a {}", entry.key, ty.word()));
            }
            if entry.key == "with" && node.get("join").is_none() || entry.key == "take" && node.get("lookup").is_none()
            {
                self.faults.say(&entry.at, "M0112", format!("`{}` says nothing here", entry.key));
            }
        }
    }

    /// Whether everything that reading needs is said somewhere.
    pub(crate) fn enough(&mut self, cell: &Cell, node: &Node) {
        if cell.is_constant() {
            return;
        }
        let reads = !matches!(cell.origin, Origin::Use(_) | Origin::Calc(_));
        let p = &cell.parse;
        let missing = match cell.ty {
            Ty::Money if p.currency.is_none() => {
                Some(("M0409", "an amount needs a currency", "[assume] currency = \"EUR\", or { from = \"heading\" }"))
            }
            Ty::Date if reads && !p.day_of_time && p.dates.is_empty() => {
                Some(("M0409", "how dates are written is not said", "[assume] date = \"yyyy-MM-dd\""))
            }
            Ty::Time if reads && p.at.is_some() && p.dates.is_empty() => {
                Some(("M0409", "how dates are written is not said", "[assume] date = \"yyyy-MM-dd\""))
            }
            Ty::Time if reads && p.at.is_none() && p.times.is_empty() => {
                Some(("M0409", "how times are written is not said", "[assume] time = \"yyyy-MM-dd HH:mm:ss\""))
            }
            Ty::Time if p.zone.is_none() && (p.at.is_some() || reads && p.times.iter().any(|t| t.needs_zone())) => {
                Some(("M0408", "a local time needs a zone", "[assume] zone = \"Europe/Berlin\""))
            }
            _ => None,
        };
        if let Some((code, message, help)) = missing {
            self.faults.add(&node.span, Problem::new(code, message).help(help));
        }
        let local = cell.ty == Ty::Time && reads && p.at.is_none() && p.times.iter().any(|t| t.needs_zone());
        if let (true, Some(ZoneOf::Fixed(zone)), None) = (local, &p.zone, p.dst)
            && changes(zone)
        {
            let place = self.assume.zone_at.clone().unwrap_or(node.span.clone());
            let problem =
                Problem::new("M0405", "clocks in this zone are put back once a year: which of the two hours is meant?");
            self.faults.add(&place, problem.help("add dst = \"earlier\", \"later\" or \"reject\""));
        }
    }
}
