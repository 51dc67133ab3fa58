//! The cases that must come out right, through the real log, store and stages. Each is also folded again by the batch path.

use std::collections::BTreeMap;

use onefold_event::v1;
use onefold_testkit::{Draft, Shape, TestHub, party};
use onefold_view::Bundle;
use onefold_view::MoneyMeasure::{Invoiced, Open, Ordered, Owed, Paid, Unallocated};

use crate::modelled::the_model_answers_as_the_hub_does;

/// A hub that holds these events, at rest, judged by the batch path.
pub(crate) async fn hub(drafts: &[Draft]) -> TestHub {
    let mut hub = TestHub::on(&crate::engine(), Shape::default()).await;
    say(&mut hub, drafts).await;
    hub
}

/// Says more and lets the hub come to rest.
pub(crate) async fn say(hub: &mut TestHub, drafts: &[Draft]) {
    let events: Vec<_> = drafts.iter().map(Draft::event).collect();
    hub.append(&events).await;
    hub.settle().await;
    let verified = hub.verify().await;
    assert!(verified.is_equal(), "{verified:#?}");
    the_model_answers_as_the_hub_does(hub).await;
}

/// One measure of the customer that holds a party, in CNY.
pub(crate) async fn sum(hub: &TestHub, party: &str, measure: onefold_view::MoneyMeasure) -> String {
    let rows = hub.customer(party).await;
    let mut purse = onefold_view::MoneyTotals::default();
    rows.bundles.values().for_each(|bundle| purse.add(&bundle.money_totals()));
    purse.amount(measure, "CNY")
}

pub(crate) async fn parties(hub: &TestHub, party: &str) -> Vec<String> {
    hub.customer(party).await.parties.into_keys().collect()
}

const A: &str = "party:erp:A";
const B: &str = "party:crm:B";
const PHONE: &str = "13800138000";

#[tokio::test]
async fn one_payment_for_invoices_of_two_customers_is_parted_by_allocation_and_nobody_merges() {
    let hub = hub(&[
        Draft::invoice("invoice:erp:1", "60.00").refer("buyer", A),
        Draft::invoice("invoice:erp:2", "30.00").refer("buyer", B),
        Draft::payment("payment:bank:P", "90.00", &[("invoice:erp:1", "60.00"), ("invoice:erp:2", "30.00")])
            .refer("payer", A),
    ])
    .await;
    assert_eq!(sum(&hub, A, Paid).await, "60.00");
    assert_eq!(sum(&hub, B, Paid).await, "30.00");
    assert_eq!(parties(&hub, A).await, [A]);
}

#[tokio::test]
async fn what_a_payment_leaves_over_stays_with_the_payer_unallocated() {
    let hub = hub(&[
        Draft::invoice("invoice:erp:1", "60.00").refer("buyer", A),
        Draft::invoice("invoice:erp:2", "50.00").refer("buyer", A),
        Draft::payment("payment:bank:P", "100.00", &[("invoice:erp:1", "60.00"), ("invoice:erp:2", "30.00")])
            .refer("payer", A),
    ])
    .await;
    assert_eq!(sum(&hub, A, Paid).await, "100.00");
    assert_eq!(sum(&hub, A, Unallocated).await, "10.00");
    assert_eq!(sum(&hub, A, Open).await, "20.00");
}

#[tokio::test]
async fn the_same_phone_and_name_make_one_customer_and_a_second_name_does_not() {
    let hub = hub(&[
        party(A, "王伟", &[("phone", PHONE)]),
        party(B, "王 伟", &[("phone", "+86 138 0013 8000")]),
        party("party:crm:C", "李娜", &[("phone", PHONE)]),
    ])
    .await;
    assert_eq!(parties(&hub, A).await, [B, A]);
    assert_eq!(parties(&hub, "party:crm:C").await, ["party:crm:C"]);
}

