//! Money: what is ordered, invoiced, credited, paid and still open.

use crate::given::*;
use crate::hub::Hub;
use onefold_event::v1::{OrderAmended, OrderCancelled, PaymentReversed};

fn refer(event: &mut onefold_event::Event, role: &str, to: &str) {
    event.add_reference(role, crate::hub::subject(to)).unwrap();
}

fn customer() -> Hub {
    let mut hub = Hub::default();
    hub.say("party:erp:K1", "2026-01-01", party("Anna", &[]));
    hub
}

#[test]
fn an_amended_total_replaces_and_a_cancelled_order_counts_no_money() {
    let mut hub = customer();
    refer(hub.say("order:erp:1", "2026-03-01", order("100.00")), "buyer", "party:erp:K1");
    refer(hub.say("order:erp:2", "2026-03-02", order("50.00")), "buyer", "party:erp:K1");
    hub.say("order:erp:1", "2026-03-03", OrderAmended { total: cny("80.50"), ..OrderAmended::default() });
    hub.say("order:erp:2", "2026-03-04", OrderCancelled::default());
    let view = hub.fold().view("party:erp:K1");
    assert_eq!(view.trade.by_currency["CNY"].ordered, "80.50");
    assert_eq!((view.trade.orders, view.trade.cancelled, view.documents), (2, 1, 2));
    assert_eq!(view.latest.iter().map(|row| row.status).collect::<Vec<_>>(), ["cancelled", "amended"]);
}

#[test]
fn an_amendment_dated_before_the_placing_still_counts() {
    let mut hub = customer();
    refer(hub.say("order:erp:1", "2026-03-01T17:00:00Z", order("100.00")), "buyer", "party:erp:K1");
    hub.say("order:erp:1", "2026-03-01", OrderAmended { total: cny("80.50"), ..OrderAmended::default() });
    assert_eq!(hub.fold().view("party:erp:K1").trade.by_currency["CNY"].ordered, "80.50");
}

#[test]
fn net_is_invoiced_less_credited_and_adjusted_at_the_sources_scale() {
    let mut hub = customer();
    for (about, event) in [("invoice:erp:1", "10.024"), ("invoice:erp:2", "5.00")] {
        refer(hub.say(about, "2026-03-01", invoice(event, "")), "buyer", "party:erp:K1");
    }
    refer(hub.say("credit_note:erp:1", "2026-03-02", credit("1.5")), "buyer", "party:erp:K1");
    refer(hub.say("adjustment:erp:1", "2026-03-03", adjustment("-0.50")), "buyer", "party:erp:K1");
    let view = hub.fold().view("party:erp:K1");
    let money = &view.trade.by_currency["CNY"];
    assert_eq!(
        [&money.invoiced, &money.credited, &money.adjusted, &money.net],
        ["15.024", "1.500", "-0.500", "13.024"]
    );
    assert_eq!(money.ordered, "0.000");
    assert_eq!((view.trade.invoices, view.trade.credit_notes, view.trade.adjustments), (2, 1, 1));
}

#[test]
fn a_purchase_is_an_order_or_an_invoice_that_names_none() {
    let mut hub = customer();
    refer(hub.say("order:erp:1", "2026-03-01", order("10")), "buyer", "party:erp:K1");
    let follows = hub.say("invoice:erp:1", "2026-03-05", invoice("10", ""));
    refer(follows, "buyer", "party:erp:K1");
    refer(follows, "order", "order:erp:1");
    refer(hub.say("invoice:erp:2", "2026-03-11", invoice("10", "")), "buyer", "party:erp:K1");
    refer(hub.say("credit_note:erp:1", "2026-04-01", credit("10")), "buyer", "party:erp:K1");
    let trade = hub.fold().view("party:erp:K1").trade;
    assert_eq!(trade.first_at.map(|at| at.to_string()).as_deref(), Some("2026-03-01"));
    assert_eq!(trade.last_at.map(|at| at.to_string()).as_deref(), Some("2026-03-11"));
    assert_eq!(trade.mean_interval_days.as_deref(), Some("10.0"));
}

#[test]
fn an_invoice_is_open_until_payments_and_credit_notes_meet_it() {
    let mut hub = customer();
    refer(hub.say("invoice:erp:1", "2026-03-01", invoice("100.00", "2026-03-31")), "buyer", "party:erp:K1");
    refer(hub.say("credit_note:erp:1", "2026-03-05", credit("20.00")), "invoice", "invoice:erp:1");
    hub.say("payment:bank:1", "2026-03-10", payment("30.00", &[("invoice:erp:1", "30.00")]));
    let folded = hub.fold();
    let items = folded.open_items();
    assert_eq!(items.len(), 1);
    assert_eq!((items[0].owner.as_str(), items[0].open.as_str()), ("party:erp:K1", "50.00"));
    let receivable = folded.view_at("party:erp:K1", Some("2026-05-01")).receivable;
    let money = &receivable.by_currency["CNY"];
    assert_eq!((money.open.as_str(), money.overdue.as_deref()), ("50.00", Some("50.00")));
    assert_eq!(money.ageing.as_ref().unwrap().to_60, "50.00");
    assert_eq!((money.paid.as_str(), money.credited.as_str()), ("30.00", "20.00"));

    hub.say("payment:bank:2", "2026-03-21", payment("50.00", &[("invoice:erp:1", "50.00")]));
    let folded = hub.fold();
    assert!(folded.open_items().is_empty());
    let receivable = folded.view_at("party:erp:K1", Some("2026-05-01")).receivable;
    assert_eq!(receivable.by_currency["CNY"].open, "0.00");
    assert_eq!((receivable.settled_invoices, receivable.mean_days_to_pay.as_deref()), (1, Some("20.0")));
}

