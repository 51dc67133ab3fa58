//! A log copied into another one, broken off and gone on with.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use onefold_log::{
    CopyError, CopyReport, GroupMembership, Larger, Log, LogError, LogRecord, StoredRecord, copy, partition_of,
};
use onefold_log_embedded::{EmbeddedLog, EmbeddedOptions};

fn open(dir: &Path, name: &str) -> EmbeddedLog {
    EmbeddedLog::open(&dir.join(format!("{name}.db")), EmbeddedOptions::default()).unwrap()
}

/// Records of 40 keys, numbered from `first`, spread over the partitions of their keys.
async fn fill(log: &dyn Log, partitions: u32, first: i64, count: i64) {
    log.topic("events", partitions).await.unwrap();
    let record = |n: i64| {
        let key = format!("order:erp:{}", n % 40);
        let mut record = LogRecord::new(key, format!("payload {n}"), n * 1_000);
        record.headers = vec![("ce-id".to_owned(), n.to_string().into()), ("ce-id".to_owned(), "again".into())];
        (partition_of(&record.key, partitions), record)
    };
    log.append("events", (first..first + count).map(record).collect()).await.unwrap();
}

async fn by_key(log: &dyn Log) -> BTreeMap<Vec<u8>, Vec<LogRecord>> {
    let mut all: BTreeMap<Vec<u8>, Vec<LogRecord>> = BTreeMap::new();
    for (partition, head) in (0..).zip(log.heads("events").await.unwrap()) {
        let mut at = 0;
        while at < head {
            for StoredRecord { offset, record, .. } in log.read("events", partition, at, 1_000).await.unwrap() {
                at = offset + 1;
                all.entry(record.key.to_vec()).or_default().push(record);
            }
        }
    }
    all
}

/// Refuses every append of records but the first few, and whatever is larger than it may be.
struct Failing<'a> {
    inner: &'a EmbeddedLog,
    appends: AtomicUsize,
    most: usize,
}