#[tokio::test]
async fn a_changed_phone_unmerges_nobody_and_a_corrected_one_does() {
    let mut hub = hub(&[
        party(A, "王伟", &[("phone", PHONE)]).revision(1),
        party(B, "王伟", &[("phone", PHONE)]),
        Draft::invoice("invoice:erp:1", "60.00").refer("buyer", A),
        party(A, "王伟", &[("phone", "13900139000")]).revision(2).later(60),
    ])
    .await;
    assert_eq!(parties(&hub, A).await, [B, A]);
    assert_eq!(sum(&hub, B, Invoiced).await, "60.00");
    let wrong = v1::Identifier { kind: "phone".into(), text: PHONE.into(), issuer: "CN".into(), role: String::new() };
    say(&mut hub, &[Draft::new(A, v1::PartyCorrected { wrong: vec![wrong], ..Default::default() }).later(120)]).await;
    assert_eq!(parties(&hub, A).await, [A]);
    assert_eq!(sum(&hub, A, Invoiced).await, "60.00");
    assert_eq!(sum(&hub, B, Invoiced).await, "0");
}

#[tokio::test]
async fn a_link_then_its_undoing_gives_back_the_views() {
    let mut hub = hub(&[
        Draft::invoice("invoice:erp:1", "60.00").refer("buyer", A),
        Draft::invoice("invoice:erp:2", "30.00").refer("buyer", B),
    ])
    .await;
    let before = hub.status().await;
    let link = |undone| v1::PartiesLinked {
        parties: vec![A.into(), B.into()],
        by: "anna".into(),
        why: "same person".into(),
        undone,
        ..Default::default()
    };
    say(&mut hub, &[Draft::new("decision:onefold:1", link(false)).id("1").revision(1)]).await;
    assert_eq!(parties(&hub, A).await, [B, A]);
    assert_eq!(sum(&hub, B, Invoiced).await, "90.00");
    say(&mut hub, &[Draft::new("decision:onefold:1", link(true)).id("1").revision(2).later(1)]).await;
    let after = hub.status().await;
    assert_eq!((before.counts.digest, before.counts.ids_digest), (after.counts.digest, after.counts.ids_digest));
}

#[tokio::test]
async fn a_merge_changes_clusters_and_no_subject_or_bundle() {
    const DOCUMENTS: [&str; 2] = ["invoice:erp:1", "order:erp:2"];
    let mut hub = hub(&[
        Draft::invoice(DOCUMENTS[0], "60.00").refer("buyer", A),
        Draft::order(DOCUMENTS[1], "30.00").refer("buyer", B),
    ])
    .await;
    let keys: Vec<String> = [A, B].into_iter().chain(DOCUMENTS).map(str::to_owned).collect();
    let bundles = async |hub: &TestHub| {
        let rows = [hub.customer(A).await.bundles, hub.customer(B).await.bundles];
        rows.into_iter().flatten().collect::<BTreeMap<String, Bundle>>()
    };
    let (subjects, before) = (hub.store.subjects(&keys).await.unwrap(), bundles(&hub).await);
    let (by, why) = ("anna".to_owned(), "same person".to_owned());
    let body = v1::PartiesLinked { parties: vec![A.into(), B.into()], by, why, ..Default::default() };
    say(&mut hub, &[Draft::new("decision:onefold:1", body)]).await;
    assert_eq!(parties(&hub, A).await, [B, A]);
    assert_eq!(hub.store.subjects(&keys).await.unwrap(), subjects);
    assert_eq!(bundles(&hub).await, before);
}

#[tokio::test]
async fn a_decision_voids_another_even_if_no_party_is_named_by_both() {
    let link = |n: u8, parties: [&str; 2], supersedes: &[&str], undone| {
        let body = v1::PartiesLinked {
            parties: parties.map(str::to_owned).to_vec(),
            supersedes: supersedes.iter().map(|s| (*s).to_owned()).collect(),
            undone,
            ..Default::default()
        };
        let draft = Draft::new(&format!("decision:onefold:{n}"), body).id(&n.to_string());
        draft.revision(1 + i64::from(undone)).later(i64::from(n) + i64::from(undone))
    };
    let (c, d) = ("party:web:C", "party:web:D");
    let (first, second) = (link(1, [A, B], &[], false), link(2, [c, d], &["decision:onefold:1"], false));
    let mut hub = hub(std::slice::from_ref(&first)).await;
    assert_eq!(parties(&hub, A).await, [B, A]);
    say(&mut hub, std::slice::from_ref(&second)).await;
    assert_eq!((parties(&hub, A).await, parties(&hub, c).await), (vec![A.to_owned()], vec![c.into(), d.into()]));
    say(&mut hub, &[link(2, [c, d], &["decision:onefold:1"], true)]).await;
    assert_eq!((parties(&hub, A).await, parties(&hub, c).await), (vec![B.into(), A.into()], vec![c.to_owned()]));
    let mut hub = self::hub(&[second]).await;
    say(&mut hub, &[first]).await;
    assert_eq!(parties(&hub, A).await, [A]);
}

