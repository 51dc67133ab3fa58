//! How far readers of intake are.

use std::collections::BTreeMap;

use async_trait::async_trait;
use onefold_store::{IntakeStore, StoreError};
use sqlx::Row;

use crate::PostgresStore;
use crate::error::engine;

#[async_trait]
impl IntakeStore for PostgresStore {
    async fn intake(&self, reader: &str, topic: &str) -> Result<BTreeMap<u32, u64>, StoreError> {
        let sql = "SELECT partition, next FROM intake WHERE reader = $1 AND topic = $2";
        let rows = sqlx::query(sql).bind(reader).bind(topic).fetch_all(self.reader()).await.map_err(engine)?;
        let one = |row: sqlx::postgres::PgRow| {
            let (partition, next): (i32, i64) = (row.try_get(0)?, row.try_get(1)?);
            Ok((partition.cast_unsigned(), next.cast_unsigned()))
        };
        rows.into_iter().map(one).collect::<Result<_, sqlx::Error>>().map_err(engine)
    }

    async fn move_intake(&self, reader: &str, topic: &str, moves: &[(u32, u64, u64)]) -> Result<(), StoreError> {
        let mut tx = self.stage().await?;
        let partitions: Vec<i32> = moves.iter().map(|(partition, ..)| partition.cast_signed()).collect();
        let was: Vec<i64> = moves.iter().map(|(_, from, _)| from.cast_signed()).collect();
        let next: Vec<i64> = moves.iter().map(|(.., to)| to.cast_signed()).collect();
        let moved = sqlx::query_scalar::<_, i32>(include_str!("../sql/intake_move.sql"))
            .bind(reader)
            .bind(topic)
            .bind(partitions)
            .bind(was)
            .bind(next);
        let moved = moved.fetch_all(&mut *tx).await.map_err(engine)?;
        let late = moves.iter().find(|(partition, ..)| !moved.contains(&partition.cast_signed()));
        if let Some((partition, from, _)) = late {
            return Err(StoreError::Fenced { partition: *partition, expected: *from });
        }
        tx.commit().await.map_err(engine)
    }
}
