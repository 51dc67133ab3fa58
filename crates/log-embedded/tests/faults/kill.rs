//! A process that is killed has lost nothing that it acknowledged.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use onefold_log::Log;
use onefold_log_embedded::{EmbeddedLog, EmbeddedOptions};

use crate::{PARTITIONS, TOPIC, append_next, batch, child, open, whole_batches};

/// The test that appends in a process of its own, for all of this file.
const APPENDER: &str = "kill::a_kill_at_any_moment_keeps_what_was_acknowledged";

/// Tells on its standard output each batch that was acknowledged, and where it stands still.
async fn append_until_killed(path: &Path, role: String) {
    let log = open(path);
    log.topic(TOPIC, PARTITIONS).await.unwrap();
    let mut number = whole_batches(&log).await;
    if role.starts_with("log.") {
        let commits = AtomicU64::new(0);
        let stand_still = move || {
            if commits.fetch_add(1, Ordering::SeqCst) == 3 {
                println!("\nstanding ");
                thread::sleep(Duration::from_secs(600));
            }
        };
        fail::cfg_callback(role, stand_still).unwrap();
    }
    loop {
        append_next(&log, number).await.unwrap();
        println!("\nacknowledged {number}");
        number += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_moment_keeps_what_was_acknowledged() {
    if let Some((path, role)) = child::order() {
        return append_until_killed(&path, role).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let mut told = 0;
    for round in 0..12u64 {
        let mut appender = child::Talking::start(APPENDER, &path, "at any moment");
        let wanted = told + 1 + round * round % 17;
        while told < wanted {
            told = appender.hear("acknowledged ").parse::<u64>().unwrap() + 1;
        }
        thread::sleep(Duration::from_micros(round * 731 % 2_500));
        appender.kill();
        while let Some(number) = appender.try_hear("acknowledged ") {
            // A line may be cut by the kill; a cut number is smaller.
            told = told.max(number.parse::<u64>().map_or(0, |n| n + 1));
        }
        let log = open(&path);
        let held = whole_batches(&log).await;
        assert!(held >= told, "{told} batches were acknowledged, {held} are there");
        told = held;
    }
}

#[tokio::test]
async fn a_kill_before_the_commit_leaves_nothing_of_the_batch() {
    assert_eq!(killed_at("log.append.before_commit").await, (3, 3));
}

#[tokio::test]
async fn a_kill_after_the_commit_leaves_the_batch_though_nobody_was_told() {
    assert_eq!(killed_at("log.append.after_commit").await, (3, 4));
}

/// Batches acknowledged and batches found after a kill in the fourth commit, at this border.
async fn killed_at(border: &str) -> (u64, u64) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let mut appender = child::Talking::start(APPENDER, &path, border);
    let mut told = 0;
    for _ in 0..3 {
        told = appender.hear("acknowledged ").parse::<u64>().unwrap() + 1;
    }
    appender.hear("standing ");
    appender.kill();
    let log = open(&path);
    let held = whole_batches(&log).await;
    append_next(&log, held).await.unwrap();
    assert_eq!(whole_batches(&log).await, held + 1);
    (told, held)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_as_long_as_they_were_when_it_was_acknowledged_hold_each_record() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    // No checkpoint: the write-ahead file only grows, so that its beginning is its past.
    let options = EmbeddedOptions { checkpoint_pages: u32::MAX, ..EmbeddedOptions::default() };
    let log = Arc::new(EmbeddedLog::open(&path, options).unwrap());
    log.topic(TOPIC, PARTITIONS).await.unwrap();
    let wal = dir.path().join("log.db-wal");

    // Four at once, so that several records share a commit.
    let tasks: Vec<_> = (0..4u64)
        .map(|task| {
            let (log, wal) = (Arc::clone(&log), wal.clone());
            tokio::spawn(async move {
                let mut told = Vec::new();
                for step in 0..10 {
                    let batch = batch(task * 10 + step);
                    let offsets = log.append(TOPIC, batch.clone()).await.unwrap();
                    let length = fs::metadata(&wal).unwrap().len();
                    told.push((length, batch, offsets));
                }
                told
            })
        })
        .collect();
    for task in tasks {
        for (length, batch, offsets) in task.await.unwrap() {
            // Cut there, and with the beginning of a commit that never ended.
            for beyond in [0, 17, 5_000] {
                let cut = copy_cut(&path, length + beyond, dir.path());
                let log = EmbeddedLog::open_read(&cut).unwrap();
                let positions: Vec<_> = batch.iter().map(|(p, _)| *p).zip(offsets.iter().copied()).collect();
                let held = log.fetch(TOPIC, &positions).await.unwrap();
                assert!(held.iter().map(|s| &s.record).eq(batch.iter().map(|(_, r)| r)));
            }
        }
    }
}

/// A copy of the log with its write-ahead file cut to `length`.
fn copy_cut(path: &Path, length: u64, dir: &Path) -> std::path::PathBuf {
    let copy = dir.join("copy");
    let _ = fs::remove_dir_all(&copy);
    fs::create_dir(&copy).unwrap();
    let cut = copy.join("log.db");
    fs::copy(path, &cut).unwrap();
    let mut wal = fs::read(path.with_extension("db-wal")).unwrap();
    wal.truncate(length as usize);
    fs::write(copy.join("log.db-wal"), wal).unwrap();
    cut
}
