//! What stands under an owner key: its documents by when they happened, its open items by the day on which they fall due.
//!
//! While that is little, as it is for nearly everybody, it stands in the owner's own row (`few`), on the page that is read and
//! written for its bundle anyway. What grows beyond [`SqliteOptions::few`](crate::SqliteOptions) moves to rows of its own (`owned`), and stays
//! there: `few` is then NULL.

use prost::Message;
use rusqlite::{Connection, OptionalExtension, Result};

use crate::db::corrupt;
use crate::seal::{Place, opened, seal};

/// All that stands under one owner key, each list in its order.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Few {
    /// When each document happened and its number, by turns.
    #[prost(sint64, repeated, tag = "1")]
    documents: Vec<i64>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) items: Vec<Item>,
}

/// An open item.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Item {
    /// Day on which it falls due.
    #[prost(sint64, tag = "1")]
    pub(crate) due: i64,
    /// Number of its invoice.
    #[prost(sint64, tag = "2")]
    pub(crate) invoice: i64,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) item: Vec<u8>,
}

/// What is done to an owner's lists.
#[derive(Clone)]
pub(crate) enum Change {
    /// A document that happened then, by its number.
    Added(i64, i64),
    Removed(i64, i64),
    Opened(Item),
    /// The item of this day and invoice.
    Closed(i64, i64),
}

/// An owner's number, and what its row holds from now on.
pub(crate) type FewOf = (i64, Option<Vec<u8>>);

impl Few {
    /// As it stands in the row of an owner.
    ///
    /// # Errors
    /// Its checksum is not its own, it does not decode, or a list is not in its order.
    pub(crate) fn of(owner: i64, bytes: &[u8]) -> Result<Self> {
        let few =
            Self::decode(opened(Place::Few(owner), bytes)?).map_err(|e| corrupt("what stands under an owner", e))?;
        let (documents, rest) = few.documents.as_chunks::<2>();
        let sorted = documents.is_sorted_by(|a, b| a < b) && few.items.is_sorted_by(|a, b| a.key() < b.key());
        if sorted && rest.is_empty() { Ok(few) } else { Err(corrupt("what stands under an owner", "out of order")) }
    }

    /// When each happened, and its number.
    pub(crate) fn documents(&self) -> impl DoubleEndedIterator<Item = (i64, i64)> {
        self.documents.as_chunks::<2>().0.iter().map(|[at, document]| (*at, *document))
    }

    /// A document that comes after those that it has.
    pub(crate) fn push_document(&mut self, at: i64, document: i64) {
        self.documents.extend([at, document]);
    }

    fn apply(&mut self, change: &Change) {
        let document = |few: &Self, at, number| few.documents.as_chunks::<2>().0.binary_search(&[at, number]);
        let item = |few: &Self, key| few.items.binary_search_by_key(&key, Item::key);
        match change {
            Change::Added(at, number) => {
                if let Err(n) = document(self, *at, *number) {
                    self.documents.splice(2 * n..2 * n, [*at, *number]);
                }
            }
            Change::Removed(at, number) => {
                if let Ok(n) = document(self, *at, *number) {
                    self.documents.drain(2 * n..2 * n + 2);
                }
            }
            Change::Opened(opened) => match item(self, opened.key()) {
                Ok(n) => self.items.splice(n..=n, [opened.clone()]).for_each(drop),
                Err(n) => self.items.insert(n, opened.clone()),
            },
            Change::Closed(due, invoice) => {
                if let Ok(n) = item(self, (*due, *invoice)) {
                    self.items.remove(n);
                }
            }
        }
    }

    /// What the row of this owner holds: all of it, or nothing where it is more than `most` bytes; then it stands in rows.
    fn kept(&self, c: &Connection, owner: i64, most: usize) -> Result<Option<Vec<u8>>> {
        if self.encoded_len() <= most {
            let mut few = self.encode_to_vec();
            seal(Place::Few(owner), &mut few);
            return Ok(Some(few));
        }
        self.documents().try_for_each(|(at, number)| Change::Added(at, number).write(c, owner))?;
        self.items.iter().try_for_each(|item| Change::Opened(item.clone()).write(c, owner))?;
        Ok(None)
    }

    /// Writes it for an owner that has nothing yet.
    pub(crate) fn put(&self, c: &Connection, owner: i64, most: usize) -> Result<()> {
        put(c, (owner, self.kept(c, owner, most)?))
    }
}

