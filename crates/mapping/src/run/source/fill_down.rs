//! Cells that take the value of the row above (`[read] fill_down`): merged cells are exported as one value and blanks.

use crate::run::source::plan::MappingPlan;
use crate::run::source::record::TableRow;

/// What stands above a row.
#[derive(Debug, Clone, Default)]
pub struct FillDownState {
    /// By the place in `fill_down`; blank: nothing is known.
    values: Vec<String>,
}

impl FillDownState {
    /// A row could not be read: what it says is not known to those below.
    pub fn forget(&mut self) {
        self.values.clear();
    }
}

impl MappingPlan {
    /// What the blank cells of a row take from the row above, and remembers the row for the next. `fill_down` goes from the
    /// outer column to the inner ones: below a column that has a value of its own nothing is filled, since there another
    /// block begins. A row of nothing but blanks stays so. Answers the cells to be filled, column (from 0) and
    /// value: the row is the caller's, who puts them in.
    pub fn fill_down(&self, row: &dyn TableRow, above: &mut FillDownState) -> Vec<(usize, String)> {
        let mut filled = Vec::new();
        if self.fill.is_empty() || is_blank_row(row) {
            return filled;
        }
        above.values.resize(self.fill.len(), String::new());
        // Outer columns first: once one has a value of its own, another block has begun.
        let mut begun = false;
        for (column, value) in self.fill.iter().zip(&mut above.values) {
            let Some(column) = *column else { continue };
            let own = self.cell_text(row, Some(column));
            if own.is_empty() && !begun {
                if !value.is_empty() {
                    filled.push((column, value.clone()));
                }
            } else {
                begun |= !own.is_empty();
                own.as_ref().clone_into(value);
                if value.contains(char::REPLACEMENT_CHARACTER) {
                    // Bytes that do not decode: what stood there is not known.
                    value.clear();
                }
            }
        }
        filled
    }
}

/// Whether a row says nothing at all.
pub fn is_blank_row(row: &dyn TableRow) -> bool {
    (0..row.column_count()).all(|column| row.cell(column).is_none_or(|cell| cell.trim().is_empty()))
}
