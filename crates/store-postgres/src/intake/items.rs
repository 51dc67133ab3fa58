//! What sources remember.

use async_trait::async_trait;
use onefold_store::{SourceItem, SourceMove, SourceStore, StoreError};
use sqlx::Row;

use crate::PostgresStore;
use crate::error::engine;

/// The server's word for a table that is not there: no program that watches directories has written here yet.
const UNDEFINED_TABLE: &str = "42P01";

#[async_trait]
impl SourceStore for PostgresStore {
    async fn source_names(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT source FROM source_item ORDER BY source";
        read(sqlx::query_scalar::<_, String>(sql).fetch_all(self.reader()).await)
    }

    async fn source_items(&self, source: &str) -> Result<Vec<SourceItem>, StoreError> {
        let sql = "SELECT item, state FROM source_item WHERE source = $1 ORDER BY item";
        let rows = read(sqlx::query(sql).bind(source).fetch_all(self.reader()).await)?;
        let one = |row: sqlx::postgres::PgRow| Ok(SourceItem { item: row.try_get(0)?, state: row.try_get(1)? });
        rows.into_iter().map(one).collect::<Result<_, sqlx::Error>>().map_err(engine)
    }

    async fn source_item(&self, source: &str, item: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT state FROM source_item WHERE source = $1 AND item = $2";
        read(sqlx::query_scalar(sql).bind(source).bind(item).fetch_optional(self.reader()).await)
    }

    async fn move_items(&self, source: &str, moves: &[SourceMove]) -> Result<(), StoreError> {
        let mut tx = self.stage().await?;
        let chosen = |of: fn(&SourceMove) -> bool| {
            let chosen: Vec<&SourceMove> = moves.iter().filter(|step| of(step)).collect();
            let items: Vec<String> = chosen.iter().map(|step| step.item.clone()).collect();
            let was: Vec<String> = chosen.iter().filter_map(|step| step.from.clone()).collect();
            let next: Vec<String> = chosen.iter().filter_map(|step| step.to.clone()).collect();
            (items, was, next)
        };
        let (items, _, next) = chosen(|step| step.from.is_none() && step.to.is_some());
        let mut missed = items.len() as u64;
        if missed > 0 {
            let sql = "INSERT INTO source_item (source, item, state)
                SELECT $1, moved.item, moved.state FROM unnest($2::text[], $3::text[]) AS moved (item, state)
                ON CONFLICT DO NOTHING";
            let put = sqlx::query(sql).bind(source).bind(items).bind(next);
            missed -= put.execute(&mut *tx).await.map_err(engine)?.rows_affected();
        }
        let (items, was, next) = chosen(|step| step.from.is_some() && step.to.is_some());
        missed += items.len() as u64;
        if !items.is_empty() {
            let sql = "UPDATE source_item AS kept SET state = moved.state
                FROM unnest($2::text[], $3::text[], $4::text[]) AS moved (item, was, state)
                WHERE kept.source = $1 AND kept.item = moved.item AND kept.state = moved.was";
            let put = sqlx::query(sql).bind(source).bind(items).bind(was).bind(next);
            missed -= put.execute(&mut *tx).await.map_err(engine)?.rows_affected();
        }
        let (items, was, _) = chosen(|step| step.from.is_some() && step.to.is_none());
        missed += items.len() as u64;
        if !items.is_empty() {
            let sql = "DELETE FROM source_item AS kept USING unnest($2::text[], $3::text[]) AS moved (item, was)
                WHERE kept.source = $1 AND kept.item = moved.item AND kept.state = moved.was";
            let put = sqlx::query(sql).bind(source).bind(items).bind(was);
            missed -= put.execute(&mut *tx).await.map_err(engine)?.rows_affected();
        }
        if missed > 0 {
            return Err(StoreError::Conflict);
        }
        tx.commit().await.map_err(engine)
    }
}

/// What is read of a table that need not be there.
fn read<T: Default>(answer: Result<T, sqlx::Error>) -> Result<T, StoreError> {
    match answer {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(UNDEFINED_TABLE) => Ok(T::default()),
        other => other.map_err(engine),
    }
}
