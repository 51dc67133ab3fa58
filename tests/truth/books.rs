//! The hub against the books of a simulated company: who is one customer, every figure to the cent, and in quarantine
//! exactly what was corrupted. The company reckons from what happened, the hub from exports; neither knows the other.
//!
//! 300 customers unless `ONEFOLD_TRUTH_CUSTOMERS` says otherwise; the bar is 10,000:
//! `ONEFOLD_TRUTH_CUSTOMERS=10000 cargo test --release -p onefold --test books -- --nocapture`

#![allow(clippy::print_stdout, reason = "the figures of a long run")]

#[path = "../e2e/harness.rs"]
mod harness;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use harness::{Home, connector};
use onefold_event::EmptyKeyRing;
use onefold_identity::IdentityRules;
use onefold_log_embedded::EmbeddedLog;
use onefold_service::{CustomerReference, Service};
use onefold_simulator::{CompanySettings, SimulationSummary, simulate};
use onefold_store::{Quarantine, QuarantineFilter};
use onefold_store_sqlite::SqliteStore;
use serde_json::Value;

const TRADE: [&str; 5] = ["ordered", "invoiced", "credited", "adjusted", "net"];
const RECEIVABLE: [&str; 7] = ["invoiced", "credited", "adjusted", "paid", "refunded", "unallocated", "open"];
/// What the books count of a customer, and where the view says it.
const COUNTS: [(&str, &str); 7] = [
    ("orders", "/trade/orders"),
    ("cancelled", "/trade/cancelled"),
    ("invoices", "/trade/invoices"),
    ("credit_notes", "/trade/credit_notes"),
    ("adjustments", "/trade/adjustments"),
    ("cases", "/cases/total"),
    ("contacts", "/contacts/total"),
];
/// What `ingest --json` reports, added up over all feeds.
const REPORTED: [&str; 8] =
    ["records", "lines", "events", "accepted", "duplicates", "conflicts", "skipped", "quarantined"];

type Taken = BTreeMap<&'static str, u64>;

fn customers() -> u32 {
    std::env::var("ONEFOLD_TRUTH_CUSTOMERS")
        .map_or(300, |text| text.parse().expect("ONEFOLD_TRUTH_CUSTOMERS: a number"))
}

/// Every feed in turn through the real program.
fn take_in(home: &Home, summary: &SimulationSummary) -> Taken {
    let mut taken = Taken::new();
    for feed in &summary.feeds {
        let path = feed.path.display().to_string();
        let answer = home.run(&["ingest", "--json", "--connector", &connector(feed.connector), &path]);
        let report = answer.json();
        let spoilt = report["quarantined"].as_u64() != Some(0);
        assert_eq!(answer.code, if spoilt { 3 } else { 0 }, "{path}\n{}\n{}", answer.out, answer.err);
        for name in REPORTED {
            *taken.entry(name).or_default() +=
                report[name].as_u64().unwrap_or_else(|| panic!("{name} of {path}: {report}"));
        }
    }
    taken
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{}: {e}: {line}", path.display())))
        .collect()
}

/// An amount in millionths; absent: zero, as the books leave out a currency that was never used.
fn millionths(amount: &Value) -> i128 {
    let Some(text) = amount.as_str() else {
        assert!(amount.is_null(), "an amount is a decimal string, not {amount}");
        return 0;
    };
    let (whole, part) = text.trim_start_matches('-').split_once('.').unwrap_or((text.trim_start_matches('-'), ""));
    let digits = format!("{whole}{part:0<6}");
    assert!(part.len() <= 6, "{text} is finer than any price of the company");
    let size: i128 = digits.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
    if text.starts_with('-') { -size } else { size }
}

