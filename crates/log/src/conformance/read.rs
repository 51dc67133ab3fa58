//! Claims about reading and fetching.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::{append, done, drain, heads, numbered, placed, read, topic};
use crate::{Log, LogError, LogRecord, StoredRecord};

pub(super) async fn every_byte_of_a_record_survives(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    let every_byte = Bytes::from((0..=255u8).collect::<Vec<_>>());
    let twice = |value: &'static [u8]| ("twice".to_owned(), Bytes::from_static(value));
    let records = vec![
        LogRecord::default(),
        LogRecord::new(every_byte.clone(), every_byte.clone(), i64::MAX),
        LogRecord::new(Bytes::new(), "no key", i64::MIN),
        LogRecord::new("no value", Bytes::new(), -1),
        LogRecord {
            key: Bytes::from("party:erp:王伟"),
            headers: vec![
                twice(b"second is first"),
                twice(b""),
                ("".to_owned(), Bytes::from_static(b"no name")),
                ("名".to_owned(), every_byte.clone()),
                ("long".to_owned(), Bytes::from(vec![7u8; 70_000])),
                twice(b"second is first"),
            ],
            value: Bytes::from(vec![0u8; 20_000]),
            time: 1_700_000_000_123_456,
        },
    ];
    let batch: Vec<_> = records.iter().map(|r| (n - 1, r.clone())).collect();
    append(&*log, "events", batch).await;
    let held = drain(&*log, "events", n - 1, 100).await;
    for (offset, (stored, record)) in held.iter().zip(&records).enumerate() {
        assert_eq!(stored.partition, n - 1);
        assert_eq!(stored.offset, offset as u64);
        assert!(stored.record == *record, "record {offset} has changed");
    }
    assert_eq!(held.len(), records.len());
}

pub(super) async fn a_large_record_survives(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    // Leaves room for the key and for an adapter's own words under a limit of 1 MiB.
    let value: Vec<u8> = (0..1_000_000u32).map(|k| (k % 251) as u8).collect();
    let large = LogRecord::new("large", value, 1);
    let batch = vec![(0, numbered(1)), (0, large.clone()), (0, numbered(2)), (0, large.clone())];
    append(&*log, "events", batch).await;
    let held = drain(&*log, "events", 0, 100).await;
    let expected = [numbered(1), large.clone(), numbered(2), large];
    assert!(held.iter().map(|s| &s.record).eq(&expected));
}

pub(super) async fn each_partition_is_read_in_the_order_of_appending(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    let mut order = vec![Vec::new(); n as usize];
    for step in 0..10 {
        let batch: Vec<_> = (step * 37..step * 37 + 37).map(|k| placed(numbered(k), n)).collect();
        for (partition, record) in &batch {
            order[*partition as usize].push(record.clone());
        }
        append(&*log, "events", batch).await;
    }
    for (partition, records) in order.iter().enumerate() {
        let partition = partition as u32;
        for step in [1, 10, 1_000] {
            let held = drain(&*log, "events", partition, step).await;
            assert!(held.iter().map(|s| &s.record).eq(records), "steps of {step}");
            assert!(held.iter().map(|s| s.offset).eq(0..records.len() as u64));
            assert!(held.iter().all(|s| s.partition == partition));
        }
        let middle = records.len() / 2;
        let from = read(&*log, "events", partition, middle as u64, 1).await;
        assert!(from.iter().map(|s| &s.record).eq(records.get(middle)));
    }
}

pub(super) async fn reading_at_or_beyond_the_head_is_empty(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    for from in [0, 1, u64::MAX] {
        assert!(read(&*log, "events", n - 1, from, 10).await.is_empty());
    }
    append(&*log, "events", vec![(n - 1, numbered(1)); 3]).await;
    for from in [3, 4, 1 << 40, i64::MAX as u64, u64::MAX] {
        assert!(read(&*log, "events", n - 1, from, 10).await.is_empty());
    }
    assert!(read(&*log, "events", n - 1, 0, 0).await.is_empty());
    assert_eq!(drain(&*log, "events", n - 1, usize::MAX).await.len(), 3);
}

