//! Whose documents and their parts are, and that each is counted once for whoever owns any of it. Each case is folded again by the
//! batch path.

use std::collections::BTreeSet;

use onefold_customer::CustomerRows;
use onefold_event::{Subject, SubjectKind, v1};
use onefold_identity::IdentityRules;
use onefold_store::ListingOrder;
use onefold_testkit::{Draft, TestHub, party};
use onefold_view::{Contribution, CustomerView, MoneyMeasure, day_number};

use crate::cases::{hub, say, sum};

const A: &str = "party:erp:A";
const B: &str = "party:erp:B";
const C: &str = "party:erp:C";
const PHONE: &str = "13800138000";
const PHONE_KEY: &str = "phone:+8613800138000";

/// The view of the customer that holds a party, long after everything that was promised.
async fn view(hub: &TestHub, party: &str) -> CustomerView {
    hub.customer(party).await.view(&IdentityRules::default(), day_number("2026-06-30"), None)
}

/// Documents, and shipments open and late, of several customers.
async fn counts<const N: usize>(hub: &TestHub, parties: [&str; N]) -> [(i64, i64, i64); N] {
    let mut all = [(0, 0, 0); N];
    for (counts, party) in all.iter_mut().zip(parties) {
        let view = view(hub, party).await;
        *counts = (view.documents, view.shipments.open, view.shipments.late.unwrap());
    }
    all
}

/// The documents on a customer's timeline, by their keys, those that are only named there with a star.
async fn latest(hub: &TestHub, party: &str) -> Vec<String> {
    let star = |reference: bool| if reference { "*" } else { "" };
    view(hub, party).await.latest.into_iter().map(|row| row.subject + star(row.reference)).collect()
}

fn orders() -> [Draft; 2] {
    [("order:shop:1", A), ("order:shop:2", B)].map(|(order, buyer)| Draft::order(order, "10.00").refer("buyer", buyer))
}

#[tokio::test]
async fn a_track_that_nobody_scans_is_a_shipment_of_the_order_whose_delivery_names_it() {
    let [order, _] = orders();
    let shipped = Draft::dispatched("delivery:wms:1", "2026-03-05", &[]);
    let mut hub = hub(&[order, shipped.refer("order", "order:shop:1").refer("tracking", "track:sf:1")]).await;
    assert_eq!(counts(&hub, [A]).await, [(2, 1, 1)]);
    say(&mut hub, &[Draft::new("track:sf:1", v1::Delivered::default())]).await;
    assert_eq!(counts(&hub, [A]).await, [(3, 0, 0)]);
    assert_eq!(view(&hub, A).await.shipments.delivered, 1);
}

#[tokio::test]
async fn a_void_track_stays_on_the_timeline_and_is_no_shipment() {
    let [order, _] = orders();
    let track = Draft::new("track:sf:1", v1::Scanned::default()).refer("order", "order:shop:1");
    let mut hub = hub(&[order, track]).await;
    assert_eq!(counts(&hub, [A]).await, [(2, 1, 0)]);
    say(&mut hub, &[Draft::new("track:sf:1", v1::DocumentVoided::default()).later(60)]).await;
    assert_eq!(counts(&hub, [A]).await, [(2, 0, 0)]);
    assert!(latest(&hub, A).await.contains(&"track:sf:1".to_owned()));
}

#[tokio::test]
async fn a_track_that_its_delivery_names_no_longer_is_nobodys_shipment() {
    let [order, _] = orders();
    let shipped = |revision| Draft::dispatched("delivery:wms:1", "", &["order:shop:1"]).revision(revision);
    let mut hub = hub(&[order, shipped(1).refer("tracking", "track:sf:1")]).await;
    assert_eq!(counts(&hub, [A]).await, [(2, 1, 0)]);
    say(&mut hub, &[shipped(2).refer("tracking", "track:sf:2")]).await;
    assert_eq!(counts(&hub, [A]).await, [(2, 1, 0)]);
    say(&mut hub, &[shipped(3)]).await;
    assert_eq!(counts(&hub, [A]).await, [(2, 1, 0)]);
}

