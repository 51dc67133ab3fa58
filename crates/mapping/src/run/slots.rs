//! Names of a record, worked out when first needed, and once.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use onefold_event::{Currency, ValueFault};

use crate::program::cell::{CellDef, CurrencyOf, TextOf, ZoneOf};
use crate::program::expression::CheckedCondition;
use crate::program::names::{RepeatOver, ScopeId, SlotRef};
use crate::program::scope::SlotFill;
use crate::run::cell_value::cell_value;
use crate::run::expression::condition_holds;
use crate::run::frame::{EvaluationStop, ListItem, ReportedFault, ScopeFrame, SlotMemo, blank_memo};
use crate::values::currency_mark::no_currency;
use crate::values::instant::zone_by_name;
use crate::values::value::CellValue;

impl<'f, 'r> ScopeFrame<'f, 'r> {
    pub(crate) fn slot_value(&self, at: SlotRef) -> Result<CellValue<'r>, ReportedFault> {
        match self.frame_above(at.up).and_then(|frame| frame.memo_at(at.index)) {
            Some(SlotMemo::Value(value)) => value.clone(),
            _ => Err(ReportedFault),
        }
    }

    /// The frame that holds a list, and its items.
    pub(crate) fn slot_list(&self, at: SlotRef) -> Result<(&Self, &[ListItem<'r>]), ReportedFault> {
        let frame = self.frame_above(at.up).ok_or(ReportedFault)?;
        match frame.memo_at(at.index) {
            Some(SlotMemo::List(Ok(items))) => Ok((frame, items)),
            _ => Err(ReportedFault),
        }
    }

    fn memo_at(&self, index: usize) -> Option<&SlotMemo<'r>> {
        let cell = self.memo.get(index)?;
        if cell.get().is_none() {
            // Worked out on first need and kept, errors too: each is reported once, whoever asks again.
            let memo = match &self.scope.slots.get(index)?.fill {
                SlotFill::Cell(inner) => SlotMemo::Value(cell_value(inner, self)),
                SlotFill::List { each, scope, when } => SlotMemo::List(self.list_items(*each, *scope, when.as_ref())),
                SlotFill::Nothing => SlotMemo::Value(Err(ReportedFault)),
            };
            // A slot never needs itself (checked when the connector was read), so nobody has set it meanwhile.
            let _ = cell.set(memo);
        }
        cell.get()
    }

    fn list_items(
        &self,
        each: RepeatOver,
        scope: ScopeId,
        when: Option<&'r CheckedCondition>,
    ) -> Result<Vec<ListItem<'r>>, ReportedFault> {
        let scope = self.run.plan.name_scope(scope).ok_or(ReportedFault)?;
        let bases = self.repeat_bases(each)?;
        // Every item has a memo of its own, which is kept with the list: sums and fields see the same values.
        let mut items = Vec::with_capacity(bases.len());
        for base in bases {
            let item = ListItem { base, memo: blank_memo(scope) };
            if let Some(condition) = when {
                let frame = ScopeFrame { run: self.run, scope, memo: &item.memo, parent: Some(self), base };
                if !condition_holds(condition, &frame)? {
                    continue;
                }
            }
            items.push(item);
        }
        Ok(items)
    }
}

impl<'f, 'r> ScopeFrame<'f, 'r> {
    /// The frame of an item of a list that this frame holds.
    pub(crate) fn item_frame<'x>(&'x self, list: SlotRef, item: &'x ListItem<'r>) -> Option<ScopeFrame<'x, 'r>> {
        let SlotFill::List { scope, .. } = &self.scope.slots.get(list.index)?.fill else { return None };
        let scope = self.run.plan.name_scope(*scope)?;
        Some(ScopeFrame { run: self.run, scope, memo: &item.memo, parent: Some(self), base: item.base })
    }
}

impl<'f, 'r> ScopeFrame<'f, 'r> {
    /// The cell behind a name, with the frame that it lives in.
    pub(crate) fn slot_fill(&self, slot: SlotRef) -> Option<(&'r CellDef, &Self)> {
        let mut frame = self;
        for _ in 0..slot.up {
            frame = frame.parent?;
        }
        match &frame.scope.slots.get(slot.index)?.fill {
            SlotFill::Cell(cell) => Some((cell, frame)),
            _ => None,
        }
    }

    pub(crate) fn text_of(&self, of: &'r TextOf) -> Result<Option<Cow<'r, str>>, ReportedFault> {
        let value = match of {
            TextOf::Fixed(text) => return Ok(Some(text.as_str().into())),
            TextOf::Slot(slot) => self.slot_value(*slot)?,
            TextOf::Cell(cell) => cell_value(cell, self)?,
        };
        Ok(match value {
            CellValue::Text(text) => Some(text),
            _ => None,
        })
    }

    pub(crate) fn cell_currency(&self, cell: &'r CellDef) -> Result<Currency, EvaluationStop> {
        let value = match &cell.parse.currency {
            Some(CurrencyOf::Fixed(currency)) => return Ok(*currency),
            Some(CurrencyOf::Slot(slot)) => self.slot_value(*slot)?,
            Some(CurrencyOf::Cell(inner)) => cell_value(inner, self)?,
            None => CellValue::Absent,
        };
        match value {
            CellValue::Text(code) => code.parse().map_err(|error| no_currency(&error).into()),
            _ => Err(ValueFault::new("R0410", "an amount has no currency")
                .instead("", "a currency from the record, or [assume] currency")
                .into()),
        }
    }

    pub(crate) fn cell_zone(&self, cell: &'r CellDef) -> Result<TimeZone, EvaluationStop> {
        let value = match &cell.parse.zone {
            Some(ZoneOf::Fixed(zone)) => return Ok(zone.clone()),
            Some(ZoneOf::Slot(slot)) => self.slot_value(*slot)?,
            Some(ZoneOf::Cell(inner)) => cell_value(inner, self)?,
            None => CellValue::Absent,
        };
        let fault = ValueFault::new("R0425", "a local time has no zone");
        match value {
            CellValue::Text(name) => zone_by_name(&name)
                .ok_or_else(|| fault.instead(name.to_string(), "a zone such as Europe/Berlin").into()),
            _ => Err(fault.instead("", "[assume] zone, or a time with its offset").into()),
        }
    }
}
