//! The log harmed behind the hub's back: bytes that are no event, partitions that nobody asked for.

use std::time::{Duration, Instant};

use onefold_log::{Log, LogRecord, partition_of};
use onefold_log_embedded::EmbeddedLog;
use onefold_testkit::Kafka;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::company::Company;
use crate::fleet::{Fleet, PARTITIONS, until};
use crate::harness::{Home, invoice, party};
use crate::races::revised;

const SOON: Duration = Duration::from_secs(40);

/// The subject with most events, and how many.
fn hottest(company: &Company) -> (&LogRecord, usize) {
    let count = |record: &LogRecord| company.records.iter().filter(|other| other.key == record.key).count();
    let counted = company.records.iter().map(|record| (record, count(record)));
    counted.max_by_key(|(_, count)| *count).expect("events")
}

/// What is no event, whoever reads it.
const POISON: [u8; 40] = [0xFF; 40];

/// The one entry in quarantine that a poison record must have become.
fn entry(home: &Home, place: &str) -> Value {
    let mut entries = home.run(&["quarantine", "list", "--all", "--json"]).exits(0).lines();
    assert_eq!(entries.len(), 1, "{entries:?}");
    let entry = entries.remove(0);
    assert_eq!((&entry["connector"], &entry["resource"]), (&"log".into(), &place.into()));
    assert_eq!((&entry["codes"], &entry["tries"]), (&"R0501".into(), &1.into()));
    assert_eq!(entry["raw"], format!("\\x{}", "ff".repeat(POISON.len())));
    let told = home.run(&["quarantine", "show", &entry["number"].to_string()]).exits(0);
    told.tells(&["no event", place, "have its source send it again"]);
    entry
}

#[test]
fn a_poison_record_amid_a_hot_subject_is_in_quarantine_once_whatever_is_killed_and_stops_nobody() {
    let test = "a_poison_record_amid_a_hot_subject_is_in_quarantine_once_whatever_is_killed_and_stops_nobody";
    let Some(fleet) = Fleet::shared(test) else { return };
    let company = Company::get();
    let (record, count) = hottest(company);
    assert!(count > 3, "{count} events");
    let roles = fleet.start("resolve,assemble,serve");
    let mut projector = fleet.start("project");
    let of: Vec<usize> = (0..company.records.len()).filter(|n| company.records[*n].key == record.key).collect();
    let (before, after) = company.records.split_at(of[count / 2]);
    fleet.pour(before);
    fleet.settle(&roles);
    projector.kill();
    let partition = partition_of(&record.key, PARTITIONS);
    let poison = LogRecord::new(record.key.clone(), POISON.to_vec(), record.time);
    let offset = fleet.runtime.block_on(fleet.log.append("events", vec![(partition, poison)])).expect("an append")[0];
    // It is met by one that is killed before it has said so, and by one that is killed when it has.
    for border in ["project.before_commit", "project.after_commit"] {
        fleet.start_with("project", &format!("{border}=kill")).dies(SOON);
    }
    let projector = fleet.start("project");
    fleet.pour(after);
    fleet.settle(&roles);
    assert_eq!((roles.health().0, projector.health().0), (200, 200));
    let place = format!("events/{partition}/{offset}");
    let entry = entry(&fleet.home, &place);
    let held = [format!("{} {}", entry["key"], entry["raw"])];
    fleet.is_as_beside(company, &held);

    // Another is met by a process that lives on, and counted.
    let another = LogRecord::new(record.key.clone(), POISON[1..].to_vec(), record.time);
    fleet.runtime.block_on(fleet.log.append("events", vec![(partition, another)])).expect("an append");
    fleet.settle(&roles);
    let (_, text) = projector.get("/metrics").expect("figures");
    assert!(text.lines().any(|line| line == "onefold_log_refused_total 1"), "{text}");
    let (_, text) = roles.get("/metrics").expect("figures");
    assert!(text.lines().any(|line| line == "onefold_quarantine_open 2"), "{text}");
    assert!(projector.said().contains("is no event"), "{}", projector.said());

    // Views made again know of both, whether they were decided or not.
    let number = entry["number"].to_string();
    fleet.home.run(&["quarantine", "discard", &number, "--why", "nobody's"]).exits(0).tells(&["stays in the log"]);
    fleet.home.run(&["rebuild"]).exits(0).tells(&["2 records in the log are no events"]);
    fleet.settle(&roles);
    assert_eq!(fleet.is_sound()["quarantined"], 1);
    fleet.database.run("DELETE FROM quarantine");
    fleet.home.run(&["rebuild"]).exits(0);
    fleet.settle(&roles);
    assert_eq!(fleet.is_sound()["quarantined"], 2);
}

