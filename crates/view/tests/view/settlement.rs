//! Settlement (rule E5), findings (rule A7) and one scale per figure (rule E7).

use crate::given::*;
use crate::hub::{Hub, subject};
use onefold_event::Event;
use onefold_event::v1::deduction::Reason;
use onefold_event::v1::{
    DisputeClosed, DisputeOpened, DocumentVoided, InvoiceIssued, OrderPlaced, PaymentReceived, PaymentReversed,
};
use onefold_view::{CustomerView, FindingView, ReceivableMoney};

pub(crate) const K1: &str = "party:erp:K1";

pub(crate) fn refer<'a>(event: &'a mut Event, role: &str, to: &str) -> &'a mut Event {
    event.add_reference(role, subject(to)).unwrap();
    event
}

pub(crate) fn customer() -> Hub {
    let mut hub = Hub::default();
    hub.say(K1, "2026-01-01", party("Anna", &[]));
    hub
}

/// An invoice of the customer, due long ago.
pub(crate) fn bill(hub: &mut Hub, about: &str, total: &str) {
    refer(hub.say(about, "2026-03-01", invoice(total, "2026-03-31")), "buyer", K1);
}

pub(crate) fn view(hub: &Hub) -> CustomerView {
    hub.fold().view_at(K1, Some("2027-01-01"))
}

pub(crate) fn cny_of(hub: &Hub) -> ReceivableMoney {
    view(hub).receivable.by_currency["CNY"].clone()
}

/// Owed, open, unapplied credit, unallocated.
pub(crate) fn four(money: &ReceivableMoney) -> [&str; 4] {
    [&money.owed, &money.open, &money.unapplied_credit, &money.unallocated].map(String::as_str)
}

pub(crate) fn status_of(hub: &Hub, about: &str) -> &'static str {
    view(hub).latest.iter().find(|row| row.subject == about).map(|row| row.status).unwrap()
}

fn findings(hub: &Hub) -> Vec<FindingView> {
    view(hub).findings.latest
}

pub(crate) fn codes(hub: &Hub) -> Vec<String> {
    findings(hub).into_iter().map(|finding| finding.code).collect()
}

pub(crate) fn paid(amount: &str) -> PaymentReceived {
    payment(amount, &[])
}

#[test]
fn a_refund_of_a_credit_note_settles_the_invoice_that_was_paid_in_full() {
    let mut hub = customer();
    bill(&mut hub, "invoice:erp:1", "100.00");
    refer(hub.say("payment:bank:1", "2026-03-02", payment("100.00", &[("invoice:erp:1", "100.00")])), "payer", K1);
    refer(refer(hub.say("credit_note:erp:1", "2026-03-03", credit("40.00")), "invoice", "invoice:erp:1"), "buyer", K1);
    assert_eq!(four(&cny_of(&hub)), ["-40.00", "-40.00", "0.00", "0.00"]);
    assert_eq!(status_of(&hub, "invoice:erp:1"), "in_credit");
    refer(
        refer(hub.say("refund:erp:1", "2026-03-04", refund("40.00")), "credit_note", "credit_note:erp:1"),
        "payee",
        K1,
    );
    let all = view(&hub).receivable;
    assert_eq!(four(&all.by_currency["CNY"]), ["0.00", "0.00", "0.00", "0.00"]);
    assert_eq!((all.open_invoices, all.settled_invoices, all.invoices_in_credit), (0, 1, 0));
    assert_eq!(status_of(&hub, "invoice:erp:1"), "settled");
    assert!(hub.fold().open_items().is_empty());
}