#[test]
fn an_invoice_due_today_or_without_a_due_day_is_not_overdue() {
    let mut hub = customer();
    refer(hub.say("invoice:erp:1", "2026-03-01", invoice("1.00", "2026-03-31")), "buyer", "party:erp:K1");
    refer(hub.say("invoice:erp:2", "2026-03-01", invoice("2.00", "")), "buyer", "party:erp:K1");
    let folded = hub.fold();
    let overdue = |day: Option<&str>| folded.view_at("party:erp:K1", day).receivable.by_currency["CNY"].overdue.clone();
    assert_eq!(overdue(Some("2026-03-31")).as_deref(), Some("0.00"));
    assert_eq!(overdue(Some("2026-04-01")).as_deref(), Some("1.00"));
    assert_eq!(overdue(None), None);
}

#[test]
fn a_payment_in_another_currency_does_not_lower_an_invoice() {
    let mut hub = customer();
    refer(hub.say("invoice:erp:1", "2026-03-01", invoice("100.00", "")), "buyer", "party:erp:K1");
    let mut euro = payment("100.00", &[("invoice:erp:1", "100.00")]);
    euro.amount = money("100.00", "EUR");
    hub.say("payment:bank:1", "2026-03-10", euro);
    let view = hub.fold().view("party:erp:K1");
    assert_eq!(view.receivable.by_currency["CNY"].open, "100.00");
    assert_eq!(view.receivable.by_currency["EUR"].paid, "100.00");
    assert_eq!(view.receivable.settled_invoices, 0);
}

#[test]
fn a_reversed_payment_leaves_no_money_and_opens_its_invoices_again() {
    let mut hub = customer();
    refer(hub.say("invoice:erp:1", "2026-03-01", invoice("100.00", "")), "buyer", "party:erp:K1");
    hub.say("payment:bank:1", "2026-03-10", payment("120.00", &[("invoice:erp:1", "100.00")]));
    hub.say("payment:bank:1", "2026-03-12", PaymentReversed::default());
    let view = hub.fold().view("party:erp:K1");
    assert_eq!((view.latest[0].status, view.latest[0].reference), ("reversed", false));
    let receivable = view.receivable;
    let money = &receivable.by_currency["CNY"];
    assert_eq!([&money.paid, &money.unallocated, &money.open], ["0.00", "0.00", "100.00"]);
    assert_eq!((receivable.payments, receivable.reversed), (0, 1));
}

#[test]
fn an_overpaid_invoice_shows_what_was_paid_too_much() {
    let mut hub = customer();
    refer(hub.say("invoice:erp:1", "2026-03-01", invoice("100.00", "2026-03-02")), "buyer", "party:erp:K1");
    hub.say("payment:bank:1", "2026-03-10", payment("110.00", &[("invoice:erp:1", "110.00")]));
    let money = hub.fold().view_at("party:erp:K1", Some("2026-12-31")).receivable.by_currency["CNY"].clone();
    assert_eq!((money.open.as_str(), money.overdue.as_deref()), ("-10.00", Some("0.00")));
}

#[test]
fn a_refund_is_of_its_payee() {
    let mut hub = customer();
    refer(hub.say("refund:erp:1", "2026-03-01", refund("9.90")), "payee", "party:erp:K1");
    let view = hub.fold().view("party:erp:K1");
    assert_eq!((view.receivable.by_currency["CNY"].refunded.as_str(), view.documents), ("9.90", 1));
}

#[test]
fn products_are_preferred_by_the_purchases_that_hold_them() {
    let mut hub = customer();
    for (n, product) in ["A", "B", "A"].iter().enumerate() {
        let lines = vec![line(product, "toys", "2", "5.00"), line(product, "toys", "1", "2.50")];
        let event =
            hub.say(&format!("order:erp:{n}"), "2026-03-01", onefold_event::v1::OrderPlaced { lines, ..order("7.50") });
        refer(event, "buyer", "party:erp:K1");
    }
    let trade = hub.fold().view("party:erp:K1").trade;
    let products = trade.products.unwrap();
    assert_eq!((products[0].name.as_str(), products[0].documents, products[0].quantity.as_str()), ("A", 2, "6"));
    assert_eq!(products[0].amounts["CNY"], "15.00");
    assert_eq!(trade.categories.unwrap()[0].documents, 3);
    assert_eq!(trade.lines, 0);
}

#[test]
fn tallies_that_are_too_many_are_not_told_by_halves() {
    let mut hub = customer();
    for n in 0..65 {
        let lines = vec![line(&format!("P{n}"), "toys", "1", "1.00")];
        let event =
            hub.say(&format!("order:erp:{n}"), "2026-03-01", onefold_event::v1::OrderPlaced { lines, ..order("1.00") });
        refer(event, "buyer", "party:erp:K1");
    }
    let folded = hub.fold();
    assert_eq!(folded.view("party:erp:K1").trade.products, None);
    assert!(folded.bundles["party:erp:K1"].has_many_lines());
}
