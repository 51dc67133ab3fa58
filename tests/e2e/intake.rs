//! Topics of intake, taken in by processes of the role `connect`.

mod harness;

use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use harness::{Home, Server, connector, root};
use onefold_log::{Log, LogRecord, partition_of};
use onefold_log_kafka::{KafkaLog, KafkaOptions};
use onefold_simulator::{CompanySettings, ExportFeed, simulate};
use onefold_store::{IntakeStore, QuarantineEntry};
use onefold_store_postgres::PostgresStore;
use onefold_testkit::{Database, Kafka, Postgres};
use serde_json::Value;

/// What two hubs that were told the same have in common, in whatever order they were told.
const SAME: [&str; 7] =
    ["subjects", "parties", "customers", "documents", "unattributed_documents", "quarantined", "digest"];
/// Fewer partitions than by default: each costs the one test machine a turn.
const PARTITIONS: (&str, &str) = ("ONEFOLD_HUB_PARTITIONS", "4");

/// A hub on servers, with its log and read model at hand.
struct Many {
    home: Home,
    log: KafkaLog,
    url: String,
    runtime: tokio::runtime::Runtime,
    connectors: String,
    _database: Database,
}

impl Many {
    fn new(test: &str) -> Option<Self> {
        let (Some(kafka), Some(postgres)) = (Kafka::shared(test), Postgres::shared(test)) else { return None };
        let (database, prefix) = (postgres.database(), kafka.prefix());
        let home = Home::distributed(kafka.bootstrap(), &prefix, database.url());
        let mut options = KafkaOptions::new(kafka.bootstrap());
        options.prefix = prefix;
        Some(Self {
            home,
            log: KafkaLog::open(options).expect("a log"),
            url: database.url().to_owned(),
            runtime: tokio::runtime::Runtime::new().expect("a runtime"),
            connectors: root().join("deploy/connectors").display().to_string(),
            _database: database,
        })
    }

    /// A process that folds.
    fn folds(&self) -> Server {
        self.home.serve_with(&["--role", "project,resolve,assemble"], &[PARTITIONS])
    }

    fn connects(&self) -> Server {
        let env = [PARTITIONS, ("ONEFOLD_CONNECT_FILES", self.connectors.as_str()), ("ONEFOLD_CONNECT_BATCH", "40")];
        self.home.serve_with(&["--role", "connect"], &env)
    }

    /// One that ends where its failpoint says.
    fn connects_until(&self, failpoint: &str) -> Child {
        let mut command = self.home.command(&["run", "--listen", "127.0.0.1:0", "--role", "connect"]);
        command
            .envs([PARTITIONS, ("ONEFOLD_CONNECT_FILES", self.connectors.as_str()), ("ONEFOLD_CONNECT_BATCH", "40")])
            .envs([("ONEFOLD_FAILPOINTS", failpoint), ("ONEFOLD_LOG", "error")])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().expect("the program starts")
    }

    fn send(&self, feed: &ExportFeed) -> u64 {
        let (connector, path) = (connector(feed.connector), feed.path.display().to_string());
        let mut command = self.home.command(&["send", "--json", "--connector", &connector, &path]);
        let output = command.envs([PARTITIONS]).output().expect("the program");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let sent: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        sent["messages"].as_u64().expect("a number")
    }

