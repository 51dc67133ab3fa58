//! What an event holds, field by field, with how each value came.

use onefold_event::Event;

use crate::program::cell::CellDef;
use crate::program::event::{EventDef, ReferenceTarget, RevisionDef};
use crate::program::layout::{FieldLayout, LayoutFill};
use crate::program::names::SlotRef;
use crate::program::scope::SlotFill;
use crate::run::cell_value::cell_value;
use crate::run::explain::cell::tell_cell;
use crate::run::frame::ScopeFrame;
use crate::run::notes::{EventExplanation, FieldExplanation};
use crate::values::value::CellValue;

/// What an event holds that was just built in this frame.
pub(crate) fn explain_event<'r>(
    def: &'r EventDef,
    event: &Event,
    frame: &ScopeFrame<'_, 'r>,
    tells: bool,
) -> EventExplanation {
    let mut told = EventTeller { tells, fields: Vec::new() };
    let header = &event.header;
    let how = |cell: &'r CellDef| if tells { tell_cell(cell, frame) } else { String::new() };
    told.put("subject", header.subject.to_string(), how(&def.subject.cell));
    told.put("occurred_at", header.occurred().to_string(), how(&def.occurred_at));
    let mut parts: Vec<String> = def.id.iter().map(how).collect();
    parts.extend((!header.revision.is_empty()).then(|| "revision".to_owned()));
    told.put("id", header.id.to_string(), if tells { format!("of {}", parts.join(" | ")) } else { String::new() });
    let revised = match &def.revision {
        Some(RevisionDef::Cell(cell)) => how(cell),
        Some(RevisionDef::Content(Some(order))) => format!("digest of what is read, ordered by {}", how(order)),
        Some(RevisionDef::Content(None)) => "digest of what is read".to_owned(),
        None => String::new(),
    };
    told.put("revision", header.revision.clone(), if tells { revised } else { String::new() });
    for reference in &def.refs {
        let value = cell_value(&reference.cell, frame).unwrap_or(CellValue::Absent).to_display();
        let (name, value) = match &reference.to {
            ReferenceTarget::Subject(role) => (role.word(), value),
            ReferenceTarget::Identifier { kind, issuer, .. } => {
                let issuer = issuer.as_ref().and_then(|of| frame.text_of(of).ok().flatten()).unwrap_or_default();
                let issued = !value.is_empty() && !issuer.is_empty();
                (kind.as_str(), if issued { format!("{value} ({issuer})") } else { value })
            }
        };
        told.put(&format!("refs.{name}"), value, how(&reference.cell));
    }
    told.add_layout(&def.layout, frame, "");
    let expectations = def.expects.iter().map(|(name, _)| name.clone()).collect();
    EventExplanation { name: def.name.clone(), event_type: def.ty.name, fields: told.fields, expectations }
}

struct EventTeller {
    tells: bool,
    fields: Vec<FieldExplanation>,
}

/// Whether a message says something that the source says, and whether it asks nothing of it: one that asks and is told nothing
/// is left out, as when the event is built.
#[derive(Debug, Clone, Copy)]
struct MessageStanding {
    read: bool,
    constants: bool,
}

impl EventTeller {
    fn put(&mut self, field: &str, value: String, how: String) {
        if !value.is_empty() {
            self.fields.push(FieldExplanation { field: field.to_owned(), value, how });
        }
    }

    fn add_layout<'r>(
        &mut self,
        layout: &'r [FieldLayout],
        frame: &ScopeFrame<'_, 'r>,
        prefix: &str,
    ) -> MessageStanding {
        let mut standing = MessageStanding { read: false, constants: true };
        for part in layout {
            let name = format!("{prefix}{}", part.field.name);
            match &part.fill {
                LayoutFill::Slot(slot) => self.add_slot(&name, *slot, frame, &mut standing),
                LayoutFill::Slots(slots) => {
                    for (n, slot) in slots.iter().enumerate() {
                        self.add_slot(&format!("{name}[{n}]"), *slot, frame, &mut standing);
                    }
                }
                LayoutFill::Message(fields) => {
                    self.add_nested(fields, frame, &format!("{name}."), &mut standing);
                }
                LayoutFill::Messages(messages) => {
                    let mut n = 0;
                    for fields in messages {
                        n += usize::from(self.add_nested(fields, frame, &format!("{name}[{n}]."), &mut standing));
                    }
                }
                LayoutFill::List { slot, fields } => {
                    standing.constants = false;
                    let at = SlotRef { up: 0, index: *slot };
                    let Ok((owner, items)) = frame.slot_list(at) else { continue };
                    let mut n = 0;
                    for item in items {
                        let Some(frame) = owner.item_frame(at, item) else { continue };
                        n += usize::from(self.add_nested(fields, &frame, &format!("{name}[{n}]."), &mut standing));
                    }
                }
            }
        }
        standing
    }

    /// Whether the message is there.
    fn add_nested<'r>(
        &mut self,
        fields: &'r [FieldLayout],
        frame: &ScopeFrame<'_, 'r>,
        prefix: &str,
        outer: &mut MessageStanding,
    ) -> bool {
        let before = self.fields.len();
        let own = self.add_layout(fields, frame, prefix);
        outer.read |= own.read;
        outer.constants = false;
        // As the event itself is built: places in lists must be those of the event.
        let stays = own.read || own.constants;
        if !stays {
            self.fields.truncate(before);
        }
        stays && self.fields.len() > before
    }

    fn add_slot<'r>(&mut self, name: &str, slot: usize, frame: &ScopeFrame<'_, 'r>, standing: &mut MessageStanding) {
        let Some(SlotFill::Cell(cell)) = frame.scope.slots.get(slot).map(|slot| &slot.fill) else { return };
        standing.constants &= cell.is_constant();
        let value =
            frame.slot_value(SlotRef { up: 0, index: slot }).map(|value| value.to_display()).unwrap_or_default();
        standing.read |= !value.is_empty() && !cell.is_constant();
        let how = if self.tells && !value.is_empty() { tell_cell(cell, frame) } else { String::new() };
        self.put(name, value, how);
    }
}
