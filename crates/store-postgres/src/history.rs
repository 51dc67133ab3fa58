//! What was said of subjects.

use std::collections::HashMap;

use async_trait::async_trait;
use onefold_fold::{FactState, SubjectState};
use onefold_store::{FactsOf, HistoryStore, StoreError};
use prost::Message;
use sqlx::{PgConnection, Row};

use crate::PostgresStore;
use crate::error::{corrupt, engine};
use crate::sums::bytes;

/// Rows per statement at most.
const ROWS: usize = 5000;

#[async_trait]
impl HistoryStore for PostgresStore {
    async fn facts(&self, asked: &[FactsOf]) -> Result<Vec<Vec<FactState>>, StoreError> {
        let mut tx = self.snapshot().await?;
        let keys: Vec<&str> = asked.iter().map(|of| of.subject.as_str()).collect();
        let sql = "SELECT key, state FROM subject WHERE key = ANY($1)";
        let rows = sqlx::query(sql).bind(keys).fetch_all(&mut *tx).await.map_err(engine)?;
        let mut states: HashMap<&str, SubjectState> = HashMap::with_capacity(rows.len());
        for row in &rows {
            let key: &str = row.try_get("key").map_err(engine)?;
            states.insert(key, SubjectState::decode(bytes(row, "state")?).map_err(|e| corrupt(key, e))?);
        }
        let is_long = |of: &FactsOf| states.get(of.subject.as_str()).is_some_and(SubjectState::is_long);
        let long: Vec<FactsOf> = asked.iter().filter(|of| is_long(of)).cloned().collect();
        let mut further = further(&mut tx, &long).await?.into_iter();
        tx.commit().await.map_err(engine)?;
        let facts = |of: &FactsOf| match states.get(of.subject.as_str()) {
            Some(state) if state.is_long() => further.next().unwrap_or_default(),
            Some(state) => state.facts.iter().filter(|fact| of.names(fact)).cloned().collect(),
            None => Vec::new(),
        };
        Ok(asked.iter().map(facts).collect())
    }

    async fn decided(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT subject FROM decided WHERE subject > $1 ORDER BY subject LIMIT $2";
        let page = sqlx::query_scalar(sql).bind(after.unwrap_or_default());
        page.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(self.reader()).await.map_err(engine)
    }

    async fn party_decisions(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT decision FROM decision WHERE decision > $1 ORDER BY decision LIMIT $2";
        let page = sqlx::query_scalar(sql).bind(after.unwrap_or_default());
        page.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(self.reader()).await.map_err(engine)
    }
}

/// Further rows, in the order asked, each list in the order of a row.
pub(crate) async fn further(c: &mut PgConnection, asked: &[FactsOf]) -> Result<Vec<Vec<FactState>>, StoreError> {
    let mut found = vec![Vec::new(); asked.len()];
    if asked.is_empty() {
        return Ok(found);
    }
    let subjects: Vec<&str> = asked.iter().map(|of| of.subject.as_str()).collect();
    let (low, high): (Vec<Vec<u8>>, Vec<Vec<u8>>) =
        asked.iter().map(FactsOf::range).map(|(low, high)| (low.to_vec(), high.to_vec())).unzip();
    let rows = sqlx::query(include_str!("sql/facts.sql")).bind(subjects).bind(low).bind(high);
    for row in rows.fetch_all(c).await.map_err(engine)? {
        let place: i64 = row.try_get("place").map_err(engine)?;
        let fact = FactState::decode(bytes(&row, "state")?).map_err(|e| corrupt("a fact", e))?;
        // Places are counted from one.
        if let Some(facts) = usize::try_from(place - 1).ok().and_then(|at| found.get_mut(at)) {
            facts.push(fact);
        }
    }
    found.iter_mut().for_each(|facts| FactState::sort_facts(facts));
    Ok(found)
}

/// Writes further rows, new ones and others anew.
pub(crate) async fn put(c: &mut PgConnection, facts: &[(String, FactState)]) -> Result<(), StoreError> {
    let mut rows: Vec<_> = facts.iter().map(|(subject, fact)| (subject.as_str(), fact.row_id(), fact)).collect();
    rows.sort_unstable_by_key(|(subject, id, _)| (*subject, *id));
    for rows in rows.chunks(ROWS) {
        let subjects: Vec<&str> = rows.iter().map(|(subject, ..)| *subject).collect();
        let ids: Vec<&[u8]> = rows.iter().map(|(_, id, _)| &id[..]).collect();
        let states: Vec<Vec<u8>> = rows.iter().map(|(.., fact)| fact.encode_to_vec()).collect();
        let put = sqlx::query(include_str!("sql/facts_put.sql")).bind(subjects).bind(ids).bind(states);
        put.execute(&mut *c).await.map_err(engine)?;
    }
    Ok(())
}
