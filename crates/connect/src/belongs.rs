//! To which document a row of a table belongs: by its key, by the row above, or to none.

use onefold_format::{RawRow, RowContent, TableFields};
use onefold_mapping::{FillDownState, MappingOutcome, MappingPlan, is_blank_row};

/// Where a row belongs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RowMembership {
    /// To the document of this key.
    Of(String),
    /// It has no key, and stands below the document of this one.
    Below(String),
    /// It has no key, and what stands above is not known, or nothing.
    Nowhere,
    /// It is a record of its own.
    Alone,
}

/// What the rows so far say of the next.
#[derive(Debug, Default)]
pub(crate) struct Belonging {
    above: FillDownState,
    /// The key of the last row that had one, and the row where keys have several parts.
    last: Option<(Option<TableFields>, String)>,
}

impl Belonging {
    /// Fills the cells of a row that are filled from the row above; what an unreadable row says is not known below it.
    pub(crate) fn fill(&mut self, plan: &MappingPlan, row: &mut RawRow) {
        match &mut row.content {
            RowContent::Fields(fields) => {
                row.filled = plan.fill_down(fields, &mut self.above);
                fields.put(&row.filled);
            }
            RowContent::Bad(_, readings) => {
                match readings.first_mut() {
                    Some(own) => {
                        let filled = plan.fill_down(own, &mut self.above);
                        own.put(&filled);
                    }
                    None => self.above.forget(),
                }
                if readings.len() > 1 {
                    self.above.forget();
                }
            }
            RowContent::Json(_) | RowContent::Record(..) => {}
        }
    }

    /// Where a row that was read belongs. `alone` is what the mapping makes of it by itself: rows without a key that it
    /// skips belong nowhere, and are no fault.
    pub(crate) fn of(
        &mut self,
        plan: &MappingPlan,
        fields: &TableFields,
        alone: impl FnOnce() -> MappingOutcome,
    ) -> RowMembership {
        let Some(key) = plan.group_key(fields) else {
            if is_blank_row(fields) || matches!(alone(), MappingOutcome::Skipped { .. }) {
                return RowMembership::Alone;
            }
            return self.below().unwrap_or(RowMembership::Nowhere);
        };
        // A part of the key is blank, the rest is as above, and by itself the row lacks what names a record.
        let lacks = |outcome| matches!(outcome, MappingOutcome::Quarantined(problems) if problems.iter().any(|p| p.code == "R0402"));
        let above = self.last.as_ref().and_then(|(above, _)| above.as_ref());
        if above.is_some_and(|above| plan.may_go_on(fields, above)) && lacks(alone()) {
            return self.below().unwrap_or(RowMembership::Nowhere);
        }
        self.remember(plan, fields, &key);
        RowMembership::Of(key)
    }

    /// Where a row belongs that could not be read, by what is known of its fields.
    pub(crate) fn of_bad(&mut self, plan: &MappingPlan, readings: &[TableFields]) -> RowMembership {
        let place = match readings.first().map(|own| (own, plan.group_key(own))) {
            Some((own, Some(key))) if !key.contains('\u{FFFD}') => {
                self.remember(plan, own, &key);
                RowMembership::Of(key)
            }
            Some((own, None)) if !is_blank_row(own) => self.below().unwrap_or(RowMembership::Nowhere),
            _ => {
                self.last = None;
                RowMembership::Nowhere
            }
        };
        if readings.len() > 1 {
            // It swallowed lines: what stands above the next row is one of them.
            self.last = None;
        }
        place
    }

    fn remember(&mut self, plan: &MappingPlan, fields: &TableFields, key: &str) {
        let row = plan.keys_have_parts().then(|| fields.clone());
        match &mut self.last {
            Some((last, known)) => {
                *last = row;
                key.clone_into(known);
            }
            none => *none = Some((row, key.to_owned())),
        }
    }

    fn below(&self) -> Option<RowMembership> {
        self.last.as_ref().map(|(_, key)| RowMembership::Below(key.clone()))
    }
}