#[test]
fn an_adjustment_that_names_an_invoice_is_part_of_its_balance() {
    let mut hub = customer();
    bill(&mut hub, "invoice:erp:1", "500.00");
    refer(hub.say("adjustment:erp:1", "2026-04-01", adjustment("-500.00")), "invoice", "invoice:erp:1");
    bill(&mut hub, "invoice:erp:2", "1000.00");
    hub.say("payment:bank:1", "2026-04-01", payment("980.00", &[("invoice:erp:2", "980.00")]));
    refer(hub.say("adjustment:erp:2", "2026-04-02", adjustment("-20.00")), "invoice", "invoice:erp:2");
    let all = view(&hub).receivable;
    let money = &all.by_currency["CNY"];
    assert_eq!((money.open.as_str(), money.overdue.as_deref()), ("0.00", Some("0.00")));
    assert_eq!((all.open_invoices, all.settled_invoices), (0, 2));
}

#[test]
fn an_allocation_in_another_currency_settles_what_it_says_in_the_invoices() {
    let in_dollars = |settled: Option<&str>| {
        let mut hub = customer();
        let issued = InvoiceIssued { total: money("110.00", "USD"), due_on: "2026-03-31".into(), ..Default::default() };
        refer(hub.say("invoice:erp:1", "2026-03-01", issued), "buyer", K1);
        let mut part = allocation("invoice:erp:1", "58410");
        part.settled = settled.and_then(|amount| money(amount, "USD"));
        let paid = PaymentReceived { amount: money("58410", "YER"), allocations: vec![part], ..Default::default() };
        refer(hub.say("payment:bank:1", "2026-03-05", paid), "payer", K1);
        hub
    };
    let said = in_dollars(Some("110.00"));
    let all = view(&said).receivable;
    assert_eq!((all.by_currency["USD"].open.as_str(), all.settled_invoices), ("0.00", 1));
    assert_eq!(four(&all.by_currency["YER"]), ["0.00", "0.00", "0.00", "0.00"]);
    assert_eq!(view(&said).findings.total, 0);

    let unsaid = in_dollars(None);
    let all = view(&unsaid).receivable;
    assert_eq!(all.by_currency["USD"].overdue.as_deref(), Some("110.00"));
    assert_eq!(four(&all.by_currency["YER"]), ["-58410.00", "0.00", "0.00", "58410.00"]);
    let found = findings(&unsaid);
    assert_eq!((found[0].code.as_str(), found[0].field.as_str()), ("F1201", "allocations[0]"));
    assert_eq!((found[0].subject.as_str(), found.len()), ("payment:bank:1", 1));
    assert!(found[0].what.contains("58410 YER for invoice:erp:1, which is in USD"), "{}", found[0].what);
    assert!(found[0].help.contains("settled"));
}

#[test]
fn deductions_within_an_allocation_lower_the_invoice_and_are_told_by_reason() {
    let mut hub = customer();
    bill(&mut hub, "invoice:erp:1", "100.00");
    let mut part = allocation("invoice:erp:1", "95.00");
    part.deductions = vec![deduction("3.00", Reason::CashDiscount), deduction("2.00", Reason::Fee)];
    let paid = PaymentReceived { amount: cny("95.00"), allocations: vec![part], ..Default::default() };
    refer(hub.say("payment:bank:1", "2026-03-05", paid), "payer", K1);
    let money = cny_of(&hub);
    assert_eq!(four(&money), ["0.00", "0.00", "0.00", "0.00"]);
    assert_eq!(money.deducted, "5.00");
    assert_eq!((money.deductions["cash_discount"].as_str(), money.deductions["fee"].as_str()), ("3.00", "2.00"));
    assert_eq!(status_of(&hub, "invoice:erp:1"), "settled");
}

#[test]
fn a_payment_that_names_one_invoice_and_says_no_more_settles_it() {
    let mut hub = customer();
    bill(&mut hub, "invoice:erp:1", "100.00");
    refer(hub.say("payment:bank:1", "2026-03-05", paid("120.00")), "invoice", "invoice:erp:1");
    assert_eq!(four(&cny_of(&hub)), ["-20.00", "-20.00", "0.00", "0.00"]);
    // Its refund goes the same way.
    refer(refer(hub.say("refund:erp:1", "2026-03-06", refund("20.00")), "payment", "payment:bank:1"), "payee", K1);
    assert_eq!(four(&cny_of(&hub)), ["0.00", "0.00", "0.00", "0.00"]);
}