#[tokio::test]
async fn a_value_that_passes_its_limit_parts_all_whom_it_linked_at_once() {
    let one = |n: usize| party(&format!("party:erp:{n}"), "王伟", &[("phone", PHONE)]);
    let mut hub = hub(&(0..20).map(one).collect::<Vec<_>>()).await;
    assert_eq!(parties(&hub, "party:erp:7").await.len(), 20);
    say(&mut hub, &[one(20)]).await;
    assert_eq!(parties(&hub, "party:erp:7").await, ["party:erp:7"]);
    assert_eq!(hub.status().await.counts.customers, 21);
}

#[tokio::test]
async fn a_value_that_passes_its_limit_by_many_at_once_parts_all_however_few_the_resolver_takes() {
    let one = |n: usize| party(&format!("party:erp:{n}"), "王伟", &[("phone", PHONE)]).event();
    let mut hub = TestHub::on(&crate::engine(), Shape { batch: 4, lag: 20, ..Shape::default() }).await;
    hub.append(&(0..15).map(one).collect::<Vec<_>>()).await;
    hub.settle().await;
    assert_eq!(parties(&hub, "party:erp:7").await.len(), 15);
    hub.append(&(15..40).map(one).collect::<Vec<_>>()).await;
    hub.settle().await;
    let verified = hub.verify().await;
    assert!(verified.is_equal(), "{verified:#?}");
    assert_eq!(parties(&hub, "party:erp:7").await, ["party:erp:7"]);
}

#[tokio::test]
async fn a_scan_waits_in_its_own_fragment_until_the_order_names_the_waybill() {
    let mut hub =
        hub(&[Draft::new("track:sf:WB1", v1::Delivered { tracking_number: "WB1".into(), ..Default::default() })]).await;
    assert_eq!(hub.status().await.unattributed.documents, 1);
    say(
        &mut hub,
        &[
            Draft::new("delivery:wms:D1", v1::Dispatched::default())
                .refer("order", "order:erp:1")
                .refer("tracking", "track:sf:WB1"),
            Draft::order("order:erp:1", "10.00").refer("buyer", A),
        ],
    )
    .await;
    let status = hub.status().await;
    assert_eq!((status.unattributed.documents, status.owned().documents), (0, 3));
}

#[tokio::test]
async fn a_marketplace_keeps_the_debt_and_its_buyers_their_purchases() {
    let shop = "party:erp:M";
    let hub = hub(&[
        Draft::invoice("invoice:erp:1", "60.00").refer("debtor", shop).refer("buyer", shop).refer("end_customer", A),
        Draft::new(shop, v1::PartyFlaggedIntermediary { intermediary: 1, ..Default::default() }).later(5),
    ])
    .await;
    assert_eq!(sum(&hub, A, Invoiced).await, "60.00");
    assert_eq!(sum(&hub, A, Owed).await, "0");
    assert_eq!(sum(&hub, shop, Owed).await, "60.00");
}

#[tokio::test]
async fn documents_of_a_walk_in_are_unattributed_even_when_the_flag_comes_last() {
    let mut hub = hub(&[Draft::invoice("invoice:erp:1", "60.00").refer("buyer", A)]).await;
    assert_eq!(hub.status().await.unattributed.documents, 0);
    say(&mut hub, &[Draft::new(A, v1::PartyFlaggedIntermediary { intermediary: 2, ..Default::default() })]).await;
    assert_eq!(hub.status().await.unattributed.documents, 1);
    say(
        &mut hub,
        &[Draft::new(A, v1::PartyFlaggedIntermediary { intermediary: 0, ..Default::default() }).id("none").later(9)],
    )
    .await;
    assert_eq!(hub.status().await.unattributed.documents, 0);
}

