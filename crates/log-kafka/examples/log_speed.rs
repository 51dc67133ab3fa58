//! How fast the log is on a Kafka broker of its own on this machine.
//!
//! `cargo run --release -p onefold-log-kafka --example log_speed -- [records] [property=value ...]`

#![allow(clippy::print_stdout, reason = "figures are what it is for")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use onefold_log::{Log, LogError, Record, partition_of};
use onefold_log_kafka::{KafkaLog, Options};
use onefold_testkit::Kafka;

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
    let records = std::env::args().nth(1).and_then(|text| text.parse::<u64>().ok()).unwrap_or(2_000_000);
    let Some(kafka) = Kafka::own("the speed of the log") else { return Ok(()) };
    let mut options = Options::new(kafka.bootstrap());
    for argument in std::env::args().skip(2) {
        if let Some((name, value)) = argument.split_once('=') {
            options.properties.insert(name.to_owned(), value.to_owned());
        }
    }
    println!(
        "{:?}, {records} records, 200-byte values, batches of {BATCH}, {PARTITIONS} partitions",
        options.properties
    );
    for appenders in [1, 4] {
        options.prefix = kafka.prefix();
        let log = Arc::new(KafkaLog::open(options.clone())?);
        log.topic(TOPIC, PARTITIONS).await?;
        used("before", &kafka);
        append(&log, records, appenders).await?;
        used("append", &kafka);
        if appenders == 1 {
            read(&log).await?;
            used("read", &kafka);
            fetch(&log, records).await?;
            used("fetch", &kafka);
            follow(&log).await?;
            used("follow", &kafka);
            singles(&log, 1).await?;
            singles(&log, 64).await?;
        }
    }
    Ok(())
}

/// Processor seconds so far.
fn used(what: &str, kafka: &Kafka) {
    let seconds = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        // User and system time, in hundredths.
        let field = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        (field(11) + field(12)) as f64 / 100.0
    };
    let pids = std::fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.file_name());
    let port = kafka.bootstrap().rsplit(':').next().unwrap_or_default();
    let broker = pids.map(|pid| pid.to_string_lossy().into_owned()).find(|pid| {
        let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let file = command.split('\0').find(|word| word.ends_with("server.properties")).unwrap_or_default();
        command.contains("kafka.Kafka")
            && std::fs::read_to_string(file).unwrap_or_default().contains(&format!(":{port},"))
    });
    println!(
        "  processor: this {:.2} s, the broker {:.2} s, after: {what}",
        seconds("self"),
        broker.map_or(0.0, |pid| seconds(&pid))
    );
}

async fn append(log: &Arc<KafkaLog>, records: u64, appenders: usize) -> Result<(), LogError> {
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

async fn read(log: &KafkaLog) -> Result<(), LogError> {
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

async fn fetch(log: &KafkaLog, records: u64) -> Result<(), LogError> {
    let heads = log.heads(TOPIC).await?;
    let positions: Vec<(u32, u64)> = (0..5_000u64)
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

/// 10,000 records a second in batches of 200, and a reader that follows.
async fn follow(log: &Arc<KafkaLog>) -> Result<(), LogError> {
    const BATCHES: u64 = 500;
    let heads = log.heads(TOPIC).await?;
    let began = Instant::now();
    let reader = tokio::spawn({
        let log = Arc::clone(log);
        async move {
            let (mut seen, mut times, mut waits) = (heads, Vec::new(), 0u64);
            while times.len() < (BATCHES * 200) as usize {
                log.wait(TOPIC, &seen, Duration::from_secs(10)).await?;
                waits += 1;
                for (partition, next) in (0u32..).zip(seen.iter_mut()) {
                    let read = log.read(TOPIC, partition, *next, 10_000).await?;
                    *next += read.len() as u64;
                    let now = began.elapsed().as_micros() as i64;
                    times.extend(read.iter().map(|s| Duration::from_micros((now - s.record.time).max(0) as u64)));
                }
            }
            Ok::<_, LogError>((times, waits))
        }
    });
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let mut times = Vec::new();
    for b in 0..BATCHES {
        tick.tick().await;
        let mut batch: Vec<_> = (b * 200..(b + 1) * 200).map(record).collect();
        let began_batch = Instant::now();
        batch.iter_mut().for_each(|(_, record)| record.time = began.elapsed().as_micros() as i64);
        log.append(TOPIC, batch).await?;
        times.push(began_batch.elapsed());
    }
    println!("append, 10,000 records/s in batches of 200: a batch {}", spread(times));
    let (times, waits) = reader.await.map_err(|_| LogError::Closed)??;
    println!("from append to reader, {waits} waits: {}", spread(times));
    Ok(())
}

/// One record a call, as requests over HTTP come.
async fn singles(log: &Arc<KafkaLog>, callers: u64) -> Result<(), LogError> {
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
