//! The three clocks of a read: what had happened, what the hub knew, and who was one customer.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use onefold_event::{Day, Micros, format_micros, parse_instant};
use serde::Serialize;

use crate::{Service, ServiceError};

/// How far back K must lie for all doors to have appended what they stamped by then, and for clocks to differ: five minutes, in
/// microseconds.
const SETTLES_AFTER: Micros = 5 * 60 * 1_000_000;

/// The clocks as somebody wrote them; none: now.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClockTexts<'a> {
    /// Business time.
    pub as_of: Option<&'a str>,
    /// What the hub had taken in.
    pub known_at: Option<&'a str>,
    /// Who was one customer.
    pub identity_at: Option<&'a str>,
}

/// The clocks of a read, each an instant up to which events count, itself among them (rule G1); none: all events count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadClocks {
    /// Business time: events that happened by then.
    pub as_of: Option<Micros>,
    /// Knowledge: events that the hub had taken in by then.
    pub known_at: Option<Micros>,
    /// Identity: assertions and decisions that the hub had taken in by then.
    pub identity_at: Option<Micros>,
    /// In which days are meant.
    zone: TimeZone,
    /// When it was asked.
    now: Micros,
}

/// The clocks as an answer says them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnsweredClocks {
    /// Business time, RFC 3339; none: now.
    pub as_of: Option<String>,
    /// Knowledge; none: now.
    pub known_at: Option<String>,
    /// Identity; none: now.
    pub identity_at: Option<String>,
    /// The zone in which a day given as a clock was meant.
    pub zone: String,
    /// Next offset per partition of the log, up to which it was read.
    pub positions: Vec<u64>,
    /// Whether nothing can come in any more that counts at these clocks: the same question has the same answer for ever.
    pub settled: bool,
}

impl ClockTexts<'_> {
    /// Whether any clock was given.
    pub fn is_given(&self) -> bool {
        self.as_of.or(self.known_at).or(self.identity_at).is_some()
    }
}

impl Service {
    /// Reads the clocks of a question that is asked now.
    ///
    /// # Errors
    /// A text that is no time, or a time that has not come yet.
    pub fn read_clocks(&self, texts: ClockTexts<'_>) -> Result<ReadClocks, ServiceError> {
        ReadClocks::read(texts, self.zone.clone(), Timestamp::now().as_microsecond())
    }
}

impl ReadClocks {
    /// Reads them: RFC 3339 with an offset, or a day such as `2025-12-31`, which means its end in this zone.
    ///
    /// # Errors
    /// A text that is neither, or a time that has not come yet.
    pub fn read(texts: ClockTexts<'_>, zone: TimeZone, now: Micros) -> Result<Self, ServiceError> {
        let mut clocks = Self { as_of: None, known_at: None, identity_at: None, zone, now };
        let read = |name: &str, text: Option<&str>| text.map(|text| clocks.read_one(name, text)).transpose();
        let (as_of, known_at) = (read("as_of", texts.as_of)?, read("known_at", texts.known_at)?);
        let identity_at = read("identity_at", texts.identity_at)?;
        (clocks.as_of, clocks.known_at, clocks.identity_at) = (as_of, known_at, identity_at);
        Ok(clocks)
    }

    fn read_one(&self, name: &str, text: &str) -> Result<Micros, ServiceError> {
        let text = text.trim();
        let unreadable = || {
            ServiceError::invalid(format!(
                "{name}: `{text}` is not a time: expected a day such as 2025-12-31, which means its end, or an instant with its \
                 offset such as 2025-12-31T18:00:00+08:00"
            ))
        };
        let future = |is: String| {
            ServiceError::invalid(format!(
                "{name}: {text} has not come yet: it is {is}; leave {name} out to ask for now"
            ))
        };
        if let Some(at) = parse_instant(text) {
            return if at > self.now { Err(future(format_micros(self.now))) } else { Ok(at) };
        }
        // A text such as `2025-12-31T18:00` reads as a day too, and its hour would be lost without a word.
        let day: Date =
            if text.len() == 10 { text.parse().map_err(|_| unreadable())? } else { return Err(unreadable()) };
        let today = Timestamp::from_microsecond(self.now).map_err(|_| unreadable())?.to_zoned(self.zone.clone()).date();
        if day > today {
            return Err(future(format!("{today} in {}", self.zone_name())));
        }
        let next = day.tomorrow().and_then(|next| next.to_zoned(self.zone.clone())).map_err(|_| unreadable())?;
        Ok(next.timestamp().as_microsecond() - 1)
    }

