//! Every derived row as it stands in the file, in terms of keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use onefold_store::{
    EachRow, KeyPrint, RowPrint, SEARCH_INDEX, StoreError, StoredSums, StoredTable, VerifySnapshot, VerifyStore,
    is_torn,
};
use onefold_view::DigestSum;
use rusqlite::{Connection, OptionalExtension, Result, Row};

use crate::db::{corrupt, engine};
use crate::keys::{find, number_place, place, text};
use crate::owned::{self, Few, Item};
use crate::project::digest;
use crate::seal::{Place, digest_of, unsealed, unsealed_text};
use crate::{SqliteStore, found};

#[async_trait]
impl VerifyStore for SqliteStore {
    async fn snapshot(&self) -> Result<Arc<dyn VerifySnapshot>, StoreError> {
        let inner = Arc::clone(&self.0);
        let open = tokio::task::spawn_blocking(move || {
            let connection = inner.open_reader()?;
            let kept = (|| {
                // The file itself was opened for reading; only what is the connection's own is written to.
                connection.execute_batch("PRAGMA cache_size = -32768; PRAGMA query_only = OFF")?;
                connection.execute_batch(found::ASIDE)?;
                // The first read of a transaction takes the snapshot.
                connection.execute_batch("BEGIN")?;
                kept(&connection)
            })();
            let kept = kept.map_err(engine)?;
            Ok(SqliteVerifyRead {
                kept,
                read: Arc::new(Mutex::new(Reading { connection, numbers: Numbers::default() })),
            })
        });
        let snapshot: Result<SqliteVerifyRead, StoreError> =
            open.await.map_err(|e| StoreError::Engine(e.to_string()))?;
        Ok(Arc::new(snapshot?))
    }
}

fn kept(c: &Connection) -> Result<StoredSums> {
    let mut all = c.prepare("SELECT next FROM position ORDER BY partition")?;
    let positions = all.query_map([], |r| r.get::<_, i64>(0).map(i64::cast_unsigned))?.collect::<Result<_>>()?;
    // Compared as they are: one that is damaged is not that of the log.
    let digest = |name| {
        digest(c, name).or_else(|error| match engine(error) {
            StoreError::Corrupt(_) => Ok(DigestSum::from_bytes([0xFF; 32])),
            other => Err(corrupt("a digest", other)),
        })
    };
    let mut sum = digest("bundles")?;
    sum.merge(&digest("clusters")?);
    let waits = "SELECT EXISTS (SELECT 1 FROM inbox) OR EXISTS (SELECT 1 FROM mark)";
    let waiting = c.query_row(waits, [], |r| r.get(0))?;
    Ok(StoredSums { positions, digest: sum, ids_digest: digest("ids")?, waiting })
}

/// One connection in one transaction.
struct SqliteVerifyRead {
    kept: StoredSums,
    read: Arc<Mutex<Reading>>,
}

struct Reading {
    connection: Connection,
    numbers: Numbers,
}

#[async_trait]
impl VerifySnapshot for SqliteVerifyRead {
    fn kept(&self) -> &StoredSums {
        &self.kept
    }

    async fn scan(&self, table: StoredTable, each: EachRow) -> Result<(), StoreError> {
        let read = Arc::clone(&self.read);
        let scan = tokio::task::spawn_blocking(move || {
            let mut read: MutexGuard<'_, Reading> = read.lock().unwrap_or_else(PoisonError::into_inner);
            read.scan(table, &each).map_err(engine)
        });
        scan.await.map_err(|e| StoreError::Engine(e.to_string()))?
    }

    async fn torn(&self) -> Result<u64, StoreError> {
        let read = Arc::clone(&self.read);
        let count = tokio::task::spawn_blocking(move || {
            let read: MutexGuard<'_, Reading> = read.lock().unwrap_or_else(PoisonError::into_inner);
            torn(&read.connection).map_err(engine)
        });
        count.await.map_err(|e| StoreError::Engine(e.to_string()))?
    }
}

/// Stands for a value whose checksum is not its own: nothing that the log says looks so.
const DAMAGED: &[u8] = b"damaged";