#[tokio::test]
async fn a_delivery_for_two_customers_that_a_person_gives_to_a_third_is_the_thirds_altogether() {
    let [one, two] = orders();
    let shipped = Draft::dispatched("delivery:wms:1", "2026-03-05", &["order:shop:1", "order:shop:2"]);
    let mut hub = hub(&[one, two, shipped, party(C, "Cora", &[])]).await;
    assert_eq!(counts(&hub, [A, B, C]).await, [(2, 1, 1), (2, 1, 1), (0, 0, 0)]);
    say(&mut hub, &[Draft::reassigned("delivery:wms:1", C)]).await;
    assert_eq!(counts(&hub, [A, B, C]).await, [(1, 0, 0), (1, 0, 0), (1, 1, 1)]);
    assert_eq!(
        (latest(&hub, A).await, latest(&hub, C).await),
        (vec!["order:shop:1".into()], vec!["delivery:wms:1".into()])
    );
}

#[tokio::test]
async fn a_payment_that_a_person_gives_away_goes_with_all_that_it_settles() {
    let invoice = |n: u8, buyer: &str| Draft::invoice(&format!("invoice:erp:{n}"), "60.00").refer("buyer", buyer);
    let parts = [("invoice:erp:1", "60.00"), ("invoice:erp:2", "30.00")];
    let paid = Draft::payment("payment:bank:1", "100.00", &parts).refer("payer", A);
    let mut hub = hub(&[invoice(1, A), invoice(2, B), paid, party(C, "Cora", &[])]).await;
    say(&mut hub, &[Draft::reassigned("payment:bank:1", C)]).await;
    let paid = [
        sum(&hub, A, MoneyMeasure::Paid).await,
        sum(&hub, B, MoneyMeasure::Paid).await,
        sum(&hub, C, MoneyMeasure::Paid).await,
    ];
    assert_eq!(paid, ["0", "0", "100.00"]);
    assert_eq!([latest(&hub, A).await.len(), latest(&hub, B).await.len(), latest(&hub, C).await.len()], [1, 1, 1]);
    // Whoever owes still owes less by it.
    assert_eq!(sum(&hub, B, MoneyMeasure::Open).await, "30.00");
}

#[tokio::test]
async fn a_deliverys_lines_without_an_order_are_its_own_buyers() {
    let [one, _] = orders();
    let shipped = Draft::dispatched("delivery:wms:1", "2026-03-05", &["order:shop:1", ""]).refer("buyer", C);
    let hub = hub(&[one, shipped, Draft::dispatched("delivery:wms:2", "", &[""]).refer("buyer", C)]).await;
    assert_eq!(counts(&hub, [A, C]).await, [(2, 1, 1), (2, 2, 1)]);
    assert_eq!(latest(&hub, C).await, ["delivery:wms:2", "delivery:wms:1"]);
    assert_eq!(hub.status().await.unattributed.documents, 0);
}

#[tokio::test]
async fn a_delivery_for_two_customers_is_one_shipment_once_they_are_one_and_two_again_when_parted() {
    let [one, two] = orders();
    let shipped = Draft::dispatched("delivery:wms:1", "2026-03-05", &["order:shop:1", "order:shop:2"]);
    let mut hub = hub(&[one, two, shipped]).await;
    let before = hub.status().await;
    assert_eq!((before.owned().documents, before.unattributed.documents), (3, 0));
    say(&mut hub, &[Draft::linked(1, [A, B], false)]).await;
    assert_eq!(counts(&hub, [A, B]).await, [(3, 1, 1), (3, 1, 1)]);
    assert_eq!(latest(&hub, A).await.len(), 3);
    say(&mut hub, &[Draft::linked(1, [A, B], true)]).await;
    assert_eq!(counts(&hub, [A, B]).await, [(2, 1, 1), (2, 1, 1)]);
    let after = hub.status().await;
    assert_eq!((before.counts.digest, before.owned().documents), (after.counts.digest, after.owned().documents));
}

