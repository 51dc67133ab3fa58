//! What a step to the present format takes from the states of subjects, which SQL cannot read.

use futures_util::TryStreamExt;
use onefold_fold::{FactState, LONG_ROW, SubjectState};
use onefold_store::StoreError;
use prost::Message;
use sqlx::PgConnection;

use crate::error::{corrupt, engine};
use crate::history;

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

/// Long histories into further rows, once.
pub(crate) async fn further_rows(tx: &mut PgConnection) -> Result<(), StoreError> {
    if !first(tx, "further_rows").await? {
        return Ok(());
    }
    let long = "SELECT key FROM subject WHERE length(state) > $1";
    let least = i32::try_from(LONG_ROW).unwrap_or(i32::MAX);
    let long: Vec<String> = sqlx::query_scalar(long).bind(least).fetch_all(&mut *tx).await.map_err(engine)?;
    for key in long {
        let (row, facts) = state(tx, &key).await?.lengthened().split_rows();
        if !row.is_long() {
            continue;
        }
        put(tx, &key, &row).await?;
        let facts: Vec<(String, FactState)> = facts.into_iter().map(|fact| (key.clone(), fact)).collect();
        history::put(tx, &facts).await?;
    }
    Ok(())
}

/// References of what has no owner, which nobody reads, are forgotten, once.
pub(crate) async fn unread(tx: &mut PgConnection) -> Result<(), StoreError> {
    if !first(tx, "unread").await? {
        return Ok(());
    }
    let all = "SELECT key FROM subject WHERE key LIKE 'stock:%' OR key LIKE 'product:%'";
    let all: Vec<String> = sqlx::query_scalar(all).fetch_all(&mut *tx).await.map_err(engine)?;
    for key in all {
        let state = state(tx, &key).await?;
        if let Some(row) = state.without_unread() {
            put(tx, &key, &row).await?;
        }
    }
    Ok(())
}

/// When documents happened, once.
pub(crate) async fn happened(tx: &mut PgConnection) -> Result<(), StoreError> {
    if !first(tx, "happened").await? {
        return Ok(());
    }
    sqlx::raw_sql(include_str!("sql/happened_begin.sql")).execute(&mut *tx).await.map_err(engine)?;
    let mut after = String::new();
    loop {
        let page = "SELECT key, state FROM subject WHERE key > $1 ORDER BY key LIMIT 5000";
        let page = sqlx::query_as::<_, (String, Vec<u8>)>(page).bind(&after).fetch_all(&mut *tx);
        let page = page.await.map_err(engine)?;
        let Some((last, _)) = page.last() else { break };
        after.clone_from(last);
        let (mut keys, mut times) = (Vec::with_capacity(page.len()), Vec::with_capacity(page.len()));
        for (key, state) in page {
            times.push(SubjectState::decode(state.as_slice()).map_err(|e| corrupt(&key, e))?.at());
            keys.push(key);
        }
        let put = "INSERT INTO happened SELECT * FROM unnest($1::text[], $2::bigint[])";
        sqlx::query(put).bind(keys).bind(times).execute(&mut *tx).await.map_err(engine)?;
    }
    sqlx::raw_sql(include_str!("sql/happened_end.sql")).execute(tx).await.map(drop).map_err(engine)
}

async fn state(tx: &mut PgConnection, key: &str) -> Result<SubjectState, StoreError> {
    let get = "SELECT state FROM subject WHERE key = $1";
    let state: Vec<u8> = sqlx::query_scalar(get).bind(key).fetch_one(tx).await.map_err(engine)?;
    SubjectState::decode(state.as_slice()).map_err(|e| corrupt(key, e))
}

async fn put(tx: &mut PgConnection, key: &str, row: &SubjectState) -> Result<(), StoreError> {
    let put = "UPDATE subject SET state = $2 WHERE key = $1";
    sqlx::query(put).bind(key).bind(row.encode_to_vec()).execute(tx).await.map_err(engine)?;
    Ok(())
}

/// Whether something is told for the first time.
async fn first(tx: &mut PgConnection, what: &str) -> Result<bool, StoreError> {
    let note = "INSERT INTO meta (name, value) VALUES ($1, 'told') ON CONFLICT DO NOTHING";
    Ok(sqlx::query(note).bind(what).execute(tx).await.map_err(engine)?.rows_affected() > 0)
}
