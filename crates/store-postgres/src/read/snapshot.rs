//! A read of many steps, all within one transaction over one committed state.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use onefold_fold::SubjectState;
use onefold_identity::IdentifierKey;
use onefold_store::{
    CustomerParties, DocumentPlace, DocumentRow, HolderQuery, HolderRows, ListingOrder, NamedDecision, OwnerPage,
    OwnerRows, PartyRows, ReadTx, StoreCounts, StoreError,
};
use onefold_view::{Bundle, OpenItem};
use prost::Message;
use sqlx::{PgConnection, Postgres, Row, Transaction};
use uuid::Uuid;

use super::{customer, status};
use crate::error::{corrupt, engine};
use crate::keys::{Long, shorts};
use crate::sums::bytes;

/// Dropped, it is rolled back: it wrote nothing.
pub(crate) struct PostgresRead(pub(crate) Transaction<'static, Postgres>);

/// Rows of subjects, in the order asked.
pub(crate) async fn subjects(
    c: impl sqlx::PgExecutor<'_>,
    keys: &[String],
) -> Result<Vec<Option<SubjectState>>, StoreError> {
    let sql = "SELECT key, state FROM subject WHERE key = ANY($1)";
    let rows = sqlx::query(sql).bind(keys).fetch_all(c).await.map_err(engine)?;
    let mut found: HashMap<&str, &[u8]> = HashMap::with_capacity(rows.len());
    for row in &rows {
        found.insert(row.try_get("key").map_err(engine)?, bytes(row, "state")?);
    }
    let state = |key: &String| {
        let state = found.get(key.as_str()).map(|state| SubjectState::decode(*state));
        state.transpose().map_err(|e| corrupt(key, e))
    };
    keys.iter().map(state).collect()
}

impl PostgresRead {
    fn connection(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

#[async_trait]
impl ReadTx for PostgresRead {
    async fn subjects(&mut self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError> {
        subjects(self.connection(), keys).await
    }

    async fn counts(&mut self, full_from: u64) -> Result<StoreCounts, StoreError> {
        status::counts(self.connection(), full_from).await
    }
}

#[async_trait]
impl PartyRows for PostgresRead {
    async fn party_by_id(&mut self, id: Uuid) -> Result<Option<String>, StoreError> {
        let party = sqlx::query_scalar("SELECT key FROM owner WHERE id = $1").bind(id);
        party.fetch_optional(self.connection()).await.map_err(engine)
    }

    async fn customers(&mut self, parties: &[String]) -> Result<Vec<CustomerParties>, StoreError> {
        customer::customers(self.connection(), parties).await
    }

    async fn heads(&mut self, parties: &[String]) -> Result<Vec<String>, StoreError> {
        customer::heads(self.connection(), parties).await
    }

    async fn holders(&mut self, asked: &[HolderQuery]) -> Result<Vec<HolderRows>, StoreError> {
        let limit = |most: u64| i64::try_from(most).unwrap_or(i64::MAX);
        let values: Vec<String> = asked.iter().map(|asked| asked.identifier.to_string()).collect();
        let ever: Vec<i64> = asked.iter().map(|asked| limit(asked.ever)).collect();
        let present: Vec<i64> = asked.iter().map(|asked| limit(asked.present)).collect();
        let rows = sqlx::query_as::<_, (i64, Vec<String>)>(include_str!("../sql/holder_rows.sql"));
        let rows = rows.bind(values).bind(ever).bind(present).fetch_all(self.connection()).await.map_err(engine)?;
        Ok(rows.into_iter().map(|(ever, present)| HolderRows { ever: ever.cast_unsigned(), present }).collect())
    }

    async fn unpublished_holders(
        &mut self,
        identifiers: &[IdentifierKey],
        among: &[String],
    ) -> Result<Vec<u64>, StoreError> {
        let values: Vec<String> = identifiers.iter().map(ToString::to_string).collect();
        let counts = sqlx::query_scalar::<_, i64>(include_str!("../sql/unpublished_holders.sql"));
        let counts = counts.bind(values).bind(among).fetch_all(self.connection()).await.map_err(engine)?;
        Ok(counts.into_iter().map(i64::cast_unsigned).collect())
    }

    async fn first_seen(&mut self, parties: &[String]) -> Result<Vec<Option<i64>>, StoreError> {
        let first = sqlx::query_scalar(include_str!("../sql/first_seen.sql")).bind(parties);
        first.fetch_all(self.connection()).await.map_err(engine)
    }

    async fn decisions(&mut self, parties: &[String]) -> Result<Vec<NamedDecision>, StoreError> {
        let sql = "SELECT d.party, s.key, s.state FROM decision d JOIN subject s ON s.key = d.decision WHERE d.party = ANY($1)";
        let rows = sqlx::query_as::<_, (String, String, Vec<u8>)>(sql).bind(parties);
        let named = |(party, decision, state): (String, String, Vec<u8>)| {
            let state = SubjectState::decode(state.as_slice()).map_err(|e| corrupt(&decision, e))?;
            Ok(NamedDecision { party, decision, state })
        };
        rows.fetch_all(self.connection()).await.map_err(engine)?.into_iter().map(named).collect()
    }
}

#[async_trait]
impl OwnerRows for PostgresRead {
    async fn sets_with(&mut self, members: &[String]) -> Result<BTreeSet<String>, StoreError> {
        let sql = "SELECT DISTINCT owner FROM set_member WHERE atom = ANY($1)";
        let sets = sqlx::query_scalar::<_, String>(sql).bind(members);
        let sets = sets.fetch_all(self.connection()).await.map_err(engine)?;
        let long = Long::of(self.connection(), sets.iter().map(String::as_str)).await?;
        Ok(sets.iter().map(|set| long.text(set).to_owned()).collect())
    }

    async fn bundles(&mut self, owners: &[String]) -> Result<Vec<Bundle>, StoreError> {
        let stored = shorts(owners);
        let sql = "SELECT key, bundle FROM owner WHERE key = ANY($1) AND length(bundle) > 0";
        let rows = sqlx::query(sql).bind(&stored).fetch_all(self.connection()).await.map_err(engine)?;
        let mut found: HashMap<&str, Bundle> = HashMap::with_capacity(rows.len());
        for row in &rows {
            let key: &str = row.try_get("key").map_err(engine)?;
            found.insert(key, Bundle::decode(bytes(row, "bundle")?).map_err(|e| corrupt(key, e))?);
        }
        Ok(stored.iter().map(|key| found.get(&**key).cloned().unwrap_or_default()).collect())
    }

    async fn open_items(&mut self, owners: &[String], limit: usize) -> Result<Vec<Vec<OpenItem>>, StoreError> {
        let stored = shorts(owners);
        let rows = sqlx::query_as::<_, (String, Vec<u8>)>(include_str!("../sql/open_items.sql")).bind(&stored);
        let rows = rows.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(self.connection());
        let mut found: HashMap<String, Vec<OpenItem>> = HashMap::new();
        for (owner, item) in rows.await.map_err(engine)? {
            let item = OpenItem::decode(item.as_slice()).map_err(|e| corrupt(&owner, e))?;
            found.entry(owner).or_default().push(item);
        }
        Ok(stored.iter().map(|key: &Cow<'_, str>| found.get(&**key).cloned().unwrap_or_default()).collect())
    }

    async fn documents(
        &mut self,
        owners: &[String],
        listing: ListingOrder,
        after: Option<&DocumentPlace>,
        limit: usize,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        let (sql, least) = match listing {
            ListingOrder::OldestFirst => (include_str!("../sql/documents_oldest.sql"), i64::MIN),
            ListingOrder::NewestFirst => (include_str!("../sql/documents_newest.sql"), i64::MAX),
        };
        let (at, subject) = after.map_or((least, ""), |after| (after.at, after.subject.as_str()));
        let page = sqlx::query_as::<_, (String, i64, String)>(sql).bind(shorts(owners)).bind(at).bind(subject);
        let page = page.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(self.connection());
        let page = page.await.map_err(engine)?;
        let long = Long::of(self.connection(), page.iter().map(|(owner, ..)| owner.as_str())).await?;
        let row = |(owner, at, subject): (String, i64, String)| DocumentRow {
            place: DocumentPlace { at, subject },
            owner: long.text(&owner).to_owned(),
        };
        Ok(page.into_iter().map(row).collect())
    }

    async fn former_subjects(&mut self, keys: &[String], limit: usize) -> Result<Vec<Vec<String>>, StoreError> {
        let rows = sqlx::query_as::<_, (i64, String)>(include_str!("../sql/former_subjects.sql")).bind(keys);
        let rows = rows.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(self.connection());
        let mut found: Vec<Vec<String>> = vec![Vec::new(); keys.len()];
        for (place, subject) in rows.await.map_err(engine)? {
            let at = usize::try_from(place - 1).ok().and_then(|place| found.get_mut(place));
            at.into_iter().for_each(|all| all.push(subject.clone()));
        }
        Ok(found)
    }

    async fn owner_page(&mut self, from: Option<&str>, limit: usize) -> Result<OwnerPage, StoreError> {
        status::owner_page(self.connection(), from, limit).await
    }
}