#[tokio::test]
async fn a_track_carries_what_its_delivery_has_for_each_of_its_customers() {
    let [one, two] = orders();
    let shipped = Draft::dispatched("delivery:wms:1", "", &["order:shop:1", "order:shop:2"]);
    let mut hub = hub(&[one, two, shipped.refer("tracking", "track:sf:1"), party(C, "Cora", &[])]).await;
    assert_eq!(counts(&hub, [A, B]).await, [(2, 1, 0), (2, 1, 0)]);
    say(&mut hub, &[Draft::new("track:sf:1", v1::Delivered::default())]).await;
    assert_eq!(counts(&hub, [A, B]).await, [(3, 0, 0), (3, 0, 0)]);
    say(&mut hub, &[Draft::linked(1, [A, B], false)]).await;
    assert_eq!((counts(&hub, [A]).await, view(&hub, A).await.shipments.delivered), ([(4, 0, 0)], 1));
    say(&mut hub, &[Draft::reassigned("delivery:wms:1", C)]).await;
    assert_eq!((counts(&hub, [A, C]).await, view(&hub, C).await.shipments.delivered), ([(2, 0, 0), (2, 0, 0)], 1));
}

#[tokio::test]
async fn what_a_hub_value_would_own_is_whose_the_next_step_says() {
    let holder = |n: usize| party(&format!("party:crm:{n}"), "Wang", &[("phone", PHONE)]);
    let invoice = Draft::invoice("invoice:erp:1", "60.00").refer("debtor", A).known_as("buyer", "phone", PHONE);
    // With nobody to fall back on it is nobody's.
    let call = Draft::new("contact:pbx:1", v1::ContactMade::default()).known_by("phone", PHONE);
    let mut hub = hub(&[invoice, call]).await;
    // Somebody may come to hold it.
    assert_eq!(
        (hub.status().await.unattributed.documents, sum(&hub, A, MoneyMeasure::Invoiced).await),
        (2, "0".into())
    );
    say(&mut hub, &(0..20).map(holder).collect::<Vec<_>>()).await;
    assert_eq!(sum(&hub, "party:crm:7", MoneyMeasure::Invoiced).await, "60.00");
    say(&mut hub, &[holder(20)]).await;
    assert_eq!(sum(&hub, A, MoneyMeasure::Invoiced).await, "60.00");
    assert_eq!(sum(&hub, "party:crm:7", MoneyMeasure::Invoiced).await, "0");
    assert_eq!((latest(&hub, A).await, hub.status().await.unattributed.documents), (vec!["invoice:erp:1".into()], 1));
    // So are the documents that follow it, and payments for it.
    let case = Draft::new("case:desk:1", v1::CaseOpened::default()).refer("invoice", "invoice:erp:1");
    let paid = Draft::payment("payment:bank:1", "60.00", &[("invoice:erp:1", "60.00")]);
    say(&mut hub, &[case, paid]).await;
    assert_eq!((view(&hub, A).await.documents, sum(&hub, A, MoneyMeasure::Paid).await), (3, "60.00".into()));
}

#[tokio::test]
async fn an_amendment_beats_the_placing_in_whose_the_order_is_though_its_day_begins_before() {
    let total = Some(v1::Money { amount: "20.00".into(), currency: "CNY".into() });
    let amended = Draft::new("order:shop:1", v1::OrderAmended { total, ..Default::default() }).refer("buyer", B);
    let placed = Draft::order("order:shop:1", "10.00").refer("buyer", A).later(15 * 3600);
    for drafts in [[placed.clone(), amended.clone()], [amended, placed]] {
        let hub = hub(&drafts).await;
        assert_eq!(sum(&hub, B, MoneyMeasure::Ordered).await, "20.00");
        assert_eq!((sum(&hub, A, MoneyMeasure::Ordered).await, view(&hub, A).await.documents), ("0".into(), 0));
    }
    let guest = |draft: Draft, mail: &str| draft.known_by("email", mail);
    let placed = guest(Draft::order("order:shop:1", "10.00").later(15 * 3600), "a@example.com");
    let hub = hub(&[guest(Draft::new("order:shop:1", v1::OrderAmended::default()), "b@example.com"), placed]).await;
    assert_eq!(sum(&hub, "party:shop:guest:email:b@example.com", MoneyMeasure::Ordered).await, "10.00");
}

