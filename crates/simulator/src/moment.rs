//! Local wall-clock time to the second, and the ways in which the five systems write it.

use jiff::civil::{Date, date};
use jiff::{ToSpan, Unit};

/// Seconds since 1970-01-01 00:00 on the source's own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LocalTime(i64);

const DAY: i64 = 86_400;

impl LocalTime {
    pub(crate) fn midnight(day: Date) -> Self {
        let days = date(1970, 1, 1).until((Unit::Day, day)).map_or(0, |span| i64::from(span.get_days()));
        Self(days * DAY)
    }

    pub(crate) fn plus_days(self, days: i64) -> Self {
        Self(self.0 + days * DAY)
    }

    pub(crate) fn plus_minutes(self, minutes: i64) -> Self {
        Self(self.0 + minutes * 60)
    }

    /// The same day at this time of day.
    pub(crate) fn at_time(self, hour: i64, minute: i64, second: i64) -> Self {
        Self(self.0.div_euclid(DAY) * DAY + hour * 3_600 + minute * 60 + second)
    }

    pub(crate) fn days_until(self, later: Self) -> i64 {
        later.0.div_euclid(DAY) - self.0.div_euclid(DAY)
    }

    fn date(self) -> Date {
        let days = self.0.div_euclid(DAY);
        // Five years of history are far from the calendar's ends.
        date(1970, 1, 1).checked_add(days.days()).unwrap_or(Date::MAX)
    }

    fn time_of_day(self) -> (i64, i64, i64) {
        let second = self.0.rem_euclid(DAY);
        (second / 3_600, second / 60 % 60, second % 60)
    }

    /// `2026/3/9`, as the ERP writes a day.
    pub(crate) fn to_slashed_date(self) -> String {
        let d = self.date();
        format!("{}/{}/{}", d.year(), d.month(), d.day())
    }

    /// `2026/3/9 17:05:11`, as the ERP writes a time.
    pub(crate) fn slashed_time(self) -> String {
        let (h, m, s) = self.time_of_day();
        format!("{} {h}:{m:02}:{s:02}", self.to_slashed_date())
    }

    /// `09.03.2026`, as the bank writes a day.
    pub(crate) fn to_dotted_date(self) -> String {
        let d = self.date();
        format!("{:02}.{:02}.{:04}", d.day(), d.month(), d.year())
    }

    /// `2026-03-09`.
    pub(crate) fn iso_date(self) -> String {
        self.date().to_string()
    }

    /// `2026-03-09 17:05:11`, as the carrier writes a time.
    pub(crate) fn to_spaced_time(self) -> String {
        let (h, m, s) = self.time_of_day();
        format!("{} {h:02}:{m:02}:{s:02}", self.iso_date())
    }

    /// `2026-03-09T17:05:11+08:00`; the company's own clock is China's.
    pub(crate) fn to_iso_time(self) -> String {
        let (h, m, s) = self.time_of_day();
        format!("{}T{h:02}:{m:02}:{s:02}+08:00", self.iso_date())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_writes_the_same_moment_its_own_way() {
        let moment = LocalTime::midnight(date(2026, 3, 9)).at_time(7, 5, 1);
        assert_eq!(moment.slashed_time(), "2026/3/9 7:05:01");
        assert_eq!(moment.to_dotted_date(), "09.03.2026");
        assert_eq!(moment.to_iso_time(), "2026-03-09T07:05:01+08:00");
        assert_eq!(moment.plus_days(23).iso_date(), "2026-04-01");
        assert_eq!(moment.days_until(moment.plus_minutes(17 * 60)), 1);
    }
}
