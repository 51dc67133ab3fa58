//! Whether each text is found by its own words: the full-text index against the texts that it was made of.
//!
//! The index keeps no text, so its own check knows nothing to compare it with. Its entries, (word, row), are summed up as they
//! stand, and so are those that the texts must have; only where the sums differ is it asked row by row. Words that are not typed
//! to their end are found by entries of their own, for their first two and three letters: these must say what the words say.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use onefold_view::search_words;
use rusqlite::{Connection, Error, ErrorCode, Result, Statement};

use crate::seal::unsealed_text;
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

/// What is wrong with the index.
pub(crate) struct Astray {
    /// Parties whose text is led to by other words than its own, and those that words lead to though they have no text.
    pub(crate) parties: Vec<i64>,
    /// Its blocks do not fit together, or beginnings of words lead elsewhere than the words do.
    pub(crate) broken: bool,
}

/// What is wrong with the index, given the sum of [`of_text`] over all texts.
pub(crate) fn astray(c: &Connection, texts: u128) -> Result<Astray> {
    let mut sum = 0u128;
    let mut beginnings = Beginnings::of(c)?;
    entries(c, |word, num, entry| {
        sum = sum.wrapping_add(entry);
        beginnings.take(word, num)
    })?;
    let broken = !beginnings.agree()? || !is_whole(c)?;
    if sum == texts {
        return Ok(Astray { parties: Vec::new(), broken });
    }
    let mut found: HashMap<i64, u128> = HashMap::new();
    entries(c, |_, num, entry| {
        let sum = found.entry(num).or_default();
        *sum = sum.wrapping_add(entry);
        Ok(())
    })?;
    let (mut wrong, mut kept) = (Vec::new(), Kept { c, words: HashMap::new() });
    let mut all = c.prepare("SELECT party, text FROM search")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let (num, text): (i64, String) = (row.get(0)?, row.get(1)?);
        let text = unsealed_text(num, &text).unwrap_or(&text);
        let found = found.remove(&num).unwrap_or_default();
        if found != of_text(num, text) && found != kept.of_text(num, text)? {
            wrong.push(num);
        }
    }
    wrong.extend(found.into_keys());
    Ok(Astray { parties: wrong, broken })
}

/// Whether the blocks of the index fit together.
fn is_whole(c: &Connection) -> Result<bool> {
    let mut all = c.prepare("PRAGMA main.integrity_check(search_index)")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        if row.get_ref(0)?.as_str()? != "ok" {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether an error says that the index itself is damaged, not that it cannot be got at.
pub(crate) fn is_damage(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt)
}

/// Whether each beginning of a word leads to the rows that the words which begin so lead to.
struct Beginnings<'a> {
    find: Statement<'a>,
    /// Of each length that is indexed, in letters, the beginning that words have now, and their rows.
    open: [(usize, String, Vec<i64>); 2],
    agree: bool,
}

impl<'a> Beginnings<'a> {
    fn of(c: &'a Connection) -> Result<Self> {
        let find = c.prepare("SELECT rowid FROM search_index WHERE search_index MATCH ?1 ORDER BY rowid")?;
        Ok(Self { find, open: [2, 3].map(|letters| (letters, String::new(), Vec::new())), agree: true })
    }

    /// Takes in a word of a row. Words come in their order, so that those of one beginning come one after the other.
    fn take(&mut self, word: &str, num: i64) -> Result<()> {
        for (letters, beginning, rows) in &mut self.open {
            let end = word.char_indices().map(|(at, letter)| at + letter.len_utf8()).nth(*letters - 1);
            let Some(begins) = end.and_then(|end| word.get(..end)) else { continue };
            if beginning != begins {
                self.agree = self.agree && leads(&mut self.find, beginning, rows)?;
                begins.clone_into(beginning);
                rows.clear();
            }
            rows.push(num);
        }
        Ok(())
    }

    fn agree(mut self) -> Result<bool> {
        for (_, beginning, rows) in &mut self.open {
            self.agree = self.agree && leads(&mut self.find, beginning, rows)?;
        }
        Ok(self.agree)
    }
}

fn leads(find: &mut Statement<'_>, beginning: &str, rows: &mut Vec<i64>) -> Result<bool> {
    if rows.is_empty() {
        return Ok(true);
    }
    rows.sort_unstable();
    rows.dedup();
    let mut found = find.query([format!("\"{beginning}\"*")])?;
    for row in rows {
        match found.next()? {
            Some(found) if found.get::<_, i64>(0)? == *row => {}
            _ => return Ok(false),
        }
    }
    Ok(found.next()?.is_none())
}

fn entries(c: &Connection, mut each: impl FnMut(&str, i64, u128) -> Result<()>) -> Result<()> {
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
        each(word, num, mixed(hashed, num))?;
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