impl Item {
    fn key(&self) -> (i64, i64) {
        (self.due, self.invoice)
    }
}

impl Change {
    /// In the rows of an owner that has more than a few.
    fn write(&self, c: &Connection, owner: i64) -> Result<()> {
        let sql = match self {
            Self::Added(..) => "INSERT OR IGNORE INTO owned VALUES (?1, 0, ?2, ?3, ?4)",
            Self::Removed(..) => "DELETE FROM owned WHERE owner = ?1 AND list = 0 AND at = ?2 AND subject = ?3",
            Self::Opened(_) => "INSERT OR REPLACE INTO owned VALUES (?1, 1, ?2, ?3, ?4)",
            Self::Closed(..) => "DELETE FROM owned WHERE owner = ?1 AND list = 1 AND at = ?2 AND subject = ?3",
        };
        let mut sql = c.prepare_cached(sql)?;
        match self {
            Self::Added(at, subject) => {
                let mut sum = Vec::new();
                seal(Place::Document(owner, *at, *subject), &mut sum);
                sql.execute((owner, at, subject, sum)).map(drop)
            }
            Self::Removed(at, subject) | Self::Closed(at, subject) => sql.execute((owner, at, subject)).map(drop),
            Self::Opened(Item { due, invoice, item }) => {
                let mut item = item.clone();
                seal(Place::Item(owner, *due, *invoice), &mut item);
                sql.execute((owner, due, invoice, item)).map(drop)
            }
        }
    }
}

/// What stands under an owner key; none where that is in rows.
pub(crate) fn few(c: &Connection, owner: i64) -> Result<Option<Few>> {
    let mut get = c.prepare_cached("SELECT few FROM owner WHERE num = ?1")?;
    let few =
        get.query_row([owner], |row| row.get_ref(0)?.as_blob_or_null()?.map(|few| Few::of(owner, few)).transpose());
    // Whoever has no row yet has nothing.
    Ok(few.optional()?.unwrap_or_else(|| Some(Few::default())))
}

/// Where a row of `owned` stands.
pub(crate) fn place(owner: i64, list: i64, at: i64, subject: i64) -> Place<'static> {
    if list == 0 { Place::Document(owner, at, subject) } else { Place::Item(owner, at, subject) }
}