#[test]
fn a_payment_or_credit_note_that_names_several_invoices_settles_none_and_is_a_finding() {
    let mut hub = customer();
    bill(&mut hub, "invoice:erp:1", "100.00");
    bill(&mut hub, "invoice:erp:2", "100.00");
    let event = hub.say("payment:bank:1", "2026-03-05", paid("200.00"));
    refer(refer(refer(event, "invoice", "invoice:erp:1"), "invoice", "invoice:erp:2"), "payer", K1);
    let event = hub.say("credit_note:erp:1", "2026-03-05", credit("10.00"));
    refer(refer(refer(event, "invoice", "invoice:erp:1"), "invoice", "invoice:erp:2"), "buyer", K1);
    assert_eq!(four(&cny_of(&hub)), ["-10.00", "200.00", "10.00", "200.00"]);
    assert_eq!(codes(&hub), ["F1204", "F1204"]);
}

#[test]
fn a_payment_in_advance_settles_the_one_invoice_of_its_order_whichever_came_first() {
    let advance = |hub: &mut Hub| {
        refer(refer(hub.say("payment:bank:1", "2026-03-02", paid("100.00")), "order", "order:erp:1"), "payer", K1);
    };
    let billed = |hub: &mut Hub, about: &str| {
        bill(hub, about, "100.00");
        let event = hub.say(about, "2026-03-01", invoice("100.00", "2026-03-31"));
        refer(refer(event, "buyer", K1), "order", "order:erp:1");
    };
    let mut hub = customer();
    refer(hub.say("order:erp:1", "2026-03-01", order("100.00")), "buyer", K1);
    advance(&mut hub);
    let money = cny_of(&hub);
    assert_eq!(four(&money), ["-100.00", "0.00", "0.00", "100.00"]);
    assert_eq!((money.advances.as_str(), status_of(&hub, "payment:bank:1")), ("100.00", "advance"));
    billed(&mut hub, "invoice:erp:1");
    let money = cny_of(&hub);
    assert_eq!(four(&money), ["0.00", "0.00", "0.00", "0.00"]);
    assert_eq!((money.advances.as_str(), status_of(&hub, "invoice:erp:1")), ("0.00", "settled"));

    let mut other = customer();
    billed(&mut other, "invoice:erp:1");
    advance(&mut other);
    assert_eq!(four(&cny_of(&other)), ["0.00", "0.00", "0.00", "0.00"]);
    // A second invoice of the order: nobody says which of them it settles.
    billed(&mut other, "invoice:erp:2");
    assert_eq!(four(&cny_of(&other)), ["100.00", "200.00", "0.00", "100.00"]);
    other.say("invoice:erp:2", "2026-03-09", DocumentVoided::default());
    assert_eq!(four(&cny_of(&other)), ["0.00", "0.00", "0.00", "0.00"]);
}

#[test]
fn a_credit_note_applies_by_its_allocations_and_the_rest_is_credit_of_the_customer() {
    let mut hub = customer();
    bill(&mut hub, "invoice:erp:1", "100.00");
    bill(&mut hub, "invoice:erp:2", "100.00");
    let mut note = credit("100.00");
    note.allocations = vec![allocation("invoice:erp:1", "60.00"), allocation("invoice:erp:2", "10.00")];
    refer(hub.say("credit_note:erp:1", "2026-03-05", note.clone()), "buyer", K1);
    assert_eq!(four(&cny_of(&hub)), ["100.00", "130.00", "30.00", "0.00"]);
    // A refund of it takes what is unapplied, since it is applied to more than one invoice.
    let event = hub.say("refund:erp:1", "2026-03-06", refund("30.00"));
    refer(refer(event, "credit_note", "credit_note:erp:1"), "payee", K1);
    assert_eq!(four(&cny_of(&hub)), ["130.00", "130.00", "0.00", "0.00"]);
    note.allocations.push(allocation("invoice:erp:2", "40.00"));
    refer(hub.say("credit_note:erp:1", "2026-03-07", note), "buyer", K1);
    assert_eq!(codes(&hub), ["F1202"]);
}

