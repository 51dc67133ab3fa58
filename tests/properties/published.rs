//! Whatever happens in whatever order, and however far the publisher lags behind whom: in the end the last record of each id
//! is its customer's view, and the feed of identity leads to the same customers.

use std::collections::BTreeMap;

use onefold_event::v1;
use onefold_testkit::{Draft, Shape, TestHub, party};
use proptest::prelude::*;
use serde_json::Value;

use crate::order::{company, runtime, shape};

/// The last record of each id that has one.
async fn last(hub: &TestHub) -> BTreeMap<String, Vec<u8>> {
    let mut last = BTreeMap::new();
    for record in hub.records("customers").await {
        let key = String::from_utf8(record.key.to_vec()).expect("an id");
        match record.value.is_empty() {
            true => last.remove(&key),
            false => last.insert(key, record.value.to_vec()),
        };
    }
    last
}

/// Parties of each customer: each is with whom the feed said last.
async fn replayed(hub: &TestHub) -> BTreeMap<String, Vec<String>> {
    let mut whose: BTreeMap<String, String> = BTreeMap::new();
    for record in hub.records("identity").await {
        let change: Value = serde_json::from_slice(&record.value).expect("a change");
        let said = if change["change"] == "split" { change["into"].clone() } else { Value::Array(vec![change]) };
        for customer in said.as_array().expect("customers") {
            for party in customer["parties"].as_array().expect("parties") {
                let (party, id) = (party.as_str().expect("a party"), customer["customer"].as_str().expect("an id"));
                whose.insert(party.to_owned(), id.to_owned());
            }
        }
    }
    let mut customers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    whose.into_iter().for_each(|(party, id)| customers.entry(id).or_default().push(party));
    customers
}

/// What is published is what the views are.
async fn agrees(hub: &mut TestHub) {
    hub.settle().await;
    hub.publish().await;
    let views = hub.shown().await;
    assert_eq!(last(hub).await, views);
}

#[test]
fn whoever_shares_a_value_with_somebody_new_is_told_of_it() {
    const PHONE: (&str, &str) = ("phone", "13800138000");
    runtime().block_on(async {
        let mut hub = TestHub::on(&crate::engine(), Shape::default()).await;
        hub.store.publish(true).await.expect("publishing");
        let called = Draft::new("contact:desk:1", v1::ContactMade::default()).known_by(PHONE.0, PHONE.1).event();
        hub.append(&[party("party:erp:1", "王伟", &[PHONE]).event(), called]).await;
        agrees(&mut hub).await;
        let told = hub.records("customers").await.len();
        // Another one has the phone: the call is nobody's, though no event since is about it or the first.
        hub.append(&[party("party:crm:1", "李娜", &[PHONE]).event()]).await;
        agrees(&mut hub).await;
        assert!(hub.records("customers").await.len() >= told + 2);
        // More than link anybody, at once: the value is a hub, which all who have it show.
        let many: Vec<_> =
            (0..30).map(|n| party(&format!("party:shop:{n}"), &format!("客户{n}"), &[PHONE]).event()).collect();
        hub.append(&many).await;
        agrees(&mut hub).await;
    });
}

#[test]
fn a_customer_that_loses_a_document_is_told_though_another_one_leads_to_it_and_then_no_longer_does() {
    runtime().block_on(async {
        let mut hub = TestHub::on(&crate::engine(), Shape::default()).await;
        hub.store.publish(true).await.expect("publishing");
        let (loser, other) = ("party:crm:2", "party:crm:3");
        hub.append(&[Draft::order("order:erp:1", "1.00").refer("buyer", loser).event()]).await;
        agrees(&mut hub).await;
        // In one batch the order goes, and another one that adds nothing to the customer comes to name it: who owes it.
        let owed = |debtor: &str, revision| {
            Draft::order("order:erp:2", "1.00").refer("buyer", other).refer("debtor", debtor).revision(revision).event()
        };
        hub.append(&[Draft::reassigned("order:erp:1", other).event(), owed(loser, 1)]).await;
        hub.settle().await;
        // Before anything is published it names somebody else.
        hub.append(&[owed(other, 2)]).await;
        agrees(&mut hub).await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_last_record_of_each_id_is_its_customers_view(
        events in company(),
        shape in shape(),
        chunk in 1..30usize,
        begins in 0..60usize,
        steps in prop::collection::vec(0..4usize, 0..60),
    ) {
        runtime().block_on(async {
            let mut hub = TestHub::on(&crate::engine(), shape).await;
            let mut steps = steps.into_iter();
            for (n, events) in events.chunks(chunk).enumerate() {
                if n == begins % 5 {
                    hub.store.publish(true).await.expect("publishing");
                }
                hub.append_at(events).await;
                for stage in steps.by_ref().take(chunk) {
                    hub.step(stage).await;
                }
            }
            hub.store.publish(true).await.expect("publishing");
            hub.settle().await;
            hub.publish().await;
            let views = hub.shown().await;
            let parties = |view: &Vec<u8>| -> Vec<String> {
                let view: Value = serde_json::from_slice(view).expect("a view");
                serde_json::from_value(view["parties"].clone()).expect("parties")
            };
            let customers: BTreeMap<String, Vec<String>> =
                views.iter().map(|(id, view)| (id.clone(), parties(view))).collect();
            let text = |all: BTreeMap<String, Vec<u8>>| -> BTreeMap<String, String> {
                all.into_iter().map(|(id, view)| (id, String::from_utf8_lossy(&view).into_owned())).collect()
            };
            prop_assert_eq!(text(last(&hub).await), text(views));
            prop_assert_eq!(replayed(&hub).await, customers);
            Ok(())
        })?;
    }
}
