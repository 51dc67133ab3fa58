//! A log of an older format is brought to the present one by whoever opens it.
//!
//! A partition at a time, so that room for the largest is enough and a kill loses no more than one: whoever opens the log next
//! goes on from there. The format is said last.

use std::path::Path;

use onefold_log::LogError;
use rusqlite::{Connection, OptionalExtension, Result};

use crate::checksum::{RecordRow, of_topic};
use crate::error::classify_error;
use crate::schema::{FORMAT, make_table, table_name};

/// Takes the steps that are missing.
pub(crate) fn upgrade_schema(conn: &Connection, path: &Path, from: u32) -> std::result::Result<(), LogError> {
    tracing::info!(from, to = FORMAT, "the log is brought to the format of this program");
    add_sums(conn).map_err(|e| classify_error(e, path))
}

/// From format 1 to 2: rows carry their checksums. What was damaged before cannot be told any more.
fn add_sums(conn: &Connection) -> Result<()> {
    let mut all = conn.prepare("SELECT number, name, partitions FROM topics ORDER BY number")?;
    let topics: Vec<(i64, String, u32)> =
        all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_>>()?;
    drop(all);
    for (number, _, partitions) in &topics {
        for partition in 0..*partitions {
            if !has_sum(conn, &table_name(*number, partition).replace('"', ""))? {
                in_transaction(conn, || partition_with_sums(conn, *number, partition))?;
                conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            }
        }
    }
    in_transaction(conn, || {
        if !has_sum(conn, "topics")? {
            conn.execute_batch("ALTER TABLE topics ADD COLUMN sum INTEGER NOT NULL DEFAULT 0")?;
        }
        for (number, name, partitions) in &topics {
            let sum = of_topic(*number, name, *partitions);
            conn.execute("UPDATE topics SET sum = ?2 WHERE number = ?1", (number, sum))?;
        }
        conn.execute("UPDATE onefold_log SET value = 2 WHERE name = 'format'", []).map(drop)
    })
}

fn has_sum(conn: &Connection, table: &str) -> Result<bool> {
    let column = "SELECT 1 FROM pragma_table_info(?1) WHERE name = 'sum'";
    Ok(conn.query_row(column, [table], |_| Ok(())).optional()?.is_some())
}

/// Written anew rather than lengthened where they stand, which would split nearly every page.
fn partition_with_sums(conn: &Connection, topic: i64, partition: u32) -> Result<()> {
    let (old, table) = ("\"without_sums\"", table_name(topic, partition));
    conn.execute_batch(&format!("ALTER TABLE {table} RENAME TO {old}"))?;
    make_table(conn, &table)?;
    let mut all = conn.prepare(&format!("SELECT offset, time, key, headers, value FROM {old} ORDER BY offset"))?;
    let mut put = conn.prepare(&format!("INSERT INTO {table} VALUES (?1, ?2, ?3, ?4, ?5, ?6)"))?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let blob = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_blob()?);
        let row = RecordRow {
            topic,
            partition,
            offset: row.get(0)?,
            time: row.get(1)?,
            key: blob(2)?,
            headers: blob(3)?,
            value: blob(4)?,
        };
        put.execute((row.offset, row.time, row.key, row.headers, row.value, row.compute_sum()))?;
    }
    drop(rows);
    drop(all);
    conn.execute_batch(&format!("DROP TABLE {old}"))
}

/// All of it or nothing.
fn in_transaction(conn: &Connection, work: impl FnOnce() -> Result<()>) -> Result<()> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let done = work().and_then(|()| conn.execute_batch("COMMIT"));
    if done.is_err() && !conn.is_autocommit() {
        conn.execute_batch("ROLLBACK")?;
    }
    done
}
