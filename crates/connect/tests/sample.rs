//! A sample tried: every record accounted for, the source as it stands, what is told over all of them, and the same counts as an
//! ingest would have.

use onefold_connect::{FileState, Input, RecordFate, SampleOptions, SampleReport, ValueSummary, rehearse, try_sample};
use onefold_door::DoorForecast;
use onefold_event::EventLimits;
use onefold_mapping::Connector;

const INVOICES: &str = r##"
[connector]
name = "invoices"
source = "erp"
mapping = 3
[from]
kind = "file"
[read]
format = "csv"
delimiter = ";"
group_by = ["No"]
[assume]
zone = "Europe/Berlin"
dst = "earlier"
date = "dd.MM.yyyy"
number = "1.234,56"
currency = "EUR"
[let]
kind = { from = "Kind", enum = "kind" }
[skip]
draft = "kind == 'draft'"
[event.invoice]
type = "finance.invoice_issued.v1"
subject = "No"
id = ["No"]
occurred_at = { from = "Day", at = "00:00" }
[event.invoice.refs]
bill_to = "Customer"
[event.invoice.set]
issued_on = "Day"
total = { from = "Amount", pick = "sum" }
[enum.kind]
else = "reject"
fold = "case"
[enum.kind.values]
INV = "invoice"
DRAFT = "draft"
MEMO = "memo"
"##;

const HEADING: &str = "No;Kind;Customer;Day;Amount;Print count\n";

fn connector(text: &str) -> Connector {
    Connector::parse("invoices.toml", text, &|file| Err(format!("no file {file}")))
        .unwrap_or_else(|all| panic!("{}", all[0]))
}

/// Tries a file of such rows, and holds the counts against those of a rehearsal.
async fn tried(connector: &Connector, name: &str, text: &str, options: SampleOptions) -> SampleReport {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(name);
    std::fs::write(&file, text).unwrap();
    let inputs = Input::expand(&[file.to_str().unwrap()]).unwrap();
    let forecast = DoorForecast::of_nothing(EventLimits::default());
    let report = try_sample(connector, &inputs, forecast, options, &|_| {}).await.unwrap();
    let counts = &report.counts;
    assert_eq!(counts.records, counts.mapped + counts.skipped + counts.quarantined);
    if report.failed_tests.is_empty() {
        let rehearsed = rehearse(connector, &inputs, EventLimits::default(), &|_| {}).await.unwrap();
        let of = |r: &onefold_connect::IngestReport| (r.records, r.mapped, r.skipped, r.quarantined, r.lines, r.events);
        assert_eq!(of(counts), of(&rehearsed));
        assert_eq!(counts.skipped_by, rehearsed.skipped_by);
    }
    assert_eq!(counts.accepted, 0);
    report
}

fn all(limit: usize) -> SampleOptions {
    SampleOptions { limit, ..SampleOptions::default() }
}

fn named<'r>(list: &'r [ValueSummary], name: &str) -> &'r ValueSummary {
    list.iter().find(|one| one.name == name).unwrap_or_else(|| panic!("{name}: {list:?}"))
}

const ROWS: &str = "A;inv;K1; 09.03.2026;1,50;1\nA;inv;K1; 09.03.2026;2,00;2\nB;DRAFT;;;;\nC;Storno;K2;09.03.2026;x;1\nD;INV;K3;10.03.2026;12,50;1\n";

