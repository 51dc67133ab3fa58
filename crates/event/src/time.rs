//! Instants are microseconds since 1970-01-01T00:00Z, as `i64`; what happened is shown as its source knows it, to the day or to
//! the instant.

use std::fmt;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::temporal::{Pieces, PiecesOffset};
use jiff::tz::{Offset, TimeZone};
use serde::{Serialize, Serializer};

/// Microseconds since 1970-01-01T00:00Z.
pub type Micros = i64;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Years of the calendar in which something can have happened, or fall due; whatever is outside was never meant.
pub const POSSIBLE_YEARS: RangeInclusive<i16> = 1900..=2100;

/// A day of the calendar, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

/// When something happened, as precisely as its source knows. The two are never compared: what is ordered is the instant of
/// the event, which for a day is its beginning in the source's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occurred {
    /// A day of the source's own calendar.
    Day(Day),
    /// An instant.
    Instant {
        /// When it was.
        at: Micros,
        /// Seconds east of UTC on the source's clocks; none: not known.
        offset: Option<i32>,
    },
}

impl Occurred {
    /// What an instant, with the precision and the offset in effect at its source, says.
    ///
    /// A day without an offset is the calendar day of the instant 12 hours later in UTC: right where `at` is 00:00 in a
    /// zone from -11:59 to +12:00.
    pub fn new(at: Micros, day: bool, offset: Option<i32>) -> Self {
        if !day {
            return Self::Instant { at, offset };
        }
        let shift = offset.map_or(DAY / 2, |seconds| i64::from(seconds) * 1_000_000);
        Self::Day(Day(at.saturating_add(shift).div_euclid(DAY)))
    }

    /// The day in the source's own calendar; in UTC where the offset of an instant is not known.
    pub fn day(self) -> Day {
        match self {
            Self::Day(day) => day,
            Self::Instant { at, offset } => Self::new(at, true, Some(offset.unwrap_or(0))).day(),
        }
    }

    /// The day as a reader in this zone counts it: a day is the source's own, an instant falls on a day of the zone.
    pub fn day_in(self, zone: &TimeZone) -> Day {
        match self {
            Self::Day(day) => day,
            Self::Instant { at, .. } => match Timestamp::from_microsecond(at) {
                Ok(at) => Day::from(at.to_zoned(zone.clone()).date()),
                Err(_) => self.day(),
            },
        }
    }

    /// Days from this to a later one: the time that passed between two instants, else the difference of the calendar days.
    /// In microseconds, so that nothing is rounded.
    pub fn until(self, later: Self) -> Micros {
        match (self, later) {
            (Self::Instant { at: from, .. }, Self::Instant { at: to, .. }) => to.saturating_sub(from),
            (from, to) => to.day().0.saturating_sub(from.day().0).saturating_mul(DAY),
        }
    }
}

/// `2026-03-01` of a day; of an instant RFC 3339 with its offset, which is `Z` where it is not known or none.
impl fmt::Display for Occurred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Instant { at, offset } => f.write_str(&format_time(*at, offset.filter(|seconds| *seconds != 0))),
        }
    }
}

impl Serialize for Occurred {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// ISO 8601, such as `2026-03-01`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = i32::try_from(self.0).ok().and_then(|days| jiff::Span::new().try_days(days).ok());
        match span.and_then(|span| jiff::civil::date(1970, 1, 1).checked_add(span).ok()) {
            Some(date) => date.fmt(f),
            None => write!(f, "day {}", self.0),
        }
    }
}

/// Whether something can have happened in this year.
pub fn is_possible_year(year: i16) -> bool {
    POSSIBLE_YEARS.contains(&year)
}

/// RFC 3339 in UTC, as short as the value allows.
pub fn format_micros(micros: Micros) -> String {
    format_time(micros, None)
}

/// RFC 3339 with an offset in seconds east of UTC; `Z` says that none is known (RFC 9557, section 2.2). The text has whole
/// minutes, so an offset from before there was standard time is rounded up, and the instant stays.
pub(crate) fn format_time(micros: Micros, offset: Option<i32>) -> String {
    let Ok(at) = Timestamp::from_microsecond(micros) else { return format!("{micros}us") };
    let minutes = offset.map(|seconds| seconds.saturating_add(59).div_euclid(60));
    match minutes.and_then(|minutes| Offset::from_seconds(minutes.saturating_mul(60)).ok()) {
        Some(offset) => at.display_with_offset(offset).to_string(),
        None => at.to_string(),
    }
}

/// Reads RFC 3339 with an offset.
pub fn parse_instant(text: &str) -> Option<Micros> {
    text.parse::<Timestamp>().ok().map(|t| t.as_microsecond())
}

