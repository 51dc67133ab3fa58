//! How a source writes dates and times: letters as in Excel and Java, or a named form.
//!
//! The calendar is jiff's; the reading is by hand, ISO 8601 included. jiff's own parser accepts what a connector must
//! refuse (a second 60 becomes 59, an hour may stand alone, `[Europe/Berlin]` may follow), refuses what is accepted here
//! (U+2212 as the minus of an offset), and has one error for all, while "not written so" (R0420), "no such day" (R0421) and
//! "24:00" need different advice. Its `strptime` takes one digit where two are asked for. A test below holds the differences.

use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use onefold_event::POSSIBLE_YEARS;

use crate::values::number::NumberStyle;

/// A date or time pattern, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatePattern {
    pub(crate) text: String,
    form: PatternForm,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PatternForm {
    Letters(Vec<PatternToken>),
    Iso,
    /// Units per second.
    Epoch(i64),
    EpochDays,
    /// Days since 1899-12-30, the fraction being the time of day.
    Excel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PatternToken {
    Year,
    Month(bool),
    Day(bool),
    Hour(bool),
    Hour12(bool),
    Minute(bool),
    Second(bool),
    /// Up to nine digits.
    Fraction,
    Noon,
    Offset,
    Literal(char),
}

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

/// Years that a number of seconds or days may give where the mapping does not say: outside, its unit is another.
pub(crate) const COUNTED_YEARS: RangeInclusive<i16> = 1990..=2100;

impl DatePattern {
    /// `time` says whether the pattern is to give a time of day.
    pub(crate) fn parse(text: &str, time: bool) -> Result<Self, String> {
        let form = match text {
            "iso8601" => PatternForm::Iso,
            "epoch-s" => PatternForm::Epoch(1),
            "epoch-ms" => PatternForm::Epoch(1000),
            "epoch-days" => PatternForm::EpochDays,
            "excel" => PatternForm::Excel,
            _ => PatternForm::Letters(parse_letters(text, time)?),
        };
        Ok(Self { text: text.to_owned(), form })
    }

    /// Whether what it reads is local time.
    pub(crate) fn needs_zone(&self) -> bool {
        match &self.form {
            PatternForm::Letters(tokens) => !tokens.contains(&PatternToken::Offset),
            PatternForm::Excel | PatternForm::EpochDays => true,
            PatternForm::Iso | PatternForm::Epoch(_) => false,
        }
    }

    /// Stands in for one that was refused, so that what needs a pattern does not say so once more.
    pub(crate) fn refused(text: &str) -> Self {
        Self { text: text.to_owned(), form: PatternForm::Iso }
    }

    /// Reads a text whose year is one of `years`, or of the usual ones.
    pub(crate) fn read_time(
        &self,
        text: &str,
        years: Option<&RangeInclusive<i16>>,
    ) -> Result<WrittenTime, PatternMiss> {
        let possible = |written| {
            let (WrittenTime::Local(local) | WrittenTime::Offset(local, _)) = written;
            match years.unwrap_or(&POSSIBLE_YEARS).contains(&local.year()) {
                true => Ok(written),
                false => Err(PatternMiss::Year(local.year())),
            }
        };
        let in_range = |at: jiff::Timestamp| {
            let local = Offset::UTC.to_datetime(at);
            match years.unwrap_or(&COUNTED_YEARS).contains(&local.year()) {
                true => Ok(WrittenTime::Offset(local, Offset::UTC)),
                false => Err(PatternMiss::Range),
            }
        };
        match &self.form {
            PatternForm::Letters(tokens) => read_letters(tokens, text).and_then(possible),
            PatternForm::Iso => read_iso(text).and_then(possible),
            PatternForm::Epoch(units) => {
                let n: i64 = text.parse().map_err(|_| PatternMiss::Shape)?;
                let micros = n.checked_mul(1_000_000 / units).ok_or(PatternMiss::Range)?;
                in_range(jiff::Timestamp::from_microsecond(micros).map_err(|_| PatternMiss::Range)?)
            }
            PatternForm::EpochDays => {
                let n: i64 = text.parse().map_err(|_| PatternMiss::Shape)?;
                in_range(
                    jiff::Timestamp::from_second(n.checked_mul(86_400).ok_or(PatternMiss::Range)?)
                        .map_err(|_| PatternMiss::Range)?,
                )
                .map(local_only)
            }
            PatternForm::Excel => read_excel(text).and_then(in_range).map(local_only),
        }
    }

    /// Whether some text can be read by both with different meanings, such as `dd/MM` and `MM/dd`.
    pub(crate) fn can_disagree(&self, other: &Self) -> bool {
        let (PatternForm::Letters(a), PatternForm::Letters(b)) = (&self.form, &other.form) else { return false };
        a.len() == b.len()
            && a.iter().zip(b).all(|(x, y)| match (x, y) {
                (PatternToken::Literal(p), PatternToken::Literal(q)) => p == q,
                (PatternToken::Literal(_), _) | (_, PatternToken::Literal(_)) => false,
                (PatternToken::Year, y) => *y == PatternToken::Year,
                (x, PatternToken::Year) => *x == PatternToken::Year,
                _ => true,
            })
            && a.iter().zip(b).any(|(x, y)| std::mem::discriminant(x) != std::mem::discriminant(y))
    }
}

fn local_only(written: WrittenTime) -> WrittenTime {
    match written {
        WrittenTime::Offset(local, _) | WrittenTime::Local(local) => WrittenTime::Local(local),
    }
}

fn parse_letters(text: &str, time: bool) -> Result<Vec<PatternToken>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let run = rest.chars().take_while(|x| *x == c).count();
        let token = match (c, run) {
            ('y', 4) => PatternToken::Year,
            ('y', 2) => return Err("two-digit years need a century: write yyyy, or have the source write it".into()),
            ('M', 1 | 2) => PatternToken::Month(run == 2),
            ('d', 1 | 2) => PatternToken::Day(run == 2),
            ('H', 1 | 2) => PatternToken::Hour(run == 2),
            ('h', 1 | 2) => PatternToken::Hour12(run == 2),
            ('m', 1 | 2) if !time => return Err("`mm` is minutes: a month is written MM".into()),
            ('m', 1 | 2) => PatternToken::Minute(run == 2),
            ('s', 1 | 2) => PatternToken::Second(run == 2),
            ('S', 1..=9) => PatternToken::Fraction,
            ('a', 1) => PatternToken::Noon,
            ('X', 1..=3) => PatternToken::Offset,
            (c, _) if c.is_ascii_alphabetic() => {
                return Err(format!("`{}` means nothing here", c.to_string().repeat(run)));
            }
            (c, _) => PatternToken::Literal(c),
        };
        let taken = if matches!(token, PatternToken::Literal(_)) { 1 } else { run };
        rest = rest.get(taken * c.len_utf8()..).unwrap_or_default();
        tokens.push(token);
    }
    let has = |f: fn(&PatternToken) -> bool| tokens.iter().filter(|t| f(t)).count();
    let day = [
        has(|t| *t == PatternToken::Year),
        has(|t| matches!(t, PatternToken::Month(_))),
        has(|t| matches!(t, PatternToken::Day(_))),
    ];
    if day != [1, 1, 1] {
        return Err("a pattern names year (yyyy), month (MM or M) and day (dd or d), each once".into());
    }
    let hours = has(|t| matches!(t, PatternToken::Hour(_))) + has(|t| matches!(t, PatternToken::Hour12(_)));
    if time && (hours != 1 || has(|t| matches!(t, PatternToken::Minute(_))) != 1) {
        return Err("the pattern of a time names hour (HH or H) and minute (mm); MM is the month".into());
    }
    if !time && hours > 0 {
        return Err("the pattern of a date names no hour: to take the day of a time, use `time = \"…\"`".into());
    }
    if (has(|t| matches!(t, PatternToken::Hour12(_))) == 1) != (has(|t| *t == PatternToken::Noon) == 1) {
        return Err("`hh` and `a` (AM, PM) go together".into());
    }
    Ok(tokens)
}

