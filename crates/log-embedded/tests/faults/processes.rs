//! One process writes, any number read at the same time.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use onefold_log::{Log, LogError, LogRecord};
use onefold_log_embedded::{EmbeddedLog, EmbeddedOptions};

use crate::{BATCH, PARTITIONS, TOPIC, append_next, batch, child, open, whole_batches};

/// The test that writes in a process of its own, for all of this file.
const WRITER: &str = "processes::a_second_writer_is_refused_until_the_first_process_ends";

/// Writes so many batches and stays.
async fn write_and_stay(path: &Path, batches: u64) {
    let log = open(path);
    println!("\nopen ");
    tokio::time::sleep(Duration::from_millis(200)).await;
    log.topic(TOPIC, PARTITIONS).await.unwrap();
    for number in 0..batches {
        append_next(&log, number).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    println!("\nwritten ");
    std::thread::sleep(Duration::from_secs(600));
}

#[tokio::test]
async fn a_second_writer_is_refused_in_the_same_process() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let first = open(&path);
    first.topic(TOPIC, PARTITIONS).await.unwrap();
    let second = EmbeddedLog::open(&path, EmbeddedOptions::default());
    assert!(matches!(&second, Err(LogError::Locked(said)) if said.contains("log.db")), "{second:?}");
    append_next(&first, 0).await.unwrap();
    drop(first);
    let second = open(&path);
    assert_eq!(whole_batches(&second).await, 1);
}

