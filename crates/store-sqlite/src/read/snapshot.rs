//! A read of many steps, all within one transaction of a connection of its own.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use onefold_fold::SubjectState;
use onefold_identity::{IdentifierKey, OwnerAtom};
use onefold_store::{
    CustomerParties, DocumentPlace, DocumentRow, HolderQuery, HolderRows, ListingOrder, NamedDecision, OwnerPage,
    OwnerRows, PartyBundle, PartyRows, ReadTx, StoreCounts, StoreError,
};
use onefold_view::{Bundle, OpenItem};
use rusqlite::{Connection, Result};
use uuid::Uuid;

use super::{customer, documents, status};
use crate::db::{SqliteInner, corrupt, engine};
use crate::keys;
use crate::publish::waits;

/// Up to so many keys a step is taken on the thread that asks: a few rows found by key take no longer than two threads take to
/// wake each other.
const FEW_KEYS: usize = 64;
/// Holders of a value are read one after the other: so many take about as long as a key.
const MOST_NAMED: u64 = 64;

pub(crate) struct SqliteRead {
    inner: Arc<SqliteInner>,
    /// Absent while a step is taken, and after one whose thread ended.
    snapshot: Option<ReadSnapshot>,
}

/// The connection, within its transaction, and numbers that were met: what one step answers by key the next one asks for.
struct ReadSnapshot {
    connection: Connection,
    numbers: HashMap<String, i64>,
    keys: HashMap<i64, String>,
}

impl SqliteRead {
    pub(crate) fn begin(inner: Arc<SqliteInner>) -> Result<Self, StoreError> {
        let connection = inner.reader()?;
        // Deferred: it sees what was committed before its first statement.
        connection.prepare_cached("BEGIN").and_then(|mut begin| begin.execute([])).map_err(engine)?;
        Ok(Self { inner, snapshot: Some(ReadSnapshot { connection, numbers: HashMap::new(), keys: HashMap::new() }) })
    }

    /// Takes a step about so many keys.
    async fn step<T: Send + 'static>(
        &mut self,
        keys: usize,
        work: impl FnOnce(&mut ReadSnapshot) -> Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut snapshot = self
            .snapshot
            .take()
            .ok_or_else(|| StoreError::Engine("an earlier step of this read ended early".to_owned()))?;
        let (snapshot, done) = if keys <= FEW_KEYS {
            let done = work(&mut snapshot);
            (snapshot, done)
        } else {
            let step = move || {
                let done = work(&mut snapshot);
                (snapshot, done)
            };
            tokio::task::spawn_blocking(step).await.map_err(|e| StoreError::Engine(e.to_string()))?
        };
        self.snapshot = Some(snapshot);
        done.map_err(engine)
    }
}

impl Drop for SqliteRead {
    fn drop(&mut self) {
        let Some(ReadSnapshot { connection, .. }) = self.snapshot.take() else { return };
        let ended = connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        if let Err(error) = ended {
            tracing::debug!(%error, "a read did not end; its connection is closed");
        }
        self.inner.give_back(connection);
    }
}

impl ReadSnapshot {
    /// The number of a key, if it has one.
    fn number(&mut self, key: &str) -> Result<Option<i64>> {
        if let Some(num) = self.numbers.get(key) {
            return Ok(Some(*num));
        }
        let num = keys::find(&self.connection, key)?;
        if let Some(num) = num {
            self.remember(num, key);
        }
        Ok(num)
    }

    /// The key of a number that stands in a row.
    fn key(&mut self, num: i64) -> Result<String> {
        if let Some(key) = self.keys.get(&num) {
            return Ok(key.clone());
        }
        let key = keys::text_of(&self.connection, num)?;
        self.remember(num, &key);
        Ok(key)
    }

    fn remember(&mut self, num: i64, key: &str) {
        self.numbers.insert(key.to_owned(), num);
        self.keys.insert(num, key.to_owned());
    }

    fn customers(&mut self, parties: &[String]) -> Result<Vec<CustomerParties>> {
        let (mut all, mut done) = (Vec::new(), BTreeSet::new());
        for party in parties {
            let Some(num) = self.number(party)? else { continue };
            if done.contains(&num) {
                continue;
            }
            let (members, head) = customer::members_and_head(&self.connection, num)?;
            let mut customer = CustomerParties::default();
            for member in &members {
                let Some((key, Some(first_seen), bundle)) = customer::owner(&self.connection, *member)? else {
                    if members.len() > 1 {
                        return Err(corrupt("members", format_args!("party number {member} has no row")));
                    }
                    continue;
                };
                self.remember(*member, &key);
                customer.parties.insert(key, PartyBundle { first_seen, bundle });
            }
            if !customer.parties.is_empty() {
                customer.head = self.key(head)?;
                all.push(customer);
            }
            done.extend(members);
        }
        Ok(all)
    }

