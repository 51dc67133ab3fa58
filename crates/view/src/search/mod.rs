//! Words of a text, the same for what is indexed and for what is looked for.
//!
//! Trigrams find nothing under three characters, so not a two-character Chinese name: runs of Han, kana and Hangul are
//! indexed by single characters and by pairs, other words whole, and long numbers by their last digits too. A word is
//! letters and digits alone, so that it needs no quoting in any engine's own language.

mod number;
mod radical;

use std::collections::BTreeSet;

use onefold_identity::{Intermediary, folded_spellings, unicode_address};
use unicode_normalization::char::is_combining_mark;

use self::radical::whole_character;
use crate::Bundle;

pub use number::{DocumentNumber, NumberNearness};

/// Suffixes of a long number by which it is found: without country code, without area code.
const SUFFIXES: [usize; 5] = [11, 10, 9, 8, 7];

/// What a text must have to be found: one of these words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchTerm {
    /// The spellings of one word, at least one.
    pub words: Vec<String>,
    /// Whether a longer word that begins with one of them will do, since it may not be typed to its end.
    pub open: bool,
}

impl SearchTerm {
    /// What finds the texts with all words of this one, in any of its spellings; empty where there is nothing to look for.
    pub fn all(text: &str) -> Vec<Self> {
        let exact = |word: String| Self { words: vec![word], open: false };
        let all = spelled_runs(text);
        let Some((first, others)) = all.split_first() else { return Vec::new() };
        let mut terms = Vec::new();
        for (at, run) in first.iter().enumerate() {
            match run {
                WordRun::Dense(chars) if chars.len() == 1 => terms.extend(chars.iter().map(|c| exact(c.to_string()))),
                WordRun::Dense(chars) => terms.extend(chars.windows(2).map(|pair| exact(pair.iter().collect()))),
                WordRun::Word(word) => {
                    let mut words = vec![word.clone()];
                    words.extend(without_trunk(word));
                    for other in others {
                        if let Some(WordRun::Word(word)) = other.get(at)
                            && !words.contains(word)
                        {
                            words.push(word.clone());
                        }
                    }
                    terms.push(Self { words, open: true });
                }
            }
        }
        terms
    }

    /// A text in which digits that are said in groups, as those of a phone, are one word; none where there are no such groups.
    pub fn spoken(text: &str) -> Option<String> {
        let text = text.replace("(0)", "");
        let is_between = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{3000}' | '-' | '.' | '/' | '(' | ')');
        let (mut joined, mut rest, mut found) = (String::new(), text.as_str(), false);
        while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at(at);
            let after = from.find(|c: char| !c.is_ascii_digit() && !is_between(c)).unwrap_or(from.len());
            let (groups, left) = from.split_at(after);
            let trimmed = groups.trim_end_matches(is_between);
            let digits: String = trimmed.chars().filter(char::is_ascii_digit).collect();
            let is_phone = digits.len() < trimmed.len() && (SHORTEST..=LONGEST_PHONE).contains(&digits.len());
            found |= is_phone;
            joined.push_str(before);
            joined.push_str(if is_phone { &digits } else { trimmed });
            joined.push_str(groups.get(trimmed.len()..).unwrap_or_default());
            rest = left;
        }
        joined.push_str(rest);
        found.then_some(joined)
    }
}

/// Digits of a phone number at least, without its area code; and at most.
const SHORTEST: usize = 7;
const LONGEST_PHONE: usize = 17;

/// A number as it stands in the index, without the zeros that are dialled before it at home or abroad.
fn without_trunk(word: &str) -> Option<String> {
    let digits = word.strip_prefix('0')?.trim_start_matches('0');
    (digits.len() >= SHORTEST && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.to_owned())
}