#[tokio::test]
async fn a_second_writer_is_refused_until_the_first_process_ends() {
    if let Some((path, batches)) = child::order() {
        return write_and_stay(&path, batches.parse().unwrap()).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let mut first = child::Talking::start(WRITER, &path, "5");
    first.hear("written ");
    let second = EmbeddedLog::open(&path, EmbeddedOptions::default());
    assert!(matches!(second, Err(LogError::Locked(_))), "{second:?}");
    first.kill();
    let second = open(&path);
    assert_eq!(whole_batches(&second).await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_follow_a_writer_in_another_process() {
    const BATCHES: u64 = 100;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let mut writer = child::Talking::start(WRITER, &path, &BATCHES.to_string());
    writer.hear("open ");
    let followers: Vec<_> = (0..3)
        .map(|_| {
            // Opened before the topic is made.
            let log = EmbeddedLog::open_read(&path).unwrap();
            tokio::spawn(async move {
                let began = Instant::now();
                while let Err(error) = log.heads(TOPIC).await {
                    assert_eq!(error, LogError::UnknownTopic(TOPIC.to_owned()));
                    assert!(began.elapsed() < Duration::from_secs(30));
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                let mut seen = vec![0u64; PARTITIONS as usize];
                let mut woken = 0;
                while seen.iter().sum::<u64>() < BATCHES * BATCH {
                    assert!(log.wait(TOPIC, &seen, Duration::from_secs(30)).await.unwrap());
                    woken += 1;
                    for (partition, seen) in (0u32..).zip(seen.iter_mut()) {
                        *seen += log.read(TOPIC, partition, *seen, 1_000).await.unwrap().len() as u64;
                    }
                }
                assert!(woken > 1, "it followed while the other wrote");
                assert!(!log.wait(TOPIC, &seen, Duration::from_millis(120)).await.unwrap());
                assert_eq!(whole_batches(&log).await, BATCHES);
            })
        })
        .collect();
    for follower in followers {
        follower.await.unwrap();
    }
    writer.hear("written ");
}

#[tokio::test]
async fn a_reader_needs_no_writer_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let mut writer = child::Talking::start(WRITER, &path, "20");
    writer.hear("written ");
    // Killed, so that everything is still in the write-ahead file.
    writer.kill();
    let reader = EmbeddedLog::open_read(&path).unwrap();
    assert_eq!(whole_batches(&reader).await, 20);
    assert_eq!(reader.topic(TOPIC, 9).await, Ok(PARTITIONS));
    assert!(matches!(reader.topic("other", 1).await, Err(LogError::Refused(_))));
    assert!(matches!(append_next(&reader, 20).await, Err(LogError::Refused(_))));
    // A writer may come while the reader is there, and the reader sees what it adds.
    let writer = open(&path);
    append_next(&writer, 20).await.unwrap();
    assert_eq!(whole_batches(&reader).await, 21);
    drop(writer);
    assert_eq!(whole_batches(&reader).await, 21);
}

// A failpoint holds for a whole process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_that_come_together_share_a_commit() {
    if let Some((path, _)) = child::order() {
        return count_commits(&path).await;
    }
    let dir = tempfile::tempdir().unwrap();
    child::run("processes::appends_that_come_together_share_a_commit", &dir.path().join("log.db"), "");
}

async fn count_commits(path: &Path) {
    let log = Arc::new(open(path));
    log.topic(TOPIC, PARTITIONS).await.unwrap();
    let commits = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&commits);
    let slow = move || {
        count.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(300));
    };
    fail::cfg_callback("log.append.before_commit", slow).unwrap();
    let tasks: Vec<_> = (0..100u64)
        .map(|number| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { append_next(&log, number).await.unwrap() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().len() as u64, BATCH);
    }
    let commits = commits.load(Ordering::SeqCst);
    assert!((1..=5).contains(&commits), "100 appends at once took {commits} commits");
    assert_eq!(log.heads(TOPIC).await.unwrap(), [300, 200, 200]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_append_waits_for_the_thread_that_checkpoints() {
    if let Some((path, _)) = child::order() {
        return append_beside_a_checkpoint(&path).await;
    }
    let dir = tempfile::tempdir().unwrap();
    child::run("processes::no_append_waits_for_the_thread_that_checkpoints", &dir.path().join("log.db"), "");
}

async fn append_beside_a_checkpoint(path: &Path) {
    let options = EmbeddedOptions { checkpoint_pages: 10, ..EmbeddedOptions::default() };
    let log = EmbeddedLog::open(path, options).unwrap();
    log.topic(TOPIC, PARTITIONS).await.unwrap();
    let (begun, over) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (began, until) = (Arc::clone(&begun), Arc::clone(&over));
    let stand_still = move || {
        began.store(true, Ordering::SeqCst);
        while !until.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    fail::cfg_callback("log.checkpoint.done", stand_still).unwrap();
    let mut number = 0;
    while !begun.load(Ordering::SeqCst) {
        append_next(&log, number).await.unwrap();
        number += 1;
        assert!(number < 10_000, "no checkpoint came");
    }
    for number in number..number + 50 {
        let append = append_next(&log, number);
        tokio::time::timeout(Duration::from_secs(20), append).await.expect("it waits for the thread").unwrap();
    }
    over.store(true, Ordering::SeqCst);
    assert_eq!(whole_batches(&log).await, number + 50);
}

#[tokio::test]
async fn the_write_ahead_file_stays_small_beside_busy_readers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let options = EmbeddedOptions { checkpoint_pages: 50, ..EmbeddedOptions::default() };
    let page = u64::from(options.page_size);
    let log = Arc::new(EmbeddedLog::open(&path, options).unwrap());
    log.topic(TOPIC, PARTITIONS).await.unwrap();
    append_next(&log, 0).await.unwrap();
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                loop {
                    log.read(TOPIC, 0, 0, 10_000).await.unwrap();
                }
            })
        })
        .collect();
    let mut longest = 0;
    for number in 1..1_500 {
        append_next(&log, number).await.unwrap();
        longest = longest.max(std::fs::metadata(path.with_extension("db-wal")).unwrap().len());
    }
    for reader in readers {
        reader.abort();
    }
    // 1,500 commits of at least 3 pages each are 4,500 pages in all.
    assert!(longest < 1_000 * page, "the write-ahead file grew to {} pages", longest / page);
}

#[tokio::test]
async fn a_dropped_append_leaves_the_log_sound() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(&dir.path().join("log.db"));
    log.topic(TOPIC, PARTITIONS).await.unwrap();
    for _ in 0..50 {
        let append = log.append(TOPIC, vec![(0, LogRecord::new("k", "v", 0))]);
        let _ = tokio::time::timeout(Duration::from_micros(50), append).await;
    }
    let offsets = log.append(TOPIC, batch(0)).await.unwrap();
    let head = log.heads(TOPIC).await.unwrap()[0];
    assert_eq!(offsets[0] + 3, head);
    assert_eq!(log.read(TOPIC, 0, 0, 100).await.unwrap().len() as u64, head);
}
