//! A hub of many processes on Kafka and PostgreSQL, and what all tests ask of it at their end.

#![allow(dead_code)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use onefold_log::{Log, LogRecord, partition_of};
use onefold_log_kafka::{KafkaLog, KafkaOptions};
use onefold_store::IntakeStore;
use onefold_store_postgres::PostgresStore;
use onefold_testkit::{Database, Kafka, Postgres};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::harness::Home;
use crate::process::{Process, get};
use crate::published::{differs, heads, last, parties, records, replayed};

/// Partitions of the log.
pub(crate) const PARTITIONS: u32 = 12;
/// How long the views may take to show all that was acknowledged.
const SETTLE: Duration = Duration::from_secs(90);

/// What two hubs that were told the same have in common, whatever happened to them meanwhile.
pub(crate) const SAME: [&str; 8] =
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
    pub(crate) acknowledged: AtomicU64,
    /// An append failed and was done again: some of its records may be in the log twice.
    pub(crate) again: AtomicBool,
    pub(crate) database: Database,
    /// Settings of every process.
    env: Vec<(&'static str, String)>,
    /// Customers are published, as fast as can be.
    pub(crate) publishes: bool,
}

impl Fleet {
    /// On servers that all tests share; none, said under the test's name, where there are none to be had.
    pub(crate) fn shared(test: &str) -> Option<Self> {
        Some(Self::on(&Kafka::shared(test)?, Postgres::shared(test)?.database()))
    }

    /// On this broker and in this database.
    pub(crate) fn on(kafka: &Kafka, database: Database) -> Self {
        let prefix = kafka.prefix();
        let mut options = KafkaOptions::new(kafka.bootstrap());
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

    /// With topics of intake, which the connectors of this directory read in small batches.
    pub(crate) fn connecting(mut self, directory: String) -> Self {
        self.env.push(("ONEFOLD_CONNECT_FILES", directory));
        self.env.push(("ONEFOLD_CONNECT_BATCH", "10".to_owned()));
        self
    }

    /// Starts a process in a role.
    pub(crate) fn start(&self, role: &'static str) -> Process {
        self.start_with(role, "")
    }

    /// The same with failpoints.
    pub(crate) fn start_with(&self, role: &'static str, failpoints: &str) -> Process {
        let (command, said) = self.command(role, failpoints);
        Process::start(role, command, said)
    }

    /// The same as a service manager does it: one that finds a server away and ends is started again.
    pub(crate) fn start_managed(&self, role: &'static str, failpoints: &str) -> Process {
        let began = Instant::now();
        loop {
            let (command, said) = self.command(role, failpoints);
            match Process::begin(role, command, said) {
                Ok(process) => return process,
                Err(why) => {
                    let away = ["the log is out of reach", "the read model does not answer"];
                    assert!(away.iter().any(|words| why.contains(words)), "{role} does not start: {why}");
                    assert!(began.elapsed() < SETTLE, "{role} does not start for {SETTLE:?}: {why}");
                }
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// A command that serves in a role, and the file for what it says.
    fn command(&self, role: &str, failpoints: &str) -> (Command, PathBuf) {
        let mut command = self.home.command(&["run", "--listen", "127.0.0.1:0", "--role", role]);
        command.env("ONEFOLD_LOG", "warn").envs(self.env.iter().map(|(name, value)| (name, value)));
        if !failpoints.is_empty() {
            command.env("ONEFOLD_FAILPOINTS", failpoints);
        }
        let number = self.processes.fetch_add(1, Ordering::Relaxed);
        (command, self.home.path(&format!("{role}-{number}.log")))
    }

    /// The file whose presence sets a failpoint off.
    pub(crate) fn trigger(&self, name: &str) -> PathBuf {
        self.home.path(name)
    }

    /// Appends records, at their own times, until they are acknowledged.
    pub(crate) fn pour(&self, records: &[LogRecord]) {
        let placed = |record: &LogRecord| (partition_of(&record.key, PARTITIONS), record.clone());
        let batch: Vec<(u32, LogRecord)> = records.iter().map(placed).collect();
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

    /// The last record of each key of `customers` is the view in the store, and the feed of `identity` leads there too.
    pub(crate) fn is_published(&self, status: &Value) {
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
        Self::at(&watch.url)
    }

    /// The same of a process by its address.
    pub(crate) fn at(url: &str) -> Option<Self> {
        let (status, text) = get(&format!("{url}/metrics"))?;
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

/// Waits until a connector has read a topic to its end, by the positions that are kept.
pub(crate) async fn read_to_end(log: &dyn Log, database: &Database, connector: &str, topic: &str) {
    let store = PostgresStore::connect_read(database.url(), Default::default()).await.expect("a store");
    let (head, began) = (heads(log, topic).await.iter().sum::<u64>(), Instant::now());
    loop {
        let read: u64 = store.intake(connector, topic).await.expect("positions").values().sum();
        if read == head {
            return;
        }
        assert!(began.elapsed() < SETTLE, "{connector} stands at {read} of {head}");
        tokio::time::sleep(Duration::from_millis(50)).await;
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