/// The figures of one customer that differ.
fn differing(name: &str, view: &Value, books: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let keys =
        |of: &Value| of.as_object().map(|map| map.keys().cloned().collect::<BTreeSet<String>>()).unwrap_or_default();
    for (facet, figures) in [("trade", &TRADE[..]), ("receivable", &RECEIVABLE[..])] {
        let said = &view[facet]["by_currency"];
        for currency in keys(said).union(&keys(&books["books"])) {
            for figure in figures {
                let (hub, kept) = (&said[currency][figure], &books["books"][currency][facet][figure]);
                if millionths(hub) != millionths(kept) {
                    wrong.push(format!("{name} {facet} {currency} {figure}: {hub}, books {kept}"));
                }
            }
        }
    }
    for (count, pointer) in COUNTS {
        let (hub, kept) = (view.pointer(pointer), &books[count]);
        if hub != Some(kept) {
            wrong.push(format!("{name} {count}: {hub:?}, books {kept}"));
        }
    }
    wrong
}

async fn each_customer_is_one_and_its_figures_are_those_of_the_books(service: &Service, truth: &Path) -> usize {
    let books = lines(&truth.join("customers.ndjson"));
    let (mut wrong, mut ids) = (Vec::new(), BTreeSet::new());
    for line in &books {
        let parties: BTreeSet<&str> =
            line["parties"].as_array().expect("parties").iter().filter_map(Value::as_str).collect();
        let first = parties.first().expect("a party");
        let reference: CustomerReference = first.parse().expect("a reference");
        let view = match service.view(&reference, None).await {
            Ok(view) => serde_json::to_value(view).expect("a view"),
            Err(error) => {
                wrong.push(format!("{first}: {error}"));
                continue;
            }
        };
        let held: BTreeSet<&str> =
            view["parties"].as_array().expect("parties").iter().filter_map(Value::as_str).collect();
        if held != parties {
            wrong.push(format!("{first}: one customer with {held:?}, in truth {parties:?}"));
        }
        assert!(ids.insert(view["id"].to_string()), "two customers bear {}", view["id"]);
        wrong.extend(differing(first, &view, line));
    }
    assert!(wrong.is_empty(), "{} differences, among them\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    books.len()
}

fn the_totals_are_those_of_the_books(status: &Value, truth: &Path) {
    let text = std::fs::read_to_string(truth.join("totals.json")).expect("totals.json");
    let totals: Value = serde_json::from_str(&text).expect("totals.json");
    for name in ["customers", "parties"] {
        assert_eq!(status[name], totals[name], "{name}");
    }
    let documents: u64 = totals["documents"].as_object().expect("documents").values().filter_map(Value::as_u64).sum();
    assert_eq!(status["documents"], documents, "documents");
    let books =
        |of: &str| totals[of]["books"].as_object().expect("books").keys().cloned().collect::<BTreeSet<String>>();
    let currencies: BTreeSet<String> = books("total").union(&books("unattributed")).cloned().collect();
    assert_eq!(status["money"].as_object().expect("money").keys().cloned().collect::<BTreeSet<String>>(), currencies);
    for currency in &currencies {
        let said = &status["money"][currency];
        let kept = |of: &str, figure: &str| millionths(&totals[of]["books"][currency]["trade"][figure]);
        for figure in ["invoiced", "credited", "adjusted", "net"] {
            assert_eq!(millionths(&said[figure]), kept("total", figure), "{currency} {figure}");
        }
        for part in ["of_customers", "unattributed"] {
            assert_eq!(millionths(&said[part]), kept(part, "net"), "{currency} {part}");
        }
        assert_eq!(
            millionths(&said["of_customers"]) + millionths(&said["unattributed"]),
            millionths(&said["net"]),
            "{currency}"
        );
    }
}

/// Connector, first line and bytes of each record, with how often it occurs.
type Records = BTreeMap<(String, String, u64, Vec<u8>), u32>;

async fn quarantine_holds_exactly_what_was_corrupted(store: &SqliteStore, truth: &Path) -> usize {
    let (mut corrupted, mut held) = (Records::new(), Records::new());
    for line in lines(&truth.join("corrupted.ndjson")) {
        let text = |name: &str| line[name].as_str().unwrap_or_else(|| panic!("{name}: {line}")).to_owned();
        let file = text("file").rsplit('/').next().unwrap_or_default().to_owned();
        let bytes = BASE64_STANDARD.decode(text("bytes")).expect("base64");
        *corrupted.entry((text("connector"), file, line["line"].as_u64().expect("a line"), bytes)).or_default() += 1;
    }
    let mut after = 0;
    loop {
        let page = store.list(&QuarantineFilter::default(), after, 500).await.expect("entries");
        let Some(last) = page.last() else { break };
        after = last.number;
        for entry in page {
            let file = entry.resource.rsplit('/').next().unwrap_or_default().to_owned();
            assert!(!entry.codes.is_empty() && entry.length == entry.raw.len() as u64, "{}", entry.key);
            *held.entry((entry.connector, file, entry.first_line, entry.raw)).or_default() += 1;
        }
    }
    let told = |(connector, file, line, bytes): &(String, String, u64, Vec<u8>)| {
        format!("{connector} {file}:{line} {}", String::from_utf8_lossy(bytes))
    };
    let missing: Vec<String> =
        corrupted.keys().filter(|record| held.get(*record) != corrupted.get(*record)).map(told).collect();
    let extra: Vec<String> = held.keys().filter(|record| !corrupted.contains_key(*record)).map(told).collect();
    assert!(missing.is_empty() && extra.is_empty(), "not in quarantine: {missing:#?}\nfor no reason: {extra:#?}");
    assert!(!held.is_empty(), "the company corrupts some");
    held.len()
}

#[tokio::test]
async fn the_hub_agrees_with_the_books_of_a_simulated_company() {
    let home = Home::new();
    let company = home.path("company");
    let summary = simulate(&company, &CompanySettings { customers: customers(), ..CompanySettings::default() })
        .expect("a company");
    let truth = company.join("truth");

    let began = Instant::now();
    let taken = take_in(&home, &summary);
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!((taken["records"], taken["lines"]), (summary.records, summary.lines));
    assert_eq!((taken["quarantined"], taken["skipped"], taken["conflicts"]), (summary.corrupted, summary.drafts, 0));
    assert_eq!(taken["events"], taken["accepted"] + taken["duplicates"]);

    let status = home.run(&["status", "--json"]).exits(0).json();
    assert_eq!((&status["lag"], &status["events"]), (&Value::from(0), &Value::from(taken["accepted"])));
    the_totals_are_those_of_the_books(&status, &truth);

    let store = SqliteStore::open_read(&home.data().join("views.db")).expect("the read model");
    let log = Arc::new(EmbeddedLog::open_read(&home.data().join("log.db")).expect("the log"));
    let reads = Arc::new(store.clone());
    let service = Service::new(log, reads, None, IdentityRules::default(), Arc::new(EmptyKeyRing));
    let customers = each_customer_is_one_and_its_figures_are_those_of_the_books(&service, &truth).await;
    let corrupted = quarantine_holds_exactly_what_was_corrupted(&store, &truth).await;

    let verified = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
    assert_eq!(verified["live_digest"], status["digest"]);
    assert_eq!(verified["customers"], status["customers"]);

    // A second time: everything is known, and what was refused is refused again without a second entry.
    let again = take_in(&home, &summary);
    assert_eq!((again["accepted"], again["conflicts"]), (0, 0));
    assert_eq!((again["duplicates"], again["quarantined"]), (taken["events"], taken["quarantined"]));
    assert_eq!(home.run(&["status", "--json"]).exits(0).json(), status);
    assert_eq!(quarantine_holds_exactly_what_was_corrupted(&store, &truth).await, corrupted);
    eprintln!(
        "{customers} customers agree with the books to the cent, {corrupted} records in quarantine as corrupted; \
         {} records, {} events taken in within {seconds:.1} s",
        taken["records"], taken["accepted"]
    );
}