#[tokio::test]
async fn a_call_known_by_number_is_whose_the_number_is_and_nobodys_while_two_hold_it() {
    let call = Draft::new("contact:pbx:1", v1::ContactMade::default()).known_by("phone", PHONE);
    let mut hub = hub(&[call, party(A, "王伟", &[("phone", PHONE)])]).await;
    assert_eq!(hub.status().await.unattributed.documents, 0);
    say(&mut hub, &[party(B, "李娜", &[("phone", PHONE)])]).await;
    assert_eq!(hub.status().await.unattributed.documents, 1);
    let same = v1::PartiesLinked { parties: vec![A.into(), B.into()], ..Default::default() };
    say(&mut hub, &[Draft::new("decision:onefold:1", same)]).await;
    assert_eq!(hub.status().await.unattributed.documents, 0);
}

#[tokio::test]
async fn a_document_moved_by_its_source_leaves_one_view_and_enters_the_other() {
    let mut hub = hub(&[
        Draft::order("order:erp:1", "60.00").refer("buyer", A).revision(1),
        Draft::invoice("invoice:erp:9", "5.00").refer("order", "order:erp:1"),
    ])
    .await;
    say(&mut hub, &[Draft::order("order:erp:1", "60.00").refer("buyer", B).revision(2)]).await;
    assert_eq!(sum(&hub, A, Invoiced).await, "0");
    assert_eq!(sum(&hub, B, Invoiced).await, "5.00");
}

#[tokio::test]
async fn a_payment_known_by_account_only_follows_its_allocations() {
    let hub = hub(&[
        Draft::payment("payment:bank:P", "60.00", &[("invoice:erp:1", "60.00")])
            .known_by("account", "DE89370400440532013000"),
        party(B, "someone else", &[("account", "DE89370400440532013000")]),
        Draft::invoice("invoice:erp:1", "60.00").refer("buyer", A),
    ])
    .await;
    assert_eq!(sum(&hub, A, Paid).await, "60.00");
    assert_eq!(sum(&hub, A, Open).await, "0");
}

#[tokio::test]
async fn every_old_id_answers_after_merge_split_and_another_merge() {
    let c = "party:web:C";
    let mut hub =
        hub(&[A, B, c].map(|p| Draft::invoice(&format!("invoice:erp:of {p}"), "1.00").refer("buyer", p))).await;
    let link = |parties: [&str; 2], undone| v1::PartiesLinked {
        parties: parties.map(str::to_owned).to_vec(),
        undone,
        ..Default::default()
    };
    say(&mut hub, &[Draft::new("decision:onefold:1", link([A, B], false)).id("1").revision(1)]).await;
    say(&mut hub, &[Draft::new("decision:onefold:1", link([A, B], true)).id("1").revision(2).later(1)]).await;
    say(&mut hub, &[Draft::new("decision:onefold:2", link([A, c], false)).id("2").later(2)]).await;
    assert_eq!(parties(&hub, A).await, [A, c]);
    assert_eq!(parties(&hub, c).await, [A, c]);
    assert_eq!(parties(&hub, B).await, [B]);
    let by_id = hub.customers().customer_by_id(onefold_event::party_id(c)).await.unwrap();
    assert!(by_id.is_some_and(|rows| rows.parties.keys().eq([A, c])));
}

const MAIL: &str = "wei@example.com";
const GUEST: &str = "party:shop:guest:email:wei@example.com";

fn guest_order(order: &str, total: &str) -> Draft {
    Draft::order(order, total).known_by("email", MAIL)
}

