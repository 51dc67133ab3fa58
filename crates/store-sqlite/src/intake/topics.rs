//! How far readers of intake are.

use std::collections::BTreeMap;

use async_trait::async_trait;
use onefold_store::{IntakeStore, StoreError};

use crate::SqliteStore;
use crate::db::{Tx, engine};

#[async_trait]
impl IntakeStore for SqliteStore {
    async fn intake(&self, reader: &str, topic: &str) -> Result<BTreeMap<u32, u64>, StoreError> {
        let (reader, topic) = (reader.to_owned(), topic.to_owned());
        self.read(move |c| {
            let mut all = c.prepare_cached("SELECT partition, next FROM intake WHERE reader = ?1 AND topic = ?2")?;
            let one = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()));
            all.query_map([reader, topic], one)?.collect()
        })
        .await
    }

    async fn move_intake(&self, reader: &str, topic: &str, moves: &[(u32, u64, u64)]) -> Result<(), StoreError> {
        let tx = Tx::begin(self.writer().await?)?;
        for (partition, from, to) in moves {
            let begin = "INSERT OR IGNORE INTO intake VALUES (?1, ?2, ?3, 0)";
            let step = "UPDATE intake SET next = ?5 WHERE reader = ?1 AND topic = ?2 AND partition = ?3 AND next = ?4";
            let connection = &tx.writer.connection;
            let begun =
                connection.prepare_cached(begin).and_then(|mut begin| begin.execute((reader, topic, partition)));
            begun.map_err(engine)?;
            let place = (reader, topic, partition, from.cast_signed(), to.cast_signed());
            let moved = connection.prepare_cached(step).and_then(|mut step| step.execute(place)).map_err(engine)?;
            if moved == 0 {
                return Err(StoreError::Fenced { partition: *partition, expected: *from });
            }
        }
        tx.commit()
    }
}
