//! Who exists, who holds what and who ever did: live says of any history what the batch path says, whatever came in one batch.

use onefold_event::{EmptyKeyRing, Event, v1};
use onefold_testkit::{Draft, Shape, TestHub, corrected, linked, party, separated, withdrawn};
use onefold_view::MoneyMeasure::{Invoiced, Ordered};
use proptest::prelude::*;

use crate::cases::{hub, parties, say, sum};
use crate::order::{people, runtime, shape};

const K1: &str = "party:erp:K1";
const CRM: &str = "party:crm:77";
const PHONE: (&str, &str) = ("phone", "13800138000");

/// Each order of a few drafts, each at once and one by one.
async fn in_any_order(drafts: &[Draft], mut check: impl AsyncFnMut(&TestHub)) {
    for turn in 0..drafts.len() {
        for reversed in [false, true] {
            let mut drafts = drafts.to_vec();
            drafts.rotate_left(turn);
            if reversed {
                drafts.reverse();
            }
            check(&hub(&drafts).await).await;
            let mut hub = hub(&[]).await;
            for draft in &drafts {
                say(&mut hub, std::slice::from_ref(draft)).await;
            }
            check(&hub).await;
        }
    }
}

/// A record of another system that gives the number of K1.
fn gives_k1() -> Draft {
    party(CRM, "Acme", &[("number", "erp:K1")])
}

#[tokio::test]
async fn a_party_that_a_decision_names_holds_its_number_in_any_order() {
    for decision in [linked(1, &[K1, "party:erp:K2"]), separated(1, K1, "party:erp:K2")] {
        let joins =
            matches!(&decision.event().read(&EmptyKeyRing).unwrap().body, onefold_event::Body::PartiesLinked(_));
        in_any_order(&[gives_k1(), decision], async |hub| {
            let both = vec![CRM.to_owned(), K1.to_owned()];
            let all = if joins { [both, vec!["party:erp:K2".to_owned()]].concat() } else { both };
            assert_eq!(parties(hub, K1).await, all);
        })
        .await;
    }
}

