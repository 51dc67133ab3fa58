//! JSON documents in files: their records come one after the other, each with its own bytes, and are taken in once.

#[path = "faults/hub.rs"]
#[allow(dead_code)]
mod hub;

use std::sync::Arc;

use hub::{Hub, gzip, parse, retry};
use onefold_connect::{FileState, Input, Intake, IntakeOptions, RetryOutcome, send};
use onefold_door::DoorVerdict;
use onefold_log::Log;
use onefold_mapping::Connector;
use onefold_stage::{Stage, StepProgress};

/// Orders; `read` are further lines of `[read]`, and `currency` is where theirs stands.
fn orders(read: &str, currency: &str) -> Connector {
    parse(&format!(
        r##"
[connector]
name = "orders"
source = "shop"
[from]
kind = ["file", "kafka"]
topics = ["intake.sales"]
[read]
format = "json"
{read}
[assume]
time = "iso8601"
currency = {{ from = "{currency}", fold = "case", enum = "currency" }}
[enum.currency]
else = "reject"
[enum.currency.values]
eur = "EUR"
[event.order]
type = "sales.order_placed.v1"
subject = "no"
id = ["no"]
occurred_at = "at"
[event.order.set]
total = "total"
"##
    ))
}

fn order(no: &str, total: &str) -> String {
    format!(
        "{{\n  \"no\": \"{no}\", \"at\": \"2026-03-09T08:00:00Z\",\n  \"total\": {total}, \"cur\": \"eur\", \"said\": \"a }} ] \\\" é\"\n}}"
    )
}

/// Mapped, skipped, quarantined.
fn counts(report: &onefold_connect::IngestReport) -> [u64; 3] {
    [report.mapped, report.skipped, report.quarantined]
}

#[tokio::test]
async fn each_record_is_taken_in_or_kept_with_its_own_bytes_and_tried_again_alone() {
    let hub = Hub::open().await;
    let bad = order("B", "\"many\"");
    let file = format!(
        "{{\"count\": 3, \"more\": {{\"orders\": [1]}},\n \"data\": {{\"orders\": [{},\n{bad}, {}]}},\n \"next\": null}}\n",
        order("A", "1.50"),
        order("C", "2")
    );
    let connector = orders("records = \"data.orders\"", "cur");
    let report = hub.ingest(&connector, "orders.json", &file).await;
    assert_eq!(counts(&report), [2, 0, 1]);
    assert_eq!(hub.subjects().await, ["order:shop:A", "order:shop:C"]);
    let [entry] = hub.quarantined().await.try_into().unwrap();
    assert_eq!((String::from_utf8(entry.raw.clone()).unwrap(), entry.first_line, entry.last_line), (bad, 6, 9));
    assert_eq!(entry.codes, "R0412");
    let at = usize::try_from(hub.events().await[0].1.header.locator.as_ref().unwrap().offset).unwrap();
    assert!(file[at..].starts_with("{\n  \"no\": \"A\""));

    // The same again is known, and the entry is the same.
    assert_eq!(hub.ingest(&connector, "orders.json", &file).await.duplicates, 2);
    assert_eq!(hub.quarantined().await[0].tries, 2);
    let mended = parse(&hub_text(
        "records = \"data.orders\"",
        "total = { from = \"total\", on_bad = \"absent\", default = \"0\" }",
    ));
    let taken = retry(&hub.quarantined().await[0], Some(&mended), &hub.door, &hub.store, "read again").await.unwrap();
    assert!(
        matches!(taken, RetryOutcome::Taken(ref all) if matches!(all[..], [DoorVerdict::Accepted { .. }])),
        "{taken:?}"
    );
    assert_eq!(hub.subjects().await, ["order:shop:A", "order:shop:B", "order:shop:C"]);
}

/// The same orders with another line for their total.
fn hub_text(read: &str, total: &str) -> String {
    format!(
        "[connector]\nname = \"orders\"\nsource = \"shop\"\n[from]\nkind = \"file\"\n[read]\nformat = \"json\"\n{read}\n[assume]\n\
         time = \"iso8601\"\ncurrency = \"EUR\"\n[event.order]\ntype = \"sales.order_placed.v1\"\nsubject = \"no\"\nid = [\"no\"]\n\
         occurred_at = \"at\"\n[event.order.set]\n{total}\n"
    )
}

