//! What a sample's column holds, value by value, in bounded memory.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::values::date_pattern::DatePattern;
use crate::values::number::{EXAMPLES, NumberStyle};

/// Different values that are told apart.
const MOST_DISTINCT: usize = 100_000;
/// Examples kept.
const MOST_EXAMPLES: usize = 3;
/// Characters of an example.
const LONGEST: usize = 30;

/// Ways in which days are written, the likeliest first.
const DAYS: [&str; 8] =
    ["yyyy-MM-dd", "yyyy/M/d", "dd.MM.yyyy", "d.M.yyyy", "dd/MM/yyyy", "MM/dd/yyyy", "M/d/yyyy", "yyyyMMdd"];
/// Ways in which times are written.
const TIMES: [&str; 12] = [
    "iso8601",
    "yyyy-MM-dd HH:mm:ss",
    "yyyy-MM-dd HH:mm",
    "yyyy/M/d H:mm:ss",
    "yyyy/M/d H:mm",
    "dd.MM.yyyy HH:mm:ss",
    "dd.MM.yyyy HH:mm",
    "dd/MM/yyyy HH:mm",
    "MM/dd/yyyy HH:mm",
    "M/d/yyyy H:mm",
    "epoch-s",
    "epoch-ms",
];

/// A column or path of a sample, with what all of its values have in common.
#[derive(Debug, Clone)]
pub struct ColumnSample {
    /// Its path, as a connector file writes it.
    pub(crate) path: String,
    /// Records that have a value there.
    pub(crate) present: u64,
    pub(crate) examples: Vec<String>,
    distinct: HashSet<u64>,
    /// A value came again, of those that are told apart.
    is_repeated: bool,
    /// Values of one record are several.
    pub(crate) is_list: bool,
    days: Vec<WayOfWriting<DatePattern>>,
    times: Vec<WayOfWriting<DatePattern>>,
    numbers: Vec<WayOfWriting<NumberStyle>>,
    /// A value has something behind a decimal mark.
    pub(crate) has_fraction: bool,
    /// A value is a number that is none: a code with a leading zero, or so long that it is a key.
    pub(crate) is_code: bool,
    pub(crate) is_email: bool,
    pub(crate) is_phone: bool,
    /// Every phone has a country code.
    pub(crate) is_global: bool,
    pub(crate) is_currency: bool,
}

impl ColumnSample {
    /// Of a path, as a connector file writes it, that has no value yet.
    pub fn new(path: String) -> Self {
        let pattern =
            |time: bool| move |text: &&'static str| Some(WayOfWriting::new(text, DatePattern::parse(text, time).ok()?));
        let style = |text: &&'static str| Some(WayOfWriting::new(text, NumberStyle::by_example(text)?));
        Self {
            is_list: path.contains("[]"),
            path,
            present: 0,
            examples: Vec::new(),
            distinct: HashSet::new(),
            is_repeated: false,
            days: DAYS.iter().filter_map(pattern(false)).collect(),
            times: TIMES.iter().filter_map(pattern(true)).collect(),
            numbers: EXAMPLES.iter().filter_map(style).collect(),
            has_fraction: false,
            is_code: false,
            is_email: true,
            is_phone: true,
            is_global: true,
            is_currency: true,
        }
    }

