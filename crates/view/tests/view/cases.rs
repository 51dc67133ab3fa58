//! The table of cases that must come out right, as far as the pure functions decide.

use crate::given::*;
use crate::hub::{Hub, subject};
use onefold_event::v1::party_flagged_intermediary::Intermediary;
use onefold_event::v1::{CaseOpened, DocumentReassigned, PartiesLinked, PartiesSeparated, Scanned};
use onefold_identity::IdentityRules;
use onefold_view::MoneyMeasure;

fn refer(event: &mut onefold_event::Event, role: &str, to: &str) {
    event.add_reference(role, subject(to)).unwrap();
}

fn two() -> Hub {
    let mut hub = Hub::default();
    hub.say("party:erp:A", "2026-01-01", party("Anna", &[]));
    hub.say("party:erp:B", "2026-01-01", party("Berta", &[]));
    hub
}

fn phone(text: &str) -> onefold_event::v1::Identifier {
    id("phone", text)
}

#[test]
fn one_payment_for_invoices_of_two_customers_is_parted_by_allocation() {
    let mut hub = two();
    refer(hub.say("invoice:erp:1", "2026-03-01", invoice("60.00", "")), "buyer", "party:erp:A");
    refer(hub.say("invoice:erp:2", "2026-03-01", invoice("40.00", "")), "buyer", "party:erp:B");
    hub.say(
        "payment:bank:1",
        "2026-03-02",
        payment("100.00", &[("invoice:erp:1", "60.00"), ("invoice:erp:2", "40.00")]),
    );
    let folded = hub.fold();
    assert!(!folded.are_one("party:erp:A", "party:erp:B"));
    for (party, paid) in [("party:erp:A", "60.00"), ("party:erp:B", "40.00")] {
        let view = folded.view(party);
        let money = &view.receivable.by_currency["CNY"];
        assert_eq!((money.paid.as_str(), money.open.as_str()), (paid, "0.00"), "{party}");
        let row = view.latest.iter().find(|row| row.subject == "payment:bank:1").unwrap();
        assert_eq!((row.amount.as_deref(), row.reference), (Some(paid), false));
    }
    assert!(folded.unattributed().0.is_empty());
}

#[test]
fn what_a_payment_leaves_over_stays_with_the_payer() {
    let mut hub = two();
    refer(hub.say("invoice:erp:1", "2026-03-01", invoice("60.00", "")), "buyer", "party:erp:A");
    refer(hub.say("invoice:erp:2", "2026-03-01", invoice("30.00", "")), "buyer", "party:erp:A");
    let paid = hub.say(
        "payment:bank:1",
        "2026-03-02",
        payment("100.00", &[("invoice:erp:1", "60.00"), ("invoice:erp:2", "30.00")]),
    );
    refer(paid, "payer", "party:erp:B");
    let folded = hub.fold();
    let money = |party: &str| folded.view(party).receivable.by_currency["CNY"].clone();
    assert_eq!((money("party:erp:A").paid, money("party:erp:A").unallocated), ("90.00".into(), "0.00".into()));
    assert_eq!((money("party:erp:B").paid, money("party:erp:B").unallocated), ("10.00".into(), "10.00".into()));
    assert_eq!(folded.view("party:erp:B").documents, 1);
}

#[test]
fn one_delivery_for_two_customers_is_parted_by_line() {
    let mut hub = two();
    refer(hub.say("order:shop:1", "2026-03-01", order("1")), "buyer", "party:erp:A");
    refer(hub.say("order:shop:2", "2026-03-01", order("1")), "buyer", "party:erp:B");
    hub.say("delivery:wms:1", "2026-03-02", dispatched("", &["order:shop:1", "order:shop:2"]));
    let folded = hub.fold();
    for party in ["party:erp:A", "party:erp:B"] {
        let view = folded.view(party);
        assert_eq!(view.shipments.open, 1, "{party}");
        assert!(!view.latest[0].reference);
    }
}

#[test]
fn a_document_of_two_that_cannot_be_parted_stands_on_both_timelines_without_money() {
    let mut hub = two();
    let both = hub.say("order:shop:1", "2026-03-01", order("10.00"));
    refer(both, "buyer", "party:erp:A");
    refer(both, "buyer", "party:erp:B");
    let folded = hub.fold();
    for party in ["party:erp:A", "party:erp:B"] {
        let view = folded.view(party);
        assert!(view.latest[0].reference && view.latest[0].amount.is_none(), "{party}");
        assert!(view.trade.by_currency.is_empty());
        assert_eq!((view.trade.orders, view.documents), (0, 0));
    }
    assert_eq!(folded.unattributed().0.amount(MoneyMeasure::Ordered, "CNY"), "10.00");

    let parties = vec!["party:erp:A".into(), "party:erp:B".into()];
    hub.say("decision:hub:1", "2026-04-01", PartiesLinked { parties, ..PartiesLinked::default() });
    let view = hub.fold().view("party:erp:A");
    assert_eq!(view.trade.by_currency["CNY"].ordered, "10.00");
    assert_eq!(view.latest.len(), 1);
    assert_eq!((view.latest[0].reference, view.latest[0].amount.as_deref()), (false, Some("10.00")));
}

