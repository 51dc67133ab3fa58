//! SIGKILL at each border of a watched directory, within a file and between reading and archiving, and of the process that has a file
//! while another waits for it: what is there in the end is what was put there, once.

#[path = "../e2e/harness.rs"]
mod harness;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use harness::{Home, Server};
use onefold_testkit::{Kafka, Postgres};
use serde_json::Value;

/// Files of a round, and rows of each: several batches, so that kills land within files too.
const FILES: usize = 3;
const ROWS: usize = 2_500;

/// On both sides of what a step commits, each with the passes after which it kills.
const BORDERS: [(&str, u64); 13] = [
    ("door.before_append", 1),
    ("log.append.after_commit", 2),
    ("door.after_append", 3),
    ("ingest.after_quarantine", 4),
    ("watch.before_commit", 0),
    ("watch.before_commit", 2),
    ("watch.after_commit", 0),
    ("watch.after_commit", 3),
    ("watch.before_archive", 0),
    ("watch.after_archive", 0),
    ("watch.before_archive", 1),
    ("watch.after_archive", 1),
    ("project.after_commit", 1),
];

fn connector(home: &Home, from: &str) -> String {
    let text = format!(
        r#"
[connector]
name = "invoices"
source = "erp"
[from]
kind = "file"
path = "{}"
{from}
[read]
format = "csv"
[assume]
zone = "UTC"
date = "yyyy-MM-dd"
number = "1234.56"
currency = "EUR"
[event.invoice]
type = "finance.invoice_issued.v1"
subject = "No"
id = ["No"]
occurred_at = {{ from = "Day", at = "00:00" }}
[event.invoice.refs]
bill_to = "Customer"
[event.invoice.set]
issued_on = "Day"
total = "Amount"
"#,
        home.path("drop/*.csv").display()
    );
    home.file("watched.toml", text)
}

/// Rows of a file, one in five hundred of which has no such day.
fn table(from: usize) -> String {
    let mut text = "No,Customer,Day,Amount\n".to_owned();
    for n in from..from + ROWS {
        let day = if n % 500 == 7 { "2026-02-30" } else { "2026-03-09" };
        writeln!(text, "N{n},K{},{day},1.00", n % 50).unwrap();
    }
    text
}

fn put(home: &Home, name: &str, text: &str) {
    fs::create_dir_all(home.path("drop")).unwrap();
    let part = home.path("part");
    fs::write(&part, text).unwrap();
    fs::rename(part, home.path("drop").join(name)).unwrap();
}

fn source(home: &Home) -> Value {
    home.run(&["connector", "status", "invoices", "--json"]).exits(0).json()
}

fn until(home: &Home, what: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let answer = home.run(&["connector", "status", "invoices", "--json"]);
        if answer.code == 0 && what(&answer.json()) {
            return answer.json();
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{} {}", answer.out, answer.err);
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn files(directory: &Path) -> usize {
    directory.read_dir().map_or(0, Iterator::count)
}

/// Waits until the process has killed itself.
fn killed(mut server: Server, border: &str) {
    let began = Instant::now();
    while !server.is_over() {
        assert!(began.elapsed() < Duration::from_secs(60), "{border} is never passed");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_directory_whose_reader_is_killed_at_every_border_is_taken_in_once() {
    let home = Home::new();
    let file = connector(&home, &format!("after = {{ move = \"{}\" }}", home.path("archive").display()));
    let listed = ("ONEFOLD_CONNECT_FILES", file.as_str());
    let mut rows = 0;
    for (border, passes) in BORDERS {
        for n in 0..FILES {
            // The same names each time, as of a nightly export.
            put(&home, &format!("{n}.csv"), &table(rows + n * ROWS));
        }
        rows += FILES * ROWS;
        killed(
            home.serve_with(&[], &[listed, ("ONEFOLD_FAILPOINTS", &format!("{border}={passes}*off->kill"))]),
            border,
        );
        let server = home.serve_with(&[], &[listed]);
        let seen = until(&home, |source| source["files_in_work"] == 0 && files(&home.path("drop")) == 0);
        assert_eq!(seen["files_lost"], 0, "{border}: {seen}");
        assert_eq!(seen["counts"]["records"], rows as u64, "{border} {passes}: a record is read twice or not at all");
        server.settle();
        assert_eq!(server.stop(), 0);
    }
    let bad = rows / 500;
    let status = home.run(&["status", "--json"]).exits(0).json();
    assert_eq!(status["events"], (rows - bad) as u64, "an event stands in the log twice, or not at all");
    assert_eq!((&status["documents"], &status["quarantined"]), (&Value::from(rows - bad), &Value::from(bad)));
    assert_eq!(files(&home.path("archive")), BORDERS.len() * FILES);
    let verified = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
    assert_eq!(verified["live_digest"], verified["rebuilt_digest"]);
}

#[test]
fn a_file_whose_reader_is_killed_is_read_on_by_another_process_and_by_nobody_else_meanwhile() {
    let test = "a_file_whose_reader_is_killed_is_read_on_by_another_process_and_by_nobody_else_meanwhile";
    let (Some(kafka), Some(postgres)) = (Kafka::shared(test), Postgres::shared(test)) else { return };
    let database = postgres.database();
    let home = Home::distributed(kafka.bootstrap(), &kafka.prefix(), database.url());
    let file = connector(&home, "after = \"delete\"");
    let env = [("ONEFOLD_HUB_PARTITIONS", "4"), ("ONEFOLD_CONNECT_FILES", file.as_str())];
    let folds = home.serve_with(&["--role", "project,resolve,assemble"], &env[..1]);
    for n in 0..8 {
        put(&home, &format!("{n}.csv"), &table(n * ROWS));
    }
    let dying = [env.as_slice(), &[("ONEFOLD_FAILPOINTS", "watch.after_commit=2*off->kill")]].concat();
    let first = home.serve_with(&["--role", "connect"], &dying);
    killed(first, "watch.after_commit");
    let half = source(&home);
    assert!(half["counts"]["records"].as_u64().unwrap() > 0, "{half}");
    let readers = [home.serve_with(&["--role", "connect"], &env), home.serve_with(&["--role", "connect"], &env)];
    let seen = until(&home, |source| source["files_in_work"] == 0 && files(&home.path("drop")) == 0);
    // No record is counted by two of them.
    assert_eq!(seen["counts"]["records"], (8 * ROWS) as u64, "{seen}");
    // Paused beside the processes that read, and resumed.
    home.run(&["connector", "pause", "invoices"]).exits(0).tells(&["invoices is paused"]);
    put(&home, "late.csv", &table(100 * ROWS));
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(source(&home)["counts"]["records"], (8 * ROWS) as u64);
    home.run(&["connector", "resume", "invoices"]).exits(0).tells(&["goes on"]);
    until(&home, |source| source["counts"]["records"] == (9 * ROWS) as u64);
    folds.settle();
    let (rows, bad) = (9 * ROWS, 9 * ROWS / 500);
    let status = home.run(&["status", "--json"]).exits(0).json();
    assert_eq!((&status["documents"], &status["quarantined"]), (&Value::from(rows - bad), &Value::from(bad)));
    readers.into_iter().for_each(|reader| assert_eq!(reader.stop(), 0));
    assert_eq!(folds.stop(), 0);
    home.run(&["rebuild", "--verify"]).exits(0);
}
