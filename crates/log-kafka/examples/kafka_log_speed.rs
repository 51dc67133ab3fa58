//! How fast the log is on a Kafka broker of its own on this machine.
//!
//! `cargo run --release -p onefold-log-kafka --example kafka_log_speed -- [records] [property=value ...]`

#![allow(clippy::print_stdout, reason = "figures are what it is for")]

use std::sync::Arc;

use onefold_log::{LogError, speed};
use onefold_log_kafka::{KafkaLog, KafkaOptions};
use onefold_testkit::Kafka;

#[tokio::main]
async fn main() -> Result<(), LogError> {
    let records = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2_000_000);
    let plan = speed::Plan { records, fetches: 5_000 };
    let Some(kafka) = Kafka::own("the speed of the log") else { return Ok(()) };
    let mut options = KafkaOptions::new(kafka.bootstrap());
    for argument in std::env::args().skip(2) {
        if let Some((name, value)) = argument.split_once('=') {
            options.properties.insert(name.to_owned(), value.to_owned());
        }
    }
    let set = &options.properties;
    println!("{set:?}, {plan:?}, batches of {}, {} partitions", speed::BATCH, speed::PARTITIONS);

    let prefix = kafka.prefix();
    let open = async |name: &str| {
        let mut options = options.clone();
        options.prefix = format!("{prefix}{name}.");
        KafkaLog::open(options).map(Arc::new)
    };
    let broker = broker(&kafka);
    let used = || println!("  processor so far: this {:.2} s, the broker {:.2} s", seconds("self"), seconds(&broker));
    used();
    speed::all(open, plan, |line| {
        println!("{line}");
        used();
    })
    .await
}

/// Process id of the broker.
fn broker(kafka: &Kafka) -> String {
    let port = kafka.bootstrap().rsplit(':').next().unwrap_or_default();
    let mut pids = std::fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.file_name());
    let found = pids.find(|pid| {
        let command = std::fs::read_to_string(format!("/proc/{}/cmdline", pid.display())).unwrap_or_default();
        let file = command.split('\0').find(|word| word.ends_with("server.properties")).unwrap_or_default();
        command.contains("kafka.Kafka")
            && std::fs::read_to_string(file).unwrap_or_default().contains(&format!(":{port},"))
    });
    found.map_or_else(String::new, |pid| pid.to_string_lossy().into_owned())
}

/// Processor seconds of a process.
fn seconds(pid: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // User and system time, in hundredths.
    let field = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    (field(11) + field(12)) as f64 / 100.0
}