/// What a text is indexed by: its words in all their spellings.
pub fn search_words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let closed = closed_gaps(text, |_, _| true);
    for run in spelled_runs(text).into_iter().chain(closed.iter().flat_map(|text| spelled_runs(text))).flatten() {
        match run {
            WordRun::Dense(chars) => {
                words.extend(chars.iter().map(char::to_string));
                words.extend(chars.windows(2).map(|pair| pair.iter().collect()));
            }
            WordRun::Word(word) => {
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
pub enum MatchNearness {
    /// One of its lines is what was asked and nothing else: a name, a number, a city.
    Line,
    /// It has every word that was asked.
    Words,
    /// A word of it only begins as the one that was asked.
    Beginnings,
}

impl MatchNearness {
    /// Of a text that an engine found for what was asked.
    pub fn of(text: &str, asked: &str) -> Self {
        let asked_as = spelled_runs(asked);
        if text.lines().any(|line| spelled_runs(line).iter().any(|line| asked_as.contains(line))) {
            return Self::Line;
        }
        let words = search_words(text);
        let whole = SearchTerm::all(asked).iter().all(|term| term.words.iter().any(|word| words.contains(word)));
        if whole { Self::Words } else { Self::Beginnings }
    }
}

#[derive(PartialEq, Eq)]
enum WordRun {
    Word(String),
    /// Characters written without spaces between words.
    Dense(Vec<char>),
}

/// Bytes of a UUID as it is written.
const UUID: usize = 36;

/// Characters of a word that count; a longer one is found by its beginning.
const LONGEST: usize = 100;

/// The words of a text in each of its spellings, as many in each. Two characters that stand apart are one name: `王　伟`.
fn spelled_runs(text: &str) -> Vec<Vec<WordRun>> {
    let whole = whole_uuids(text);
    let text = whole.as_deref().unwrap_or(text);
    let closed = closed_gaps(text, |before, after| before == 1 && after == 1);
    folded_spellings(closed.as_deref().unwrap_or(text)).iter().map(|text| split_runs(text)).collect()
}

/// The text with each UUID as one word, so that no group of it is found as somebody's phone; none where there is none.
fn whole_uuids(text: &str) -> Option<String> {
    if text.len() < UUID || !text.contains('-') {
        return None;
    }
    let bounds = |c: char| !(c.is_alphanumeric() || c == '-');
    let mut whole = String::with_capacity(text.len());
    for part in text.split_inclusive(bounds) {
        match number::is_uuid(part.trim_end_matches(bounds)) {
            true => whole.extend(part.chars().filter(|c| *c != '-')),
            false => whole.push_str(part),
        }
    }
    (whole.len() < text.len()).then_some(whole)
}

/// The text with whole characters for radicals, and without the blanks between characters that are written without any, where
/// that is wanted between runs of so many; none where it is as it was.
fn closed_gaps(text: &str, wanted: impl Fn(usize, usize) -> bool) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let whole: Vec<char> = text.chars().map(|c| whole_character(c).unwrap_or(c)).collect();
    let (mut closed, mut run, mut at) = (String::with_capacity(text.len()), 0, 0);
    while let Some(&c) = whole.get(at) {
        let blanks = whole.iter().skip(at).take_while(|c| matches!(c, ' ' | '\u{a0}' | '\u{3000}')).count();
        if run > 0 && blanks > 0 {
            let after = whole.iter().skip(at + blanks).take_while(|c| is_dense(**c)).count();
            if after > 0 && wanted(run, after) {
                at += blanks;
                continue;
            }
        }
        run = if is_dense(c) { run + 1 } else { 0 };
        closed.push(c);
        at += 1;
    }
    (closed != text).then_some(closed)
}

/// The words of a folded text.
fn split_runs(text: &str) -> Vec<WordRun> {
    let mut runs = Vec::new();
    for c in text.chars().filter(|c| !is_combining_mark(*c)) {
        match (c.is_alphanumeric(), is_dense(c), runs.last_mut()) {
            (false, ..) => runs.push(WordRun::Word(String::new())),
            (true, true, Some(WordRun::Dense(chars))) => chars.push(c),
            (true, true, _) => runs.push(WordRun::Dense(vec![c])),
            (true, false, Some(WordRun::Word(word))) => word.push(c),
            (true, false, _) => runs.push(WordRun::Word(c.to_string())),
        }
    }
    for run in &mut runs {
        if let WordRun::Word(word) = run
            && let Some((at, _)) = word.char_indices().nth(LONGEST)
        {
            word.truncate(at);
        }
    }
    runs.retain(|run| !matches!(run, WordRun::Word(word) if word.is_empty()));
    runs
}

/// Han, kana, Hangul.
fn is_dense(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x3134F)
}

impl Bundle {
    /// Whether the party whose bundle it is stands for others.
    pub fn intermediary(&self) -> Intermediary {
        self.profile
            .as_ref()
            .map_or(Intermediary::None, |p| u8::try_from(p.intermediary).map_or(Intermediary::None, Into::into))
    }

    /// Name, addresses, identifiers, attributes and who speaks for it, for search; a mail address whose domain is of other letters than ASCII in both its forms.
    pub fn search_words(&self) -> BTreeSet<String> {
        let Some(profile) = &self.profile else { return BTreeSet::new() };
        let said = profile.fields.iter().filter(|(field, _)| *field == "name" || field.ends_with("address"));
        let said = said.map(|(_, value)| value.text.clone());
        let keys = profile.identifiers.iter().filter_map(|shown| shown.key.rsplit(':').next());
        let keys = keys.flat_map(|key| [Some(key.to_owned()), unicode_address(key)]).flatten();
        let attributes = profile.attributes.values().map(|value| value.text.clone());
        said.chain(keys).chain(attributes).chain(profile.contact_words()).filter(|word| !word.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        search_words(text).into_iter().collect()
    }

    fn terms(text: &str) -> Vec<(String, bool)> {
        SearchTerm::all(text).into_iter().map(|term| (term.words.join("|"), term.open)).collect()
    }

    #[test]
    fn a_two_character_name_is_found_by_its_pair() {
        assert_eq!(words("王伟"), ["伟", "王", "王伟"]);
        assert_eq!(terms("王伟"), [("王伟".to_owned(), false)]);
    }

    #[test]
    fn words_lose_case_and_accents_and_may_be_unfinished() {
        assert_eq!(terms("Müller, Jö"), [("muller|mueller".to_owned(), true), ("jo|joe".to_owned(), true)]);
        assert_eq!(terms("Jörg 王伟"), [("jorg|joerg".to_owned(), true), ("王伟".to_owned(), false)]);
        assert_eq!(terms(" - "), []);
    }

    /// Whether an engine finds the text by what was asked.
    fn finds(asked: &str, text: &str) -> bool {
        let words = search_words(text);
        let fits =
            |term: &SearchTerm, of: &String| term.words.iter().any(|w| of == w || (term.open && of.starts_with(w)));
        SearchTerm::all(asked).iter().all(|term| words.iter().any(|of| fits(term, of)))
    }

    #[test]
    fn a_name_is_found_in_any_of_its_spellings() {
        for (asked, text) in [
            ("γεωργιος", "Γεώργιος"),
            ("ΓΕΩΡΓΙΟΣ", "Γεώργιος"),
            ("Γεωργ", "ΓΕΩΡΓΙΟΣ"),
            ("lukasz walesa", "Łukasz Wałęsa"),
            ("yildiz", "AYŞE YILDIZ"),
            ("YILDIZ", "Ayşe Yıldız"),
            ("mueller", "Müller"),
            ("muller", "Müller"),
            ("müller", "Mueller"),
            ("Mühlb", "Muehlbauer"),
            ("Muehlb", "Mühlbauer"),
            ("strasse", "Straße"),
            ("info@straße.de", "info@straße.de"),
        ] {
            assert!(finds(asked, text), "{asked} {text}");
        }
        assert!(!finds("mueller", "Muller"));
        assert_eq!(MatchNearness::of("Mueller", "Müller"), MatchNearness::Line);
    }

    #[test]
    fn a_name_is_nearer_than_a_longer_one_and_a_word_nearer_than_its_beginning() {
        let nearness = |text| MatchNearness::of(text, "Jörg Gast");
        assert_eq!(nearness("Linz\nJORG GAST"), MatchNearness::Line);
        assert_eq!(nearness("Jörg von Gast"), MatchNearness::Words);
        assert_eq!(nearness("Jörg\nGast"), MatchNearness::Words);
        assert_eq!(nearness("Jörg Gastberger"), MatchNearness::Beginnings);
        assert_eq!(MatchNearness::of("王伟", "王伟"), MatchNearness::Line);
        assert_eq!(MatchNearness::of("王伟磊", "王伟"), MatchNearness::Words);
        assert_eq!(MatchNearness::of("+8613800138000", "13800138000"), MatchNearness::Words);
    }

    #[test]
    fn a_name_is_found_with_a_gap_in_it_without_one_and_out_of_a_pdf() {
        for (asked, text) in [
            ("王伟", "王\u{3000}伟"),
            ("王 伟", "王伟"),
            ("王小明", "王 小明"),
            ("王伟", "\u{2ea9}伟"),
            ("\u{2f5f}伟", "玉伟"),
            ("\u{2ee2}超", "马超"),
            ("王伟 沈阳", "王伟\n沈阳市"),
        ] {
            assert!(finds(asked, text), "{asked} {text}");
        }
        assert_eq!(MatchNearness::of("王　伟", "王 伟"), MatchNearness::Line);
        assert_eq!(terms("王 伟"), terms("王伟"));
        assert!(!finds("王伟", "王\n伟"), "of two lines each says its own");
    }

    #[test]
    fn a_phone_is_found_as_it_is_spoken() {
        for (asked, text) in [
            ("138 0013 8000", "+8613800138000"),
            ("0171 / 1234567", "+491711234567"),
            ("+49 (0)171-123.4567", "+491711234567"),
            ("0049 171 1234567", "+491711234567"),
            ("王伟 138-0013-8000", "王伟\n+8613800138000"),
        ] {
            assert!(finds(&SearchTerm::spoken(asked).unwrap(), text), "{asked}");
        }
        assert!(finds("01711234567", "+491711234567"));
        for plain in ["SO-0000034", "13800138000", "2026-03", "王伟"] {
            assert_eq!(SearchTerm::spoken(plain), None, "{plain}");
        }
    }

    #[test]
    fn a_uuid_is_found_whole_and_by_its_beginning_and_none_of_its_groups_is_a_phone() {
        let uuid = "550e8400-e29b-41d4-a716-446655440000";
        assert!(finds(uuid, &format!("crm {uuid}")) && finds("550E8400", uuid));
        assert!(!finds("446655440000", uuid) && !finds("5440000", uuid) && !finds("6655440000", uuid));
        assert!(finds("446655440000", "550e8400-446655440000"), "that is none");
    }

    #[test]
    fn a_phone_is_found_without_its_country_code() {
        assert!(words("+8613800138000").iter().any(|w| w == "13800138000"));
    }
}
