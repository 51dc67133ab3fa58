//! The port's contract, kept by the file.

use std::sync::Arc;

use onefold_store::conformance;
use onefold_store_sqlite::{Options, SqliteStore};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let fresh = async |name: &str| {
        let options = Options { partitions: conformance::PARTITIONS, ..Options::default() };
        Arc::new(SqliteStore::open(&directory.path().join(format!("{name}.db")), options).unwrap())
    };
    conformance::all(fresh).await;
}
