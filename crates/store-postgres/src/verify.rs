//! Every derived row as it stands in the database, in terms of keys.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use onefold_event::party_id;
use onefold_identity::OwnerAtom;
use onefold_store::{
    EachRow, KeyPrint, RowPrint, StoreError, StoredSums, StoredTable, VerifySnapshot, VerifyStore, is_torn,
};
use sqlx::postgres::PgRow;
use sqlx::{Connection, Postgres, Row, Transaction};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::PostgresStore;
use crate::assemble::words;
use crate::error::engine;
use crate::keys::Long;
use crate::sums::{self, bytes};

#[async_trait]
impl VerifyStore for PostgresStore {
    async fn snapshot(&self) -> Result<Arc<dyn VerifySnapshot>, StoreError> {
        let mut tx = PostgresStore::snapshot(self).await?;
        // It stays idle for as long as the log is folded, and reads tables from end to end.
        for set in [
            "SET LOCAL idle_in_transaction_session_timeout = 0",
            "SET LOCAL enable_seqscan = on",
            "SET LOCAL enable_hashjoin = on",
        ] {
            sqlx::query(set).execute(&mut *tx).await.map_err(engine)?;
        }
        let (positions, sums) = sums::all(&mut tx).await?;
        let waits = "SELECT EXISTS (SELECT 1 FROM inbox) OR EXISTS (SELECT 1 FROM mark)";
        let waiting = sqlx::query_scalar(waits).fetch_one(&mut *tx).await.map_err(engine)?;
        let long = Long::all(&mut tx).await?;
        let prints = long.prints();
        let mut digest = sums.bundles;
        digest.merge(&sums.clusters);
        let kept = StoredSums { positions, digest, ids_digest: sums.ids, waiting };
        Ok(Arc::new(PostgresVerifyRead { kept, long, prints, tx: Mutex::new(tx) }))
    }
}

/// One connection in one transaction.
struct PostgresVerifyRead {
    kept: StoredSums,
    long: Long,
    /// Of long keys, as they are stored: one of thousands of members stands in as many rows.
    prints: HashMap<String, KeyPrint>,
    tx: Mutex<Transaction<'static, Postgres>>,
}

#[async_trait]
impl VerifySnapshot for PostgresVerifyRead {
    fn kept(&self) -> &StoredSums {
        &self.kept
    }

    async fn scan(&self, table: StoredTable, each: EachRow) -> Result<(), StoreError> {
        let mut tx = self.tx.lock().await;
        if table == StoredTable::Keys && !numbers_lead_to_all(&mut tx).await? {
            each(RowPrint::of(table, KeyPrint::of(NUMBER_INDEX), &[]), &|| NUMBER_INDEX.to_owned());
        }
        // Rows come as the server sends them: a table is never in memory as a whole.
        let mut rows = sqlx::query(sql(table)).fetch(&mut **tx);
        while let Some(row) = rows.try_next().await.map_err(engine)? {
            let stored: &str = row.try_get(0).map_err(engine)?;
            let key = self.long.text(stored);
            if let Some(print) = self.print(table, key, &row)? {
                each(print, &|| key.to_owned());
            }
        }
        Ok(())
    }

    async fn torn(&self) -> Result<u64, StoreError> {
        let (mut tx, mut count) = (self.tx.lock().await, 0);
        let mut rows = sqlx::query(sql(StoredTable::Owners)).fetch(&mut **tx);
        while let Some(row) = rows.try_next().await.map_err(engine)? {
            let key = self.long.text(row.try_get(0).map_err(engine)?);
            count += u64::from(is_torn(key, bytes(&row, "bundle")?, bytes(&row, "digest")?));
        }
        Ok(count)
    }
}

/// Stands for a key where it is the index of numbers that is wrong.
const NUMBER_INDEX: &str = "the index of numbers";

