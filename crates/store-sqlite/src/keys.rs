//! Keys and their numbers, found by place. A place is probed onwards where two keys share it; the text in the row is the judge.

use onefold_event::{Subject, party_id};
use onefold_identity::OwnerAtom;
use onefold_store::KeyPrint;
use onefold_view::DocumentNumber;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Result};
use uuid::Uuid;

use crate::db::{Writer, corrupt};
use crate::numbers::Print;

/// Where a key stands in the table, in 63 bits. A party stands by its id, and so is found by that too. Any other key stands among
/// those that begin alike up to their last two characters: systems count their documents up, and what is new in a batch is then
/// on few pages.
pub(crate) fn place(key: &str) -> i64 {
    if OwnerAtom::is_party(key) {
        return place_of(party_id(key));
    }
    let beginning = key.char_indices().nth_back(1).map_or("", |(at, _)| &key[..at]);
    let (beginning, whole) = (KeyPrint::of(beginning).0 >> 33, KeyPrint::of(key).0 >> 32);
    (beginning << 32 | whole).cast_signed()
}

/// Where the party with this id stands.
fn place_of(id: Uuid) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&id.as_bytes()[..8]);
    (u64::from_be_bytes(first) >> 1).cast_signed()
}

/// The number that stands at a place.
const AT: &str = "SELECT num FROM key WHERE place = ?1";

/// The number of a key, if it has one.
pub(crate) fn find(connection: &Connection, key: &str) -> Result<Option<i64>> {
    let mut at = connection.prepare_cached(AT)?;
    found(connection, probe(connection, &mut at, place(key), |text| text == key)?)
}

/// The party with this id.
pub(crate) fn find_party(connection: &Connection, id: Uuid) -> Result<Option<i64>> {
    let mut at = connection.prepare_cached(AT)?;
    found(connection, probe(connection, &mut at, place_of(id), |text| party_id(text) == id)?)
}

