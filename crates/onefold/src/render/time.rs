//! Times as people read them: a day as it is, an instant in the hub's zone.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use onefold_event::Occurred;

/// The hub's zone. A process shows the times of one hub, whose zone stands in its configuration.
static ZONE: OnceLock<TimeZone> = OnceLock::new();
/// Whether an instant was shown, so that its zone is to be named.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// Says in which zone instants are shown; once, before any is.
pub(crate) fn show_in(zone: TimeZone) {
    // A second one would be of another hub.
    let _ = ZONE.set(zone);
}

/// A day as it is; an instant to the minute in the hub's zone, with its offset.
pub(super) fn time_text(occurred: &Occurred) -> String {
    match occurred {
        Occurred::Day(day) => day.to_string(),
        Occurred::Instant { at, .. } => {
            SHOWN.store(true, Ordering::Relaxed);
            instant_text(*at, hub_zone()).unwrap_or_else(|| occurred.to_string())
        }
    }
}

/// The day of something: of an instant that of the hub's zone.
pub(super) fn day_text(occurred: &Occurred) -> String {
    occurred.day_in(hub_zone()).to_string()
}

/// Which zone it is, where an instant was shown and `Z` does not say so already.
pub(crate) fn zone_line() -> Option<String> {
    let name = hub_zone().iana_name().filter(|_| SHOWN.load(Ordering::Relaxed))?;
    (!is_utc(hub_zone())).then(|| format!("times are in {name}"))
}

fn hub_zone() -> &'static TimeZone {
    static UTC: TimeZone = TimeZone::UTC;
    ZONE.get().unwrap_or(&UTC)
}

fn is_utc(zone: &TimeZone) -> bool {
    *zone == TimeZone::UTC
}

fn instant_text(at: i64, zone: &TimeZone) -> Option<String> {
    let at = Timestamp::from_microsecond(at).ok()?.to_zoned(zone.clone());
    Some(at.strftime(if is_utc(zone) { "%Y-%m-%d %H:%MZ" } else { "%Y-%m-%d %H:%M%:z" }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_day_and_an_instant_is_shown_in_the_zone_with_its_offset() {
        let at = 1_773_047_111_250_000;
        assert_eq!(time_text(&Occurred::new(at, true, Some(28_800))), "2026-03-09");
        assert_eq!(time_text(&Occurred::new(at, false, Some(28_800))), "2026-03-09 09:05Z");
        for (zone, shown) in [
            ("Asia/Shanghai", "2026-03-09 17:05+08:00"),
            ("America/St_Johns", "2026-03-09 06:35-02:30"),
            ("Europe/London", "2026-03-09 09:05+00:00"),
            ("UTC", "2026-03-09 09:05Z"),
        ] {
            assert_eq!(instant_text(at, &TimeZone::get(zone).unwrap()).as_deref(), Some(shown));
        }
    }

    #[test]
    fn times_beyond_every_calendar_are_shown_all_the_same() {
        for at in [i64::MIN, i64::MAX] {
            let occurred = Occurred::new(at, false, None);
            assert!(!time_text(&occurred).is_empty() && !day_text(&occurred).is_empty());
        }
    }
}
