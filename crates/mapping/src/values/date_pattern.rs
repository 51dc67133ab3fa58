//! How a source writes dates and times: letters as in Excel and Java, or a named form.

use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use onefold_event::POSSIBLE_YEARS;

use crate::values::number::Style;

/// A date or time pattern, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    form: Form,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Letters(Vec<Token>),
    Iso,
    /// Units per second.
    Epoch(i64),
    EpochDays,
    /// Days since 1899-12-30, the fraction being the time of day.
    Excel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
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
pub(crate) enum Written {
    Local(DateTime),
    Offset(DateTime, Offset),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Miss {
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

impl Pattern {
    /// `time` says whether the pattern is to give a time of day.
    pub(crate) fn parse(text: &str, time: bool) -> Result<Self, String> {
        let form = match text {
            "iso8601" => Form::Iso,
            "epoch-s" => Form::Epoch(1),
            "epoch-ms" => Form::Epoch(1000),
            "epoch-days" => Form::EpochDays,
            "excel" => Form::Excel,
            _ => Form::Letters(letters(text, time)?),
        };
        Ok(Self { text: text.to_owned(), form })
    }

    /// Whether what it reads is local time.
    pub(crate) fn needs_zone(&self) -> bool {
        match &self.form {
            Form::Letters(tokens) => !tokens.contains(&Token::Offset),
            Form::Excel | Form::EpochDays => true,
            Form::Iso | Form::Epoch(_) => false,
        }
    }

    /// Stands in for one that was refused, so that what needs a pattern does not say so once more.
    pub(crate) fn refused(text: &str) -> Self {
        Self { text: text.to_owned(), form: Form::Iso }
    }

    /// Reads a text whose year is one of `years`, or of the usual ones.
    pub(crate) fn read(&self, text: &str, years: Option<&RangeInclusive<i16>>) -> Result<Written, Miss> {
        let possible = |written| {
            let (Written::Local(local) | Written::Offset(local, _)) = written;
            match years.unwrap_or(&POSSIBLE_YEARS).contains(&local.year()) {
                true => Ok(written),
                false => Err(Miss::Year(local.year())),
            }
        };
        let in_range = |at: jiff::Timestamp| {
            let local = Offset::UTC.to_datetime(at);
            match years.unwrap_or(&COUNTED_YEARS).contains(&local.year()) {
                true => Ok(Written::Offset(local, Offset::UTC)),
                false => Err(Miss::Range),
            }
        };
        match &self.form {
            Form::Letters(tokens) => read_letters(tokens, text).and_then(possible),
            Form::Iso => read_iso(text).and_then(possible),
            Form::Epoch(units) => {
                let n: i64 = text.parse().map_err(|_| Miss::Shape)?;
                let micros = n.checked_mul(1_000_000 / units).ok_or(Miss::Range)?;
                in_range(jiff::Timestamp::from_microsecond(micros).map_err(|_| Miss::Range)?)
            }
            Form::EpochDays => {
                let n: i64 = text.parse().map_err(|_| Miss::Shape)?;
                in_range(
                    jiff::Timestamp::from_second(n.checked_mul(86_400).ok_or(Miss::Range)?).map_err(|_| Miss::Range)?,
                )
                .map(local_only)
            }
            Form::Excel => read_excel(text).and_then(in_range).map(local_only),
        }
    }

    /// Whether some text can be read by both with different meanings, such as `dd/MM` and `MM/dd`.
    pub(crate) fn disagrees(&self, other: &Self) -> bool {
        let (Form::Letters(a), Form::Letters(b)) = (&self.form, &other.form) else { return false };
        a.len() == b.len()
            && a.iter().zip(b).all(|(x, y)| match (x, y) {
                (Token::Literal(p), Token::Literal(q)) => p == q,
                (Token::Literal(_), _) | (_, Token::Literal(_)) => false,
                (Token::Year, y) => *y == Token::Year,
                (x, Token::Year) => *x == Token::Year,
                _ => true,
            })
            && a.iter().zip(b).any(|(x, y)| std::mem::discriminant(x) != std::mem::discriminant(y))
    }
}

fn local_only(written: Written) -> Written {
    match written {
        Written::Offset(local, _) | Written::Local(local) => Written::Local(local),
    }
}

fn letters(text: &str, time: bool) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let run = rest.chars().take_while(|x| *x == c).count();
        let token = match (c, run) {
            ('y', 4) => Token::Year,
            ('y', 2) => return Err("two-digit years need a century: write yyyy, or have the source write it".into()),
            ('M', 1 | 2) => Token::Month(run == 2),
            ('d', 1 | 2) => Token::Day(run == 2),
            ('H', 1 | 2) => Token::Hour(run == 2),
            ('h', 1 | 2) => Token::Hour12(run == 2),
            ('m', 1 | 2) if !time => return Err("`mm` is minutes: a month is written MM".into()),
            ('m', 1 | 2) => Token::Minute(run == 2),
            ('s', 1 | 2) => Token::Second(run == 2),
            ('S', 1..=9) => Token::Fraction,
            ('a', 1) => Token::Noon,
            ('X', 1..=3) => Token::Offset,
            (c, _) if c.is_ascii_alphabetic() => {
                return Err(format!("`{}` means nothing here", c.to_string().repeat(run)));
            }
            (c, _) => Token::Literal(c),
        };
        let taken = if matches!(token, Token::Literal(_)) { 1 } else { run };
        rest = rest.get(taken * c.len_utf8()..).unwrap_or_default();
        tokens.push(token);
    }
    let has = |f: fn(&Token) -> bool| tokens.iter().filter(|t| f(t)).count();
    let day = [has(|t| *t == Token::Year), has(|t| matches!(t, Token::Month(_))), has(|t| matches!(t, Token::Day(_)))];
    if day != [1, 1, 1] {
        return Err("a pattern names year (yyyy), month (MM or M) and day (dd or d), each once".into());
    }
    let hours = has(|t| matches!(t, Token::Hour(_))) + has(|t| matches!(t, Token::Hour12(_)));
    if time && (hours != 1 || has(|t| matches!(t, Token::Minute(_))) != 1) {
        return Err("the pattern of a time names hour (HH or H) and minute (mm); MM is the month".into());
    }
    if !time && hours > 0 {
        return Err("the pattern of a date names no hour: to take the day of a time, use `time = \"…\"`".into());
    }
    if (has(|t| matches!(t, Token::Hour12(_))) == 1) != (has(|t| *t == Token::Noon) == 1) {
        return Err("`hh` and `a` (AM, PM) go together".into());
    }
    Ok(tokens)
}