#[tokio::test]
async fn every_record_says_what_became_of_it() {
    let report = tried(&connector(INVOICES), "i.csv", &format!("{HEADING}{ROWS}"), all(10)).await;
    let fates: Vec<_> =
        report.records.iter().map(|record| (record.number, record.fate, record.reason.as_str())).collect();
    assert_eq!(
        fates,
        [
            (1, RecordFate::Mapped, ""),
            (2, RecordFate::Skipped, "draft"),
            (3, RecordFate::Rejected, ""),
            (4, RecordFate::Mapped, "")
        ]
    );
    let [first, _, third, _] = &report.records[..] else { panic!() };
    assert_eq!((first.first_line, first.last_line, first.rows), (2, 3, 2));
    let values: Vec<_> = first.values.iter().map(|v| (v.name.as_str(), v.values.join("|"), v.count, v.read)).collect();
    assert_eq!(values[3], ("Day", " 09.03.2026".to_owned(), 2, true));
    assert_eq!(values[4], ("Amount", "1,50|2,00".to_owned(), 2, true));
    assert_eq!(values[5], ("Print count", "1|2".to_owned(), 2, false));
    let total = first.events[0].fields.iter().find(|field| field.field == "total").unwrap();
    assert_eq!((total.value.as_str(), total.how.as_str()), ("3.50 EUR", "sum of 2 × Amount"));
    // Nobody was asked what is known.
    assert!(!report.has_hub && first.events[0].verdict.is_none());
    let codes: Vec<_> = third.problems.iter().map(|problem| problem.code.as_ref()).collect();
    assert!(codes.contains(&"R0403") && codes.contains(&"R0412"), "{codes:?}");
    assert_eq!((report.mapping, report.inputs[0].delimiter, report.inputs[0].columns), (3, Some(';'), 6));
}

#[tokio::test]
async fn what_is_told_over_a_sample_counts_every_record_whatever_is_shown() {
    for options in [all(0), all(10), SampleOptions { only: Some(RecordFate::Mapped), ..all(1) }] {
        let limit = options.limit;
        let report = tried(&connector(INVOICES), "i.csv", &format!("{HEADING}{ROWS}"), options).await;
        assert!(report.records.len() <= limit);
        let customer = named(&report.columns, "Customer");
        assert_eq!((customer.present, customer.of, customer.distinct), (4, 5, 3));
        assert_eq!((customer.least.as_str(), customer.greatest.as_str(), customer.examples.len()), ("K1", "K3", 3));
        let unread: Vec<_> = report.columns.iter().filter(|one| !one.read).map(|one| one.name.as_str()).collect();
        assert_eq!(unread, ["Print count"]);
        let total = named(&report.fields, "invoice.total");
        assert_eq!(
            (total.present, total.of, total.least.as_str(), total.greatest.as_str()),
            (2, 2, "3.50 EUR", "12.50 EUR")
        );
        let words = &report.enums[0];
        let told =
            |list: &[onefold_connect::WordCount]| list.iter().map(|w| (w.word.clone(), w.records)).collect::<Vec<_>>();
        assert_eq!(told(&words.unknown), [("Storno".to_owned(), 1)]);
        assert_eq!(words.met.iter().map(|word| word.records).sum::<u64>(), 3);
        assert_eq!(words.never_met, ["MEMO"]);
    }
    let only = SampleOptions { only: Some(RecordFate::Rejected), ..all(5) };
    let report = tried(&connector(INVOICES), "i.csv", &format!("{HEADING}{ROWS}"), only).await;
    assert_eq!((report.selected, report.records.len(), report.records[0].number), (1, 1, 3));
}