fn torn(c: &Connection) -> Result<u64> {
    let mut all = c.prepare("SELECT key, bundle, digest, num, few, first_seen FROM owner")?;
    let (mut rows, mut count) = (all.query([])?, 0);
    while let Some(row) = rows.next()? {
        let (key, bundle, digest) = (row.get_ref(0)?, row.get_ref(1)?, row.get_ref(2)?);
        let (key, bundle, digest) = (key.as_str()?, bundle.as_blob()?, digest.as_blob()?);
        let torn = digest_of(key, row.get(5)?, bundle, digest).is_none_or(|digest| is_torn(key, bundle, digest));
        let owner = row.get(3)?;
        let few = row.get_ref(4)?.as_blob_or_null().is_ok_and(|few| few.is_none_or(|few| Few::of(owner, few).is_ok()));
        count += u64::from(torn || !few);
    }
    let mut all = c.prepare("SELECT key, state FROM subject")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let place = Place::Subject(row.get_ref(0)?.as_str()?);
        count += u64::from(unsealed(place, row.get_ref(1)?.as_blob()?).is_none());
    }
    let mut all = c.prepare("SELECT subject, id, state FROM fact")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let place = Place::Fact(row.get(0)?, row.get_ref(1)?.as_blob()?);
        count += u64::from(unsealed(place, row.get_ref(2)?.as_blob()?).is_none());
    }
    Ok(count)
}

impl Reading {
    fn scan(&mut self, table: StoredTable, each: &EachRow) -> Result<()> {
        let Self { connection, numbers } = self;
        match table {
            StoredTable::Subjects => numbers.subjects(connection, Some(each)),
            StoredTable::Owners => numbers.owners(connection, Some(each)),
            StoredTable::Keys => {
                numbers.fill(connection)?;
                keys(connection, numbers, each)?;
                document_numbers(connection, each)
            }
            StoredTable::Documents | StoredTable::OpenItems => {
                numbers.fill(connection)?;
                owned(connection, numbers, table, each)
            }
            _ => {
                numbers.fill(connection)?;
                pairs(connection, numbers, table, each)
            }
        }
    }
}

/// Prints of the keys that numbers stand for, learnt while subjects and owners are read: 8 bytes a number.
#[derive(Default)]
struct Numbers {
    near: Vec<u64>,
    /// Numbers that no counting up led to.
    far: HashMap<i64, u64>,
    /// Sum over all rows that have a key of what the index of keys must hold for them.
    indexed: u128,
    /// A number has two keys.
    torn: bool,
    read: [bool; 2],
}

/// Beyond so many times the rows there are, a number was not counted up to.
const FAR: i64 = 1 << 32;

impl Numbers {
    fn fill(&mut self, c: &Connection) -> Result<()> {
        if !self.read[0] {
            self.subjects(c, None)?;
        }
        if !self.read[1] {
            self.owners(c, None)?;
        }
        Ok(())
    }

    fn subjects(&mut self, c: &Connection, each: Option<&EachRow>) -> Result<()> {
        let mut all = c.prepare("SELECT num, key, state FROM subject")?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            let (key, state) = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_blob()?);
            let print = self.learn(row.get(0)?, key, 0);
            let state = unsealed(Place::Subject(key), state).unwrap_or(DAMAGED);
            if let (Some(each), false) = (each, state.is_empty()) {
                each(RowPrint::of(StoredTable::Subjects, print, &[state]), &|| key.to_owned());
            }
        }
        self.read[0] = true;
        Ok(())
    }

    fn owners(&mut self, c: &Connection, each: Option<&EachRow>) -> Result<()> {
        let mut all = c.prepare("SELECT num, key, bundle, digest, first_seen FROM owner")?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            let key = row.get_ref(1)?.as_str()?;
            let print = self.learn(row.get(0)?, key, 1);
            let (bundle, digest) = (row.get_ref(2)?.as_blob()?, row.get_ref(3)?.as_blob()?);
            let seen: Option<i64> = row.get(4)?;
            let digest = digest_of(key, seen, bundle, digest).unwrap_or(DAMAGED);
            let seen = seen.map(i64::to_be_bytes);
            if let (Some(each), false) = (each, bundle.is_empty() && digest.is_empty() && seen.is_none()) {
                let seen = seen.as_ref().map_or(&[][..], |seen| seen);
                each(RowPrint::of(StoredTable::Owners, print, &[bundle, digest, seen]), &|| key.to_owned());
            }
        }
        self.read[1] = true;
        Ok(())
    }

    /// Notes the key of a number; `part` 0 or 1 is the table that says so. A party stands in both.
    fn learn(&mut self, num: i64, key: &str, part: usize) -> KeyPrint {
        let print = KeyPrint::of(key);
        if self.read[part] {
            return print;
        }
        let slot = match usize::try_from(num) {
            Ok(at) if num < FAR && at <= self.near.len() + (1 << 20) => {
                if self.near.len() <= at {
                    self.near.resize((at + 1).next_multiple_of(1 << 12), 0);
                }
                self.near.get_mut(at)
            }
            _ => None,
        };
        let slot = slot.unwrap_or_else(|| self.far.entry(num).or_default());
        if *slot == 0 {
            *slot = print.0;
            self.indexed = self.indexed.wrapping_add(mixed(place(key), num));
        } else if *slot != print.0 {
            self.torn = true;
        }
        print
    }

    fn get(&self, num: i64) -> Option<KeyPrint> {
        let near = usize::try_from(num).ok().and_then(|at| self.near.get(at)).filter(|print| **print != 0);
        near.or_else(|| self.far.get(&num)).copied().map(KeyPrint)
    }

    /// The key of a row; a number that no text has is shown as it is.
    fn key(&self, num: i64) -> KeyPrint {
        self.get(num).unwrap_or_else(|| KeyPrint::of(&format!("#{num}")))
    }
}

