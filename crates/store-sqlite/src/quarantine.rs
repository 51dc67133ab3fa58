//! Quarantine: entries as JSON, their raw bytes beside.

use async_trait::async_trait;
use onefold_store::{Quarantine, QuarantineDecision, QuarantineEntry, QuarantineFilter, StoreError};
use rusqlite::{Connection, OptionalExtension, Result, Row, TransactionBehavior};

use crate::SqliteStore;
use crate::db::{corrupt, engine};

#[async_trait]
impl Quarantine for SqliteStore {
    async fn put(&self, entries: Vec<QuarantineEntry>) -> Result<Vec<u64>, StoreError> {
        let writer = self.writer().await?;
        let c = &writer.connection;
        // What is in quarantine is nowhere else: this commit must be durable.
        c.execute_batch("PRAGMA synchronous = FULL; BEGIN IMMEDIATE").map_err(engine)?;
        let done = entries.into_iter().map(|entry| put(c, entry)).collect::<Result<Vec<_>>>();
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = c.execute_batch(end);
        if ended.is_err() && !c.is_autocommit() {
            c.execute_batch("ROLLBACK").map_err(engine)?;
        }
        c.execute_batch("PRAGMA synchronous = NORMAL").map_err(engine)?;
        ended.map_err(engine)?;
        done.map_err(engine)
    }

    async fn list(
        &self,
        filter: &QuarantineFilter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<QuarantineEntry>, StoreError> {
        let filter = filter.clone();
        let read = move |c: &Connection| {
            let sql = "SELECT number, entry, raw, decision FROM quarantine WHERE number > ?1 AND (?2 OR decision = '')
                       AND (?3 IS NULL OR connector = ?3) AND (?4 IS NULL OR instr(codes, ?4)) ORDER BY number LIMIT ?5";
            let mut list = c.prepare_cached(sql)?;
            let rows = list.query_map(
                (after.cast_signed(), filter.all, filter.connector, filter.code, limit.cast_signed()),
                entry,
            )?;
            rows.collect()
        };
        self.read(read).await
    }

    async fn get(&self, number: u64) -> Result<Option<QuarantineEntry>, StoreError> {
        let sql = "SELECT number, entry, raw, decision FROM quarantine WHERE number = ?1";
        self.read(move |c| c.prepare_cached(sql)?.query_row([number.cast_signed()], entry).optional()).await
    }

    async fn decide(&self, decisions: Vec<QuarantineDecision>) -> Result<u64, StoreError> {
        let mut writer = self.writer().await?;
        let tx = writer.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(engine)?;
        let closed = decide(&tx, &decisions).map_err(engine)?;
        tx.commit().map_err(engine)?;
        Ok(closed)
    }

    async fn open(&self) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM quarantine WHERE decision = ''";
        self.read(move |c| c.prepare_cached(sql)?.query_row([], |r| r.get::<_, i64>(0).map(i64::cast_unsigned))).await
    }
}

fn decide(c: &Connection, decisions: &[QuarantineDecision]) -> Result<u64> {
    let sql = "UPDATE quarantine SET decision = ?2, entry = json_set(entry, '$.decision', ?2, '$.why', ?3) WHERE number = ?1 AND decision = ''";
    let mut close = c.prepare_cached(sql)?;
    let closed = decisions.iter().map(|d| close.execute((d.number.cast_signed(), d.decision, &d.why)));
    closed.sum::<Result<usize>>().map(|closed| closed as u64)
}

fn put(c: &Connection, mut new: QuarantineEntry) -> Result<u64> {
    let known = "SELECT number, entry, raw, decision FROM quarantine WHERE key = ?1";
    let known = c.prepare_cached(known)?.query_row([&new.key], entry).optional()?;
    if let Some(known) = &known {
        (new.number, new.first_seen, new.tries) = (known.number, known.first_seen, known.tries + 1);
        (new.decision, new.why) = (known.decision.clone(), known.why.clone());
    }
    let number = known.map(|k| k.number.cast_signed());
    write(c, "INSERT OR REPLACE INTO quarantine VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", number, new)?;
    Ok(c.last_insert_rowid().cast_unsigned())
}

/// Puts what is met again where rows are made again: an entry that is there stays as it is.
pub(crate) fn meet(c: &Connection, entry: &QuarantineEntry) -> Result<()> {
    write(c, "INSERT OR IGNORE INTO quarantine VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", None, entry.clone())
}

fn write(c: &Connection, sql: &str, number: Option<i64>, mut new: QuarantineEntry) -> Result<()> {
    let raw = std::mem::take(&mut new.raw);
    let json = serde_json::to_string(&new).map_err(|e| corrupt("a quarantine entry", e))?;
    c.prepare_cached(sql)?.execute((number, &new.key, &new.connector, &new.codes, &new.decision, json, raw)).map(drop)
}

fn entry(row: &Row<'_>) -> Result<QuarantineEntry> {
    let mut entry: QuarantineEntry =
        serde_json::from_str(row.get_ref(1)?.as_str()?).map_err(|e| corrupt("a quarantine entry", e))?;
    entry.number = row.get::<_, i64>(0)?.cast_unsigned();
    entry.raw = row.get(2)?;
    entry.decision = row.get(3)?;
    Ok(entry)
}
