//! The servers beneath killed, away, frozen and full: no process ends, `/health` names what is waited for, and all is
//! caught up with by itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use onefold_testkit::{Kafka, Postgres, skipped};

use crate::company::Company;
use crate::fleet::{Fleet, until};
use crate::process::Process;

/// Within so much `/health` says that a stage stands still, and why.
const NAMED: Duration = Duration::from_secs(30);
/// Longer than the longest pause between two tries of a stage (5 s), and than a stage may stand still unsaid (8 s).
const AWAY: Duration = Duration::from_secs(30);

/// One process of each role that works.
fn one_each(fleet: &Fleet) -> [Process; 4] {
    ["project", "resolve", "assemble", "publish"].map(|role| fleet.start(role))
}

/// Waits until a process has told others of somebody: from then on it is in the middle of that.
fn publishes(process: &Process) {
    let told = |text: &str| text.lines().any(|line| line.starts_with("onefold_published_records_total "));
    until("something is published", NAMED, || process.get("/metrics").is_some_and(|(_, text)| told(&text)));
}

/// Waits until a process is unwell and says that it is for these words.
fn names(process: &Process, words: &[&str]) {
    let mut last = String::new();
    let began = Instant::now();
    while began.elapsed() < NAMED {
        let (status, health) = process.health();
        last = health.to_string();
        if status == 503 && words.iter().any(|word| health["detail"].as_str().is_some_and(|d| d.contains(word))) {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the process in the role {} does not say {words:?}: {last}", process.role);
}

fn all_live(processes: &mut [Process]) {
    for process in processes {
        assert!(!process.is_killed(), "{}", process.role);
        assert_eq!(process.health().0, 200, "{}", process.role);
    }
}

#[test]
fn a_database_that_is_killed_and_away_is_waited_for_by_name_and_caught_up_with() {
    let test = "a_database_that_is_killed_and_away_is_waited_for_by_name_and_caught_up_with";
    let (Some(kafka), Some(postgres)) = (Kafka::shared(test), Postgres::own(test)) else { return };
    let fleet = Fleet::on(&kafka, postgres.database()).publishing();
    let company = Company::get();
    let (watch, mut processes) = (fleet.start("serve"), one_each(&fleet));
    let mut chunks = company.records.chunks(company.records.len().div_ceil(60));
    // Killed while it is written to and read from, started again at once.
    chunks.by_ref().take(20).for_each(|records| fleet.pour(records));
    publishes(&processes[3]);
    chunks.by_ref().take(5).for_each(|records| fleet.pour(records));
    postgres.kill();
    postgres.start();
    chunks.by_ref().take(20).for_each(|records| fleet.pour(records));

    postgres.kill();
    let away = Instant::now();
    chunks.for_each(|records| fleet.pour(records));
    for process in processes.iter().chain([&watch]) {
        names(process, &["the read model does not answer"]);
    }
    std::thread::sleep(AWAY.saturating_sub(away.elapsed()));
    postgres.start();
    fleet.settle(&watch);
    all_live(&mut processes);
    assert_eq!(watch.health().0, 200);
    fleet.is_as(company);
}

#[test]
fn a_broker_that_is_killed_and_frozen_under_load_is_waited_for_by_name_and_caught_up_with() {
    let test = "a_broker_that_is_killed_and_frozen_under_load_is_waited_for_by_name_and_caught_up_with";
    let (Some(kafka), Some(postgres)) = (Kafka::own(test), Postgres::shared(test)) else { return };
    let fleet = Fleet::on(&kafka, postgres.database()).publishing();
    let company = Company::get();
    let (watch, mut processes) = (fleet.start("serve"), one_each(&fleet));
    let mut chunks = company.records.chunks(company.records.len().div_ceil(150));
    fleet.pour(chunks.next().expect("events"));
    publishes(&processes[3]);
    std::thread::scope(|scope| {
        // Events come in all the time, and those that are not acknowledged again and again.
        let load = scope.spawn(|| {
            for records in chunks {
                fleet.pour(records);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        std::thread::sleep(Duration::from_millis(500));
        kafka.kill();
        for process in [&processes[0], &watch] {
            names(process, &[kafka.bootstrap(), "the log is out of reach"]);
        }
        kafka.start();
        until("the projector goes on", NAMED, || processes[0].health().0 == 200);
        assert!(!load.is_finished(), "the broker was not killed under load");
        std::thread::sleep(Duration::from_millis(300));
        kafka.freeze();
        for process in [&processes[0], &watch] {
            names(process, &[kafka.bootstrap(), "the log is out of reach"]);
        }
        kafka.thaw();
    });
    fleet.settle(&watch);
    all_live(&mut processes);
    assert_eq!(watch.health().0, 200);
    fleet.is_as(company);
}

/// A small file system; gone with the test.
struct Small(PathBuf);

impl Small {
    /// None where this may not be mounted.
    fn mount(path: &Path) -> Option<Self> {
        std::fs::create_dir_all(path).expect("a directory");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=40m,mode=0777", "tmpfs"]).arg(path).status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(path.to_owned()))
    }

    /// Leaves no room, but for so many pages.
    fn fill(&self) -> PathBuf {
        let ballast = self.0.join("ballast");
        let mut file = std::fs::File::create(&ballast).expect("a file");
        while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}
        ballast
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["--lazy"]).arg(&self.0).status();
    }
}

fn psql(url: &str, statement: &str) {
    let done = Command::new("psql").args(["-qXAt", "-v", "ON_ERROR_STOP=1", "-c", statement, url]).output();
    let done = done.expect("psql");
    assert!(done.status.success(), "{statement}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_full_disk_under_the_database_is_said_and_waited_for() {
    let test = "a_full_disk_under_the_database_is_said_and_waited_for";
    let (Some(kafka), Some(postgres)) = (Kafka::shared(test), Postgres::own(test)) else { return };
    let company = Company::get();
    let place = std::env::temp_dir().join(format!("onefold-small-{}", std::process::id()));
    let Some(small) = Small::mount(&place) else {
        let _ = std::fs::remove_dir(&place);
        skipped(test, "run it as root, who may mount a small tmpfs");
        return;
    };
    let tables = place.join("tables");
    std::fs::create_dir(&tables).expect("a directory");
    Command::new("chown").arg("postgres").arg(&tables).status().expect("chown");
    psql(postgres.url(), &format!("CREATE TABLESPACE small LOCATION '{}'", tables.display()));
    let database = postgres.database();
    let (_, name) = database.url().rsplit_once('/').expect("a database");
    psql(postgres.url(), &format!("ALTER DATABASE {name} SET TABLESPACE small"));

    let fleet = Fleet::on(&kafka, database).publishing();
    let (watch, mut processes) = (fleet.start("serve"), one_each(&fleet));
    let (first, rest) = company.records.split_at(company.records.len() / 10);
    fleet.pour(first);
    fleet.settle(&watch);
    let ballast = small.fill();
    fleet.pour(rest);
    names(&processes[0], &["the disk is full"]);
    std::fs::remove_file(ballast).expect("room");
    fleet.settle(&watch);
    all_live(&mut processes);
    assert_eq!(watch.health().0, 200);
    fleet.is_as(company);
    // The server first, then the file system that it stands on.
    drop((fleet, postgres));
    drop(small);
    let _ = std::fs::remove_dir(&place);
}
