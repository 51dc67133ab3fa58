//! The port's contract, kept on a real broker.

use std::sync::Arc;

use onefold_log::conformance;
use onefold_log_kafka::{KafkaLog, KafkaOptions};
use onefold_testkit::Kafka;

async fn keeps_the_contract(partitions: u32) {
    let Some(kafka) = Kafka::shared("the contract of the log on Kafka") else { return };
    let prefix = kafka.prefix();
    let open = async |name: &str| {
        let mut options = KafkaOptions::new(kafka.bootstrap());
        options.prefix = format!("{prefix}{name}.");
        Arc::new(KafkaLog::open(options).unwrap())
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