#[test]
fn purchases_through_a_marketplace_are_the_buyers_and_the_debt_is_the_marketplaces() {
    let mut hub = two();
    hub.say("party:erp:M", "2026-01-01", flag(Intermediary::Marketplace));
    let sold = hub.say("invoice:erp:1", "2026-03-01", invoice("10.00", ""));
    refer(sold, "end_customer", "party:erp:A");
    refer(sold, "debtor", "party:erp:M");
    let folded = hub.fold();
    let (buyer, market) = (folded.view("party:erp:A"), folded.view("party:erp:M"));
    assert_eq!(buyer.trade.by_currency["CNY"].invoiced, "10.00");
    assert!(buyer.receivable.by_currency.is_empty());
    assert_eq!(market.receivable.by_currency["CNY"].open, "10.00");
    assert!(market.trade.by_currency.is_empty());
    assert_eq!(market.intermediary, Some("marketplace"));
}

#[test]
fn documents_of_a_walk_in_are_nobodys() {
    let mut hub = two();
    hub.say("party:erp:W", "2026-01-01", flag(Intermediary::WalkIn));
    refer(hub.say("invoice:erp:1", "2026-03-01", invoice("10.00", "")), "buyer", "party:erp:W");
    let folded = hub.fold();
    assert!(folded.view("party:erp:W").trade.by_currency.is_empty());
    let (money, documents) = folded.unattributed();
    assert_eq!(
        (money.net_amount("CNY"), money.amount(MoneyMeasure::Open, "CNY"), documents),
        ("10.00".into(), "10.00".into(), 1)
    );
}

#[test]
fn a_payment_known_by_account_is_of_its_invoices_first_and_then_of_who_holds_the_account() {
    let mut hub = two();
    hub.say("party:crm:B", "2026-01-01", party("Berta", &[id("account", "DE89370400440532013000")]));
    refer(hub.say("invoice:erp:1", "2026-03-01", invoice("60.00", "")), "buyer", "party:erp:A");
    let mut by_account = payment("70.00", &[("invoice:erp:1", "60.00")]);
    by_account
        .identifiers
        .push(onefold_event::v1::Identifier { role: "payer".into(), ..id("account", "DE89 3704 0044 0532 0130 00") });
    hub.say("payment:bank:1", "2026-03-02", by_account.clone());
    by_account.allocations.clear();
    hub.say("payment:bank:2", "2026-03-03", by_account);
    let folded = hub.fold();
    assert_eq!(folded.view("party:erp:A").receivable.by_currency["CNY"].paid, "60.00");
    let holder = folded.view("party:crm:B");
    assert_eq!(holder.receivable.by_currency["CNY"].unallocated, "80.00");
    assert!(holder.identifiers.iter().any(|i| i.kind == "account" && i.state == "weak"));
}

#[test]
fn a_call_is_of_who_holds_the_number_once_they_are_one() {
    let mut hub = two();
    hub.say("party:crm:1", "2026-01-01", party("Anna", &[phone("+8613800138000")]));
    let call = CaseOpened { identifiers: vec![phone("+8613800138000")], ..CaseOpened::default() };
    hub.say("case:desk:1", "2026-03-01", call);
    assert_eq!(hub.fold().view("party:crm:1").cases.open, 1);
    hub.say("party:crm:2", "2026-01-02", party("Otto", &[phone("+8613800138000")]));
    let folded = hub.fold();
    assert_eq!((folded.view("party:crm:1").cases.open, folded.unattributed().1), (0, 1));
    let parties = vec!["party:crm:1".into(), "party:crm:2".into()];
    hub.say("decision:hub:1", "2026-04-01", PartiesLinked { parties, ..PartiesLinked::default() });
    assert_eq!(hub.fold().view("party:crm:1").cases.open, 1);
}

#[test]
fn a_scan_before_its_order_waits_in_its_own_fragment() {
    let mut hub = two();
    hub.say("track:sf:9", "2026-03-03", Scanned::default());
    let folded = hub.fold();
    assert_eq!((folded.view("party:erp:A").shipments.open, folded.unattributed().1), (0, 1));
    let placed = hub.say("order:shop:1", "2026-03-01", order("1"));
    refer(placed, "buyer", "party:erp:A");
    refer(placed, "tracking", "track:sf:9");
    let folded = hub.fold();
    assert_eq!((folded.view("party:erp:A").shipments.open, folded.unattributed().1), (1, 0));
}

#[test]
fn a_document_that_its_source_moves_to_another_customer_moves_whole() {
    let mut hub = two();
    refer(hub.revise("r", 1, "invoice:erp:1", "2026-03-01", invoice("10.00", "")), "buyer", "party:erp:A");
    refer(hub.revise("r", 2, "invoice:erp:1", "2026-03-01", invoice("10.00", "")), "buyer", "party:erp:B");
    let folded = hub.fold();
    assert!(folded.view("party:erp:A").trade.by_currency.is_empty());
    assert_eq!(folded.view("party:erp:B").trade.by_currency["CNY"].invoiced, "10.00");
    assert_eq!(folded.view("party:erp:B").receivable.by_currency["CNY"].open, "10.00");
}