    /// Waits until every connector has read its topics to their ends, by the positions that are kept.
    fn drained(&self, feeds: &[ExportFeed]) {
        let wanted: BTreeSet<(&str, String)> = feeds.iter().map(|feed| (feed.connector, topic(feed))).collect();
        let store = self.runtime.block_on(PostgresStore::connect_read(&self.url, Default::default())).expect("a store");
        let began = Instant::now();
        for (connector, topic) in wanted {
            loop {
                let (read, heads) = self.runtime.block_on(async {
                    let read = store.intake(connector, &topic).await.expect("positions");
                    (read, self.log.heads(&topic).await.expect("heads"))
                });
                let read = read.values().sum::<u64>();
                if read == heads.iter().sum::<u64>() {
                    break;
                }
                assert!(began.elapsed() < Duration::from_secs(240), "{connector} stands at {read} of {heads:?}");
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }

    /// Every message of the topics, once more, in any order and any partition.
    fn send_again_shuffled(&self, feeds: &[ExportFeed]) {
        let topics: BTreeSet<String> = feeds.iter().map(topic).collect();
        self.runtime.block_on(async {
            for topic in topics {
                let partitions = self.log.heads(&topic).await.expect("heads").len() as u32;
                let mut all: Vec<LogRecord> = Vec::new();
                for (partition, head) in (0..).zip(self.log.heads(&topic).await.expect("heads")) {
                    let mut at = 0;
                    while at < head {
                        let read = self.log.read(&topic, partition, at, 10_000).await.expect("messages");
                        at = read.last().map_or(head, |last| last.offset + 1);
                        all.extend(read.into_iter().map(|stored| stored.record));
                    }
                }
                // By a hash of its bytes, which has nothing to do with what it says.
                all.sort_by_key(|record| (partition_of(&record.value, 1 << 20), record.value.clone()));
                let place = |(n, record): (usize, LogRecord)| (n as u32 % partitions, record);
                let shuffled = all.into_iter().enumerate().map(place).collect();
                self.log.append(&topic, shuffled).await.expect("sent");
            }
        });
    }

    fn status(&self) -> Value {
        status(&self.home)
    }
}

fn company(home: &Home, customers: u32) -> Vec<ExportFeed> {
    let settings = CompanySettings { customers, seed: 7, corrupt_one_in: 20, ..CompanySettings::default() };
    simulate(&home.path("simulated"), &settings).expect("a simulated company").feeds
}

/// The topic that a feed's connector file names.
fn topic(feed: &ExportFeed) -> String {
    let text = std::fs::read_to_string(connector(feed.connector)).expect("a connector file");
    let file: toml::Table = toml::from_str(&text).expect("TOML");
    file["from"]["topics"][0].as_str().expect("a topic").to_owned()
}

fn ingest(home: &Home, feed: &ExportFeed) {
    let (connector, path) = (connector(feed.connector), feed.path.display().to_string());
    assert_ne!(home.run(&["ingest", "--connector", &connector, &path]).code, 1);
}

fn status(home: &Home) -> Value {
    home.run(&["status", "--json"]).exits(0).json()
}

fn assert_same(a: &Value, b: &Value) {
    for name in SAME {
        assert_eq!(a[name], b[name], "{name}");
    }
    assert_eq!(a["money"], b["money"]);
}

fn quarantined(home: &Home) -> Vec<QuarantineEntry> {
    let lines = home.run(&["quarantine", "list", "--json"]).exits(0).lines();
    lines.into_iter().map(|line| serde_json::from_value(line).expect("an entry")).collect()
}

/// What is in quarantine, wherever it was read.
fn records(entries: &[QuarantineEntry]) -> BTreeSet<(String, Vec<u8>, String)> {
    entries.iter().map(|entry| (entry.connector.clone(), entry.raw.clone(), entry.codes.clone())).collect()
}

/// Whether this is `TOPIC/PARTITION/OFFSET`.
fn is_place(resource: &str) -> bool {
    let parts: Vec<&str> = resource.split('/').collect();
    matches!(parts.as_slice(), [topic, partition, offset]
        if topic.starts_with("intake.") && partition.parse::<u32>().is_ok() && offset.parse::<u64>().is_ok())
}

/// The sum of a series of a process.
fn told(server: &Server, name: &str) -> f64 {
    let reply = server.get("/metrics");
    let lines = reply.body.as_str().unwrap_or_default().lines();
    lines.filter(|line| line.starts_with(name)).filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
}

#[test]
fn two_processes_take_in_what_was_sent_as_ingest_takes_in_its_files() {
    let Some(many) = Many::new("two_processes_take_in_what_was_sent_as_ingest_takes_in_its_files") else { return };
    let one = Home::new();
    let feeds = company(&one, 25);
    feeds.iter().for_each(|feed| ingest(&one, feed));

    let (folds, connects) = (many.folds(), [many.connects(), many.connects()]);
    let messages: u64 = feeds.iter().map(|feed| many.send(feed)).sum();
    many.drained(&feeds);
    folds.settle();
    let (expected, found) = (status(&one), many.status());
    assert_same(&expected, &found);
    assert_eq!(expected["events"], found["events"], "each event is in the log once");
    many.home.run(&["rebuild", "--verify"]).exits(0);

    // Each message was read by each connector of its topic, and both processes had their share.
    let taken = connects.iter().map(|server| {
        let mapped = told(server, "onefold_intake_records_total{");
        assert!(mapped > 0.0, "a process that did nothing");
        assert_eq!(told(server, "onefold_intake_lag{"), 0.0);
        mapped
    });
    assert!(taken.sum::<f64>() >= messages as f64);
    let health = connects[0].get("/health");
    assert!(health.body.to_string().contains("connector erp-invoices"), "{}", health.body);

    let (before, after) = (quarantined(&one), quarantined(&many.home));
    assert_eq!((records(&before), before.len()), (records(&after), after.len()));
    assert!(after.len() > 10 && after.iter().all(|entry| is_place(&entry.resource)), "{after:#?}");

    // Every id that the one hub gave answers in the other with the same customer: which of its parties lends a customer its
    // id says the order in which they came.
    let hits = one.run(&["find", "王", "--limit", "50", "--json"]).exits(0).json();
    assert!(!hits.as_array().expect("hits").is_empty());
    for hit in hits.as_array().expect("hits") {
        let words = ["documents", hit["id"].as_str().expect("an id"), "--limit", "0", "--json"];
        assert_eq!(one.run(&words).exits(0).lines(), many.home.run(&words).exits(0).lines());
        let party = hit["parties"][0].as_str().expect("a party");
        for line in many.home.run(&["events", party, "--json"]).exits(0).lines() {
            assert!(line["file"].as_str().is_some_and(is_place), "{line}");
        }
    }
    for server in connects.into_iter().chain([folds]) {
        assert_eq!(server.stop(), 0);
    }
}

#[test]
fn a_directory_takes_in_messages_in_their_order_with_the_same_ids_as_files() {
    let (one, other) = (Home::new(), Home::new());
    let feeds = company(&one, 12);
    for feed in &feeds {
        ingest(&one, feed);
        let (connector, path) = (connector(feed.connector), feed.path.display().to_string());
        // One partition has one order.
        let sent =
            other.run(&["send", "--json", "--connector", &connector, &path, "--partitions", "1"]).exits(0).json();
        let env = [("ONEFOLD_CONNECT_FILES", connector.as_str()), ("ONEFOLD_HUB_PARTITIONS", "1")];
        let server = other.serve_with(&[], &env);
        server.until("/metrics", |_| {
            let read = told(&server, "onefold_intake_records_total{") >= sent["messages"].as_f64().unwrap();
            read && told(&server, "onefold_intake_lag{") == 0.0
        });
        assert_eq!(server.stop(), 0);
    }
    let server = other.serve();
    server.settle();
    assert_eq!(server.stop(), 0);
    let (expected, found) = (status(&one), status(&other));
    assert_same(&expected, &found);
    assert_eq!((&expected["events"], &expected["ids_digest"]), (&found["events"], &found["ids_digest"]));
    assert_eq!(records(&quarantined(&one)), records(&quarantined(&other)));
}

#[test]
fn messages_doubled_and_shuffled_under_kills_give_the_same_views_and_quarantine() {
    let test = "messages_doubled_and_shuffled_under_kills_give_the_same_views_and_quarantine";
    let Some(many) = Many::new(test) else { return };
    let one = Home::new();
    let feeds = company(&one, 12);
    feeds.iter().for_each(|feed| ingest(&one, feed));

    let folds = many.folds();
    for feed in &feeds {
        many.send(feed);
    }
    many.send_again_shuffled(&feeds);
    let points = [
        "ingest.after_quarantine",
        "door.before_append",
        "door.after_append",
        "connect.before_commit",
        "connect.after_commit",
    ];
    for (n, point) in points.into_iter().enumerate() {
        let mut doomed = many.connects_until(&format!("{point}={}*off->kill", 2 * n));
        let ended = doomed.wait().expect("it ends");
        assert_eq!(ended.code(), None, "{point} was never reached");
    }
    // Any moment.
    for n in 0..4 {
        let doomed = many.connects();
        std::thread::sleep(Duration::from_millis(150 * n));
        doomed.kill();
    }
    let connects = [many.connects(), many.connects()];
    many.drained(&feeds);
    folds.settle();
    let mut found = many.status();
    // Twice the messages, twice the entries: each has a place of its own.
    let (before, after) = (quarantined(&one), quarantined(&many.home));
    assert_eq!((records(&before), 2 * before.len()), (records(&after), after.len()));
    found["quarantined"] = before.len().into();
    assert_same(&status(&one), &found);
    many.home.run(&["rebuild", "--verify"]).exits(0);
    for server in connects.into_iter().chain([folds]) {
        assert_eq!(server.stop(), 0);
    }
}

const SHOP: &str = r#"
[connector]
name = "shop"
source = "shop"
[from]
kind = "kafka"
topics = "intake.shop"
[read]
format = "csv"
charset = "windows-1252"
[assume]
zone = "Europe/Berlin"
dst = "earlier"
date = "dd.MM.yyyy"
number = "1.234,56"
currency = "EUR"
[event.invoice]
type = "finance.invoice_issued.v1"
subject = "Nr"
id = ["Nr"]
occurred_at = { from = "Tag", at = "00:00" }
[event.invoice.refs]
bill_to = "Käufer"
[event.invoice.set]
issued_on = "Tag"
total = "Summe"
"#;

/// What a message that cannot be mapped leaves, and what becomes of it, on one engine; `many` go on beside the commands.
fn what_cannot_be_mapped_is_kept_with_its_place_and_taken_once_the_connector_is_mended(home: &Home, many: bool) {
    let file = home.file("shop.toml", SHOP);
    let mended = home.file("mended.toml", SHOP.replace("\"dd.MM.yyyy\"", "[\"dd.MM.yyyy\", \"yyyy-MM-dd\"]"));
    let renamed = home.file("renamed.toml", SHOP.replace("\"Nr\"", "\"Nummer\""));
    let latin = |text: &str| text.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let rows = "A1,K1,02.03.2026,\"10,00\"\nA2,K1,2026-03-03,\"20,00\"\n";
    let usual = home.file("usual.csv", latin(&format!("Nr,K\u{e4}ufer,Tag,Summe\n{rows}")));
    let odd = home.file("odd.csv", latin("Nummer,K\u{e4}ufer,Tag,Summe\nA3,K1,04.03.2026,\"30,00\"\n"));
    let send = |connector: &str, path: &str| home.run(&["send", "--connector", connector, path]).exits(0).out;
    assert!(send(&file, &usual).contains("2 messages sent to intake.shop"));
    assert!(send(&renamed, &odd).contains("1 messages sent to intake.shop"));

    let serve = || home.serve_with(&[], &[("ONEFOLD_CONNECT_FILES", file.as_str()), PARTITIONS]);
    let server = serve();
    server.until("/metrics", |_| told(&server, "onefold_intake_records_total{") >= 3.0);
    server.settle();
    let mut kept = quarantined(home);
    kept.sort_by_key(|entry| entry.length);
    assert_eq!(kept.len(), 2, "{kept:#?}");
    assert!(kept.iter().all(|entry| is_place(&entry.resource) && entry.connector == "shop"), "{kept:#?}");
    // A record is kept alone, a message that is none of its connector's whole.
    assert_eq!((kept[0].codes.as_str(), kept[0].first_line), ("R0420", 2));
    assert_eq!(kept[0].raw, latin("A2,K1,2026-03-03,\"20,00\""));
    assert_eq!((kept[1].first_line, kept[1].last_line), (1, 2));
    assert_eq!(kept[1].raw, std::fs::read(&odd).unwrap());
    let lines = home.run(&["events", "invoice:shop:A1", "--json"]).exits(0).lines();
    assert!(lines[0]["file"].as_str().is_some_and(is_place), "{lines:?}");
    assert_eq!(lines[0]["line"], 2, "{lines:?}");

    // Whoever has the directory for itself must first be done with it.
    let server = if many {
        Some(server)
    } else {
        assert_eq!(server.stop(), 0);
        None
    };
    let [record, message] = [&kept[0], &kept[1]].map(|entry| format!("q-{:04}", entry.number));
    home.run(&["quarantine", "retry", "--connector", &file]).exits(3).tells(&["2 tried, 2 still in quarantine"]);
    home.run(&["quarantine", "retry", "--connector", &mended, &record]).exits(0).tells(&["taken in: 1 events"]);
    home.run(&["quarantine", "retry", "--connector", &renamed, &message]).exits(0).tells(&["taken in: 1 events"]);
    assert_eq!(home.run(&["events", "invoice:shop:A3", "--json"]).exits(0).lines()[0]["line"], 2);
    assert_eq!(status(home)["money"]["EUR"]["invoiced"], "60.00");

    // What was read stays read, whoever reads on.
    send(&file, &usual);
    let server = server.unwrap_or_else(serve);
    let before = if many { 3.0 } else { 0.0 };
    server.until("/metrics", |_| told(&server, "onefold_intake_records_total{") >= before + 2.0);
    server.settle();
    assert_eq!(told(&server, "onefold_intake_records_total{"), before + 2.0);
    assert_eq!(status(home)["money"]["EUR"]["invoiced"], "60.00");
    assert_eq!(server.stop(), 0);
    home.run(&["rebuild", "--verify"]).exits(0);
}

#[test]
fn a_directory_keeps_what_cannot_be_mapped_with_its_place() {
    what_cannot_be_mapped_is_kept_with_its_place_and_taken_once_the_connector_is_mended(&Home::new(), false);
}

#[test]
fn servers_keep_what_cannot_be_mapped_with_its_place() {
    let Some(many) = Many::new("servers_keep_what_cannot_be_mapped_with_its_place") else { return };
    what_cannot_be_mapped_is_kept_with_its_place_and_taken_once_the_connector_is_mended(&many.home, true);
}

#[test]
fn a_broker_that_is_away_is_waited_for_by_name_and_what_comes_after_is_taken_in() {
    let test = "a_broker_that_is_away_is_waited_for_by_name_and_what_comes_after_is_taken_in";
    let (Some(kafka), Some(postgres)) = (Kafka::own(test), Postgres::shared(test)) else { return };
    let database = postgres.database();
    let home = Home::distributed(kafka.bootstrap(), "onefold.", database.url());
    let file = home.file("shop.toml", SHOP);
    let rows = |n: u32| format!("Nr,K\u{e4}ufer,Tag,Summe\nA{n},K1,02.03.2026,\"10,00\"\n");
    let latin = |text: String| text.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let send = |n: u32| {
        let path = home.file(&format!("{n}.csv"), latin(rows(n)));
        home.run(&["send", "--connector", &file, &path, "--partitions", "2"]).exits(0);
    };
    send(1);
    let env = [("ONEFOLD_CONNECT_FILES", file.as_str()), ("ONEFOLD_HUB_PARTITIONS", "2")];
    let server = home.serve_with(&[], &env);
    server.until("/metrics", |_| told(&server, "onefold_intake_records_total{") >= 1.0);
    kafka.kill();
    let still = server.until("/health", |reply| {
        let stages = reply.body["stages"].as_array().into_iter().flatten();
        let mut shop = stages.filter(|stage| stage["name"] == "connector shop");
        reply.status == 503 && shop.any(|stage| stage["error"].is_string())
    });
    let stages = still.body["stages"].as_array().expect("stages");
    let shop = stages.iter().find(|stage| stage["name"] == "connector shop").expect("a connector");
    assert!(shop["error"].as_str().is_some_and(|error| error.starts_with("waiting for the log: ")), "{shop}");
    kafka.start();
    send(2);
    server.until("/metrics", |_| told(&server, "onefold_intake_records_total{") >= 2.0);
    server.until("/health", |reply| reply.status == 200);
    server.settle();
    assert_eq!(status(&home)["money"]["EUR"]["invoiced"], "20.00");
    assert_eq!(server.stop(), 0);
}

#[test]
fn connectors_that_cannot_be_run_are_refused_by_name() {
    let home = Home::new();
    let refused = |files: &[&str], words: &[&str]| {
        let mut command = home.command(&["run", "--listen", "127.0.0.1:0"]);
        let output = command.env("ONEFOLD_CONNECT_FILES", files.join(",")).output().expect("the program");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{err}");
        words.iter().for_each(|word| assert!(err.contains(word), "{word}: {err}"));
    };
    let shop = home.file("shop.toml", SHOP);
    // Its path has no root, and a process that runs no directory of its own.
    refused(&[&connector("crm-contacts")], &["names no topic", "path from the root", "crm-contacts"]);
    refused(&[&home.file("none.toml", "")], &["no mapping that can be used"]);
    let other = home.file("other.toml", SHOP.replace("name = \"shop\"", "name = \"other\""));
    let same = home.file("same.toml", SHOP.replace("intake.shop\"", "intake.shop\"\ngroup = \"other\""));
    refused(&[&shop, &same], &["would take each other's messages"]);
    refused(
        &[&other, &home.file("group.toml", std::fs::read_to_string(&same).unwrap().replace("\"shop\"", "\"third\""))],
        &["other"],
    );
    let test = "\n[test.none]\ninput = '''\nNr,K\u{e4}ufer,Tag,Summe\nA1,K,01.01.2026,1\n'''\nrejects = [\"Nr\"]\n";
    let failing = home.file("failing.toml", format!("{SHOP}{test}"));
    refused(&[&failing], &["failing.toml fails its own test \"none\""]);
}
