//! A hub of many processes on Kafka and PostgreSQL, and what all tests ask of it at their end.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use onefold_log::{Log, Record, partition_of};
use onefold_log_kafka::{KafkaLog, Options};
use onefold_testkit::{Database, Kafka, Postgres};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::company::{Company, entries, held};
use crate::harness::Home;
use crate::intake::{Intake, said};
use crate::process::Process;
use crate::published::{differs, last, parties, records, replayed};

/// Partitions of the log.
pub(crate) const PARTITIONS: u32 = 12;
/// How long the views may take to show all that was acknowledged.
const SETTLE: Duration = Duration::from_secs(90);

/// What two hubs that were told the same have in common, whatever happened to them meanwhile.
const SAME: [&str; 8] =
    ["subjects", "parties", "customers", "documents", "unattributed_documents", "digest", "ids_digest", "money"];

/// What is still to be published.
const PUBLISHING: [&str; 3] = ["onefold_publish_lag_events{", "onefold_outbox_waiting ", "onefold_publish_sweeping "];

/// A hub whose processes are started and harmed one by one.
pub(crate) struct Fleet {
    pub(crate) home: Home,
    pub(crate) log: KafkaLog,
    pub(crate) runtime: Runtime,
    pub(crate) prefix: String,
    processes: AtomicU32,
    acknowledged: AtomicU64,
    /// An append failed and was done again: some of its records may be in the log twice.
    again: AtomicBool,
    pub(crate) database: Database,
    /// Settings of every process.
    env: Vec<(&'static str, String)>,
    /// Customers are published, as fast as can be.
    publishes: bool,
}

impl Fleet {
    /// On servers that all tests share; none, said under the test's name, where there are none to be had.
    pub(crate) fn shared(test: &str) -> Option<Self> {
        Some(Self::on(&Kafka::shared(test)?, Postgres::shared(test)?.database()))
    }

    /// On this broker and in this database.
    pub(crate) fn on(kafka: &Kafka, database: Database) -> Self {
        let prefix = kafka.prefix();
        let mut options = Options::new(kafka.bootstrap());
        options.prefix.clone_from(&prefix);
        options.patience = Duration::from_secs(10);
        let runtime = Runtime::new().expect("a runtime");
        let log = KafkaLog::open(options).expect("a log");
        runtime.block_on(log.topic("events", PARTITIONS)).expect("a topic");
        Self {
            home: Home::distributed(kafka.bootstrap(), &prefix, database.url()),
            log,
            runtime,
            prefix,
            processes: AtomicU32::new(0),
            acknowledged: AtomicU64::new(0),
            again: AtomicBool::new(false),
            database,
            env: Vec::new(),
            publishes: false,
        }
    }

    /// With customers published.
    pub(crate) fn publishing(mut self) -> Self {
        self.env.push(("ONEFOLD_PUBLISH_ENABLED", "true".to_owned()));
        self.env.push(("ONEFOLD_PUBLISH_EVERY_MS", "20".to_owned()));
        self.publishes = true;
        self
    }

    /// With topics of intake, read in small batches.
    pub(crate) fn taking_in(mut self, intake: &Intake) -> Self {
        self.env.push(("ONEFOLD_CONNECT_FILES", intake.begin(&self.home, &self.log, &self.runtime)));
        self.env.push(("ONEFOLD_CONNECT_BATCH", "10".to_owned()));
        self
    }

    /// Starts a process in a role.
    pub(crate) fn start(&self, role: &'static str) -> Process {
        self.start_with(role, "")
    }

    /// The same with failpoints.
    pub(crate) fn start_with(&self, role: &'static str, failpoints: &str) -> Process {
        let mut command = self.home.command(&["run", "--listen", "127.0.0.1:0", "--role", role]);
        command.env("ONEFOLD_LOG", "warn").envs(self.env.iter().map(|(name, value)| (name, value)));
        if !failpoints.is_empty() {
            command.env("ONEFOLD_FAILPOINTS", failpoints);
        }
        let number = self.processes.fetch_add(1, Ordering::Relaxed);
        Process::start(role, command, self.home.path(&format!("{role}-{number}.log")))
    }

