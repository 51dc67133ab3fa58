//! Fills an event's message from the slots of its layout.

use onefold_event::{FieldKind, FieldValue, MessageField, ValueFault};
use rust_decimal::Decimal;

use crate::program::cell::CellDef;
use crate::program::layout::{FieldLayout, LayoutFill};
use crate::program::names::SlotRef;
use crate::program::scope::SlotFill;
use crate::run::frame::ScopeFrame;
use crate::values::value::CellValue;

pub(crate) type MessageFields = Vec<(u32, FieldValue)>;

/// What the slots of a message gave.
#[derive(Default)]
pub(crate) struct FilledMessage<'r> {
    pub(crate) message: MessageFields,
    /// Something that the source says is there.
    read: bool,
    /// Nothing in it is asked of the source.
    constants: bool,
    /// Required, and not there.
    pub(crate) missing: Vec<&'r CellDef>,
}

pub(crate) fn fill_message<'r>(layout: &'r [FieldLayout], frame: &ScopeFrame<'_, 'r>) -> FilledMessage<'r> {
    let mut filled = FilledMessage { constants: true, ..FilledMessage::default() };
    for part in layout {
        let value = match &part.fill {
            LayoutFill::Slot(slot) => slot_field(*slot, part.field, frame, &mut filled),
            LayoutFill::Slots(slots) => {
                let mut list = Vec::new();
                let mut one = FilledMessage::default();
                for slot in slots {
                    if let Some(FieldValue::List(values)) = slot_field(*slot, part.field, frame, &mut one) {
                        list.extend(values);
                    }
                }
                filled.read |= one.read;
                filled.constants &= slots.iter().all(|s| slot_cell(*s, frame).is_some_and(CellDef::is_constant));
                if list.is_empty() {
                    filled.missing.extend(one.missing.first());
                }
                (!list.is_empty()).then_some(FieldValue::List(list))
            }
            LayoutFill::Message(fields) => nested_message(fields, frame, &mut filled).map(FieldValue::Message),
            LayoutFill::Messages(messages) => {
                let list: Vec<_> = messages
                    .iter()
                    .filter_map(|m| nested_message(m, frame, &mut filled).map(FieldValue::Message))
                    .collect();
                (!list.is_empty()).then_some(FieldValue::List(list))
            }
            LayoutFill::List { slot, fields } => list_messages(*slot, fields, frame, &mut filled),
        };
        filled.message.extend(value.map(|v| (part.field.number, v)));
    }
    filled
}

fn slot_cell<'r>(slot: usize, frame: &ScopeFrame<'_, 'r>) -> Option<&'r CellDef> {
    match &frame.scope.slots.get(slot)?.fill {
        SlotFill::Cell(cell) => Some(cell),
        _ => None,
    }
}

/// A message of its own; None where nothing that it asks of the source is there. Then nothing is missing either.
pub(crate) fn nested_message<'r>(
    fields: &'r [FieldLayout],
    frame: &ScopeFrame<'_, 'r>,
    outer: &mut FilledMessage<'r>,
) -> Option<MessageFields> {
    let filled = fill_message(fields, frame);
    outer.read |= filled.read;
    outer.constants = false;
    if !filled.read && !filled.constants {
        return None;
    }
    for cell in filled.missing {
        frame.report_missing(cell);
    }
    (!filled.message.is_empty()).then_some(filled.message)
}

pub(crate) fn list_messages<'r>(
    slot: usize,
    fields: &'r [FieldLayout],
    frame: &ScopeFrame<'_, 'r>,
    outer: &mut FilledMessage<'r>,
) -> Option<FieldValue> {
    outer.constants = false;
    let at = SlotRef { up: 0, index: slot };
    let (owner, items) = frame.slot_list(at).ok()?;
    let mut list = Vec::with_capacity(items.len());
    for item in items {
        let frame = owner.item_frame(at, item)?;
        list.extend(nested_message(fields, &frame, outer).map(FieldValue::Message));
    }
    (!list.is_empty()).then_some(FieldValue::List(list))
}

fn slot_field<'r>(
    slot: usize,
    field: &MessageField,
    frame: &ScopeFrame<'_, 'r>,
    filled: &mut FilledMessage<'r>,
) -> Option<FieldValue> {
    let inner = slot_cell(slot, frame)?;
    filled.constants &= inner.is_constant();
    let Ok(value) = frame.slot_value(SlotRef { up: 0, index: slot }) else {
        // What is bad is there, and has been reported.
        filled.read = true;
        return None;
    };
    let values = match value {
        CellValue::Absent => Vec::new(),
        CellValue::List(list) => list,
        one => vec![one],
    };
    // Missing is reported by whoever knows whether the message around it is there at all.
    if values.is_empty() {
        filled.missing.extend(field.required.then_some(inner));
        return None;
    }
    filled.read |= !inner.is_constant();
    if let (false, [first, second, ..]) = (field.repeated, values.as_slice()) {
        let fault = ValueFault::new("R0405", "several values are given where one fits")
            .instead(format!("`{}` and `{}`", first.to_display(), second.to_display()), "one value")
            .help("take one where the list is made: pick = \"first\" or \"last\" of rows, `match` in the place of `match_all`");
        frame.report_fault(inner, fault);
        return None;
    }
    let mut encoded = values.into_iter().filter_map(|v| match encode_value(v, field) {
        Ok(value) => Some(value),
        Err(fault) => {
            frame.report_fault(inner, fault);
            None
        }
    });
    if field.repeated { Some(FieldValue::List(encoded.collect())) } else { encoded.next() }
}

fn encode_value(value: CellValue, field: &MessageField) -> Result<FieldValue, ValueFault> {
    Ok(match (value, &field.kind) {
        (CellValue::Text(word), FieldKind::Enum(words)) => {
            FieldValue::Enum(words.iter().find(|(w, _)| *w == word).map_or(0, |(_, n)| *n))
        }
        (CellValue::Text(text), _) => FieldValue::Text(text.into_owned()),
        (CellValue::Integer(n), FieldKind::Integer) if (0..=i64::from(u32::MAX)).contains(&n) => FieldValue::Integer(n),
        (CellValue::Integer(n), FieldKind::Integer) => {
            return Err(ValueFault::new("R0414", "this is not a whole number")
                .instead(n.to_string(), "a whole number from 0 to 4294967295"));
        }
        (CellValue::Decimal(d), _) => FieldValue::Text(decimal_text(d)?),
        (CellValue::Money(d, currency), _) => FieldValue::money(decimal_text(d)?, currency.code().to_owned()),
        (CellValue::Date(date), _) => FieldValue::Text(date.to_string()),
        (CellValue::Bool(flag), _) => FieldValue::Bool(flag),
        (other, _) => FieldValue::Text(other.to_display()),
    })
}

/// As `onefold_event::parse_decimal` reads it back: at most 15 digits, a point and at most 9 more.
fn decimal_text(d: Decimal) -> Result<String, ValueFault> {
    let text = d.to_string();
    match onefold_event::parse_decimal(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(ValueFault::new("R0413", "a number has too many digits")
            .instead(text, "at most 15 digits before the point and 9 after it")
            .help("`round = 2` keeps two decimals")),
    }
}