#[test]
fn a_poison_record_in_a_directory_is_in_quarantine_once_and_comes_again_with_views_that_were_lost() {
    let home = Home::new();
    let told = [party("erp:K1", "王伟", &[]), invoice("erp:I1", "erp:K1", "10.00")];
    let serve = |batch: &[Value]| {
        let server = home.serve();
        assert!(batch.is_empty() || server.batch(batch).status == 200);
        server.settle();
        assert_eq!(server.stop(), 0);
    };
    serve(&told[..1]);
    let poison = LogRecord::new("party:erp:K1", POISON.to_vec(), 1_780_000_000_000_000);
    let log = EmbeddedLog::open(&home.data().join("log.db"), Default::default()).expect("the log");
    let runtime = Runtime::new().expect("a runtime");
    let offset = runtime.block_on(log.append("events", vec![(0, poison)])).expect("an append")[0];
    drop(log);
    serve(&told[1..]);
    let place = format!("events/0/{offset}");
    let first = entry(&home, &place);
    let status = home.run(&["status", "--json"]).exits(0).json();
    assert_eq!((&status["quarantined"], &status["documents"], &status["lag"]), (&1.into(), &1.into(), &0.into()));
    let verified = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
    assert_eq!((&verified["events"], &verified["refused"]), (&2.into(), &1.into()));

    // Nothing can be taken in anew, and that is said.
    home.run(&["quarantine", "retry"]).exits(0).tells(&["0 tried"]);
    home.run(&["quarantine", "retry", "1"]).exits(3).tells(&[&place, "is no event", "send it again"]);
    home.run(&["quarantine", "discard", "1", "--why", "a test"]).exits(0).tells(&["stays in the log"]);
    home.run(&["rebuild"]).exits(0);
    assert_eq!(entry(&home, &place)["decision"], "discarded");

    // The decision stood in the views alone.
    std::fs::remove_file(home.data().join("views.db")).expect("views that are lost");
    home.run(&["rebuild"]).exits(0).tells(&["1 records in the log are no events"]);
    assert_eq!(entry(&home, &place), first);
    home.run(&["rebuild", "--verify"]).exits(0);
}

/// Puts other bytes in the place of the one event in a directory's log.
fn alter_events(home: &Home) {
    let file = rusqlite::Connection::open(home.data().join("log.db")).expect("the log");
    let tables = "SELECT name FROM sqlite_schema WHERE name GLOB 't[0-9]*_p[0-9]*'";
    let mut tables = file.prepare(tables).expect("partitions");
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).expect("names").flatten().collect();
    let alter = |table: &String| file.execute(&format!("UPDATE {table} SET value = x'FFFF'"), []);
    assert_eq!(tables.iter().map(|table| alter(table).expect("altered by hand")).sum::<usize>(), 1);
}

#[test]
fn an_event_that_was_altered_in_the_log_is_named_and_never_accepted() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.batch(&[revised("erp:K1", 1, "王伟", "13800138000")]).status, 200);
    server.settle();
    assert_eq!(server.stop(), 0);
    alter_events(&home);
    for words in [&["run", "--listen", "127.0.0.1:0"][..], &["rebuild", "--verify"], &["rebuild", "--accept"]] {
        home.run(words).exits(1).tells(&["the log is damaged", "offset 0"]);
    }
}

#[test]
fn partitions_added_behind_the_hubs_back_are_said_and_lose_nothing() {
    let test = "partitions_added_behind_the_hubs_back_are_said_and_lose_nothing";
    let (Some(kafka), Some(fleet)) = (Kafka::shared(test), Fleet::shared(test)) else { return };
    let company = Company::get();
    let (watch, roles) = (fleet.start("serve"), fleet.start("project,resolve,assemble"));
    let (first, rest) = company.records.split_at(company.records.len() / 2);
    fleet.pour(first);
    kafka.add_partitions(&format!("{}events", fleet.prefix), PARTITIONS + 2);
    let added = Instant::now();
    fleet.pour(rest);
    // Looked at every ten seconds.
    until("it is said", SOON, || roles.said().contains("was made with 12 partitions and has 14"));
    assert!(added.elapsed() < SOON);
    let told = fleet.home.run(&["topics", "check"]).exits(1);
    told.tells(&["events", "it was made with 12 partitions and has 14"]);
    // Whoever comes later keeps to the twelve, too.
    let _late = fleet.start("project");
    fleet.settle(&watch);
    fleet.is_as(company);
}
