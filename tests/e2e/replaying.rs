//! History again: what is streamed of it, how a stream goes on after it was broken off, and a customer step by step.

#[path = "harness.rs"]
mod harness;

use std::collections::BTreeSet;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

use harness::{Home, event, invoice, party};
use serde_json::{Value, json};

const TAX: (&str, &str, &str) = ("tax_number", "91110000600037341L", "CN");

/// Events of two customers, taken in by two posts.
fn told() -> Home {
    let home = Home::new();
    let server = home.serve();
    let first: Vec<Value> =
        [party("erp:K1", "王伟", &[TAX]), party("desk:D7", "Wang Wei", &[TAX]), party("erp:K2", "李娜", &[])]
            .into_iter()
            .chain(
                (1..=20).map(|n| invoice(&format!("erp:I{n}"), if n % 2 == 0 { "erp:K1" } else { "erp:K2" }, "10.00")),
            )
            .collect();
    assert_eq!(server.batch(&first).status, 200);
    let paid = json!({
        "amount": { "amount": "4.00", "currency": "CNY" }, "references": [{ "role": "payer", "subject": "party:erp:K1" }],
        "allocations": [{ "invoice": "invoice:erp:I2", "amount": "4.00" }],
    });
    let called = json!({ "channel": "phone", "direction": "in", "references": [{ "role": "customer", "subject": "party:desk:D7" }] });
    let second = [
        event("finance.payment_received.v1", "payment:bank:P1", "2026-05-01T09:00:00+08:00", paid),
        event("sales.contact_made.v1", "contact:desk:N1", "2026-05-02T09:00:00+08:00", called),
    ];
    assert_eq!(server.batch(&second).status, 200);
    server.settle();
    assert_eq!(server.stop(), 0);
    home
}

fn of<'v>(events: &'v [Value], field: &str) -> Vec<&'v str> {
    events.iter().map(|event| event[field].as_str().expect("a text")).collect()
}

#[test]
fn history_is_streamed_in_the_order_in_which_it_was_taken_in_and_what_is_asked_for_is_left() {
    let home = told();
    let replay = |words: &[&str]| home.run(&[&["replay"], words].concat()).exits(0).lines();
    let all = replay(&[]);
    assert_eq!(all.len(), 25);
    let times = of(&all, "recordedtime");
    let instants: Vec<jiff::Timestamp> = times.iter().map(|time| time.parse().expect("an instant")).collect();
    assert!(instants.is_sorted(), "{times:?}");
    let places: BTreeSet<(u64, u64)> =
        all.iter().map(|event| (event["partition"].as_u64().unwrap(), event["offset"].as_u64().unwrap())).collect();
    assert_eq!(places.len(), 25, "each place of the log once");
    let events = home.run(&["events", "payment:bank:P1", "--json"]).exits(0).lines();
    let paid = all.iter().find(|event| event["subject"] == "payment:bank:P1").expect("the payment");
    assert_eq!((&paid["data"], &paid["id"]), (&events[0]["event"]["data"], &events[0]["id"]));

    let has = |words: &[&str]| replay(words).len();
    assert_eq!((has(&["--source", "bank"]), has(&["--source", "bank", "--source", "desk"])), (1, 3));
    assert_eq!((has(&["--department", "finance"]), has(&["--type", "finance.invoice_issued.v1"])), (21, 20));
    assert_eq!((has(&["--subject", "invoice:erp:I3"]), has(&["party:erp:K1"])), (1, 2 + 10 + 2));
    assert_eq!(has(&["party:erp:K1", "--subject", "invoice:erp:I3"]), 0, "that is another's");
    assert_eq!((has(&["--from", "2026-04-30"]), has(&["--to", "2026-04-30"])), (2, 23));
    let between = times[22];
    assert_eq!((has(&["--known", "--to", between]), has(&["--known", "--from", between])), (23, 2));
    let place = format!("{}/{}", paid["partition"], paid["offset"]);
    let from_there = replay(&["--start", &place]);
    assert!(from_there.iter().any(|event| event["id"] == paid["id"]) && from_there.len() < 26);

    let batches = replay(&["--form", "batch", "--batch", "10"]);
    let sizes: Vec<usize> = batches.iter().map(|batch| batch.as_array().unwrap().len()).collect();
    assert_eq!(sizes, [10, 10, 5]);
    assert_eq!(
        batches.iter().flat_map(|batch| batch.as_array().unwrap()).collect::<Vec<_>>(),
        all.iter().collect::<Vec<_>>()
    );
}

