//! The format of the file: an older one is brought to the present one by whoever opens it, a newer one is refused.

use onefold_fold::{LONG_ROW, SubjectState};
use onefold_store::StoreError;
use prost::Message;
use rusqlite::{Connection, Result};

use crate::db::{SqliteOptions, corrupt, engine};
use crate::keys;
use crate::owned::{Few, Item, place};
use crate::seal::{Place, digests, seal, sealed_text, unsealed};

/// Every step from one format to the next; a step that was released never changes. The first format is 1.
const STEPS: [fn(&Connection) -> Result<()>; 11] =
    [members_of_bundles, decided, further_rows, unread, owned, places, few, fingerprints, sealed, numbered, former];
/// Format of the tables.
pub(crate) const FORMAT: u32 = STEPS.len() as u32 + 1;

/// The format of a file; none where it holds no read model.
pub(crate) fn of(connection: &Connection) -> Result<Option<u32>, StoreError> {
    let exists = "SELECT count(*) FROM sqlite_schema WHERE name = 'meta'";
    let exists: u32 = connection.query_row(exists, [], |r| r.get(0)).map_err(engine)?;
    if exists == 0 {
        return Ok(None);
    }
    connection.query_row("SELECT value FROM meta WHERE name = 'format'", [], |r| r.get(0)).map(Some).map_err(engine)
}

/// Refuses a file that this program could misread.
pub(crate) fn check(connection: &Connection) -> Result<u32, StoreError> {
    match of(connection)? {
        Some(found) if found > FORMAT => Err(StoreError::TooNew { found, known: FORMAT }),
        Some(found) => Ok(found),
        None => Err(StoreError::Absent),
    }
}

/// Takes the steps that are missing, all or none.
pub(crate) fn upgrade(connection: &Connection) -> Result<(), StoreError> {
    let found = check(connection)?;
    if found == FORMAT {
        return Ok(());
    }
    tracing::info!(from = found, to = FORMAT, "the read model is brought to the format of this program");
    connection.execute_batch("BEGIN IMMEDIATE").map_err(engine)?;
    let steps = || {
        (1u32..).zip(STEPS).filter(|(from, _)| *from >= found).try_for_each(|(_, step)| step(connection))?;
        connection.execute("UPDATE meta SET value = ?1 WHERE name = 'format'", [FORMAT])?;
        connection.execute_batch("COMMIT")
    };
    let done = steps();
    if done.is_err() {
        connection.execute_batch("ROLLBACK").map_err(engine)?;
    }
    done.map_err(engine)
}

/// Members are kept of sets that have a bundle; once they stayed when it became empty.
fn members_of_bundles(c: &Connection) -> Result<()> {
    let gone = "DELETE FROM set_member WHERE NOT EXISTS
        (SELECT 1 FROM owner WHERE num = set_member.owner AND length(bundle) > 0)";
    c.execute(gone, []).map(drop)
}

/// Subjects about which decisions stand have an index.
fn decided(c: &Connection) -> Result<()> {
    c.execute_batch("CREATE TABLE decided (subject INTEGER PRIMARY KEY)")?;
    let mut put = c.prepare("INSERT INTO decided VALUES (?1)")?;
    each_subject(c, |num, state| if state.is_decided() { put.execute([num]).map(drop) } else { Ok(()) })
}

/// A long history stands in further rows.
fn further_rows(c: &Connection) -> Result<()> {
    c.execute_batch(
        "CREATE TABLE fact (subject INTEGER, id BLOB, state BLOB NOT NULL, PRIMARY KEY (subject, id)) WITHOUT ROWID",
    )?;
    let mut long = c.prepare("SELECT num FROM subject WHERE length(state) > ?1")?;
    let long: Vec<i64> = long.query_map([LONG_ROW as i64], |row| row.get(0))?.collect::<Result<_>>()?;
    let mut get = c.prepare("SELECT state FROM subject WHERE num = ?1")?;
    let mut put = c.prepare("UPDATE subject SET state = ?2 WHERE num = ?1")?;
    let mut put_fact = c.prepare("INSERT INTO fact VALUES (?1, ?2, ?3)")?;
    for num in long {
        let (row, facts) = state(&get.query_row([num], |row| row.get::<_, Vec<u8>>(0))?)?.lengthened().split_rows();
        if row.is_long() {
            put.execute((num, row.encode_to_vec()))?;
            facts.iter().try_for_each(|fact| put_fact.execute((num, fact.row_id(), fact.encode_to_vec())).map(drop))?;
        }
    }
    Ok(())
}

/// What has no owner keeps no references, since nobody reads them.
fn unread(c: &Connection) -> Result<()> {
    let mut put = c.prepare("UPDATE subject SET state = ?2 WHERE num = ?1")?;
    let mut all = c.prepare("SELECT num FROM subject WHERE key GLOB 'stock:*' OR key GLOB 'product:*'")?;
    let all: Vec<i64> = all.query_map([], |row| row.get(0))?.collect::<Result<_>>()?;
    let mut get = c.prepare("SELECT state FROM subject WHERE num = ?1")?;
    for num in all {
        if let Some(row) = state(&get.query_row([num], |row| row.get::<_, Vec<u8>>(0))?)?.without_unread() {
            put.execute((num, row.encode_to_vec()))?;
        }
    }
    Ok(())
}