#[tokio::test]
async fn documents_are_read_whatever_their_outermost_shape_is() {
    let (a, b) = (order("A", "1"), order("B", "2"));
    for (read, file, wanted) in [
        ("", format!("[{a}, {b}]"), [2, 0, 0]),
        ("", format!("\n{a}\n{b}\n"), [2, 0, 0]),
        ("", a.clone(), [1, 0, 0]),
        ("", "[]".to_owned(), [0, 0, 0]),
        ("records = \"$\"", format!("[{a}, {b}]"), [2, 0, 0]),
        ("records = \"order\"", format!("{{\"order\": {a}}}"), [1, 0, 0]),
        ("records = \"orders\"", format!("[{{\"orders\": [{a}]}}, {{\"orders\": [{b}]}}]"), [2, 0, 0]),
        ("records = \"orders\"", format!("{{\"orders\": [{a}]}}\r\n{{\"orders\": [{b}]}}\x1A"), [2, 0, 0]),
        ("records = \"[1].orders\"", format!("[0, {{\"orders\": [{a}]}}]"), [1, 0, 0]),
        ("records = \"orders\"", "{\"error\": {\"code\": 5}}".to_owned(), [0, 1, 0]),
        ("records = \"orders\"", "{\"orders\": null}".to_owned(), [0, 1, 0]),
        ("records = \"orders\"", "{\"orders\": []}".to_owned(), [0, 0, 0]),
        ("records = \"data.orders\"", "{\"data\": [1]}".to_owned(), [0, 0, 1]),
    ] {
        let hub = Hub::open().await;
        let connector = orders(read, "cur");
        assert_eq!(counts(&hub.ingest(&connector, "o.json", &file).await), wanted, "{read} {file}");
        let packed = hub.ingest(&connector, "p.json", gzip(format!("\u{feff}{file}").as_bytes())).await;
        assert_eq!((counts(&packed), packed.accepted), (wanted, 0), "{read} {file}");
    }
}

#[tokio::test]
async fn what_stands_around_the_records_is_read_before_and_behind_them() {
    for file in [
        format!("{{\"currency\": \"EUR\", \"orders\": [{}]}}", order("A", "1")),
        format!("{{\"orders\": [{}], \"currency\": \"EUR\"}}", order("A", "1")),
    ] {
        let hub = Hub::open().await;
        let connector = orders("records = \"orders\"", "$.currency");
        assert_eq!(counts(&hub.ingest(&connector, "o.json", &file).await), [1, 0, 0], "{file}");
        let bad = hub.ingest(&connector, "p.json", file.replace("EUR", "Taler")).await;
        assert_eq!(counts(&bad), [0, 0, 1]);
        let entry = hub.quarantined().await.remove(0);
        assert!(entry.raw.starts_with(b"{\n  \"no\"") && entry.raw.ends_with(b"}"));
        // It is kept with what stood around it, so that a mapping that knows the word takes it in.
        let knows = parse(&hub_text(
            "records = \"orders\"",
            "total = { from = \"total\", currency = { from = \"$.currency\", replace = { Taler = \"EUR\" } } }",
        ));
        let again = onefold_connect::again(&entry, Some(&knows)).unwrap();
        let onefold_mapping::MappingOutcome::Mapped { events, .. } = again else { panic!("{again:?}") };
        assert_eq!(events[0].header.subject.to_string(), "order:shop:A");
        // Without: told, and not read as absent.
        let mut bare = entry.clone();
        bare.context.as_object_mut().unwrap().remove("around");
        let told = onefold_connect::again(&bare, Some(&knows)).unwrap();
        assert!(matches!(&told, onefold_mapping::MappingOutcome::Quarantined(p) if p[0].code == "R0322"), "{told:?}");
    }
    let hub = Hub::open().await;
    let only = orders("records = \"orders\"\nonly = { kind = [\"order\"] }", "cur");
    let file = |kind: &str| format!("{{\"orders\": [{}, {}], \"kind\": \"{kind}\"}}", order("A", "1"), order("B", "1"));
    assert_eq!(counts(&hub.ingest(&only, "o.json", file("order")).await), [2, 0, 0]);
    assert_eq!(counts(&hub.ingest(&only, "p.json", file("refund")).await), [0, 2, 0]);
}

#[tokio::test]
async fn a_document_that_is_cut_off_or_no_json_is_told_and_what_was_whole_before_is_in() {
    let a = order("A", "1");
    for (file, mapped, code) in [
        (format!("{{\"orders\": [{a}, {{\"no\": \"B\""), 1, "R0309"),
        (format!("{{\"orders\": [{a}"), 1, "R0309"),
        (format!("{{\"orders\": [{a}]"), 1, "R0309"),
        (format!("{{\"orders\": [{a} {a}]}}"), 1, "R0306"),
        (format!("{{\"orders\": [{a}, ]}}"), 1, "R0306"),
        (format!("{{\"orders\": [{a}], next}}"), 1, "R0306"),
        (format!("{{\"orders\": [{a}]}} and more"), 1, "R0306"),
        (format!("{{\"orders\": [{a}]}} [{a}]"), 1, "R0306"),
        (format!("{{\"orders\": [{a}, {}", "[".repeat(5_000)), 1, "R0304"),
        ("id,who,day\n1,2,3\n".to_owned(), 0, "R0306"),
    ] {
        let hub = Hub::open().await;
        let report = hub.ingest(&orders("records = \"orders\"", "cur"), "o.json", &file).await;
        let told = &report.files[0];
        assert_eq!((counts(&report), told.state), ([mapped, 0, 0], FileState::Incomplete), "{file}");
        assert_eq!(told.problems[0].code, code, "{file}");
    }
    // A record that is wrong within its own brackets fails alone.
    for bad in ["{\"no\": 07}".to_owned(), format!("{}1{}", "[".repeat(200), "]".repeat(200))] {
        let hub = Hub::open().await;
        let file = format!("{{\"orders\": [{a}, {bad}, {}]}}", order("B", "1"));
        assert_eq!(counts(&hub.ingest(&orders("records = \"orders\"", "cur"), "o.json", &file).await), [2, 0, 1]);
        let [entry] = hub.quarantined().await.try_into().unwrap();
        assert_eq!((entry.codes.as_str(), entry.raw), ("R0306", bad.into_bytes()));
    }
}