#[derive(Default)]
struct Parts {
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

fn read_letters(tokens: &[Token], text: &str) -> Result<Written, Miss> {
    let mut p = Parts::default();
    let mut rest = text;
    for token in tokens {
        rest = match token {
            Token::Year => digits(rest, 4, 4).map(|(n, r)| (p.year = small(n), r).1),
            Token::Month(two) => pair(rest, *two).map(|(n, r)| (p.month = small(n), r).1),
            Token::Day(two) => pair(rest, *two).map(|(n, r)| (p.day = small(n), r).1),
            Token::Hour(two) | Token::Hour12(two) => pair(rest, *two).map(|(n, r)| (p.hour = small(n), r).1),
            Token::Minute(two) => pair(rest, *two).map(|(n, r)| (p.minute = small(n), r).1),
            Token::Second(two) => pair(rest, *two).map(|(n, r)| (p.second = small(n), r).1),
            Token::Fraction => digits(rest, 1, 9).map(|(n, r)| {
                let places = u32::try_from(rest.len() - r.len()).unwrap_or(9).min(9);
                p.nanos = n * 10_i32.pow(9 - places);
                r
            }),
            Token::Noon => noon(rest).map(|(pm, r)| (p.noon = Some(pm), r).1),
            Token::Offset => offset(rest).map(|(o, r)| (p.offset = Some(o), r).1),
            Token::Literal(c) => rest.strip_prefix(*c),
        }
        .ok_or(Miss::Shape)?;
    }
    if rest.is_empty() { p.finish() } else { Err(Miss::Shape) }
}

impl Parts {
    fn finish(mut self) -> Result<Written, Miss> {
        if let Some(pm) = self.noon {
            if !(1..=12).contains(&self.hour) {
                return Err(Miss::NoSuch);
            }
            self.hour = self.hour % 12 + if pm { 12 } else { 0 };
        }
        let date = Date::new(self.year, self.month, self.day).map_err(|_| Miss::NoSuch)?;
        if (self.hour, self.minute, self.second, self.nanos, self.noon) == (24, 0, 0, 0, None) {
            return Err(Miss::Midnight);
        }
        let time = Time::new(self.hour, self.minute, self.second, self.nanos).map_err(|_| Miss::NoSuch)?;
        let local = date.to_datetime(time);
        Ok(self.offset.map_or(Written::Local(local), |o| Written::Offset(local, o)))
    }
}

fn small<T: TryFrom<i32> + Default>(n: i32) -> T {
    T::try_from(n).unwrap_or_default()
}

fn pair(text: &str, two: bool) -> Option<(i32, &str)> {
    digits(text, if two { 2 } else { 1 }, 2)
}

fn digits(text: &str, least: usize, most: usize) -> Option<(i32, &str)> {
    let bytes = text.as_bytes();
    let length = bytes.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
    if length < least {
        return None;
    }
    let n = bytes.iter().take(length).fold(0, |n, b| n * 10 + i32::from(b - b'0'));
    text.get(length..).map(|rest| (n, rest))
}

fn noon(text: &str) -> Option<(bool, &str)> {
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

fn offset(text: &str) -> Option<(Offset, &str)> {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        return Some((Offset::UTC, rest));
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix(['-', '\u{2212}'])?),
    };
    let (hours, rest) = digits(rest, 2, 2)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, rest) = digits(rest, 2, 2).unwrap_or((0, rest));
    Some((Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?, rest))
}

