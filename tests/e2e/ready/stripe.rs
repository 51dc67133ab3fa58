//! Stripe's own fixtures, each in the event that would bring it.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::harness::Home;
use crate::{amount, count, decimal, sample, show, status, take_bodies, text};

const OBJECTS: [&str; 6] = ["customer", "charge", "refund", "invoice", "credit_note", "dispute"];

/// As a webhook brings an object, so many seconds after it was made.
fn event(object: &Value, after: i64) -> Value {
    let created = object["created"].as_i64().expect("created") + after;
    json!({ "object": "event", "id": format!("evt_{}_{after}", text(object, "/id")), "created": created, "data": { "object": object } })
}

/// Cents as dollars.
fn dollars(object: &Value, member: &str) -> Decimal {
    assert_eq!(object["currency"], "usd");
    Decimal::new(object[member].as_i64().expect("cents"), 2)
}

#[test]
fn stripe_comes_to_what_its_fixtures_say() {
    let Some(fixtures) = sample("stripe/fixtures3.json", "stripe_comes_to_what_its_fixtures_say") else { return };
    let fixtures: Value = serde_json::from_str(&fixtures).expect("JSON");
    let object = |name: &str| fixtures["resources"][name].clone();
    let home = Home::new();
    let mut bodies: Vec<Value> = OBJECTS.iter().map(|name| event(&object(name), 1)).collect();
    // Another object is not for us.
    bodies.push(object("event"));
    let report = take_bodies(&home, "stripe", &bodies, 0);
    // The charge was authorised and not captured, the invoice is a draft: `paid` and `total` say otherwise.
    let (charge, invoice) = (object("charge"), object("invoice"));
    assert_eq!(
        (&charge["paid"], &charge["captured"], &invoice["status"]),
        (&json!(true), &json!(false), &json!("draft"))
    );
    assert_eq!(
        [count(&report, "/mapped"), count(&report, "/skipped"), count(&report, "/quarantined")],
        [4, 3, 0],
        "{report}"
    );
    let (credit, refund, dispute) = (object("credit_note"), object("refund"), object("dispute"));
    let party = format!("party:stripe:{}", text(&object("customer"), "/id"));
    let view = show(&home, &party);
    assert_eq!(amount(&view, "/trade/by_currency/USD/credited"), dollars(&credit, "total"));
    assert_eq!(dollars(&credit, "total"), decimal("16.90"));
    assert_eq!(
        [count(&view, "/trade/credit_notes"), count(&view, "/trade/invoices"), count(&view, "/receivable/payments")],
        [1, 0, 0]
    );
    let paid_back = show(&home, &format!("refund:stripe:{}", text(&refund, "/id")));
    assert_eq!(decimal(text(&paid_back, "/amount")), dollars(&refund, "amount"));
    assert_eq!(text(&paid_back, "/names/0/subject"), format!("payment:stripe:{}", text(&charge, "/id")));
    let case = show(&home, &format!("case:stripe:{}", text(&dispute, "/id")));
    assert_eq!(case["content"]["title"], dispute["reason"]);
    assert_eq!(status(&home)["money"]["USD"]["credited"], "16.90");

    // What comes next of the same objects: the charge is captured, the invoice finalised, the dispute lost.
    let with = |name: &str, members: &[(&str, Value)]| {
        let mut object = object(name);
        members.iter().for_each(|(member, value)| object[*member] = value.clone());
        object
    };
    let customer = object("customer")["id"].clone();
    let captured = with(
        "charge",
        &[("captured", json!(true)), ("amount_captured", charge["amount"].clone()), ("customer", customer)],
    );
    let finalised = with("invoice", &[("status", json!("open")), ("number", json!("A-1"))]);
    let lost = with("dispute", &[("status", json!("lost"))]);
    let later = [event(&captured, 60), event(&finalised, 60), event(&lost, 60)];
    let report = take_bodies(&home, "stripe", &later, 0);
    assert_eq!([count(&report, "/mapped"), count(&report, "/quarantined")], [3, 0], "{report}");
    let view = show(&home, &party);
    assert_eq!(amount(&view, "/trade/by_currency/USD/invoiced"), dollars(&invoice, "total"));
    assert_eq!(amount(&view, "/receivable/by_currency/USD/paid"), dollars(&charge, "amount"));
    // The refund and the lost dispute are whose the payment is, now that it is somebody's.
    let back = dollars(&refund, "amount") + dollars(&dispute, "amount");
    assert_eq!(amount(&view, "/receivable/by_currency/USD/refunded"), back);
    let shown = show(&home, &format!("invoice:stripe:{}", text(&invoice, "/id")));
    let line = &invoice["lines"]["data"][0];
    assert_eq!(decimal(text(&shown, "/content/lines/0/amount")), dollars(line, "amount"));
    // An event of before, which comes late, changes nothing.
    take_bodies(&home, "stripe", &[event(&invoice, 30)], 0);
    assert_eq!(show(&home, &party)["trade"], view["trade"]);
}
