//! How fast the embedded log is on this machine.
//!
//! `cargo run --release -p onefold-log-embedded --example log_speed -- [records] [page size]
//! [checkpoint pages] [directory]`

#![allow(clippy::print_stdout, reason = "figures are what it is for")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use onefold_log::{Log, LogError, Record, partition_of};
use onefold_log_embedded::{EmbeddedLog, Options};

const PARTITIONS: u32 = 8;
const BATCH: u64 = 1_000;
const TOPIC: &str = "events";

fn record(n: u64) -> (u32, Record) {
    let mut value = vec![0u8; 200];
    for (at, byte) in value.iter_mut().enumerate() {
        *byte = (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (at % 57)) as u8;
    }
    let key = Bytes::from(format!("order:erp:SO-{}", n % 100_000));
    let headers = vec![("ce_id".to_owned(), Bytes::from(n.to_be_bytes().to_vec()))];
    let partition = partition_of(&key, PARTITIONS);
    (partition, Record { key, headers, value: value.into(), time: n as i64 })
}

fn batches(records: u64) -> impl Iterator<Item = Vec<(u32, Record)>> {
    (0..records / BATCH).map(|b| (b * BATCH..(b + 1) * BATCH).map(record).collect())
}

#[tokio::main]
async fn main() -> Result<(), LogError> {
    let argument = |at: usize| std::env::args().nth(at);
    let number = |at: usize| argument(at).and_then(|text| text.parse::<u64>().ok());
    let records = number(1).unwrap_or(2_000_000);
    let mut options = Options::default();
    options.page_size = number(2).map_or(options.page_size, |n| n as u32);
    options.checkpoint_pages = number(3).map_or(options.checkpoint_pages, |n| n as u32);
    let dir = argument(4).map_or_else(std::env::temp_dir, PathBuf::from);
    println!("{options:?}, {records} records, 200-byte values, batches of {BATCH}, {PARTITIONS} partitions");

    for appenders in [1, 4] {
        let path = dir.join(format!("onefold-log-speed-{}-{appenders}.db", std::process::id()));
        let log = Arc::new(EmbeddedLog::open(&path, options.clone())?);
        log.topic(TOPIC, PARTITIONS).await?;
        append(&log, records, appenders).await?;
        if appenders == 1 {
            read(&log).await?;
            fetch(&log, records).await?;
            paced(&log).await?;
            singles(&log, 1).await?;
            singles(&log, 64).await?;
        }
        sizes(&path);
        drop(log);
        for end in ["", "-wal", "-shm", "-lock"] {
            let _ = std::fs::remove_file(format!("{}{end}", path.display()));
        }
    }
    Ok(())
}

async fn append(log: &Arc<EmbeddedLog>, records: u64, appenders: usize) -> Result<(), LogError> {
    // Made beforehand: the log is measured, not the making of records.
    let mut shares: Vec<Vec<_>> = vec![Vec::new(); appenders];
    for (at, batch) in batches(records).enumerate() {
        shares[at % appenders].push(batch);
    }
    let began = Instant::now();
    let tasks: Vec<_> = shares
        .into_iter()
        .map(|share| {
            let log = Arc::clone(log);
            tokio::spawn(async move {
                let mut times = Vec::with_capacity(share.len());
                for batch in share {
                    let began = Instant::now();
                    log.append(TOPIC, batch).await?;
                    times.push(began.elapsed());
                }
                Ok::<_, LogError>(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.map_err(|_| LogError::Closed)??);
    }
    let rate = records as f64 / began.elapsed().as_secs_f64();
    println!("append, {appenders} at once: {rate:.0} records/s; a batch {}", spread(times));
    Ok(())
}

async fn read(log: &EmbeddedLog) -> Result<(), LogError> {
    for round in ["first", "second"] {
        let began = Instant::now();
        let (mut records, mut bytes) = (0, 0);
        for partition in 0..PARTITIONS {
            let mut from = 0;
            loop {
                let read = log.read(TOPIC, partition, from, 10_000).await?;
                if read.is_empty() {
                    break;
                }
                from += read.len() as u64;
                bytes += read.iter().map(|s| s.record.size()).sum::<usize>();
            }
            records += from;
        }
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "read in order, {round} round: {:.0} records/s, {:.0} MB/s",
            records as f64 / seconds,
            bytes as f64 / seconds / 1e6
        );
    }
    Ok(())
}

async fn fetch(log: &EmbeddedLog, records: u64) -> Result<(), LogError> {
    let heads = log.heads(TOPIC).await?;
    let positions: Vec<(u32, u64)> = (0..100_000u64)
        .filter_map(|n| {
            let partition = (n % u64::from(PARTITIONS)) as u32;
            let place = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % records;
            let head = *heads.get(partition as usize)?;
            place.checked_rem(head).map(|offset| (partition, offset))
        })
        .collect();
    let began = Instant::now();
    let mut times = Vec::new();
    for some in positions.chunks(100) {
        let began = Instant::now();
        log.fetch(TOPIC, some).await?;
        times.push(began.elapsed());
    }
    let rate = positions.len() as f64 / began.elapsed().as_secs_f64();
    println!("fetch, spread evenly, 100 a call: {rate:.0} records/s; a call {}", spread(times));
    Ok(())
}

/// 10,000 records a second in batches of 200, as a live source sends them.
async fn paced(log: &EmbeddedLog) -> Result<(), LogError> {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let mut times = Vec::new();
    for b in 0..500u64 {
        let batch = (b * 200..(b + 1) * 200).map(record).collect();
        tick.tick().await;
        let began = Instant::now();
        log.append(TOPIC, batch).await?;
        times.push(began.elapsed());
    }
    println!("append, 10,000 records/s in batches of 200: a batch {}", spread(times));
    Ok(())
}

/// One record a call, as requests over HTTP come.
async fn singles(log: &Arc<EmbeddedLog>, callers: u64) -> Result<(), LogError> {
    let began = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let log = Arc::clone(log);
            tokio::spawn(async move {
                let mut times = Vec::new();
                for n in 0..500 {
                    let batch = vec![record(caller * 500 + n)];
                    let began = Instant::now();
                    log.append(TOPIC, batch).await?;
                    times.push(began.elapsed());
                }
                Ok::<_, LogError>(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.map_err(|_| LogError::Closed)??);
    }
    let rate = times.len() as f64 / began.elapsed().as_secs_f64();
    println!("append, one record a call, {callers} at once: {rate:.0} records/s; a call {}", spread(times));
    Ok(())
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: f64| {
        let last = times.len().saturating_sub(1);
        times.get((last as f64 * share) as usize).copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    format!("p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms", at(0.5), at(0.99), at(1.0))
}

fn sizes(path: &Path) {
    let size = |end: &str| std::fs::metadata(format!("{}{end}", path.display())).map_or(0, |m| m.len());
    println!("on disk: {} MB, write-ahead {} MB", size("") / 1_000_000, size("-wal") / 1_000_000);
}
