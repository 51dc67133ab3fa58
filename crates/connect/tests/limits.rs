//! What an event may be at most: the same at every door, and told of whoever sends it while the others are taken in.

#[path = "faults/hub.rs"]
#[allow(dead_code)]
mod hub;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hub::{Hub, key, parse, retry};
use onefold_connect::{Intake, IntakeOptions, NoEvent, PostAnswer, PostedEvent, rehearse, take_posted};
use onefold_door::{Door, DoorOptions, DoorVerdict};
use onefold_event::EventLimits;
use onefold_log::{GroupMembership, Log, LogError, LogRecord, StoredRecord};
use onefold_mapping::Connector;
use onefold_stage::Stage;
use onefold_store::Quarantine;
use serde_json::{Value, json};

const TOPIC: &str = "intake.finance";

fn connector() -> Connector {
    parse(
        r##"
[connector]
name = "invoices"
source = "t"
[from]
kind = ["file", "kafka"]
topics = ["intake.finance"]
[read]
format = "ndjson"
[assume]
time = "iso8601"
currency = "EUR"
[event.invoice]
type = "finance.invoice_issued.v1"
subject = "no"
id = ["key"]
occurred_at = "at"
[event.invoice.set]
number = "note"
total = "sum"
[event.invoice.set.lines]
each = "lines"
product = "p"
"##,
    )
}

fn record(no: &str, key: &str, note: &str, lines: usize) -> Value {
    let lines: Vec<Value> = (0..lines).map(|n| json!({ "p": format!("P{n}") })).collect();
    json!({ "no": no, "key": key, "note": note, "at": "2026-03-09T10:00:00Z", "lines": lines, "sum": "1.00" })
}

