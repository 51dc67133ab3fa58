//! A full disk: a clear error, nothing lost, and on it goes when there is room again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use onefold_log::{Log, LogError, LogRecord};
use onefold_log_embedded::{EmbeddedLog, EmbeddedOptions};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{PARTITIONS, TOPIC, append_next, child, open, whole_batches};

const LIMIT: u64 = 2_000_000;

// A limit holds for a whole process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_size_limit_loses_nothing_and_passes() {
    if let Some((path, checkpoint_pages)) = child::order() {
        return meets_a_file_size_limit(&path, checkpoint_pages.parse().unwrap()).await;
    }
    // The limit meets the write-ahead file, and with checkpoints the main file too.
    for checkpoint_pages in ["1000", "20"] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.db");
        child::run("full::a_file_size_limit_loses_nothing_and_passes", &path, checkpoint_pages);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_append_without_room_does_not_fail_the_others() {
    if let Some((path, _)) = child::order() {
        return shares_a_commit_with_one_too_many(&path).await;
    }
    let dir = tempfile::tempdir().unwrap();
    child::run("full::one_append_without_room_does_not_fail_the_others", &dir.path().join("log.db"), "");
}

fn limit(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: bytes.or(maximum), maximum }).unwrap();
}

/// Beyond the limit the system sends a signal that kills whoever does not listen.
fn listen() -> tokio::signal::unix::Signal {
    let sigxfsz = tokio::signal::unix::SignalKind::from_raw(25);
    tokio::signal::unix::signal(sigxfsz).unwrap()
}

async fn meets_a_file_size_limit(path: &Path, checkpoint_pages: u32) {
    let _signal = listen();
    let options = EmbeddedOptions { checkpoint_pages, ..EmbeddedOptions::default() };
    let log = EmbeddedLog::open(path, options.clone()).unwrap();
    log.topic(TOPIC, PARTITIONS).await.unwrap();

    limit(Some(LIMIT));
    let mut acknowledged = 0;
    let error = loop {
        match append_next(&log, acknowledged).await {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
        assert!(acknowledged < 1_000_000, "the limit was never met");
    };
    assert!(matches!(error, LogError::Full(_)), "{error:?}");
    assert!(error.retryable());
    assert!(error.to_string().contains("no room"), "{error}");
    assert!(acknowledged > 10);
    let again = append_next(&log, acknowledged).await;
    assert!(matches!(again, Err(LogError::Full(_))), "{again:?}");
    assert_eq!(whole_batches(&log).await, acknowledged, "what was acknowledged can be read while it is full");

    limit(None);
    for _ in 0..100 {
        append_next(&log, acknowledged).await.unwrap();
        acknowledged += 1;
    }
    assert_eq!(whole_batches(&log).await, acknowledged);
    drop(log);
    let log = EmbeddedLog::open(path, options).unwrap();
    assert_eq!(whole_batches(&log).await, acknowledged);
}

async fn shares_a_commit_with_one_too_many(path: &Path) {
    let _signal = listen();
    let log = Arc::new(open(path));
    log.topic(TOPIC, PARTITIONS).await.unwrap();
    let held_up = Arc::new(AtomicBool::new(false));
    let once = Arc::clone(&held_up);
    let hold_up = move || {
        if !once.swap(true, Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(500));
        }
    };
    fail::cfg_callback("log.append.before_commit", hold_up).unwrap();
    limit(Some(LIMIT));

    // While the first is held up, the others gather.
    let append = |size: usize| {
        let log = Arc::clone(&log);
        let record = LogRecord::new("key", vec![size as u8; size], 0);
        tokio::spawn(async move { log.append(TOPIC, vec![(0, record)]).await })
    };
    let first = append(10);
    while !held_up.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    let others = [append(1_000), append(3_000_000), append(2_000)];
    assert_eq!(first.await.unwrap(), Ok(vec![0]));
    let mut offsets = Vec::new();
    for (other, too_many) in others.into_iter().zip([false, true, false]) {
        match other.await.unwrap() {
            Ok(given) if !too_many => offsets.extend(given),
            Err(LogError::Full(_)) if too_many => {}
            answer => panic!("too many: {too_many}, {answer:?}"),
        }
    }
    offsets.sort_unstable();
    assert_eq!(offsets, [1, 2]);
    assert_eq!(log.heads(TOPIC).await.unwrap(), [3, 0, 0]);
}

/// A file system of a few megabytes, taken down when dropped.
struct Small(PathBuf);

impl Small {
    /// None where one may not mount.
    fn mount(dir: &Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "onefold-test"]).arg(dir).output();
        mounted.ok()?.status.success().then(|| Self(dir.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_full_file_system_loses_nothing_and_passes() {
    let dir = tempfile::tempdir().unwrap();
    // Only root may mount; the file size limit above needs no rights and runs everywhere.
    let Some(_small) = Small::mount(dir.path()) else {
        return child::skipped("a full tmpfs", "leave to mount one (run as root)");
    };
    let path = dir.path().join("log.db");
    let log = open(&path);
    log.topic(TOPIC, PARTITIONS).await.unwrap();
    std::fs::write(dir.path().join("filler"), vec![1; 2_000_000]).unwrap();
    let mut acknowledged = 0;
    let error = loop {
        match append_next(&log, acknowledged).await {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
        assert!(acknowledged < 1_000_000, "the file system was never full");
    };
    assert!(matches!(error, LogError::Full(_)), "{error:?}");
    assert_eq!(whole_batches(&log).await, acknowledged);
    // Closing moves what it can into the main file, and here it cannot.
    drop(log);
    std::fs::remove_file(dir.path().join("filler")).unwrap();
    let log = open(&path);
    assert_eq!(whole_batches(&log).await, acknowledged);
    for _ in 0..20 {
        append_next(&log, acknowledged).await.unwrap();
        acknowledged += 1;
    }
    drop(log);
    let log = open(&path);
    assert_eq!(whole_batches(&log).await, acknowledged);
    drop(log);
}