    /// The file whose presence sets a failpoint off.
    pub(crate) fn trigger(&self, name: &str) -> PathBuf {
        self.home.path(name)
    }

    /// Appends records, at their own times, until they are acknowledged.
    pub(crate) fn pour(&self, records: &[Record]) {
        let placed = |record: &Record| (partition_of(&record.key, PARTITIONS), record.clone());
        let batch: Vec<(u32, Record)> = records.iter().map(placed).collect();
        let began = Instant::now();
        while let Err(error) = self.runtime.block_on(self.log.append("events", batch.clone())) {
            assert!(error.retryable() && began.elapsed() < SETTLE, "{error}");
            self.again.store(true, Ordering::Relaxed);
        }
        self.acknowledged.fetch_add(records.len() as u64, Ordering::Relaxed);
    }

    /// Waits until the views show all that was acknowledged.
    pub(crate) fn settle(&self, watch: &Process) {
        self.settle_within(watch, SETTLE);
    }

    /// The same within a time of the test's own; answers how long it took.
    pub(crate) fn settle_within(&self, watch: &Process, within: Duration) -> Duration {
        let began = Instant::now();
        loop {
            let waiting = Waiting::of(watch);
            if waiting.as_ref().is_some_and(Waiting::is_none) {
                return began.elapsed();
            }
            assert!(began.elapsed() < within, "not settled in {within:?}: {waiting:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

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

    /// The last record of each key of `customers` is the view in the store, and the feed of `identity` leads there too.
    fn is_published(&self, status: &Value) {
        let serve = self.start("serve");
        let ask = |id: &str| {
            let (_, text) = serve.get(&format!("/v1/customers/{id}")).expect("an answer");
            serde_json::from_str(&text).expect("JSON")
        };
        let began = Instant::now();
        loop {
            let published = last(&self.runtime.block_on(records(&self.log, "customers")));
            let Some(why) = differs(&published, &status["customers"], ask) else {
                let feed = self.runtime.block_on(records(&self.log, "identity"));
                assert_eq!(replayed(&feed), parties(&published));
                return;
            };
            // A transaction's end may be told a moment after it.
            assert!(began.elapsed() < Duration::from_secs(20), "{why}");
        }
    }

    /// Nothing waits, and the log folded again says the same, row by row.
    pub(crate) fn is_sound(&self) -> Value {
        let status = self.home.run(&["status", "--json"]).exits(0).json();
        assert_eq!(status["lag"], 0, "{status}");
        let verified = self.home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
        assert_eq!(verified["live_digest"], verified["rebuilt_digest"]);
        assert_eq!(verified["live_digest"], status["digest"]);
        status
    }
}

/// Both were told the same.
pub(crate) fn same(one: &Value, other: &Value) {
    for name in SAME {
        assert_eq!(one[name], other[name], "{name}");
    }
}

/// What is still to be done, as a process that serves tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Waiting {
    pub(crate) lag: f64,
    pub(crate) inbox: f64,
    pub(crate) marks: f64,
    /// Nothing where nothing is published.
    unpublished: f64,
}

impl Waiting {
    /// None where the process, or a server behind it, does not answer.
    pub(crate) fn of(watch: &Process) -> Option<Self> {
        let (status, text) = watch.get("/metrics")?;
        let sum = |name: &str| {
            let lines = text.lines().filter(|line| line.starts_with(name));
            lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).reduce(|a, b| a + b)
        };
        (status == 200).then_some(Self {
            lag: sum("onefold_lag_events{")?,
            inbox: sum("onefold_inbox_waiting ")?,
            marks: sum("onefold_marks_waiting ")?,
            unpublished: PUBLISHING.iter().filter_map(|name| sum(name)).sum(),
        })
    }

    fn is_none(&self) -> bool {
        self.lag + self.inbox + self.marks + self.unpublished == 0.0
    }
}

/// Waits for something that a test wants to see.
pub(crate) fn until(what: &str, within: Duration, mut seen: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !seen() {
        assert!(began.elapsed() < within, "{what}: not in {within:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    began.elapsed()
}
