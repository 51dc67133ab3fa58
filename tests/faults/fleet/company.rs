//! A simulated company in one directory: what every fleet must come to that was told the same.

use std::sync::OnceLock;
use std::sync::atomic::Ordering;

use onefold_log::{Log, LogRecord};
use onefold_log_embedded::EmbeddedLog;
use onefold_simulator::{CompanySettings, ExportFeed, simulate};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::fleet::{Fleet, SAME, same};
use crate::harness::{Answer, Home, connector};
use crate::intake::{Intake, said};

/// A company, taken in without any fault.
pub(crate) struct Company {
    /// Its exports, in the order in which they were taken in.
    pub(crate) feeds: Vec<ExportFeed>,
    /// Its events, in the order of their times.
    pub(crate) records: Vec<LogRecord>,
    /// What `status` says of it.
    pub(crate) status: Value,
    /// What is in quarantine.
    pub(crate) held: Vec<Value>,
    _home: Home,
}

impl Company {
    /// The one that all tests share.
    pub(crate) fn get() -> &'static Self {
        static COMPANY: OnceLock<Company> = OnceLock::new();
        COMPANY.get_or_init(Self::new)
    }

    fn new() -> Self {
        let home = Home::new();
        let settings = CompanySettings { customers: 40, seed: 11, corrupt_one_in: 40, ..CompanySettings::default() };
        let feeds = simulate(&home.path("simulated"), &settings).expect("a simulated company").feeds;
        for feed in &feeds {
            taken_in(&ingest(&home, feed));
        }
        let status = home.run(&["status", "--json"]).exits(0).json();
        let (held, records) = (entries(&home), records(&home));
        assert!(records.len() > 500 && !held.is_empty(), "{} events, {} held", records.len(), held.len());
        Self { feeds, records, status, held, _home: home }
    }
}

impl Fleet {
    /// What every test ends with: it is as that company is in one directory.
    pub(crate) fn is_as(&self, company: &Company) {
        self.is_as_beside(company, &[]);
    }

    /// The same where others have put records into the log that are in quarantine now.
    pub(crate) fn is_as_beside(&self, company: &Company, others: &[String]) {
        assert_eq!(self.acknowledged.load(Ordering::Relaxed), company.records.len() as u64);
        let status = self.is_sound();
        same(&status, &company.status);
        self.holds(company, &status, others.len(), others.len());
        assert_eq!(held(&self.home), others);
    }

    /// The same where a part came in by topics of intake. It had its times there, and so which of its parties lends a
    /// customer its id is another; the batch path says that it is the right one.
    pub(crate) fn is_as_with(&self, company: &Company, intake: &Intake) {
        assert_eq!(self.acknowledged.load(Ordering::Relaxed), intake.rest.len() as u64);
        let status = self.is_sound();
        let but_ids = |status: &Value| -> Vec<Value> {
            SAME.iter().filter(|name| **name != "ids_digest").map(|name| status[name].clone()).collect()
        };
        assert_eq!(but_ids(&status), but_ids(&company.status));
        self.again.store(true, Ordering::Relaxed);
        self.holds(company, &status, 0, intake.held.len());
        assert_eq!(said(entries(&self.home).iter()), intake.held);
    }

    /// Events are there, so much is in quarantine, and what is published is what the store says.
    fn holds(&self, company: &Company, status: &Value, others: usize, quarantined: usize) {
        let count = |status: &Value| status["events"].as_u64().expect("a count");
        let (events, told) = (count(status), count(&company.status) + others as u64);
        assert!(events == told || self.again.load(Ordering::Relaxed) && events > told, "{events} of {told} events");
        assert_eq!((&status["conflicts"], &status["quarantined"]), (&0.into(), &quarantined.into()));
        if self.publishes {
            self.is_published(status);
        }
    }
}

/// Takes a feed in; returns when the views show it.
pub(crate) fn ingest(home: &Home, feed: &ExportFeed) -> Answer {
    let (connector, path) = (connector(feed.connector), feed.path.display().to_string());
    home.run(&["ingest", "--json", "--connector", &connector, &path])
}

/// Done, with records quarantined or without.
pub(crate) fn taken_in(answer: &Answer) {
    assert!(matches!(answer.code, 0 | 3), "{}: {}", answer.code, answer.err);
}

/// What is in quarantine.
pub(crate) fn entries(home: &Home) -> Vec<Value> {
    home.run(&["quarantine", "list", "--json"]).exits(0).lines()
}

/// The same by place and bytes, in no order that depends on when it came there.
pub(crate) fn held(home: &Home) -> Vec<String> {
    placed(&entries(home))
}

/// Entries by place and bytes.
pub(crate) fn placed(entries: &[Value]) -> Vec<String> {
    let mut held: Vec<String> = entries.iter().map(|entry| format!("{} {}", entry["key"], entry["raw"])).collect();
    held.sort_unstable();
    held
}

/// All events of a directory.
fn records(home: &Home) -> Vec<LogRecord> {
    let log = EmbeddedLog::open_read(&home.data().join("log.db")).expect("a log");
    let read = async {
        let mut all = Vec::new();
        for (partition, head) in (0u32..).zip(log.heads("events").await.expect("heads")) {
            let mut from = 0;
            while from < head {
                let read = log.read("events", partition, from, 1_000).await.expect("records");
                from = read.last().expect("a record below the head").offset + 1;
                all.extend(read.into_iter().map(|stored| stored.record));
            }
        }
        all
    };
    let mut all = Runtime::new().expect("a runtime").block_on(read);
    all.sort_by_key(|record| record.time);
    all
}
