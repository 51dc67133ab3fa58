//! Claims about topics, appending, offsets and what outlives the process.

use std::sync::Arc;

use super::{append, done, drain, heads, numbered, placed, topic};
use crate::{Log, LogError, LogRecord};

pub(super) async fn a_topic_keeps_its_first_number_of_partitions(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    for asked in [n, n + 1, 1, n * 2] {
        assert_eq!(done(log.topic("events", asked).await, "topic"), n);
    }
    assert_eq!(heads(&*log, "events").await, vec![0; n as usize]);
    assert!(matches!(log.topic("none", 0).await, Err(LogError::Refused(_))));
    assert!(matches!(log.heads("none").await, Err(LogError::UnknownTopic(_))));
}

pub(super) async fn topics_do_not_share_offsets(log: Arc<dyn Log>, n: u32) {
    let names = ["events", "events.1", "intake.finance", "Events-1"];
    for name in names {
        topic(&*log, name, n).await;
    }
    for (step, name) in names.iter().enumerate() {
        let batch = vec![(n - 1, numbered(step as u64)); step + 1];
        assert_eq!(append(&*log, name, batch).await, (0..=step as u64).collect::<Vec<_>>());
    }
    for (step, name) in names.iter().enumerate() {
        let held = drain(&*log, name, n - 1, 10).await;
        assert_eq!(held.len(), step + 1);
        assert!(held.iter().all(|s| s.record == numbered(step as u64)));
    }
}

pub(super) async fn offsets_count_from_zero_without_a_gap(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    let mut next = vec![0u64; n as usize];
    let mut number = 0;
    for size in [1usize, 2, 7, 100, 1, 333] {
        let batch: Vec<_> = (0..size)
            .map(|_| {
                number += 1;
                placed(numbered(number), n)
            })
            .collect();
        let expected: Vec<u64> = batch
            .iter()
            .map(|(partition, _)| {
                let head = &mut next[*partition as usize];
                *head += 1;
                *head - 1
            })
            .collect();
        assert_eq!(append(&*log, "events", batch).await, expected);
        assert_eq!(heads(&*log, "events").await, next);
    }
}

pub(super) async fn an_empty_batch_changes_nothing(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    assert_eq!(append(&*log, "events", Vec::new()).await, Vec::<u64>::new());
    append(&*log, "events", vec![(0, numbered(1))]).await;
    assert_eq!(append(&*log, "events", Vec::new()).await, Vec::<u64>::new());
    assert_eq!(heads(&*log, "events").await[0], 1);
}

pub(super) async fn a_wrong_request_appends_nothing(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    let refused = log.append("events", vec![(0, numbered(1)), (n, numbered(2))]).await;
    assert!(matches!(refused, Err(LogError::Refused(_))), "{refused:?}");
    let unknown = log.append("other", vec![(0, numbered(1))]).await;
    assert!(matches!(unknown, Err(LogError::UnknownTopic(_))), "{unknown:?}");
    assert_eq!(heads(&*log, "events").await, vec![0; n as usize]);
    assert_eq!(append(&*log, "events", vec![(0, numbered(3))]).await, vec![0]);
}

pub(super) async fn appenders_at_once_keep_every_record_once(log: Arc<dyn Log>, n: u32) {
    const APPENDERS: u64 = 8;
    const BATCHES: u64 = 20;
    const SIZE: u64 = 13;
    topic(&*log, "events", n).await;
    let tasks: Vec<_> = (0..APPENDERS)
        .map(|appender| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                let mut positions = Vec::new();
                for step in 0..BATCHES {
                    let first = (appender * BATCHES + step) * SIZE;
                    let batch: Vec<(u32, LogRecord)> = (first..first + SIZE).map(|k| placed(numbered(k), n)).collect();
                    let offsets = append(&*log, "events", batch.clone()).await;
                    assert_eq!(offsets.len(), batch.len());
                    positions.extend(batch.into_iter().zip(offsets));
                }
                positions
            })
        })
        .collect();

    let mut told = 0;
    let mut expected: Vec<Vec<Option<LogRecord>>> = vec![Vec::new(); n as usize];
    for task in tasks {
        let positions = match task.await {
            Ok(positions) => positions,
            Err(error) => panic!("an appender failed: {error}"),
        };
        let mut last = vec![None; n as usize];
        for ((partition, record), offset) in positions {
            let partition = partition as usize;
            assert!(last[partition] < Some(offset), "one appender's records keep their order");
            last[partition] = Some(offset);
            let slots = &mut expected[partition];
            if slots.len() <= offset as usize {
                slots.resize(offset as usize + 1, None);
            }
            assert!(slots[offset as usize].replace(record).is_none(), "offset {offset} was given twice");
            told += 1;
        }
    }
    assert_eq!(told, APPENDERS * BATCHES * SIZE);
    for (partition, slots) in expected.into_iter().enumerate() {
        let held = drain(&*log, "events", partition as u32, 100).await;
        let held: Vec<_> = held.into_iter().map(|s| Some(s.record)).collect();
        assert!(held == slots, "partition {partition} differs from what was told");
    }
}

/// Fills two topics and lets go of the log; the records per partition come back.
pub(super) async fn fill_for_reopening(log: Arc<dyn Log>, n: u32) -> Vec<Vec<LogRecord>> {
    topic(&*log, "events", n).await;
    topic(&*log, "untouched", n + 1).await;
    let mut kept = vec![Vec::new(); n as usize];
    for step in 0..5 {
        let batch: Vec<_> = (step * 50..step * 50 + 50).map(|k| placed(numbered(k), n)).collect();
        for (partition, record) in &batch {
            kept[*partition as usize].push(record.clone());
        }
        append(&*log, "events", batch).await;
    }
    kept
}

pub(super) async fn reopening_keeps_everything(log: Arc<dyn Log>, n: u32, kept: Vec<Vec<LogRecord>>) {
    assert_eq!(done(log.topic("events", n + 5).await, "topic"), n);
    assert_eq!(done(log.topic("untouched", 1).await, "topic"), n + 1);
    assert_eq!(heads(&*log, "events").await, kept.iter().map(|k| k.len() as u64).collect::<Vec<_>>());
    for (partition, records) in kept.iter().enumerate() {
        let held = drain(&*log, "events", partition as u32, 7).await;
        assert!(held.iter().map(|s| &s.record).eq(records));
    }
    let next = append(&*log, "events", vec![(0, numbered(9_999))]).await;
    assert_eq!(next, vec![kept[0].len() as u64], "offsets go on");
}
