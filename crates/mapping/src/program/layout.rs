//! Which field of an event's message each slot fills.

use onefold_event::MessageField;

/// A part of a message, with the slots that fill it.
#[derive(Debug)]
pub(crate) struct FieldLayout {
    pub(crate) field: &'static MessageField,
    pub(crate) fill: LayoutFill,
}

#[derive(Debug)]
pub(crate) enum LayoutFill {
    /// A single value, or a list of them where the cell picks `list`.
    Slot(usize),
    Message(Vec<FieldLayout>),
    /// One message per item of a list slot; the fields' slots are the items'.
    List {
        slot: usize,
        fields: Vec<FieldLayout>,
    },
    /// As many messages as the mapping writes.
    Messages(Vec<Vec<FieldLayout>>),
    Slots(Vec<usize>),
}
