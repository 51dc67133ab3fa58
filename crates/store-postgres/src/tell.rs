//! What a step to the present format takes from the states of subjects, which SQL cannot read.

use futures_util::TryStreamExt;
use onefold_store::{StoreError, SubjectState};
use prost::Message;
use sqlx::PgConnection;

use crate::error::{corrupt, engine};

/// Subjects about which a decision stands, once. Nobody projects meanwhile: the caller has locked the positions.
pub(crate) async fn decided(tx: &mut PgConnection) -> Result<(), StoreError> {
    if !first(tx, "decided").await? {
        return Ok(());
    }
    let mut decided: Vec<String> = Vec::new();
    {
        let mut rows = sqlx::query_as::<_, (String, Vec<u8>)>("SELECT key, state FROM subject").fetch(&mut *tx);
        while let Some((key, state)) = rows.try_next().await.map_err(engine)? {
            let state = SubjectState::decode(state.as_slice()).map_err(|e| corrupt(&key, e))?;
            decided.extend(state.is_decided().then_some(key));
        }
    }
    sqlx::query(include_str!("sql/decided_add.sql")).bind(decided).execute(tx).await.map_err(engine)?;
    Ok(())
}

/// Whether something is told for the first time.
async fn first(tx: &mut PgConnection, what: &str) -> Result<bool, StoreError> {
    let note = "INSERT INTO meta (name, value) VALUES ($1, 'told') ON CONFLICT DO NOTHING";
    Ok(sqlx::query(note).bind(what).execute(tx).await.map_err(engine)?.rows_affected() > 0)
}
