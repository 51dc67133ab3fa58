//! What must hold, in between and in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use onefold_event::decode;
use onefold_log::{Log, LogRecord, partition_of};
use onefold_log_embedded::EmbeddedLog;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::fleet::{Fleet, PARTITIONS, SAME, read_to_end};
use crate::harness::{Home, Server};
use crate::kills::Kills;
use crate::load::{BAD, Book, CONNECTOR, TOPIC};
use crate::published::{read, records};
use crate::tally::Tally;

/// How long all may take to be caught up with once nobody is killed.
const SETTLE: Duration = Duration::from_secs(300);

/// Who speaks in decisions of the command line.
const PERSON: &str = "decision:onefold:";

/// One event in the log.
struct Copies {
    count: u64,
    value: Vec<u8>,
}

/// What was seen of the log, and is looked at again.
pub(crate) struct Checks<'a> {
    fleet: &'a Fleet,
    /// Where to read on, of each partition.
    offsets: Vec<u64>,
    events: BTreeMap<String, Copies>,
    /// Subjects of events that a connector made, each of one event.
    mapped: BTreeSet<String>,
    /// Decisions, each copy as it stands in the log.
    decisions: Vec<LogRecord>,
    /// Subjects of those of the command line, one for each event.
    by_person: Vec<String>,
    status: Value,
}

impl<'a> Checks<'a> {
    pub(crate) fn new(fleet: &'a Fleet) -> Self {
        let (events, mapped, decisions, by_person, status) = Default::default();
        Self { fleet, offsets: vec![0; PARTITIONS as usize], events, mapped, decisions, by_person, status }
    }

    /// Records in the log beyond the first of each event.
    pub(crate) fn copies(&self) -> u64 {
        self.events.values().map(|copies| copies.count - 1).sum()
    }

    /// Has all go quiet and catch up; then everything must be there once.
    pub(crate) fn look(&mut self, kills: &mut Kills, tally: &mut Tally) {
        kills.rest(tally);
        let load = kills.load;
        let _quiet = load.quiet();
        let began = Instant::now();
        self.fleet.runtime.block_on(read_to_end(&self.fleet.log, &self.fleet.database, CONNECTOR, TOPIC));
        self.fleet.settle_within(&kills.serving().process, SETTLE);
        let settled = began.elapsed();
        self.status = self.fleet.is_sound();
        self.read_on();
        let book = load.book();
        self.is_all_there(&book, load.tried.load(Ordering::Relaxed));
        self.counts_once(&book);
        tally.checked(began.elapsed(), settled, book.ids.len());
    }

    /// Reads what came since the last time.
    fn read_on(&mut self) {
        for partition in 0..PARTITIONS {
            let at = &mut self.offsets[partition as usize];
            loop {
                let read = self.fleet.runtime.block_on(read(&self.fleet.log, "events", partition, *at));
                let Some(last) = read.last() else { break };
                *at = last.offset + 1;
                for stored in read {
                    let record = stored.record;
                    let event = decode(&record.value).expect("an event");
                    let value = record.value.to_vec();
                    let mut new = false;
                    let copies = self.events.entry(event.header.id.to_string()).or_insert_with(|| {
                        new = true;
                        Copies { count: 0, value: value.clone() }
                    });
                    copies.count += 1;
                    if event.header.mapping.is_empty() {
                        assert_eq!(copies.value, value, "copies of {} differ", event.header.id);
                    }
                    if new && !event.header.mapping.is_empty() {
                        assert!(
                            self.mapped.insert(event.header.subject.to_string()),
                            "{} has two events",
                            event.header.subject
                        );
                    }
                    if ["decision.parties_linked.v1", "decision.parties_separated.v1"].contains(&event.ty().name) {
                        let subject = event.header.subject.to_string();
                        self.by_person.extend(Some(subject).filter(|subject| new && subject.starts_with(PERSON)));
                        self.decisions.push(record);
                    }
                }
            }
        }
    }