#[async_trait]
impl Log for Failing<'static> {
    async fn topic(&self, name: &str, partitions: u32) -> Result<u32, LogError> {
        self.inner.topic(name, partitions).await
    }
    async fn append(&self, topic: &str, batch: Vec<(u32, LogRecord)>) -> Result<Vec<u64>, LogError> {
        if let Some(bytes) = batch.iter().map(|(_, record)| record.size()).find(|bytes| *bytes > self.most) {
            return Err(LogError::TooLarge { bytes, most: self.most });
        }
        if topic == "events" && self.appends.fetch_add(1, Ordering::Relaxed) >= 2 {
            // A prefix of one partition is stored all the same, as the port allows.
            let first = batch.first().map(|(partition, _)| *partition).unwrap_or(0);
            let some = batch.into_iter().filter(|(partition, _)| *partition == first).take(7).collect();
            self.inner.append(topic, some).await?;
            return Err(LogError::Unavailable("broken off".to_owned()));
        }
        self.inner.append(topic, batch).await
    }
    async fn read(&self, topic: &str, partition: u32, from: u64, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        self.inner.read(topic, partition, from, max).await
    }
    async fn fetch(&self, topic: &str, positions: &[(u32, u64)]) -> Result<Vec<StoredRecord>, LogError> {
        self.inner.fetch(topic, positions).await
    }
    async fn heads(&self, topic: &str) -> Result<Vec<u64>, LogError> {
        self.inner.heads(topic).await
    }
    async fn wait(&self, topic: &str, seen: &[u64], timeout: Duration) -> Result<bool, LogError> {
        self.inner.wait(topic, seen, timeout).await
    }
    async fn join(&self, topic: &str, group: &str) -> Result<Box<dyn GroupMembership>, LogError> {
        self.inner.join(topic, group).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_broken_off_goes_on_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (open(dir.path(), "from"), Box::leak(Box::new(open(dir.path(), "to"))));
    fill(&from, 3, 0, 9_000).await;
    let failing = Failing { inner: to, appends: AtomicUsize::new(0), most: usize::MAX };
    for _ in 0..2 {
        let broken = copy(&from, &failing, "events", 8, Larger::Stop, &|_, _| {}).await;
        assert_eq!(broken, Err(CopyError::To(LogError::Unavailable("broken off".to_owned()))));
    }
    let held: u64 = to.heads("events").await.unwrap().iter().sum();
    let done = copy(&from, to, "events", 8, Larger::Stop, &|_, _| {}).await.unwrap();
    assert_eq!(done, CopyReport { records: 9_000 - held, resumed: held, left_out: 0, partitions: 8 });
    assert!(held > 4_000, "{held}");
    assert_eq!(by_key(&from).await, by_key(to).await);

    // What the source has got since comes over too, and then there is nothing left to do.
    fill(&from, 3, 9_000, 500).await;
    assert_eq!(copy(&from, to, "events", 8, Larger::Stop, &|_, _| {}).await.unwrap().records, 500);
    assert_eq!(copy(&from, to, "events", 8, Larger::Stop, &|_, _| {}).await.unwrap().records, 0);
    assert_eq!(by_key(&from).await, by_key(to).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_somebody_else_wrote_to_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (from, other, to) = (open(dir.path(), "from"), open(dir.path(), "other"), open(dir.path(), "to"));
    fill(&from, 3, 0, 100).await;
    fill(&other, 2, 0, 50).await;
    fill(&to, 1, 0, 1).await;
    let refused = |done: Result<CopyReport, CopyError>| matches!(done, Err(CopyError::Foreign { .. }));
    assert!(refused(copy(&from, &to, "events", 1, Larger::Stop, &|_, _| {}).await));

    let into = open(dir.path(), "into");
    copy(&from, &into, "events", 4, Larger::Stop, &|_, _| {}).await.unwrap();
    // From another source, and with a record of somebody else's in it.
    assert!(refused(copy(&other, &into, "events", 4, Larger::Stop, &|_, _| {}).await));
    into.append("events", vec![(0, LogRecord::new("x", "y", 1))]).await.unwrap();
    assert!(refused(copy(&from, &into, "events", 4, Larger::Stop, &|_, _| {}).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_the_target_is_too_narrow_for_stops_the_copy_by_name_or_is_kept_and_noted_by_decision() {
    const MOST: usize = 1_000;
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (open(dir.path(), "from"), Box::leak(Box::new(open(dir.path(), "to"))));
    fill(&from, 3, 0, 3_000).await;
    let large = |n: i64| {
        let record = LogRecord::new(format!("order:erp:{}", n % 40), "x".repeat(MOST), n * 1_000);
        (partition_of(&record.key, 3), record)
    };
    from.append("events", [3_000, 3_001].map(large).into()).await.unwrap();
    fill(&from, 3, 3_002, 3_000).await;
    let narrow = |appends: usize| Failing { inner: to, appends: AtomicUsize::new(2 - appends), most: MOST };

    let stopped = copy(&from, &narrow(2), "events", 8, Larger::Stop, &|_, _| {}).await.unwrap_err();
    assert!(
        matches!(&stopped, CopyError::TooLarge { key, bytes, most: MOST, .. } if key == "order:erp:0" && *bytes > MOST)
    );
    let held: u64 = to.heads("events").await.unwrap().iter().sum();
    assert_eq!(held, 2_000, "whole chunks before it");

    // Kept, and then broken off before anything later is in; and gone on with.
    let mut kept = Vec::new();
    let mut keep = |stored: &StoredRecord| {
        kept.push(stored.clone());
        Ok(())
    };
    let broken = copy(&from, &narrow(1), "events", 8, Larger::Keep(&mut keep), &|_, _| {}).await;
    assert_eq!(broken, Err(CopyError::To(LogError::Unavailable("broken off".to_owned()))));
    let done = copy(&from, to, "events", 8, Larger::Stop, &|_, _| {}).await.unwrap();
    assert_eq!(done.records + done.resumed, 6_002);
    assert_eq!(kept.iter().map(|stored| stored.record.time).collect::<Vec<_>>(), [3_000_000, 3_001_000]);
    let (all, copied) = (by_key(&from).await, by_key(to).await);
    for (key, records) in all {
        for (record, copy) in records.iter().zip(&copied[&key]) {
            assert_eq!(record.time, copy.time);
            let is_note = copy.value.starts_with(b"left out of a copy: ");
            assert_eq!(is_note, record.size() > MOST);
            assert!(is_note || record == copy);
        }
        assert_eq!(records.len(), copied[&key].len());
    }
    let refused = copy(&from, to, "events", 8, Larger::Stop, &|_, _| {}).await.unwrap();
    assert_eq!(refused.records, 0, "there is nothing left to do");
}
