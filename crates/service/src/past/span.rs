//! From one moment of a clock to another.

use onefold_event::Micros;
use serde::Serialize;

use super::{ClockTexts, ReadClocks};
use crate::{Service, ServiceError};

/// Which clock runs from the one moment to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MovedClock {
    /// Business time: by all that is known, what was so then.
    #[default]
    AsOf,
    /// What the hub had taken in, assertions and decisions among it.
    KnownAt,
}

/// A span of one clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockSpan {
    /// Which clock runs.
    pub(crate) clock: MovedClock,
    /// The clocks of the earlier moment; none: from before the first event.
    pub(crate) from: Option<ReadClocks>,
    /// Those of the later moment.
    pub(crate) to: ReadClocks,
}

impl MovedClock {
    /// The clocks as somebody wrote them who named a moment of this one; none: now.
    fn texts(self, at: Option<&str>) -> ClockTexts<'_> {
        match self {
            Self::AsOf => ClockTexts { as_of: at, ..ClockTexts::default() },
            Self::KnownAt => ClockTexts { known_at: at, identity_at: at, ..ClockTexts::default() },
        }
    }

    /// The clocks at a moment of this one.
    pub(super) fn set(self, clocks: &ReadClocks, at: Micros) -> ReadClocks {
        let mut clocks = clocks.clone();
        match self {
            Self::AsOf => clocks.as_of = Some(at),
            Self::KnownAt => (clocks.known_at, clocks.identity_at) = (Some(at), Some(at)),
        }
        clocks
    }

    /// The moment that clocks name of this one; none: now.
    fn named(self, clocks: &ReadClocks) -> Option<Micros> {
        match self {
            Self::AsOf => clocks.as_of,
            Self::KnownAt => clocks.known_at,
        }
    }
}

impl ClockSpan {
    /// From clocks to clocks.
    ///
    /// # Errors
    /// The moments are not in their order.
    pub fn new(clock: MovedClock, from: Option<ReadClocks>, to: ReadClocks) -> Result<Self, ServiceError> {
        let span = Self { clock, from, to };
        if span.after().is_some_and(|after| after > span.until()) {
            return Err(ServiceError::invalid("`from` comes after `to`: expected the earlier moment first"));
        }
        Ok(span)
    }

    /// Its beginning, itself left out; none: from before the first event.
    pub(crate) fn after(&self) -> Option<Micros> {
        self.from.as_ref().map(|from| self.clock.named(from).unwrap_or(from.asked_at()))
    }

    /// Its end, itself among it; now where none is named.
    pub(crate) fn until(&self) -> Micros {
        self.named_end().unwrap_or(self.to.asked_at())
    }

    /// The same; none where none is named.
    pub(crate) fn named_end(&self) -> Option<Micros> {
        self.clock.named(&self.to)
    }
}

impl Service {
    /// Reads a span that is asked for now, by its two moments: without the earlier one from before the first event, without the later one
    /// up to now.
    ///
    /// # Errors
    /// As [`Self::read_clocks`]; the moments are not in their order.
    pub fn read_span(
        &self,
        clock: MovedClock,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<ClockSpan, ServiceError> {
        let from = from.map(|from| self.read_clocks(clock.texts(Some(from)))).transpose()?;
        ClockSpan::new(clock, from, self.read_clocks(clock.texts(to))?)
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use onefold_event::parse_instant;

    use super::*;

    #[test]
    fn a_span_begins_before_it_ends_and_without_an_end_it_lasts_until_now() {
        let now = parse_instant("2026-03-01T12:00:00Z").unwrap();
        let (early, late) = (Some("2026-01-01T00:00:00Z"), Some("2026-02-01T00:00:00Z"));
        for clock in [MovedClock::AsOf, MovedClock::KnownAt] {
            let read = |at: Option<&'static str>| ReadClocks::read(clock.texts(at), TimeZone::UTC, now).unwrap();
            let span = |from: Option<&'static str>, to| ClockSpan::new(clock, from.map(|_| read(from)), read(to));
            let whole = span(early, late).unwrap();
            assert_eq!(
                (whole.after(), Some(whole.until())),
                (early.and_then(parse_instant), late.and_then(parse_instant))
            );
            assert_eq!(span(early, early).map(|span| span.after() == span.named_end()), Ok(true));
            let open = span(None, None).unwrap();
            assert_eq!((open.after(), open.named_end(), open.until()), (None, None, now));
            assert!(span(late, early).unwrap_err().message.contains("`from` comes after `to`"), "{clock:?}");
            let all = read(late);
            assert_eq!(all.identity_at.is_some(), clock == MovedClock::KnownAt, "who is one customer is known with it");
        }
    }
}
