//! Mending a mapping: what it makes anew is a newer version of the same event, and nothing is there twice.

#[path = "faults/hub.rs"]
#[allow(dead_code)]
mod hub;

use std::sync::Arc;

use hub::{Hub, key, parse};
use onefold_connect::{IngestReport, Input, Intake, IntakeOptions, RemapReport, RemapTo, remap_files, remap_topics};
use onefold_door::DoorForecast;
use onefold_event::{EmptyKeyRing, EventLimits, decode, to_cloudevent};
use onefold_fold::standing_facts;
use onefold_log::{Log, LogRecord};
use onefold_mapping::Connector;
use onefold_stage::{Stage, StepProgress};
use onefold_store::ReadStore;

/// Orders, a row each: by the mapping with this number, whose event has these lines more.
fn orders(mapping: i64, lines: &str) -> Connector {
    parse(&format!(
        r##"
[connector]
name = "orders"
source = "shop"
mapping = {mapping}
[from]
kind = ["file", "kafka"]
topics = ["intake.orders"]
[read]
format = "csv"
[assume]
date = "yyyy-MM-dd"
zone = "UTC"
number = "1234.56"
currency = "EUR"
[event.order]
type = "sales.order_placed.v1"
id = ["no"]
occurred_at = {{ from = "day", at = "00:00" }}
refs.buyer = "who"
{lines}
"##
    ))
}

const PLAIN: &str = "subject = \"no\"\nset.total = \"cents\"";
const IN_CENTS: &str = "subject = \"no\"\nset.total = { from = \"cents\", times = \"0.01\" }";
const BY_CONTENT: &str = "revision = { by = \"content\" }\n";
const ROWS: &str = "no,who,day,cents\nA,K1,2026-03-09,100\nB,K2,2026-03-09,250\n";

impl Hub {
    async fn remap(&self, connector: &Connector, name: &str, text: &str) -> (IngestReport, RemapReport) {
        self.project().await;
        let input = Input::File(self.write(name, text));
        let to = RemapTo::Hub(&self.door, &self.store);
        checked(remap_files(connector, &[input], self.log.as_ref(), to, &|_| {}).await.unwrap())
    }

    async fn rehearse(&self, connector: &Connector, name: &str, text: &str) -> (IngestReport, RemapReport) {
        self.project().await;
        let input = Input::File(self.write(name, text));
        let (log, store) = (Arc::clone(&self.log) as Arc<dyn Log>, Arc::new(self.store.clone()));
        let forecast =
            DoorForecast::of_hub(log, store.clone(), store.as_ref(), key(), EventLimits::default()).await.unwrap();
        let to = RemapTo::Nowhere(Box::new(forecast));
        checked(remap_files(connector, &[input], self.log.as_ref(), to, &|_| {}).await.unwrap())
    }

    /// The total of the version of an order that stands.
    async fn total(&self, order: &str) -> String {
        self.project().await;
        let rows = self.store.subjects(&[format!("order:shop:{order}")]).await.unwrap();
        let facts = rows.into_iter().flatten().next().unwrap().facts;
        let (standing, _) = standing_facts(&facts);
        let [fact] = &standing[..] else { panic!("{standing:?}") };
        let stored = self.log.fetch("events", &[(fact.partition, fact.offset)]).await.unwrap();
        let event = decode(&stored[0].record.value).unwrap();
        let total = to_cloudevent(&event, &EmptyKeyRing)["data"]["total"].clone();
        format!("{} {}", total["amount"].as_str().unwrap(), total["currency"].as_str().unwrap())
    }
}

fn checked(report: IngestReport) -> (IngestReport, RemapReport) {
    let remap = report.remap.clone().unwrap();
    assert_eq!(report.records, report.mapped + report.skipped + report.quarantined);
    let known = report.duplicates + report.conflicts + report.older_mapping;
    assert_eq!(report.events, report.accepted + known + remap.remapped + remap.moved + remap.unmoved);
    (report, remap)
}