#[test]
fn a_document_that_a_person_moves_goes_in_the_facet_that_they_say() {
    let mut hub = two();
    refer(hub.say("invoice:erp:1", "2026-03-01", invoice("10.00", "")), "buyer", "party:erp:A");
    let moved = |facet: &str, undone| DocumentReassigned {
        to: "party:erp:B".into(),
        facet: facet.into(),
        undone,
        ..Default::default()
    };
    hub.revise("d", 1, "invoice:erp:1", "2026-04-01", moved("receivable", false));
    let folded = hub.fold();
    assert_eq!(folded.view("party:erp:A").trade.by_currency["CNY"].invoiced, "10.00");
    assert_eq!(folded.view("party:erp:B").receivable.by_currency["CNY"].open, "10.00");
    assert_eq!(folded.view("party:erp:A").latest[0].at.to_string(), "2026-03-01");
    hub.revise("d", 2, "invoice:erp:1", "2026-04-01", moved("receivable", true));
    assert_eq!(hub.fold().view("party:erp:A").receivable.by_currency["CNY"].open, "10.00");
}

#[test]
fn merged_split_and_merged_otherwise_the_documents_follow() {
    let mut hub = two();
    hub.say("party:erp:C", "2026-01-01", party("Cora", &[]));
    for (n, party) in ["party:erp:A", "party:erp:B", "party:erp:C"].iter().enumerate() {
        refer(hub.say(&format!("invoice:erp:{n}"), "2026-03-01", invoice("10.00", "")), "buyer", party);
    }
    let before = hub.fold().view("party:erp:A");
    let link =
        |parties: [&str; 2]| PartiesLinked { parties: parties.map(Into::into).to_vec(), ..PartiesLinked::default() };
    hub.say("decision:hub:1", "2026-04-01", link(["party:erp:A", "party:erp:B"]));
    assert_eq!(hub.fold().view("party:erp:A").trade.by_currency["CNY"].invoiced, "20.00");
    let apart =
        PartiesSeparated { left: vec!["party:erp:A".into()], right: vec!["party:erp:B".into()], ..Default::default() };
    hub.say("decision:hub:2", "2026-04-02", apart);
    assert_eq!(hub.fold().view("party:erp:A"), before);
    hub.say("decision:hub:3", "2026-04-03", link(["party:erp:A", "party:erp:C"]));
    let folded = hub.fold();
    assert_eq!(folded.view("party:erp:C").trade.by_currency["CNY"].invoiced, "20.00");
    assert_eq!(folded.view("party:erp:B").trade.by_currency["CNY"].invoiced, "10.00");
}

#[test]
fn a_changed_phone_number_parts_nobody_and_a_corrected_one_does() {
    let mut hub = Hub::default();
    hub.say("party:crm:1", "2026-01-01", party("Anna", &[phone("+8613800138000")]));
    hub.revise("r", 1, "party:desk:1", "2026-01-01", party("Anna", &[phone("+8613800138000")]));
    assert!(hub.fold().are_one("party:crm:1", "party:desk:1"));
    hub.revise("r", 2, "party:desk:1", "2026-02-01", party("Anna", &[phone("+8613900139000")]));
    assert!(hub.fold().are_one("party:crm:1", "party:desk:1"));
    refer(hub.say("order:shop:1", "2026-03-01", order("10.00")), "buyer", "party:desk:1");
    hub.say("party:desk:1", "2026-03-01", wrong(&[phone("+8613800138000")]));
    let folded = hub.fold();
    assert!(!folded.are_one("party:crm:1", "party:desk:1"));
    assert!(folded.view("party:crm:1").trade.by_currency.is_empty());
    assert_eq!(folded.view("party:desk:1").trade.by_currency["CNY"].ordered, "10.00");
    hub.say("party:desk:1", "2026-03-02", party("Anna", &[phone("+8613800138000")]));
    assert!(hub.fold().are_one("party:crm:1", "party:desk:1"));
}

#[test]
fn a_value_that_passes_its_limit_parts_all_that_it_linked_at_once() {
    let mut rules = IdentityRules::default();
    rules.hub.kinds.insert("phone".into(), 2);
    let mut hub = Hub::default();
    for n in 1..=3 {
        assert_eq!(hub.fold_with(&rules).customers.len(), usize::from(n > 1));
        hub.say(&format!("party:crm:{n}"), "2026-01-01", party("Anna", &[phone("+8613800138000")]));
    }
    let folded = hub.fold_with(&rules);
    assert_eq!(folded.customers.len(), 3);
    assert!(folded.view("party:crm:1").identifiers.iter().any(|i| i.kind == "phone" && i.state == "hub"));
    hub.say("party:crm:3", "2026-02-01", wrong(&[phone("+8613800138000")]));
    assert_eq!(hub.fold_with(&rules).customers.len(), 3);
}