/// An entry of an index, so that sums of them are equal only for equal entries (by hand or by chance, not by art).
pub(crate) fn mixed(hash: i64, num: i64) -> u128 {
    let scatter = |n: u64| {
        let n = (n ^ (n >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let n = (n ^ (n >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        n ^ (n >> 32)
    };
    let (hash, num) = (hash.cast_unsigned(), num.cast_unsigned());
    let low = scatter(hash.wrapping_add(scatter(num)));
    (u128::from(scatter(low ^ num.rotate_left(32))) << 64) | u128::from(low)
}

/// Only what is wrong: found by comparing sums, named by looking up each key.
fn keys(c: &Connection, numbers: &Numbers, each: &EachRow) -> Result<()> {
    let mut sum = 0u128;
    let mut all = c.prepare("SELECT place, num FROM key")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        sum = sum.wrapping_add(mixed(row.get(0)?, row.get(1)?));
    }
    if sum == numbers.indexed && !numbers.torn {
        return Ok(());
    }
    // Two keys of one place are not where the sum expects them either: each key is looked up as any reader would.
    let sql = "SELECT num, key FROM subject UNION ALL SELECT num, key FROM owner UNION ALL SELECT num, NULL FROM key k
         WHERE NOT EXISTS (SELECT 1 FROM subject WHERE num = k.num) AND NOT EXISTS (SELECT 1 FROM owner WHERE num = k.num)";
    let mut all = c.prepare(sql)?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let (num, key): (i64, Option<String>) = (row.get(0)?, row.get(1)?);
        let leads = match &key {
            Some(key) => {
                let mut direct = c.prepare_cached("SELECT num FROM key WHERE place = ?1")?;
                let first: Option<i64> = direct.query_row([place(key)], |r| r.get(0)).optional()?;
                first == Some(num) || find(c, key).is_ok_and(|found| found == Some(num))
            }
            None => false,
        };
        if !leads {
            let key = key.unwrap_or_else(|| format!("#{num}"));
            each(RowPrint::of(StoredTable::Keys, KeyPrint::of(&key), &[&num.to_be_bytes()]), &|| key.clone());
        }
    }
    Ok(())
}

/// Documents that their numbers do not lead to, and what numbers lead to beside them.
fn document_numbers(c: &Connection, each: &EachRow) -> Result<()> {
    let wrong = |num: i64, key: String| {
        each(RowPrint::of(StoredTable::Keys, KeyPrint::of(&key), &[&num.to_be_bytes()]), &|| key.clone());
    };
    let mut sum = 0u128;
    let mut leads = c.prepare("SELECT EXISTS (SELECT 1 FROM number WHERE place = ?1 AND subject = ?2)")?;
    let mut all = c.prepare("SELECT num, key FROM subject")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let (num, key): (i64, &str) = (row.get(0)?, row.get_ref(1)?.as_str()?);
        let Some(place) = number_place(key) else { continue };
        sum = sum.wrapping_add(mixed(place, num));
        if !leads.query_row((place, num), |row| row.get::<_, bool>(0))? {
            wrong(num, key.to_owned());
        }
    }
    let mut found = 0u128;
    let mut all = c.prepare("SELECT place, subject FROM number")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let (place, num): (i64, i64) = (row.get(0)?, row.get(1)?);
        found = found.wrapping_add(mixed(place, num));
    }
    if found == sum {
        return Ok(());
    }
    let mut all =
        c.prepare("SELECT n.place, n.subject, s.key FROM number n LEFT JOIN subject s ON s.num = n.subject")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let (place, num, key): (i64, i64, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if key.as_deref().and_then(number_place) != Some(place) {
            wrong(num, key.unwrap_or_else(|| format!("#{num}")));
        }
    }
    Ok(())
}