/// Looks at the rows before the first and behind the last that were read of an owner's list, or around where they would stand: one
/// whose place was damaged stands there, and ends the list too early.
///
/// # Errors
/// One of them is not what was written.
pub(crate) fn check_around(c: &Connection, owner: i64, list: i64, first: (i64, i64), last: (i64, i64)) -> Result<()> {
    let before = "SELECT owner, list, at, subject, item FROM owned WHERE (owner, list, at, subject) < (?1, ?2, ?3, ?4)
        ORDER BY owner DESC, list DESC, at DESC, subject DESC LIMIT 1";
    let behind = "SELECT owner, list, at, subject, item FROM owned WHERE (owner, list, at, subject) > (?1, ?2, ?3, ?4)
        ORDER BY owner, list, at, subject LIMIT 1";
    for (sql, (at, subject)) in [(before, first), (behind, last)] {
        let mut get = c.prepare_cached(sql)?;
        let mut rows = get.query((owner, list, at, subject))?;
        if let Some(row) = rows.next()? {
            let place = place(row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            opened(place, row.get_ref(4)?.as_blob_or_null()?.unwrap_or_default())?;
        }
    }
    Ok(())
}

/// Changes owners' rows, and says what the row of each owner that has a few holds then, by number. An owner's changes are done in
/// the order in which they stand.
pub(crate) fn changed(c: &Connection, most: usize, mut changes: Vec<(i64, Change)>) -> Result<Vec<FewOf>> {
    changes.sort_by_key(|(owner, _)| *owner);
    let mut rows = Vec::new();
    for changes in changes.chunk_by(|a, b| a.0 == b.0) {
        let Some((owner, _)) = changes.first() else { continue };
        match few(c, *owner)? {
            Some(mut few) => {
                changes.iter().for_each(|(_, change)| few.apply(change));
                rows.push((*owner, few.kept(c, *owner, most)?));
            }
            None => changes.iter().try_for_each(|(owner, change)| change.write(c, *owner))?,
        }
    }
    Ok(rows)
}

/// Writes what [`changed`] says of an owner whose row is not written otherwise. A party that owned nothing may have no row as an
/// owner yet.
pub(crate) fn put(c: &Connection, (owner, few): FewOf) -> Result<()> {
    if c.prepare_cached("UPDATE owner SET few = ?2 WHERE num = ?1")?.execute((owner, &few))? > 0 {
        return Ok(());
    }
    let new = "INSERT INTO owner SELECT num, key, NULL, x'', x'', ?2 FROM subject WHERE num = ?1";
    match c.prepare_cached(new)?.execute((owner, few))? {
        0 => Err(corrupt("what stands under an owner", "the owner has no row")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Documents and open items of an owner, wherever they stand.
    fn all(c: &Connection, owner: i64) -> Vec<(i64, i64, i64, Option<Vec<u8>>)> {
        let Some(few) = few(c, owner).unwrap() else {
            let sql = "SELECT list, at, subject, item FROM owned WHERE owner = ?1";
            let mut rows = c.prepare(sql).unwrap();
            let row = |r: &rusqlite::Row<'_>| {
                let (list, at, subject) = (r.get(0)?, r.get(1)?, r.get(2)?);
                let item = opened(place(owner, list, at, subject), r.get_ref(3)?.as_blob()?)?.to_vec();
                Ok((list, at, subject, (list == 1).then_some(item)))
            };
            return rows.query_map([owner], row).unwrap().map(Result::unwrap).collect();
        };
        assert!(few.encoded_len() <= 100);
        let documents = few.documents().map(|(at, number)| (0, at, number, None));
        documents.chain(few.items.iter().map(|i| (1, i.due, i.invoice, Some(i.item.clone())))).collect()
    }

    fn file() -> Connection {
        let c = Connection::open_in_memory().unwrap();
        c.execute_batch(include_str!("schema.sql")).unwrap();
        c.execute_batch("INSERT INTO subject VALUES (1, 'party:erp:A', x''), (2, 'party:erp:B', x'')").unwrap();
        c
    }

    #[test]
    fn an_owner_has_the_same_in_its_row_and_in_rows() {
        let (in_rows, in_row) = (file(), file());
        let mut seed = 7u64;
        let mut below = |most: i64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33).cast_signed() % most
        };
        let mut grown = 0;
        for _ in 0..400 {
            // B has so few that they stay in its row.
            let mut change = || {
                let owner = 1 + below(2);
                let (at, number) = (below(12 / owner), below(3));
                let change = match below(4) {
                    0 => Change::Added(at, number),
                    1 => Change::Removed(at, number),
                    2 => Change::Opened(Item {
                        due: at,
                        invoice: number,
                        item: vec![below(200) as u8; 8 / owner as usize],
                    }),
                    _ => Change::Closed(at, number),
                };
                (owner, change)
            };
            let changes: Vec<_> = (0..5).map(|_| change()).collect();
            for (c, most) in [(&in_rows, 0), (&in_row, 100)] {
                let rows = changed(c, most, changes.clone()).unwrap();
                rows.into_iter().try_for_each(|row| put(c, row)).unwrap();
            }
            assert_eq!(all(&in_rows, 1), all(&in_row, 1));
            assert_eq!(all(&in_rows, 2), all(&in_row, 2));
            grown += usize::from(few(&in_row, 1).unwrap().is_none());
        }
        assert!(grown > 100 && grown < 400, "{grown}");
        assert!(few(&in_rows, 2).unwrap().is_none());
    }

    #[test]
    fn what_is_out_of_order_or_torn_is_refused() {
        let few = |documents: &[i64], items: &[i64]| {
            let item = |due: &i64| Item { due: *due, invoice: 1, item: Vec::new() };
            let few = Few { documents: documents.to_vec(), items: items.iter().map(item).collect() };
            let mut sealed = few.encode_to_vec();
            seal(Place::Few(1), &mut sealed);
            Few::of(1, &sealed).is_ok()
        };
        assert!(few(&[1, 2, 1, 3, 2, 1], &[1, 2]));
        for (documents, items) in
            [(&[1, 2, 1][..], &[][..]), (&[1, 2, 1, 2], &[]), (&[2, 1, 1, 1], &[]), (&[], &[2, 1])]
        {
            assert!(!few(documents, items), "{documents:?} {items:?}");
        }
        assert!(Few::of(1, b"\xff").is_err());
    }
}