fn read_iso(text: &str) -> Result<Written, Miss> {
    let mut p = Parts::default();
    let step = |text: &'_ str, mark: char| text.strip_prefix(mark).map(str::len);
    let (year, rest) = digits(text, 4, 4).ok_or(Miss::Shape)?;
    let dash = step(rest, '-').is_some();
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let (month, rest) = digits(rest, 2, 2).ok_or(Miss::Shape)?;
    let rest = if dash { rest.strip_prefix('-').ok_or(Miss::Shape)? } else { rest };
    let (day, mut rest) = digits(rest, 2, 2).ok_or(Miss::Shape)?;
    (p.year, p.month, p.day) = (small(year), small(month), small(day));
    if let Some(time) = rest.strip_prefix(['T', 't', ' ']) {
        let (hour, time) = digits(time, 2, 2).ok_or(Miss::Shape)?;
        let colon = time.starts_with(':');
        let (minute, mut time) = digits(time.strip_prefix(':').unwrap_or(time), 2, 2).ok_or(Miss::Shape)?;
        (p.hour, p.minute) = (small(hour), small(minute));
        let seconds = if colon {
            time.strip_prefix(':')
        } else {
            Some(time).filter(|t| t.starts_with(|c: char| c.is_ascii_digit()))
        };
        if let Some(seconds) = seconds {
            let (second, after) = digits(seconds, 2, 2).ok_or(Miss::Shape)?;
            p.second = small(second);
            time = after;
            if let Some(fraction) = time.strip_prefix(['.', ',']) {
                let (n, after) = digits(fraction, 1, 9).ok_or(Miss::Shape)?;
                let places = u32::try_from(fraction.len() - after.len()).unwrap_or(9).min(9);
                p.nanos = n * 10_i32.pow(9 - places);
                time = after;
            }
        }
        rest = time;
        if !rest.is_empty() {
            let (at, after) = offset(rest).ok_or(Miss::Shape)?;
            p.offset = Some(at);
            rest = after;
        }
    }
    if rest.is_empty() { p.finish() } else { Err(Miss::Shape) }
}

