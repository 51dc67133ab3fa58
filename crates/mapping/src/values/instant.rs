//! Local time to an instant: the zone, and what to do in the hour that comes twice or never.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};

use crate::values::value::{Fault, Moment};

/// What to take in the doubled hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dst {
    Earlier,
    Later,
    Reject,
}

pub(crate) const DST: [(&str, Dst); 3] = [("earlier", Dst::Earlier), ("later", Dst::Later), ("reject", Dst::Reject)];

/// A zone by its IANA name, from the database compiled in: the same mapping gives the same instants on every machine.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    if name == "UTC" || name == "Z" {
        return Some(TimeZone::UTC);
    }
    TimeZoneDatabase::bundled().get(name).ok()
}

/// Whether its clocks were changed since 2000 or will be.
pub(crate) fn changes(zone: &TimeZone) -> bool {
    let Ok(from) = jiff::Timestamp::from_second(946_684_800) else { return false };
    zone.following(from).next().is_some()
}

/// True where the mapping had to choose between two hours.
pub(crate) fn instant(local: DateTime, zone: &TimeZone, dst: Option<Dst>) -> Result<(Moment, bool), Fault> {
    let mut chosen = false;
    let offset = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { .. } => {
            return Err(Fault::new("R0422", "this local time does not exist: the clocks were put forward over it")
                .instead(local.to_string(), "a time that clocks in this zone have shown")
                .help("the source computed it; no setting can say what it means"));
        }
        AmbiguousOffset::Fold { before, after } => {
            chosen = true;
            match dst {
                Some(Dst::Earlier) => before,
                Some(Dst::Later) => after,
                Some(Dst::Reject) | None => {
                    return Err(Fault::new("R0423", "this local time came twice: the clocks were put back over it")
                        .instead(local.to_string(), "a time that came once")
                        .help("[assume] dst = \"earlier\" or \"later\" says which one is meant"));
                }
            }
        }
    };
    Ok((at(local, offset)?, chosen))
}

pub(crate) fn at(local: DateTime, offset: Offset) -> Result<Moment, Fault> {
    match offset.to_timestamp(local) {
        Ok(time) => Ok(Moment { micros: time.as_microsecond(), local, offset: Some(offset.seconds()), day: false }),
        Err(_) => {
            Err(Fault::new("R0424", "this time is out of range").instead(local.to_string(), "a time of this age"))
        }
    }
}

/// A day as an instant: at a time of day, or the first moment after it where that is skipped.
pub(crate) fn of_day(date: Date, time: Time, zone: &TimeZone) -> Result<Moment, Fault> {
    let local = date.to_datetime(time);
    let offset = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
    };
    at(local, offset).map(|moment| Moment { day: true, ..moment })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn london(text: &str, dst: Option<Dst>) -> Result<String, &'static str> {
        let moment = instant(text.parse().unwrap(), &zone("Europe/London").unwrap(), dst);
        moment.map(|(m, _)| onefold_event::format_micros(m.micros)).map_err(|f| f.code)
    }

    #[test]
    fn summer_and_winter_have_their_offsets() {
        assert_eq!(london("2010-07-01T12:00:00", None).unwrap(), "2010-07-01T11:00:00Z");
        assert_eq!(london("2010-12-01T12:00:00", None).unwrap(), "2010-12-01T12:00:00Z");
    }

    #[test]
    fn the_doubled_hour_goes_by_the_mapping() {
        let twice = "2010-10-31T01:30:00";
        assert_eq!(london(twice, Some(Dst::Earlier)).unwrap(), "2010-10-31T00:30:00Z");
        assert_eq!(london(twice, Some(Dst::Later)).unwrap(), "2010-10-31T01:30:00Z");
        assert_eq!(london(twice, Some(Dst::Reject)), Err("R0423"));
        assert_eq!(london(twice, None), Err("R0423"));
    }

    #[test]
    fn the_missing_hour_is_always_rejected() {
        for dst in [Some(Dst::Earlier), Some(Dst::Later), None] {
            assert_eq!(london("2010-03-28T01:30:00", dst), Err("R0422"));
        }
    }

    #[test]
    fn zones_that_change_are_told_from_those_that_do_not() {
        assert!(changes(&zone("Europe/London").unwrap()));
        assert!(!changes(&zone("Asia/Shanghai").unwrap()));
        assert!(zone("Europe/Lundon").is_none());
    }

    #[test]
    fn a_day_begins_at_its_first_moment_even_where_midnight_is_skipped() {
        let zone = zone("America/Sao_Paulo").unwrap();
        let day = of_day("2018-11-04".parse().unwrap(), Time::midnight(), &zone).unwrap();
        assert_eq!(onefold_event::format_micros(day.micros), "2018-11-04T03:00:00Z");
        assert!(day.day);
    }
}
