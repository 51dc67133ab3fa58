//! A broker that is killed, started and frozen under load: what was acknowledged is there, once, and in order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use onefold_log::{Log, LogError, LogRecord};
use onefold_log_kafka::{KafkaLog, KafkaOptions};
use onefold_testkit::Kafka;

const PARTITIONS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(4);

/// What an appender knows of one record.
struct Sent {
    partition: u32,
    offset: u64,
    /// How often it was sent, the last time with an acknowledgement.
    times: u32,
}

/// Appends until it is told to end; whatever fails is sent again.
async fn appends(log: Arc<KafkaLog>, appender: u32, ended: Arc<AtomicBool>) -> (Vec<Sent>, u32) {
    let (mut sent, mut failures) = (Vec::new(), 0);
    while !ended.load(Ordering::SeqCst) {
        let first = sent.len();
        let batch: Vec<(u32, LogRecord)> = (first..first + 50)
            .map(|n| (n as u32 % PARTITIONS, LogRecord::new(format!("a{appender}"), format!("a{appender}-{n}"), 1)))
            .collect();
        let mut times = 1;
        let offsets = loop {
            match log.append("events", batch.clone()).await {
                Ok(offsets) => break offsets,
                Err(error) => {
                    assert!(error.retryable(), "{error}");
                    (times, failures) = (times + 1, failures + 1);
                }
            }
        };
        let placed = batch.iter().zip(offsets);
        sent.extend(placed.map(|((partition, _), offset)| Sent { partition: *partition, offset, times }));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    (sent, failures)
}

/// Reads on from where it is, until it is told to end and nothing is left.
async fn follows(log: Arc<KafkaLog>, ended: Arc<AtomicBool>) -> Vec<Vec<LogRecord>> {
    let mut held: Vec<Vec<LogRecord>> = vec![Vec::new(); PARTITIONS as usize];
    loop {
        let last = ended.load(Ordering::SeqCst);
        let step = async {
            let mut more = 0;
            for (partition, held) in (0u32..).zip(held.iter_mut()) {
                let read = log.read("events", partition, held.len() as u64, 1_000).await?;
                for stored in read {
                    assert_eq!(stored.offset, held.len() as u64);
                    held.push(stored.record);
                    more += 1;
                }
            }
            let seen: Vec<u64> = held.iter().map(|held| held.len() as u64).collect();
            if more == 0 && !last {
                log.wait("events", &seen, Duration::from_millis(500)).await?;
            }
            Ok::<_, LogError>(more)
        };
        match step.await {
            Ok(0) if last => return held,
            Ok(_) => {}
            Err(error) => assert!(error.retryable(), "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_was_acknowledged_outlives_a_broker_killed_and_frozen() {
    let Some(kafka) = Kafka::own("a broker killed and frozen under load") else { return };
    let mut options = KafkaOptions::new(kafka.bootstrap());
    options.patience = PATIENCE;
    let open = || Arc::new(KafkaLog::open(options.clone()).unwrap());
    let log = open();
    log.topic("events", PARTITIONS).await.unwrap();
    let (ended, drained) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    // The reader is another process as far as the broker can tell.
    let follower = tokio::spawn(follows(open(), Arc::clone(&drained)));
    let appenders: Vec<_> = (0..3).map(|a| tokio::spawn(appends(Arc::clone(&log), a, Arc::clone(&ended)))).collect();

    let pause = |seconds| tokio::time::sleep(Duration::from_secs(seconds));
    let kafka = Arc::new(kafka);
    pause(2).await;
    for round in 0..4 {
        let harmed = Arc::clone(&kafka);
        let harm = move || match round {
            // Down for a moment, and for longer than callers have patience.
            0 | 1 => {
                harmed.kill();
                std::thread::sleep(if round == 0 { Duration::ZERO } else { PATIENCE * 2 });
                harmed.start();
            }
            // Frozen, likewise.
            _ => {
                harmed.freeze();
                std::thread::sleep(if round == 2 { PATIENCE / 2 } else { PATIENCE * 2 });
                harmed.thaw();
            }
        };
        tokio::task::spawn_blocking(harm).await.unwrap();
        pause(2).await;
    }
    ended.store(true, Ordering::SeqCst);
    let mut sent = Vec::new();
    for appender in appenders {
        sent.push(appender.await.unwrap());
    }
    drained.store(true, Ordering::SeqCst);
    let held = follower.await.unwrap();
    let failures: u32 = sent.iter().map(|(_, failures)| failures).sum();
    assert!(failures > 0, "nothing was out of reach for longer than the callers' patience");

    let mut copies: BTreeMap<&[u8], u32> = BTreeMap::new();
    for record in held.iter().flatten() {
        *copies.entry(&record.value[..]).or_default() += 1;
    }
    for (appender, (sent, _)) in sent.iter().enumerate() {
        assert!(sent.len() > 1_000, "appender {appender} came to {}", sent.len());
        let mut last = [None; PARTITIONS as usize];
        for (n, Sent { partition, offset, times }) in sent.iter().enumerate() {
            let value = format!("a{appender}-{n}");
            let stored = held[*partition as usize].get(*offset as usize);
            assert_eq!(stored.map(|record| &record.value[..]), Some(value.as_bytes()), "{partition}/{offset}");
            let copies = copies[value.as_bytes()];
            assert!((1..=*times).contains(&copies), "{value}: sent {times} times, {copies} copies");
            let last = &mut last[*partition as usize];
            assert!(*last < Some(*offset), "{value} came before an earlier one");
            *last = Some(*offset);
        }
    }
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_told_in_time() {
    let mut options = KafkaOptions::new("127.0.0.1:1");
    options.patience = Duration::from_secs(2);
    let log = KafkaLog::open(options).unwrap();
    let began = std::time::Instant::now();
    let failed = log.append("events", vec![(0, LogRecord::new("k", "v", 1))]).await.unwrap_err();
    assert!(matches!(failed, LogError::Unavailable(_)) && failed.retryable(), "{failed}");
    assert!(began.elapsed() < Duration::from_secs(20));
}