fn read_excel(text: &str) -> Result<jiff::Timestamp, Miss> {
    let serial = Style::PLAIN.read(text).map_err(|_| Miss::Shape)?;
    let days: i64 = serial.trunc().try_into().map_err(|_| Miss::Range)?;
    let micros: i64 = (serial.fract() * rust_decimal::Decimal::from(86_400_000_000_i64))
        .round()
        .try_into()
        .map_err(|_| Miss::Range)?;
    let base = (days - 25_569).checked_mul(86_400_000_000).and_then(|d| d.checked_add(micros)).ok_or(Miss::Range)?;
    jiff::Timestamp::from_microsecond(base).map_err(|_| Miss::Range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(pattern: &str, text: &str) -> Result<String, Miss> {
        let time = pattern.contains(['H', 'h']) || pattern == "iso8601" || pattern.starts_with("e");
        match Pattern::parse(pattern, time).unwrap().read(text, None)? {
            Written::Local(at) => Ok(at.to_string()),
            Written::Offset(at, offset) => Ok(format!("{at}{offset}")),
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
        assert_eq!(local("yyyy-MM-dd", "2026-02-30"), Err(Miss::NoSuch));
        assert_eq!(local("yyyy-MM-dd", "2025-02-29"), Err(Miss::NoSuch));
        assert_eq!(local("yyyy-MM-dd HH:mm", "2026-02-28 24:00"), Err(Miss::Midnight));
        assert_eq!(local("iso8601", "2026-02-28T24:00:00Z"), Err(Miss::Midnight));
        assert_eq!(local("yyyy-MM-dd HH:mm", "2026-02-28 24:01"), Err(Miss::NoSuch));
        assert_eq!(local("yyyy-MM-dd HH:mm", "2026-02-30 24:00"), Err(Miss::NoSuch));
        assert_eq!(local("yyyy-MM-dd", "2026-2-3"), Err(Miss::Shape));
        assert_eq!(local("yyyy-MM-dd", "2026-02-03x"), Err(Miss::Shape));
        assert_eq!(local("yyyy-MM-dd", "0000-00-00"), Err(Miss::NoSuch));
    }

    #[test]
    fn named_forms_read_what_they_say() {
        assert_eq!(local("iso8601", "2026-03-09T17:05:11.25Z").unwrap(), "2026-03-09T17:05:11.25+00");
        assert_eq!(local("iso8601", "2026-03-09").unwrap(), "2026-03-09T00:00:00");
        assert_eq!(local("iso8601", "20260309T170511+0800").unwrap(), "2026-03-09T17:05:11+08");
        assert_eq!(local("epoch-s", "1649367553").unwrap(), "2022-04-07T21:39:13+00");
        assert_eq!(local("epoch-s", "1649367553000"), Err(Miss::Range));
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
            assert!(Pattern::parse(pattern, time).is_err(), "{pattern}");
        }
    }

    #[test]
    fn day_first_and_month_first_disagree() {
        let p = |text| Pattern::parse(text, false).unwrap();
        assert!(p("dd/MM/yyyy").disagrees(&p("MM/dd/yyyy")));
        assert!(p("d/M/yyyy").disagrees(&p("MM/dd/yyyy")));
        assert!(!p("yyyy/M/d").disagrees(&p("yyyy-MM-dd")));
        assert!(!p("dd/MM/yyyy").disagrees(&p("d/M/yyyy")));
    }

    #[test]
    fn years_that_are_never_meant_are_told_and_the_mapping_may_mean_them() {
        for (pattern, text, year) in [
            ("dd.MM.yyyy", "01.03.0026", 26),
            ("iso8601", "2569-03-01T10:00:00Z", 2569),
            ("yyyy-MM-dd", "9999-12-31", 9999),
        ] {
            assert_eq!(local(pattern, text), Err(Miss::Year(year)), "{text}");
            let pattern = Pattern::parse(pattern, pattern == "iso8601").unwrap();
            assert!(pattern.read(text, Some(&(1..=9999))).is_ok(), "{text}");
        }
        assert_eq!(
            (local("yyyy-MM-dd", "1900-01-01").is_ok(), local("yyyy-MM-dd", "1899-12-31")),
            (true, Err(Miss::Year(1899)))
        );
        let days = Pattern::parse("epoch-days", false).unwrap();
        assert_eq!((days.read("0", None), days.read("0", Some(&(1900..=2100))).is_ok()), (Err(Miss::Range), true));
    }
}
