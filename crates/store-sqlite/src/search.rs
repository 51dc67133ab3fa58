//! Words of a text, the same for what is indexed and for what is looked for.
//!
//! SQLite's trigrams find nothing under three characters, so not a two-character Chinese name: runs of Han, kana and
//! Hangul are indexed by single characters and by pairs, other words whole, and long numbers by their last digits too.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Suffixes of a long number by which it is found: without country code, without area code.
const SUFFIXES: [usize; 5] = [11, 10, 9, 8, 7];

/// What a text is indexed by.
pub(crate) fn index_words(text: &str) -> String {
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
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// The query that finds texts with all words of this one, the last of them perhaps not typed to its end; none where there is nothing to look for.
pub(crate) fn query(text: &str) -> Option<String> {
    let mut terms = Vec::new();
    for run in runs(text) {
        match run {
            Run::Dense(chars) if chars.len() == 1 => terms.push(format!("\"{}\"", chars[0])),
            Run::Dense(chars) => terms.extend(chars.windows(2).map(|pair| format!("\"{}{}\"", pair[0], pair[1]))),
            Run::Word(word) => terms.push(format!("\"{word}\"*")),
        }
    }
    (!terms.is_empty()).then(|| terms.join(" AND "))
}

enum Run {
    Word(String),
    /// Characters written without spaces between words.
    Dense(Vec<char>),
}

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

    #[test]
    fn a_two_character_name_is_found_by_its_pair() {
        assert_eq!(index_words("王伟"), "伟 王 王伟");
        assert_eq!(query("王伟").as_deref(), Some("\"王伟\""));
    }

    #[test]
    fn words_lose_case_and_accents_and_the_last_may_be_unfinished() {
        assert_eq!(query("Müller, Jö").as_deref(), Some("\"muller\"* AND \"jo\"*"));
        assert_eq!(query(" - "), None);
    }

    #[test]
    fn a_phone_is_found_without_its_country_code() {
        assert!(index_words("+8613800138000").split(' ').any(|w| w == "13800138000"));
    }
}