#[test]
fn a_refund_takes_what_is_left_over_first_and_the_rest_from_the_one_invoice() {
    let mut hub = customer();
    bill(&mut hub, "invoice:erp:1", "100.00");
    refer(hub.say("payment:bank:1", "2026-03-05", payment("120.00", &[("invoice:erp:1", "100.00")])), "payer", K1);
    refer(refer(hub.say("refund:erp:1", "2026-03-06", refund("50.00")), "payment", "payment:bank:1"), "payee", K1);
    assert_eq!(four(&cny_of(&hub)), ["30.00", "30.00", "0.00", "0.00"]);
}

#[test]
fn a_refund_that_names_nothing_lowers_the_credit_of_the_customer() {
    let mut hub = customer();
    refer(hub.say("credit_note:erp:1", "2026-03-05", credit("50.00")), "buyer", K1);
    refer(hub.say("refund:erp:1", "2026-03-06", refund("50.00")), "payee", K1);
    assert_eq!(four(&cny_of(&hub)), ["0.00", "0.00", "0.00", "0.00"]);
}

#[test]
fn a_refund_of_a_payment_that_was_reversed_is_a_finding_and_still_counts() {
    let mut hub = customer();
    refer(hub.say("payment:bank:1", "2026-03-05", paid("50.00")), "payer", K1);
    hub.say("payment:bank:1", "2026-03-06", PaymentReversed::default());
    refer(refer(hub.say("refund:erp:1", "2026-03-07", refund("50.00")), "payment", "payment:bank:1"), "payee", K1);
    assert_eq!(four(&cny_of(&hub)), ["50.00", "0.00", "0.00", "-50.00"]);
    assert_eq!(codes(&hub), ["F1203"]);
}

#[test]
fn an_invoice_of_a_negative_total_is_in_credit() {
    let mut hub = customer();
    bill(&mut hub, "invoice:erp:1", "-15.00");
    let all = view(&hub).receivable;
    assert_eq!((all.open_invoices, all.settled_invoices, all.invoices_in_credit), (0, 0, 1));
    assert_eq!(all.by_currency["CNY"].overdue.as_deref(), Some("0.00"));
}

#[test]
fn what_is_disputed_is_shown_while_it_is_open() {
    let mut hub = customer();
    bill(&mut hub, "invoice:erp:1", "100.00");
    let opened = |number: &str, amount: &str| DisputeOpened {
        number: number.into(),
        amount: cny(amount),
        reason: "damaged".into(),
    };
    hub.say("invoice:erp:1", "2026-03-05", opened("D1", "30.00"));
    let seen = view(&hub);
    assert_eq!((cny_of(&hub).disputed.as_str(), seen.receivable.disputed_invoices), ("30.00", 1));
    assert_eq!((seen.latest[0].status, seen.latest[0].label.as_str()), ("open", "disputed: damaged"));
    assert_eq!(hub.fold().open_items()[0].disputed, "30.00");
    // Never more than is open, and nothing once it is settled.
    hub.say("invoice:erp:1", "2026-03-06", opened("D2", "900.00"));
    assert_eq!(cny_of(&hub).disputed, "100.00");
    hub.say("invoice:erp:1", "2026-03-07", DisputeClosed { number: "D2".into(), ..Default::default() });
    assert_eq!(cny_of(&hub).disputed, "30.00");
    hub.say("invoice:erp:1", "2026-03-08", DisputeClosed { number: "D1".into(), ..Default::default() });
    assert_eq!((cny_of(&hub).disputed, codes(&hub).len()), ("0.00".into(), 0));
    hub.say("invoice:erp:1", "2026-03-09", DisputeClosed { number: "D9".into(), ..Default::default() });
    assert_eq!(codes(&hub), ["F1206"]);
}

