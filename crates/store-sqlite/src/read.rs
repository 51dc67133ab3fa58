//! Reads, each in one transaction of its own.

use std::collections::BTreeSet;

use async_trait::async_trait;
use onefold_fold::SubjectState;
use onefold_identity::{IdentifierKey, OwnerAtom};
use onefold_store::{
    CustomerRows, DocumentPlace, DocumentRow, FoundCustomer, IdentifierHolding, ListingOrder, ReadStore, StatusRows,
    StoreError,
};
use onefold_view::SearchTerm;
use rusqlite::{Connection, Result};
use uuid::Uuid;

use crate::db::corrupt;
use crate::seal::unsealed_text;
use crate::{SqliteStore, customer, documents, keys, status};

impl SqliteStore {
    /// The customer that holds a party, found within the same read.
    fn customer_of(
        &self,
        party: impl FnOnce(&Connection) -> Result<Option<i64>>,
    ) -> Result<Option<CustomerRows>, StoreError> {
        self.read_here(|c| {
            let Some(num) = party(c)? else { return Ok(None) };
            customer::rows(c, num, &self.0.rules).map(|rows| (!rows.parties.is_empty()).then_some(rows))
        })
    }
}

#[async_trait]
impl ReadStore for SqliteStore {
    async fn customer(&self, party: &str) -> Result<Option<CustomerRows>, StoreError> {
        self.customer_of(|c| keys::find(c, party))
    }

    async fn customer_by_id(&self, id: Uuid) -> Result<Option<CustomerRows>, StoreError> {
        self.customer_of(|c| keys::find_party(c, id))
    }

    async fn holders(&self, identifier: &IdentifierKey) -> Result<IdentifierHolding, StoreError> {
        let key = OwnerAtom::identifier_key(identifier);
        self.read_here(|c| {
            let Some(num) = keys::find(c, &key)? else { return Ok(IdentifierHolding::default()) };
            let (ever, present) = customer::holders(c, num, 100)?;
            let mut heads = BTreeSet::new();
            for party in present {
                heads.extend(customer::members(c, party)?.first().copied());
            }
            let parties = heads.into_iter().map(|num| keys::text_of(c, num)).collect::<Result<_>>()?;
            Ok(IdentifierHolding { parties, ever })
        })
    }

    async fn subjects(&self, wanted: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError> {
        let wanted = wanted.to_vec();
        let read = move |c: &Connection| {
            wanted.iter().map(|key| keys::find(c, key)?.map_or(Ok(None), |num| customer::state(c, num))).collect()
        };
        self.read(read).await
    }

    async fn documents(
        &self,
        owners: &[String],
        listing: ListingOrder,
        after: Option<&DocumentPlace>,
        limit: usize,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        let (owners, after) = (owners.to_vec(), after.cloned());
        let rules = self.0.rules.clone();
        let read = move |c: &Connection| {
            let owners = if owners.is_empty() { status::unattributed_owners(c, &rules)? } else { owners };
            documents::page(c, &owners, listing, after.as_ref(), limit)
        };
        self.read(read).await
    }

    async fn find(&self, text: &str, limit: usize) -> Result<Vec<FoundCustomer>, StoreError> {
        let term = |term: SearchTerm| {
            let open = if term.open { "*" } else { "" };
            let words: Vec<_> = term.words.iter().map(|word| format!("\"{word}\"{open}")).collect();
            format!("({})", words.join(" OR "))
        };
        let query = SearchTerm::all(text).into_iter().map(term).collect::<Vec<_>>().join(" AND ");
        if query.is_empty() {
            return Ok(Vec::new());
        }
        let read = move |c: &Connection| {
            let sql = "SELECT s.party, s.text FROM search_index i JOIN search s ON s.party = i.rowid WHERE i.search_index MATCH ?1 LIMIT ?2";
            let mut find = c.prepare_cached(sql)?;
            let rows = find.query_map((&query, limit.cast_signed()), |r| Ok((r.get::<_, i64>(0)?, r.get(1)?)))?;
            rows.map(|row| {
                let (party, text): (i64, String) = row?;
                let text = unsealed_text(party, &text)
                    .ok_or_else(|| corrupt("search", format_args!("the text of party number {party} is damaged")))?
                    .to_owned();
                let members = customer::members(c, party)?;
                let parties = members.into_iter().map(|num| keys::text_of(c, num)).collect::<Result<_>>()?;
                Ok(FoundCustomer { parties, text })
            })
            .collect()
        };
        self.read(read).await
    }

    async fn status(&self) -> Result<StatusRows, StoreError> {
        let rules = self.0.rules.clone();
        self.read(move |c| status::rows(c, &rules)).await
    }
}
