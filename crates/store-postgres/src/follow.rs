//! How far the read model is.

use async_trait::async_trait;
use onefold_store::{Backlog, FollowStore, Followed, StoreError};

use crate::PostgresStore;
use crate::error::engine;

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
}
