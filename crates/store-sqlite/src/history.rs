//! What was said of subjects.

use async_trait::async_trait;
use onefold_fold::FactState;
use onefold_store::{FactsOf, HistoryStore, StoreError};
use prost::Message;
use rusqlite::{Connection, Result};

use crate::db::corrupt;
use crate::read::customer;
use crate::seal::{Place, opened};
use crate::{SqliteStore, keys};

#[async_trait]
impl HistoryStore for SqliteStore {
    async fn facts(&self, asked: &[FactsOf]) -> Result<Vec<Vec<FactState>>, StoreError> {
        let asked = asked.to_vec();
        self.read(move |c| asked.iter().map(|of| facts(c, of)).collect()).await
    }

    async fn decided(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        let after = after.map(str::to_owned);
        let read = move |c: &Connection| {
            let after = after.map_or(Ok(None), |key| keys::find(c, &key))?.unwrap_or(0);
            let sql = "SELECT s.key FROM decided d JOIN subject s ON s.num = d.subject WHERE d.subject > ?1 ORDER BY d.subject LIMIT ?2";
            c.prepare_cached(sql)?.query_map((after, limit.cast_signed()), |r| r.get(0))?.collect()
        };
        self.read(read).await
    }

    async fn party_decisions(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        let after = after.map(str::to_owned);
        let read = move |c: &Connection| {
            let after = after.map_or(Ok(None), |key| keys::find(c, &key))?.unwrap_or(0);
            let sql = "SELECT s.key FROM (SELECT DISTINCT decision FROM decision WHERE decision > ?1) d
                JOIN subject s ON s.num = d.decision ORDER BY d.decision LIMIT ?2";
            c.prepare_cached(sql)?.query_map((after, limit.cast_signed()), |r| r.get(0))?.collect()
        };
        self.read(read).await
    }
}

fn facts(c: &Connection, of: &FactsOf) -> Result<Vec<FactState>> {
    let Some(num) = keys::find(c, &of.subject)? else { return Ok(Vec::new()) };
    let Some(state) = customer::state(c, num)? else { return Ok(Vec::new()) };
    if state.is_long() {
        return further(c, num, of);
    }
    Ok(state.facts.into_iter().filter(|fact| of.names(fact)).collect())
}

/// Further rows of a subject, in the order of a row.
pub(crate) fn further(c: &Connection, num: i64, of: &FactsOf) -> Result<Vec<FactState>> {
    let (first, last) = of.range();
    let mut get = c.prepare_cached("SELECT id, state FROM fact WHERE subject = ?1 AND id BETWEEN ?2 AND ?3")?;
    let mut rows = get.query((num, first, last))?;
    let mut facts = Vec::new();
    while let Some(row) = rows.next()? {
        let state = opened(Place::Fact(num, row.get_ref(0)?.as_blob()?), row.get_ref(1)?.as_blob()?)?;
        facts.push(FactState::decode(state).map_err(|e| corrupt("a fact", e))?);
    }
    FactState::sort_facts(&mut facts);
    Ok(facts)
}
