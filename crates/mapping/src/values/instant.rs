//! Local time to an instant: the zone, and what to do in the hour that comes twice or never.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use onefold_event::ValueFault;

use crate::values::value::LocalMoment;

/// What to take in the doubled hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DoubledHour {
    Earlier,
    Later,
    Reject,
}

pub(crate) const DST: [(&str, DoubledHour); 3] =
    [("earlier", DoubledHour::Earlier), ("later", DoubledHour::Later), ("reject", DoubledHour::Reject)];

/// A zone by its IANA name, from the database compiled in: the same mapping gives the same instants on every machine.
pub(crate) fn zone_by_name(name: &str) -> Option<TimeZone> {
    if name == "UTC" || name == "Z" {
        return Some(TimeZone::UTC);
    }
    // Never the machine's own database, which differs by machine and by year.
    TimeZoneDatabase::bundled().get(name).ok()
}

/// Whether its clocks were changed since 2000 or will be.
pub(crate) fn has_clock_changes(zone: &TimeZone) -> bool {
    let Ok(from) = jiff::Timestamp::from_second(946_684_800) else { return false };
    zone.following(from).next().is_some()
}

/// True where the mapping had to choose between two hours.
pub(crate) fn moment_of_local(
    local: DateTime,
    zone: &TimeZone,
    dst: Option<DoubledHour>,
) -> Result<(LocalMoment, bool), ValueFault> {
    let mut chosen = false;
    let offset = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { .. } => {
            return Err(ValueFault::new(
                "R0422",
                "this local time does not exist: the clocks were put forward over it",
            )
            .instead(local.to_string(), "a time that clocks in this zone have shown")
            .help("the source computed it; no setting can say what it means"));
        }
        AmbiguousOffset::Fold { before, after } => {
            chosen = true;
            match dst {
                Some(DoubledHour::Earlier) => before,
                Some(DoubledHour::Later) => after,
                Some(DoubledHour::Reject) | None => {
                    return Err(ValueFault::new(
                        "R0423",
                        "this local time came twice: the clocks were put back over it",
                    )
                    .instead(local.to_string(), "a time that came once")
                    .help("[assume] dst = \"earlier\" or \"later\" says which one is meant"));
                }
            }
        }
    };
    Ok((moment_at(local, offset)?, chosen))
}

pub(crate) fn moment_at(local: DateTime, offset: Offset) -> Result<LocalMoment, ValueFault> {
    match offset.to_timestamp(local) {
        Ok(time) => {
            Ok(LocalMoment { micros: time.as_microsecond(), local, offset: Some(offset.seconds()), day: false })
        }
        Err(_) => {
            Err(ValueFault::new("R0424", "this time is out of range").instead(local.to_string(), "a time of this age"))
        }
    }
}

/// A day as an instant: at a time of day, or the first moment after it where that is skipped.
pub(crate) fn moment_of_day(date: Date, time: Time, zone: &TimeZone) -> Result<LocalMoment, ValueFault> {
    let local = date.to_datetime(time);
    let offset = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
    };
    moment_at(local, offset).map(|moment| LocalMoment { day: true, ..moment })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn london(text: &str, dst: Option<DoubledHour>) -> Result<String, &'static str> {
        let moment = moment_of_local(text.parse().unwrap(), &zone_by_name("Europe/London").unwrap(), dst);
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
        assert_eq!(london(twice, Some(DoubledHour::Earlier)).unwrap(), "2010-10-31T00:30:00Z");
        assert_eq!(london(twice, Some(DoubledHour::Later)).unwrap(), "2010-10-31T01:30:00Z");
        assert_eq!(london(twice, Some(DoubledHour::Reject)), Err("R0423"));
        assert_eq!(london(twice, None), Err("R0423"));
    }

    #[test]
    fn the_missing_hour_is_always_rejected() {
        for dst in [Some(DoubledHour::Earlier), Some(DoubledHour::Later), None] {
            assert_eq!(london("2010-03-28T01:30:00", dst), Err("R0422"));
        }
    }

    #[test]
    fn zones_that_change_are_told_from_those_that_do_not() {
        assert!(has_clock_changes(&zone_by_name("Europe/London").unwrap()));
        assert!(!has_clock_changes(&zone_by_name("Asia/Shanghai").unwrap()));
        assert!(zone_by_name("Europe/Lundon").is_none());
    }

    #[test]
    fn a_day_begins_at_its_first_moment_even_where_midnight_is_skipped() {
        let zone = zone_by_name("America/Sao_Paulo").unwrap();
        let day = moment_of_day("2018-11-04".parse().unwrap(), Time::midnight(), &zone).unwrap();
        assert_eq!(onefold_event::format_micros(day.micros), "2018-11-04T03:00:00Z");
        assert!(day.day);
    }
}
