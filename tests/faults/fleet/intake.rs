//! The part of a company that comes in as messages, by topics of intake, in the place of files.

use std::collections::BTreeSet;

use onefold_event::decode;
use onefold_log::{Log, LogRecord, partition_of};
use onefold_log_embedded::EmbeddedLog;
use onefold_simulator::ExportFeed;
use onefold_testkit::Database;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::company::Company;
use crate::fleet::read_to_end;
use crate::harness::{Home, connector};
use crate::published::records;

/// Systems that push.
const PUSHING: [&str; 3] = ["carrier-scans", "desk-events", "bank-payments"];
/// Partitions of each topic: fewer than the log's, since each costs the one test machine a turn.
const PARTITIONS: u32 = 4;

/// A company whose systems push, as far as they do.
pub(crate) struct Intake {
    /// Messages with their topics, in the order of each.
    pub(crate) messages: Vec<(String, LogRecord)>,
    /// Events of the company that do not come out of these.
    pub(crate) rest: Vec<LogRecord>,
    /// What of the messages belongs into quarantine.
    pub(crate) held: Vec<String>,
    /// Connectors and the topics that they read.
    readers: BTreeSet<(&'static str, String)>,
}

impl Intake {
    pub(crate) fn of(company: &Company) -> Self {
        let (home, mut readers) = (Home::new(), BTreeSet::new());
        let feeds: Vec<&ExportFeed> = company.feeds.iter().filter(|feed| PUSHING.contains(&feed.connector)).collect();
        for feed in &feeds {
            let (file, path) = (connector(feed.connector), feed.path.display().to_string());
            home.run(&["send", "--connector", &file, &path, "--partitions", "1"]).exits(0);
            readers.insert((feed.connector, topic(feed.connector)));
        }
        let log = EmbeddedLog::open_read(&home.data().join("log.db")).expect("a log");
        let (mut messages, runtime) = (Vec::new(), Runtime::new().expect("a runtime"));
        for (_, topic) in &readers {
            let sent = runtime.block_on(records(&log, topic));
            messages.extend(sent.into_iter().map(|record| (topic.clone(), record)));
        }
        let name = |feed: &&ExportFeed| feed.path.file_name().expect("a name").to_string_lossy().into_owned();
        let files: BTreeSet<String> = feeds.iter().map(name).collect();
        let pushed = |record: &LogRecord| {
            let event = decode(&record.value).expect("an event");
            event.header.locator.is_some_and(|at| files.contains(&at.resource))
        };
        let rest: Vec<LogRecord> = company.records.iter().filter(|record| !pushed(record)).cloned().collect();
        let of = |entry: &&Value| entry["resource"].as_str().is_some_and(|at| files.contains(at));
        let held = said(company.held.iter().filter(of));
        assert!(messages.len() > 100 && rest.len() > 100 && held.len() > 2, "{} messages", messages.len());
        assert!(rest.len() + 100 < company.records.len());
        Self { messages, rest, held, readers }
    }

    /// Makes the topics, and a directory of the connectors that read them.
    pub(crate) fn begin(&self, home: &Home, log: &dyn Log, runtime: &Runtime) -> String {
        let directory = home.path("connectors");
        std::fs::create_dir(&directory).expect("a directory");
        for (name, topic) in &self.readers {
            runtime.block_on(log.topic(topic, PARTITIONS)).expect("a topic");
            std::fs::copy(connector(name), directory.join(format!("{name}.toml"))).expect("a connector file");
        }
        directory.display().to_string()
    }

    /// Sends messages.
    pub(crate) async fn send(log: &dyn Log, messages: &[(String, LogRecord)]) {
        for (topic, record) in messages {
            let placed = vec![(partition_of(&record.key, PARTITIONS), record.clone())];
            log.append(topic, placed).await.expect("sent");
        }
    }

    /// Waits until every connector has read its topics to their ends.
    pub(crate) async fn drained(&self, log: &dyn Log, database: &Database) {
        for (connector, topic) in &self.readers {
            read_to_end(log, database, connector, topic).await;
        }
    }
}

/// Entries as they are wherever they were read: connector, bytes and codes.
pub(crate) fn said<'a>(entries: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let mut said: Vec<String> =
        entries.map(|entry| format!("{} {} {}", entry["connector"], entry["codes"], entry["raw"])).collect();
    said.sort_unstable();
    said
}

/// The topic that a connector's file names.
fn topic(name: &str) -> String {
    let text = std::fs::read_to_string(connector(name)).expect("a connector file");
    let file: toml::Table = toml::from_str(&text).expect("TOML");
    file["from"]["topics"][0].as_str().expect("a topic").to_owned()
}
