//! What of a source a mapping reads at all, whatever its records say.

use crate::language::path::{PathStep, ValuePath};
use crate::run::source::plan::MappingPlan;

impl MappingPlan {
    /// Whether the mapping names this column, counted from 0.
    pub fn reads_column(&self, column: usize) -> bool {
        let named = self.columns.iter().chain(&self.group).chain(&self.fill);
        named.into_iter().any(|place| *place == Some(column))
    }

    /// Whether the mapping names the single value at this path of a JSON body, written with `[]` for every place in a list, such
    /// as `result.details[].status`. A path may be meant from the body, from a record or from an item of a list: which of them is
    /// not told apart, so that a value is called unread only where nothing can mean it.
    pub fn reads_json(&self, path: &str) -> bool {
        let paths = &self.inner.paths.list;
        let text_of = |path: &ValuePath| match path {
            ValuePath::Json { whole, steps } => (*whole, step_text(steps)),
            _ => (false, String::new()),
        };
        let records = self.inner.records.and_then(|id| paths.get(id)).map(|(_, path)| text_of(path).1 + ".");
        // A list of single values is read by its own path.
        let forms = [path, path.strip_suffix("[]").unwrap_or(path)];
        let means = |whole: bool, text: &str| {
            forms.into_iter().any(|path| {
                let below = |before: &str| before.ends_with("[].") || Some(before) == records.as_deref();
                path.strip_suffix(text).is_some_and(|before| before.is_empty() || !whole && below(before))
            })
        };
        let named = paths.iter().enumerate().filter(|(id, _)| Some(*id) != self.inner.records);
        named.map(|(_, (_, path))| text_of(path)).any(|(whole, text)| !text.is_empty() && means(whole, &text))
    }
}

/// The same form: `a.b[].c`.
fn step_text(steps: &[PathStep]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            PathStep::Index(_) | PathStep::Every => text.push_str("[]"),
            PathStep::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
        }
    }
    text
}
