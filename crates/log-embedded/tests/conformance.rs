//! The port's contract, kept by the file that writes.

use std::sync::Arc;

use onefold_log::conformance;
use onefold_log_embedded::{EmbeddedLog, EmbeddedOptions};

async fn keeps_the_contract(partitions: u32) {
    let dir = tempfile::tempdir().unwrap();
    let open = async |name: &str| {
        let path = dir.path().join(format!("{name}.db"));
        Arc::new(EmbeddedLog::open(&path, EmbeddedOptions::default()).unwrap())
    };
    conformance::all(&open, partitions).await;
    conformance::fenced(&open, partitions).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_partition_keeps_the_contract() {
    keeps_the_contract(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_partitions_keep_the_contract() {
    keeps_the_contract(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_partitions_keep_the_contract() {
    keeps_the_contract(8).await;
}

#[tokio::test]
async fn one_thread_is_enough() {
    keeps_the_contract(3).await;
}