#[tokio::test]
async fn a_guest_who_orders_twice_with_one_address_is_one_customer_from_the_first_order_on() {
    let mut hub = hub(&[guest_order("order:shop:1", "60.00").bought_by("王伟")]).await;
    assert_eq!(sum(&hub, GUEST, Ordered).await, "60.00");
    let id = onefold_event::party_id(GUEST);
    say(
        &mut hub,
        &[
            Draft::order("order:shop:2", "5.00").known_by("phone", PHONE).known_by("email", " WEI@example.com "),
            Draft::invoice("invoice:erp:2", "5.00").refer("order", "order:shop:2"),
            Draft::new("contact:pbx:1", v1::ContactMade::default()).known_by("email", MAIL),
        ],
    )
    .await;
    assert_eq!((sum(&hub, GUEST, Ordered).await, sum(&hub, GUEST, Invoiced).await), ("65.00".into(), "5.00".into()));
    let status = hub.status().await;
    assert_eq!((status.counts.customers, status.owned().documents, status.unattributed.documents), (1, 4, 0));
    assert!(hub.customers().customer_by_id(id).await.unwrap().is_some_and(|rows| rows.parties.contains_key(GUEST)));
    assert_eq!(hub.customers().holding(&"email:wei@example.com".parse().unwrap()).await.unwrap().parties, [GUEST]);
    for words in [MAIL, "王伟"] {
        let found = hub.store.find(words, 5).await.unwrap();
        assert_eq!(found.iter().map(|f| f.parties.clone()).collect::<Vec<_>>(), [[GUEST]], "{words}");
    }
}

#[tokio::test]
async fn a_party_with_the_guests_address_or_loyalty_number_takes_over_what_the_guest_ordered() {
    let loyal = "party:shop:guest:loyalty:CN:77";
    let mut hub =
        hub(&[guest_order("order:shop:1", "60.00"), Draft::order("order:shop:2", "7.00").known_by("loyalty", "77")])
            .await;
    assert_eq!(hub.status().await.counts.customers, 2);
    say(&mut hub, &[party(A, "王伟", &[("email", MAIL)]).later(9), party(B, "李娜", &[("loyalty", "77")]).later(9)])
        .await;
    assert_eq!(
        (parties(&hub, A).await, parties(&hub, B).await),
        (vec![A.into(), GUEST.into()], vec![B.into(), loyal.into()])
    );
    assert_eq!((sum(&hub, A, Ordered).await, sum(&hub, B, Ordered).await), ("60.00".into(), "7.00".into()));
}

#[tokio::test]
async fn a_guest_whose_order_bears_another_name_is_another_customer_than_who_holds_the_phone() {
    let mut hub = hub(&[
        Draft::order("order:shop:1", "60.00").known_by("phone", PHONE).bought_by("李娜"),
        Draft::order("order:web:1", "7.00").known_by("phone", PHONE).bought_by("王 伟"),
        Draft::order("order:app:1", "8.00").known_by("phone", PHONE),
        party(A, "王伟", &[("phone", PHONE)]),
    ])
    .await;
    let guest = |source: &str| format!("party:{source}:guest:phone:+86{PHONE}");
    assert_eq!(parties(&hub, A).await, [A.to_owned(), guest("web")]);
    assert_eq!(parties(&hub, &guest("shop")).await, [guest("shop")]);
    // Who has no name joins nobody while those there have two.
    assert_eq!(parties(&hub, &guest("app")).await, [guest("app")]);
    assert_eq!(hub.status().await.unattributed.documents, 0);
    say(&mut hub, &[Draft::order("order:shop:1", "60.00").known_by("phone", PHONE).bought_by("王伟").later(5).id("2")])
        .await;
    // A name once said stays said, as any party's does; and whoever has none joins the one name that all others share.
    assert_eq!(parties(&hub, A).await, [guest("app"), A.to_owned(), guest("shop"), guest("web")]);
}

