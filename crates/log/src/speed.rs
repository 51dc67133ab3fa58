//! How fast a log is: the same measures for each adapter, whose own example prints them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::{Log, LogError, LogRecord, partition_of};

/// Partitions of the topic that is measured.
pub const PARTITIONS: u32 = 8;
/// Records of a batch.
pub const BATCH: u64 = 1_000;

const TOPIC: &str = "events";
/// Records that are read at once.
const READ: usize = 10_000;
/// Positions that are fetched at once.
const FETCH: usize = 100;
/// Paced: so many batches of so many records, 10,000 records a second, as a live source sends them.
const PACED: (u64, u64) = (500, 200);
const PACE: Duration = Duration::from_millis(20);
/// Records that each caller appends one by one.
const SINGLES: u64 = 500;

type Batch = Vec<(u32, LogRecord)>;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Records of 200-byte values that are appended as fast as it goes, by one caller and then, elsewhere, by four.
    pub records: u64,
    /// Records that are fetched from positions spread evenly over them.
    pub fetches: u64,
}

/// Measures logs that `open` makes, one after the other; `tell` hears each figure as a line.
///
/// # Errors
/// The log failed.
pub async fn all<L: Log>(
    open: impl AsyncFn(&str) -> Result<Arc<L>, LogError>,
    plan: Plan,
    tell: impl Fn(&str),
) -> Result<(), LogError> {
    {
        let log = made(open("one").await?).await?;
        tell(&append(&log, plan.records, 1).await?);
        for round in ["first", "second"] {
            tell(&format!("read in order, {round} round: {}", read(log.as_ref()).await?));
        }
        tell(&fetch(log.as_ref(), plan).await?);
        follow(&log).await?.iter().for_each(|line| tell(line));
        for callers in [1, 64] {
            tell(&singles(&log, callers).await?);
        }
    }
    let log = made(open("four").await?).await?;
    tell(&append(&log, plan.records, 4).await?);
    Ok(())
}

async fn made<L: Log>(log: Arc<L>) -> Result<Arc<dyn Log>, LogError> {
    log.topic(TOPIC, PARTITIONS).await?;
    Ok(log)
}

/// A record of a 200-byte value, a key of about 20 bytes and one header.
fn record(n: u64) -> (u32, LogRecord) {
    let value: Vec<u8> = (0..200).map(|at| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (at % 57)) as u8).collect();
    let key = Bytes::from(format!("order:erp:SO-{}", n % 100_000));
    let headers = vec![("ce_id".to_owned(), Bytes::from(n.to_be_bytes().to_vec()))];
    let partition = partition_of(&key, PARTITIONS);
    (partition, LogRecord { key, headers, value: value.into(), time: n.cast_signed() })
}

async fn append(log: &Arc<dyn Log>, records: u64, appenders: usize) -> Result<String, LogError> {
    // Made beforehand: the log is measured, not the making of records.
    let batch = |n: u64| (n * BATCH..(n + 1) * BATCH).map(record).collect();
    let share = |caller: u64| (caller..records / BATCH).step_by(appenders).map(batch).collect();
    let shares = (0..appenders as u64).map(share).collect();
    let began = Instant::now();
    let took = at_once(log, shares).await?;
    Ok(format!("append, {appenders} at once: {}; a batch {}", rate(records, began), spread(took)))
}

/// Each share's batches one after the other, all shares at once. Answers how long each append took.
async fn at_once(log: &Arc<dyn Log>, shares: Vec<Vec<Batch>>) -> Result<Vec<Duration>, LogError> {
    let append = |share: Vec<Batch>| {
        let log = Arc::clone(log);
        tokio::spawn(async move {
            let mut took = Vec::with_capacity(share.len());
            for batch in share {
                let began = Instant::now();
                log.append(TOPIC, batch).await?;
                took.push(began.elapsed());
            }
            Ok::<_, LogError>(took)
        })
    };
    let tasks: Vec<_> = shares.into_iter().map(append).collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.map_err(|_| LogError::Closed)??);
    }
    Ok(took)
}