#[derive(Default)]
struct TimeParts {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    second: i8,
    nanos: i32,
    noon: Option<bool>,
    offset: Option<Offset>,
}

fn read_letters(tokens: &[PatternToken], text: &str) -> Result<WrittenTime, PatternMiss> {
    let mut p = TimeParts::default();
    let mut rest = text;
    for token in tokens {
        rest = match token {
            PatternToken::Year => read_digits(rest, 4, 4).map(|(n, r)| (p.year = narrow_integer(n), r).1),
            PatternToken::Month(two) => read_pair(rest, *two).map(|(n, r)| (p.month = narrow_integer(n), r).1),
            PatternToken::Day(two) => read_pair(rest, *two).map(|(n, r)| (p.day = narrow_integer(n), r).1),
            PatternToken::Hour(two) | PatternToken::Hour12(two) => {
                read_pair(rest, *two).map(|(n, r)| (p.hour = narrow_integer(n), r).1)
            }
            PatternToken::Minute(two) => read_pair(rest, *two).map(|(n, r)| (p.minute = narrow_integer(n), r).1),
            PatternToken::Second(two) => read_pair(rest, *two).map(|(n, r)| (p.second = narrow_integer(n), r).1),
            PatternToken::Fraction => read_digits(rest, 1, 9).map(|(n, r)| {
                let places = u32::try_from(rest.len() - r.len()).unwrap_or(9).min(9);
                p.nanos = n * 10_i32.pow(9 - places);
                r
            }),
            PatternToken::Noon => read_noon(rest).map(|(pm, r)| (p.noon = Some(pm), r).1),
            PatternToken::Offset => read_offset(rest).map(|(o, r)| (p.offset = Some(o), r).1),
            PatternToken::Literal(c) => rest.strip_prefix(*c),
        }
        .ok_or(PatternMiss::Shape)?;
    }
    if rest.is_empty() { p.finish_time() } else { Err(PatternMiss::Shape) }
}

