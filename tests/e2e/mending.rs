//! Mending a mapping, as somebody does it who has found a mistake: told, looked at, made anew, and the books still add up.

mod harness;

use harness::Home;
use jiff::Timestamp;
use serde_json::Value;

/// Customers and orders of a shop; the first mapping takes cents for euros, and the shop's address for its customers', which the
/// third does again.
fn connector(mapping: u32) -> String {
    let (email, total) = match mapping {
        1 => ("shop", "\"cents\""),
        3 => ("shop", "{ from = \"cents\", times = \"0.01\" }"),
        _ => ("email", "{ from = \"cents\", times = \"0.01\" }"),
    };
    format!(
        r##"
[connector]
name    = "shop-orders"
source  = "shop"
mapping = {mapping}
[from]
kind = "file"
[read]
format = "csv"
[assume]
date     = "yyyy-MM-dd"
zone     = "Europe/Berlin"
dst      = "earlier"
number   = "1234.56"
currency = "EUR"
region   = "DE"
[common]
occurred_at = {{ from = "day", at = "00:00" }}
[event.customer]
type      = "party.recorded.v1"
part      = "customer"
subject   = "who"
id        = ["who"]
[event.customer.refs]
email = "{email}"
[event.customer.set]
name.full = "name"
[event.order]
type      = "sales.order_placed.v1"
subject   = "no"
id        = ["no"]
refs.buyer = "who"
set.total = {total}
"##
    )
}

const ROWS: &str = "no,who,name,email,shop,day,cents
A-1,K1,Anna Weber,anna@example.org,info@shop.example,2026-03-09,125000
A-2,K2,Anna Weber,weber@example.org,info@shop.example,2026-03-10,8000
A-3,K3,Cem Arslan,cem@example.org,info@shop.example,2026-03-11,99
";

fn customers(home: &Home) -> u64 {
    home.run(&["status", "--json"]).exits(0).json()["customers"].as_u64().unwrap()
}

#[test]
fn a_mended_mapping_makes_its_events_anew_and_live_and_rebuild_agree() {
    let home = Home::new();
    let (file, rows) = (home.file("orders.toml", connector(1)), home.file("orders.csv", ROWS));
    home.run(&["ingest", "--connector", &file, &rows]).exits(0);
    assert_eq!(customers(&home), 2, "one address makes one customer of two who have one name");

    home.file("orders.toml", connector(2));
    let told = home.run(&["ingest", "--connector", &file, &rows]).exits(3);
    let command = format!("onefold ingest --remap --data {} --connector {file} {rows}", home.data().display());
    assert!(told.out.contains("6 events were made by an older mapping") && told.out.contains(&command), "{}", told.out);

    let before = home.run(&["status", "--json"]).exits(0).out;
    let dry = home.run(&["ingest", "--remap", "--dry-run", "--connector", &file, &rows]).exits(0);
    for expected in [
        "6 events would be made anew",
        "total.amount changes in 3 events",
        "order:shop:A-1  125000 -> 1250.00",
        "identifiers[].text changes in 3 events",
        "nothing was written",
    ] {
        assert!(dry.out.contains(expected), "{expected}\n{}", dry.out);
    }
    assert_eq!(home.run(&["status", "--json"]).exits(0).out, before);

    let done = home.run(&["ingest", "--remap", "--connector", &file, &rows]).exits(0);
    assert!(done.out.contains("6 events were made anew"), "{}", done.out);
    assert_eq!(customers(&home), 3, "what was misread is no longer theirs");
    let shown = home.run(&["show", "--json", "party:shop:K1"]).exits(0).json();
    assert!(
        shown.to_string().contains("anna@example.org") && !shown.to_string().contains("info@shop.example"),
        "{shown}"
    );
    home.run(&["rebuild", "--verify"]).exits(0);

    // Again, by either road, nothing changes.
    let log = |home: &Home| home.run(&["events", "party:shop:K1", "--json"]).exits(0).lines().len();
    let events = log(&home);
    let again = home.run(&["ingest", "--remap", "--json", "--connector", &file, &rows]).exits(0).json();
    assert_eq!((&again["remap"]["remapped"], &again["duplicates"]), (&Value::from(0), &Value::from(6)));
    home.run(&["ingest", "--connector", &file, &rows]).exits(0);
    assert_eq!(log(&home), events);

    // What a later mapping misreads goes with the one after it, as the first one's did.
    for (mapping, expected) in [(3, 2), (4, 3)] {
        home.file("orders.toml", connector(mapping));
        home.run(&["ingest", "--remap", "--connector", &file, &rows]).exits(0);
        assert_eq!(customers(&home), expected, "by mapping {mapping}");
        home.run(&["rebuild", "--verify"]).exits(0);
    }
    home.run(&["rebuild"]).exits(0);
}

