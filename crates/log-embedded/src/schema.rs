//! The tables: which format the file has, its topics, and one table per topic and partition.

use std::path::Path;

use onefold_log::LogError;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::checksum;
use crate::error::{classify_error, damaged_file};
use crate::options::EmbeddedOptions;
use crate::upgrade::upgrade_schema;

/// The data format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 2;

/// Under which the format stands.
pub(crate) const FORMAT_NAME: &str = "format";

const MAKE: &str = include_str!("make.sql");

/// A topic as the file has it.
#[derive(Debug, Clone)]
pub(crate) struct TopicRow {
    pub(crate) number: i64,
    pub(crate) name: String,
    pub(crate) partitions: u32,
}

/// Opens the file for the one that writes, and makes it a log if it is new.
pub(crate) fn open_writer(path: &Path, options: &EmbeddedOptions) -> Result<Connection, LogError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<Connection> {
        let conn = Connection::open_with_flags(path, flags)?;
        prepare_schema(&conn)?;
        Ok(conn)
    };
    let conn = open().map_err(|e| classify_error(e, path))?;
    // Before anything is changed: a newer file is left exactly as it is.
    let found = check_format(&conn, path)?;
    let new = found == FileContent::Nothing;
    let settle = || -> rusqlite::Result<String> {
        if new {
            conn.pragma_update(None, "page_size", options.page_size)?;
        }
        let mode = conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        // An append is acknowledged when it is fsynced.
        conn.pragma_update(None, "synchronous", "FULL")?;
        // Checkpoints have a thread of their own.
        conn.pragma_update(None, "wal_autocheckpoint", 0)?;
        conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
        // In KiB when negative: a large batch should not spill before its commit.
        conn.pragma_update(None, "cache_size", -16_384)?;
        if new {
            conn.execute_batch(MAKE)?;
        }
        Ok(mode)
    };
    let mode = settle().map_err(|e| classify_error(e, path))?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(LogError::Unavailable(format!(
            "{}: the file system cannot hold a write-ahead log (journal mode is {mode})",
            path.display()
        )));
    }
    if let FileContent::Older(format) = found {
        upgrade_schema(&conn, path, format)?;
    }
    Ok(conn)
}

/// Opens the file for one that only reads, beside the writer or without it.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, LogError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<Connection> {
        let conn = Connection::open_with_flags(path, flags)?;
        prepare_schema(&conn)?;
        Ok(conn)
    };
    open().map_err(|e| classify_error(e, path))
}

fn prepare_schema(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    conn.set_prepared_statement_cache_capacity(512);
    conn.pragma_update(None, "trusted_schema", false)
}

/// What a file holds before we look closer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FileContent {
    /// Not a single table.
    Nothing,
    /// A log of this program's format.
    Log,
    /// A log of an older format.
    Older(u32),
}

/// Refuses what is newer than this program, and what is no log.
pub(crate) fn check_format(conn: &Connection, path: &Path) -> Result<FileContent, LogError> {
    let ask = || -> rusqlite::Result<(i64, Option<i64>)> {
        let tables = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
        let named = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'onefold_log'";
        let ours = conn.query_row(named, [], |_| Ok(())).optional()?.is_some();
        let format = if ours {
            conn.query_row("SELECT value FROM onefold_log WHERE name = 'format'", [], |r| r.get(0)).optional()?
        } else {
            None
        };
        Ok((tables, format))
    };
    let (tables, format) = ask().map_err(|e| classify_error(e, path))?;
    match (tables, format.map(u32::try_from)) {
        (0, _) => Ok(FileContent::Nothing),
        (_, Some(Ok(FORMAT))) => Ok(FileContent::Log),
        (_, Some(Ok(found))) if found > FORMAT => Err(LogError::TooNew { found, known: FORMAT }),
        (_, Some(Ok(found))) if found > 0 => Ok(FileContent::Older(found)),
        _ => Err(LogError::Corrupt(format!("{} is a SQLite file but not a log of Onefold", path.display()))),
    }
}

/// The topics that the file has.
///
/// # Errors
/// A topic's row is not as it was written.
pub(crate) fn read_topics(conn: &Connection, path: &Path) -> Result<Vec<TopicRow>, LogError> {
    let read = || -> rusqlite::Result<Vec<(TopicRow, i32)>> {
        conn.prepare_cached("SELECT number, name, partitions, sum FROM topics ORDER BY number")?
            .query_map([], |row| {
                let topic = TopicRow { number: row.get(0)?, name: row.get(1)?, partitions: row.get(2)? };
                Ok((topic, row.get(3)?))
            })?
            .collect()
    };
    let topics = read().map_err(|e| classify_error(e, path))?;
    for (TopicRow { number, name, partitions }, sum) in &topics {
        if checksum::of_topic(*number, name, *partitions) != *sum {
            return Err(damaged_file(
                path,
                format_args!("topic {number} (`{name}`): its checksum is not that of its row"),
            ));
        }
    }
    Ok(topics.into_iter().map(|(topic, _)| topic).collect())
}

/// Makes a topic and its tables; the caller holds the transaction.
pub(crate) fn make_topic(conn: &Connection, name: &str, partitions: u32) -> rusqlite::Result<TopicRow> {
    conn.execute("INSERT INTO topics (name, partitions, sum) VALUES (?1, ?2, 0)", (name, partitions))?;
    let number = conn.last_insert_rowid();
    let sum = checksum::of_topic(number, name, partitions);
    conn.execute("UPDATE topics SET sum = ?2 WHERE number = ?1", (number, sum))?;
    (0..partitions).try_for_each(|partition| make_table(conn, &table_name(number, partition)))?;
    Ok(TopicRow { number, name: name.to_owned(), partitions })
}

/// Makes the table of a partition.
pub(crate) fn make_table(conn: &Connection, table: &str) -> rusqlite::Result<()> {
    conn.execute_batch(&format!(
        "CREATE TABLE {table} (offset INTEGER PRIMARY KEY, time INTEGER NOT NULL, \
         key BLOB NOT NULL, headers BLOB NOT NULL, value BLOB NOT NULL, sum INTEGER NOT NULL) STRICT"
    ))
}

/// The table of a partition.
pub(crate) fn table_name(number: i64, partition: u32) -> String {
    format!("\"t{number}_p{partition}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pragma(conn: &Connection, name: &str) -> String {
        conn.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
            .map(|value| match value {
                rusqlite::types::Value::Integer(n) => n.to_string(),
                rusqlite::types::Value::Text(text) => text,
                other => format!("{other:?}"),
            })
            .unwrap()
    }

    #[test]
    fn the_connection_that_writes_syncs_every_commit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.db");
        let options = EmbeddedOptions::default();
        for _ in 0..2 {
            // When the file is made, and when it is found.
            let conn = open_writer(&path, &options).unwrap();
            assert_eq!(pragma(&conn, "journal_mode"), "wal");
            assert_eq!(pragma(&conn, "synchronous"), "2", "2 is FULL");
            assert_eq!(pragma(&conn, "wal_autocheckpoint"), "0");
            assert_eq!(pragma(&conn, "page_size"), options.page_size.to_string());
        }
    }

    #[test]
    fn a_new_file_says_its_format() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.db");
        let conn = open_writer(&path, &EmbeddedOptions::default()).unwrap();
        let format: u32 =
            conn.query_row("SELECT value FROM onefold_log WHERE name = 'format'", [], |r| r.get(0)).unwrap();
        assert_eq!(format, FORMAT);
        assert_eq!(check_format(&conn, &path), Ok(FileContent::Log));
    }
}
