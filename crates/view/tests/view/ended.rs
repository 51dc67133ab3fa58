//! Documents that end, and that stand again (rule A9).

use crate::given::*;
use crate::hub::{Hub, subject};
use crate::settlement::{K1, bill, cny_of, codes, customer, four, paid, refer, status_of, view};
use onefold_event::Body;
use onefold_event::v1::{
    CaseOpened, ContactMade, DocumentReinstated, DocumentVoided, FactWithdrawn, GoodsReturned, Identifier,
    PaymentReversed,
};

#[test]
fn a_void_invoice_is_owed_by_nobody_and_stays_on_the_timeline() {
    let mut hub = customer();
    bill(&mut hub, "invoice:erp:1", "100.00");
    hub.say("invoice:erp:1", "2026-03-02", DocumentVoided { reason: "wrong customer".into() });
    let seen = view(&hub);
    assert!(seen.receivable.by_currency.is_empty() && seen.trade.by_currency.is_empty());
    assert_eq!((seen.documents, seen.trade.invoices, seen.receivable.open_invoices), (1, 0, 0));
    let row = &seen.latest[0];
    assert_eq!((row.status, row.amount.as_deref(), row.label.as_str()), ("void", None, "wrong customer"));
    hub.say("invoice:erp:1", "2026-03-03", DocumentReinstated::default());
    assert_eq!(four(&cny_of(&hub)), ["100.00", "100.00", "0.00", "0.00"]);
    assert_eq!(status_of(&hub, "invoice:erp:1"), "open");
}

#[test]
fn of_two_words_of_one_time_the_greater_revision_decides_whether_a_document_stands() {
    for (issued, voided, status) in [(1, 2, "void"), (2, 1, "open")] {
        let mut hub = customer();
        // Whichever was taken in first.
        hub.revise("v", voided, "invoice:erp:1", "2026-03-01", DocumentVoided::default());
        refer(hub.revise("i", issued, "invoice:erp:1", "2026-03-01", invoice("10.00", "")), "buyer", K1);
        assert_eq!(status_of(&hub, "invoice:erp:1"), status);
        let mut hub = customer();
        refer(hub.revise("i", issued, "invoice:erp:1", "2026-03-01", invoice("10.00", "")), "buyer", K1);
        hub.revise("v", voided, "invoice:erp:1", "2026-03-01", DocumentVoided::default());
        assert_eq!(status_of(&hub, "invoice:erp:1"), status);
    }
}

#[test]
fn any_document_can_be_void() {
    let mut hub = customer();
    let mut about = Vec::new();
    let mut say = |hub: &mut Hub, what: &'static str, role: &str, body: Body| {
        refer(hub.say(what, "2026-03-01", body), role, K1);
        about.push(what);
    };
    say(&mut hub, "order:erp:1", "buyer", order("10.00").into());
    say(&mut hub, "payment:erp:1", "payer", paid("10.00").into());
    say(&mut hub, "refund:erp:1", "payee", refund("10.00").into());
    say(&mut hub, "credit_note:erp:1", "buyer", credit("10.00").into());
    say(&mut hub, "adjustment:erp:1", "debtor", adjustment("10.00").into());
    say(&mut hub, "return:erp:1", "buyer", GoodsReturned::default().into());
    say(&mut hub, "case:erp:1", "customer", CaseOpened::default().into());
    say(&mut hub, "contact:erp:1", "customer", ContactMade::default().into());
    hub.say("delivery:erp:1", "2026-03-01", dispatched("2026-03-02", &["order:erp:1"]));
    about.push("delivery:erp:1");
    for about in &about {
        hub.say(about, "2026-03-02", DocumentVoided::default());
    }
    let seen = view(&hub);
    assert!(seen.receivable.by_currency.is_empty() && seen.trade.by_currency.is_empty());
    assert_eq!((seen.documents, seen.trade.orders, seen.receivable.payments, seen.trade.returns), (9, 0, 0, 0));
    assert_eq!((seen.shipments.open, seen.cases.total, seen.contacts.total), (0, 0, 0));
    assert_eq!((seen.trade.first_at, seen.latest.len()), (None, 8), "a bundle holds the latest eight");
    assert!(seen.latest.iter().all(|row| row.status == "void"));
    for about in &about {
        hub.say(about, "2026-03-03", DocumentReinstated::default());
    }
    let back = view(&hub);
    assert_eq!((back.trade.orders, back.receivable.payments, back.shipments.open, back.cases.open), (1, 1, 1, 1));
    assert_eq!(back.documents, 9);
}

