//! Backups of an embedded hub: made while it writes, put back, and refused where they are not whole.

#[path = "harness.rs"]
mod harness;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use harness::{Home, Server, invoice, party, root};
use serde_json::Value;

/// Customers with an invoice each, until told to stop.
fn keep_posting(server: &Server, stop: &AtomicBool, posted: &AtomicU64) {
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let who = format!("erp:K{n}");
        let events = [party(&who, "王伟", &[]), invoice(&format!("erp:I{n}"), &who, "10.00")];
        assert_eq!(server.batch(&events).status, 200);
        posted.fetch_add(2, Ordering::Relaxed);
    }
}

fn restored(home: &Home, backup: &str, name: &str) -> Value {
    let from = home.path(backup).display().to_string();
    home.run_in(name, &["restore", "--from", &from, "--json"]).exits(0);
    home.run_in(name, &["rebuild", "--verify", "--json"]).exits(0).json()
}

#[test]
fn a_backup_made_while_a_hub_writes_holds_one_moment_of_it_and_is_put_back_equal() {
    let home = Home::new();
    let server = home.serve();
    let (stop, posted) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut held = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| keep_posting(&server, &stop, &posted));
        for n in 0..3 {
            let before = posted.load(Ordering::Relaxed);
            let to = home.path(&format!("backup-{n}")).display().to_string();
            let made = home.run(&["backup", "--to", &to, "--json"]);
            if made.code != 0 || made.json()["records"].as_u64() < Some(before) {
                stop.store(true, Ordering::Relaxed);
                panic!("{before} were acknowledged before: {}{}", made.out, made.err);
            }
            held.push(made.json()["records"].as_u64());
        }
        stop.store(true, Ordering::Relaxed);
    });
    server.settle();
    let last = home.path("last").display().to_string();
    home.run(&["backup", "--to", &last]).exits(0).tells(&["each with its checksum"]);
    server.stop();
    for (n, held) in held.iter().enumerate() {
        let verified = restored(&home, &format!("backup-{n}"), &format!("data-{n}"));
        assert_eq!(verified["events"].as_u64(), *held, "{verified}");
        assert_eq!(verified["mismatched_rows"], 0);
    }
    let (then, now) = (home.run(&["status", "--json"]).exits(0).json(), restored(&home, "last", "again"));
    assert_eq!((&now["live_digest"], &now["live_ids_digest"]), (&then["digest"], &then["ids_digest"]));
    assert_eq!(home.run_in("again", &["status", "--json"]).exits(0).json(), then);
    // It is a hub like any other, and knows its duplicates.
    assert_eq!(home.run_in("again", &["show", "party:erp:K0", "--json"]).exits(0).code, 0);
}

#[test]
fn what_is_no_whole_backup_is_not_put_back() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[]), invoice("erp:I1", "erp:K1", "10.00")]).status, 200);
    server.settle();
    let backup = home.path("backup");
    let to = backup.display().to_string();
    home.run(&["backup", "--to", &to]).exits(0);
    home.run(&["backup", "--to", &to]).exits(1).tells(&["holds", "empty or not there"]);
    let restore = |name: &str, from: &Path| home.run_in(name, &["restore", "--from", &from.display().to_string()]);
    restore("data", &backup).exits(1).tells(&["holds", "empty or not there"]);
    // A copy by hand beside a process that writes.
    let hot = home.path("hot");
    std::fs::create_dir(&hot).expect("a directory");
    for name in ["log.db", "log.db-wal", "views.db", "views.db-wal", "hub.key"] {
        std::fs::copy(home.data().join(name), hot.join(name)).expect("copied");
    }
    restore("other", &hot).exits(1).tells(&["holds no BACKUP", "onefold backup"]);
    for words in [&["status"][..], &["run"], &["rebuild", "--verify"]] {
        home.run_in("hot", words).exits(1).tells(&["no FORMAT", "onefold backup"]);
    }
    // One byte of it is another.
    for name in ["log.db", "views.db", "hub.key"] {
        let whole = std::fs::read(backup.join(name)).expect("a file");
        let mut other = whole.clone();
        let middle = other.len() / 2;
        other[middle] ^= 1;
        std::fs::write(backup.join(name), other).expect("altered");
        restore(&format!("without-{name}"), &backup).exits(1).tells(&["is not what was backed up", name, "unfinished"]);
        home.run_in(&format!("without-{name}"), &["status"]).exits(1);
        std::fs::write(backup.join(name), whole).expect("put back");
    }
    // One that broke off.
    std::fs::remove_file(backup.join("BACKUP")).expect("removed");
    restore("other", &backup).exits(1).tells(&["holds no BACKUP"]);
    server.stop();
}

