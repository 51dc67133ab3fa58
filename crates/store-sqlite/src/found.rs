//! Whether each text is found by its own words: the full-text index against the texts that it was made of.
//!
//! The index keeps no text, so its own check knows nothing to compare it with. Its entries, (word, row), are summed up as they
//! stand, and so are those that the texts must have; only where the sums differ is it asked row by row.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use onefold_store::search_words;
use rusqlite::{Connection, Result};

use crate::verify::mixed;

/// Tables of the connection alone: the entries of the index, and an index of nothing that says how a word is kept.
pub(crate) const ASIDE: &str = "PRAGMA temp_store = MEMORY;
    CREATE VIRTUAL TABLE temp.search_entry USING fts5vocab (main, search_index, instance);
    CREATE VIRTUAL TABLE temp.word_index USING fts5 (words, tokenize = 'unicode61 remove_diacritics 0');
    CREATE VIRTUAL TABLE temp.word_entry USING fts5vocab (temp, word_index, row);";

/// The sum over the entries of a text's words as they stand in it: nearly all words are kept as they are.
pub(crate) fn of_text(num: i64, text: &str) -> u128 {
    search_words(text).iter().fold(0, |sum, word| sum.wrapping_add(entry(word, num)))
}

/// Parties whose text is led to by other words than its own, and those that words lead to though they have no text; given
/// the sum of [`of_text`] over all texts.
pub(crate) fn astray(c: &Connection, texts: u128) -> Result<Vec<i64>> {
    let mut sum = 0u128;
    entries(c, |_, entry| sum = sum.wrapping_add(entry))?;
    if sum == texts {
        return Ok(Vec::new());
    }
    let mut found: HashMap<i64, u128> = HashMap::new();
    entries(c, |num, entry| {
        let sum = found.entry(num).or_default();
        *sum = sum.wrapping_add(entry);
    })?;
    let (mut wrong, mut kept) = (Vec::new(), Kept { c, words: HashMap::new() });
    let mut all = c.prepare("SELECT party, text FROM search")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let (num, text): (i64, String) = (row.get(0)?, row.get(1)?);
        let found = found.remove(&num).unwrap_or_default();
        if found != of_text(num, &text) && found != kept.of_text(num, &text)? {
            wrong.push(num);
        }
    }
    wrong.extend(found.into_keys());
    Ok(wrong)
}

fn entries(c: &Connection, mut each: impl FnMut(i64, u128)) -> Result<()> {
    let mut all = c.prepare("SELECT doc, term FROM temp.search_entry")?;
    let mut rows = all.query([])?;
    // A word's entries come one after the other.
    let (mut last, mut hashed) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let word = row.get_ref(1)?.as_str()?;
        if last != word.as_bytes() {
            last.clear();
            last.extend_from_slice(word.as_bytes());
            hashed = hash(word);
        }
        let num = row.get(0)?;
        each(num, mixed(hashed, num));
    }
    Ok(())
}

fn entry(word: &str, num: i64) -> u128 {
    mixed(hash(word), num)
}

fn hash(word: &str) -> i64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(word.as_bytes());
    hasher.finish().cast_signed()
}

/// How the index keeps words: it has letters of its own, and forms of them.
struct Kept<'a> {
    c: &'a Connection,
    words: HashMap<String, Vec<String>>,
}

impl Kept<'_> {
    fn of_text(&mut self, num: i64, text: &str) -> Result<u128> {
        let mut all: Vec<String> = Vec::new();
        for word in search_words(text) {
            if !self.words.contains_key(&word) {
                let kept = self.ask(&word)?;
                self.words.insert(word.clone(), kept);
            }
            all.extend(self.words.get(&word).into_iter().flatten().cloned());
        }
        all.sort();
        all.dedup();
        Ok(all.iter().fold(0, |sum, word| sum.wrapping_add(entry(word, num))))
    }

    fn ask(&self, word: &str) -> Result<Vec<String>> {
        if word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            return Ok(vec![word.to_owned()]);
        }
        self.c
            .prepare_cached("INSERT OR REPLACE INTO temp.word_index (rowid, words) VALUES (1, ?1)")?
            .execute([word])?;
        self.c.prepare_cached("SELECT term FROM temp.word_entry")?.query_map([], |r| r.get(0))?.collect()
    }
}