/// Documents of an owner stand by time, and beside its open items; once they stood in the order in which the hub met them.
fn owned(c: &Connection) -> Result<()> {
    c.execute_batch("CREATE TEMP TABLE happened (subject INTEGER PRIMARY KEY, at INTEGER NOT NULL)")?;
    let mut put = c.prepare("INSERT INTO temp.happened VALUES (?1, ?2)")?;
    each_subject(c, |num, state| put.execute((num, state.at())).map(drop))?;
    drop(put);
    c.execute_batch(
        "CREATE TABLE owned (owner INTEGER, list INTEGER, at INTEGER, subject INTEGER, item BLOB, CHECK (list = (item IS NOT NULL)), PRIMARY KEY (owner, list, at, subject)) WITHOUT ROWID;
        INSERT INTO owned
            SELECT d.owner, 0, h.at, d.subject, NULL FROM document d JOIN temp.happened h USING (subject)
            UNION ALL SELECT owner, 1, due, subject, item FROM open_item
            ORDER BY 1, 2, 3, 4;
        DROP TABLE document;
        DROP TABLE open_item;
        DROP TABLE temp.happened;",
    )
}

/// Keys that begin alike stand together; once each stood where a hash of all of it had it.
fn places(c: &Connection) -> Result<()> {
    c.execute_batch("DROP TABLE key; CREATE TABLE key (place INTEGER PRIMARY KEY, num INTEGER NOT NULL)")?;
    let mut numbers: Vec<(i64, i64)> = Vec::new();
    let mut all = c.prepare("SELECT num, key FROM subject UNION ALL SELECT num, key FROM owner")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        numbers.push((keys::place(row.get_ref(1)?.as_str()?), row.get(0)?));
    }
    numbers.sort_unstable();
    // A party stands in both.
    numbers.dedup();
    keys::put(c, numbers)
}

/// What stands under an owner key stands in its row while it is little; once all of it stood in rows of its own.
fn few(c: &Connection) -> Result<()> {
    c.execute_batch("ALTER TABLE owner ADD COLUMN few BLOB DEFAULT x''")?;
    without_check(c)?;
    let mut owners = c.prepare("SELECT DISTINCT owner FROM owned")?;
    let owners: Vec<i64> = owners.query_map([], |row| row.get(0))?.collect::<Result<_>>()?;
    let mut get = c.prepare("SELECT list, at, subject, item FROM owned WHERE owner = ?1")?;
    let mut clear = c.prepare("DELETE FROM owned WHERE owner = ?1")?;
    for owner in owners {
        let mut few = Few::default();
        let mut rows = get.query([owner])?;
        while let Some(row) = rows.next()? {
            let (at, subject) = (row.get(1)?, row.get(2)?);
            match row.get(0)? {
                0 => few.push_document(at, subject),
                _ => few.items.push(Item { due: at, invoice: subject, item: row.get(3)? }),
            }
        }
        drop(rows);
        clear.execute([owner])?;
        few.put(c, owner, SqliteOptions::default().few)?;
    }
    Ok(())
}

/// Fingerprints of the log are kept from here on.
fn fingerprints(c: &Connection) -> Result<()> {
    c.execute_batch(
        "CREATE TABLE fingerprint (partition INTEGER PRIMARY KEY, at INTEGER NOT NULL, digest BLOB NOT NULL)",
    )
}