#[tokio::test]
async fn what_a_later_mapping_makes_otherwise_is_a_newer_version_and_nothing_is_there_twice() {
    let hub = Hub::open().await;
    let (first, second) = (orders(1, PLAIN), orders(2, IN_CENTS));
    hub.ingest(&first, "a.csv", ROWS).await;
    // Without a remap it is told and left.
    let told = hub.ingest(&second, "a.csv", ROWS).await;
    assert_eq!((told.older_mapping, told.not_outranked, hub.events().await.len()), (2, 0, 2));

    let (report, remap) = hub.remap(&second, "a.csv", &format!("{ROWS}C,K3,2026-03-09,7\n")).await;
    assert_eq!((remap.remapped, report.accepted, remap.moved, remap.left), (2, 1, 0, 0));
    assert_eq!([hub.total("A").await, hub.total("C").await], ["1.00 EUR", "0.07 EUR"]);
    let events = hub.events().await.len();
    assert_eq!(events, 5);

    for again in 0..2 {
        let (report, remap) = hub.remap(&second, "a.csv", ROWS).await;
        assert_eq!((remap.remapped, report.duplicates), (0, 2), "{again}");
        hub.project().await;
    }
    // Neither mapping has anything to say any more.
    for connector in [&first, &second] {
        let report = hub.ingest(connector, "a.csv", ROWS).await;
        assert_eq!((report.duplicates, report.older_mapping, report.conflicts), (2, 0, 0));
    }
    // A third that says what the first said is a version of its own.
    let (_, remap) = hub.remap(&orders(3, PLAIN), "a.csv", ROWS).await;
    assert_eq!((remap.remapped, hub.total("A").await.as_str()), (2, "100 EUR"));
    assert_eq!(hub.events().await.len(), events + 2);
    let (report, _) = hub.remap(&second, "a.csv", ROWS).await;
    assert_eq!((report.duplicates, hub.total("A").await.as_str()), (2, "100 EUR"), "an older one changes nothing");
}

#[tokio::test]
async fn a_record_that_the_source_contradicts_is_a_conflict_in_a_remap_too() {
    let hub = Hub::open().await;
    hub.ingest(&orders(1, PLAIN), "a.csv", ROWS).await;
    let second = orders(2, IN_CENTS);
    let twice = "no,who,day,cents\nA,K1,2026-03-09,100\nA,K1,2026-03-09,300\nA,K1,2026-03-09,100\n";
    let (report, remap) = hub.remap(&second, "a.csv", twice).await;
    assert_eq!((remap.remapped, report.conflicts, report.duplicates), (1, 1, 1));
    let (report, remap) = hub.remap(&second, "a.csv", twice).await;
    assert_eq!((remap.remapped, report.conflicts, report.duplicates), (0, 1, 2));
    assert_eq!((hub.total("A").await.as_str(), hub.quarantined().await.len()), ("1.00 EUR", 1));
}

#[tokio::test]
async fn without_a_greater_number_nothing_is_made_anew_and_the_report_says_so() {
    let hub = Hub::open().await;
    for mapping in [1, 2] {
        let name = format!("{mapping}.csv");
        let rows = ROWS.replace("A,", &format!("A{mapping},")).replace("B,", &format!("B{mapping},"));
        hub.ingest(&orders(mapping, PLAIN), &name, &rows).await;
        let (report, remap) = hub.remap(&orders(mapping, IN_CENTS), &name, &rows).await;
        assert_eq!((report.older_mapping, report.not_outranked, remap.remapped), (2, 2, 0), "{mapping}");
    }
    assert_eq!(hub.events().await.len(), 4);
}