#[tokio::test]
async fn a_guest_joins_the_one_who_holds_the_phone_and_parts_when_too_many_do() {
    let guest = format!("party:shop:guest:phone:+86{PHONE}");
    let mut hub =
        hub(&[party(A, "王伟", &[("phone", PHONE)]), Draft::order("order:shop:1", "60.00").known_by("phone", PHONE)])
            .await;
    assert_eq!(sum(&hub, A, Ordered).await, "60.00");
    let other = |n: usize| party(&format!("party:erp:{n}"), "王伟", &[("phone", PHONE)]);
    say(&mut hub, &(0..18).map(other).collect::<Vec<_>>()).await;
    assert_eq!(parties(&hub, &guest).await.len(), 20);
    say(&mut hub, &[other(18)]).await;
    assert_eq!((parties(&hub, A).await, sum(&hub, A, Ordered).await), (vec![A.to_owned()], "0".into()));
    assert_eq!(sum(&hub, &guest, Ordered).await, "60.00");
}

#[tokio::test]
async fn an_order_that_comes_to_name_its_buyer_leaves_the_guest_whose_id_still_answers() {
    let mut hub = hub(&[
        guest_order("order:shop:1", "60.00").revision(1),
        Draft::invoice("invoice:erp:9", "60.00").refer("order", "order:shop:1"),
    ])
    .await;
    assert_eq!(sum(&hub, GUEST, Invoiced).await, "60.00");
    say(&mut hub, &[guest_order("order:shop:1", "60.00").refer("buyer", A).revision(2)]).await;
    assert_eq!((sum(&hub, A, Ordered).await, sum(&hub, A, Invoiced).await), ("60.00".into(), "60.00".into()));
    assert_eq!((sum(&hub, GUEST, Ordered).await, parties(&hub, GUEST).await), ("0".into(), vec![GUEST.to_owned()]));
    let by_id = hub.customers().customer_by_id(onefold_event::party_id(GUEST)).await.unwrap();
    assert!(by_id.is_some_and(|rows| rows.parties.contains_key(GUEST)));
}

#[tokio::test]
async fn an_order_that_names_its_buyer_or_a_contract_makes_no_guest() {
    let hub = hub(&[
        guest_order("order:shop:1", "60.00").refer("buyer", A),
        guest_order("order:shop:2", "7.00").refer("contract", "contract:crm:1"),
        Draft::payment("payment:bank:P", "60.00", &[]).known_by("account", "DE89370400440532013000"),
    ])
    .await;
    let status = hub.status().await;
    assert_eq!((status.counts.customers, status.owned().documents, status.unattributed.documents), (1, 1, 2));
}

#[tokio::test]
async fn a_guest_linked_by_a_person_and_parted_again_gives_back_views_and_ids() {
    let mut hub =
        hub(&[guest_order("order:shop:1", "60.00"), Draft::invoice("invoice:erp:1", "5.00").refer("buyer", A)]).await;
    let before = hub.status().await;
    let link = |undone| {
        let body = v1::PartiesLinked { parties: vec![A.into(), GUEST.into()], undone, ..Default::default() };
        Draft::new("decision:onefold:1", body).id("1").revision(1 + i64::from(undone)).later(i64::from(undone))
    };
    say(&mut hub, &[link(false)]).await;
    assert_eq!((sum(&hub, A, Ordered).await, parties(&hub, A).await), ("60.00".into(), vec![A.into(), GUEST.into()]));
    say(&mut hub, &[link(true)]).await;
    let after = hub.status().await;
    assert_eq!((before.counts.digest, before.counts.ids_digest), (after.counts.digest, after.counts.ids_digest));
}

#[tokio::test]
async fn an_address_that_a_shop_puts_on_every_order_is_flagged_as_a_walk_in_and_owns_nothing() {
    let flag = |intermediary| Draft::new(GUEST, v1::PartyFlaggedIntermediary { intermediary, ..Default::default() });
    let mut hub = hub(&[guest_order("order:shop:1", "60.00").bought_by("王伟"), flag(2)]).await;
    assert_eq!(hub.status().await.unattributed.documents, 1);
    say(&mut hub, &[flag(0).id("none").later(9), guest_order("order:shop:2", "5.00").bought_by("李娜")]).await;
    assert_eq!(sum(&hub, GUEST, Ordered).await, "65.00");
}

