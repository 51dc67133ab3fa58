//! One reading at every door (rule A8): a record gives the same event, or the same problems, from a file, a topic or HTTP.

#[path = "faults/hub.rs"]
#[allow(dead_code)]
mod hub;

use std::collections::BTreeMap;
use std::sync::Arc;

use hub::{Hub, parse};
use onefold_connect::{Intake, IntakeOptions, NoEvent, PostAnswer, PostedEvent, take_posted};
use onefold_event::{Event, Subject};
use onefold_log::{Log, LogRecord};
use onefold_mapping::Connector;
use onefold_stage::{Stage, StepProgress};
use serde_json::{Value, json};

const TOPIC: &str = "intake.finance";
const RECORDS: usize = 1_000;

/// What became of a record: the event but for where it was read, or the codes of all that is wrong.
type Outcome = Result<Box<Event>, String>;

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
date = "yyyy-MM-dd"
time = "iso8601"
currency = { from = "currency" }
[event.invoice]
type = "finance.invoice_issued.v1"
subject = "no"
id = ["no"]
occurred_at = "at"
[event.invoice.refs]
buyer = "who"
[event.invoice.set]
number = "note"
due_on = "due"
total = "amount"
"##,
    )
}

/// Numbers without pattern, always the same.
struct Dice(u64);

impl Dice {
    fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        all[usize::try_from(self.0 >> 33).unwrap() % all.len()].clone()
    }

    /// Mostly the first few, which are good.
    fn mostly<T: Clone>(&mut self, good: usize, all: &[T]) -> T {
        if self.pick(&[true, true, true, false]) { self.pick(&all[..good]) } else { self.pick(all) }
    }
}

/// A record as its source has it, the same at each door.
fn record(n: usize, dice: &mut Dice) -> Value {
    let spell = |text: &str, dice: &mut Dice| match dice.pick(&[0, 1, 2, 3, 4]) {
        0 => text.replace('é', "e\u{301}"),
        1 => format!(" {text}\u{a0}"),
        2 => format!("\u{feff}{text}\u{200b}"),
        3 => format!("\t{}\u{3000}", text.replace('é', "e\u{301}")),
        _ => text.to_owned(),
    };
    let number = spell(&format!("I{n}-é"), dice);
    let who = dice.pick(&["K1", "Café é", "客户１", "K:2", "a\u{200b}b"]);
    let who = spell(who, dice);
    let note = dice.pick(&["", "-", "Ｎ１", "é", "a  b", "x\u{200d}y", "\u{200b}"]);
    let note = spell(note, dice);
    let times = [
        "2026-03-09T17:05:11+08:00",
        "2026-03-09T17:05:11Z",
        " 2026-01-01T00:00:00.25-08:00 ",
        "\u{feff}2026-03-09 17:05:11+05:45",
        "20260309T170511+0800",
        "2026-03-09T23:30:00+14:00",
        "1900-01-01T00:00:00+00:00",
        "",
        "yesterday",
        "2026-02-30T10:00:00Z",
        "2026-13-01T10:00:00Z",
        "2026-03-09T24:00:00Z",
        "2026-03-09T23:59:60Z",
        "2569-03-09T10:00:00+07:00",
        "0026-03-09T10:00:00Z",
        "9999-12-31T00:00:00Z",
        "1899-12-31T23:59:59Z",
        "2026-03-09T17:05:11",
        "2026-03-09",
        "2026-03-09T10:00:00-00:00",
    ];
    let days = [
        "2026-04-08",
        "",
        " 2026-12-31 ",
        "2026-02-29",
        "9999-12-31",
        "0001-01-01",
        "08.04.2026",
        "２０２６-04-08",
        "20260408",
    ];
    let amounts = [
        json!("1250.50"),
        json!("-3"),
        json!(" 12.00\u{a0}"),
        json!("+7"),
        json!("１２．５"),
        json!("\u{2212}5"),
        json!("-0.00"),
        json!("007"),
        json!(1250.5),
        json!(-3),
        serde_json::from_str("1.5e3").unwrap(),
        json!("1,5"),
        json!("1e5"),
        json!(""),
        json!("1 000"),
        json!(".5"),
        json!("5."),
        json!("--5"),
        json!("1234567890123456"),
        json!("0.1234567891"),
        json!("NaN"),
        json!("五"),
        json!(null),
        serde_json::from_str("1e400").unwrap(),
    ];
    let currencies = ["CNY", "EUR", " JPY ", "RMB", "ZZZ", "", "€", "EURO", "ＣＮＹ", "yuan"];
    json!({
        "no": number, "who": who, "note": note,
        "at": dice.mostly(7, &times),
        "due": dice.mostly(3, &days),
        "amount": dice.mostly(11, &amounts),
        "currency": dice.mostly(3, &currencies),
    })
}