#[tokio::test]
async fn a_record_beyond_the_limit_is_read_through_and_the_next_is_taken_in() {
    let hub = Hub::open().await;
    let long = format!("{{\"no\": \"L\", \"note\": \"{}\"}}", "x".repeat(100_000));
    let file = format!("{{\"orders\": [{}, {long}, {}]}}", order("A", "1"), order("B", "1"));
    let connector = orders("records = \"orders\"\nlimits = { record_bytes = 1000 }", "cur");
    assert_eq!(counts(&hub.ingest(&connector, "o.json", &file).await), [2, 0, 1]);
    let entry = hub.quarantined().await.remove(0);
    assert_eq!((entry.codes.as_str(), entry.raw.len(), entry.length), ("R0304", 1000, long.len() as u64));
    let other = hub.ingest(&parse(&hub_text("charset = \"gb18030\"", "total = \"total\"")), "p.json", "[]").await;
    assert_eq!((counts(&other), hub.quarantined().await[1].codes.as_str()), ([0, 0, 1], "R0311"));
}

#[tokio::test]
async fn a_document_without_records_is_sent_as_it_stands() {
    let hub = Hub::open().await;
    let connector = orders("records = \"orders\"", "cur");
    let input = Input::File(hub.write("o.json", "{\"error\": 5}"));
    let sent = send(&connector, &[input], hub.log.as_ref(), "intake.sales", 1, &|_| {}).await.unwrap();
    assert_eq!(sent.messages, 1);
    let [message] = hub.log.read("intake.sales", 0, 0, 10).await.unwrap().try_into().unwrap();
    assert_eq!(String::from_utf8_lossy(&message.record.value), "{\"error\": 5}");
}

#[tokio::test]
async fn a_document_after_one_whose_surroundings_are_read_is_not_read_by_them() {
    let hub = Hub::open().await;
    let connector = orders("records = \"[1].orders\"", "$[1].currency");
    let one =
        |currency: &str, no: &str| format!("[0, {{\"currency\": \"{currency}\", \"orders\": [{}]}}]", order(no, "1"));
    let report = hub.ingest(&connector, "o.json", &format!("{} {}", one("eur", "A"), one("usd", "B"))).await;
    assert_eq!(hub.subjects().await, ["order:shop:A"]);
    assert!(matches!(report.files[0].state, FileState::Incomplete), "{report:?}");
}

#[tokio::test]
async fn records_are_sent_one_by_one_and_are_the_same_as_from_the_file() {
    for (read, currency, file) in [
        (
            "records = \"data[0].orders\"",
            "cur",
            format!("{{\"data\": [{{\"orders\": [{}, {}]}}]}}", order("A", "1"), order("B", "2")),
        ),
        (
            "records = \"orders\"",
            "$.currency",
            format!("{{\"orders\": [{}, {}], \"currency\": \"eur\"}}", order("A", "1"), order("B", "2")),
        ),
        (
            "records = \"order\"",
            "cur",
            format!("{{\"x\": 1, \"order\": {}}} {{\"order\": {}}}", order("A", "1"), order("B", "2")),
        ),
        ("", "cur", format!("[{}, {}]", order("A", "1"), order("B", "2"))),
    ] {
        let hub = Hub::open().await;
        let connector = orders(read, currency);
        let input = Input::File(hub.write("o.json", &file));
        let sent = send(&connector, &[input], hub.log.as_ref(), "intake.sales", 3, &|_| {}).await.unwrap();
        assert_eq!((sent.messages, sent.left_out.len()), (2, 0), "{file}");
        let (store, log) = (Arc::new(hub.store.clone()), Arc::clone(&hub.log) as Arc<dyn Log>);
        let mut stage =
            Intake::new(connector.clone(), hub.door.clone(), log, store.clone(), store, IntakeOptions::default());
        while stage.step().await.unwrap() != StepProgress::Idle {}
        assert_eq!(hub.subjects().await, ["order:shop:A", "order:shop:B"], "{file}");
        assert_eq!(hub.ingest(&connector, "o.json", &file).await.duplicates, 2, "{file}");
    }
}
