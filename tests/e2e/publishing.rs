//! What others read: whoever reads `customers` from its start holds the view of every customer.

mod harness;
mod published;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use harness::{Home, Server, connector, event, invoice, party, root};
use onefold_log::{Log, LogRecord};
use onefold_log_embedded::EmbeddedLog;
use onefold_log_kafka::{KafkaLog, KafkaOptions};
use onefold_simulator::{CompanySettings, simulate};
use onefold_testkit::{Database, Kafka, Postgres};
use published::{Customers, differs, header, parties, replayed};
use serde_json::{Value, json};

/// Publishing on, as fast as it can be.
const ON: [(&str, &str); 2] = [("ONEFOLD_PUBLISH_ENABLED", "true"), ("ONEFOLD_PUBLISH_EVERY_MS", "20")];
const STAGES: [&str; 2] = ["--role", "project,resolve,assemble,serve"];

/// A hub, and where its topics are read.
struct Hub {
    home: Home,
    place: Place,
}

enum Place {
    Directory,
    Kafka { bootstrap: String, prefix: String, _database: Database },
}

impl Hub {
    fn embedded() -> Self {
        Self { home: Home::new(), place: Place::Directory }
    }

    fn distributed(test: &str) -> Option<Self> {
        let (kafka, postgres) = (Kafka::shared(test)?, Postgres::shared(test)?);
        let (database, prefix) = (postgres.database(), kafka.prefix());
        let home = Home::distributed(kafka.bootstrap(), &prefix, database.url());
        let place = Place::Kafka { bootstrap: kafka.bootstrap().to_owned(), prefix, _database: database };
        Some(Self { home, place })
    }

    /// All records of a topic, in the order of each partition.
    fn records(&self, topic: &str) -> Vec<LogRecord> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let log: Box<dyn Log> = match &self.place {
            Place::Directory => Box::new(EmbeddedLog::open_read(&self.home.data().join("log.db")).expect("a log")),
            Place::Kafka { bootstrap, prefix, .. } => {
                let mut options = KafkaOptions::new(bootstrap.as_str());
                options.prefix.clone_from(prefix);
                Box::new(KafkaLog::open(options).expect("a log"))
            }
        };
        runtime.block_on(published::records(log.as_ref(), topic))
    }

    /// The last record of each customer id: its version, and its view or nothing.
    fn customers(&self) -> Customers {
        published::last(&self.records("customers"))
    }

    /// Holds what is published against what the hub answers; the ids that are no customer's any more.
    fn agrees(&self, server: &Server) -> Vec<String> {
        server.publish();
        let status = self.home.run(&["status", "--json"]).exits(0).json();
        // A transaction's end may be told a moment after it.
        let began = Instant::now();
        let published = loop {
            let published = self.customers();
            let ask = |id: &str| server.get(&format!("/v1/customers/{id}")).body;
            match differs(&published, &status["customers"], ask) {
                None => break published,
                Some(why) => assert!(began.elapsed() < Duration::from_secs(20), "{why}"),
            }
        };
        published.into_iter().filter(|(_, (_, view))| view.is_none()).map(|(id, _)| id).collect()
    }
}

/// The feed leads to the same customers as the topic of views.
fn feed_agrees(hub: &Hub) {
    assert_eq!(replayed(&hub.records("identity")), parties(&hub.customers()));
}

fn company(home: &Home, customers: u32) {
    let settings = CompanySettings { customers, seed: 7, ..CompanySettings::default() };
    for feed in simulate(&home.path("simulated"), &settings).expect("a simulated company").feeds {
        let (connector, path) = (connector(feed.connector), feed.path.display().to_string());
        let answer = home.command(&["ingest", "--connector", &connector, &path]).envs(ON).output().expect("an ingest");
        assert!([Some(0), Some(3)].contains(&answer.status.code()), "{}", String::from_utf8_lossy(&answer.stderr));
    }
}