#[test]
fn a_document_that_a_mended_mapping_names_otherwise_counts_once_and_is_there_no_more_under_its_former_name() {
    let home = Home::new();
    let moved = |mapping: u32| {
        let named = "subject = { join = [\"no\", \"who\"], with = \"/\" }";
        connector(2).replace("mapping = 2", &format!("mapping = {mapping}")).replace("subject   = \"no\"", named)
    };
    let (file, rows) = (home.file("orders.toml", connector(2)), home.file("orders.csv", ROWS));
    home.run(&["ingest", "--connector", &file, &rows]).exits(0);
    let documents = |home: &Home, words: &[&str]| {
        let shown = home.run(&[&["show", "--json", "party:shop:K1"], words].concat()).exits(0).json();
        shown["documents"].as_u64().expect("a number")
    };
    assert_eq!(documents(&home, &[]), 1);

    // Of the same number it is told, and changes nothing.
    home.file("orders.toml", moved(2));
    let refused = home.run(&["ingest", "--remap", "--connector", &file, &rows]).exits(3);
    refused.tells(&["3 events are about another subject than before, and not taken in", "raise `mapping`"]);
    assert_eq!(documents(&home, &[]), 1);

    home.file("orders.toml", moved(3));
    let dry = home.run(&["ingest", "--remap", "--dry-run", "--connector", &file, &rows]).exits(0);
    dry.tells(&[
        "3 events would be withdrawn",
        "order:shop:A-1 -> order:shop:A-1/K1 (orders.csv:2)",
        "nothing was written",
    ]);
    // Taken in beside the others by a plain ingest, and mended afterwards all the same.
    home.run(&["ingest", "--connector", &file, &rows]).exits(0);
    assert_eq!(documents(&home, &[]), 2);
    let before = Timestamp::now().to_string();
    home.run(&["ingest", "--remap", "--connector", &file, &rows]).exits(0).tells(&["3 events withdrawn from subjects"]);
    assert_eq!(documents(&home, &[]), 1);
    home.run(&["show", "order:shop:A-1/K1"]).exits(0).tells(&["1,250.00 EUR"]);
    home.run(&["show", "order:shop:A-1"]).exits(1).tells(&["nothing that was said of order:shop:A-1 stands"]);
    home.run(&["events", "order:shop:A-1"]).exits(0).tells(&["fact.withdrawn.v1"]);
    assert_eq!(documents(&home, &["--known-at", &before]), 2, "it is known what was thought before");
    home.run(&["rebuild", "--verify"]).exits(0);
}

#[test]
fn whoever_asks_for_originals_that_the_hub_does_not_keep_is_told_which_files_they_were() {
    let home = Home::new();
    let (file, rows) = (home.file("orders.toml", connector(1)), home.file("orders.csv", ROWS));
    home.run(&["ingest", "--connector", &file, &rows]).exits(0);
    home.file("orders.toml", connector(2));
    for words in
        [&["connector", "remap", &file][..], &["connector", "remap", "--dry-run", "--since", "2026-03-01", &file]]
    {
        home.run(words).exits(3).tells(&["6 events of older mappings stay", "orders.csv", "onefold ingest --remap"]);
    }
    let config = home.file("onefold.conf", format!("[connect]\nfiles = [\"{}\"]\n", home.path("").display()));
    home.run(&["connector", "remap", "--config", &config, "shop-orders"]).exits(3).tells(&["orders.csv"]);
    home.run(&["connector", "remap", "shop-invoices"]).exits(1).tells(&["there is no connector shop-invoices"]);
    home.run(&["connector", "remap", "--since", "March", &file]).exits(1).tells(&["expected a day such as"]);
}
