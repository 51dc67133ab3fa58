//! Values counted over a sample, in bounded memory.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use onefold_event::parse_decimal;

use crate::sample::report::ValueSummary;

/// Different values that are told apart, by a hash.
const MOST_DISTINCT: usize = 10_000;
const EXAMPLES: usize = 3;
/// Most characters of a value that are kept.
const LONGEST_VALUE: usize = 200;

/// Values of one column, path or field.
#[derive(Debug)]
pub(crate) struct ValueTally {
    name: String,
    read: bool,
    present: u64,
    distinct: HashSet<u64>,
    more: bool,
    texts: ValueRange,
    /// None once a value is no number.
    numbers: Option<ValueRange>,
    examples: Vec<String>,
    /// Number of the last owner that had a value.
    last_owner: u64,
}

/// Least and greatest, in one order or another.
#[derive(Debug, Default)]
struct ValueRange(Option<(String, String)>);

impl ValueRange {
    fn widen(&mut self, value: &str, is_less: impl Fn(&str, &str) -> bool) {
        match &mut self.0 {
            None => self.0 = Some((value.to_owned(), value.to_owned())),
            Some((least, _)) if is_less(value, least) => value.clone_into(least),
            Some((_, greatest)) if is_less(greatest, value) => value.clone_into(greatest),
            Some(_) => {}
        }
    }
}

impl ValueTally {
    pub(crate) fn new(name: &str, read: bool) -> Self {
        Self {
            name: name.to_owned(),
            read,
            present: 0,
            distinct: HashSet::new(),
            more: false,
            texts: ValueRange::default(),
            numbers: Some(ValueRange::default()),
            examples: Vec::new(),
            last_owner: 0,
        }
    }

    /// Counts a value of a row, record or event; owners are numbered from 1, and one that has several counts once. Blanks are none.
    pub(crate) fn note(&mut self, value: &str, owner: u64) {
        if value.trim().is_empty() {
            return;
        }
        if self.last_owner != owner {
            self.last_owner = owner;
            self.present += 1;
        }
        // What was met before changes nothing below.
        if !self.note_distinct(value) {
            return;
        }
        let value = clip_text(value);
        if self.examples.len() < EXAMPLES {
            self.examples.push(value.clone());
        }
        self.texts.widen(&value, |a, b| a < b);
        self.numbers = self.numbers.take().filter(|_| number_of(&value).is_some());
        if let Some(numbers) = &mut self.numbers {
            numbers.widen(&value, |a, b| number_of(a) < number_of(b));
        }
    }

    /// Whether it was not met before, as far as is known.
    fn note_distinct(&mut self, value: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let hash = hasher.finish();
        // A hash alone is kept: two values in billions would be taken for one.
        if self.distinct.len() < MOST_DISTINCT {
            return self.distinct.insert(hash);
        }
        let is_new = !self.distinct.contains(&hash);
        self.more |= is_new;
        is_new
    }

    /// The summary, of so many owners.
    pub(crate) fn summary(&self, of: u64) -> ValueSummary {
        let range = self.numbers.as_ref().unwrap_or(&self.texts);
        let (least, greatest) = range.0.clone().unwrap_or_default();
        ValueSummary {
            name: self.name.clone(),
            present: self.present,
            of,
            distinct: self.distinct.len() as u64,
            more: self.more,
            least,
            greatest,
            examples: self.examples.clone(),
            read: self.read,
        }
    }
}

/// A plain number, or an amount with its currency.
fn number_of(text: &str) -> Option<impl PartialOrd> {
    let text = text.trim();
    let number = text.split_once(' ').map_or(text, |(number, _)| number);
    parse_decimal(number).ok()
}

/// So much of a text as is kept.
pub(crate) fn clip_text(text: &str) -> String {
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(values: &[&str]) -> ValueSummary {
        let mut tally = ValueTally::new("Total", true);
        (1..).zip(values).for_each(|(owner, value)| tally.note(value, owner));
        tally.summary(values.len() as u64)
    }

    #[test]
    fn numbers_are_compared_as_numbers_until_one_is_none() {
        let all = tally(&["9", "10", "", "9", "-3.5"]);
        assert_eq!((all.present, all.distinct, all.least.as_str(), all.greatest.as_str()), (4, 3, "-3.5", "10"));
        assert_eq!(all.examples, ["9", "10", "-3.5"]);
        assert_eq!(tally(&["9.00 EUR", "10.00 EUR"]).least, "9.00 EUR");
        let mixed = tally(&["1250.00", "9", "1250,00"]);
        assert_eq!((mixed.least.as_str(), mixed.greatest.as_str()), ("1250,00", "9"));
    }

    #[test]
    fn memory_is_bounded_and_says_so() {
        let mut tally = ValueTally::new("No", true);
        (1..=20_000).for_each(|n| tally.note(&n.to_string(), n));
        let all = tally.summary(20_000);
        assert_eq!((all.distinct, all.more, all.greatest.as_str()), (MOST_DISTINCT as u64, true, "20000"));
        let long = "x".repeat(100_000);
        tally.note(&long, 20_001);
        assert!(tally.summary(20_001).examples.iter().all(|text| text.len() < 1_000));
        assert!(tally.texts.0.is_some_and(|(_, greatest)| greatest.len() < 1_000));
    }
}