#[test]
fn a_stream_that_is_broken_off_goes_on_from_its_cursor_and_writes_each_event_once() {
    let home = told();
    let (out, cursor, whole) = (home.path("out"), home.path("cursor"), home.path("whole"));
    let [out, cursor, whole] = [out, cursor, whole].map(|path| path.display().to_string());
    home.run(&["replay", "--out", &whole]).exits(0);
    // Between the two posts lie milliseconds, which would take more than half a minute.
    let mut slow =
        home.command(&["replay", "--out", &out, "--cursor", &cursor, "--pace", "0.0001"]).spawn().expect("a process");
    let waited = (0..600).any(|_| {
        sleep(Duration::from_millis(50));
        fs::read_to_string(&out).is_ok_and(|text| text.contains('\n')) && fs::metadata(&cursor).is_ok()
    });
    slow.kill().and_then(|()| slow.wait()).expect("it was at work");
    let (told, full) = (fs::read_to_string(&out).expect("a part"), fs::read_to_string(&whole).expect("all"));
    assert!(waited && told.len() < full.len(), "{} of {} bytes", told.len(), full.len());
    fs::write(&out, format!("{told}{{\"half a li")).expect("what was written beyond the cursor");
    let rest = home.run(&["replay", "--out", &out, "--cursor", &cursor, "--json"]).exits(0).json();
    assert_eq!(fs::read_to_string(&out).expect("all"), full);
    assert_eq!(rest["events"].as_u64(), Some(25 - told.lines().count() as u64));

    let server = home.serve();
    assert_eq!(server.batch(&[party("shop:Z", "周舟", &[])]).status, 200);
    server.settle();
    assert_eq!(server.stop(), 0);
    home.run(&["replay", "--out", &out, "--cursor", &cursor]).exits(0).tells(&["1 events replayed of 1"]);
    let longer = fs::read_to_string(&out).expect("all and one more");
    assert!(longer.starts_with(&full) && longer.lines().count() == 26);

    home.run(&["replay", "--out", &out, "--cursor", &cursor, "--source", "erp"]).exits(1).tells(&["of another replay"]);
    home.run(&["replay", "--out", &out, "--cursor", &cursor, "--form", "batch"])
        .exits(1)
        .tells(&["`form` was \"ndjson\"", "another cursor"]);
    let before = fs::read_to_string(&whole).expect("another file");
    home.run(&["replay", "--out", &whole, "--cursor", &cursor]).exits(1).tells(&["of another replay", "`out` was"]);
    assert_eq!(fs::read_to_string(&whole).expect("another file"), before);
    fs::write(&out, "short").expect("a file that lost what was written");
    home.run(&["replay", "--out", &out, "--cursor", &cursor]).exits(1).tells(&["has 5 bytes", "put it back"]);
    fs::write(&cursor, "{}").expect("a file that is not a cursor");
    home.run(&["replay", "--cursor", &cursor]).exits(1).tells(&["is not the cursor of a replay"]);
    for (words, said) in [
        (["--type", "finance.invoice"], "expected one of decision.document_reassigned.v1"),
        (["--department", "sale"], "expected one of decision, fact, finance"),
        (["--subject", "invoice"], "is no subject"),
        (["--start", "0/99999"], "the log ends at"),
        (["--from", "2999-01-01"], "has not come yet"),
    ] {
        home.run(&["replay", words[0], words[1]]).exits(2).tells(&[said]);
    }
    home.run(&["replay", "--pace", "1e-300"]).exits(1).tells(&["--pace 1e-300", "give a greater number"]);
    home.run(&["replay", "--start", "7"]).exits(1).tells(&["PARTITION/OFFSET"]);
    home.run(&["replay", "--step"]).exits(2).tells(&["REF"]);
}

#[test]
fn a_customer_is_replayed_step_by_step_with_its_state_after_each_event() {
    let home = told();
    let steps = home.run(&["replay", "party:erp:K1", "--step", "--json"]).exits(0).lines();
    let told: usize = steps.iter().map(|step| step["events"].as_array().expect("events").len()).sum();
    assert_eq!(told, 14);
    let now = home.run(&["show", "party:erp:K1", "--json"]).exits(0).json();
    let last = &steps.last().expect("steps")["state"];
    for member in ["id", "documents", "receivable", "profile", "parties"] {
        assert_eq!(last[member], now[member], "{member}");
    }
    let paid = steps.iter().find(|step| step["events"][0]["subject"] == "payment:bank:P1").expect("the payment");
    assert_eq!(paid["state"]["receivable"]["by_currency"]["CNY"]["open"], "96.00");
    assert!(paid["changes"].as_array().unwrap().iter().any(|change| change["path"] == "receivable.payments"));
    let text = home.run(&["replay", "party:erp:K1", "--step", "--from", "2026-04-30"]).exits(0).out;
    assert!(
        text.contains("payment:bank:P1") && text.contains("owes 96.00 CNY") && !text.contains("invoice_issued"),
        "{text}"
    );

    let server = home.serve();
    let over = server.get("/v1/customers/party:erp:K1/replay");
    assert_eq!((over.status, over.body["steps"].as_array().map(Vec::len)), (200, Some(steps.len())));
    let one = server.get("/v1/documents/invoice:erp:I2/replay");
    assert_eq!(one.body["steps"].as_array().unwrap().last().unwrap()["state"]["open"], "6.00", "{}", one.body);
    assert_eq!(server.get("/v1/customers/party:erp:K1/replay?clock=tomorrow").status, 400);
    assert_eq!(server.stop(), 0);
}
