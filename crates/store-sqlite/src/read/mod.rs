//! Reads, each in one transaction of its own.

pub(crate) mod customer;
mod documents;
mod snapshot;
mod status;

use std::sync::Arc;

use async_trait::async_trait;
use onefold_event::Subject;
use onefold_fold::SubjectState;
use onefold_store::{FoundCustomer, ReadStore, ReadTx, StoreError};
use onefold_view::{DocumentNumber, SearchTerm};
use rusqlite::{Connection, Result};

use self::snapshot::SqliteRead;
use crate::db::corrupt;
use crate::seal::unsealed_text;
use crate::{SqliteStore, keys};

#[async_trait]
impl ReadStore for SqliteStore {
    async fn begin_read(&self) -> Result<Box<dyn ReadTx>, StoreError> {
        Ok(Box::new(SqliteRead::begin(Arc::clone(&self.0))?))
    }

    async fn subjects(&self, wanted: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError> {
        let wanted = wanted.to_vec();
        let read = move |c: &Connection| {
            wanted.iter().map(|key| keys::find(c, key)?.map_or(Ok(None), |num| customer::state(c, num))).collect()
        };
        self.read(read).await
    }

    async fn numbered(&self, number: &DocumentNumber, limit: usize) -> Result<Vec<String>, StoreError> {
        let (place, prefix, number) = (number.place(), number.prefix().to_owned(), number.clone());
        let fits = move |key: &str| {
            let subject = key.parse::<Subject>().ok()?;
            number.nearness(&DocumentNumber::of(subject.number())?)
        };
        let read = move |c: &Connection| {
            let sql = "SELECT s.key FROM number n JOIN subject s ON s.num = n.subject WHERE n.place = ?1 ORDER BY n.subject DESC";
            let mut at_place = c.prepare_cached(sql)?;
            let mut rows = at_place.query([place])?;
            let mut found = Vec::new();
            while found.len() < limit
                && let Some(row) = rows.next()?
            {
                let key: String = row.get(0)?;
                if fits(&key).is_some() {
                    found.push(key);
                }
            }
            let sql = "SELECT s.key, w.prefix FROM written w JOIN subject s ON s.num = w.subject WHERE w.place = ?1 ORDER BY w.subject DESC";
            let mut written = c.prepare_cached(sql)?;
            let mut rows = written.query([place])?;
            while found.len() < limit
                && let Some(row) = rows.next()?
            {
                let key: String = row.get(0)?;
                // One may be found by its own number too.
                if row.get_ref(1)?.as_str()?.ends_with(&prefix) && !found.contains(&key) {
                    found.push(key);
                }
            }
            Ok(found)
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
}