#[tokio::test]
async fn a_party_that_only_a_document_names_holds_its_number_in_any_order() {
    for role in ["buyer", "ship_to"] {
        let order = Draft::order("order:erp:1", "60.00").refer(role, K1);
        in_any_order(&[gives_k1(), order], async |hub| {
            assert_eq!(parties(hub, CRM).await, [CRM, K1]);
            let bought = if role == "buyer" { "60.00" } else { "0" };
            assert_eq!(sum(hub, CRM, Ordered).await, bought);
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_known_by_the_number_of_a_party_that_is_only_named_is_that_partys() {
    let called = Draft::new("invoice:desk:1", v1::InvoiceIssued::default()).known_by("number", "erp:K1");
    in_any_order(&[Draft::order("order:erp:1", "60.00").refer("buyer", K1), called], async |hub| {
        let status = hub.status().await;
        assert_eq!((status.owned().documents, status.unattributed.documents), (2, 0));
        assert!(hub.customer(K1).await.bundles.contains_key("identifier:number:erp:K1"));
    })
    .await;
}

#[tokio::test]
async fn a_party_that_a_revised_decision_no_longer_names_exists_all_the_same() {
    let first = linked(1, &[K1, "party:erp:K2"]).id("1").revision(1);
    let undone = v1::PartiesLinked { parties: vec!["party:erp:K2".into()], undone: true, ..Default::default() };
    let second = Draft::new("decision:onefold:1", undone).id("1").revision(2).later(5);
    in_any_order(&[first, second, gives_k1()], async |hub| {
        assert_eq!(parties(hub, CRM).await, [CRM, K1]);
        assert_eq!(hub.status().await.counts.customers, 2);
    })
    .await;
}

/// So many of one name and phone.
fn crowd(n: usize) -> Vec<Draft> {
    (0..n).map(|n| party(&format!("party:erp:{n:02}"), "Alpha", &[PHONE])).collect()
}

#[tokio::test]
async fn whoever_asserts_a_value_and_takes_it_back_in_one_batch_counts_against_its_limit() {
    const LAST: &str = "party:erp:99";
    let asserts = party(LAST, "Beta", &[PHONE]);
    for takes_back in
        [corrected(LAST, &[PHONE]).later(5), corrected(LAST, &[PHONE]).later(-5), withdrawn(LAST, &[PHONE])]
    {
        let both = [asserts.clone(), takes_back.clone()];
        for last in [
            vec![both.to_vec()],
            vec![vec![both[1].clone()], vec![both[0].clone()]],
            vec![both[1..].to_vec(), both.to_vec()],
        ] {
            let mut hub = hub(&crowd(20)).await;
            assert_eq!(parties(&hub, "party:erp:07").await.len(), 20);
            for batch in last {
                say(&mut hub, &batch).await;
            }
            assert_eq!(parties(&hub, "party:erp:07").await, ["party:erp:07"], "{takes_back:?}");
            assert_eq!(hub.status().await.counts.customers, 21);
        }
    }
}

#[tokio::test]
async fn who_is_recorded_first_and_asserts_a_value_that_was_withdrawn_before_counts_against_its_limit() {
    const LAST: &str = "party:erp:99";
    let mut hub = hub(&crowd(20)).await;
    say(&mut hub, &[party(LAST, "Beta", &[]).revision(1), withdrawn(LAST, &[PHONE])]).await;
    assert_eq!(parties(&hub, "party:erp:07").await.len(), 20);
    // Of what it holds nothing changes.
    say(&mut hub, &[party(LAST, "Beta", &[PHONE]).revision(2)]).await;
    assert_eq!(parties(&hub, "party:erp:07").await, ["party:erp:07"]);
}

const X: &str = "party:crm:X";
const Y: &str = "party:crm:Y";

fn merged(at: i64) -> Draft {
    let body = v1::PartyMergedAtSource { into: Y.into(), reason: "duplicate".into() };
    Draft::new(X, body).id(&format!("merge {at}")).later(at)
}

fn split(at: i64) -> Draft {
    let body = v1::PartySplitAtSource { out_of: Y.into(), reason: String::new() };
    Draft::new(X, body).id(&format!("split {at}")).later(at)
}

#[tokio::test]
async fn records_merged_at_source_are_one_customer_with_every_document_and_a_split_parts_them() {
    let documents = [
        Draft::invoice("invoice:erp:1", "60.00").refer("buyer", X),
        Draft::invoice("invoice:erp:2", "30.00").refer("buyer", Y),
    ];
    let retired = Draft::new(X, v1::PartyRetiredAtSource { reason: "deleted".into() }).later(20);
    let mut all = documents.to_vec();
    all.extend([merged(10), retired]);
    in_any_order(&all, async |hub| {
        assert_eq!((parties(hub, X).await, sum(hub, Y, Invoiced).await), (vec![X.into(), Y.into()], "90.00".into()));
        let view = hub.customer(X).await.view(&Shape::default().rules(), None, None);
        let records: Vec<_> = view.records.iter().map(|r| (r.party.as_str(), r.state, r.reason.as_str())).collect();
        assert_eq!(records, [(X, "retired", "deleted"), (X, "merged", "duplicate")]);
    })
    .await;
    all.push(split(30));
    in_any_order(&all[2..], async |hub| assert_eq!(parties(hub, X).await, [X])).await;
    let mut hub = hub(&all).await;
    assert_eq!((sum(&hub, X, Invoiced).await, sum(&hub, Y, Invoiced).await), ("60.00".into(), "30.00".into()));
    // Merged once more, and a person says never.
    say(&mut hub, &[merged(40)]).await;
    assert_eq!(sum(&hub, X, Invoiced).await, "90.00");
    say(&mut hub, &[separated(1, X, Y)]).await;
    assert_eq!(parties(&hub, X).await, [X]);
    let view = hub.customer(X).await.view(&Shape::default().rules(), None, None);
    let merged = view.records.iter().find(|record| record.state == "merged").expect("the merge is shown");
    assert!(merged.kept_apart, "and that it is not honoured: {merged:?}");
}

/// What a customer's view says of decisions that are not honoured: which, and with whom.
async fn kept_apart(hub: &TestHub, party: &str) -> Vec<(String, Vec<String>)> {
    let view = hub.customer(party).await.view(&Shape::default().rules(), None, None);
    view.kept_apart.into_iter().map(|kept| (kept.decision, kept.others)).collect()
}

#[tokio::test]
async fn a_decision_that_exclusive_values_hold_against_is_shown_at_both_customers_in_any_order() {
    const ERP: &str = "party:erp:1";
    const SHOP: &str = "party:shop:2";
    let taxed = |party_key: &str, number: &str| party(party_key, "Acme", &[("tax_number", number)]);
    let all = [
        taxed(ERP, "91110000600037341L"),
        party(CRM, "Acme", &[]),
        taxed(SHOP, "121200004013590816"),
        linked(1, &[ERP, CRM]),
        linked(2, &[CRM, SHOP]).later(1),
    ];
    in_any_order(&all, async |hub| {
        // Whichever was taken in first holds, and the other one is shown at both.
        let (first, shown) = if parties(hub, CRM).await.contains(&ERP.to_owned()) { (1, 2) } else { (2, 1) };
        let decision = format!("decision:onefold:{shown}");
        let (with, alone) = if first == 1 { (ERP, SHOP) } else { (SHOP, ERP) };
        assert_eq!(kept_apart(hub, with).await, [(decision.clone(), vec![alone.to_owned()])]);
        assert_eq!(kept_apart(hub, CRM).await, kept_apart(hub, with).await);
        assert_eq!(kept_apart(hub, alone).await, [(decision, vec![CRM.to_owned()])]);
    })
    .await;
    // What a later decision says of the pair, or one that supersedes it, is not a wish that comes to nothing.
    let mut hub = hub(&all).await;
    say(&mut hub, &[separated(3, CRM, SHOP)]).await;
    assert_eq!(kept_apart(&hub, SHOP).await, []);
    let mut hub = self::hub(&all).await;
    let instead = v1::PartiesLinked {
        parties: vec!["party:erp:8".into(), "party:erp:9".into()],
        supersedes: vec!["decision:onefold:2".into()],
        ..Default::default()
    };
    say(&mut hub, &[Draft::new("decision:onefold:4", instead)]).await;
    assert_eq!(kept_apart(&hub, SHOP).await, []);
}

#[tokio::test]
async fn a_record_retired_at_source_is_there_again_once_it_is_recorded_later() {
    let retired = Draft::new(X, v1::PartyRetiredAtSource::default()).later(10);
    let states = async |hub: &TestHub| {
        let view = hub.customer(X).await.view(&Shape::default().rules(), None, None);
        view.records.iter().map(|record| record.state).collect::<Vec<_>>()
    };
    in_any_order(&[party(X, "Acme", &[]).later(10), retired.clone()], async |hub| {
        assert_eq!(states(hub).await, ["retired"]);
    })
    .await;
    in_any_order(&[party(X, "Acme", &[]).later(11), retired], async |hub| assert!(states(hub).await.is_empty())).await;
}

/// Histories that are tried: ONEFOLD_HISTORIES, or a few.
fn histories() -> u32 {
    std::env::var("ONEFOLD_HISTORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(96)
}

/// Lets live come to rest now and then, and has its rows compared with what the log says.
async fn is_what_the_log_says(events: &[(Event, i64)], shape: Shape, settle_every: usize) {
    let mut hub = TestHub::on(&crate::engine(), shape).await;
    for chunk in events.chunks(settle_every) {
        hub.append_at(chunk).await;
        hub.settle().await;
    }
    let verified = hub.verify().await;
    assert!(verified.is_equal(), "{verified:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: histories(), max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn live_is_what_the_batch_path_makes_of_any_history(
        events in people(),
        shape in shape(),
        settle_every in prop_oneof![1..6usize, 1..40usize],
    ) {
        runtime().block_on(is_what_the_log_says(&events, shape, settle_every));
    }
}