#[tokio::test]
async fn a_promised_day_is_the_tracks_own_else_its_deliverys_else_its_orders_whichever_names_the_other() {
    let late = async |drafts: &[Draft]| view(&hub(drafts).await, A).await.shipments.late;
    let order = |promised_on: &str| {
        let promised_on = promised_on.to_owned();
        Draft::new("order:shop:1", v1::OrderPlaced { promised_on, ..Default::default() }).refer("buyer", A)
    };
    let scanned = || Draft::new("track:sf:1", v1::Scanned::default());
    let shipped = |promised_on: &str| Draft::dispatched("delivery:wms:1", promised_on, &["order:shop:1"]);
    let (soon, far) = ("2026-03-05", "2027-03-05");
    for (by_track, by_delivery) in [(true, false), (false, true)] {
        let track = |track: Draft| if by_track { track.refer("delivery", "delivery:wms:1") } else { track };
        let named = |delivery: Draft| if by_delivery { delivery.refer("tracking", "track:sf:1") } else { delivery };
        assert_eq!(late(&[order(far), named(shipped(soon)), track(scanned())]).await, Some(1));
        assert_eq!(late(&[track(scanned()), named(shipped(soon)), order(far)]).await, Some(1));
        assert_eq!(late(&[order(soon), named(shipped(far)), track(scanned())]).await, Some(0));
        assert_eq!(late(&[order(soon), named(shipped("")), track(scanned())]).await, Some(1));
    }
    let own = |promised_on: &str| {
        let promised_on = promised_on.to_owned();
        Draft::new("track:sf:1", v1::Dispatched { promised_on, ..Default::default() })
    };
    let named = |promised_on: &str| shipped(promised_on).refer("tracking", "track:sf:1");
    assert_eq!(late(&[order(far), named(far), own(soon)]).await, Some(1));
    assert_eq!(late(&[order(soon), named(soon), own(far)]).await, Some(0));
    assert_eq!(late(&[order(soon), scanned().refer("order", "order:shop:1")]).await, Some(1));
    assert_eq!(late(&[order(soon), shipped("")]).await, Some(1));
}

#[tokio::test]
async fn of_two_identifiers_on_an_invoice_the_one_whose_role_comes_first_owns_it() {
    let invoice = Draft::invoice("invoice:erp:1", "60.00")
        .known_as("end_customer", "email", "a@example.com")
        .known_as("buyer", "phone", PHONE);
    let known = [party(A, "Anna", &[("email", "a@example.com")]), party(B, "Berta", &[("phone", PHONE)])];
    let mut hub = hub(&[invoice]).await;
    say(&mut hub, &known).await;
    assert_eq!(
        (sum(&hub, A, MoneyMeasure::Invoiced).await, sum(&hub, A, MoneyMeasure::Owed).await),
        ("60.00".into(), "0".into())
    );
    assert_eq!(
        (sum(&hub, B, MoneyMeasure::Invoiced).await, sum(&hub, B, MoneyMeasure::Owed).await),
        ("0".into(), "60.00".into())
    );
    assert_eq!(hub.status().await.unattributed.documents, 0);
}

#[tokio::test]
async fn a_payment_for_what_nobody_owns_stays_with_the_payer_until_somebody_does() {
    let unknown = Draft::payment("payment:bank:1", "60.00", &[("invoice:erp:1", "40.00")]).refer("payer", A);
    let mut hub = hub(&[unknown]).await;
    assert_eq!(
        (sum(&hub, A, MoneyMeasure::Paid).await, sum(&hub, A, MoneyMeasure::Unallocated).await),
        ("60.00".into(), "20.00".into())
    );
    let by_phone = Draft::invoice("invoice:erp:1", "40.00").known_as("buyer", "phone", PHONE);
    say(&mut hub, &[by_phone]).await;
    assert_eq!(sum(&hub, A, MoneyMeasure::Paid).await, "60.00");
    say(&mut hub, &[party(B, "Berta", &[("phone", PHONE)])]).await;
    assert_eq!(
        (sum(&hub, A, MoneyMeasure::Paid).await, sum(&hub, B, MoneyMeasure::Paid).await),
        ("20.00".into(), "40.00".into())
    );
    assert_eq!(counts(&hub, [A, B]).await.map(|(documents, ..)| documents), [1, 2]);
    // Of two who hold it, neither is the one.
    say(&mut hub, &[party(C, "Cora", &[("phone", PHONE)])]).await;
    assert_eq!(
        (sum(&hub, A, MoneyMeasure::Paid).await, sum(&hub, B, MoneyMeasure::Paid).await),
        ("60.00".into(), "0".into())
    );
    assert_eq!(hub.customers().holding(&PHONE_KEY.parse().unwrap()).await.unwrap().parties.len(), 2);
}

