//! The assembler's transaction: customers locked, then read, then written.

use std::collections::BTreeSet;

use async_trait::async_trait;
use onefold_event::party_id;
use onefold_store::{AssembleStore, AssembleTx, PartyBundles, SearchRow, StoreError};
use onefold_view::search_words;
use sqlx::{Postgres, Transaction};

use crate::PostgresStore;
use crate::error::engine;
use crate::read::customer;

/// Stands for the locks of customers, apart from all other advisory locks of this read model.
const CUSTOMERS: i32 = 0x0F01E;
/// Locks that all parties share, so that no batch takes more of them than the server has.
const STRIPES: u128 = 512;

#[async_trait]
impl AssembleStore for PostgresStore {
    async fn begin(&self, max: usize) -> Result<Option<Box<dyn AssembleTx>>, StoreError> {
        let waits = "SELECT EXISTS (SELECT 1 FROM mark)";
        if !sqlx::query_scalar::<_, bool>(waits).fetch_one(self.reader()).await.map_err(engine)? {
            return Ok(None);
        }
        let mut tx = self.stage().await?;
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let claimed = sqlx::query_scalar::<_, String>(include_str!("sql/marks_claim.sql")).bind(max);
        let claimed: BTreeSet<String> = claimed.fetch_all(&mut *tx).await.map_err(engine)?.into_iter().collect();
        if claimed.is_empty() {
            tx.rollback().await.map_err(engine)?;
            return Ok(None);
        }
        fail::fail_point!("assemble.claimed");
        Ok(Some(Box::new(PostgresAssembleTx { tx, claimed: claimed.into_iter().collect() })))
    }
}

struct PostgresAssembleTx {
    tx: Transaction<'static, Postgres>,
    claimed: Vec<String>,
}

#[async_trait]
impl AssembleTx for PostgresAssembleTx {
    fn claimed(&self) -> &[String] {
        &self.claimed
    }

    /// Two that materialise one customer do so one after the other, and the later one reads what is there by then: the one
    /// statement that reads sees what was committed before it, and begins once the locks are held.
    async fn customers(&mut self, parties: &[String]) -> Result<Vec<PartyBundles>, StoreError> {
        let members = customer::members(&mut self.tx, parties).await?;
        let locked: BTreeSet<i32> =
            members.iter().map(|(_, party)| party).chain(parties).map(|party| stripe(party)).collect();
        let lock = "SELECT pg_advisory_xact_lock($1, s # hashtext(current_schema())) FROM unnest($2::integer[]) s";
        let stripes: Vec<i32> = locked.iter().copied().collect();
        sqlx::query(lock).bind(CUSTOMERS).bind(stripes).execute(&mut *self.tx).await.map_err(engine)?;
        let customers = customer::parties(&mut self.tx, parties).await?;
        // Joined by somebody meanwhile, whose lock is not held.
        let mut all = customers.iter().flat_map(PartyBundles::keys);
        if all.any(|party| !locked.contains(&stripe(party))) {
            return Err(StoreError::Conflict);
        }
        fail::fail_point!("assemble.read");
        Ok(customers)
    }

    /// The row stands at the first party; those that other parties had before a merge go.
    async fn save(&mut self, rows: Vec<SearchRow>) -> Result<(), StoreError> {
        let (mut gone, mut parties, mut texts, mut found_by) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for row in &rows {
            let kept = usize::from(!row.text.is_empty());
            gone.extend(row.parties.iter().skip(kept));
            if let (Some(first), 1) = (row.parties.first(), kept) {
                parties.push(first);
                texts.push(row.text.as_bytes());
                found_by.push(words(&row.text).into_iter().collect::<Vec<_>>().join(" "));
            }
        }
        if !gone.is_empty() {
            let sql = "DELETE FROM search WHERE party = ANY($1)";
            sqlx::query(sql).bind(gone).execute(&mut *self.tx).await.map_err(engine)?;
        }
        let put = sqlx::query(include_str!("sql/search_put.sql")).bind(parties).bind(texts).bind(found_by);
        put.execute(&mut *self.tx).await.map_err(engine)?;
        Ok(())
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        fail::fail_point!("assemble.before_commit");
        self.tx.commit().await.map_err(engine)?;
        fail::fail_point!("assemble.after_commit");
        Ok(())
    }
}

/// What a text is found by, as far as one row can hold it: its first half a million bytes of words.
pub(crate) fn words(text: &str) -> BTreeSet<String> {
    let mut left = 500_000usize;
    let fits = |word: &String| {
        // An entry in the row is longer than its word.
        left = left.saturating_sub(word.len() + 8);
        left > 0
    };
    search_words(text).into_iter().take_while(fits).collect()
}

/// The lock of a party; taken in their order.
fn stripe(party: &str) -> i32 {
    i32::try_from(party_id(party).as_u128() % STRIPES).unwrap_or_default()
}
