//! When something happened, as rows keep it.

use onefold_event::{Day, DecodedEvent, Micros, Occurred};

/// When something happened: ordered by the instant, shown as its source knows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, prost::Message)]
pub struct EventTime {
    /// The instant; of a day its beginning in the source's zone.
    #[prost(sint64, tag = "1")]
    pub(crate) at: Micros,
    /// Seconds east of UTC at the source; none: not known.
    #[prost(sint32, optional, tag = "2")]
    pub(crate) offset: Option<i32>,
    /// Known to the day only.
    #[prost(bool, tag = "3")]
    pub(crate) day: bool,
}

impl EventTime {
    pub(crate) fn from_event(event: &DecodedEvent) -> Self {
        Self { at: event.header.occurred_at, offset: event.header.offset, day: event.header.day }
    }

    /// As it is shown.
    pub fn to_occurred(self) -> Occurred {
        Occurred::new(self.at, self.day, self.offset)
    }

    /// The day in the source's own calendar.
    pub(crate) fn calendar_day(self) -> Day {
        self.to_occurred().day()
    }
}
