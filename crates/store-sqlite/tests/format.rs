//! Files of other formats.

use onefold_store::StoreError;
use onefold_store_sqlite::{Options, SqliteStore};
use rusqlite::Connection;
use std::path::PathBuf;
use tempfile::TempDir;

/// A file of this program, made to look like another's.
fn file(directory: &TempDir, alter: &str) -> PathBuf {
    let path = directory.path().join("views.db");
    drop(SqliteStore::open(&path, Options::default()).unwrap());
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
    let refused = [
        SqliteStore::open(&path, Options::default()).err(),
        SqliteStore::open_read(&path).err(),
        SqliteStore::upgrade(&path).err(),
    ];
    for error in refused {
        assert!(matches!(error, Some(StoreError::TooNew { found, known }) if found == known + 1), "{error:?}");
    }
}

#[test]
fn an_older_format_is_read_as_it_is_and_brought_to_the_present_one_where_it_is_written() {
    let directory = tempfile::tempdir().unwrap();
    // The first format left members of a set that no longer had anything.
    let old = "UPDATE meta SET value = 1 WHERE name = 'format';
        INSERT INTO owner VALUES (1, 'party:erp:A', NULL, x'', x''), (2, 'set:of:nothing', NULL, x'', x''), (3, 'set:of:something', NULL, x'01', x'');
        INSERT INTO set_member VALUES (1, 2), (1, 3);";
    let path = file(&directory, old);
    SqliteStore::open_read(&path).unwrap();
    assert_eq!(number(&path, "SELECT count(*) FROM set_member"), 2);
    drop(SqliteStore::open(&path, Options::default()).unwrap());
    assert_eq!(number(&path, "SELECT count(*) FROM set_member"), 1);
    assert_eq!(number(&path, "SELECT owner FROM set_member"), 3);
    assert!(number(&path, "SELECT value FROM meta WHERE name = 'format'") > 1);
}
