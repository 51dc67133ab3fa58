//! Quarantine: entries as JSON, their raw bytes beside.

use async_trait::async_trait;
use onefold_store::{Quarantine, QuarantineDecision, QuarantineEntry, QuarantineFilter, StoreError};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use crate::PostgresStore;
use crate::error::{corrupt, engine};

#[async_trait]
impl Quarantine for PostgresStore {
    async fn put(&self, entries: Vec<QuarantineEntry>) -> Result<Vec<u64>, StoreError> {
        let mut tx = self.stage().await?;
        // What is in quarantine is nowhere else: this commit must be durable. One at a time puts, so that numbers have no
        // gaps and one key has one entry.
        sqlx::query("SET LOCAL synchronous_commit = on").execute(&mut *tx).await.map_err(engine)?;
        sqlx::query("LOCK TABLE quarantine IN SHARE ROW EXCLUSIVE MODE").execute(&mut *tx).await.map_err(engine)?;
        let mut numbers = Vec::with_capacity(entries.len());
        for entry in entries {
            numbers.push(put(&mut tx, entry).await?);
        }
        tx.commit().await.map_err(engine)?;
        Ok(numbers)
    }

    async fn list(
        &self,
        filter: &QuarantineFilter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<QuarantineEntry>, StoreError> {
        let rows = sqlx::query(include_str!("sql/quarantine_list.sql"))
            .bind(after.cast_signed())
            .bind(filter.all)
            .bind(&filter.connector)
            .bind(&filter.code)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(self.reader())
            .await
            .map_err(engine)?;
        rows.iter().map(entry).collect()
    }

    async fn get(&self, number: u64) -> Result<Option<QuarantineEntry>, StoreError> {
        let sql = "SELECT number, entry, raw, decision, why FROM quarantine WHERE number = $1";
        let row = sqlx::query(sql).bind(number.cast_signed()).fetch_optional(self.reader()).await.map_err(engine)?;
        row.as_ref().map(entry).transpose()
    }

    async fn decide(&self, decisions: Vec<QuarantineDecision>) -> Result<u64, StoreError> {
        let mut tx = self.stage().await?;
        sqlx::query("SET LOCAL synchronous_commit = on").execute(&mut *tx).await.map_err(engine)?;
        let numbers: Vec<i64> = decisions.iter().map(|one| one.number.cast_signed()).collect();
        let words: Vec<&str> = decisions.iter().map(|one| one.decision).collect();
        let whys: Vec<String> = decisions.iter().map(|one| one.why.replace('\0', "\u{FFFD}")).collect();
        let sql = include_str!("sql/quarantine_decide.sql");
        let decided = sqlx::query(sql).bind(numbers).bind(words).bind(whys).execute(&mut *tx).await.map_err(engine)?;
        tx.commit().await.map_err(engine)?;
        Ok(decided.rows_affected())
    }

    async fn open(&self) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM quarantine WHERE decision = ''";
        let open: i64 = sqlx::query_scalar(sql).fetch_one(self.reader()).await.map_err(engine)?;
        Ok(open.cast_unsigned())
    }
}

async fn put(c: &mut PgConnection, mut new: QuarantineEntry) -> Result<u64, StoreError> {
    let known = "SELECT number, entry, raw, decision, why FROM quarantine WHERE key = $1";
    let known = sqlx::query(known).bind(new.key.as_bytes()).fetch_optional(&mut *c).await.map_err(engine)?;
    let known = known.as_ref().map(entry).transpose()?;
    if let Some(known) = &known {
        (new.number, new.first_seen, new.tries) = (known.number, known.first_seen, known.tries + 1);
        (new.decision, new.why) = (known.decision.clone(), known.why.clone());
    }
    let sql = match known {
        Some(_) => include_str!("sql/quarantine_again.sql"),
        None => include_str!("sql/quarantine_put.sql"),
    };
    let number = write(c, sql, new).await?;
    Ok(number.unwrap_or_default().cast_unsigned())
}

/// Puts what is met again where rows are made again: an entry that is there stays as it is. The lock comes last in a
/// transaction, and whoever holds it waits for nothing else.
pub(crate) async fn meet(c: &mut PgConnection, entries: Vec<QuarantineEntry>) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    sqlx::query("LOCK TABLE quarantine IN SHARE ROW EXCLUSIVE MODE").execute(&mut *c).await.map_err(engine)?;
    for entry in entries {
        write(c, include_str!("sql/quarantine_meet.sql"), entry).await?;
    }
    Ok(())
}

/// Answers the number of what was written.
async fn write(c: &mut PgConnection, sql: &'static str, mut new: QuarantineEntry) -> Result<Option<i64>, StoreError> {
    let raw = std::mem::take(&mut new.raw);
    // JSON writes out the one character that the engine's texts cannot hold.
    let json = serde_json::to_string(&new).map_err(|e| corrupt("a quarantine entry", e))?;
    let plain = |text: &str| text.replace('\0', "\u{FFFD}");
    sqlx::query_scalar(sql)
        .bind(new.key.as_bytes())
        .bind(plain(&new.connector))
        .bind(plain(&new.codes))
        .bind(json)
        .bind(raw)
        .bind(plain(&new.decision))
        .bind(plain(&new.why))
        .fetch_optional(c)
        .await
        .map_err(engine)
}

fn entry(row: &PgRow) -> Result<QuarantineEntry, StoreError> {
    let json: &str = row.try_get("entry").map_err(engine)?;
    let mut entry: QuarantineEntry = serde_json::from_str(json).map_err(|e| corrupt("a quarantine entry", e))?;
    entry.number = row.try_get::<i64, _>("number").map_err(engine)?.cast_unsigned();
    entry.raw = row.try_get("raw").map_err(engine)?;
    entry.decision = row.try_get("decision").map_err(engine)?;
    entry.why = row.try_get("why").map_err(engine)?;
    Ok(entry)
}