    fn head(&mut self, party: &str) -> Result<String> {
        let Some(num) = self.number(party)? else { return Ok(party.to_owned()) };
        match customer::head(&self.connection, num)? {
            head if head == num => Ok(party.to_owned()),
            head => self.key(head),
        }
    }

    fn holders(&mut self, asked: &HolderQuery) -> Result<HolderRows> {
        let Some(num) = self.number(&OwnerAtom::identifier_key(&asked.identifier))? else {
            return Ok(HolderRows::default());
        };
        let (ever, present) = customer::holders(&self.connection, num, asked.ever, asked.present)?;
        let present = present.into_iter().map(|party| self.key(party)).collect::<Result<_>>()?;
        Ok(HolderRows { ever, present })
    }

    fn unpublished_holders(&mut self, identifier: &IdentifierKey, among: &BTreeSet<String>) -> Result<u64> {
        let Some(num) = self.number(&OwnerAtom::identifier_key(identifier))? else { return Ok(0) };
        let mut count = 0;
        for party in customer::ever_holders(&self.connection, num)? {
            let party = self.key(party)?;
            count += u64::from(among.contains(&party) || waits(&self.connection, &party)?);
        }
        Ok(count)
    }

    fn decisions(&mut self, parties: &[String]) -> Result<Vec<NamedDecision>> {
        let mut named = Vec::new();
        for party in parties {
            let Some(num) = self.number(party)? else { continue };
            let sql = "SELECT s.num, s.key FROM decision d JOIN subject s ON s.num = d.decision WHERE d.party = ?1";
            let mut get = self.connection.prepare_cached(sql)?;
            let mut rows = get.query([num])?;
            while let Some(row) = rows.next()? {
                if let Some(state) = customer::state(&self.connection, row.get(0)?)? {
                    named.push(NamedDecision { party: party.clone(), decision: row.get(1)?, state });
                }
            }
        }
        Ok(named)
    }

    fn former_subjects(&mut self, key: &str, limit: usize) -> Result<Vec<String>> {
        let Some(num) = self.number(key)? else { return Ok(Vec::new()) };
        let sql = "SELECT subject FROM former WHERE key = ?1 ORDER BY subject LIMIT ?2";
        let mut get = self.connection.prepare_cached(sql)?;
        let subjects = get.query_map([num, i64::try_from(limit).unwrap_or(-1)], |row| row.get(0))?;
        let subjects: Vec<i64> = subjects.collect::<Result<_>>()?;
        drop(get);
        subjects.into_iter().map(|subject| self.key(subject)).collect()
    }

    fn sets_with(&mut self, members: &[String]) -> Result<BTreeSet<String>> {
        let mut found: Vec<(i64, String)> = Vec::new();
        for member in members {
            let Some(num) = self.number(member)? else { continue };
            let mut of = self.connection.prepare_cached(
                "SELECT s.owner, o.key FROM set_member s LEFT JOIN owner o ON o.num = s.owner WHERE s.atom = ?1",
            )?;
            let mut rows = of.query([num])?;
            while let Some(row) = rows.next()? {
                let (num, key): (i64, Option<String>) = (row.get(0)?, row.get(1)?);
                let key = key.ok_or_else(|| corrupt("set members", format_args!("set number {num} has no row")))?;
                found.push((num, key));
            }
        }
        for (num, key) in &found {
            self.remember(*num, key);
        }
        Ok(found.into_iter().map(|(_, key)| key).collect())
    }
}

#[async_trait]
impl ReadTx for SqliteRead {
    async fn subjects(&mut self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError> {
        let keys = keys.to_vec();
        let state = |s: &mut ReadSnapshot, key: &String| match s.number(key)? {
            Some(num) => customer::state(&s.connection, num),
            None => Ok(None),
        };
        self.step(keys.len(), move |s| keys.iter().map(|key| state(s, key)).collect()).await
    }

    async fn counts(&mut self, full_from: u64) -> Result<StoreCounts, StoreError> {
        self.step(usize::MAX, move |s| status::counts(&s.connection, full_from)).await
    }
}

#[async_trait]
impl PartyRows for SqliteRead {
    async fn party_by_id(&mut self, id: Uuid) -> Result<Option<String>, StoreError> {
        self.step(1, move |s| keys::find_party(&s.connection, id)?.map(|num| s.key(num)).transpose()).await
    }

    async fn customers(&mut self, parties: &[String]) -> Result<Vec<CustomerParties>, StoreError> {
        let parties = parties.to_vec();
        self.step(parties.len(), move |s| s.customers(&parties)).await
    }