/// Tables whose first column is the number of a key.
fn pairs(c: &Connection, numbers: &Numbers, table: StoredTable, each: &EachRow) -> Result<()> {
    let sql = match table {
        StoredTable::Holders => "SELECT party, identifier, present FROM holder",
        StoredTable::Decisions => "SELECT party, decision FROM decision",
        StoredTable::Members => "SELECT party, cluster FROM member",
        StoredTable::SetMembers => "SELECT atom, owner FROM set_member",
        StoredTable::Decided => "SELECT subject FROM decided",
        StoredTable::Facts => "SELECT subject, id, state FROM fact",
        StoredTable::Former => "SELECT key, subject FROM former",
        StoredTable::Numbers => "SELECT subject, place, prefix FROM written",
        _ => "SELECT party, text FROM search",
    };
    let name = |num: i64| text(c, num).ok().flatten().unwrap_or_else(|| format!("#{num}"));
    let mut texts = 0u128;
    let mut all = c.prepare(sql)?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let num: i64 = row.get(0)?;
        let other = |row: &Row<'_>| -> Result<[u8; 8]> { Ok(numbers.key(row.get(1)?).bytes()) };
        let print = |columns: &[&[u8]]| RowPrint::of(table, numbers.key(num), columns);
        let print = match table {
            StoredTable::Search => {
                let text = row.get_ref(1)?.as_str()?;
                let text = unsealed_text(num, text).unwrap_or(text);
                texts = texts.wrapping_add(found::of_text(num, text));
                print(&[text.as_bytes()])
            }
            StoredTable::Decided => print(&[]),
            StoredTable::Facts => {
                let (id, state) = (row.get_ref(1)?.as_blob()?, row.get_ref(2)?.as_blob()?);
                print(&[id, unsealed(Place::Fact(num, id), state).unwrap_or(DAMAGED)])
            }
            StoredTable::Numbers => {
                print(&[&row.get::<_, i64>(1)?.to_be_bytes(), row.get_ref(2)?.as_str()?.as_bytes()])
            }
            StoredTable::Holders => print(&[&other(row)?, &row.get::<_, i64>(2)?.to_be_bytes()]),
            _ => print(&[&other(row)?]),
        };
        each(print, &|| name(num));
    }
    if table == StoredTable::Search {
        // Beside the rows themselves: one that must not be, for each that is not found as it must be.
        let broken = match found::astray(c, texts) {
            Ok(astray) => {
                for num in astray.parties {
                    each(RowPrint::of(table, numbers.key(num), &[&[], &num.to_be_bytes()]), &|| name(num));
                }
                astray.broken
            }
            Err(error) if found::is_damage(&error) => true,
            Err(error) => return Err(error),
        };
        if broken {
            each(RowPrint::of(table, KeyPrint::of(SEARCH_INDEX), &[]), &|| SEARCH_INDEX.to_owned());
        }
    }
    Ok(())
}

/// Documents or open items, of the owners that have a few and of those that have rows.
fn owned(c: &Connection, numbers: &Numbers, table: StoredTable, each: &EachRow) -> Result<()> {
    let name = |num: i64| text(c, num).ok().flatten().unwrap_or_else(|| format!("#{num}"));
    let print = |owner, subject, at: i64, item: Option<&[u8]>| {
        let (owner, other, at) = (numbers.key(owner), numbers.key(subject).bytes(), at.to_be_bytes());
        match item {
            None => RowPrint::of(table, owner, &[&other, &at]),
            Some(item) => RowPrint::of(table, owner, &[&other, &at, item]),
        }
    };
    let mut all = c.prepare("SELECT num, few FROM owner WHERE length(few) > 0")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let owner: i64 = row.get(0)?;
        let few = row.get_ref(1)?.as_blob().map_err(Into::into).and_then(|few| Few::of(owner, few));
        match (few, table) {
            (Ok(few), StoredTable::Documents) => {
                few.documents().for_each(|(at, document)| each(print(owner, document, at, None), &|| name(owner)));
            }
            (Ok(few), _) => {
                for Item { due, invoice, item } in &few.items {
                    each(print(owner, *invoice, *due, Some(item)), &|| name(owner));
                }
            }
            // Nothing that the log says looks so.
            (Err(_), _) => each(RowPrint::of(table, numbers.key(owner), &[b"unreadable"]), &|| name(owner)),
        }
    }
    // A row of somebody who has a few is read by nobody.
    let sql = "SELECT owner, subject, at, item, (SELECT few IS NOT NULL FROM owner WHERE num = o.owner) FROM owned o WHERE list = ?1";
    let mut all = c.prepare(sql)?;
    let mut rows = all.query([table == StoredTable::OpenItems])?;
    while let Some(row) = rows.next()? {
        let (owner, subject, at) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let unread: Option<bool> = row.get(4)?;
        let row = match unread {
            Some(false) => {
                let place = owned::place(owner, i64::from(table == StoredTable::OpenItems), at, subject);
                match unsealed(place, row.get_ref(3)?.as_blob_or_null()?.unwrap_or_default()) {
                    Some(item) => print(owner, subject, at, (table == StoredTable::OpenItems).then_some(item)),
                    None => print(owner, subject, at, Some(DAMAGED)),
                }
            }
            _ => RowPrint::of(table, numbers.key(owner), &[b"read by nobody"]),
        };
        each(row, &|| name(owner));
    }
    Ok(())
}