/// People who are one, part, join somebody else, move their documents, and are asked after.
fn decide(hub: &Hub, server: &Server) {
    let tax = ("tax_number", "91110000600037341L", "CN");
    let phone = ("phone", "13800138000", "CN");
    let told = server.batch(&[
        party("erp:K1", "王伟", &[phone, tax]),
        party("desk:D7", "王伟", &[tax]),
        party("web:W3", "Wang W.", &[("email", "w@example.com", "")]),
        invoice("erp:I1", "erp:K1", "100.00"),
        invoice("web:I2", "web:W3", "25.00"),
        event(
            "sales.contact_made.v1",
            "contact:desk:C1",
            "2026-02-05T09:00:00Z",
            json!({ "direction": "in", "identifiers": [{ "kind": "phone", "text": "13800138000", "role": "caller" }] }),
        ),
        event(
            "service.case_opened.v1",
            "case:desk:77",
            "2026-02-06T09:00:00Z",
            json!({ "title": "broken", "references": [{ "role": "buyer", "subject": "party:erp:K1" }] }),
        ),
        event(
            "service.action_requested.v1",
            "case:desk:77",
            "2026-02-06T10:00:00Z",
            json!({ "action": "A1", "department": "warehouse", "what": "send a new one", "due_on": "2026-02-09" }),
        ),
    ]);
    assert_eq!(told.status, 200, "{}", told.body);
    let heads = hub.agrees(server);
    let identity = |words: &[&str]| {
        hub.home.command(words).envs(ON).args(["--why", "w", "--by", "ann"]).output().expect("a decision")
    };
    if matches!(hub.place, Place::Kafka { .. }) {
        assert!(identity(&["identity", "link", "party:erp:K1", "party:web:W3"]).status.success());
        assert!(hub.agrees(server).len() > heads.len(), "an id is gone");
        assert!(identity(&["identity", "separate", "party:web:W3", "--from", "party:erp:K1"]).status.success());
        hub.agrees(server);
    }
    // Somebody else with the phone makes the call nobody's, and the invoice is another's after all.
    let told = server.batch(&[party("shop:S9", "李娜", &[phone]), {
        let mut moved = invoice("erp:I1", "web:W3", "100.00");
        (moved["id"], moved["fact"], moved["revision"]) =
            (json!("I1/2"), json!("finance.invoice_issued.v1/invoice:erp:I1"), json!("2"));
        moved
    }]);
    assert_eq!(told.status, 200, "{}", told.body);
    hub.agrees(server);
}

/// What departments are asked reaches them under the customer's id.
fn asked(hub: &Hub, server: &Server) {
    let id = server.get("/v1/customers/party:erp:K1").body["id"].as_str().expect("an id").to_owned();
    let actions: Vec<LogRecord> = hub.records("actions");
    let said = |record: &LogRecord| serde_json::from_slice::<Value>(&record.value).expect("an action");
    let mine: Vec<&LogRecord> = actions.iter().filter(|record| said(record)["case"] == "case:desk:77").collect();
    assert_eq!(mine.len(), 1);
    assert_eq!(
        (mine[0].key.as_ref(), header(mine[0], "ce_type").as_str()),
        (id.as_bytes(), "onefold.action.requested.v1")
    );
    let said = said(mine[0]);
    assert_eq!(
        (&said["department"], &said["due_on"], &said["customer"]),
        (&json!("warehouse"), &json!("2026-02-09"), &json!(id))
    );
}

#[test]
fn whoever_reads_customers_from_the_start_holds_the_view_of_every_customer() {
    let hub = Hub::embedded();
    company(&hub.home, 30);
    let server = hub.home.serve_with(&[], &ON);
    hub.agrees(&server);
    decide(&hub, &server);
    feed_agrees(&hub);
    asked(&hub, &server);
    assert_eq!(server.stop(), 0);
    // Off and on again: everybody is told anew, and those that were joined meanwhile are taken away.
    let server = hub.home.serve();
    let joined = [
        party("erp:K2", "赵敏", &[("email", "z@example.com", "")]),
        party("web:W4", "赵敏", &[("email", "z@example.com", "")]),
    ];
    assert_eq!(server.batch(&joined).status, 200);
    server.settle();
    assert_eq!(server.stop(), 0);
    let server = hub.home.serve_with(&[], &ON);
    hub.agrees(&server);
    feed_agrees(&hub);
    assert_eq!(server.stop(), 0);
    // Views made again from the log lead to the same.
    hub.home.run(&["rebuild"]).exits(0);
    let server = hub.home.serve_with(&[], &ON);
    hub.agrees(&server);
    feed_agrees(&hub);
}

#[test]
fn a_reader_with_kafkas_own_client_holds_the_view_of_every_customer() {
    let Some(hub) = Hub::distributed("a_reader_with_kafkas_own_client_holds_the_view_of_every_customer") else {
        return;
    };
    let server = hub.home.serve_with(&STAGES, &ON);
    let publisher = hub.home.serve_with(&["--role", "publish"], &ON);
    company(&hub.home, 30);
    hub.agrees(&server);
    decide(&hub, &server);
    feed_agrees(&hub);
    asked(&hub, &server);

    // Views made again beside the live ones, and put in their place under the publisher.
    hub.home.run(&["rebuild"]).exits(0);
    trade(&server, 0);
    hub.agrees(&server);
    feed_agrees(&hub);

    let Place::Kafka { bootstrap, prefix, .. } = &hub.place else { return };
    let lines = read_customers(bootstrap, prefix);
    let published: Vec<String> = hub
        .customers()
        .into_iter()
        .filter_map(|(id, (version, view))| {
            let name = view?.pointer("/profile/name/value").and_then(Value::as_str).unwrap_or_default().to_owned();
            Some(format!("{id}\t{version}\t{name}"))
        })
        .collect();
    assert_eq!(lines, published);
    for line in lines.iter().take(50) {
        let (id, name) = (line.split('\t').next().unwrap(), line.rsplit('\t').next().unwrap());
        let view = server.get(&format!("/v1/customers/{id}")).body;
        assert_eq!(view.pointer("/profile/name/value").and_then(Value::as_str).unwrap_or_default(), name);
    }
    assert_eq!((publisher.stop(), server.stop()), (0, 0));
}

