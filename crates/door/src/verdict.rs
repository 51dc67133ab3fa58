//! What became of an event at the door.

use onefold_event::{EventError, EventHeader, EventId, Locator};

/// A copy that came earlier.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlierCopy {
    /// The id that both bear.
    pub id: EventId,
    /// Where it stands in the log.
    pub partition: u32,
    /// Where it stands in the log.
    pub offset: u64,
    /// Where its source's record stands.
    pub locator: Option<Locator>,
    /// The one that came now is a greater version, since the number of its mapping is greater: a remap appends it.
    pub is_outranked: bool,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum DoorVerdict {
    /// It is in the log, durably.
    Accepted {
        /// Its partition.
        partition: u32,
        /// Its offset.
        offset: u64,
    },
    /// It is in the log, durably, as a newer version of an event that an older mapping made. Only a remap says so.
    Remapped {
        /// Its partition.
        partition: u32,
        /// Its offset.
        offset: u64,
    },
    /// The same was known; nothing was written.
    Duplicate,
    /// The id was known with other content, under the same mapping; nothing was written.
    Conflict(Box<EarlierCopy>),
    /// The id was known with other content, under another mapping; nothing was written.
    OlderMapping(Box<EarlierCopy>),
    /// It is larger, or holds more, than an event may: all bounds that it is beyond; nothing was written.
    Refused(Vec<EventError>),
}

impl DoorVerdict {
    /// Of an event whose id an earlier one, at this place in the log, bears with other content. Under the same mapping the source
    /// contradicts itself; under another it may be the mapping that changed what it says.
    pub(crate) fn contradiction(event: &EventHeader, earlier: &EventHeader, (partition, offset): (u32, u64)) -> Self {
        let copy = Box::new(EarlierCopy {
            id: earlier.id,
            partition,
            offset,
            locator: earlier.locator.clone(),
            is_outranked: event.revision_order > earlier.revision_order,
        });
        if earlier.mapping == event.mapping { Self::Conflict(copy) } else { Self::OlderMapping(copy) }
    }
}
