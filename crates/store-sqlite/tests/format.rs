//! Files of other formats.

use std::path::{Path, PathBuf};

use onefold_event::party_id;
use onefold_fold::{FOLD_VERSION, MOST_FACTS, SubjectState};
use onefold_store::{FactsOf, FollowStore, HistoryStore, ListingOrder, ReadStore, StoreError};
use onefold_store_conformance::{facts, given, placed, reserved};
use onefold_store_sqlite::{SqliteOptions, SqliteStore};
use onefold_view::DocumentNumber;
use prost::Message;
use rusqlite::Connection;
use tempfile::TempDir;

/// A file of this program, made to look like another's.
fn file(directory: &TempDir, alter: &str) -> PathBuf {
    let path = directory.path().join("views.db");
    drop(SqliteStore::open(&path, SqliteOptions::default()).unwrap());
    Connection::open(&path).unwrap().execute_batch(alter).unwrap();
    path
}

fn number(path: &PathBuf, sql: &str) -> u32 {
    Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_newer_format_is_refused_whether_written_or_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory, "UPDATE meta SET value = value + 1 WHERE name = 'format'");
    let refused = [SqliteStore::open(&path, SqliteOptions::default()).err(), SqliteStore::open_read(&path).err()];
    for error in refused {
        assert!(matches!(error, Some(StoreError::TooNew { found, known }) if found == known + 1), "{error:?}");
    }
}

#[tokio::test]
async fn an_older_format_is_brought_to_the_present_one_by_whoever_writes() {
    brought(|path| SqliteStore::open(path, SqliteOptions::default()).unwrap()).await;
}

#[tokio::test]
async fn an_older_format_is_brought_to_the_present_one_by_whoever_reads() {
    brought(|path| SqliteStore::open_read(path).unwrap()).await;
}

#[test]
fn an_older_format_is_left_alone_while_an_older_program_writes() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory, "UPDATE meta SET value = value - 1 WHERE name = 'format'");
    let lock = std::fs::File::create(path.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let error = SqliteStore::open_read(&path).err();
    assert!(matches!(error, Some(StoreError::TooOld { found, known }) if found + 1 == known), "{error:?}");
}

#[test]
fn views_of_another_fold_are_not_gone_on_with() {
    let of = |alter: &str| {
        let directory = tempfile::tempdir().unwrap();
        let path = file(&directory, alter);
        let refused = SqliteStore::open(&path, SqliteOptions::default()).err();
        (refused, SqliteStore::open_read(&path).unwrap().fold_version())
    };
    let known = FOLD_VERSION;
    let older = of("DELETE FROM meta WHERE name = 'fold'");
    assert_eq!(older, (Some(StoreError::OlderFold { found: 1, known }), 1));
    let newer = of("UPDATE meta SET value = value + 1 WHERE name = 'fold'");
    assert_eq!(newer, (Some(StoreError::NewerFold { found: known + 1, known }), known + 1));
}

#[tokio::test]
async fn views_of_an_older_fold_are_asked_for_what_their_format_did_not_have() {
    let directory = tempfile::tempdir().unwrap();
    let older =
        "DELETE FROM meta WHERE name = 'fold'; DROP TABLE fingerprint; UPDATE meta SET value = 8 WHERE name = 'format'";
    let path = file(&directory, older);
    let store = SqliteStore::open_read(&path).unwrap();
    assert_eq!(store.fingerprints().await.unwrap(), []);
    assert!(!store.followed().await.unwrap().waiting);
    assert_eq!(number(&path, "SELECT value FROM meta WHERE name = 'format'"), 8);
}