/// The same record as a program that posts it would say it.
fn posted(record: &Value) -> PostedEvent {
    let lines = record["lines"].as_array().unwrap().iter();
    let lines: Vec<Value> = lines.map(|line| json!({ "product": line["p"] })).collect();
    let event = json!({
        "specversion": "1.0", "source": "t", "type": "finance.invoice_issued.v1", "id": record["key"],
        "subject": format!("invoice:t:{}", record["no"].as_str().unwrap()), "time": record["at"],
        "data": {
            "number": record["note"], "lines": lines, "total": { "amount": record["sum"], "currency": "EUR" },
        },
    });
    event.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_beyond_a_limit_is_refused_under_the_same_code_at_every_door_and_the_rest_taken_in() {
    let limits = EventLimits { entries: 5, event_bytes: 2_000, ..EventLimits::default() };
    let records = [
        record("1", "1", "", 5),
        record("2", &"k".repeat(513), "", 0),
        record("3", "3", "", 6),
        record("4", "4", &"n".repeat(2_000), 0),
        record("5", "5", "", 1),
    ];
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    let refused = ["R0434", "R0435", "R0436"];
    let hubs = [Hub::within(limits).await, Hub::within(limits).await, Hub::within(limits).await];
    let [file, topic, http] = &hubs;

    let report = file.ingest(&connector(), "a.ndjson", lines.join("\n")).await;
    assert_eq!((report.accepted, report.quarantined), (2, 3));
    let input = onefold_connect::Input::File(file.write("b.ndjson", lines.join("\n")));
    let rehearsed = rehearse(&connector(), &[input], limits, &|_| {}).await.unwrap();
    assert_eq!((rehearsed.mapped, rehearsed.quarantined), (2, 3));

    topic.log.topic(TOPIC, 1).await.unwrap();
    let messages = lines.iter().map(|line| (0, LogRecord::new("a", line.as_bytes().to_vec(), 1))).collect();
    topic.log.append(TOPIC, messages).await.unwrap();
    let (log, store) = (Arc::clone(&topic.log) as Arc<dyn Log>, Arc::new(topic.store.clone()));
    let mut intake =
        Intake::new(connector(), topic.door.clone(), log, store.clone(), store, IntakeOptions { batch: 100 });
    intake.step().await.unwrap();

    let items = records.iter().map(posted).collect();
    let answers = take_posted(items, &http.door, &http.store).await.unwrap();
    let told: Vec<String> = answers
        .iter()
        .filter_map(|answer| match answer {
            PostAnswer::Quarantined(_, NoEvent { problems, .. }) => Some(problems[0].code.to_string()),
            PostAnswer::Judged(..) | PostAnswer::Conflict { .. } => None,
        })
        .collect();
    assert_eq!(told, refused);

    for hub in &hubs {
        assert_eq!(hub.subjects().await, ["invoice:t:1", "invoice:t:5"]);
        let codes: Vec<String> = hub.quarantined().await.into_iter().map(|entry| entry.codes).collect();
        assert_eq!(codes, refused);
    }
    // Once an event may be larger, what was refused can be tried again.
    let wider = Hub::open().await;
    for entry in http.quarantined().await.into_iter().skip(1) {
        let number = wider.store.put(vec![entry.clone()]).await.unwrap()[0];
        let entry = wider.store.get(number).await.unwrap().unwrap();
        retry(&entry, None, &wider.door, &wider.store, "mended").await.unwrap();
    }
    assert_eq!(wider.subjects().await, ["invoice:t:3", "invoice:t:4"]);
}

/// A log whose topic takes less than the hub believes, as where a broker was given a smaller limit.
struct Narrow {
    inner: Arc<dyn Log>,
    most: usize,
}

#[async_trait]
impl Log for Narrow {
    async fn topic(&self, name: &str, partitions: u32) -> Result<u32, LogError> {
        self.inner.topic(name, partitions).await
    }
    async fn append(&self, topic: &str, batch: Vec<(u32, LogRecord)>) -> Result<Vec<u64>, LogError> {
        match batch.iter().map(|(_, record)| record.size()).find(|bytes| *bytes > self.most) {
            Some(bytes) => Err(LogError::TooLarge { bytes, most: self.most }),
            None => self.inner.append(topic, batch).await,
        }
    }
    async fn read(&self, topic: &str, partition: u32, from: u64, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        self.inner.read(topic, partition, from, max).await
    }
    async fn fetch(&self, topic: &str, positions: &[(u32, u64)]) -> Result<Vec<StoredRecord>, LogError> {
        self.inner.fetch(topic, positions).await
    }
    async fn heads(&self, topic: &str) -> Result<Vec<u64>, LogError> {
        self.inner.heads(topic).await
    }
    async fn wait(&self, topic: &str, seen: &[u64], timeout: Duration) -> Result<bool, LogError> {
        self.inner.wait(topic, seen, timeout).await
    }
    async fn join(&self, topic: &str, group: &str) -> Result<Box<dyn GroupMembership>, LogError> {
        self.inner.join(topic, group).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_the_log_itself_is_too_narrow_for_does_not_keep_out_the_others() {
    let hub = Hub::open().await;
    let log: Arc<dyn Log> = Arc::new(Narrow { inner: Arc::clone(&hub.log) as _, most: 1_000 });
    let store = Arc::new(hub.store.clone());
    let door = Door::open(log, store.clone(), store, key(), DoorOptions::new(3, EventLimits::default())).await.unwrap();
    let large = record("2", "2", &"n".repeat(2_000), 0);
    let items = vec![
        posted(&record("1", "1", "", 1)),
        posted(&large),
        posted(&large),
        posted(&record("2", "2", "small", 0)),
        posted(&record("3", "3", "", 1)),
    ];
    let answers = take_posted(items, &door, &hub.store).await.unwrap();
    let is_in = |answer: &PostAnswer| matches!(answer, PostAnswer::Judged(_, DoorVerdict::Accepted { .. }));
    assert_eq!(answers.iter().map(is_in).collect::<Vec<_>>(), [true, false, false, true, true], "{answers:?}");
    let entries = hub.quarantined().await;
    assert_eq!(entries.iter().map(|entry| (entry.codes.as_str(), entry.tries)).collect::<Vec<_>>(), [("R0436", 2)]);
    for answer in &answers[1..3] {
        assert!(matches!(answer, PostAnswer::Quarantined(number, _) if *number == entries[0].number), "{answer:?}");
    }
}
