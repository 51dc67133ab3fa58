//! Words of a text, the same for what is indexed and for what is looked for.
//!
//! Trigrams find nothing under three characters, so not a two-character Chinese name: runs of Han, kana and Hangul are
//! indexed by single characters and by pairs, other words whole, and long numbers by their last digits too. A word is
//! letters and digits alone, so that it needs no quoting in any engine's own language.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Suffixes of a long number by which it is found: without country code, without area code.
const SUFFIXES: [usize; 5] = [11, 10, 9, 8, 7];

/// A word that a text must have to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchTerm {
    /// The word.
    pub word: String,
    /// Whether a longer word that begins with it will do, since it may not be typed to its end.
    pub open: bool,
}

impl SearchTerm {
    /// What finds the texts with all words of this one; empty where there is nothing to look for.
    pub fn all(text: &str) -> Vec<Self> {
        let exact = |word: String| Self { word, open: false };
        let mut terms = Vec::new();
        for run in runs(text) {
            match run {
                Run::Dense(chars) if chars.len() == 1 => terms.push(exact(chars[0].to_string())),
                Run::Dense(chars) => terms.extend(chars.windows(2).map(|pair| exact(pair.iter().collect()))),
                Run::Word(word) => terms.push(Self { word, open: true }),
            }
        }
        terms
    }
}

/// What a text is indexed by.
pub fn search_words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for run in runs(text) {
        match run {
            Run::Dense(chars) => {
                words.extend(chars.iter().map(char::to_string));
                words.extend(chars.windows(2).map(|pair| pair.iter().collect()));
            }
            Run::Word(word) => {
                if word.len() >= 8 && word.bytes().all(|b| b.is_ascii_digit()) {
                    words.extend(
                        SUFFIXES.iter().filter(|n| **n < word.len()).map(|n| word[word.len() - n..].to_owned()),
                    );
                }
                words.insert(word);
            }
        }
    }
    words
}

/// How near a text comes to what was asked, the nearest first. An engine says only which texts fit, not how well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// One of its lines is what was asked and nothing else: a name, a number, a city.
    Line,
    /// It has every word that was asked.
    Words,
    /// A word of it only begins as the one that was asked.
    Beginnings,
}

impl Nearness {
    /// Of a text that an engine found for what was asked.
    pub fn of(text: &str, asked: &str) -> Self {
        let line = runs(asked);
        if text.lines().any(|text| runs(text) == line) {
            return Self::Line;
        }
        let words = search_words(text);
        let whole = SearchTerm::all(asked).iter().all(|term| words.contains(&term.word));
        if whole { Self::Words } else { Self::Beginnings }
    }
}

#[derive(PartialEq, Eq)]
enum Run {
    Word(String),
    /// Characters written without spaces between words.
    Dense(Vec<char>),
}

/// Characters of a word that count; a longer one is found by its beginning.
const LONGEST: usize = 100;

fn runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).nfc().flat_map(char::to_lowercase) {
        match (c.is_alphanumeric(), is_dense(c), runs.last_mut()) {
            (false, ..) => runs.push(Run::Word(String::new())),
            (true, true, Some(Run::Dense(chars))) => chars.push(c),
            (true, true, _) => runs.push(Run::Dense(vec![c])),
            (true, false, Some(Run::Word(word))) => word.push(c),
            (true, false, _) => runs.push(Run::Word(c.to_string())),
        }
    }
    for run in &mut runs {
        if let Run::Word(word) = run
            && let Some((at, _)) = word.char_indices().nth(LONGEST)
        {
            word.truncate(at);
        }
    }
    runs.retain(|run| !matches!(run, Run::Word(word) if word.is_empty()));
    runs
}

/// Han, kana, Hangul.
fn is_dense(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x3134F)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        search_words(text).into_iter().collect()
    }

    fn terms(text: &str) -> Vec<(String, bool)> {
        SearchTerm::all(text).into_iter().map(|term| (term.word, term.open)).collect()
    }

    #[test]
    fn a_two_character_name_is_found_by_its_pair() {
        assert_eq!(words("王伟"), ["伟", "王", "王伟"]);
        assert_eq!(terms("王伟"), [("王伟".to_owned(), false)]);
    }

    #[test]
    fn words_lose_case_and_accents_and_may_be_unfinished() {
        assert_eq!(terms("Müller, Jö"), [("muller".to_owned(), true), ("jo".to_owned(), true)]);
        assert_eq!(terms(" - "), []);
    }

    #[test]
    fn a_name_is_nearer_than_a_longer_one_and_a_word_nearer_than_its_beginning() {
        let nearness = |text| Nearness::of(text, "Jörg Gast");
        assert_eq!(nearness("Linz\nJORG GAST"), Nearness::Line);
        assert_eq!(nearness("Jörg von Gast"), Nearness::Words);
        assert_eq!(nearness("Jörg\nGast"), Nearness::Words);
        assert_eq!(nearness("Jörg Gastberger"), Nearness::Beginnings);
        assert_eq!(Nearness::of("王伟", "王伟"), Nearness::Line);
        assert_eq!(Nearness::of("王伟磊", "王伟"), Nearness::Words);
        assert_eq!(Nearness::of("+8613800138000", "13800138000"), Nearness::Words);
    }

    #[test]
    fn a_phone_is_found_without_its_country_code() {
        assert!(words("+8613800138000").iter().any(|w| w == "13800138000"));
    }
}