#[test]
fn a_document_that_was_void_from_the_first_word_is_whose_it_says() {
    let mut hub = customer();
    refer(hub.say("invoice:erp:1", "2026-03-02", DocumentVoided::default()), "buyer", K1);
    assert_eq!(status_of(&hub, "invoice:erp:1"), "void");
}

#[test]
fn what_a_void_document_said_to_others_no_longer_counts_and_what_is_said_to_it_is_a_finding() {
    let mut hub = customer();
    bill(&mut hub, "invoice:erp:1", "100.00");
    refer(hub.say("credit_note:erp:1", "2026-03-03", credit("40.00")), "invoice", "invoice:erp:1");
    hub.say("credit_note:erp:1", "2026-03-04", DocumentVoided::default());
    assert_eq!(four(&cny_of(&hub)), ["100.00", "100.00", "0.00", "0.00"]);
    refer(hub.say("payment:bank:1", "2026-03-05", payment("100.00", &[("invoice:erp:1", "100.00")])), "payer", K1);
    hub.say("invoice:erp:1", "2026-03-06", DocumentVoided::default());
    assert_eq!(four(&cny_of(&hub)), ["-100.00", "0.00", "0.00", "100.00"]);
    assert_eq!(codes(&hub), ["F1203"]);
}

#[test]
fn a_payment_received_again_after_its_reversal_stands() {
    let mut hub = customer();
    bill(&mut hub, "invoice:erp:1", "100.00");
    let received = || payment("100.00", &[("invoice:erp:1", "100.00")]);
    refer(hub.say("payment:bank:1", "2026-03-02", received()), "payer", K1);
    hub.say("payment:bank:1", "2026-03-03", PaymentReversed::default());
    assert_eq!((cny_of(&hub).open, codes(&hub).len()), ("100.00".into(), 0));
    hub.say("payment:bank:1", "2026-03-04", received());
    assert_eq!(four(&cny_of(&hub)), ["0.00", "0.00", "0.00", "0.00"]);
    assert_eq!(codes(&hub).len(), 0);
    hub.say("payment:bank:1", "2026-03-05", received());
    assert_eq!(codes(&hub), ["F1205"], "a second receipt of a payment that stands");
    assert_eq!(cny_of(&hub).paid, "100.00");
}

#[test]
fn a_reversal_of_a_lesser_revision_at_the_same_time_changes_nothing_so_that_the_next_receipt_is_a_second_one() {
    let mut hub = customer();
    let at = "2026-03-02T10:00:00Z";
    refer(hub.revise("received", 2, "payment:bank:1", at, payment("100.00", &[])), "payer", K1);
    hub.revise("reversed", 1, "payment:bank:1", at, PaymentReversed::default());
    assert_eq!((cny_of(&hub).paid.as_str(), codes(&hub).len()), ("100.00", 0));
    hub.say("payment:bank:1", "2026-03-05", payment("100.00", &[]));
    assert_eq!((cny_of(&hub).paid.as_str(), codes(&hub)), ("100.00", vec!["F1205".to_owned()]));
}

#[test]
fn an_advance_on_an_order_that_is_void_stays_with_the_payer_and_is_a_finding() {
    let mut hub = customer();
    refer(hub.say("order:shop:1", "2026-03-01", order("10.00")), "buyer", K1);
    let paid = hub.say("payment:bank:1", "2026-03-02", payment("10.00", &[]));
    refer(refer(paid, "order", "order:shop:1"), "payer", K1);
    assert_eq!(view(&hub).findings.total, 0);
    hub.say("order:shop:1", "2026-03-03", DocumentVoided::default());
    let view = view(&hub);
    let codes: Vec<&str> = view.findings.latest.iter().map(|found| found.code.as_str()).collect();
    assert_eq!((codes, view.receivable.by_currency["CNY"].unallocated.as_str()), (vec!["F1203"], "10.00"));
}

#[test]
fn a_void_payment_stays_on_the_timeline_of_who_paid_it_though_it_settled_what_another_owes() {
    let mut hub = customer();
    hub.say("party:erp:K2", "2026-01-01", party("Berta", &[]));
    refer(hub.say("invoice:erp:2", "2026-03-01", invoice("10.00", "2026-03-31")), "buyer", "party:erp:K2");
    let paid = hub.say("payment:bank:1", "2026-03-02", payment("10.00", &[("invoice:erp:2", "10.00")]));
    refer(paid, "payer", K1);
    let documents = |hub: &Hub| ["party:erp:K2", K1].map(|who| hub.fold().view_at(who, None).documents);
    let before = documents(&hub);
    hub.say("payment:bank:1", "2026-03-03", DocumentVoided::default());
    assert_eq!(documents(&hub), before);
    let shown = view(&hub).latest.iter().any(|row| row.subject == "payment:bank:1" && row.status == "void");
    assert!(shown, "{:?}", view(&hub).latest);
}

