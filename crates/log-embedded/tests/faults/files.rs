//! Files that are newer, foreign or damaged: said clearly, and left as they are.

use std::fs;
use std::path::Path;

use onefold_log::{Log, LogError};
use onefold_log_embedded::{EmbeddedLog, FORMAT, Options};
use rusqlite::Connection;

use crate::{PARTITIONS, TOPIC, append_next, open, whole_batches};

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
    let write = EmbeddedLog::open(path, Options::default()).unwrap_err();
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
    assert!(matches!(EmbeddedLog::open(&nowhere, Options::default()), Err(LogError::Absent(_))));
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
    let said = match EmbeddedLog::open(&path, Options::default()) {
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

#[tokio::test]
async fn any_name_is_a_topic() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let names = ["", "p\"1'; DROP TABLE topics; -- x", "客户", "t1_p0", "onefold_log"];
    let log = open(&path);
    for name in names {
        assert_eq!(log.topic(name, 2).await.unwrap(), 2);
        log.append(name, vec![(1, onefold_log::Record::new("k", name.to_owned(), 1))]).await.unwrap();
    }
    drop(log);
    let log = open(&path);
    for name in names {
        let held = log.read(name, 1, 0, 10).await.unwrap();
        assert_eq!(held.len(), 1);
        assert_eq!(held[0].record.value, name.as_bytes());
    }
}
