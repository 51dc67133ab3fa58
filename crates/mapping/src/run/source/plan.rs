//! A connector ready to map: its paths are places in the rows.

use std::borrow::Cow;
use std::sync::Arc;

use onefold_event::{FilePosition, Problem, clean_text};

use crate::language::path::RecordShape;
use crate::language::path::ValuePath;
use crate::program::compiled::CompiledConnector;
use crate::program::names::ScopeId;
use crate::program::paths::PathId;
use crate::program::scope::NameScope;
use crate::program::word_tables::{EnumTable, LookupTable};
use crate::report::nearest::nearest_word;
use crate::report::source_text::TextSpan;
use crate::run::source::record::TableRow;

/// A connector with the columns of one file, found once.
#[derive(Debug, Clone)]
pub struct MappingPlan {
    pub(crate) inner: Arc<CompiledConnector>,
    pub(crate) columns: Vec<Option<usize>>,
    pub(crate) group: Vec<Option<usize>>,
    /// Columns of `[read] fill_down`.
    pub(crate) fill: Vec<Option<usize>>,
}

impl MappingPlan {
    /// For sources without a heading.
    pub(crate) fn without_heading(inner: Arc<CompiledConnector>) -> Self {
        let columns = vec![None; inner.paths.list.len()];
        Self { inner, columns, group: Vec::new(), fill: Vec::new() }
    }

    /// Finds the columns. With `lenient` a column that is missing is always blank: tests show what matters only.
    pub(crate) fn of_heading(
        inner: Arc<CompiledConnector>,
        heading: &[String],
        lenient: bool,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut find = |name: &str| -> Option<usize> {
            let mut places = heading.iter().enumerate().filter(|(_, h)| h.trim() == name.trim());
            let first = places.next();
            if let (Some(_), Some((second, _))) = (first, places.next()) {
                let mut twice = Problem::new("R0202", "a column that the mapping reads stands twice in the heading");
                twice.path = name.to_owned();
                twice.help.push(format!(
                    "read it by its place: #{} or #{}",
                    first.map_or(0, |(n, _)| n + 1),
                    second + 1
                ));
                problems.push(twice);
            }
            if first.is_none() && !lenient {
                problems.push(missing_column(name, heading, &inner));
            }
            first.map(|(n, _)| n)
        };
        let columns = (inner.paths.list.iter())
            .map(|(_, path)| match path {
                ValuePath::Column(name) => find(name),
                ValuePath::Position(n) => Some(*n),
                _ => None,
            })
            .collect();
        let group = inner.read.group_by.iter().map(|name| find(name)).collect();
        let fill = inner.read.fill_down.iter().map(|name| find(name)).collect();
        if inner.read.exact_columns && !lenient {
            for (n, name) in heading.iter().enumerate() {
                let known = inner.paths.list.iter().any(|(_, p)| match p {
                    ValuePath::Column(c) => c.trim() == name.trim(),
                    ValuePath::Position(at) => *at == n,
                    _ => false,
                });
                if !known && !inner.read.group_by.contains(name) && !inner.read.fill_down.contains(name) {
                    let mut odd = Problem::new("R0203", "the file has a column that the mapping does not know")
                        .instead(
                            name.clone(),
                            "the columns that the mapping reads, and no others ([read] columns = \"exact\")",
                        );
                    odd.path.clone_from(name);
                    problems.push(odd);
                }
            }
        }
        // Columns come from several lists (paths, group_by, fill_down): told in the file's order, and each once.
        problems.sort_by_key(|p| p.mapping.as_ref().map(|m| (m.line, m.column)));
        problems.dedup();
        if problems.is_empty() { Ok(Self { inner, columns, group, fill }) } else { Err(problems) }
    }

    /// What a cell says by itself: cleaned, and nothing where it is one of the words of `[assume] blank`.
    pub(crate) fn cell_text<'r>(&self, row: &'r dyn TableRow, column: Option<usize>) -> Cow<'r, str> {
        let text = clean_text(column.and_then(|c| row.cell(c)).unwrap_or_default(), true);
        if self.inner.blank.iter().any(|blank| *blank == text) { Cow::Borrowed("") } else { text }
    }

    /// The `[read] group_by` values of a row, cleaned, length-prefixed; None where all are blank or nothing is grouped.
    pub fn group_key(&self, row: &dyn TableRow) -> Option<String> {
        let mut key = String::new();
        let mut any = false;
        for column in &self.group {
            let text = self.cell_text(row, *column);
            any |= !text.is_empty();
            // Lengths first where there are several, so that `1`,`23` and `12`,`3` stay two keys.
            if self.group.len() > 1 {
                key.push_str(&text.len().to_string());
                key.push(':');
            }
            key.push_str(&text);
        }
        any.then_some(key)
    }

    /// Whether a key has several columns, so that a part of it can be blank.
    pub fn keys_have_parts(&self) -> bool {
        self.group.len() > 1
    }

    /// Whether some of the `[read] group_by` columns are blank and the rest are those of another row: it may be its
    /// document that the row goes on with.
    pub fn may_go_on(&self, row: &dyn TableRow, above: &dyn TableRow) -> bool {
        let mut blank = false;
        let alike = self.group.iter().all(|column| {
            let (own, above) = (self.cell_text(row, *column), self.cell_text(above, *column));
            blank |= own.is_empty() && !above.is_empty();
            own.is_empty() || own == above
        });
        alike && blank
    }

    pub(crate) fn name_scope(&self, id: ScopeId) -> Option<&NameScope> {
        self.inner.scopes.list.get(id)
    }

    pub(crate) fn value_path(&self, id: PathId) -> Option<&ValuePath> {
        self.inner.paths.list.get(id).map(|(_, p)| p)
    }

    pub(crate) fn shape(&self) -> RecordShape {
        self.inner.read.record_shape()
    }

    pub(crate) fn path_text(&self, id: PathId) -> &str {
        self.inner.paths.path_text(id)
    }

    pub(crate) fn column_of(&self, id: PathId) -> Option<usize> {
        self.columns.get(id).copied().flatten()
    }

    pub(crate) fn enum_table(&self, n: usize) -> Option<&EnumTable> {
        self.inner.words.get(n)
    }

    pub(crate) fn lookup_table(&self, n: usize) -> Option<&LookupTable> {
        self.inner.lookups.get(n)
    }

    pub(crate) fn source(&self) -> &str {
        &self.inner.source_name
    }

    pub(crate) fn position_of(&self, span: &TextSpan) -> FilePosition {
        self.inner.source.position_of(span)
    }
}

fn missing_column(name: &str, heading: &[String], inner: &CompiledConnector) -> Problem {
    let mut problem = Problem::new("R0201", "the file has no such column");
    problem.path = name.to_owned();
    problem.found = heading.iter().take(40).cloned().collect::<Vec<_>>().join(", ");
    problem.expected = format!("a column `{name}`");
    if let Some(near) = nearest_word(name, heading.iter().map(String::as_str)) {
        problem.help.push(format!("did the source rename it to `{near}`?"));
    }
    // By whose word: the first place in the connector file that names it.
    if let Some(at) = inner.source.text.find(&format!("\"{name}\"")) {
        problem.mapping = Some(inner.source.position_of(&(at..at + name.len() + 2)));
    }
    problem
}
