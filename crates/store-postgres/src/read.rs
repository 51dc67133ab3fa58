//! Reads, each over one committed state.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use onefold_fold::SubjectState;
use onefold_identity::IdentifierKey;
use onefold_store::{
    CustomerRows, DocumentPlace, DocumentRow, FoundCustomer, IdentifierHolding, ListingOrder, ReadStore, StatusRows,
    StoreError,
};
use onefold_view::SearchTerm;
use prost::Message;
use sqlx::Row;
use uuid::Uuid;

use crate::attribute::heads;
use crate::error::{corrupt, engine};
use crate::keys::{Long, shorts};
use crate::sums::bytes;
use crate::{PostgresStore, customer, status};

/// Holders of a value that are told of.
const MOST_HOLDERS: i64 = 100;

#[async_trait]
impl ReadStore for PostgresStore {
    async fn customer(&self, party: &str) -> Result<Option<CustomerRows>, StoreError> {
        let mut tx = self.snapshot().await?;
        let rows = customer::customers(&mut tx, &[party.to_owned()], &self.0.made_under.rules).await?;
        tx.commit().await.map_err(engine)?;
        Ok(rows.into_iter().next())
    }

    async fn customer_by_id(&self, id: Uuid) -> Result<Option<CustomerRows>, StoreError> {
        let mut tx = self.snapshot().await?;
        let sql = "SELECT key FROM owner WHERE id = $1";
        let party: Option<String> = sqlx::query_scalar(sql).bind(id).fetch_optional(&mut *tx).await.map_err(engine)?;
        let rows = customer::customers(&mut tx, party.as_slice(), &self.0.made_under.rules).await?;
        tx.commit().await.map_err(engine)?;
        Ok(rows.into_iter().next())
    }

    async fn holders(&self, identifier: &IdentifierKey) -> Result<IdentifierHolding, StoreError> {
        let mut tx = self.snapshot().await?;
        let (ever, present): (i64, Vec<String>) = sqlx::query_as(include_str!("sql/holding.sql"))
            .bind(identifier.to_string())
            .bind(MOST_HOLDERS)
            .fetch_one(&mut *tx)
            .await
            .map_err(engine)?;
        let parties: BTreeSet<String> = heads(&mut tx, &present).await?.into_values().collect();
        tx.commit().await.map_err(engine)?;
        Ok(IdentifierHolding { parties: parties.into_iter().collect(), ever: ever.cast_unsigned() })
    }

    async fn subjects(&self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError> {
        let sql = "SELECT key, state FROM subject WHERE key = ANY($1)";
        let rows = sqlx::query(sql).bind(keys).fetch_all(self.reader()).await.map_err(engine)?;
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

    async fn documents(
        &self,
        owners: &[String],
        listing: ListingOrder,
        after: Option<&DocumentPlace>,
        limit: usize,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        let mut tx = self.snapshot().await?;
        let unattributed;
        let owners = if owners.is_empty() {
            unattributed = status::unattributed(&mut tx, &self.0.made_under.rules).await?;
            &unattributed
        } else {
            owners
        };
        let (sql, least) = match listing {
            ListingOrder::OldestFirst => (include_str!("sql/documents_oldest.sql"), i64::MIN),
            ListingOrder::NewestFirst => (include_str!("sql/documents_newest.sql"), i64::MAX),
        };
        let (at, subject) = after.map_or((least, ""), |after| (after.at, after.subject.as_str()));
        let page = sqlx::query_as::<_, (String, i64, String)>(sql).bind(shorts(owners)).bind(at).bind(subject);
        let page = page.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(&mut *tx).await.map_err(engine)?;
        let long = Long::of(&mut tx, page.iter().map(|(owner, ..)| owner.as_str())).await?;
        tx.commit().await.map_err(engine)?;
        let row = |(owner, at, subject): (String, i64, String)| DocumentRow {
            place: DocumentPlace { at, subject },
            owner: long.text(&owner).to_owned(),
        };
        Ok(page.into_iter().map(row).collect())
    }

    async fn find(&self, text: &str, limit: usize) -> Result<Vec<FoundCustomer>, StoreError> {
        let term = |term: SearchTerm| {
            let open = if term.open { ":*" } else { "" };
            let words: Vec<_> = term.words.iter().map(|word| format!("'{word}'{open}")).collect();
            format!("({})", words.join(" | "))
        };
        let query = SearchTerm::all(text).into_iter().map(term).collect::<Vec<_>>().join(" & ");
        if query.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.snapshot().await?;
        let sql = "SELECT party, text FROM search WHERE words @@ $1::tsquery LIMIT $2";
        let found = sqlx::query_as::<_, (String, Vec<u8>)>(sql).bind(query);
        let found = found.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(&mut *tx).await.map_err(engine)?;
        let at: Vec<String> = found.iter().map(|(party, _)| party.clone()).collect();
        let heads = heads(&mut tx, &at).await?;
        let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (head, party) in customer::members(&mut tx, &at).await? {
            members.entry(head).or_default().push(party);
        }
        tx.commit().await.map_err(engine)?;
        let found = found.into_iter().map(|(party, text)| {
            let mut parties = heads.get(&party).and_then(|head| members.get(head)).cloned().unwrap_or_default();
            parties.sort();
            let text = String::from_utf8(text).map_err(|e| corrupt(&party, e))?;
            Ok(FoundCustomer { parties, text })
        });
        found.collect()
    }

    async fn status(&self) -> Result<StatusRows, StoreError> {
        let mut tx = self.snapshot().await?;
        let rows = status::rows(&mut tx, &self.0.made_under.rules).await?;
        tx.commit().await.map_err(engine)?;
        Ok(rows)
    }
}
