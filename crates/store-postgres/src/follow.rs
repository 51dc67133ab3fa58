//! How far the read model is.

use async_trait::async_trait;
use onefold_log::Fingerprint;
use onefold_store::{Backlog, FollowStore, Followed, Queue, StoreError};
use sqlx::Row;
use sqlx::postgres::PgListener;

use crate::PostgresStore;
use crate::error::{corrupt, engine};
use crate::sums::bytes;

#[async_trait]
impl FollowStore for PostgresStore {
    async fn followed(&self) -> Result<Followed, StoreError> {
        let (positions, waiting): (Vec<i64>, bool) =
            sqlx::query_as(include_str!("sql/followed.sql")).fetch_one(self.reader()).await.map_err(engine)?;
        Ok(Followed { positions: positions.into_iter().map(i64::cast_unsigned).collect(), waiting })
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let (inbox, marks): (i64, i64) =
            sqlx::query_as(include_str!("sql/backlog.sql")).fetch_one(self.reader()).await.map_err(engine)?;
        Ok(Backlog { inbox: inbox.cast_unsigned(), marks: marks.cast_unsigned() })
    }

    async fn fingerprints(&self) -> Result<Vec<Fingerprint>, StoreError> {
        let sql = "SELECT partition, at, digest FROM fingerprint ORDER BY partition";
        let rows = sqlx::query(sql).fetch_all(self.reader()).await.map_err(engine)?;
        let one = |row: &sqlx::postgres::PgRow| {
            let (partition, at): (i32, i64) =
                (row.try_get("partition").map_err(engine)?, row.try_get("at").map_err(engine)?);
            let digest = bytes(row, "digest")?.try_into().map_err(|e| corrupt("a fingerprint", e))?;
            Ok(Fingerprint { partition: partition.cast_unsigned(), offset: at.cast_unsigned(), digest })
        };
        rows.iter().map(one).collect()
    }

    async fn keep_fingerprints(&self, fingerprints: &[Fingerprint]) -> Result<(), StoreError> {
        let partitions: Vec<i32> = fingerprints.iter().map(|at| at.partition.cast_signed()).collect();
        let at: Vec<i64> = fingerprints.iter().map(|at| at.offset.cast_signed()).collect();
        let digests: Vec<&[u8]> = fingerprints.iter().map(|at| at.digest.as_slice()).collect();
        let mut tx = self.stage().await?;
        let keep = sqlx::query(include_str!("sql/fingerprints_keep.sql")).bind(partitions).bind(at).bind(digests);
        keep.execute(&mut *tx).await.map_err(engine)?;
        tx.commit().await.map_err(engine)
    }

    async fn hear(&self, put: &(dyn Fn(Queue) + Send + Sync)) -> Result<(), StoreError> {
        let schema: String =
            sqlx::query_scalar("SELECT current_schema()::text").fetch_one(self.reader()).await.map_err(engine)?;
        let mut listener = PgListener::connect_with(&self.0.listener).await.map_err(engine)?;
        listener.listen(&format!("onefold_{schema}")).await.map_err(engine)?;
        // What was put before it listened.
        [Queue::Inbox, Queue::Marks].into_iter().for_each(put);
        // None: the connection was lost and is made again at the next call, and what was told meanwhile is lost.
        while let Some(told) = listener.try_recv().await.map_err(engine)? {
            put(if told.payload() == "inbox" { Queue::Inbox } else { Queue::Marks });
        }
        Ok(())
    }
}