async fn brought(open: impl FnOnce(&Path) -> SqliteStore) {
    let directory = tempfile::tempdir().unwrap();
    // The first format left members of a set that no longer had anything, had no index of decisions, all facts in a row,
    // references of stocks, documents by number, open items elsewhere, all of them in rows, and keys by a hash of all of them.
    let path = file(
        &directory,
        "DROP TABLE number; DROP TABLE former; DROP TABLE written; DROP TABLE fingerprint; DROP TABLE decided; DROP TABLE fact; DROP TABLE owned; ALTER TABLE owner DROP COLUMN few; DROP TABLE key; UPDATE meta SET value = 1 WHERE name = 'format';
        CREATE TABLE key (hash INTEGER PRIMARY KEY, num INTEGER NOT NULL);
        CREATE TABLE document (owner INTEGER, subject INTEGER, PRIMARY KEY (owner, subject)) WITHOUT ROWID;
        INSERT INTO document VALUES (1, 7);
        CREATE TABLE open_item (owner INTEGER, due INTEGER, subject INTEGER, item BLOB NOT NULL, PRIMARY KEY (owner, due, subject)) WITHOUT ROWID;
        INSERT INTO open_item VALUES (1, 20000, 7, x'');
        INSERT INTO owner VALUES (1, 'party:erp:A', NULL, x'', x''), (2, 'set:of:nothing', NULL, x'', x''), (3, 'set:of:something', NULL, x'01', x'');
        INSERT INTO set_member VALUES (1, 2), (1, 3);
        WITH n AS (SELECT 100 num UNION ALL SELECT num + 1 FROM n WHERE num < 599)
            INSERT INTO subject SELECT num, 'invoice:erp:' || num, x'' FROM n;
        INSERT INTO document SELECT 3, num FROM subject;",
    );
    let whole = SubjectState { facts: facts(), ..SubjectState::default() };
    let old = Connection::open(&path).unwrap();
    let (referring, plain) = reserved();
    let (order, place) = placed();
    for (num, key, state) in [
        (1, "party:erp:A", &SubjectState::default()),
        (4, "stock:wms:P1", &whole),
        (5, "order:erp:1", &given()),
        (6, "stock:wms:P2", &referring),
        (7, "order:erp:2", &order),
    ] {
        old.execute("INSERT INTO subject VALUES (?1, ?2, ?3)", (num, key, state.encode_to_vec())).unwrap();
    }
    for (num, key) in [
        (1, "party:erp:A"),
        (2, "set:of:nothing"),
        (3, "set:of:something"),
        (4, "stock:wms:P1"),
        (5, "order:erp:1"),
        (6, "stock:wms:P2"),
        (7, "order:erp:2"),
    ] {
        let hash = party_id(key).as_u128() >> 65;
        old.execute("INSERT INTO key VALUES (?1, ?2)", (hash as i64, num)).unwrap();
    }
    drop(old);
    let keys = ["stock:wms:P1".to_owned(), "order:erp:1".to_owned()];

    let store = open(&path);
    assert_eq!(number(&path, "SELECT count(*) FROM set_member"), 1);
    assert_eq!(number(&path, "SELECT owner FROM set_member"), 3);
    assert_eq!(store.subjects(&["stock:wms:P2".to_owned()]).await.unwrap(), [Some(plain)]);
    assert_eq!(store.decided(None, 10).await.unwrap(), ["order:erp:1"]);
    assert_eq!(store.numbered(&DocumentNumber::of("1").unwrap(), 10).await.unwrap(), ["order:erp:1"]);
    let owners = ["party:erp:A".to_owned()];
    assert_eq!(
        store.begin_read().await.unwrap().documents(&owners, ListingOrder::NewestFirst, None, 10).await.unwrap(),
        [place]
    );
    let (row, further) = SubjectState::from_copies(facts()).split_rows();
    assert_eq!((store.subjects(&keys).await.unwrap(), further), (vec![Some(row), Some(given())], facts()));
    assert_eq!(store.facts(&[FactsOf::all(&keys[0])]).await.unwrap(), [facts()]);
    // Of the day 20,000, in the owner's row; those of who has many in rows.
    assert_eq!(number(&path, "SELECT instr(few, x'08C0B802') > 0 FROM owner WHERE num = 1"), 1);
    assert_eq!(number(&path, "SELECT few IS NULL FROM owner WHERE num = 3"), 1);
    assert_eq!(number(&path, "SELECT count(*) FROM owned WHERE owner = 3"), 500);
    assert_eq!(number(&path, "SELECT count(*) FROM owned"), 500);
    assert_eq!(number(&path, "SELECT count(*) FROM key"), 507);
    assert_eq!(number(&path, "SELECT count(*) FROM fact"), MOST_FACTS as u32 + 1);
    assert!(number(&path, "SELECT value FROM meta WHERE name = 'format'") > 1);
}
