//! Fills an event's message from the slots of its layout.

use onefold_event::{Field, FieldKind, FieldValue};
use rust_decimal::Decimal;

use crate::program::cell::Cell;
use crate::program::layout::{Layout, LayoutFill};
use crate::program::names::SlotRef;
use crate::program::scope::Fill;
use crate::run::frame::Frame;
use crate::values::value::{Fault, Val};

pub(crate) type Message = Vec<(u32, FieldValue)>;

/// What the slots of a message gave.
#[derive(Default)]
pub(crate) struct Filled<'r> {
    pub(crate) message: Message,
    /// Something that the source says is there.
    read: bool,
    /// Nothing in it is asked of the source.
    constants: bool,
    /// Required, and not there.
    pub(crate) missing: Vec<&'r Cell>,
}

pub(crate) fn fill_message<'r>(layout: &'r [Layout], frame: &Frame<'_, 'r>) -> Filled<'r> {
    let mut filled = Filled { constants: true, ..Filled::default() };
    for part in layout {
        let value = match &part.fill {
            LayoutFill::Slot(slot) => single(*slot, part.field, frame, &mut filled),
            LayoutFill::Slots(slots) => {
                let mut list = Vec::new();
                let mut one = Filled::default();
                for slot in slots {
                    if let Some(FieldValue::List(values)) = single(*slot, part.field, frame, &mut one) {
                        list.extend(values);
                    }
                }
                filled.read |= one.read;
                filled.constants &= slots.iter().all(|s| inner(*s, frame).is_some_and(Cell::is_constant));
                if list.is_empty() {
                    filled.missing.extend(one.missing.first());
                }
                (!list.is_empty()).then_some(FieldValue::List(list))
            }
            LayoutFill::Message(fields) => nested(fields, frame, &mut filled).map(FieldValue::Message),
            LayoutFill::Messages(messages) => {
                let list: Vec<_> =
                    messages.iter().filter_map(|m| nested(m, frame, &mut filled).map(FieldValue::Message)).collect();
                (!list.is_empty()).then_some(FieldValue::List(list))
            }
            LayoutFill::List { slot, fields } => items(*slot, fields, frame, &mut filled),
        };
        filled.message.extend(value.map(|v| (part.field.number, v)));
    }
    filled
}

fn inner<'r>(slot: usize, frame: &Frame<'_, 'r>) -> Option<&'r Cell> {
    match &frame.scope.slots.get(slot)?.fill {
        Fill::Cell(cell) => Some(cell),
        _ => None,
    }
}

/// A message of its own; None where nothing that it asks of the source is there. Then nothing is missing either.
pub(crate) fn nested<'r>(fields: &'r [Layout], frame: &Frame<'_, 'r>, outer: &mut Filled<'r>) -> Option<Message> {
    let filled = fill_message(fields, frame);
    outer.read |= filled.read;
    outer.constants = false;
    if !filled.read && !filled.constants {
        return None;
    }
    for cell in filled.missing {
        frame.missing(cell);
    }
    (!filled.message.is_empty()).then_some(filled.message)
}

pub(crate) fn items<'r>(
    slot: usize,
    fields: &'r [Layout],
    frame: &Frame<'_, 'r>,
    outer: &mut Filled<'r>,
) -> Option<FieldValue> {
    outer.constants = false;
    let at = SlotRef { up: 0, index: slot };
    let (owner, items) = frame.list(at).ok()?;
    let mut list = Vec::with_capacity(items.len());
    for item in items {
        let frame = owner.item(at, item)?;
        list.extend(nested(fields, &frame, outer).map(FieldValue::Message));
    }
    (!list.is_empty()).then_some(FieldValue::List(list))
}

fn single<'r>(slot: usize, field: &Field, frame: &Frame<'_, 'r>, filled: &mut Filled<'r>) -> Option<FieldValue> {
    let inner = inner(slot, frame)?;
    filled.constants &= inner.is_constant();
    let Ok(value) = frame.value(SlotRef { up: 0, index: slot }) else {
        // What is bad is there, and has been reported.
        filled.read = true;
        return None;
    };
    let values = match value {
        Val::Absent => Vec::new(),
        Val::List(list) => list,
        one => vec![one],
    };
    if values.is_empty() {
        filled.missing.extend(field.required.then_some(inner));
        return None;
    }
    filled.read |= !inner.is_constant();
    let mut encoded = values.into_iter().filter_map(|v| match encode(v, field) {
        Ok(value) => Some(value),
        Err(fault) => {
            frame.fault(inner, fault);
            None
        }
    });
    if field.repeated { Some(FieldValue::List(encoded.collect())) } else { encoded.next() }
}

fn encode(value: Val, field: &Field) -> Result<FieldValue, Fault> {
    Ok(match (value, &field.kind) {
        (Val::Text(word), FieldKind::Enum(words)) => {
            FieldValue::Enum(words.iter().find(|(w, _)| *w == word).map_or(0, |(_, n)| *n))
        }
        (Val::Text(text), _) => FieldValue::Text(text.into_owned()),
        (Val::Integer(n), FieldKind::Integer) if (0..=i64::from(u32::MAX)).contains(&n) => FieldValue::Integer(n),
        (Val::Integer(n), FieldKind::Integer) => {
            return Err(Fault::new("R0414", "this is not a whole number")
                .instead(n.to_string(), "a whole number from 0 to 4294967295"));
        }
        (Val::Decimal(d), _) => FieldValue::Text(digits(d)?),
        (Val::Money(d, currency), _) => FieldValue::money(digits(d)?, currency.code().to_owned()),
        (Val::Date(date), _) => FieldValue::Text(date.to_string()),
        (Val::Bool(flag), _) => FieldValue::Bool(flag),
        (other, _) => FieldValue::Text(other.show()),
    })
}

/// As `onefold_event::parse_decimal` reads it back: at most 15 digits, a point and at most 9 more.
fn digits(d: Decimal) -> Result<String, Fault> {
    let text = d.to_string();
    match onefold_event::parse_decimal(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(Fault::new("R0413", "a number has too many digits")
            .instead(text, "at most 15 digits before the point and 9 after it")
            .help("`round = 2` keeps two decimals")),
    }
}
