//! What may go wrong with a log on one machine: kills, full disks, other processes, odd files.

#![allow(clippy::print_stdout, reason = "a child process tells its parent how far it is")]

mod child;
mod files;
mod full;
mod kill;
mod power;
mod processes;

use std::path::Path;

use onefold_log::{Log, LogError, LogRecord};
use onefold_log_embedded::{EmbeddedLog, EmbeddedOptions};

const TOPIC: &str = "events";
const PARTITIONS: u32 = 3;
/// Records in one numbered batch: three, two and two to the partitions.
const BATCH: u64 = 7;

fn open(path: &Path) -> EmbeddedLog {
    EmbeddedLog::open(path, EmbeddedOptions::default()).unwrap()
}

/// The batch of this number. Everything in it follows from the number.
fn batch(number: u64) -> Vec<(u32, LogRecord)> {
    (0..BATCH)
        .map(|i| {
            let mut record = LogRecord::new(format!("k-{number}-{i}"), vec![number as u8; 300], number as i64);
            record.headers.push(("batch".to_owned(), number.to_string().into()));
            ((i % u64::from(PARTITIONS)) as u32, record)
        })
        .collect()
}

async fn append_next(log: &EmbeddedLog, number: u64) -> Result<Vec<u64>, LogError> {
    log.append(TOPIC, batch(number)).await
}

/// How many whole batches the log holds, after looking at every byte of them: numbered batches
/// from 0 on, nothing missing, nothing twice, nothing half.
async fn whole_batches(log: &EmbeddedLog) -> u64 {
    let heads = log.heads(TOPIC).await.unwrap();
    let batches = heads.iter().sum::<u64>() / BATCH;
    assert_eq!(heads, vec![batches * 3, batches * 2, batches * 2], "a batch is there in part");
    for partition in 0..PARTITIONS {
        let expected: Vec<LogRecord> =
            (0..batches).flat_map(batch).filter(|(p, _)| *p == partition).map(|(_, r)| r).collect();
        let mut held = Vec::new();
        loop {
            let more = log.read(TOPIC, partition, held.len() as u64, 500).await.unwrap();
            if more.is_empty() {
                break;
            }
            held.extend(more.into_iter().map(|s| s.record));
        }
        assert!(held == expected, "partition {partition} differs from what was appended");
    }
    batches
}
