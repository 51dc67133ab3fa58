//! A log copied into another one, broken off and gone on with.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use onefold_log::{Copied, CopyError, Log, LogError, Membership, Record, Stored, copy, partition_of};
use onefold_log_embedded::{EmbeddedLog, Options};

fn open(dir: &Path, name: &str) -> EmbeddedLog {
    EmbeddedLog::open(&dir.join(format!("{name}.db")), Options::default()).unwrap()
}

/// Records of 40 keys, numbered from `first`, spread over the partitions of their keys.
async fn fill(log: &dyn Log, partitions: u32, first: i64, count: i64) {
    log.topic("events", partitions).await.unwrap();
    let record = |n: i64| {
        let key = format!("order:erp:{}", n % 40);
        let mut record = Record::new(key, format!("payload {n}"), n * 1_000);
        record.headers = vec![("ce-id".to_owned(), n.to_string().into()), ("ce-id".to_owned(), "again".into())];
        (partition_of(&record.key, partitions), record)
    };
    log.append("events", (first..first + count).map(record).collect()).await.unwrap();
}

async fn by_key(log: &dyn Log) -> BTreeMap<Vec<u8>, Vec<Record>> {
    let mut all: BTreeMap<Vec<u8>, Vec<Record>> = BTreeMap::new();
    for (partition, head) in (0..).zip(log.heads("events").await.unwrap()) {
        let mut at = 0;
        while at < head {
            for Stored { offset, record, .. } in log.read("events", partition, at, 1_000).await.unwrap() {
                at = offset + 1;
                all.entry(record.key.to_vec()).or_default().push(record);
            }
        }
    }
    all
}

/// Refuses every append of records but the first few.
struct Failing<'a> {
    inner: &'a EmbeddedLog,
    appends: AtomicUsize,
}

#[async_trait]
impl Log for Failing<'static> {
    async fn topic(&self, name: &str, partitions: u32) -> Result<u32, LogError> {
        self.inner.topic(name, partitions).await
    }
    async fn append(&self, topic: &str, batch: Vec<(u32, Record)>) -> Result<Vec<u64>, LogError> {
        if topic == "events" && self.appends.fetch_add(1, Ordering::Relaxed) >= 2 {
            // A prefix of one partition is stored all the same, as the port allows.
            let first = batch.first().map(|(partition, _)| *partition).unwrap_or(0);
            let some = batch.into_iter().filter(|(partition, _)| *partition == first).take(7).collect();
            self.inner.append(topic, some).await?;
            return Err(LogError::Unavailable("broken off".to_owned()));
        }
        self.inner.append(topic, batch).await
    }
    async fn read(&self, topic: &str, partition: u32, from: u64, max: usize) -> Result<Vec<Stored>, LogError> {
        self.inner.read(topic, partition, from, max).await
    }
    async fn fetch(&self, topic: &str, positions: &[(u32, u64)]) -> Result<Vec<Stored>, LogError> {
        self.inner.fetch(topic, positions).await
    }
    async fn heads(&self, topic: &str) -> Result<Vec<u64>, LogError> {
        self.inner.heads(topic).await
    }
    async fn wait(&self, topic: &str, seen: &[u64], timeout: Duration) -> Result<bool, LogError> {
        self.inner.wait(topic, seen, timeout).await
    }
    async fn join(&self, topic: &str, group: &str) -> Result<Box<dyn Membership>, LogError> {
        self.inner.join(topic, group).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_broken_off_goes_on_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (open(dir.path(), "from"), Box::leak(Box::new(open(dir.path(), "to"))));
    fill(&from, 3, 0, 9_000).await;
    let failing = Failing { inner: to, appends: AtomicUsize::new(0) };
    for _ in 0..2 {
        let broken = copy(&from, &failing, "events", 8, &|_, _| {}).await;
        assert_eq!(broken, Err(CopyError::To(LogError::Unavailable("broken off".to_owned()))));
    }
    let held: u64 = to.heads("events").await.unwrap().iter().sum();
    let done = copy(&from, to, "events", 8, &|_, _| {}).await.unwrap();
    assert_eq!(done, Copied { records: 9_000 - held, resumed: held, partitions: 8 });
    assert!(held > 4_000, "{held}");
    assert_eq!(by_key(&from).await, by_key(to).await);

    // What the source has got since comes over too, and then there is nothing left to do.
    fill(&from, 3, 9_000, 500).await;
    assert_eq!(copy(&from, to, "events", 8, &|_, _| {}).await.unwrap().records, 500);
    assert_eq!(copy(&from, to, "events", 8, &|_, _| {}).await.unwrap().records, 0);
    assert_eq!(by_key(&from).await, by_key(to).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_somebody_else_wrote_to_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (from, other, to) = (open(dir.path(), "from"), open(dir.path(), "other"), open(dir.path(), "to"));
    fill(&from, 3, 0, 100).await;
    fill(&other, 2, 0, 50).await;
    fill(&to, 1, 0, 1).await;
    let refused = |done: Result<Copied, CopyError>| matches!(done, Err(CopyError::Foreign { .. }));
    assert!(refused(copy(&from, &to, "events", 1, &|_, _| {}).await));

    let into = open(dir.path(), "into");
    copy(&from, &into, "events", 4, &|_, _| {}).await.unwrap();
    // From another source, and with a record of somebody else's in it.
    assert!(refused(copy(&other, &into, "events", 4, &|_, _| {}).await));
    into.append("events", vec![(0, Record::new("x", "y", 1))]).await.unwrap();
    assert!(refused(copy(&from, &into, "events", 4, &|_, _| {}).await));
}
