//! The resolver's transaction: one active at a time, over one committed state.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use async_trait::async_trait;
use onefold_fold::SubjectState;
use onefold_identity::IdentifierKey;
use onefold_store::{ClusterChange, ClusterRow, IdentifierHolders, PartyRow, ResolveStore, ResolveTx, StoreError};
use onefold_view::DigestSum;
use prost::Message;
use sqlx::{Postgres, Row, Transaction};
use uuid::Uuid;

use crate::PostgresStore;
use crate::error::{corrupt, engine};
use crate::publish;
use crate::read::customer;
use crate::sums::{bytes, digest};

#[async_trait]
impl ResolveStore for PostgresStore {
    async fn begin(&self, max: usize) -> Result<Option<Box<dyn ResolveTx>>, StoreError> {
        // An idle hub costs one look, and takes no lease.
        let waits = "SELECT EXISTS (SELECT 1 FROM inbox)";
        if !sqlx::query_scalar::<_, bool>(waits).fetch_one(self.reader()).await.map_err(engine)? {
            return Ok(None);
        }
        let mut tx = self.stage_snapshot().await?;
        let begun = async {
            let Some(lease) = lease(&mut tx, self.0.holder).await? else { return Ok(None) };
            let claimed = claim(&mut tx, max).await?;
            Ok((!claimed.is_empty()).then_some((lease, claimed)))
        };
        match begun.await {
            Ok(Some((lease, claimed))) => {
                fail::fail_point!("resolve.claimed");
                let lasts = i64::try_from(self.0.options.lease.as_millis()).unwrap_or(i64::MAX);
                Ok(Some(Box::new(PostgresResolveTx { tx, claimed, lease, holder: self.0.holder, lasts })))
            }
            Ok(None) => {
                tx.rollback().await.map_err(engine)?;
                Ok(None)
            }
            Err(error) => {
                tx.rollback().await.map_err(engine)?;
                Err(error)
            }
        }
    }
}

/// The lease, locked from the transaction's first statement to its end: a resolver that was frozen and has lost it finds
/// another holder here, and one that is frozen within its transaction is ended by the server.
struct Lease {
    epoch: i64,
    clusters: DigestSum,
    ids: DigestSum,
    /// Publishing is switched on.
    publishes: bool,
}

async fn lease(tx: &mut Transaction<'static, Postgres>, holder: Uuid) -> Result<Option<Lease>, StoreError> {
    let row = sqlx::query(include_str!("sql/lease_lock.sql")).fetch_optional(&mut **tx).await.map_err(engine)?;
    // Locked by somebody's transaction.
    let Some(row) = row else { return Ok(None) };
    let of: Option<Uuid> = row.try_get("holder").map_err(engine)?;
    let (epoch, over): (i64, bool) = (row.try_get("epoch").map_err(engine)?, row.try_get("over").map_err(engine)?);
    if of != Some(holder) && !over {
        return Ok(None);
    }
    let epoch = if of == Some(holder) { epoch } else { epoch + 1 };
    let publishes = row.try_get("publishes").map_err(engine)?;
    Ok(Some(Lease { epoch, publishes, clusters: digest(bytes(&row, "clusters")?)?, ids: digest(bytes(&row, "ids")?)? }))
}

/// Claims parties with all rows that this state shows of them; what is said of one later stays in the inbox.
async fn claim(tx: &mut Transaction<'static, Postgres>, max: usize) -> Result<Vec<String>, StoreError> {
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    let claimed = sqlx::query_scalar::<_, String>(include_str!("sql/inbox_claim.sql")).bind(max);
    let claimed: BTreeSet<String> = claimed.fetch_all(&mut **tx).await.map_err(engine)?.into_iter().collect();
    Ok(claimed.into_iter().collect())
}

struct PostgresResolveTx {
    tx: Transaction<'static, Postgres>,
    claimed: Vec<String>,
    lease: Lease,
    holder: Uuid,
    /// Milliseconds.
    lasts: i64,
}

#[async_trait]
impl ResolveTx for PostgresResolveTx {
    fn claimed(&self) -> &[String] {
        &self.claimed
    }