#[tokio::test]
async fn versions_of_the_source_keep_their_order_whatever_is_made_anew() {
    let old = "no,who,day,cents\nA,K1,2026-03-09,100\n";
    let new = "no,who,day,cents\nA,K1,2026-03-09,250\n";
    let rounded = "subject = \"no\"\nset.total = { from = \"cents\", times = \"0.01\", round = 0 }";
    // The newer version is the same under both mappings, or is not.
    for (second, standing, newest) in [(IN_CENTS, "2.50 EUR", "4.00 EUR"), (rounded, "3 EUR", "4 EUR")] {
        let hub = Hub::open().await;
        let first = orders(1, &format!("{BY_CONTENT}{}", IN_CENTS.replace("cents\",", "cents\", default = 7,")));
        let second = orders(2, &format!("{BY_CONTENT}{second}"));
        hub.ingest(&first, "old.csv", old).await;
        hub.ingest(&first, "new.csv", new).await;
        hub.remap(&second, "new.csv", new).await;
        let (_, remap) = hub.remap(&second, "old.csv", old).await;
        assert_eq!((remap.remapped, hub.total("A").await.as_str()), (0, standing), "what came later stands");
        let (report, _) = hub.remap(&second, "new.csv", new).await;
        assert_eq!((report.duplicates, report.older_mapping), (1, 0));
        hub.ingest(&second, "newest.csv", &new.replace("250", "400")).await;
        assert_eq!(hub.total("A").await, newest, "what comes after a remap comes after");
    }
}

/// By the mapping with this number, an order is named by its number and who bought.
fn by_buyer(mapping: i64) -> Connector {
    orders(mapping, "subject = { join = [\"no\", \"who\"], with = \"-\" }\nset.total = \"cents\"")
}

impl Hub {
    /// What the standing version of an order is: its type, or none where it is not known.
    async fn stands(&self, order: &str) -> Option<&'static str> {
        self.project().await;
        let rows = self.store.subjects(&[format!("order:shop:{order}")]).await.unwrap();
        let facts = rows.into_iter().flatten().next()?.facts;
        let (standing, _) = standing_facts(&facts);
        let [fact] = &standing[..] else { panic!("{standing:?}") };
        let stored = self.log.fetch("events", &[(fact.partition, fact.offset)]).await.unwrap();
        Some(decode(&stored[0].record.value).unwrap().ty().name)
    }
}

const PLACED: Option<&str> = Some("sales.order_placed.v1");
const WITHDRAWN: Option<&str> = Some("fact.withdrawn.v1");

#[tokio::test]
async fn an_event_that_moves_to_another_subject_is_withdrawn_where_it_was_and_back_again() {
    let hub = Hub::open().await;
    hub.ingest(&orders(1, PLAIN), "a.csv", ROWS).await;
    let (_, told) = hub.rehearse(&by_buyer(2), "a.csv", ROWS).await;
    assert_eq!((told.moved, told.withdrawn, told.unmoved, told.left), (2, 2, 0, 0));
    assert_eq!(hub.events().await.len(), 2);

    let (report, remap) = hub.remap(&by_buyer(2), "a.csv", ROWS).await;
    assert_eq!((remap.moved, remap.withdrawn, remap.remapped, report.accepted, remap.left), (2, 2, 0, 0, 0));
    let told = &remap.moved_examples[0];
    assert_eq!([&told.from, &told.subject, &told.place], ["order:shop:A", "order:shop:A-K1", "a.csv:2"]);
    assert_eq!([hub.stands("A").await, hub.stands("A-K1").await], [WITHDRAWN, PLACED]);
    for again in 0..2 {
        let (report, remap) = hub.remap(&by_buyer(2), "a.csv", ROWS).await;
        assert_eq!((remap.moved, remap.withdrawn, remap.left, report.duplicates), (0, 0, 0, 2), "{again}");
    }
    let report = hub.ingest(&by_buyer(2), "a.csv", ROWS).await;
    assert_eq!((report.duplicates, report.accepted), (2, 0));
    assert_eq!(hub.events().await.len(), 6);

    // An older mapping changes nothing, whichever way it is brought.
    let (report, remap) = hub.remap(&orders(1, PLAIN), "a.csv", ROWS).await;
    assert_eq!((remap.moved, remap.withdrawn, remap.unmoved, report.duplicates), (0, 0, 0, 2));
    hub.ingest(&orders(1, PLAIN), "a.csv", ROWS).await;
    assert_eq!([hub.stands("A").await, hub.stands("A-K1").await], [WITHDRAWN, PLACED]);

    // A third mapping brings it back.
    let (_, remap) = hub.remap(&orders(3, PLAIN), "a.csv", ROWS).await;
    assert_eq!((remap.remapped, remap.withdrawn, remap.moved, remap.left), (2, 2, 0, 0));
    assert_eq!([hub.stands("A").await, hub.stands("A-K1").await], [PLACED, WITHDRAWN]);
    assert_eq!(hub.total("A").await, "100 EUR");
}

