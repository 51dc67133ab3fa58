//! What a record's source says, value by value: the columns of its rows, or the single values of a JSON item.

use onefold_format::{RawRow, RowContent};
use onefold_mapping::{MappingPlan, TableRow};
use serde_json::Value;

use crate::read::InputContext;
use crate::sample::report::SourceValue;
use crate::sample::tally::clip_text;

/// Values kept of one column or path of a record.
const MOST_VALUES: usize = 4;
/// Columns and paths kept of a record.
const MOST_NAMES: usize = 200;

/// What a record says in its source's order.
#[derive(Debug, Default)]
pub(crate) struct SourceValues {
    list: Vec<SourceValue>,
    left_off: usize,
}

impl SourceValues {
    /// Of rows of a table; a row that cannot be read is shown as its bytes are text.
    pub(crate) fn of_rows(context: &InputContext<'_>, rows: &[RawRow]) -> Self {
        let mut values = Self::default();
        let heading = &context.origin.layout.heading;
        for row in rows {
            match &row.content {
                RowContent::Fields(fields) => {
                    for (n, name) in heading.iter().enumerate() {
                        values.put(name, fields.cell(n).unwrap_or_default(), || context.plan.reads_column(n));
                    }
                }
                RowContent::Bad(..) => values.put("as it stands", &context.origin.charset.show_text(&row.raw), || true),
                RowContent::Json(_) | RowContent::Record(..) => {}
            }
        }
        values
    }

    /// Of an item of a JSON body; of what stands around it, what the mapping names.
    pub(crate) fn of_item(plan: &MappingPlan, prefix: &str, item: &Value, body: &Value) -> Self {
        let mut values = Self::default();
        if !prefix.is_empty() {
            visit_leaves(body, "", &mut |path, text| {
                if !path.starts_with(prefix) && plan.reads_json(path) {
                    values.put(&format!("$.{path}"), text, || true);
                }
            });
        }
        visit_leaves(item, prefix, &mut |path, text| {
            let own = path.strip_prefix(prefix).unwrap_or(path).trim_start_matches('.');
            values.put(own, text, || plan.reads_json(path));
        });
        values
    }

    fn put(&mut self, name: &str, value: &str, is_read: impl FnOnce() -> bool) {
        let place = self.list.iter().position(|known| known.name == name).unwrap_or(self.list.len());
        if place == self.list.len() {
            if place == MOST_NAMES {
                self.left_off += 1;
                return;
            }
            self.list.push(SourceValue {
                name: name.to_owned(),
                values: Vec::new(),
                count: 0,
                alike: true,
                read: is_read(),
            });
        }
        let Some(known) = self.list.get_mut(place) else { return };
        known.count += 1;
        let value = clip_text(value);
        known.alike &= known.values.first().is_none_or(|first| *first == value);
        if known.values.len() < MOST_VALUES {
            known.values.push(value);
        }
    }

    /// Values, and how many are left off. Values that are the same in all rows stand once.
    pub(crate) fn finish(mut self) -> (Vec<SourceValue>, usize) {
        self.list.iter_mut().filter(|value| value.alike).for_each(|value| value.values.truncate(1));
        (self.list, self.left_off)
    }
}

/// Every single value below, with its path, `[]` for each place in a list; null is blank.
pub(crate) fn visit_leaves(value: &Value, path: &str, visit: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                visit_leaves(inner, &path, visit);
            }
        }
        Value::Array(list) => {
            let path = format!("{path}[]");
            list.iter().for_each(|inner| visit_leaves(inner, &path, visit));
        }
        Value::Null => visit(path, ""),
        Value::String(text) => visit(path, text),
        Value::Bool(_) | Value::Number(_) => visit(path, &value.to_string()),
    }
}
