//! What sources remember.

use async_trait::async_trait;
use onefold_store::{SourceItem, SourceMove, SourceStore, StoreError};
use rusqlite::{Connection, OptionalExtension};

use crate::SqliteStore;
use crate::db::{SOURCES, Tx, engine};

#[async_trait]
impl SourceStore for SqliteStore {
    async fn source_names(&self) -> Result<Vec<String>, StoreError> {
        self.read(|c| {
            if !is_there(c)? {
                return Ok(Vec::new());
            }
            let mut all = c.prepare_cached("SELECT DISTINCT source FROM source_item ORDER BY source")?;
            all.query_map([], |row| row.get(0))?.collect()
        })
        .await
    }

    async fn source_items(&self, source: &str) -> Result<Vec<SourceItem>, StoreError> {
        let source = source.to_owned();
        self.read(move |c| {
            if !is_there(c)? {
                return Ok(Vec::new());
            }
            let mut all = c.prepare_cached("SELECT item, state FROM source_item WHERE source = ?1 ORDER BY item")?;
            let one = |row: &rusqlite::Row<'_>| Ok(SourceItem { item: row.get(0)?, state: row.get(1)? });
            all.query_map([source], one)?.collect()
        })
        .await
    }

    async fn source_item(&self, source: &str, item: &str) -> Result<Option<String>, StoreError> {
        self.read_here(|c| {
            if !is_there(c)? {
                return Ok(None);
            }
            let mut one = c.prepare_cached("SELECT state FROM source_item WHERE source = ?1 AND item = ?2")?;
            one.query_row((source, item), |row| row.get(0)).optional()
        })
    }

    /// Whoever opened the file for reading may do this too, beside the process that writes: people pause and rewind sources
    /// while they are read.
    async fn move_items(&self, source: &str, moves: &[SourceMove]) -> Result<(), StoreError> {
        if self.0.writer.is_some() {
            let tx = Tx::begin(self.writer().await?)?;
            apply(&tx.writer.connection, source, moves)?;
            return tx.commit();
        }
        // At once, so that two who change the same wait for each other instead of one being refused half way.
        let mut connection = self.open_beside()?;
        let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(engine)?;
        tx.execute_batch(SOURCES).map_err(engine)?;
        apply(&tx, source, moves)?;
        tx.commit().map_err(engine)
    }
}

fn apply(connection: &Connection, source: &str, moves: &[SourceMove]) -> Result<(), StoreError> {
    let step = |step: &SourceMove| -> rusqlite::Result<usize> {
        let SourceMove { item, from, to } = step;
        match (from, to) {
            (None, Some(to)) => connection
                .prepare_cached("INSERT OR IGNORE INTO source_item VALUES (?1, ?2, ?3)")?
                .execute((source, item, to)),
            (Some(from), Some(to)) => connection
                .prepare_cached("UPDATE source_item SET state = ?4 WHERE source = ?1 AND item = ?2 AND state = ?3")?
                .execute((source, item, from, to)),
            (Some(from), None) => connection
                .prepare_cached("DELETE FROM source_item WHERE source = ?1 AND item = ?2 AND state = ?3")?
                .execute((source, item, from)),
            (None, None) => Ok(1),
        }
    };
    for one in moves {
        if step(one).map_err(engine)? == 0 {
            return Err(StoreError::Conflict);
        }
    }
    Ok(())
}

/// A file that was opened for reading may be of a program that watched nothing.
fn is_there(connection: &Connection) -> rusqlite::Result<bool> {
    let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'source_item')";
    connection.prepare_cached(exists)?.query_row([], |row| row.get(0))
}