pub(super) async fn fetch_answers_in_the_order_asked(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    let batch: Vec<_> = (0..200).map(|k| placed(numbered(k), n)).collect();
    let offsets = append(&*log, "events", batch.clone()).await;
    let stored: Vec<StoredRecord> = batch
        .into_iter()
        .zip(offsets)
        .map(|((partition, record), offset)| StoredRecord { partition, offset, record })
        .collect();
    // Far apart, backwards, across partitions, and one of them twice.
    let picks = [199, 0, 77, 78, 3, 77, 150, 1];
    let asked: Vec<(u32, u64)> = picks.iter().map(|k| (stored[*k].partition, stored[*k].offset)).collect();
    let got = done(log.fetch("events", &asked).await, "fetch");
    assert!(got.iter().eq(picks.iter().map(|k| &stored[*k])));
    assert!(done(log.fetch("events", &[]).await, "fetch").is_empty());
}

pub(super) async fn what_is_not_there_is_said_so(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    append(&*log, "events", vec![(0, numbered(1))]).await;
    for position in [(0, 1), (0, u64::MAX), (n, 0)] {
        let got = log.fetch("events", &[(0, 0), position]).await;
        assert!(
            matches!(
                got,
                Err(LogError::UnknownPosition { partition, offset, .. })
                    if (partition, offset) == position
            ),
            "{position:?}: {got:?}"
        );
    }
    assert!(matches!(log.read("events", n, 0, 1).await, Err(LogError::Refused(_))));
    assert!(matches!(log.read("none", 0, 0, 1).await, Err(LogError::UnknownTopic(_))));
    assert!(matches!(log.fetch("none", &[(0, 0)]).await, Err(LogError::UnknownTopic(_))));
    assert!(matches!(log.wait("none", &[], std::time::Duration::ZERO).await, Err(LogError::UnknownTopic(_))));
}

/// Reads while another task appends, lets go of the log, and tells all that was seen.
pub(super) async fn read_while_appending(log: Arc<dyn Log>, n: u32) -> Vec<StoredRecord> {
    topic(&*log, "events", n).await;
    let ended = Arc::new(AtomicBool::new(false));
    let appender = tokio::spawn({
        let (log, ended) = (Arc::clone(&log), Arc::clone(&ended));
        async move {
            for step in 0..60u64 {
                let batch: Vec<_> = (step * 20..step * 20 + 20).map(|k| placed(numbered(k), n)).collect();
                append(&*log, "events", batch).await;
            }
            ended.store(true, Ordering::SeqCst);
        }
    });
    let mut seen: Vec<Vec<StoredRecord>> = vec![Vec::new(); n as usize];
    loop {
        let last = ended.load(Ordering::SeqCst);
        let before = heads(&*log, "events").await;
        for (partition, seen) in seen.iter_mut().enumerate() {
            let head = before[partition];
            loop {
                let from = seen.len() as u64;
                let more = read(&*log, "events", partition as u32, from, 1_000).await;
                assert!(more.iter().map(|s| s.offset).eq(from..from + more.len() as u64));
                assert!(
                    !more.is_empty() || from >= head,
                    "the head of partition {partition} was {head}, but nothing is read at {from}"
                );
                seen.extend(more);
                // Fewer than there are is as good.
                if seen.len() as u64 >= head {
                    break;
                }
            }
        }
        if last {
            break;
        }
        tokio::task::yield_now().await;
    }
    if let Err(error) = appender.await {
        panic!("the appender failed: {error}");
    }
    let seen = seen.concat();
    assert_eq!(seen.len(), 60 * 20);
    seen
}

pub(super) async fn what_a_read_returned_stays(log: Arc<dyn Log>, seen: Vec<StoredRecord>) {
    let positions: Vec<_> = seen.iter().map(|s| (s.partition, s.offset)).collect();
    let held = done(log.fetch("events", &positions).await, "fetch");
    assert!(held == seen);
}