#[test]
fn a_track_that_only_a_void_delivery_names_is_not_a_shipment() {
    let mut hub = customer();
    let sent = hub.say("delivery:wms:1", "2026-03-01", dispatched("2026-03-10", &[]));
    refer(refer(sent, "buyer", K1), "tracking", "track:sf:1");
    assert_eq!(view(&hub).shipments.open, 1);
    hub.say("delivery:wms:1", "2026-03-02", DocumentVoided::default());
    assert_eq!(view(&hub).shipments.open, 0);
    hub.say("delivery:wms:1", "2026-03-03", DocumentReinstated::default());
    assert_eq!(view(&hub).shipments.open, 1);
}

#[test]
fn a_payment_of_several_that_is_reversed_is_counted_with_them_as_before() {
    let mut hub = customer();
    let paid = hub.say("payment:bank:1", "2026-03-02", payment("10.00", &[]));
    refer(refer(paid, "payer", K1), "payer", "party:erp:K2");
    let counted = |hub: &Hub| {
        let folded = hub.fold();
        let of = &folded.contributions[&subject("payment:bank:1")];
        of.iter().filter(|(_, added)| added.document_count() > 0).map(|(key, _)| key.clone()).collect::<Vec<_>>()
    };
    let before = counted(&hub);
    assert!(matches!(&before[..], [key] if key.starts_with("set:")), "{before:?}");
    hub.say("payment:bank:1", "2026-03-03", PaymentReversed::default());
    assert_eq!(counted(&hub), before);
}

#[test]
fn a_fact_that_is_withdrawn_was_never_said_whenever_that_is_heard_and_stands_again_when_it_is_said_again() {
    let said = |hub: &mut Hub, order: i64| {
        refer(hub.revise("i", order, "invoice:erp:1", "2026-03-01", invoice("10.00", "")), "buyer", K1);
    };
    let withdrawn = |hub: &mut Hub| {
        hub.revise("i", 2, "invoice:erp:1", "2026-03-01", FactWithdrawn::default());
    };
    let (mut without, mut before, mut after) = (customer(), customer(), customer());
    bill(&mut without, "invoice:erp:2", "5.00");
    for hub in [&mut before, &mut after] {
        bill(hub, "invoice:erp:2", "5.00");
    }
    withdrawn(&mut before);
    said(&mut before, 1);
    said(&mut after, 1);
    assert_eq!((view(&after).documents, four(&cny_of(&after))[0]), (2, "15.00"));
    withdrawn(&mut after);
    for hub in [&before, &after] {
        let (seen, expected) = (view(hub), view(&without));
        assert_eq!((seen.documents, &seen.receivable, &seen.trade), (1, &expected.receivable, &expected.trade));
        assert_eq!(seen.latest, expected.latest);
    }
    said(&mut after, 3);
    assert_eq!((view(&after).documents, four(&cny_of(&after))[0]), (2, "15.00"));
}

#[test]
fn what_a_withdrawn_fact_said_of_a_document_is_gone_and_what_others_said_stays() {
    let mut hub = customer();
    bill(&mut hub, "invoice:erp:1", "100.00");
    hub.revise("v", 1, "invoice:erp:1", "2026-03-02", DocumentVoided::default());
    assert_eq!(status_of(&hub, "invoice:erp:1"), "void");
    hub.revise("v", 2, "invoice:erp:1", "2026-03-02", FactWithdrawn::default());
    assert_eq!(status_of(&hub, "invoice:erp:1"), "open");
}

#[test]
fn what_a_withdrawn_fact_said_of_a_party_joins_nobody() {
    let mut hub = Hub::default();
    let registered = |name: &str| {
        let number = Identifier { issuer: "CN".into(), ..id("tax_number", "91110000600037341L") };
        party(name, &[number])
    };
    hub.revise("r", 1, "party:erp:K1", "2026-03-01", registered("王伟"));
    hub.revise("r", 1, "party:crm:9", "2026-03-01", registered("王伟"));
    assert!(hub.fold().are_one("party:erp:K1", "party:crm:9"));
    hub.revise("r", 2, "party:crm:9", "2026-03-01", FactWithdrawn::default());
    assert!(!hub.fold().are_one("party:erp:K1", "party:crm:9"));
    // Nor does it count among those who ever held the value.
    let fold = hub.fold();
    let asserted = fold.fragments[&subject("party:crm:9")].asserted_identifiers(&subject("party:crm:9"));
    assert_eq!(asserted.len(), 1, "{asserted:?}");
}