    /// Notes a value; blanks are none.
    pub fn note(&mut self, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        self.present += 1;
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let hash = hasher.finish();
        self.is_repeated |= match self.distinct.len() < MOST_DISTINCT {
            true => !self.distinct.insert(hash),
            false => self.distinct.contains(&hash),
        };
        let shown = one_line(value);
        if self.examples.len() < MOST_EXAMPLES && !self.examples.contains(&shown) {
            self.examples.push(shown);
        }
        let present = self.present;
        self.days.retain_mut(|way| way.note(|pattern| pattern.read_time(value, None, None).is_ok(), present));
        self.times.retain_mut(|way| way.note(|pattern| pattern.read_time(value, None, None).is_ok(), present));
        self.numbers.retain_mut(|way| way.note(|style| style.read_decimal(value).is_ok(), present));
        let digits = value.chars().filter(char::is_ascii_digit).count();
        // A number that is shown with a leading zero, or has more digits than a sum, is a name.
        self.is_code |= digits == value.len() && ((digits > 1 && value.starts_with('0')) || digits >= 15);
        self.has_fraction |= value.contains(['.', ',']);
        self.is_email &= value.split_once('@').is_some_and(|(who, at)| !who.is_empty() && at.contains('.'));
        self.is_phone &= digits >= 6 && value.chars().all(|c| c.is_ascii_digit() || "+-()/. ".contains(c));
        self.is_global &= value.starts_with('+');
        self.is_currency &= value.len() == 3 && value.chars().all(|c| c.is_ascii_uppercase());
    }

    /// Different values; so many at least.
    pub(crate) fn distinct(&self) -> u64 {
        self.distinct.len() as u64
    }

    /// Whether each of so many records has a value, and another one, as far as they are told apart.
    pub(crate) fn is_unique(&self, records: u64) -> bool {
        self.present == records && !self.is_repeated
    }

    /// How its values are written as days, the way that fits most of them first.
    pub(crate) fn days(&self) -> Vec<&'static str> {
        fitting(&self.days, self.present)
    }

    /// The same as times. Counted seconds only where the path speaks of a time, since any long number may be some.
    pub(crate) fn times(&self) -> Vec<&'static str> {
        let words = ["time", "date", "created", "updated", "时间", "日期"];
        let says_time = names_any(&self.path, &words) || self.path.ends_with("_at");
        fitting(&self.times, self.present).into_iter().filter(|text| says_time || !text.starts_with("epoch")).collect()
    }

    /// Styles by which its values are numbers.
    pub(crate) fn numbers(&self) -> Vec<&'static str> {
        if self.is_code || !self.days().is_empty() { Vec::new() } else { fitting(&self.numbers, self.present) }
    }

    /// Values that the likeliest way of writing a day or time does not read.
    pub(crate) fn misses(&self) -> u64 {
        let ways = if self.times().is_empty() { &self.days } else { &self.times };
        ways.iter().map(|way| way.misses).min().unwrap_or(0)
    }
}

/// A way in which values may be written.
#[derive(Debug, Clone)]
struct WayOfWriting<T> {
    text: &'static str,
    reader: T,
    misses: u64,
}

impl<T> WayOfWriting<T> {
    fn new(text: &'static str, reader: T) -> Self {
        Self { text, reader, misses: 0 }
    }

    /// Notes a value; false once so few of so many are written so that it need not be tried any more.
    fn note(&mut self, reads: impl FnOnce(&T) -> bool, present: u64) -> bool {
        self.misses += u64::from(!reads(&self.reader));
        present < 100 || self.fits(present)
    }

    /// Nearly all values are written so: a sample has its mistakes.
    fn fits(&self, present: u64) -> bool {
        self.misses == 0 || (present >= 3 && self.misses <= (present / 10).max(1))
    }
}

fn fitting<T>(ways: &[WayOfWriting<T>], present: u64) -> Vec<&'static str> {
    if present == 0 {
        return Vec::new();
    }
    let mut fit: Vec<&WayOfWriting<T>> = ways.iter().filter(|way| way.fits(present)).collect();
    fit.sort_by_key(|way| way.misses);
    let least = fit.first().map_or(0, |way| way.misses);
    fit.into_iter().filter(|way| way.misses == least).map(|way| way.text).collect()
}

/// Whether a path has one of these in it, whatever its case.
pub(crate) fn names_any(path: &str, words: &[&str]) -> bool {
    let path = path.to_lowercase();
    words.iter().any(|word| path.contains(word))
}

/// A value as a comment may have it.
fn one_line(value: &str) -> String {
    let short: String = without_controls(value).chars().take(LONGEST).collect();
    if value.chars().count() > LONGEST { format!("{short}…") } else { short }
}

/// A text as a comment may have it, on one line.
pub(crate) fn without_controls(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
