//! What a remap did, as plain data.

use serde::Serialize;

/// What became of events that an older mapping made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RemapReport {
    /// Events appended as newer versions; of a dry run, those that would be.
    pub remapped: u64,
    /// Events whose subject is another now: taken in, and withdrawn where they were.
    pub moved: u64,
    /// The first few.
    pub moved_examples: Vec<MovedEvent>,
    /// Events that withdraw a fact from a subject that it is no longer about: one for each of its versions there.
    pub withdrawn: u64,
    /// Events whose fact stands about another subject, by a mapping whose number is not less or in another version of the source.
    /// They are not taken in: with what stands they would count twice.
    pub unmoved: u64,
    /// The first few.
    pub unmoved_examples: Vec<MovedEvent>,
    /// Events of older mappings that were made of what was read now, and of which this mapping makes none: its records are skipped,
    /// fail, give other events, or no longer stand in a file of that name. They stay as they are.
    pub left: u64,
    /// The first few, each as subject and place.
    pub left_examples: Vec<String>,
    /// What changes, by type and field; only of a dry run.
    pub changes: Vec<FieldChange>,
    /// What of the originals the hub keeps; only of a remap from what it keeps.
    pub originals: Option<KeptOriginals>,
}

/// An event whose subject is another now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MovedEvent {
    /// What it was about.
    pub from: String,
    /// What it is about now.
    pub subject: String,
    /// Where its record stands.
    pub place: String,
}

/// A field that changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// Type of the event as it is made now.
    pub event_type: String,
    /// Path of the field, `[]` for each place in a list; `type`, `time` and `refs.ROLE` too.
    pub field: String,
    /// Events in which it changes.
    pub events: u64,
    /// The first few.
    pub examples: Vec<ChangeExample>,
}

/// How a field of one event changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeExample {
    /// What it is about.
    pub subject: String,
    /// As the older mapping made it; empty: not there.
    pub before: String,
    /// As it is made now; empty: no longer there.
    pub after: String,
}

/// What of the originals the hub keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KeptOriginals {
    /// Messages read again.
    pub messages: u64,
    /// Events of older mappings that were made of what the hub does not keep.
    pub unkept: u64,
    /// Of what, the first few in their order.
    pub resources: Vec<UnkeptResource>,
    /// Names that are not told.
    pub more_resources: u64,
}

/// A file of which the hub keeps no copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnkeptResource {
    /// Its name, without directories.
    pub resource: String,
    /// Events of older mappings that were made of it.
    pub events: u64,
}
