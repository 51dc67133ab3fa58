//! What was said of subjects.

use async_trait::async_trait;
use onefold_store::{HistoryStore, StoreError};
use rusqlite::Connection;

use crate::{SqliteStore, keys};

#[async_trait]
impl HistoryStore for SqliteStore {
    async fn decided(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        let after = after.map(str::to_owned);
        let read = move |c: &Connection| {
            let after = after.map_or(Ok(None), |key| keys::find(c, &key))?.unwrap_or(0);
            let sql = "SELECT s.key FROM decided d JOIN subject s ON s.num = d.subject WHERE d.subject > ?1 ORDER BY d.subject LIMIT ?2";
            c.prepare_cached(sql)?.query_map((after, limit.cast_signed()), |r| r.get(0))?.collect()
        };
        self.read(read).await
    }
}
