//! The port's contract, kept by the file.

use std::sync::Arc;

use onefold_store_conformance as conformance;
use onefold_store_sqlite::{SqliteOptions, SqliteStore};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_keeps_the_contract() {
    keeps_the_contract(SqliteOptions::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_keeps_the_contract_where_whatever_stands_under_an_owner_has_a_row_of_its_own() {
    keeps_the_contract(SqliteOptions { few: 0, ..SqliteOptions::default() }).await;
}

async fn keeps_the_contract(options: SqliteOptions) {
    let directory = tempfile::tempdir().unwrap();
    let fresh = async |name: &str| {
        let options = SqliteOptions { partitions: conformance::PARTITIONS, ..options.clone() };
        Arc::new(SqliteStore::open(&directory.path().join(format!("{name}.db")), options).unwrap())
    };
    conformance::all(fresh).await;
}
