//! The assembler's transaction.

use std::collections::BTreeSet;

use async_trait::async_trait;
use onefold_store::{AssembleStore, AssembleTx, PartyBundles, SearchRow, StoreError};
use onefold_view::search_words;
use rusqlite::Result;

use crate::db::{Tx, engine};
use crate::read::customer;
use crate::seal::sealed_text;
use crate::{SqliteStore, resolve};

#[async_trait]
impl AssembleStore for SqliteStore {
    async fn begin(&self, max: usize) -> Result<Option<Box<dyn AssembleTx>>, StoreError> {
        let tx = Tx::begin(self.writer().await?)?;
        let claimed = resolve::claim(&tx, "mark", max).map_err(engine)?;
        if claimed.is_empty() {
            return Ok(None);
        }
        Ok(Some(Box::new(SqliteAssembleTx { tx, claimed })))
    }
}

struct SqliteAssembleTx {
    tx: Tx,
    claimed: Vec<String>,
}

#[async_trait]
impl AssembleTx for SqliteAssembleTx {
    fn claimed(&self) -> &[String] {
        &self.claimed
    }

    async fn customers(&mut self, parties: &[String]) -> Result<Vec<PartyBundles>, StoreError> {
        let mut done: BTreeSet<i64> = BTreeSet::new();
        let mut rows = Vec::new();
        for key in parties {
            let Some(num) = self.tx.writer.number(key).map_err(engine)? else { continue };
            if done.contains(&num) {
                continue;
            }
            let c = &self.tx.writer.connection;
            let members = customer::members(c, num).map_err(engine)?;
            rows.push(customer::parties(c, &members).map_err(engine)?);
            done.extend(members);
        }
        Ok(rows)
    }

    async fn save(&mut self, rows: Vec<SearchRow>) -> Result<(), StoreError> {
        rows.iter().try_for_each(|row| self.write(row)).map_err(engine)
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        fail::fail_point!("assemble.before_commit");
        self.tx.commit()?;
        fail::fail_point!("assemble.after_commit");
        Ok(())
    }
}

impl SqliteAssembleTx {
    /// The row stands at the first party; those that other parties had before a merge go. With it what its parties' marks ask for
    /// is done: a customer of thousands is materialised once for all of them.
    fn write(&mut self, row: &SearchRow) -> Result<()> {
        for (n, party) in row.parties.iter().enumerate() {
            let num = self.tx.writer.owner_number(party)?;
            let c = &self.tx.writer.connection;
            c.prepare_cached("DELETE FROM mark WHERE party = ?1")?.execute([num])?;
            let had = c.prepare_cached("DELETE FROM search WHERE party = ?1")?.execute([num])?;
            if had > 0 {
                c.prepare_cached("DELETE FROM search_index WHERE rowid = ?1")?.execute([num])?;
            }
            if n == 0 && !row.text.is_empty() {
                c.prepare_cached("INSERT INTO search VALUES (?1, ?2)")?.execute((num, sealed_text(num, &row.text)))?;
                let put = "INSERT INTO search_index (rowid, words) VALUES (?1, ?2)";
                let words = search_words(&row.text).into_iter().collect::<Vec<_>>().join(" ");
                c.prepare_cached(put)?.execute((num, words))?;
            }
        }
        Ok(())
    }
}