    async fn heads(&mut self, parties: &[String]) -> Result<Vec<String>, StoreError> {
        let parties = parties.to_vec();
        self.step(parties.len(), move |s| parties.iter().map(|party| s.head(party)).collect()).await
    }

    async fn holders(&mut self, asked: &[HolderQuery]) -> Result<Vec<HolderRows>, StoreError> {
        let asked = asked.to_vec();
        let named = asked.iter().map(|asked| asked.present.min(asked.ever)).fold(0u64, u64::saturating_add);
        let rows = usize::try_from(named / MOST_NAMED).unwrap_or(usize::MAX).saturating_add(asked.len());
        self.step(rows, move |s| asked.iter().map(|asked| s.holders(asked)).collect()).await
    }

    async fn unpublished_holders(
        &mut self,
        identifiers: &[IdentifierKey],
        among: &[String],
    ) -> Result<Vec<u64>, StoreError> {
        let (identifiers, among): (_, BTreeSet<String>) = (identifiers.to_vec(), among.iter().cloned().collect());
        // So many hold each that nobody should wait for it.
        let step =
            move |s: &mut ReadSnapshot| identifiers.iter().map(|value| s.unpublished_holders(value, &among)).collect();
        self.step(usize::MAX, step).await
    }

    async fn first_seen(&mut self, parties: &[String]) -> Result<Vec<Option<i64>>, StoreError> {
        let parties = parties.to_vec();
        let first = |s: &mut ReadSnapshot, party: &String| match s.number(party)? {
            Some(num) => customer::first_seen(&s.connection, num),
            None => Ok(None),
        };
        self.step(parties.len(), move |s| parties.iter().map(|party| first(s, party)).collect()).await
    }

    async fn decisions(&mut self, parties: &[String]) -> Result<Vec<NamedDecision>, StoreError> {
        let parties = parties.to_vec();
        self.step(parties.len(), move |s| s.decisions(&parties)).await
    }
}

#[async_trait]
impl OwnerRows for SqliteRead {
    async fn sets_with(&mut self, members: &[String]) -> Result<BTreeSet<String>, StoreError> {
        let members = members.to_vec();
        self.step(members.len(), move |s| s.sets_with(&members)).await
    }

    async fn bundles(&mut self, owners: &[String]) -> Result<Vec<Bundle>, StoreError> {
        let owners = owners.to_vec();
        let bundle = |s: &mut ReadSnapshot, key: &String| match s.number(key)? {
            Some(num) => customer::bundle(&s.connection, num, key),
            None => Ok(Bundle::default()),
        };
        self.step(owners.len(), move |s| owners.iter().map(|key| bundle(s, key)).collect()).await
    }

    async fn open_items(&mut self, owners: &[String], limit: usize) -> Result<Vec<Vec<OpenItem>>, StoreError> {
        let owners = owners.to_vec();
        let items = move |s: &mut ReadSnapshot, key: &String| match s.number(key)? {
            Some(num) => customer::open_items(&s.connection, num, limit),
            None => Ok(Vec::new()),
        };
        self.step(owners.len(), move |s| owners.iter().map(|key| items(s, key)).collect()).await
    }

    async fn documents(
        &mut self,
        owners: &[String],
        listing: ListingOrder,
        after: Option<&DocumentPlace>,
        limit: usize,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        let (keys, owners, after) = (owners.len(), owners.to_vec(), after.cloned());
        let page = move |s: &mut ReadSnapshot| documents::page(&s.connection, &owners, listing, after.as_ref(), limit);
        // A page is merged of as many rows of each owner.
        self.step(keys.saturating_add(limit), page).await
    }

    async fn former_subjects(&mut self, keys: &[String], limit: usize) -> Result<Vec<Vec<String>>, StoreError> {
        let keys = keys.to_vec();
        let step = move |s: &mut ReadSnapshot| keys.iter().map(|key| s.former_subjects(key, limit)).collect();
        // There may be thousands of each.
        self.step(usize::MAX, step).await
    }

    async fn owner_page(&mut self, from: Option<&str>, limit: usize) -> Result<OwnerPage, StoreError> {
        let after = from.map_or(Ok(0), str::parse).map_err(|e| StoreError::Engine(format!("a page of owners: {e}")))?;
        let page = move |s: &mut ReadSnapshot| {
            // Pages go through all owners: what was met for one is not asked for again at the next.
            (s.numbers, s.keys) = (HashMap::new(), HashMap::new());
            status::owner_page(&s.connection, after, limit)
        };
        self.step(limit, page).await
    }
}