/// What a program in another language reads.
fn read_customers(bootstrap: &str, prefix: &str) -> Vec<String> {
    let jars = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../kafka-4.1.1/*");
    let read = Command::new("java")
        .args(["-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-XX:TieredStopAtLevel=1", "-cp"])
        .arg(jars)
        .arg(root().join("tests/e2e/ReadCustomers.java"))
        .args([bootstrap, &format!("{prefix}customers")])
        .output()
        .expect("java");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    String::from_utf8(read.stdout).expect("texts").lines().map(str::to_owned).collect()
}

/// A batch of invoices of a few customers, each batch other ones.
fn trade(server: &Server, batch: u32) {
    let mut events =
        vec![party(&format!("erp:N{batch}"), "王伟", &[("phone", &format!("1380013800{}", batch % 4), "CN")])];
    events.extend(
        (0..5).map(|n| invoice(&format!("erp:I{batch}-{n}"), &format!("erp:N{}", batch.saturating_sub(n)), "7.00")),
    );
    assert_eq!(server.batch(&events).status, 200);
}

const ACTIVE: &str = "onefold_publisher_active 1";

/// Whether a process says so of itself.
fn measured(server: &Server, line: &str) -> bool {
    let text = server.get("/metrics").body.as_str().unwrap_or_default().to_owned();
    text.lines().any(|l| l.starts_with(line))
}

fn signal(server: &Server, signal: &str) {
    let sent = Command::new("kill").args([signal, &server.pid().to_string()]).status().expect("kill");
    assert!(sent.success());
}

#[test]
fn a_publisher_killed_at_any_border_leaves_nothing_unsaid() {
    let Some(hub) = Hub::distributed("a_publisher_killed_at_any_border_leaves_nothing_unsaid") else { return };
    let server = hub.home.serve_with(&STAGES, &ON);
    let mut batch = 0;
    for (border, passes) in [("before_append", 1), ("after_append", 0), ("after_append", 2), ("after_commit", 1)] {
        let kill = format!("publish.{border}={passes}*off->kill");
        let mut publisher = hub.home.serve_with(&["--role", "publish"], &[ON[0], ON[1], ("ONEFOLD_FAILPOINTS", &kill)]);
        let began = Instant::now();
        while !publisher.is_over() {
            assert!(began.elapsed() < Duration::from_secs(60), "{border}");
            trade(&server, batch);
            batch += 1;
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    // At random moments, the next one standing by already.
    let mut standing_by = hub.home.serve_with(&["--role", "publish"], &ON);
    for round in 0..3 {
        let mut active = std::mem::replace(&mut standing_by, hub.home.serve_with(&["--role", "publish"], &ON));
        // Whichever of the two comes first has the turn.
        active.until("/metrics", |_| measured(&active, ACTIVE) || measured(&standing_by, ACTIVE));
        if measured(&standing_by, ACTIVE) {
            std::mem::swap(&mut active, &mut standing_by);
        }
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").subsec_nanos();
        let until = Instant::now() + Duration::from_millis(u64::from(nanos % 1500));
        eprintln!("round {round}: killed after {} ms", nanos % 1500);
        while Instant::now() < until {
            trade(&server, batch);
            batch += 1;
        }
        active.kill();
    }
    hub.agrees(&server);
    feed_agrees(&hub);
    assert_eq!((standing_by.stop(), server.stop()), (0, 0));
}

#[test]
fn a_publisher_that_was_frozen_is_refused_when_it_wakes() {
    let Some(hub) = Hub::distributed("a_publisher_that_was_frozen_is_refused_when_it_wakes") else { return };
    let server = hub.home.serve_with(&STAGES, &ON);
    // The second time that it has read what to publish, it stands still for longer than its turn lasts.
    let sleep = ("ONEFOLD_FAILPOINTS", "publish.before_append=1*off->1*sleep(25000)->off");
    let frozen = hub.home.serve_with(&["--role", "publish"], &[ON[0], ON[1], sleep]);
    trade(&server, 0);
    frozen.until("/metrics", |_| measured(&frozen, ACTIVE));
    frozen.until("/metrics", |_| measured(&frozen, "onefold_published_records_total"));
    trade(&server, 1);
    let other = hub.home.serve_with(&["--role", "publish"], &ON);
    other.until("/metrics", |_| measured(&other, ACTIVE));
    for batch in 1..20 {
        trade(&server, batch);
    }
    hub.agrees(&server);
    let refused = "onefold_stage_failed_steps_total{stage=\"publisher\"}";
    frozen.until("/metrics", |_| measured(&frozen, refused) && measured(&frozen, "onefold_publisher_active 0"));
    hub.agrees(&server);

    // Frozen wherever it is, and woken once the first has taken over again.
    signal(&other, "-STOP");
    trade(&server, 20);
    frozen.until("/metrics", |_| measured(&frozen, ACTIVE));
    trade(&server, 21);
    hub.agrees(&server);
    signal(&other, "-CONT");
    for batch in 22..30 {
        trade(&server, batch);
    }
    hub.agrees(&server);
    feed_agrees(&hub);
    assert_eq!((frozen.stop(), other.stop(), server.stop()), (0, 0, 0));
}
