//! How far the read model is.

use async_trait::async_trait;
use onefold_store::{Backlog, FollowStore, Followed, Queue, StoreError};

use crate::SqliteStore;

#[async_trait]
impl FollowStore for SqliteStore {
    async fn followed(&self) -> Result<Followed, StoreError> {
        self.read_here(|c| {
            let positions = c
                .prepare_cached("SELECT next FROM position ORDER BY partition")?
                .query_map([], |r| r.get::<_, i64>(0).map(i64::cast_unsigned))?
                .collect::<rusqlite::Result<_>>()?;
            let waits = "SELECT EXISTS (SELECT 1 FROM inbox) OR EXISTS (SELECT 1 FROM mark)";
            let waiting = c.prepare_cached(waits)?.query_row([], |r| r.get(0))?;
            Ok(Followed { positions, waiting })
        })
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.read(|c| {
            let count = |sql| c.prepare_cached(sql)?.query_row([], |r| r.get::<_, i64>(0).map(i64::cast_unsigned));
            Ok(Backlog { inbox: count("SELECT count(*) FROM inbox")?, marks: count("SELECT count(*) FROM mark")? })
        })
        .await
    }

    async fn hear(&self, _put: &(dyn Fn(Queue) + Send + Sync)) -> Result<(), StoreError> {
        std::future::pending().await
    }
}