/// Owed, open, unapplied credit and unallocated of the customer that holds a party, as its view says.
async fn four(hub: &TestHub, party: &str, currency: &str) -> [String; 4] {
    let view = hub.customer(party).await.view(&onefold_identity::IdentityRules::default(), None, None);
    let money = view.receivable.by_currency.get(currency).cloned().unwrap_or_default();
    [money.owed, money.open, money.unapplied_credit, money.unallocated]
}

#[tokio::test]
async fn a_refund_of_a_credit_note_settles_its_invoice_in_whatever_order_they_come() {
    let invoice = Draft::invoice("invoice:erp:1", "100.00").refer("buyer", A);
    let payment = Draft::payment("payment:bank:P", "100.00", &[("invoice:erp:1", "100.00")]).refer("payer", A);
    let note = Draft::credit_note("credit_note:erp:1", "40.00").refer("invoice", "invoice:erp:1");
    let amount = Some(v1::Money { amount: "40.00".into(), currency: "CNY".into() });
    let refund = Draft::new("refund:erp:1", v1::RefundPaid { amount, ..Default::default() })
        .refer("credit_note", "credit_note:erp:1")
        .refer("payee", A);
    let all = [invoice, payment, note, refund];
    for first in 0..all.len() {
        // Each alone first, so that every word between them is said late once.
        let mut hub = hub(&all[first..=first]).await;
        for draft in all.iter().rev() {
            say(&mut hub, std::slice::from_ref(draft)).await;
        }
        assert_eq!(four(&hub, A, "CNY").await, ["0.00", "0.00", "0.00", "0.00"]);
    }
}

#[tokio::test]
async fn a_payment_in_advance_settles_the_invoice_of_its_order_whichever_comes_first() {
    let order = Draft::order("order:erp:1", "50.00").refer("buyer", A);
    let advance = Draft::payment("payment:bank:P", "50.00", &[]).refer("payer", A).refer("order", "order:erp:1");
    let invoice = Draft::invoice("invoice:erp:1", "50.00").refer("buyer", A).refer("order", "order:erp:1");
    let mut hub = hub(&[order, advance.clone()]).await;
    assert_eq!(four(&hub, A, "CNY").await, ["-50.00", "0.00", "0.00", "50.00"]);
    say(&mut hub, std::slice::from_ref(&invoice)).await;
    assert_eq!(four(&hub, A, "CNY").await, ["0.00", "0.00", "0.00", "0.00"]);
    let voided = Draft::new("invoice:erp:1", v1::DocumentVoided::default()).later(60);
    say(&mut hub, &[voided]).await;
    assert_eq!(four(&hub, A, "CNY").await, ["-50.00", "0.00", "0.00", "50.00"]);
    // The invoice and the payment before the order that brings them together.
    let other = self::hub(&[invoice, advance]).await;
    assert_eq!(four(&other, A, "CNY").await, ["0.00", "0.00", "0.00", "0.00"]);
}

#[tokio::test]
async fn what_a_void_invoice_was_paid_is_the_customers_again_and_a_finding() {
    let mut hub = hub(&[
        Draft::invoice("invoice:erp:1", "60.00").refer("buyer", A),
        Draft::payment("payment:bank:P", "60.00", &[("invoice:erp:1", "60.00")]).refer("payer", A),
    ])
    .await;
    let found = async |hub: &TestHub| {
        hub.customer(A).await.view(&onefold_identity::IdentityRules::default(), None, None).findings.by_code
    };
    assert!(found(&hub).await.is_empty());
    let voided = |n: i64| Draft::new("invoice:erp:1", v1::DocumentVoided::default()).id("state").revision(n).later(n);
    say(&mut hub, &[voided(1)]).await;
    assert_eq!(four(&hub, A, "CNY").await, ["-60.00", "0.00", "0.00", "60.00"]);
    assert_eq!(found(&hub).await.into_iter().collect::<Vec<_>>(), [("F1203".to_owned(), 1)]);
    let back = Draft::new("invoice:erp:1", v1::DocumentReinstated::default()).id("state").revision(2).later(2);
    say(&mut hub, &[back]).await;
    assert_eq!(four(&hub, A, "CNY").await, ["0.00", "0.00", "0.00", "0.00"]);
    assert!(found(&hub).await.is_empty());
}