/// Every word of the chapter that is a command, in the order in which it stands there.
#[test]
fn what_the_operations_page_says_of_backups_works_as_it_stands() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[]), invoice("erp:I1", "erp:K1", "10.00")]).status, 200);
    server.settle();
    let page = std::fs::read_to_string(root().join("deploy/README.md")).expect("the page");
    let chapter = page.split("\n## ").find(|chapter| chapter.starts_with("Backup\n")).expect("a chapter on backups");
    let commands: Vec<&str> = chapter.split("```\n").skip(1).step_by(2).collect();
    assert!(commands.len() > 1, "it says how: {chapter}");
    let program = Path::new(env!("CARGO_BIN_EXE_onefold")).parent().expect("its directory").display().to_string();
    let path = format!("{program}:{}", std::env::var("PATH").unwrap_or_default());
    for block in commands.iter().filter(|block| !block.contains("kafka")) {
        let mut sh = Command::new("sh");
        sh.args(["-e", "-u", "-c", block]).current_dir(home.path("")).env("PATH", &path).env_remove("ONEFOLD_DATA");
        let done = sh.output().expect("a shell");
        assert!(done.status.success(), "{block}\n{}", String::from_utf8_lossy(&done.stderr));
    }
    server.stop();
    let then = home.run(&["status", "--json"]).exits(0).json();
    assert_eq!(home.run_in("data-restored", &["status", "--json"]).exits(0).json(), then);
}

#[test]
fn a_log_put_back_from_before_its_views_is_told_at_once_and_the_advice_works() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[]), invoice("erp:I1", "erp:K1", "10.00")]).status, 200);
    server.settle();
    let older = home.path("older");
    home.run(&["backup", "--to", &older.display().to_string()]).exits(0);
    assert_eq!(server.batch(&[party("erp:K2", "李娜", &[]), invoice("erp:I2", "erp:K2", "5.00")]).status, 200);
    server.settle();
    server.stop();
    let newer = std::fs::read(home.data().join("log.db")).expect("the log");
    std::fs::copy(older.join("log.db"), home.data().join("log.db")).expect("put back");
    let said = ["of more of it than there is", "Put the log back as it was", "onefold rebuild --accept"];
    for words in [&["status"][..], &["show", "party:erp:K1"], &["run"], &["rebuild", "--verify"], &["rebuild"]] {
        home.run(words).exits(1).tells(&said);
    }
    // What it advises: the log as it was.
    let earlier = std::fs::read(home.data().join("log.db")).expect("the log");
    std::fs::write(home.data().join("log.db"), newer).expect("put back");
    home.run(&["rebuild", "--verify"]).exits(0);
    // Or views of what there is.
    std::fs::write(home.data().join("log.db"), earlier).expect("put back");
    home.run(&["rebuild", "--accept"]).exits(0).tells(&["new views stand"]);
    home.run(&["rebuild", "--verify"]).exits(0);
    home.run(&["show", "party:erp:K2"]).exits(1);
    // The source says it again.
    let server = home.serve();
    assert_eq!(server.batch(&[party("erp:K2", "李娜", &[]), invoice("erp:I2", "erp:K2", "5.00")]).status, 200);
    server.settle();
    server.stop();
    home.run(&["rebuild", "--verify"]).exits(0);
    home.run(&["show", "party:erp:K2"]).exits(0);
}