/// Has rows be found through an index and a bitmap of it alone. Of the two scans of an index only the bitmap's needs a condition on what
/// is indexed, which no other index has: a plain scan may take the primary key, and which is cheaper changes with the statistics. In so
/// much memory no page of the bitmap is lossy, on which a row would be found that the index does not lead to.
const BITMAP_ONLY: [&str; 4] = [
    "SET LOCAL enable_seqscan = off",
    "SET LOCAL enable_indexscan = off",
    "SET LOCAL enable_indexonlyscan = off",
    "SET LOCAL work_mem = '512MB'",
];

/// Whether the index of numbers is there, answers what is asked of it, and leads to every document: the server keeps it by itself, but
/// one that was dropped, made otherwise or damaged finds nothing, or less, without a word.
async fn numbers_lead_to_all(tx: &mut Transaction<'static, Postgres>) -> Result<bool, StoreError> {
    // Rolled back, a savepoint takes the settings back to what this transaction had made of them.
    let mut indexed = Connection::begin(&mut **tx).await.map_err(engine)?;
    for set in BITMAP_ONLY {
        sqlx::query(set).execute(&mut *indexed).await.map_err(engine)?;
    }
    let plan = sqlx::query_scalar::<_, String>(concat!("EXPLAIN ", include_str!("sql/count_numbers.sql")));
    let plan = plan.fetch_all(&mut *indexed).await.map_err(engine)?;
    let by_index = plan.iter().any(|line| line.contains("subject_by_number"));
    let found = sqlx::query_as(include_str!("sql/count_numbers.sql"));
    let found: (i64, String) = found.fetch_one(&mut *indexed).await.map_err(engine)?;
    indexed.rollback().await.map_err(engine)?;
    let all = sqlx::query_as(include_str!("sql/count_documents.sql"));
    let all: (i64, String) = all.fetch_one(&mut **tx).await.map_err(engine)?;
    Ok(by_index && found == all)
}

/// The key comes first.
fn sql(table: StoredTable) -> &'static str {
    match table {
        StoredTable::Subjects => "SELECT key, state FROM subject WHERE length(state) > 0",
        StoredTable::Owners => include_str!("sql/scan_owners.sql"),
        StoredTable::Documents => "SELECT owner, subject, at FROM document",
        StoredTable::OpenItems => "SELECT owner, subject, due, item FROM open_item",
        StoredTable::Holders => "SELECT party, identifier, present FROM holder",
        StoredTable::Decisions => "SELECT party, decision FROM decision",
        StoredTable::Members => "SELECT party, cluster FROM member",
        StoredTable::Decided => "SELECT subject FROM decided",
        StoredTable::Facts => "SELECT subject, id, state FROM fact",
        StoredTable::Former => "SELECT key, subject FROM former",
        StoredTable::Numbers => "SELECT subject, place, prefix FROM written",
        StoredTable::Search => "SELECT party, text, tsvector_to_array(words) AS words FROM search",
        StoredTable::Keys => include_str!("sql/scan_keys.sql"),
        StoredTable::SetMembers => "SELECT atom, owner FROM set_member",
    }
}