#[tokio::test]
async fn an_event_that_moves_under_a_mapping_that_is_not_greater_is_told_and_not_taken_in() {
    let hub = Hub::open().await;
    hub.ingest(&orders(2, PLAIN), "a.csv", ROWS).await;
    for mapping in [1, 2] {
        let (report, remap) = hub.remap(&by_buyer(mapping), "a.csv", ROWS).await;
        assert_eq!((remap.unmoved, remap.moved, remap.withdrawn, report.accepted), (2, 0, 0, 0), "{mapping}");
        assert_eq!(remap.unmoved_examples[1].subject, "order:shop:B-K2");
    }
    assert_eq!([hub.stands("A").await, hub.stands("A-K1").await], [PLACED, None]);
}

#[tokio::test]
async fn versions_of_a_fact_that_moves_are_withdrawn_though_they_were_taken_in_by_several_mappings() {
    let hub = Hub::open().await;
    let with = |mapping: i64, buyer: bool| {
        let subject = if buyer { "subject = { join = [\"no\", \"who\"], with = \"-\" }" } else { "subject = \"no\"" };
        orders(
            mapping,
            &format!("revision = {{ from = \"cents\", as = \"integer\" }}\n{subject}\nset.total = \"cents\""),
        )
    };
    let row = |cents: &str| format!("no,who,day,cents\nA,K1,2026-03-09,{cents}\n");
    hub.ingest(&with(1, false), "a.csv", &row("100")).await;
    hub.ingest(&with(1, false), "b.csv", &row("200")).await;
    hub.remap(&with(2, false), "b.csv", &row("200")).await;
    // A version of the source that the log does not have is not taken in beside the others.
    let (_, remap) = hub.remap(&with(3, true), "c.csv", &row("300")).await;
    assert_eq!((remap.unmoved, remap.moved, remap.withdrawn), (1, 0, 0));
    let (report, remap) = hub.remap(&with(3, true), "b.csv", &row("200")).await;
    assert_eq!((remap.moved, remap.withdrawn, report.duplicates), (1, 1, 0));
    assert_eq!([hub.stands("A").await, hub.stands("A-K1").await], [WITHDRAWN, PLACED]);
    let events = hub.events().await.len();
    let (_, remap) = hub.remap(&with(3, true), "b.csv", &row("200")).await;
    assert_eq!((remap.moved, remap.withdrawn, hub.events().await.len()), (0, 0, events));
}

#[tokio::test]
async fn versions_that_are_about_several_subjects_under_both_mappings_stay_where_they_are() {
    let hub = Hub::open().await;
    let with = |mapping: i64, total: &str| {
        let subject = "subject = { join = [\"no\", \"who\"], with = \"-\" }";
        orders(mapping, &format!("{BY_CONTENT}{subject}\nset.total = {total}"))
    };
    let rows = "no,who,day,cents\nA,K1,2026-03-09,100\nA,K2,2026-03-09,200\n";
    hub.ingest(&with(1, "\"cents\""), "a.csv", rows).await;
    let (_, remap) = hub.remap(&with(2, "{ from = \"cents\", times = \"0.01\" }"), "a.csv", rows).await;
    assert_eq!((remap.remapped, remap.moved, remap.unmoved, remap.withdrawn, remap.left), (2, 0, 0, 0, 0));
    assert_eq!([hub.total("A-K1").await, hub.total("A-K2").await], ["1.00 EUR", "2.00 EUR"]);
}