async fn read(log: &dyn Log) -> Result<String, LogError> {
    let began = Instant::now();
    let (mut records, mut bytes) = (0, 0);
    for partition in 0..PARTITIONS {
        let mut from = 0;
        loop {
            let read = log.read(TOPIC, partition, from, READ).await?;
            if read.is_empty() {
                break;
            }
            from += read.len() as u64;
            bytes += read.iter().map(|stored| stored.record.size()).sum::<usize>();
        }
        records += from;
    }
    let megabytes = bytes as f64 / began.elapsed().as_secs_f64() / 1e6;
    Ok(format!("{}, {megabytes:.0} MB/s", rate(records, began)))
}

async fn fetch(log: &dyn Log, plan: Plan) -> Result<String, LogError> {
    let heads = log.heads(TOPIC).await?;
    let position = |n: u64| {
        let partition = (n % u64::from(PARTITIONS)) as u32;
        let place = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % plan.records.max(1);
        let head = *heads.get(partition as usize)?;
        place.checked_rem(head).map(|offset| (partition, offset))
    };
    let positions: Vec<(u32, u64)> = (0..plan.fetches).filter_map(position).collect();
    let (began, mut took) = (Instant::now(), Vec::new());
    for some in positions.chunks(FETCH) {
        let began = Instant::now();
        log.fetch(TOPIC, some).await?;
        took.push(began.elapsed());
    }
    let rate = rate(positions.len() as u64, began);
    Ok(format!("fetch, spread evenly, {FETCH} a call: {rate}; a call {}", spread(took)))
}

/// Appends at a pace, and a reader that follows.
async fn follow(log: &Arc<dyn Log>) -> Result<[String; 2], LogError> {
    let (batches, size) = PACED;
    let (heads, began) = (log.heads(TOPIC).await?, Instant::now());
    let now = move || i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX);
    let reader = tokio::spawn({
        let (log, mut seen) = (Arc::clone(log), heads);
        async move {
            let (mut took, mut waits) = (Vec::new(), 0u64);
            while (took.len() as u64) < batches * size {
                log.wait(TOPIC, &seen, Duration::from_secs(10)).await?;
                waits += 1;
                for (partition, next) in (0u32..).zip(seen.iter_mut()) {
                    let read = log.read(TOPIC, partition, *next, READ).await?;
                    *next += read.len() as u64;
                    let since = |at: i64| Duration::from_micros(u64::try_from(now() - at).unwrap_or_default());
                    took.extend(read.iter().map(|stored| since(stored.record.time)));
                }
            }
            Ok::<_, LogError>((took, waits))
        }
    });
    let mut tick = tokio::time::interval(PACE);
    let mut took = Vec::new();
    for n in 0..batches {
        tick.tick().await;
        let mut batch: Vec<_> = (n * size..(n + 1) * size).map(record).collect();
        let began = Instant::now();
        batch.iter_mut().for_each(|(_, record)| record.time = now());
        log.append(TOPIC, batch).await?;
        took.push(began.elapsed());
    }
    let (followed, waits) = reader.await.map_err(|_| LogError::Closed)??;
    Ok([
        format!("append, 10,000 records/s in batches of {size}: a batch {}", spread(took)),
        format!("from before the append to the reader, {waits} waits: {}", spread(followed)),
    ])
}

/// One record a call, as requests over HTTP come.
async fn singles(log: &Arc<dyn Log>, callers: u64) -> Result<String, LogError> {
    let share = |caller: u64| (caller * SINGLES..(caller + 1) * SINGLES).map(|n| vec![record(n)]).collect();
    let (shares, began) = ((0..callers).map(share).collect(), Instant::now());
    let took = at_once(log, shares).await?;
    let rate = rate(callers * SINGLES, began);
    Ok(format!("append, one record a call, {callers} at once: {rate}; a call {}", spread(took)))
}

fn rate(records: u64, began: Instant) -> String {
    format!("{:.0} records/s", records as f64 / began.elapsed().as_secs_f64())
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: f64| {
        let last = times.len().saturating_sub(1);
        times.get((last as f64 * share) as usize).copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    format!("p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms", at(0.5), at(0.99), at(1.0))
}