/// The same, with the offset in seconds east of UTC; none where the text says `Z` or `-00:00`, which is that the instant is
/// known and the source's clock is not.
pub fn parse_time(text: &str) -> Option<(Micros, Option<i32>)> {
    let at = parse_instant(text)?;
    let offset = match Pieces::parse(text).ok()?.offset()? {
        PiecesOffset::Numeric(numeric) if !(numeric.is_negative() && numeric.offset() == Offset::UTC) => {
            Some(numeric.offset().seconds())
        }
        _ => None,
    };
    Some((at, offset))
}

/// The calendar day of a date.
impl From<Date> for Day {
    fn from(date: Date) -> Self {
        let since = date.since(jiff::civil::date(1970, 1, 1));
        Self(since.map_or(0, |span| i64::from(span.get_days())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, day: bool) -> Occurred {
        let (at, offset) = parse_time(text).unwrap();
        Occurred::new(at, day, offset)
    }

    #[test]
    fn an_instant_survives_its_text() {
        let at = parse_instant("2026-03-09T17:05:11.25+08:00").unwrap();
        assert_eq!(format_micros(at), "2026-03-09T09:05:11.25Z");
        assert_eq!(parse_instant("2026-03-09"), None);
    }

    #[test]
    fn a_day_is_the_day_of_its_own_calendar_wherever_that_is() {
        for offset in ["+08:00", "-08:00", "+00:00", "+13:00", "+14:00", "-12:00", "+05:45"] {
            for day in ["2026-03-01", "2026-01-01", "2025-12-31", "1900-01-01"] {
                let shown = read(&format!("{day}T00:00:00{offset}"), true);
                assert_eq!((shown.to_string().as_str(), shown.day().to_string().as_str()), (day, day), "{offset}");
            }
        }
    }

    #[test]
    fn a_day_whose_offset_was_lost_is_found_again_from_11_59_west_to_12_00_east() {
        for midnight in ["2026-02-28T12:00:00Z", "2026-02-28T16:00:00Z", "2026-03-01T00:00:00Z", "2026-03-01T11:59:00Z"]
        {
            assert_eq!(read(midnight, true).to_string(), "2026-03-01", "{midnight}");
        }
        assert_eq!(read("2025-12-31T16:00:00Z", true).to_string(), "2026-01-01");
    }

    #[test]
    fn an_instant_is_shown_with_its_offset_and_counts_on_its_own_day() {
        let evening = read("2026-03-01T23:30:00-08:00", false);
        assert_eq!(
            (evening.to_string().as_str(), evening.day().to_string().as_str()),
            ("2026-03-01T23:30:00-08:00", "2026-03-01")
        );
        for (text, shown) in [
            ("2026-03-01T07:30:00Z", "2026-03-01T07:30:00Z"),
            ("2026-03-01T07:30:00+00:00", "2026-03-01T07:30:00Z"),
            ("2026-03-01T07:30:00-00:00", "2026-03-01T07:30:00Z"),
            ("2026-03-01T07:30:00.5+05:45", "2026-03-01T07:30:00.5+05:45"),
        ] {
            assert_eq!(read(text, false).to_string(), shown);
        }
    }

    #[test]
    fn what_passed_between_days_is_whole_days() {
        let (day, next) = (read("2026-03-28T00:00:00+01:00", true), read("2026-03-30T00:00:00+02:00", true));
        assert_eq!(day.until(next), 2 * DAY);
        let (noon, later) = (read("2026-03-28T12:00:00+01:00", false), read("2026-03-29T18:00:00+02:00", false));
        assert_eq!((noon.until(later), day.until(later)), (29 * DAY / 24, DAY));
    }

    #[test]
    fn an_offset_of_before_standard_time_keeps_its_day_and_its_instant() {
        // Shanghai until 1901: 8:05:43 east.
        let (at, offset) = (parse_instant("1899-12-31T15:54:17Z").unwrap(), Some(29_143));
        assert_eq!(Occurred::new(at, true, offset).to_string(), "1900-01-01");
        let text = format_time(at, offset);
        assert_eq!((text.as_str(), parse_instant(&text)), ("1900-01-01T00:00:17+08:06", Some(at)));
    }

    #[test]
    fn times_beyond_every_calendar_are_shown_all_the_same() {
        for at in [i64::MIN, i64::MAX] {
            assert!(!Occurred::new(at, true, Some(50_000)).to_string().is_empty());
            assert!(!Occurred::new(at, false, None).to_string().is_empty());
        }
    }
}