    async fn parties(&mut self, keys: &[String]) -> Result<Vec<PartyRow>, StoreError> {
        let sql = "DELETE FROM inbox WHERE party = ANY($1) RETURNING party";
        let waited = sqlx::query_scalar::<_, String>(sql).bind(keys).fetch_all(&mut *self.tx);
        let waited: HashSet<String> = waited.await.map_err(engine)?.into_iter().collect();
        let rows = sqlx::query(include_str!("sql/party_rows.sql")).bind(keys).fetch_all(&mut *self.tx);
        let rows = rows.await.map_err(engine)?;
        let party = |(key, row): (&String, &sqlx::postgres::PgRow)| {
            let state: Option<&[u8]> = row.try_get("state").map_err(engine)?;
            Ok(PartyRow {
                key: key.clone(),
                first_seen: row.try_get::<Option<i64>, _>("first_seen").map_err(engine)?.unwrap_or(i64::MAX),
                state: state.map(SubjectState::decode).transpose().map_err(|e| corrupt(key, e))?,
                decisions: row.try_get("decisions").map_err(engine)?,
                waited: waited.contains(key),
            })
        };
        keys.iter().zip(&rows).map(party).collect()
    }

    async fn holders(&mut self, values: &[IdentifierKey], limit: usize) -> Result<Vec<IdentifierHolders>, StoreError> {
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<String> = values.iter().map(ToString::to_string).collect();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX / 2).min(i64::MAX / 2);
        let sql = include_str!("sql/holders.sql");
        let rows = sqlx::query_as::<_, (i64, i64, Vec<String>)>(sql).bind(keys).bind(limit);
        let rows = rows.fetch_all(&mut *self.tx).await.map_err(engine)?;
        let holders = |(ever, waiting, present): (i64, i64, Vec<String>)| IdentifierHolders {
            ever: ever.cast_unsigned(),
            waiting: waiting.cast_unsigned(),
            present,
        };
        Ok(rows.into_iter().map(holders).collect())
    }

    async fn clusters(&mut self, parties: &[String]) -> Result<Vec<ClusterRow>, StoreError> {
        let mut clusters: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (head, party) in customer::members(&mut self.tx, parties).await? {
            clusters.entry(head).or_default().insert(party);
        }
        clusters.retain(|_, parties| parties.len() > 1);
        Ok(clusters.into_iter().map(|(head, parties)| ClusterRow { head, parties }).collect())
    }

    async fn decisions(&mut self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let sql = "SELECT key, state FROM subject WHERE key = ANY($1)";
        let rows = sqlx::query_as::<_, (String, Vec<u8>)>(sql).bind(keys).fetch_all(&mut *self.tx);
        let rows: HashMap<String, Vec<u8>> = rows.await.map_err(engine)?.into_iter().collect();
        let state = |key: &String| {
            let state = rows.get(key).map(|state| SubjectState::decode(state.as_slice()));
            state.transpose().map_err(|e| corrupt(key, e))
        };
        keys.iter().map(state).collect()
    }

    async fn save(&mut self, change: ClusterChange) -> Result<(), StoreError> {
        let dissolved: Vec<String> = change.dissolved.into_iter().collect();
        if !dissolved.is_empty() {
            let sql = "DELETE FROM member WHERE party = ANY($1)";
            sqlx::query(sql).bind(dissolved).execute(&mut *self.tx).await.map_err(engine)?;
        }
        let mut formed: BTreeMap<&str, &str> = BTreeMap::new();
        for cluster in &change.formed {
            formed.extend(cluster.parties.iter().map(|party| (party.as_str(), cluster.head.as_str())));
        }
        if !formed.is_empty() {
            let (parties, heads): (Vec<&str>, Vec<&str>) = formed.into_iter().unzip();
            let put = sqlx::query(include_str!("sql/members_put.sql")).bind(parties).bind(heads);
            put.execute(&mut *self.tx).await.map_err(engine)?;
        }
        let marks: Vec<String> = change.marks.into_iter().collect();
        if !marks.is_empty() {
            sqlx::query(include_str!("sql/marks_put.sql")).bind(marks).execute(&mut *self.tx).await.map_err(engine)?;
        }
        if self.lease.publishes {
            publish::keep(&mut self.tx, &change.notes).await?;
        }
        self.lease.clusters.merge(&change.clusters_digest);
        self.lease.ids.merge(&change.ids_digest);
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        fail::fail_point!("resolve.before_commit");
        sqlx::query(include_str!("sql/lease_renew.sql"))
            .bind(self.holder)
            .bind(self.lease.epoch)
            .bind(self.lasts)
            .bind(self.lease.clusters.to_bytes())
            .bind(self.lease.ids.to_bytes())
            .execute(&mut *self.tx)
            .await
            .map_err(engine)?;
        self.tx.commit().await.map_err(engine)?;
        fail::fail_point!("resolve.after_commit");
        Ok(())
    }
}
