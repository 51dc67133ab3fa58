//! Files that are newer, foreign or damaged: said clearly, and left as they are.

use std::fs;
use std::path::Path;

use onefold_log::{Log, LogError};
use onefold_log_embedded::{EmbeddedLog, EmbeddedOptions, FORMAT};
use rusqlite::Connection;

use crate::{PARTITIONS, TOPIC, append_next, batch, open, whole_batches};

async fn filled(path: &Path, batches: u64) {
    let log = open(path);
    log.topic(TOPIC, PARTITIONS).await.unwrap();
    for number in 0..batches {
        append_next(&log, number).await.unwrap();
    }
}

/// What both ways of opening say; the file must be untouched by it.
fn refused(path: &Path) -> LogError {
    let before = fs::read(path).unwrap();
    let write = EmbeddedLog::open(path, EmbeddedOptions::default()).unwrap_err();
    let read = EmbeddedLog::open_read(path).unwrap_err();
    assert_eq!(write, read);
    assert!(!write.retryable());
    assert!(fs::read(path).unwrap() == before, "the file was changed");
    write
}

#[tokio::test]
async fn a_newer_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    filled(&path, 3).await;
    let set = |format: u32| {
        let conn = Connection::open(&path).unwrap();
        conn.execute("UPDATE onefold_log SET value = ?1 WHERE name = 'format'", [format]).unwrap();
    };
    set(FORMAT + 1);
    let error = refused(&path);
    assert_eq!(error, LogError::TooNew { found: FORMAT + 1, known: FORMAT });
    assert!(error.to_string().contains("newer version"), "{error}");
    set(FORMAT);
    assert_eq!(whole_batches(&open(&path)).await, 3);
}

#[test]
fn what_is_no_log_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("text");
    fs::write(&text, "not a database at all, but a text that is long enough to be one\n".repeat(200)).unwrap();
    assert!(matches!(refused(&text), LogError::Corrupt(_)));

    let foreign = dir.path().join("foreign.db");
    let conn = Connection::open(&foreign).unwrap();
    conn.execute_batch("CREATE TABLE customers (name TEXT)").unwrap();
    conn.close().unwrap();
    let error = refused(&foreign);
    assert!(matches!(&error, LogError::Corrupt(said) if said.contains("not a log")), "{error:?}");
}

#[test]
fn what_is_not_there_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("no such directory").join("log.db");
    assert!(matches!(EmbeddedLog::open(&nowhere, EmbeddedOptions::default()), Err(LogError::Absent(_))));
    let nothing = dir.path().join("log.db");
    assert!(matches!(EmbeddedLog::open_read(&nothing), Err(LogError::Absent(_))));
    assert!(!nothing.exists(), "a reader makes no file");
}

#[tokio::test]
async fn a_missing_row_is_found_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    filled(&path, 10).await;
    let conn = Connection::open(&path).unwrap();
    assert_eq!(conn.execute("DELETE FROM t1_p0 WHERE offset = 5", []).unwrap(), 1);
    conn.close().unwrap();
    let log = open(&path);
    for from in [0, 5] {
        let read = log.read(TOPIC, 0, from, 100).await;
        assert!(matches!(&read, Err(LogError::Corrupt(said)) if said.contains("offset 5")), "{read:?}");
    }
    assert_eq!(log.read(TOPIC, 0, 6, 100).await.unwrap().len(), 24);
    assert!(matches!(log.fetch(TOPIC, &[(0, 5)]).await, Err(LogError::UnknownPosition { offset: 5, .. })));
}

#[tokio::test]
async fn damaged_headers_are_found_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    filled(&path, 2).await;
    let conn = Connection::open(&path).unwrap();
    conn.execute("UPDATE t1_p1 SET headers = x'ffff' WHERE offset = 1", []).unwrap();
    conn.close().unwrap();
    let log = open(&path);
    assert!(matches!(log.fetch(TOPIC, &[(1, 1)]).await, Err(LogError::Corrupt(_))));
    assert!(log.fetch(TOPIC, &[(1, 0)]).await.is_ok());
}

#[tokio::test]
async fn overwritten_pages_are_an_error_and_no_panic() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    filled(&path, 300).await;
    let mut bytes = fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let said = match EmbeddedLog::open(&path, EmbeddedOptions::default()) {
        Err(error) => error,
        Ok(log) => {
            let mut said = None;
            for partition in 0..PARTITIONS {
                let read = log.read(TOPIC, partition, 0, usize::MAX).await;
                said = said.or(read.err());
            }
            said.expect("half of the file is gone")
        }
    };
    assert!(matches!(said, LogError::Corrupt(_)), "{said:?}");
}

