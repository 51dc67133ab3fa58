//! How a source writes dates and times: letters as in Excel and Java, or a named form.
//!
//! The calendar is jiff's; the reading is by hand, ISO 8601 included. jiff's own parser accepts what a connector must
//! refuse (a second 60 becomes 59, an hour may stand alone, `[Europe/Berlin]` may follow), refuses what is accepted here
//! (U+2212 as the minus of an offset), and has one error for all, while "not written so" (R0420), "no such day" (R0421) and
//! "24:00" need different advice. Its `strptime` takes one digit where two are asked for. A test below holds the differences.

use std::ops::RangeInclusive;

use jiff::tz::Offset;
use onefold_event::POSSIBLE_YEARS;

use crate::values::month_name::read_month_name;
use crate::values::written_time::{
    PatternMiss, TimeParts, WrittenTime, narrow_integer, read_digits, read_excel, read_iso, read_noon, read_offset,
    read_pair,
};

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
    /// The last two digits of one.
    ShortYear,
    Month(bool),
    MonthName,
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

/// Forms that have a name.
pub(crate) const FORMS: [&str; 5] = ["iso8601", "epoch-s", "epoch-ms", "epoch-days", "excel"];

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

    /// Whether it gives the last two digits of a year only, so that a century must be said.
    pub(crate) fn needs_pivot(&self) -> bool {
        matches!(&self.form, PatternForm::Letters(tokens) if tokens.contains(&PatternToken::ShortYear))
    }

    /// Stands in for one that was refused, so that what needs a pattern does not say so once more.
    pub(crate) fn refused(text: &str) -> Self {
        Self { text: text.to_owned(), form: PatternForm::Iso }
    }

    /// Reads a text whose year is one of `years`, or of the usual ones; two digits are of the hundred years from `pivot` on.
    pub(crate) fn read_time(
        &self,
        text: &str,
        years: Option<&RangeInclusive<i16>>,
        pivot: Option<i16>,
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
            PatternForm::Letters(tokens) => read_letters(tokens, text, pivot).and_then(possible),
            PatternForm::Iso => read_iso(text).and_then(possible),
            PatternForm::Epoch(units) => {
                let micros = read_micros(text, 1_000_000 / units)?;
                in_range(jiff::Timestamp::from_microsecond(micros).map_err(|_| PatternMiss::Range)?)
            }
            PatternForm::EpochDays => {
                let n: i64 = without_empty_fraction(text).parse().map_err(|_| PatternMiss::Shape)?;
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
                (PatternToken::MonthName, y) => *y == PatternToken::MonthName,
                (x, PatternToken::MonthName) => *x == PatternToken::MonthName,
                _ => true,
            })
            && a.iter().zip(b).any(|(x, y)| std::mem::discriminant(x) != std::mem::discriminant(y))
    }
}

/// Whole numbers as programs with floats alone write them: `17167.0`.
fn without_empty_fraction(text: &str) -> &str {
    text.split_once('.')
        .filter(|(_, rest)| !rest.is_empty() && rest.bytes().all(|b| b == b'0'))
        .map_or(text, |(n, _)| n)
}