#[tokio::test]
async fn a_part_whose_key_is_a_set_stands_on_each_members_timeline_as_a_reference() {
    let [one, _] = orders();
    let both = Draft::order("order:shop:2", "10.00").refer("buyer", B).refer("buyer", C);
    let shipped = Draft::dispatched("delivery:wms:1", "", &["order:shop:1", "order:shop:2"]);
    let mut hub = hub(&[one, both, shipped]).await;
    assert_eq!(latest(&hub, A).await, ["order:shop:1", "delivery:wms:1"]);
    assert_eq!(latest(&hub, B).await, ["order:shop:2*", "delivery:wms:1*"]);
    assert_eq!(counts(&hub, [A, B, C]).await, [(2, 1, 0), (0, 0, 0), (0, 0, 0)]);
    // A part of the delivery is nobody's, and so is the order.
    assert_eq!(hub.status().await.unattributed.documents, 2);
    say(&mut hub, &[Draft::linked(1, [B, C], false)]).await;
    assert_eq!(counts(&hub, [A, B, C]).await, [(2, 1, 0), (2, 1, 0), (2, 1, 0)]);
    assert_eq!(hub.status().await.unattributed.documents, 0);
}

/// Kinds of which both facets are one.
const ONE_FACET: [SubjectKind; 6] = [
    SubjectKind::Order,
    SubjectKind::Delivery,
    SubjectKind::Track,
    SubjectKind::Return,
    SubjectKind::Case,
    SubjectKind::Contact,
];

/// For every customer and for nobody: what is counted is what the timeline shows, once.
pub(crate) async fn each_document_is_counted_once(hub: &TestHub) {
    let (mut seen, rules) = (BTreeSet::new(), IdentityRules::default());
    for party in hub.store.party_page("", usize::MAX >> 1).await.unwrap().parties {
        let rows = hub.customer(&party).await;
        if seen.insert(rows.id()) {
            let (counted, shipments) = counted(hub, &rows).await;
            let view = rows.view(&rules, None, None);
            assert_eq!(view.documents, counted, "documents of {party}");
            let shown = view.shipments.open + view.shipments.delivered + view.shipments.failed;
            assert!(shown >= shipments, "{shown} shipments of {party}, of which {shipments} are known");
        }
    }
}

/// Documents that are shown to be a customer's, each of them counted at most once, and tracks among them that are on their way
/// or ended it: a void one is shown and ships nothing.
async fn counted(hub: &TestHub, rows: &CustomerRows) -> (i64, i64) {
    let owners: Vec<String> = rows.bundles.keys().cloned().collect();
    let found = hub.customers().documents(&owners, ListingOrder::OldestFirst, None, 10_000).await.unwrap();
    let documents: BTreeSet<String> = found.into_iter().map(|row| row.place.subject).collect();
    let documents: Vec<String> = documents.into_iter().collect();
    let states = hub.store.subjects(&documents).await.unwrap();
    let (mut sum, mut shipments) = (0, 0);
    for (document, state) in documents.iter().zip(states) {
        let subject: Subject = document.parse().unwrap();
        let mut adds = state.unwrap().contributions(&subject);
        adds.retain(|owner, _| rows.bundles.contains_key(owner));
        let counted: i64 = adds.values().map(Contribution::document_count).sum();
        let row = adds.values().find_map(|adds| adds.timeline_row().filter(|row| !row.is_reference()));
        let shown = row.is_some();
        if ONE_FACET.contains(&subject.kind()) {
            assert_eq!(counted, i64::from(shown), "{document} of {:?}", rows.parties);
        }
        assert!((0..=1).contains(&counted), "{document} counts {counted} times for {:?}", rows.parties);
        sum += counted;
        let ships = row.is_some_and(|row| row.status() != "void");
        shipments += i64::from(ships && subject.kind() == SubjectKind::Track);
    }
    (sum, shipments)
}