/// The same record as a program that posts it would say it.
fn posted(record: &Value) -> Value {
    let text = |name: &str| record[name].as_str().unwrap();
    json!({
        "specversion": "1.0", "source": "t", "type": "finance.invoice_issued.v1",
        "id": record["no"], "subject": format!("invoice:t:{}", text("no")), "time": record["at"],
        "data": {
            "number": record["note"], "due_on": record["due"],
            "total": {"amount": record["amount"], "currency": record["currency"]},
            "references": [{"role": "buyer", "subject": format!("party:t:{}", text("who"))}],
        },
    })
}

fn said(mut event: Event) -> Outcome {
    event.header.mapping.clear();
    event.header.locator = None;
    Ok(Box::new(event))
}

fn place(subject: &Subject) -> usize {
    subject.number().trim_start_matches('I').split('-').next().unwrap().parse().unwrap()
}

/// All outcomes of a hub; `of` says which record an entry in quarantine is.
async fn outcomes(hub: &Hub, of: impl Fn(&onefold_store::QuarantineEntry) -> usize) -> BTreeMap<usize, Outcome> {
    let events = hub.events().await.into_iter().map(|(_, event)| (place(&event.header.subject), said(event)));
    let refused = hub.quarantined().await.into_iter().map(|entry| (of(&entry), Err(entry.codes)));
    events.chain(refused).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_gives_the_same_event_or_the_same_problems_at_every_door() {
    let mut dice = Dice(13);
    let records: Vec<Value> = (0..RECORDS).map(|n| record(n, &mut dice)).collect();
    let connector = connector();

    let file = Hub::open().await;
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    file.ingest(&connector, "a.ndjson", lines.join("\n")).await;
    let by_file = outcomes(&file, |entry| usize::try_from(entry.first_line).unwrap() - 1).await;

    let topic = Hub::open().await;
    topic.log.topic(TOPIC, 1).await.unwrap();
    let messages = lines.iter().map(|line| (0, LogRecord::new("a", line.as_bytes().to_vec(), 1))).collect();
    topic.log.append(TOPIC, messages).await.unwrap();
    let (log, store) = (Arc::clone(&topic.log) as Arc<dyn Log>, Arc::new(topic.store.clone()));
    let mut intake =
        Intake::new(connector, topic.door.clone(), log, store.clone(), store, IntakeOptions { batch: 100 });
    while let StepProgress::Worked(_) = intake.step().await.unwrap() {}
    let by_topic = outcomes(&topic, |entry| entry.resource.rsplit('/').next().unwrap().parse().unwrap()).await;

    let http = Hub::open().await;
    let items: Vec<PostedEvent> = records.iter().map(|record| posted(record).into()).collect();
    let answers = take_posted(items, &http.door, &http.store).await.unwrap();
    let mut by_http = outcomes(&http, |_| RECORDS).await;
    by_http.remove(&RECORDS);
    for (n, answer) in answers.into_iter().enumerate() {
        if let PostAnswer::Quarantined(_, NoEvent { problems, .. }) = answer {
            let mut codes: Vec<String> = problems.iter().map(|problem| problem.code.to_string()).collect();
            codes.sort();
            codes.dedup();
            by_http.insert(n, Err(codes.join(",")));
        }
    }

    let mut wrong = Vec::new();
    for (n, record) in records.iter().enumerate() {
        let (file, topic, http) = (&by_file[&n], &by_topic[&n], &by_http[&n]);
        if file != topic || file != http {
            wrong.push(format!("{record}\n  file  {file:?}\n  topic {topic:?}\n  http  {http:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {RECORDS} differ, among them\n{}",
        wrong.len(),
        wrong[..wrong.len().min(8)].join("\n")
    );
    let good = by_file.values().filter(|outcome| outcome.is_ok()).count();
    assert!((RECORDS / 5..RECORDS * 4 / 5).contains(&good), "{good} of {RECORDS} are good");
}