/// Seconds or milliseconds, of which there are so many microseconds each; digits below a microsecond are cut off.
fn read_micros(text: &str, each: i64) -> Result<i64, PatternMiss> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty() || fraction.len() > 18 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(PatternMiss::Shape);
    }
    let n: i64 = whole.parse().map_err(|_| PatternMiss::Shape)?;
    let mut unit = each;
    let below = fraction.bytes().fold(0, |sum, digit| {
        unit /= 10;
        sum + i64::from(digit - b'0') * unit
    });
    let below = if whole.starts_with('-') { -below } else { below };
    n.checked_mul(each).and_then(|micros| micros.checked_add(below)).ok_or(PatternMiss::Range)
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
            ('y', 2) => PatternToken::ShortYear,
            ('M', 3 | 4) => PatternToken::MonthName,
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
            ('T', 1) => {
                return Err("`T` means nothing here: times with a T are `iso8601`, with an offset and without".into());
            }
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
        has(|t| matches!(t, PatternToken::Year | PatternToken::ShortYear)),
        has(|t| matches!(t, PatternToken::Month(_) | PatternToken::MonthName)),
        has(|t| matches!(t, PatternToken::Day(_))),
    ];
    if day != [1, 1, 1] {
        return Err("a pattern names year (yyyy or yy), month (MM, M or MMM) and day (dd or d), each once".into());
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

fn read_letters(tokens: &[PatternToken], text: &str, pivot: Option<i16>) -> Result<WrittenTime, PatternMiss> {
    let mut p = TimeParts::default();
    let mut rest = text;
    for token in tokens {
        rest = match token {
            PatternToken::Year => read_digits(rest, 4, 4).map(|(n, r)| (p.year = narrow_integer(n), r).1),
            PatternToken::ShortYear => {
                pivot.and_then(|first| read_digits(rest, 2, 2).map(|(n, r)| (p.year = full_year(n, first), r).1))
            }
            PatternToken::MonthName => read_month_name(rest).map(|(n, r)| (p.month = narrow_integer(n), r).1),
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

/// The year of the hundred from `pivot` on that ends in these two digits.
fn full_year(two: i32, pivot: i16) -> i16 {
    let first = i32::from(pivot);
    narrow_integer(first + (two - first).rem_euclid(100))
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, DateTime};

    use super::*;

    fn local(pattern: &str, text: &str) -> Result<String, PatternMiss> {
        let time = pattern.contains(['H', 'h']) || pattern == "iso8601" || pattern.starts_with("e");
        match DatePattern::parse(pattern, time).unwrap().read_time(text, None, Some(1950))? {
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
    fn months_are_read_by_their_names() {
        for (pattern, text) in [
            ("dd MMM yyyy", "09 Mar 2026"),
            ("MMMM d, yyyy", "MARCH 9, 2026"),
            ("MMM. d, yyyy", "Mar. 9, 2026"),
            ("ddMMMyyyy", "09mar2026"),
            ("yyyy年MMMd日", "2026年三月9日"),
            ("yyyy年MMMd日", "2026年3月9日"),
            ("d-MMM-yy", "9-Mar-26"),
        ] {
            assert_eq!(local(pattern, text).as_deref(), Ok("2026-03-09T00:00:00"), "{text}");
        }
        assert_eq!(local("dd MMM yyyy", "31 Jun 2026"), Err(PatternMiss::NoSuch));
        for text in ["09 Mär 2026", "09 03 2026", "09 Marc 2026"] {
            assert_eq!(local("dd MMM yyyy", text), Err(PatternMiss::Shape), "{text}");
        }
    }

    #[test]
    fn two_digits_are_a_year_of_the_hundred_from_the_pivot_on() {
        for (text, year) in [("50/1/2", 1950), ("99/1/2", 1999), ("00/1/2", 2000), ("49/1/2", 2049)] {
            assert_eq!(local("yy/M/d", text).unwrap(), format!("{year}-01-02T00:00:00"));
        }
        let short = DatePattern::parse("yy/M/d", false).unwrap();
        let of = |pivot| match short.read_time("05/1/2", Some(&(1..=9999)), Some(pivot)).unwrap() {
            WrittenTime::Local(at) | WrittenTime::Offset(at, _) => at.year(),
        };
        assert_eq!([of(1905), of(1906), of(1999), of(2000), of(2006)], [1905, 2005, 2005, 2005, 2105]);
        assert!(short.needs_pivot() && !DatePattern::parse("yyyy/M/d", false).unwrap().needs_pivot());
        assert_eq!(local("yy/M/d", "2026/3/9"), Err(PatternMiss::Shape));
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
        for (pattern, text, read) in [
            ("epoch-s", "1485630413.0", "2017-01-28T19:06:53+00"),
            ("epoch-s", "1405894322.0027689", "2014-07-20T22:12:02.002768+00"),
            ("epoch-ms", "1649367553000.5", "2022-04-07T21:39:13.0005+00"),
            ("epoch-days", "17167.0", "2017-01-01T00:00:00"),
        ] {
            assert_eq!(local(pattern, text).unwrap(), read, "{text}");
        }
        for (pattern, text) in [("epoch-s", "1485630413."), ("epoch-s", "1485630413.0.0"), ("epoch-days", "17167.5")] {
            assert_eq!(local(pattern, text), Err(PatternMiss::Shape), "{text}");
        }
        assert_eq!(local("excel", "46090.5").unwrap(), "2026-03-09T12:00:00");
    }

    #[test]
    fn patterns_that_cannot_be_meant_are_refused() {
        for (pattern, time) in [
            ("yyyy-mm-dd", false),
            ("y/M/d", false),
            ("yyyy yy/M/d", false),
            ("dd MM MMM yyyy", false),
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
        assert!(p("yy/MM/dd").can_disagree(&p("dd/MM/yy")));
        assert!(!p("dd/MMM/yyyy").can_disagree(&p("MM/dd/yyyy")));
        assert!(!p("dd/MM/yy").can_disagree(&p("dd/MM/yyyy")));
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
            assert!(pattern.read_time(text, Some(&(1..=9999)), None).is_ok(), "{text}");
        }
        assert_eq!(
            (local("yyyy-MM-dd", "1900-01-01").is_ok(), local("yyyy-MM-dd", "1899-12-31")),
            (true, Err(PatternMiss::Year(1899)))
        );
        let days = DatePattern::parse("epoch-days", false).unwrap();
        assert_eq!(
            (days.read_time("0", None, None), days.read_time("0", Some(&(1900..=2100)), None).is_ok()),
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