#[tokio::test]
async fn what_is_made_no_more_is_told_with_its_place_and_stays() {
    let hub = Hub::open().await;
    hub.ingest(&orders(1, PLAIN), "a.csv", ROWS).await;
    hub.ingest(&orders(1, PLAIN), "b.csv", &ROWS.replace("A,", "X,").replace("B,", "Y,")).await;
    let fewer = orders(2, &format!("when = \"code == 'A'\"\n{PLAIN}\n[let]\ncode = \"no\""));
    let (report, remap) = hub.remap(&fewer, "a.csv", ROWS).await;
    assert_eq!((report.duplicates, remap.left), (1, 1), "{:?}", report.problems);
    assert_eq!(remap.left_examples, ["order:shop:B (a.csv:3)"]);
    assert_eq!(hub.total("B").await, "250 EUR");
}

#[tokio::test]
async fn a_rehearsal_says_what_would_change_by_field_and_writes_nothing() {
    let hub = Hub::open().await;
    hub.ingest(&orders(1, PLAIN), "a.csv", ROWS).await;
    let second = orders(2, &IN_CENTS.replace("subject", "refs.ship_to = \"who\"\nsubject"));
    let rows = format!("{ROWS}C,K3,2026-03-09,7\nD,K3,never,7\n");
    let (report, remap) = hub.rehearse(&second, "a.csv", &rows).await;
    assert_eq!((remap.remapped, report.accepted, report.quarantined), (2, 1, 1));
    assert_eq!((hub.events().await.len(), hub.quarantined().await.len()), (2, 0));
    let told: Vec<_> = remap.changes.iter().map(|change| (change.field.as_str(), change.events)).collect();
    assert_eq!(told, [("refs.ship_to", 2), ("total.amount", 2)]);
    let example = &remap.changes[1].examples[0];
    assert_eq!(
        (example.subject.as_str(), example.before.as_str(), example.after.as_str()),
        ("order:shop:A", "100", "1.00")
    );
    let (_, done) = hub.remap(&second, "a.csv", &rows).await;
    assert_eq!((done.remapped, done.changes.len()), (2, 0));
}

#[tokio::test]
async fn messages_that_the_hub_keeps_are_read_again_as_far_as_it_has_read_them() {
    let hub = Hub::open().await;
    let (log, store) = (Arc::clone(&hub.log) as Arc<dyn Log>, Arc::new(hub.store.clone()));
    log.topic("intake.orders", 2).await.unwrap();
    let message = |no: &str, time: i64| {
        LogRecord::new(no.as_bytes().to_vec(), format!("no,who,day,cents\n{no},K1,2026-03-09,100").into_bytes(), time)
    };
    let sent = vec![(0, message("A", 1)), (1, message("B", 2)), (0, message("C", 3))];
    log.append("intake.orders", sent).await.unwrap();
    let mut intake = Intake::new(
        orders(1, PLAIN),
        hub.door.clone(),
        log.clone(),
        store.clone(),
        store.clone(),
        IntakeOptions::default(),
    );
    while intake.step().await.unwrap() != StepProgress::Idle {}
    hub.ingest(&orders(1, PLAIN), "late.csv", &ROWS.replace("A,", "X,").replace("B,", "Y,")).await;
    log.append("intake.orders", vec![(1, message("D", 4))]).await.unwrap();
    hub.project().await;

    let second = orders(2, IN_CENTS);
    let again = async |since| {
        let to = RemapTo::Hub(&hub.door, &hub.store);
        let sources = (hub.log.as_ref() as &dyn Log, &hub.store as _);
        checked(remap_topics(&second, sources, since, to, &|_| {}).await.unwrap())
    };
    let (_, since) = again(Some(3)).await;
    assert_eq!((since.remapped, since.left), (1, 0));
    let (report, all) = again(None).await;
    assert_eq!((all.remapped, report.duplicates, report.accepted, all.left), (2, 1, 0, 0));
    let originals = all.originals.unwrap();
    assert_eq!((originals.messages, originals.unkept), (3, 2));
    assert_eq!(originals.resources[0].resource, "late.csv");
    assert_eq!(hub.total("C").await, "1.00 EUR");
}