#[tokio::test]
async fn two_records_of_a_sample_with_one_id_are_told() {
    let text = INVOICES.replace("group_by = [\"No\"]\n", "");
    let rows = "A;inv;K1;09.03.2026;1,50;1\nA;inv;K1;09.03.2026;1,50;1\nA;inv;K1;09.03.2026;2,50;1\n";
    let report = tried(&connector(&text), "i.csv", &format!("{HEADING}{rows}"), all(3)).await;
    assert_eq!((report.new, report.counts.duplicates, report.counts.conflicts), (1, 1, 1));
    let told: Vec<_> = report.records.iter().map(|record| record.events[0].verdict.clone()).collect();
    assert!(told[0].is_none());
    let told: Vec<_> = told.iter().flatten().map(|verdict| (verdict.word, verdict.earlier.as_str())).collect();
    assert_eq!(told, [("duplicate", "i.csv:2"), ("conflict", "i.csv:2")]);
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_shown_as_they_stand_and_a_refused_file_says_why() {
    let report = tried(&connector(INVOICES), "i.csv", &format!("{HEADING}A;inv;K1\n"), all(3)).await;
    let [record] = &report.records[..] else { panic!("{report:?}") };
    assert_eq!((record.fate, record.values[0].values[0].as_str()), (RecordFate::Rejected, "A;inv;K1"));
    let report = tried(&connector(INVOICES), "i.csv", "No;Kind\nA;inv\n", all(3)).await;
    assert_eq!((report.counts.files[0].state, report.counts.quarantined), (FileState::Refused, 1));
    assert_eq!(report.counts.files[0].problems.len(), 3);
    let failing = format!("{INVOICES}[test.t]\ninput = '''\n{HEADING}A;inv;K1;09.03.2026;1,50;1\n'''\nemits = []\n");
    let report = tried(&connector(&failing), "i.csv", &format!("{HEADING}{ROWS}"), all(3)).await;
    assert_eq!((report.failed_tests.as_slice(), report.counts.mapped), (&["t".to_owned()][..], 2));
}

#[tokio::test]
async fn items_of_a_json_body_are_records_with_what_stands_around_them() {
    let text = r##"
[connector]
name = "scans"
source = "carrier"
[from]
kind = "file"
[read]
format = "ndjson"
records = "result.scans"
[assume]
time = "iso8601"
[let]
parcel = "$.result.code"
[event.scan]
type = "shipping.scanned.v1"
subject = { use = "parcel" }
id = [{ use = "parcel" }, "at"]
occurred_at = "at"
[event.scan.set]
text = "message"
"##;
    let body = r#"{"result":{"code":"Z1","weight":3,"scans":[{"at":"2026-03-09T08:00:00Z","message":"in","by":"x"},{"at":"never","message":null,"by":"y"}]}}"#;
    let report = tried(&connector(text), "s.ndjson", &format!("{body}\n"), all(5)).await;
    let [first, second] = &report.records[..] else { panic!("{report:?}") };
    assert_eq!(
        (first.item, second.item, first.fate, second.fate),
        (Some(1), Some(2), RecordFate::Mapped, RecordFate::Rejected)
    );
    let values: Vec<_> = first.values.iter().map(|v| (v.name.as_str(), v.values[0].as_str(), v.read)).collect();
    assert_eq!(
        values,
        [
            ("$.result.code", "Z1", true),
            ("at", "2026-03-09T08:00:00Z", true),
            ("by", "x", false),
            ("message", "in", true)
        ]
    );
    let message = named(&report.columns, "result.scans[].message");
    assert_eq!((message.present, message.of), (1, 2));
}

#[tokio::test]
async fn memory_of_what_is_shown_is_bounded() {
    let long = "x".repeat(300_000);
    let rows: String = (0..30).map(|n| format!("A;inv;{long}{n};09.03.2026;1,50;1\n")).collect();
    let report = tried(&connector(INVOICES), "i.csv", &format!("{HEADING}{rows}"), all(5)).await;
    assert!(serde_json::to_string(&report.records[0].values).unwrap().len() < 10_000);
    assert!(serde_json::to_string(&report.columns).unwrap().len() < 10_000);
}

#[tokio::test]
async fn one_field_is_told_value_by_value_with_how_each_came_and_what_is_wrong() {
    let rows = format!("{HEADING}{ROWS}E;INV;K4;10.03.2026;12,50;1\nF;INV;K4;10.03.2026;five;1\n");
    for name in ["total", "invoice.total"] {
        let options = SampleOptions { field: Some(name.to_owned()), ..all(0) };
        let report = tried(&connector(INVOICES), "i.csv", &rows, options).await;
        let field = report.field.unwrap();
        let kinds: Vec<_> =
            field.kinds.iter().map(|kind| (kind.value.as_str(), kind.how.as_str(), kind.count)).collect();
        assert_eq!(kinds, [("12.50 EUR", "sum of 1 × Amount", 2), ("3.50 EUR", "sum of 2 × Amount", 1)], "{name}");
        assert_eq!((field.values, field.absent, field.kinds[0].place.as_str()), (3, 0, "i.csv:6"));
        let failures: Vec<_> = field.failures.iter().map(|one| (one.code.as_str(), one.found.as_str())).collect();
        assert_eq!(failures.len(), 2, "{failures:?}");
        assert!(failures.iter().all(|(code, _)| *code == "R0412"), "{failures:?}");
    }
    let report =
        tried(&connector(INVOICES), "i.csv", &rows, SampleOptions { field: Some("tax".into()), ..all(0) }).await;
    let field = report.field.unwrap();
    assert_eq!((field.values, field.kinds.len(), field.failures.len()), (0, 0, 0));
}
