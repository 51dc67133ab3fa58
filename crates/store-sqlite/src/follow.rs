//! How far the read model is.

use async_trait::async_trait;
use onefold_store::{FollowStore, Followed, StoreError};

use crate::SqliteStore;

#[async_trait]
impl FollowStore for SqliteStore {
    async fn followed(&self) -> Result<Followed, StoreError> {
        self.read(|c| {
            let positions = c
                .prepare_cached("SELECT next FROM position ORDER BY partition")?
                .query_map([], |r| r.get::<_, i64>(0).map(i64::cast_unsigned))?
                .collect::<rusqlite::Result<_>>()?;
            let waits = "SELECT EXISTS (SELECT 1 FROM inbox) OR EXISTS (SELECT 1 FROM mark)";
            let waiting = c.prepare_cached(waits)?.query_row([], |r| r.get(0))?;
            Ok(Followed { positions, waiting })
        })
        .await
    }
}
