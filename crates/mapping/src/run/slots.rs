//! Names of a record, worked out when first needed, and once.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use onefold_event::Currency;

use crate::program::cell::{Cell, CurrencyOf, TextOf, ZoneOf};
use crate::program::expression::Condition;
use crate::program::names::{Each, ScopeId, SlotRef};
use crate::program::scope::Fill;
use crate::run::cell_value::cell_value;
use crate::run::expression::holds;
use crate::run::frame::{Bad, Frame, Item, Memo, Stop, blank_memo};
use crate::values::currency_mark::no_currency;
use crate::values::instant::zone;
use crate::values::value::{Fault, Val};

impl<'f, 'r> Frame<'f, 'r> {
    pub(crate) fn value(&self, at: SlotRef) -> Result<Val<'r>, Bad> {
        match self.up(at.up).and_then(|frame| frame.local(at.index)) {
            Some(Memo::Value(value)) => value.clone(),
            _ => Err(Bad),
        }
    }

    /// The frame that holds a list, and its items.
    pub(crate) fn list(&self, at: SlotRef) -> Result<(&Self, &[Item<'r>]), Bad> {
        let frame = self.up(at.up).ok_or(Bad)?;
        match frame.local(at.index) {
            Some(Memo::List(Ok(items))) => Ok((frame, items)),
            _ => Err(Bad),
        }
    }

    fn local(&self, index: usize) -> Option<&Memo<'r>> {
        let cell = self.memo.get(index)?;
        if cell.get().is_none() {
            let memo = match &self.scope.slots.get(index)?.fill {
                Fill::Cell(inner) => Memo::Value(cell_value(inner, self)),
                Fill::List { each, scope, when } => Memo::List(self.items(*each, *scope, when.as_ref())),
                Fill::Nothing => Memo::Value(Err(Bad)),
            };
            // A slot never needs itself (checked when the connector was read), so nobody has set it meanwhile.
            let _ = cell.set(memo);
        }
        cell.get()
    }

    fn items(&self, each: Each, scope: ScopeId, when: Option<&'r Condition>) -> Result<Vec<Item<'r>>, Bad> {
        let scope = self.run.plan.scope(scope).ok_or(Bad)?;
        let bases = self.bases(each)?;
        let mut items = Vec::with_capacity(bases.len());
        for base in bases {
            let item = Item { base, memo: blank_memo(scope) };
            if let Some(condition) = when {
                let frame = Frame { run: self.run, scope, memo: &item.memo, parent: Some(self), base };
                if !holds(condition, &frame)? {
                    continue;
                }
            }
            items.push(item);
        }
        Ok(items)
    }
}

impl<'f, 'r> Frame<'f, 'r> {
    /// The frame of an item of a list that this frame holds.
    pub(crate) fn item<'x>(&'x self, list: SlotRef, item: &'x Item<'r>) -> Option<Frame<'x, 'r>> {
        let Fill::List { scope, .. } = &self.scope.slots.get(list.index)?.fill else { return None };
        let scope = self.run.plan.scope(*scope)?;
        Some(Frame { run: self.run, scope, memo: &item.memo, parent: Some(self), base: item.base })
    }
}

impl<'f, 'r> Frame<'f, 'r> {
    /// The cell behind a name, with the frame that it lives in.
    pub(crate) fn fill(&self, slot: SlotRef) -> Option<(&'r Cell, &Self)> {
        let mut frame = self;
        for _ in 0..slot.up {
            frame = frame.parent?;
        }
        match &frame.scope.slots.get(slot.index)?.fill {
            Fill::Cell(cell) => Some((cell, frame)),
            _ => None,
        }
    }

    pub(crate) fn text_of(&self, of: &'r TextOf) -> Result<Option<Cow<'r, str>>, Bad> {
        let value = match of {
            TextOf::Fixed(text) => return Ok(Some(text.as_str().into())),
            TextOf::Slot(slot) => self.value(*slot)?,
            TextOf::Cell(cell) => cell_value(cell, self)?,
        };
        Ok(match value {
            Val::Text(text) => Some(text),
            _ => None,
        })
    }

    pub(crate) fn currency(&self, cell: &'r Cell) -> Result<Currency, Stop> {
        let value = match &cell.parse.currency {
            Some(CurrencyOf::Fixed(currency)) => return Ok(*currency),
            Some(CurrencyOf::Slot(slot)) => self.value(*slot)?,
            Some(CurrencyOf::Cell(inner)) => cell_value(inner, self)?,
            None => Val::Absent,
        };
        match value {
            Val::Text(code) => code.parse().map_err(|error| no_currency(&error).into()),
            _ => Err(Fault::new("R0410", "an amount has no currency")
                .instead("", "a currency from the record, or [assume] currency")
                .into()),
        }
    }

    pub(crate) fn zone(&self, cell: &'r Cell) -> Result<TimeZone, Stop> {
        let value = match &cell.parse.zone {
            Some(ZoneOf::Fixed(zone)) => return Ok(zone.clone()),
            Some(ZoneOf::Slot(slot)) => self.value(*slot)?,
            Some(ZoneOf::Cell(inner)) => cell_value(inner, self)?,
            None => Val::Absent,
        };
        let fault = Fault::new("R0425", "a local time has no zone");
        match value {
            Val::Text(name) => {
                zone(&name).ok_or_else(|| fault.instead(name.to_string(), "a zone such as Europe/Berlin").into())
            }
            _ => Err(fault.instead("", "[assume] zone, or a time with its offset").into()),
        }
    }
}
