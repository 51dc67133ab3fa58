//! What a written day or time says, and the parts that texts of any pattern are read in.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use crate::values::number::NumberStyle;

/// What a text says, before any zone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum WrittenTime {
    Local(DateTime),
    Offset(DateTime, Offset),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PatternMiss {
    /// Not written so.
    Shape,
    /// Written so, but no such day or time exists.
    NoSuch,
    /// 24:00, which is 00:00 of the next day.
    Midnight,
    /// Written so, in a year that is never meant.
    Year(i16),
    /// A number of seconds, days or serials outside the years in which it can be.
    Range,
}

#[derive(Default)]
pub(crate) struct TimeParts {
    pub(crate) year: i16,
    pub(crate) month: i8,
    pub(crate) day: i8,
    pub(crate) hour: i8,
    pub(crate) minute: i8,
    pub(crate) second: i8,
    pub(crate) nanos: i32,
    pub(crate) noon: Option<bool>,
    pub(crate) offset: Option<Offset>,
}

impl TimeParts {
    pub(crate) fn finish_time(mut self) -> Result<WrittenTime, PatternMiss> {
        if let Some(pm) = self.noon {
            if !(1..=12).contains(&self.hour) {
                return Err(PatternMiss::NoSuch);
            }
            self.hour = self.hour % 12 + if pm { 12 } else { 0 };
        }
        // The day before the time of day: 30 February at 24:00 is no such day.
        let date = Date::new(self.year, self.month, self.day).map_err(|_| PatternMiss::NoSuch)?;
        if (self.hour, self.minute, self.second, self.nanos, self.noon) == (24, 0, 0, 0, None) {
            return Err(PatternMiss::Midnight);
        }
        let time = Time::new(self.hour, self.minute, self.second, self.nanos).map_err(|_| PatternMiss::NoSuch)?;
        let local = date.to_datetime(time);
        Ok(self.offset.map_or(WrittenTime::Local(local), |o| WrittenTime::Offset(local, o)))
    }
}

pub(crate) fn narrow_integer<T: TryFrom<i32> + Default>(n: i32) -> T {
    T::try_from(n).unwrap_or_default()
}

pub(crate) fn read_pair(text: &str, two: bool) -> Option<(i32, &str)> {
    read_digits(text, if two { 2 } else { 1 }, 2)
}

pub(crate) fn read_digits(text: &str, least: usize, most: usize) -> Option<(i32, &str)> {
    let bytes = text.as_bytes();
    let length = bytes.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
    if length < least {
        return None;
    }
    let n = bytes.iter().take(length).fold(0, |n, b| n * 10 + i32::from(b - b'0'));
    text.get(length..).map(|rest| (n, rest))
}

pub(crate) fn read_noon(text: &str) -> Option<(bool, &str)> {
    let word = text.get(..2)?;
    let pm = if word.eq_ignore_ascii_case("pm") {
        true
    } else if word.eq_ignore_ascii_case("am") {
        false
    } else {
        return None;
    };
    text.get(2..).map(|rest| (pm, rest))
}

pub(crate) fn read_offset(text: &str) -> Option<(Offset, &str)> {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        return Some((Offset::UTC, rest));
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix(['-', '\u{2212}'])?),
    };
    let (hours, rest) = read_digits(rest, 2, 2)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, rest) = read_digits(rest, 2, 2).unwrap_or((0, rest));
    Some((Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?, rest))
}

pub(crate) fn read_iso(text: &str) -> Result<WrittenTime, PatternMiss> {
    let mut p = TimeParts::default();
    let step = |text: &'_ str, mark: char| text.strip_prefix(mark).map(str::len);
    let (year, rest) = read_digits(text, 4, 4).ok_or(PatternMiss::Shape)?;
    let dash = step(rest, '-').is_some();
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let (month, rest) = read_digits(rest, 2, 2).ok_or(PatternMiss::Shape)?;
    let rest = if dash { rest.strip_prefix('-').ok_or(PatternMiss::Shape)? } else { rest };
    let (day, mut rest) = read_digits(rest, 2, 2).ok_or(PatternMiss::Shape)?;
    (p.year, p.month, p.day) = (narrow_integer(year), narrow_integer(month), narrow_integer(day));
    if let Some(time) = rest.strip_prefix(['T', 't', ' ']) {
        let (hour, time) = read_digits(time, 2, 2).ok_or(PatternMiss::Shape)?;
        let colon = time.starts_with(':');
        let (minute, mut time) = read_digits(time.strip_prefix(':').unwrap_or(time), 2, 2).ok_or(PatternMiss::Shape)?;
        (p.hour, p.minute) = (narrow_integer(hour), narrow_integer(minute));
        let seconds = if colon {
            time.strip_prefix(':')
        } else {
            Some(time).filter(|t| t.starts_with(|c: char| c.is_ascii_digit()))
        };
        if let Some(seconds) = seconds {
            let (second, after) = read_digits(seconds, 2, 2).ok_or(PatternMiss::Shape)?;
            p.second = narrow_integer(second);
            time = after;
            if let Some(fraction) = time.strip_prefix(['.', ',']) {
                let (n, after) = read_digits(fraction, 1, 9).ok_or(PatternMiss::Shape)?;
                let places = u32::try_from(fraction.len() - after.len()).unwrap_or(9).min(9);
                p.nanos = n * 10_i32.pow(9 - places);
                time = after;
            }
        }
        rest = time;
        if !rest.is_empty() {
            let (at, after) = read_offset(rest).ok_or(PatternMiss::Shape)?;
            p.offset = Some(at);
            rest = after;
        }
    }
    if rest.is_empty() { p.finish_time() } else { Err(PatternMiss::Shape) }
}

pub(crate) fn read_excel(text: &str) -> Result<jiff::Timestamp, PatternMiss> {
    let serial = NumberStyle::PLAIN.read_decimal(text).map_err(|_| PatternMiss::Shape)?;
    let days: i64 = serial.trunc().try_into().map_err(|_| PatternMiss::Range)?;
    let micros: i64 = (serial.fract() * rust_decimal::Decimal::from(86_400_000_000_i64))
        .round()
        .try_into()
        .map_err(|_| PatternMiss::Range)?;
    let base =
        (days - 25_569).checked_mul(86_400_000_000).and_then(|d| d.checked_add(micros)).ok_or(PatternMiss::Range)?;
    jiff::Timestamp::from_microsecond(base).map_err(|_| PatternMiss::Range)
}
