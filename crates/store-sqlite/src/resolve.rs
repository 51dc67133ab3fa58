//! The resolver's transaction.

use std::collections::HashSet;

use async_trait::async_trait;
use onefold_fold::SubjectState;
use onefold_identity::{IdentifierKey, OwnerAtom};
use onefold_store::{ClusterChange, ClusterRow, IdentifierHolders, PartyRow, ResolveStore, ResolveTx, StoreError};
use rusqlite::{OptionalExtension, Result};

use crate::SqliteStore;
use crate::db::{Tx, engine};
use crate::keys;
use crate::project::add_digest;
use crate::publish::keep;
use crate::read::customer;
use crate::seal;

#[async_trait]
impl ResolveStore for SqliteStore {
    async fn begin(&self, max: usize) -> Result<Option<Box<dyn ResolveTx>>, StoreError> {
        let tx = Tx::begin(self.writer().await?)?;
        let claimed = claim(&tx, "inbox", max).map_err(engine)?;
        if claimed.is_empty() {
            return Ok(None);
        }
        Ok(Some(Box::new(SqliteResolveTx { tx, claimed })))
    }
}

/// Deletes rows of a queue and answers the keys of what they named.
pub(crate) fn claim(tx: &Tx, queue: &str, max: usize) -> Result<Vec<String>> {
    let c = &tx.writer.connection;
    let sql = format!(
        "DELETE FROM {queue} WHERE party IN (SELECT party FROM {queue} ORDER BY party LIMIT ?1) RETURNING party"
    );
    let mut nums: Vec<i64> =
        c.prepare_cached(&sql)?.query_map([max.cast_signed()], |r| r.get(0))?.collect::<Result<_>>()?;
    nums.sort_unstable();
    nums.into_iter().filter_map(|num| keys::text(c, num).transpose()).collect()
}

struct SqliteResolveTx {
    tx: Tx,
    claimed: Vec<String>,
}

#[async_trait]
impl ResolveTx for SqliteResolveTx {
    fn claimed(&self) -> &[String] {
        &self.claimed
    }

    async fn parties(&mut self, keys: &[String]) -> Result<Vec<PartyRow>, StoreError> {
        keys.iter().map(|key| self.party(key)).collect::<Result<_>>().map_err(engine)
    }

    async fn holders(&mut self, values: &[IdentifierKey], limit: usize) -> Result<Vec<IdentifierHolders>, StoreError> {
        values.iter().map(|value| self.holders_of(value, limit)).collect::<Result<_>>().map_err(engine)
    }

    async fn clusters(&mut self, parties: &[String]) -> Result<Vec<ClusterRow>, StoreError> {
        self.clusters_of(parties).map_err(engine)
    }

    async fn decisions(&mut self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError> {
        let mut states = Vec::with_capacity(keys.len());
        for key in keys {
            let num = self.tx.writer.number(key).map_err(engine)?;
            states.push(
                num.map(|num| customer::state(&self.tx.writer.connection, num)).transpose().map_err(engine)?.flatten(),
            );
        }
        Ok(states)
    }

    async fn save(&mut self, change: ClusterChange) -> Result<(), StoreError> {
        self.write(&change).map_err(engine)
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        fail::fail_point!("resolve.before_commit");
        self.tx.commit()?;
        fail::fail_point!("resolve.after_commit");
        Ok(())
    }
}

impl SqliteResolveTx {
    fn party(&mut self, key: &str) -> Result<PartyRow> {
        let (key, first_seen) = (key.to_owned(), i64::MAX);
        let mut row = PartyRow { key, first_seen, state: None, decisions: Vec::new(), waited: false };
        let Some(num) = self.tx.writer.number(&row.key)? else { return Ok(row) };
        let c = &self.tx.writer.connection;
        row.waited = c.prepare_cached("DELETE FROM inbox WHERE party = ?1")?.execute([num])? > 0;
        let mut get = c.prepare_cached("SELECT first_seen, digest, bundle FROM owner WHERE num = ?1")?;
        let mut rows = get.query([num])?;
        if let Some(owner) = rows.next()? {
            let first_seen = owner.get(0)?;
            seal::bundle(&row.key, first_seen, owner.get_ref(2)?.as_blob()?, owner.get_ref(1)?.as_blob()?)?;
            row.first_seen = first_seen.unwrap_or(i64::MAX);
        }
        row.state = customer::state(c, num)?;
        let sql = "SELECT s.key FROM decision d JOIN subject s ON s.num = d.decision WHERE d.party = ?1";
        row.decisions = c.prepare_cached(sql)?.query_map([num], |r| r.get(0))?.collect::<Result<_>>()?;
        Ok(row)
    }

