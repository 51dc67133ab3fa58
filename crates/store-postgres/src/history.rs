//! What was said of subjects.

use async_trait::async_trait;
use onefold_store::{HistoryStore, StoreError};

use crate::PostgresStore;
use crate::error::engine;

#[async_trait]
impl HistoryStore for PostgresStore {
    async fn decided(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT subject FROM decided WHERE subject > $1 ORDER BY subject LIMIT $2";
        let page = sqlx::query_scalar(sql).bind(after.unwrap_or_default());
        page.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(self.reader()).await.map_err(engine)
    }
}