/// Every column of a record and of a topic, altered alone.
#[tokio::test]
async fn an_altered_row_is_found_out_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    filled(&path, 3).await;
    let whole = fs::read(&path).unwrap();
    let altered = |sql: &str| {
        fs::write(&path, &whole).unwrap();
        let conn = Connection::open(&path).unwrap();
        assert_eq!(conn.execute(sql, []).unwrap(), 1, "{sql}");
        conn.close().unwrap();
    };
    for (column, of) in
        [("key", "x'6b'"), ("headers", "x''"), ("value", "substr(value, 2)"), ("time", "time + 1"), ("sum", "sum - 1")]
    {
        altered(&format!("UPDATE t1_p0 SET {column} = {of} WHERE offset = 2"));
        let log = open(&path);
        let found = [log.read(TOPIC, 0, 0, 100).await.err(), log.fetch(TOPIC, &[(0, 2)]).await.err()];
        for error in found {
            let told = error.map(|error| error.to_string()).unwrap_or_default();
            let named = ["the log is damaged", "topic `events`, partition 0, offset 2", "from a backup"];
            assert!(named.iter().all(|part| told.contains(part)), "{column}: {told}");
        }
        assert!(log.fetch(TOPIC, &[(0, 1)]).await.is_ok(), "{column}");
    }
    // A record of another partition, or at another place.
    altered("UPDATE t1_p0 SET offset = 70 WHERE offset = 8");
    assert!(
        matches!(EmbeddedLog::open(&path, EmbeddedOptions::default()), Err(LogError::Corrupt(_))),
        "the next goes behind it"
    );
    altered("INSERT OR REPLACE INTO t1_p0 SELECT * FROM t1_p1 WHERE offset = 5");
    assert!(open(&path).fetch(TOPIC, &[(0, 5)]).await.is_err());
    for sql in ["UPDATE topics SET name = 'event'", "UPDATE topics SET partitions = 2", "UPDATE topics SET sum = 0"] {
        altered(sql);
        assert!(matches!(refused(&path), LogError::Corrupt(told) if told.contains("topic 1")), "{sql}");
    }
}

/// As the first format had it.
fn of_first_format(path: &Path, batches: u64) {
    let conn = Connection::open(path).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = WAL;
        CREATE TABLE onefold_log (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
        INSERT INTO onefold_log (name, value) VALUES ('format', 1);
        CREATE TABLE topics (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL) STRICT;
        INSERT INTO topics (name, partitions) VALUES ('events', 3);",
    )
    .unwrap();
    for partition in 0..PARTITIONS {
        let table = format!("\"t1_p{partition}\"");
        let columns = "(offset INTEGER PRIMARY KEY, time INTEGER NOT NULL, key BLOB NOT NULL, headers BLOB NOT NULL, value BLOB NOT NULL)";
        conn.execute_batch(&format!("CREATE TABLE {table} {columns} STRICT")).unwrap();
        let records = (0..batches).flat_map(batch).filter(|(of, _)| *of == partition);
        for (offset, (_, record)) in (0i64..).zip(records) {
            let (name, number) = &record.headers[0];
            let headers = [&[name.len() as u8], name.as_bytes(), &[number.len() as u8], number].concat();
            let row = (offset, record.time, record.key.as_ref(), headers, record.value.as_ref());
            conn.execute(&format!("INSERT INTO {table} VALUES (?1, ?2, ?3, ?4, ?5)"), row).unwrap();
        }
    }
    conn.close().unwrap();
}

fn format_of(path: &Path) -> u32 {
    let conn = Connection::open(path).unwrap();
    conn.query_row("SELECT value FROM onefold_log WHERE name = 'format'", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_log_of_the_first_format_is_brought_to_the_present_one_by_whoever_opens_it() {
    for read in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.db");
        of_first_format(&path, 40);
        let log = if read { EmbeddedLog::open_read(&path).unwrap() } else { open(&path) };
        assert_eq!(whole_batches(&log).await, 40);
        drop(log);
        assert_eq!(format_of(&path), FORMAT);
        let log = open(&path);
        append_next(&log, 40).await.unwrap();
        assert_eq!(whole_batches(&log).await, 41);
    }
}

/// As a kill between two partitions leaves it.
#[tokio::test]
async fn a_log_that_was_half_brought_to_the_present_format_is_brought_there() {
    let dir = tempfile::tempdir().unwrap();
    let (path, done) = (dir.path().join("log.db"), dir.path().join("done.db"));
    of_first_format(&path, 10);
    of_first_format(&done, 10);
    drop(open(&done));
    let conn = Connection::open(&path).unwrap();
    conn.execute("ATTACH ?1 AS done", [done.to_str().unwrap()]).unwrap();
    let table: String =
        conn.query_row("SELECT sql FROM done.sqlite_schema WHERE name = 't1_p0'", [], |row| row.get(0)).unwrap();
    conn.execute_batch(&format!("DROP TABLE t1_p0; {table}; INSERT INTO t1_p0 SELECT * FROM done.t1_p0")).unwrap();
    conn.close().unwrap();
    assert_eq!(whole_batches(&open(&path)).await, 10);
    assert_eq!(format_of(&path), FORMAT);
}

#[tokio::test]
async fn a_log_that_an_older_program_writes_to_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    of_first_format(&path, 1);
    let lock = fs::File::create(dir.path().join("log.db-lock")).unwrap();
    lock.lock().unwrap();
    let error = EmbeddedLog::open_read(&path).unwrap_err();
    assert_eq!(error, LogError::TooOld { found: 1, known: FORMAT });
    assert_eq!(format_of(&path), 1);
}

#[tokio::test]
async fn any_name_is_a_topic() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let names = ["", "p\"1'; DROP TABLE topics; -- x", "客户", "t1_p0", "onefold_log"];
    let log = open(&path);
    for name in names {
        assert_eq!(log.topic(name, 2).await.unwrap(), 2);
        log.append(name, vec![(1, onefold_log::LogRecord::new("k", name.to_owned(), 1))]).await.unwrap();
    }
    drop(log);
    let log = open(&path);
    for name in names {
        let held = log.read(name, 1, 0, 10).await.unwrap();
        assert_eq!(held.len(), 1);
        assert_eq!(held[0].record.value, name.as_bytes());
    }
}