    fn holders_of(&mut self, value: &IdentifierKey, limit: usize) -> Result<IdentifierHolders> {
        let Some(num) = self.tx.writer.number(&OwnerAtom::identifier_key(value))? else {
            return Ok(IdentifierHolders::default());
        };
        let c = &self.tx.writer.connection;
        let waiting = "SELECT count(*) FROM holder h JOIN inbox i ON i.party = h.party WHERE h.identifier = ?1";
        let waiting = c.prepare_cached(waiting)?.query_row([num], |r| r.get::<_, i64>(0))?.cast_unsigned();
        let (ever, present) = customer::holders(c, num, u64::MAX, (limit as u64).saturating_add(waiting))?;
        let present =
            present.into_iter().filter_map(|party| keys::text(c, party).transpose()).collect::<Result<_>>()?;
        Ok(IdentifierHolders { ever, waiting, present })
    }

    fn clusters_of(&mut self, parties: &[String]) -> Result<Vec<ClusterRow>> {
        let (mut clusters, mut seen) = (Vec::new(), HashSet::new());
        let c = &self.tx.writer.connection;
        let mut head = c.prepare_cached("SELECT cluster FROM member WHERE party = ?1")?;
        let mut members = c.prepare_cached("SELECT party FROM member WHERE cluster = ?1")?;
        for key in parties {
            let Some(num) = keys::find(c, key)? else { continue };
            let Some(cluster) = head.query_row([num], |r| r.get::<_, i64>(0)).optional()? else { continue };
            if !seen.insert(cluster) {
                continue;
            }
            let members: Vec<i64> = members.query_map([cluster], |r| r.get(0))?.collect::<Result<_>>()?;
            let parties =
                members.into_iter().filter_map(|num| keys::text(c, num).transpose()).collect::<Result<_>>()?;
            clusters.push(ClusterRow { head: keys::text(c, cluster)?.unwrap_or_default(), parties });
        }
        clusters.sort();
        Ok(clusters)
    }

    fn write(&mut self, change: &ClusterChange) -> Result<()> {
        for party in &change.dissolved {
            let num = self.tx.writer.owner_number(party)?;
            self.tx.writer.connection.prepare_cached("DELETE FROM member WHERE party = ?1")?.execute([num])?;
        }
        for cluster in &change.formed {
            let head = self.tx.writer.owner_number(&cluster.head)?;
            for party in &cluster.parties {
                let num = self.tx.writer.owner_number(party)?;
                self.tx
                    .writer
                    .connection
                    .prepare_cached("INSERT OR REPLACE INTO member VALUES (?1, ?2)")?
                    .execute((num, head))?;
            }
        }
        for party in &change.marks {
            let num = self.tx.writer.owner_number(party)?;
            self.tx.writer.connection.prepare_cached("INSERT OR IGNORE INTO mark VALUES (?1)")?.execute([num])?;
        }
        keep(&self.tx, &change.notes)?;
        add_digest(&self.tx, "clusters", &change.clusters_digest)?;
        add_digest(&self.tx, "ids", &change.ids_digest)
    }
}