    /// Nothing that was acknowledged is lost, and nothing is there that nobody said.
    fn is_all_there(&self, book: &Book, tried: u64) {
        let lost: Vec<&String> = book.ids.iter().filter(|id| !self.events.contains_key(*id)).collect();
        assert!(lost.is_empty(), "{} acknowledged events are not in the log: {lost:?}", lost.len());
        let good: Vec<&String> = book.messages.iter().filter(|line| !line.contains(BAD)).collect();
        let unread: Vec<&String> = good.iter().filter(|line| !self.mapped.contains(&said_in(line))).copied().collect();
        assert!(unread.is_empty(), "{} messages gave no event: {unread:?}", unread.len());
        assert_eq!(self.mapped.len(), good.len(), "events of messages");
        let lost: Vec<&String> = book.decisions.iter().filter(|one| !self.by_person.contains(one)).collect();
        assert!(lost.is_empty(), "acknowledged decisions are not in the log: {lost:?}");
        // One whose answer was lost may be there all the same.
        assert!(self.by_person.len() as u64 <= tried, "{} decisions of {tried}", self.by_person.len());
        assert_eq!(self.events.len(), book.ids.len() + good.len() + self.by_person.len(), "events in the log");
    }

    /// The views hold what was said, by the sums of those who said it.
    fn counts_once(&self, book: &Book) {
        let good = book.messages.iter().filter(|line| !line.contains(BAD)).count() as u64;
        let documents = book.sums.iter().map(|sums| sums.documents).sum::<u64>() + good;
        let invoiced = book.sums.iter().map(|sums| sums.invoiced).sum::<i64>();
        let copies: u64 = self.events.values().map(|copies| copies.count).sum();
        let topic = self.fleet.runtime.block_on(records(&self.fleet.log, TOPIC));
        let bad = topic.iter().filter(|message| String::from_utf8_lossy(&message.value).contains(BAD)).count();
        let status = &self.status;
        assert_eq!(status["documents"], documents, "documents");
        assert_eq!(cents(&status["money"]["CNY"]["invoiced"]), invoiced, "money");
        assert_eq!((&status["events"], &status["conflicts"]), (&copies.into(), &0.into()));
        assert_eq!(status["quarantined"], bad, "in quarantine");
    }

    /// The last that was published of each customer is its view.
    pub(crate) fn published(&self, kills: &Kills) {
        let _quiet = kills.load.quiet();
        self.fleet.is_published(&self.status);
    }

    /// One directory that was told the same says the same.
    pub(crate) fn is_as_one_directory(&self, kills: &Kills, tally: &mut Tally) {
        let (began, book, home) = (Instant::now(), kills.load.book(), Home::new());
        let connector = format!("{}/{CONNECTOR}.toml", self.fleet.home.path("connectors").display());
        let lines = home.file("bank.ndjson", book.messages.join("\n"));
        let told = home.run(&["ingest", "--json", "--connector", &connector, &lines]);
        assert!(matches!(told.code, 0 | 3), "{}", told.err);
        // Of two decisions on one pair the later holds: they have their times here too.
        append(&home, &self.decisions);
        let server: Server = home.serve();
        server.settle();
        for (n, request) in book.requests.iter().enumerate() {
            let media = [("content-type", "application/cloudevents-batch+json")];
            let reply = server.post("/v1/events", &media, request.as_bytes());
            assert_eq!(reply.status, 200, "{}", reply.body);
            if n % 300 == 0 {
                server.settle();
            }
        }
        server.settle();
        assert_eq!(server.stop(), 0);
        let wanted = home.run(&["status", "--json"]).exits(0).json();
        // Told in another order: which of its parties lends a customer its id is another. A rebuild says that it is the right one.
        for name in SAME.into_iter().filter(|name| *name != "ids_digest") {
            assert_eq!(self.status[name], wanted[name], "{name}");
        }
        tally.compared(began.elapsed());
    }
}

/// Puts records into a directory's log, as they are.
fn append(home: &Home, records: &[LogRecord]) {
    let log = EmbeddedLog::open(&home.data().join("log.db"), Default::default()).expect("the log");
    let appended = async {
        let partitions = u32::try_from(log.heads("events").await.expect("heads").len()).expect("a number");
        let placed = records.iter().map(|record| (partition_of(&record.key, partitions), record.clone()));
        log.append("events", placed.collect()).await.expect("an append");
    };
    Runtime::new().expect("a runtime").block_on(appended);
}

/// The subject of the event that a message must become.
fn said_in(line: &str) -> String {
    let message: Value = serde_json::from_str(line).expect("JSON");
    format!("payment:bank:{}", message["no"].as_str().expect("a number"))
}

fn cents(amount: &Value) -> i64 {
    let text = amount.as_str().expect("an amount");
    let (whole, cents) = text.split_once('.').unwrap_or((text, "00"));
    assert_eq!(cents.len(), 2, "{text}");
    format!("{whole}{cents}").parse().expect("cents")
}