    /// The day of business time, as views count days; none where that is now.
    pub fn business_day(&self) -> Option<i64> {
        self.day_of(self.as_of?)
    }

    /// The day of an instant in the zone of these clocks.
    pub(super) fn day_of(&self, at: Micros) -> Option<i64> {
        let at = Timestamp::from_microsecond(at).ok()?;
        Some(Day::from(at.to_zoned(self.zone.clone()).date()).0)
    }

    /// When it was asked.
    pub(super) fn asked_at(&self) -> Micros {
        self.now
    }

    /// The clocks as an answer that was read up to these positions of the log says them; whether the read model had all of the log.
    pub(crate) fn answered(&self, positions: Vec<u64>, caught_up: bool) -> AnsweredClocks {
        let text = |at: Option<Micros>| at.map(format_micros);
        // Doors stamp what they take in by their own clock, always later than before; so what is stamped long ago has come.
        let is_over = |at: Option<Micros>| at.is_some_and(|at| at < self.now.saturating_sub(SETTLES_AFTER));
        AnsweredClocks {
            as_of: text(self.as_of),
            known_at: text(self.known_at),
            identity_at: text(self.identity_at),
            zone: self.zone_name(),
            positions,
            settled: caught_up && is_over(self.known_at) && is_over(self.identity_at),
        }
    }

    fn zone_name(&self) -> String {
        self.zone.iana_name().unwrap_or("UTC").to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    fn read(as_of: &str) -> Result<String, ServiceError> {
        let now = parse_instant("2026-03-01T12:00:00Z").unwrap();
        let clocks = ReadClocks::read(ClockTexts { as_of: Some(as_of), ..ClockTexts::default() }, TimeZone::UTC, now)?;
        Ok(clocks.as_of.map(format_micros).unwrap_or_default())
    }

    #[test]
    fn a_day_means_its_end() {
        assert_eq!(read("2025-12-31").unwrap(), "2025-12-31T23:59:59.999999Z");
        assert_eq!(read("2025-12-31T18:00:00+08:00").unwrap(), "2025-12-31T10:00:00Z");
        assert_eq!(read("2026-03-01").unwrap(), "2026-03-01T23:59:59.999999Z", "today is over at its end");
    }

    #[test]
    fn what_is_no_time_or_has_not_come_is_refused() {
        for (text, why) in [
            ("2025-13-01", "not a time"),
            ("yesterday", "not a time"),
            ("2025-12-31T18:00", "not a time"),
            ("", "not a time"),
            ("2026-03-02", "not come yet"),
            ("2026-03-01T12:00:01Z", "not come yet"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.code == ErrorCode::Invalid && error.message.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn only_a_past_that_is_over_is_settled() {
        let now = parse_instant("2026-03-01T12:00:00Z").unwrap();
        let settled = |known_at: Option<&str>, identity_at: Option<&str>| {
            let texts = ClockTexts { as_of: None, known_at, identity_at };
            ReadClocks::read(texts, TimeZone::UTC, now).unwrap().answered(Vec::new(), true).settled
        };
        let (old, fresh) = (Some("2026-02-01"), Some("2026-03-01T11:59:00Z"));
        assert!(settled(old, old));
        assert!(!settled(old, None) && !settled(old, fresh) && !settled(None, old));
    }
}