/// What a probe came to. Where nothing was found, the places before and after are looked at: one that was damaged stands among
/// those that it was put between, and nobody finds it where it should be.
fn found(connection: &Connection, probed: std::result::Result<i64, i64>) -> Result<Option<i64>> {
    let free = match probed {
        Ok(num) => return Ok(Some(num)),
        Err(free) => free,
    };
    for sql in [
        "SELECT place, num FROM key WHERE place < ?1 ORDER BY place DESC LIMIT 1",
        "SELECT place, num FROM key WHERE place > ?1 ORDER BY place LIMIT 1",
    ] {
        let mut beside = connection.prepare_cached(sql)?;
        let beside = beside.query_row([free], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((at, num)): Option<(i64, i64)> = beside else { continue };
        if !text(connection, num)?.is_some_and(|text| is_place_of(at, &text)) {
            return Err(astray(at, num));
        }
    }
    Ok(None)
}

/// Whether a key may stand at a place: its own, or one after it where others have that.
fn is_place_of(at: i64, key: &str) -> bool {
    at.wrapping_sub(place(key)) & i64::MAX <= SHARING
}

/// The text of a key.
pub(crate) fn text(connection: &Connection, num: i64) -> Result<Option<String>> {
    let mut subject = connection.prepare_cached("SELECT key FROM subject WHERE num = ?1")?;
    if let Some(text) = subject.query_row([num], |r| r.get(0)).optional()? {
        return Ok(Some(text));
    }
    let mut owner = connection.prepare_cached("SELECT key FROM owner WHERE num = ?1")?;
    owner.query_row([num], |r| r.get(0)).optional()
}

/// The text of a key whose number stands in a row.
pub(crate) fn text_of(connection: &Connection, num: i64) -> Result<String> {
    text(connection, num)?.ok_or_else(|| corrupt("keys", format_args!("number {num} stands in a row and has no text")))
}

/// Keys that one place has, and those after it because of them, at most: 63 bits are many.
const SHARING: i64 = 1 << 16;

fn astray(place: i64, num: i64) -> rusqlite::Error {
    corrupt(
        "the index of keys",
        format_args!("place {place} leads to number {num}, which is not the number of a key of it"),
    )
}

/// Ok(number) or Err(the first free place).
fn probe(
    connection: &Connection,
    at: &mut CachedStatement<'_>,
    first: i64,
    same: impl Fn(&str) -> bool,
) -> Result<std::result::Result<i64, i64>> {
    let mut place = first;
    loop {
        let Some(num) = at.query_row([place], |r| r.get(0)).optional()? else { return Ok(Err(place)) };
        let Some(text) = text(connection, num)? else { return Err(astray(place, num)) };
        if same(&text) {
            return Ok(Ok(num));
        }
        // Another key of this place, or of one before it that was taken.
        if !is_place_of(place, &text) {
            return Err(astray(place, num));
        }
        place = next(place);
    }
}

/// The place after a place; the first follows the last.
fn next(place: i64) -> i64 {
    place.wrapping_add(1) & i64::MAX
}

/// Writes numbers at their places, or at the next free ones. In the order of places, neighbours are written one after the other.
pub(crate) fn put(connection: &Connection, numbers: impl IntoIterator<Item = (i64, i64)>) -> Result<()> {
    let mut put = connection.prepare_cached("INSERT OR IGNORE INTO key VALUES (?1, ?2)")?;
    for (mut place, num) in numbers {
        while put.execute([place, num])? == 0 {
            place = next(place);
        }
    }
    Ok(())
}

/// Where a document's number stands in the index of numbers; none for what is no document.
pub(crate) fn number_place(key: &str) -> Option<i64> {
    let subject: Subject = key.parse().ok().filter(|subject: &Subject| subject.kind().is_document())?;
    DocumentNumber::of(subject.number()).map(|number| number.place())
}

impl Writer {
    /// The number of a key, if it has one.
    pub(crate) fn number(&mut self, key: &str) -> Result<Option<i64>> {
        Ok(self.known(key)?.0)
    }

    /// The same, with the key's print.
    fn known(&mut self, key: &str) -> Result<(Option<i64>, Print)> {
        let print = self.numbers.print(key);
        if let Some(num) = self.numbers.get(print) {
            return Ok((Some(num), print));
        }
        if self.numbers.absent(print).is_some() {
            return Ok((None, print));
        }
        let mut at = self.connection.prepare_cached(AT)?;
        match probe(&self.connection, &mut at, place(key), |text| text == key)? {
            Ok(num) => {
                self.numbers.put(print, num);
                Ok((Some(num), print))
            }
            Err(free) => {
                self.numbers.note_absent(print, free);
                Ok((None, print))
            }
        }
    }

    /// Numbers of keys that have one, in the order asked. Those not met lately are looked for by place: neighbours in the
    /// table one after the other.
    pub(crate) fn look_up(&mut self, keys: &[impl AsRef<str>]) -> Result<Vec<Option<i64>>> {
        let mut found = Vec::with_capacity(keys.len());
        let mut unknown = Vec::new();
        for (n, key) in keys.iter().enumerate() {
            let print = self.numbers.print(key.as_ref());
            let num = self.numbers.get(print);
            if num.is_none() && self.numbers.absent(print).is_none() {
                unknown.push((place(key.as_ref()), n, print));
            }
            found.push(num);
        }
        if unknown.is_empty() {
            return Ok(found);
        }
        unknown.sort_unstable();
        let mut at = self.connection.prepare_cached(AT)?;
        for (place, n, print) in unknown {
            let (Some(key), Some(found)) = (keys.get(n), found.get_mut(n)) else { continue };
            match probe(&self.connection, &mut at, place, |text| text == key.as_ref())? {
                Ok(num) => {
                    self.numbers.put(print, num);
                    *found = Some(num);
                }
                Err(free) => self.numbers.note_absent(print, free),
            }
        }
        Ok(found)
    }

    /// The number of a key, a new one if need be. The caller writes the row that holds the text in the same transaction.
    pub(crate) fn number_or_new(&mut self, key: &str) -> Result<(i64, bool)> {
        let (num, print) = self.known(key)?;
        if let Some(num) = num {
            return Ok((num, false));
        }
        let place = self.numbers.absent(print).unwrap_or_else(|| place(key));
        self.last += 1;
        self.numbers.give(print, place, self.last);
        Ok((self.last, true))
    }

    /// The number of an owner key, whose row is made where it is absent.
    pub(crate) fn owner_number(&mut self, key: &str) -> Result<i64> {
        let (num, new) = self.number_or_new(key)?;
        if new {
            self.connection
                .prepare_cached("INSERT INTO owner VALUES (?1, ?2, NULL, x'', x'', x'')")?
                .execute((num, key))?;
        }
        Ok(num)
    }

    /// Writes the keys that were given numbers in this transaction.
    pub(crate) fn write_keys(&mut self) -> Result<()> {
        let pending = self.numbers.take_pending();
        if pending.is_empty() {
            return Ok(());
        }
        put(&self.connection, pending)?;
        let last = "UPDATE meta SET value = ?1 WHERE name = 'last'";
        self.connection.prepare_cached(last)?.execute([self.last])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex};

    use onefold_store::{ProjectStore, ReadStore, RowChanges, StoredTable, VerifyStore};
    use onefold_store_conformance::{given, placed};

    use super::*;
    use crate::{SqliteOptions, SqliteStore};

    #[test]
    fn documents_counted_up_stand_together_and_parties_where_their_ids_lead() {
        let beginning = |key: &str| place(key) >> 32;
        assert_eq!(beginning("invoice:erp:2024-000100"), beginning("invoice:erp:2024-000199"));
        assert_ne!(beginning("invoice:erp:2024-000100"), beginning("invoice:erp:2024-000200"));
        assert_ne!(place("invoice:erp:2024-000100"), place("invoice:erp:2024-000101"));
        assert_eq!(beginning("identifier:name:\u{738b}\u{4f1f}"), beginning("identifier:name:\u{674e}\u{5a1c}"));
        assert_eq!(place("party:erp:7"), place_of(party_id("party:erp:7")));
        for key in ["", "x", "\u{738b}", "party:", "invoice:erp:1"] {
            assert!(place(key) >= 0, "{key}");
        }
        assert_eq!(next(i64::MAX), 0);
    }

    /// Two keys that begin alike and share a place, found by trying.
    fn sharing() -> [String; 2] {
        let mut seen = HashMap::new();
        let letters = || '\u{4e00}'..'\u{5000}';
        for key in letters().flat_map(|a| letters().map(move |b| format!("order:erp:{a}{b}"))) {
            if let Some(other) = seen.insert(place(&key), key.clone()) {
                return [other, key];
            }
        }
        panic!("no two of them share a place");
    }

    #[tokio::test]
    async fn two_keys_of_one_place_are_both_found() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("views.db");
        let (keys, states) = (sharing(), [given(), placed().0]);
        let store = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
        for (n, (key, state)) in (0..).zip(keys.iter().zip(&states)) {
            let mut tx = store.begin(&[(0, n, n + 1)]).await.unwrap();
            let subjects = vec![(key.clone(), Arc::new(state.clone()))];
            tx.save(RowChanges { subjects, ..RowChanges::default() }).await.unwrap();
            tx.commit().await.unwrap();
        }
        drop(store);
        // Opened again, so that no number is remembered.
        let store = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
        let kept = states.map(Some);
        assert_eq!(ReadStore::subjects(&store, &keys).await.unwrap(), kept);
        let mut tx = store.begin(&[]).await.unwrap();
        assert_eq!(tx.subjects(&keys).await.unwrap(), kept);
        drop(tx);
        let astray = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&astray);
        let each = Arc::new(move |_, key: &dyn Fn() -> String| into.lock().unwrap().push(key()));
        store.snapshot().await.unwrap().scan(StoredTable::Keys, each).await.unwrap();
        let astray = astray.lock().unwrap();
        assert!(astray.is_empty(), "{astray:?}");
    }
}
