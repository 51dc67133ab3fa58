//! The data directory: whose eyes it is for, what a clean stop leaves, and that its files belong together.

#[path = "harness.rs"]
mod harness;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use harness::{Home, invoice, party};
use onefold_log::{Log, LogRecord};
use onefold_log_embedded::{EmbeddedLog, EmbeddedOptions};

const MICROS: i64 = 1_000_000;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

/// Everything in a directory and what stands beside it is its owner's alone.
fn is_closed(directory: &Path) {
    assert_eq!(mode(directory), 0o700, "{}", directory.display());
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let most = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&path), most, "{}", path.display());
    }
}

#[test]
fn a_directory_and_its_files_are_for_their_owner_alone_whatever_the_umask() {
    let home = Home::new();
    let run = |words: &str| {
        let program = env!("CARGO_BIN_EXE_onefold");
        let sh = format!("umask 000; exec {program} {words} --data {}", home.data().display());
        let done = Command::new("sh").args(["-c", &sh]).output().expect("a shell");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    run("demo --customers 5 --no-serve");
    is_closed(&home.data());
    run("rebuild");
    is_closed(&home.data());
    let server = home.serve();
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[])]).status, 200);
    server.settle();
    assert!(home.data().join("views.db-wal").exists());
    is_closed(&home.data());
    let backup = home.path("backup");
    run(&format!("backup --to {}", backup.display()));
    is_closed(&backup);
    server.stop();
    // As an older program left it.
    for entry in fs::read_dir(home.data()).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fs::set_permissions(path, Permissions::from_mode(0o644)).expect("its owner may");
        }
    }
    fs::set_permissions(home.data(), Permissions::from_mode(0o755)).expect("its owner may");
    home.run(&["status"]).exits(0);
    is_closed(&home.data());
}

#[test]
fn a_clean_stop_leaves_nothing_that_was_acknowledged_in_a_write_ahead_file_alone() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[]), invoice("erp:I1", "erp:K1", "10.00")]).status, 200);
    server.settle();
    assert_eq!(server.stop(), 0);
    let mut aside = Vec::new();
    for name in ["log.db-wal", "views.db-wal"] {
        let path = home.data().join(name);
        assert_eq!(fs::metadata(&path).map_or(0, |file| file.len()), 0, "{name}");
        let _absent = fs::remove_file(&path);
        aside.push(path.with_file_name(name.replace("-wal", "-shm")));
    }
    aside.iter().for_each(|path| drop(fs::remove_file(path)));
    let verified = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
    assert_eq!(verified["events"], 2);
}

#[test]
fn a_key_that_is_not_the_logs_is_noticed_at_start() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[])]).status, 200);
    server.settle();
    server.stop();
    let key = home.data().join("hub.key");
    let right = fs::read(&key).expect("the key");
    fs::write(&key, [7; 32]).expect("another key");
    for words in [&["run"][..], &["status"], &["rebuild"], &["rebuild", "--verify"], &["quarantine", "retry"]] {
        home.run(words).exits(1).tells(&["hub.key", "is not the key that this log was written with", "put it back"]);
    }
    let to = home.path("backup").display().to_string();
    home.run(&["backup", "--to", &to]).exits(1).tells(&["hub.key"]);
    fs::write(&key, right).expect("put back");
    home.run(&["rebuild", "--verify"]).exits(0);
}

/// Microseconds since 1970 on this machine's clock.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    i64::try_from(since.as_micros()).expect("a time")
}

/// All records of the hub's log.
async fn records(log: &EmbeddedLog) -> Vec<LogRecord> {
    let mut all = Vec::new();
    for (partition, head) in (0u32..).zip(log.heads("events").await.expect("heads")) {
        let read = log.read("events", partition, 0, head as usize).await.expect("records");
        all.extend(read.into_iter().map(|stored| stored.record));
    }
    all
}

#[tokio::test]
async fn a_clock_that_was_once_years_ahead_does_not_stick_and_is_told() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[])]).status, 200);
    server.settle();
    server.stop();
    let ahead = now() + 10 * 365 * 86_400 * MICROS;
    {
        // The same event once more, as a machine with that clock would have stamped it.
        let log = EmbeddedLog::open(&home.data().join("log.db"), EmbeddedOptions::default()).expect("the log");
        let mut record = records(&log).await.remove(0);
        record.time = ahead;
        log.append("events", vec![(0, record)]).await.expect("appended");
    }
    let status = home.run(&["status", "--json"]).exits(0).json();
    let warning = status["warnings"][0].as_str().unwrap_or_default();
    assert!(warning.contains("later than it is by this machine's clock"), "{status}");
    home.run(&["status"]).exits(0).tells(&["WARNING", "clock"]);
    let server = home.serve();
    assert_eq!(server.batch(&[party("erp:K2", "李娜", &[])]).status, 200);
    server.settle();
    server.stop();
    let log = EmbeddedLog::open_read(&home.data().join("log.db")).expect("the log");
    let times: Vec<i64> = records(&log).await.into_iter().map(|record| record.time).collect();
    assert_eq!(times.iter().filter(|time| **time <= now()).count(), 2, "{times:?}");
    home.run(&["rebuild", "--verify"]).exits(0);
}

#[test]
fn a_damaged_record_is_told_as_damage_to_the_log_and_never_offered_to_be_accepted() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[]), invoice("erp:I1", "erp:K1", "10.00")]).status, 200);
    server.settle();
    server.stop();
    let log = home.data().join("log.db");
    let whole = fs::read(&log).expect("the log");
    for column in ["key = x'00'", "time = time + 1", "headers = x'0161'", "value = substr(value, 2)", "sum = sum + 1"] {
        fs::write(&log, &whole).expect("put back");
        let file = rusqlite::Connection::open(&log).expect("the log");
        let altered = (0..8).map(|partition| {
            file.execute(&format!("UPDATE t1_p{partition} SET {column}"), []).expect("altered by hand")
        });
        assert_eq!(altered.sum::<usize>(), 2, "{column}");
        file.close().expect("closed");
        for words in [&["rebuild", "--verify"][..], &["rebuild"], &["rebuild", "--accept"]] {
            let told = home.run(words).exits(1).tells(&["the log is damaged", "partition", "offset", "from a backup"]);
            assert!(!told.err.contains("--accept") && !told.out.contains("--accept"), "{column}: {}", told.err);
        }
    }
    fs::write(&log, &whole).expect("put back");
    home.run(&["rebuild", "--verify"]).exits(0);
}