impl TimeParts {
    fn finish_time(mut self) -> Result<WrittenTime, PatternMiss> {
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

fn narrow_integer<T: TryFrom<i32> + Default>(n: i32) -> T {
    T::try_from(n).unwrap_or_default()
}

fn read_pair(text: &str, two: bool) -> Option<(i32, &str)> {
    read_digits(text, if two { 2 } else { 1 }, 2)
}

fn read_digits(text: &str, least: usize, most: usize) -> Option<(i32, &str)> {
    let bytes = text.as_bytes();
    let length = bytes.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
    if length < least {
        return None;
    }
    let n = bytes.iter().take(length).fold(0, |n, b| n * 10 + i32::from(b - b'0'));
    text.get(length..).map(|rest| (n, rest))
}

fn read_noon(text: &str) -> Option<(bool, &str)> {
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

fn read_offset(text: &str) -> Option<(Offset, &str)> {
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

fn read_iso(text: &str) -> Result<WrittenTime, PatternMiss> {
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

fn read_excel(text: &str) -> Result<jiff::Timestamp, PatternMiss> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn local(pattern: &str, text: &str) -> Result<String, PatternMiss> {
        let time = pattern.contains(['H', 'h']) || pattern == "iso8601" || pattern.starts_with("e");
        match DatePattern::parse(pattern, time).unwrap().read_time(text, None)? {
            WrittenTime::Local(at) => Ok(at.to_string()),
            WrittenTime::Offset(at, offset) => Ok(format!("{at}{offset}")),
        }
    }

    #[test]
    fn letters_read_what_they_say() {
        assert_eq!(local("yyyy/M/d H:mm:ss", "2026/3/9 17:05:11").unwrap(), "2026-03-09T17:05:11");
        assert_eq!(local("yyyy/M/d", "2026/12/31").unwrap(), "2026-12-31T00:00:00");
        assert_eq!(local("dd.MM.yyyy", "09.03.2026").unwrap(), "2026-03-09T00:00:00");
        assert_eq!(local("yyyyMMdd", "20260309").unwrap(), "2026-03-09T00:00:00");
        assert_eq!(local("yyyy年M月d日", "2026年3月9日").unwrap(), "2026-03-09T00:00:00");
        assert_eq!(local("MM/dd/yyyy hh:mm a", "03/09/2026 12:05 AM").unwrap(), "2026-03-09T00:05:00");
        assert_eq!(
            local("yyyy-MM-dd HH:mm:ss.SSSXXX", "2026-03-09 17:05:11.250+08:00").unwrap(),
            "2026-03-09T17:05:11.25+08"
        );
    }

    #[test]
    fn dates_that_do_not_exist_are_told_from_texts_of_another_shape() {
        assert_eq!(local("yyyy-MM-dd", "2026-02-30"), Err(PatternMiss::NoSuch));
        assert_eq!(local("yyyy-MM-dd", "2025-02-29"), Err(PatternMiss::NoSuch));
        assert_eq!(local("yyyy-MM-dd HH:mm", "2026-02-28 24:00"), Err(PatternMiss::Midnight));
        assert_eq!(local("iso8601", "2026-02-28T24:00:00Z"), Err(PatternMiss::Midnight));
        assert_eq!(local("yyyy-MM-dd HH:mm", "2026-02-28 24:01"), Err(PatternMiss::NoSuch));
        assert_eq!(local("yyyy-MM-dd HH:mm", "2026-02-30 24:00"), Err(PatternMiss::NoSuch));
        assert_eq!(local("yyyy-MM-dd", "2026-2-3"), Err(PatternMiss::Shape));
        assert_eq!(local("yyyy-MM-dd", "2026-02-03x"), Err(PatternMiss::Shape));
        assert_eq!(local("yyyy-MM-dd", "0000-00-00"), Err(PatternMiss::NoSuch));
    }

    #[test]
    fn named_forms_read_what_they_say() {
        assert_eq!(local("iso8601", "2026-03-09T17:05:11.25Z").unwrap(), "2026-03-09T17:05:11.25+00");
        assert_eq!(local("iso8601", "2026-03-09").unwrap(), "2026-03-09T00:00:00");
        assert_eq!(local("iso8601", "20260309T170511+0800").unwrap(), "2026-03-09T17:05:11+08");
        assert_eq!(local("epoch-s", "1649367553").unwrap(), "2022-04-07T21:39:13+00");
        assert_eq!(local("epoch-s", "1649367553000"), Err(PatternMiss::Range));
        assert_eq!(local("epoch-ms", "1649367553000").unwrap(), "2022-04-07T21:39:13+00");
        assert_eq!(local("epoch-days", "20000").unwrap(), "2024-10-04T00:00:00");
        assert_eq!(local("excel", "46090.5").unwrap(), "2026-03-09T12:00:00");
    }

    #[test]
    fn patterns_that_cannot_be_meant_are_refused() {
        for (pattern, time) in [
            ("yyyy-mm-dd", false),
            ("yy/M/d", false),
            ("yyyy-MM", false),
            ("yyyy-MM-dd hh:mm", true),
            ("yyyy-MM-dd", true),
            ("yyyy-MM-dd QQ", false),
        ] {
            assert!(DatePattern::parse(pattern, time).is_err(), "{pattern}");
        }
    }

    #[test]
    fn day_first_and_month_first_disagree() {
        let p = |text| DatePattern::parse(text, false).unwrap();
        assert!(p("dd/MM/yyyy").can_disagree(&p("MM/dd/yyyy")));
        assert!(p("d/M/yyyy").can_disagree(&p("MM/dd/yyyy")));
        assert!(!p("yyyy/M/d").can_disagree(&p("yyyy-MM-dd")));
        assert!(!p("dd/MM/yyyy").can_disagree(&p("d/M/yyyy")));
    }

    #[test]
    fn years_that_are_never_meant_are_told_and_the_mapping_may_mean_them() {
        for (pattern, text, year) in [
            ("dd.MM.yyyy", "01.03.0026", 26),
            ("iso8601", "2569-03-01T10:00:00Z", 2569),
            ("yyyy-MM-dd", "9999-12-31", 9999),
        ] {
            assert_eq!(local(pattern, text), Err(PatternMiss::Year(year)), "{text}");
            let pattern = DatePattern::parse(pattern, pattern == "iso8601").unwrap();
            assert!(pattern.read_time(text, Some(&(1..=9999))).is_ok(), "{text}");
        }
        assert_eq!(
            (local("yyyy-MM-dd", "1900-01-01").is_ok(), local("yyyy-MM-dd", "1899-12-31")),
            (true, Err(PatternMiss::Year(1899)))
        );
        let days = DatePattern::parse("epoch-days", false).unwrap();
        assert_eq!(
            (days.read_time("0", None), days.read_time("0", Some(&(1900..=2100))).is_ok()),
            (Err(PatternMiss::Range), true)
        );
    }

    /// Why ISO 8601 is not left to jiff: when these change, it may be.
    #[test]
    fn iso_8601_is_stricter_and_wider_than_jiff_reads_it() {
        let jiff = |text: &str| text.parse::<DateTime>().map(|at| at.to_string()).ok();
        assert_eq!(jiff("2026-03-09T17:05:60").as_deref(), Some("2026-03-09T17:05:59"));
        assert_eq!(local("iso8601", "2026-03-09T17:05:60"), Err(PatternMiss::NoSuch));
        assert_eq!(jiff("2026-03-09T17").as_deref(), Some("2026-03-09T17:00:00"));
        assert_eq!(local("iso8601", "2026-03-09T17"), Err(PatternMiss::Shape));
        assert!(jiff("2026-03-09T17:05[Europe/Berlin]").is_some());
        assert_eq!(local("iso8601", "2026-03-09T17:05[Europe/Berlin]"), Err(PatternMiss::Shape));
        assert!(Date::strptime("%Y-%m-%d", "2026-3-9").is_ok());
        assert_eq!(local("yyyy-MM-dd", "2026-3-9"), Err(PatternMiss::Shape));
        assert!("2026-03-09T17:05\u{2212}03:00".parse::<jiff::Timestamp>().is_err());
        assert_eq!(local("iso8601", "2026-03-09T17:05\u{2212}03:00").as_deref(), Ok("2026-03-09T17:05:00-03"));
    }
}
