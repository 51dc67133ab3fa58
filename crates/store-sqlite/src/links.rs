//! Rows that only link others, loaded in the order of their tables once the numbers of all keys are known.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use rusqlite::{Connection, Params, Result};

use crate::db::corrupt;
use crate::numbers::AsIs;
use crate::owned::{Few, Item};

/// Numbers of keys, by the keys' prints.
pub(crate) type Numbers = HashMap<u64, u32, BuildHasherDefault<AsIs>>;

/// Links between keys by their prints, in the order of their tables' columns, until they are written: 8 to 24 bytes each, an
/// open item 48 and its own.
#[derive(Default)]
pub(crate) struct LoadedLinks {
    /// Owner, when it happened, subject.
    pub(crate) documents: Vec<(u64, i64, u64)>,
    /// Owner, day on which it falls due, invoice, item.
    pub(crate) items: Vec<(u64, i64, u64, Vec<u8>)>,
    /// Identifier, party, whether it holds it now.
    pub(crate) holders: Vec<(u64, u64, bool)>,
    pub(crate) decisions: Vec<(u64, u64)>,
    pub(crate) members: Vec<(u64, u64)>,
    pub(crate) sets: Vec<(u64, u64)>,
    pub(crate) decided: Vec<u64>,
    pub(crate) former: Vec<(u64, u64)>,
    /// Place, subject, what stands before the last digits.
    pub(crate) written: Vec<(i64, u64, String)>,
    /// Place of a document's number, number of its key.
    pub(crate) numbered: Vec<(i64, u32)>,
}

impl LoadedLinks {
    pub(crate) fn write(self, c: &Connection, numbers: &Numbers, few: usize) -> Result<()> {
        let known = |print: u64| numbers.get(&print).copied().ok_or_else(nowhere);
        let pair = |(left, right)| Ok((known(left)?, known(right)?));
        put(c, "INSERT INTO decision VALUES (?1, ?2)", sorted(self.decisions, pair)?)?;
        put(c, "INSERT INTO member VALUES (?1, ?2)", sorted(self.members, pair)?)?;
        put(c, "INSERT OR IGNORE INTO set_member VALUES (?1, ?2)", sorted(self.sets, pair)?)?;
        let decided = sorted(self.decided, |subject| Ok((known(subject)?,)))?;
        put(c, "INSERT INTO decided VALUES (?1)", decided)?;
        put(c, "INSERT INTO former VALUES (?1, ?2)", sorted(self.former, pair)?)?;
        let written = |(place, subject, prefix)| Ok((place, known(subject)?, prefix));
        put(c, "INSERT INTO written VALUES (?1, ?2, ?3)", sorted(self.written, written)?)?;
        put(c, "INSERT INTO number VALUES (?1, ?2)", sorted(self.numbered, Ok)?)?;
        let holder = |(value, party, present)| Ok((known(value)?, known(party)?, present));
        put(c, "INSERT INTO holder VALUES (?1, ?2, ?3)", sorted(self.holders, holder)?)?;
        let documents = sorted(self.documents, |(owner, at, subject)| Ok((known(owner)?, at, known(subject)?)))?;
        let item = |(owner, due, invoice, item)| Ok((known(owner)?, due, known(invoice)?, item));
        owned(c, documents, sorted(self.items, item)?, few)
    }
}

/// Documents and open items of one owner, then the next one's: the order of their rows.
fn owned(
    c: &Connection,
    documents: Vec<(u32, i64, u32)>,
    items: Vec<(u32, i64, u32, Vec<u8>)>,
    most: usize,
) -> Result<()> {
    let (mut documents, mut items) = (documents.into_iter().peekable(), items.into_iter().peekable());
    while let Some(owner) = documents.peek().map(|d| d.0).into_iter().chain(items.peek().map(|i| i.0)).min() {
        let mut few = Few::default();
        while let Some((_, at, document)) = documents.next_if(|document| document.0 == owner) {
            few.push_document(at, document.into());
        }
        while let Some((_, due, invoice, item)) = items.next_if(|item| item.0 == owner) {
            few.items.push(Item { due, invoice: invoice.into(), item });
        }
        few.put(c, owner.into(), most)?;
    }
    Ok(())
}

fn sorted<L, R: Ord>(links: Vec<L>, numbered: impl Fn(L) -> Result<R>) -> Result<Vec<R>> {
    let mut rows: Vec<R> = links.into_iter().map(numbered).collect::<Result<_>>()?;
    rows.sort_unstable();
    Ok(rows)
}

fn put<R: Params>(c: &Connection, sql: &str, rows: Vec<R>) -> Result<()> {
    let mut put = c.prepare(sql)?;
    rows.into_iter().try_for_each(|row| put.execute(row).map(drop))
}

/// A row without which another one cannot stand is missing.
pub(crate) fn nowhere() -> rusqlite::Error {
    corrupt("a row that is loaded", "it names a key that has no row")
}
