//! Reads, each over one committed state.

pub(crate) mod customer;
mod snapshot;
mod status;

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use onefold_fold::SubjectState;
use onefold_store::{FoundCustomer, ReadStore, ReadTx, StoreError};
use onefold_view::{DocumentNumber, SearchTerm};

use self::snapshot::{PostgresRead, subjects};
use crate::PostgresStore;
use crate::error::{corrupt, engine};

#[async_trait]
impl ReadStore for PostgresStore {
    async fn begin_read(&self) -> Result<Box<dyn ReadTx>, StoreError> {
        Ok(Box::new(PostgresRead(self.snapshot().await?)))
    }

    async fn subjects(&self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError> {
        subjects(self.reader(), keys).await
    }

    async fn numbered(&self, number: &DocumentNumber, limit: usize) -> Result<Vec<String>, StoreError> {
        let all = sqlx::query_scalar(include_str!("../sql/numbered.sql")).bind(number.place()).bind(number.prefix());
        all.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(self.reader()).await.map_err(engine)
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
        let heads: HashMap<&String, String> = at.iter().zip(customer::heads(&mut tx, &at).await?).collect();
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
}
