//! What of `[assume]` no cell needs: it says nothing, and whoever changes it expects otherwise.

use onefold_event::Problem;

use crate::compile::compiler::ConnectorCompiler;
use crate::language::node::TomlNode;
use crate::program::cell::{CellDef, CellOrigin};
use crate::values::value::ValueType;

impl ConnectorCompiler<'_> {
    /// Notes what of `[assume]` a cell is read by.
    pub(crate) fn note_assumptions(&mut self, cell: &CellDef, node: &TomlNode) {
        let own = |key: &str| node.get(key).is_some();
        let reads = !cell.is_constant() && !matches!(cell.origin, CellOrigin::Use(_) | CellOrigin::Calc { .. });
        let number = matches!(cell.ty, ValueType::Integer | ValueType::Decimal | ValueType::Money);
        let (date, time) = (cell.ty == ValueType::Date, cell.ty == ValueType::Time);
        let day = (date && !cell.parse.day_of_time) || cell.parse.at.is_some();
        // ISO 8601 comes with an offset and without.
        let local = cell.parse.at.is_some()
            || cell.parse.times.iter().any(|pattern| pattern.needs_zone() || pattern.text == "iso8601");
        let short = cell.used_patterns().iter().any(|pattern| pattern.needs_pivot());
        let needs = [
            ("number", reads && number),
            ("negative", reads && number),
            ("minor", cell.parse.minor),
            ("currency", cell.ty == ValueType::Money || cell.parse.minor),
            ("date", reads && (date || time) && day),
            ("time", reads && time && !day),
            ("years", reads && (date || time)),
            ("pivot", reads && (date || time) && short),
            ("zone", time && local),
            ("dst", time && local && cell.parse.at.is_none()),
            ("bool", reads && cell.ty == ValueType::Bool),
            ("blank", reads),
        ];
        // `minor` of a cell is a flag, and that of `[assume]` how many digits it means.
        let assumed = needs.iter().filter(|(key, needed)| *needed && (*key == "minor" || !own(key)));
        self.assumed.extend(assumed.map(|(key, _)| *key));
    }

    /// Each option of `[assume]` that no cell needs, as a problem that costs nothing.
    pub(crate) fn unused_assumptions(&self, assume: Option<&TomlNode>) -> Vec<Problem> {
        let unused = assume.map_or(&[][..], TomlNode::entries).iter();
        let unused = unused.filter(|entry| !self.assumed.contains(entry.key.as_str()));
        let told = unused.map(|entry| {
            let message =
                format!("`{}` of [assume] is never used: no cell that is read so leaves it unsaid", entry.key);
            let mut problem = Problem::new("M0116", message);
            problem.mapping = Some(self.diagnostics.position_of(&entry.at));
            problem
        });
        told.collect()
    }
}