/// Values carry checksums. What a step of today has written carries its own already.
fn sealed(c: &Connection) -> Result<()> {
    let numbers = |sql: &str| c.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>>>();
    let sealed = |place: Place<'_>, value: &mut Vec<u8>| {
        let other = unsealed(place, value).is_none();
        if other {
            seal(place, value);
        }
        other
    };
    let mut get = c.prepare("SELECT key, state FROM subject WHERE num = ?1")?;
    let mut put = c.prepare("UPDATE subject SET state = ?2 WHERE num = ?1")?;
    for num in numbers("SELECT num FROM subject")? {
        let (key, mut state): (String, Vec<u8>) = get.query_row([num], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if sealed(Place::Subject(&key), &mut state) {
            put.execute((num, state))?;
        }
    }
    let mut get = c.prepare("SELECT few FROM owner WHERE num = ?1")?;
    let mut put = c.prepare("UPDATE owner SET few = ?2 WHERE num = ?1")?;
    for num in numbers("SELECT num FROM owner WHERE length(few) > 0")? {
        let mut few: Vec<u8> = get.query_row([num], |row| row.get(0))?;
        if sealed(Place::Few(num), &mut few) {
            put.execute((num, few))?;
        }
    }
    let mut get = c.prepare("SELECT key, first_seen, bundle, digest FROM owner WHERE num = ?1")?;
    let mut put = c.prepare("UPDATE owner SET digest = ?2 WHERE num = ?1")?;
    for num in numbers("SELECT num FROM owner WHERE first_seen IS NOT NULL OR length(bundle) > 0")? {
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        let (key, first_seen, bundle, digest): (String, Option<i64>, Vec<u8>, Vec<u8>) = get.query_row([num], row)?;
        put.execute((num, digests(&key, first_seen, &bundle, &digest)))?;
    }
    let mut all = c.prepare("SELECT subject, id, state FROM fact WHERE subject = ?1")?;
    let mut put = c.prepare("UPDATE fact SET state = ?3 WHERE subject = ?1 AND id = ?2")?;
    for num in numbers("SELECT DISTINCT subject FROM fact")? {
        let facts = all.query_map([num], |row| Ok((row.get(1)?, row.get(2)?)))?;
        let facts: Vec<(Vec<u8>, Vec<u8>)> = facts.collect::<Result<_>>()?;
        for (id, mut state) in facts {
            if sealed(Place::Fact(num, &id), &mut state) {
                put.execute((num, id, state))?;
            }
        }
    }
    let texts = c
        .prepare("SELECT party, text FROM search")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(i64, String)>>>()?;
    let mut put = c.prepare("UPDATE search SET text = ?2 WHERE party = ?1")?;
    texts.iter().try_for_each(|(party, text)| put.execute((party, sealed_text(*party, text))).map(drop))?;
    let digests = c
        .prepare("SELECT name, sum FROM digest")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(String, Vec<u8>)>>>()?;
    for (name, mut sum) in digests {
        seal(Place::Digest(&name), &mut sum);
        c.execute("UPDATE digest SET sum = ?2 WHERE name = ?1", (name, sum))?;
    }
    without_check(c)?;
    let mut all = c.prepare("SELECT list, at, subject, item FROM owned WHERE owner = ?1")?;
    let mut put =
        c.prepare("UPDATE owned SET item = ?5 WHERE owner = ?1 AND list = ?2 AND at = ?3 AND subject = ?4")?;
    for num in numbers("SELECT DISTINCT owner FROM owned")? {
        let items = all.query_map([num], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        let items: Vec<(i64, i64, i64, Option<Vec<u8>>)> = items.collect::<Result<_>>()?;
        for (list, at, subject, item) in items {
            let mut item = item.unwrap_or_default();
            if sealed(place(num, list, at, subject), &mut item) {
                put.execute((num, list, at, subject, item))?;
            }
        }
    }
    Ok(())
}

/// Documents are found by their numbers, and customers by their addresses too: the texts of all are made again.
fn numbered(c: &Connection) -> Result<()> {
    c.execute_batch(
        "CREATE TABLE number (place INTEGER, subject INTEGER, PRIMARY KEY (place, subject)) WITHOUT ROWID;
        INSERT OR IGNORE INTO mark SELECT party FROM search;",
    )?;
    let mut numbers: Vec<(i64, i64)> = Vec::new();
    let mut all = c.prepare("SELECT num, key FROM subject")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let place = keys::number_place(row.get_ref(1)?.as_str()?);
        numbers.extend(place.map(|place| row.get(0).map(|num| (place, num))).transpose()?);
    }
    numbers.sort_unstable();
    let mut put = c.prepare("INSERT INTO number VALUES (?1, ?2)")?;
    numbers.into_iter().try_for_each(|row| put.execute(row).map(drop))
}

/// Subjects are found by what they once named, documents by the numbers that stand on them too. Both are filled when the views
/// are made again, since no older fold knows either.
fn former(c: &Connection) -> Result<()> {
    c.execute_batch(
        "CREATE TABLE former (key INTEGER, subject INTEGER, PRIMARY KEY (key, subject)) WITHOUT ROWID;
        CREATE TABLE written (place INTEGER, subject INTEGER, prefix TEXT NOT NULL, PRIMARY KEY (place, subject)) WITHOUT ROWID;",
    )
}

/// A document's row may have an item too.
fn without_check(c: &Connection) -> Result<()> {
    c.execute_batch(
        "ALTER TABLE owned RENAME TO owned_before;
        CREATE TABLE owned (owner INTEGER, list INTEGER, at INTEGER, subject INTEGER, item BLOB, PRIMARY KEY (owner, list, at, subject)) WITHOUT ROWID;
        INSERT INTO owned SELECT * FROM owned_before;
        DROP TABLE owned_before;",
    )
}

fn each_subject(c: &Connection, mut each: impl FnMut(i64, SubjectState) -> Result<()>) -> Result<()> {
    let mut all = c.prepare("SELECT num, state FROM subject")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, state(row.get_ref(1)?.as_blob()?)?)?;
    }
    Ok(())
}

fn state(bytes: &[u8]) -> Result<SubjectState> {
    SubjectState::decode(bytes).map_err(|e| corrupt("a subject", e))
}