impl PostgresVerifyRead {
    /// The print of a row; none where nothing is expected of it.
    fn print(&self, table: StoredTable, key: &str, row: &PgRow) -> Result<Option<RowPrint>, StoreError> {
        let print = |columns: &[&[u8]]| RowPrint::of(table, KeyPrint::of(key), columns);
        let text = |column: &str| row.try_get::<&str, _>(column).map_err(engine);
        let other = |column: &str| text(column).map(|other| KeyPrint::of(other).bytes());
        Ok(Some(match table {
            StoredTable::Subjects => print(&[bytes(row, "state")?]),
            StoredTable::Owners => {
                let seen = row.try_get::<Option<i64>, _>("first_seen").map_err(engine)?.map(i64::to_be_bytes);
                print(&[bytes(row, "bundle")?, bytes(row, "digest")?, seen.as_ref().map_or(&[][..], |seen| seen)])
            }
            StoredTable::Documents => {
                print(&[&other("subject")?, &row.try_get::<i64, _>("at").map_err(engine)?.to_be_bytes()])
            }
            StoredTable::OpenItems => {
                let due = row.try_get::<i64, _>("due").map_err(engine)?.to_be_bytes();
                print(&[&other("subject")?, &due, bytes(row, "item")?])
            }
            StoredTable::Holders => {
                let identifier = KeyPrint::of(&OwnerAtom::identifier_key(text("identifier")?)).bytes();
                let present = i64::from(row.try_get::<bool, _>("present").map_err(engine)?).to_be_bytes();
                print(&[&identifier, &present])
            }
            StoredTable::Decisions => print(&[&other("decision")?]),
            StoredTable::Decided => print(&[]),
            StoredTable::Facts => print(&[bytes(row, "id")?, bytes(row, "state")?]),
            StoredTable::Members => print(&[&other("cluster")?]),
            StoredTable::Former => print(&[&other("subject")?]),
            StoredTable::Numbers => {
                let place = row.try_get::<i64, _>("place").map_err(engine)?.to_be_bytes();
                print(&[&place, text("prefix")?.as_bytes()])
            }
            StoredTable::Search => {
                let text = bytes(row, "text")?;
                let mut stored: Vec<String> = row.try_get("words").map_err(engine)?;
                stored.sort();
                // A text under other words than its own cannot be what was expected.
                if words(&String::from_utf8_lossy(text)).iter().eq(&stored) {
                    print(&[text])
                } else {
                    print(&[text, stored.join(" ").as_bytes()])
                }
            }
            StoredTable::Keys => {
                // A party must be found by its id, and nobody else.
                let named: bool = row.try_get("named").map_err(engine)?;
                let id: Option<Uuid> = row.try_get("id").map_err(engine)?;
                if id == named.then(|| party_id(key)) {
                    return Ok(None);
                }
                print(&[id.as_ref().map_or(&[][..], |id| id.as_bytes())])
            }
            StoredTable::SetMembers => {
                let owner = text("owner")?;
                print(&[&self.prints.get(owner).copied().unwrap_or_else(|| KeyPrint::of(owner)).bytes()])
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use onefold_testkit::Postgres as Server;

    use super::*;
    use crate::PostgresOptions;

    #[tokio::test]
    async fn judging_the_index_of_numbers_leaves_the_settings_of_the_transaction_as_they_were() {
        let Some(server) = Server::shared("the index of numbers on PostgreSQL") else { return };
        let database = server.database();
        let store = PostgresStore::connect(&database.schema(), PostgresOptions::default()).await.unwrap();
        for own in ["SET LOCAL enable_seqscan = on", "SET LOCAL enable_seqscan = off"] {
            let mut tx = PostgresStore::snapshot(&store).await.unwrap();
            sqlx::query(own).execute(&mut *tx).await.unwrap();
            let before = settings(&mut tx).await;
            assert!(numbers_lead_to_all(&mut tx).await.unwrap());
            assert_eq!(settings(&mut tx).await, before, "{own}");
        }
    }

    async fn settings(tx: &mut Transaction<'static, Postgres>) -> Vec<(String, String)> {
        let all = sqlx::query_as("SELECT name, setting FROM pg_settings ORDER BY name");
        all.fetch_all(&mut **tx).await.unwrap()
    }

    #[test]
    fn the_number_of_a_subject_is_one_expression_wherever_it_is_made() {
        let expression = |sql: &'static str| {
            let from = sql.find("CASE\n    WHEN translate(").expect("where it begins");
            let text = &sql[from..];
            &text[..text.find("\nEND").expect("where it ends")]
        };
        let index = expression(include_str!("../migrations/0012_former_owners.sql"));
        for other in [
            include_str!("sql/load_end_subject.sql"),
            include_str!("sql/numbered.sql"),
            include_str!("sql/count_numbers.sql"),
        ] {
            assert_eq!(expression(other), index);
        }
    }
}