#[test]
fn a_dispute_in_another_currency_is_about_all_that_is_open_and_a_finding() {
    let mut hub = customer();
    bill(&mut hub, "invoice:erp:1", "100.00");
    hub.say("invoice:erp:1", "2026-03-05", DisputeOpened { amount: money("5.00", "EUR"), ..Default::default() });
    assert_eq!((cny_of(&hub).disputed.as_str(), codes(&hub)), ("100.00", vec!["F1207".to_owned()]));
}

#[test]
fn figures_of_one_currency_are_in_one_scale_at_least_its_own() {
    let mut hub = customer();
    refer(hub.say("invoice:erp:1", "2026-03-01", invoice("100", "2026-03-31")), "buyer", K1);
    let seen = view(&hub);
    let money = &seen.receivable.by_currency["CNY"];
    assert_eq!(
        (money.open.as_str(), money.paid.as_str(), money.overdue.as_deref()),
        ("100.00", "0.00", Some("100.00"))
    );
    assert_eq!(
        (seen.trade.by_currency["CNY"].net.as_str(), seen.trade.by_currency["CNY"].ordered.as_str()),
        ("100.00", "0.00")
    );
    refer(hub.say("invoice:erp:2", "2026-03-01", invoice("0.125", "2026-03-31")), "buyer", K1);
    hub.say("payment:bank:1", "2026-03-02", payment("100", &[("invoice:erp:1", "100")]));
    let money = cny_of(&hub);
    let ageing = money.ageing.clone().unwrap();
    let all = [&money.owed, &money.open, &money.paid, &money.unallocated, &ageing.current, &ageing.over_90];
    assert_eq!(all, ["0.125", "0.125", "100.000", "0.000", "0.000", "0.125"]);
    let yen = OrderPlaced { total: crate::given::money("500", "JPY"), ..Default::default() };
    refer(hub.say("order:erp:1", "2026-03-01", yen), "buyer", K1);
    assert_eq!(view(&hub).trade.by_currency["JPY"].ordered, "500");
    let dinar = OrderPlaced { total: crate::given::money("1.5", "KWD"), ..Default::default() };
    refer(hub.say("order:erp:2", "2026-03-01", dinar), "buyer", K1);
    assert_eq!(view(&hub).trade.by_currency["KWD"].net, "0.000");
}

#[test]
fn findings_are_counted_exactly_and_the_latest_few_are_told() {
    let mut hub = customer();
    for n in 0..20 {
        let about = format!("payment:bank:{n}");
        let parts: Vec<(&str, &str)> = vec![("invoice:erp:1", "5.00")];
        refer(hub.say(&about, &format!("2026-03-{:02}", n + 1), payment("1.00", &parts)), "payer", K1);
    }
    let found = view(&hub).findings;
    assert_eq!((found.total, found.by_code["F1202"], found.latest.len()), (20, 20, 4));
    assert_eq!(found.latest[0].subject, "payment:bank:19");
}

#[test]
fn a_document_dated_after_the_end_of_its_currency_is_a_finding_and_an_old_one_is_none() {
    let marks = |day: &str| {
        let mut hub = customer();
        let total = Some(onefold_event::v1::Money { amount: "10.00".into(), currency: "DEM".into() });
        let body = InvoiceIssued { total, ..InvoiceIssued::default() };
        refer(hub.say("invoice:erp:1", day, body), "buyer", K1);
        let view = view(&hub);
        (view.receivable.by_currency["DEM"].open.clone(), view.findings.latest.iter().map(|f| f.code.clone()).collect())
    };
    let (open, codes): (String, Vec<String>) = marks("2001-11-05");
    assert_eq!((open.as_str(), codes), ("10.00", vec![]));
    let (open, codes) = marks("2026-03-01");
    assert_eq!((open.as_str(), codes), ("10.00", vec!["F1208".to_owned()]));
}
