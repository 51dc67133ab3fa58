//! Long histories: what is stored of them depends on the events alone, and one more event costs a few rows.

use std::sync::Arc;

use onefold_event::{Event, v1};
use onefold_fold::MOST_FACTS;
use onefold_projector::{Projector, ProjectorOptions};
use onefold_stage::Stage;
use onefold_store::ProjectStore;
use onefold_testkit::{CountedStore, Draft, Rows, Shape, TestHub, hub_keys, party};
use proptest::prelude::*;

use crate::order::{outcome, runtime, shape};

const BUSY: &str = "party:erp:busy";

/// Events about four subjects, so that each has some more and some fewer of them than a row holds: told again, revised,
/// contradicted.
fn busy() -> impl Strategy<Value = Vec<(Event, i64)>> {
    let phone = prop::sample::select(&["13800138000", "13900139000", "13700137000"][..]);
    let recorded = (0..60u32, phone, 1..3i64, prop::sample::select(&["gold", "silver", ""][..]));
    let recorded = recorded.prop_map(|(n, phone, revision, plan)| {
        let draft = party(BUSY, "王伟", &[("phone", phone)]).attribute(&format!("plan {}", n % 3), plan);
        draft.contact(&format!("person {}", n % 3), phone).id(&format!("record {n}")).revision(revision)
    });
    let noted = (0..60u32, 0..3u8).prop_map(|(n, with)| {
        let noted = v1::CaseNoted { with: format!("desk {with}"), ..Default::default() };
        Draft::new("case:desk:1", noted).id(&format!("note {n}")).refer("order", "order:erp:1")
    });
    let amended = (0..60u32, 1..4u32).prop_map(|(n, total)| {
        let total = Some(v1::Money { amount: format!("{total}.00"), currency: "CNY".into() });
        let amended = v1::OrderAmended { total, ..Default::default() };
        Draft::new("order:erp:1", amended).id(&format!("change {n}")).refer("buyer", BUSY)
    });
    // Whatever order it is about, a stock takes in a fact without asking where it stands; a revision of one it does not.
    let reserved = (0..60u32, 0..3u8, 1..3i64).prop_map(|(n, order, revision)| {
        let reserved = v1::StockReserved { quantity: "1".into(), ..Default::default() };
        let reserved = Draft::new("stock:wms:P1", reserved).id(&format!("reserved {n}")).revision(revision);
        reserved.refer("order", &format!("order:erp:{order}"))
    });
    let draft = prop_oneof![recorded, noted, amended, reserved];
    prop::collection::vec((draft, 0..200i64), 80..260).prop_map(|drafts| {
        let event =
            |(n, (draft, at)): (usize, (Draft, i64))| (draft.later(at).event(), 1_750_000_000_000_000 + n as i64);
        drafts.into_iter().enumerate().map(event).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_long_history_is_the_same_in_any_order(
        events in busy(),
        order in prop::collection::vec(any::<u32>(), 260),
        doubled in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), -500..500i64), 0..20),
        (one, other) in (shape(), shape()),
        settle_every in 1..50usize,
    ) {
        let other = Shape { limit: one.limit, full_from: one.full_from, ..other };
        let mut shuffled: Vec<(u32, (Event, i64))> = order.into_iter().cycle().zip(events.iter().cloned()).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let mut shuffled: Vec<(Event, i64)> = shuffled.into_iter().map(|(_, event)| event).collect();
        let mut once = events;
        for (which, place, by) in doubled {
            // A copy that the hub took in earlier or later: in both, so that both are the same set.
            let (event, at) = shuffled[which.index(shuffled.len())].clone();
            once.push((event.clone(), at + by * 1_000));
            shuffled.insert(place.index(shuffled.len()), (event, at + by * 1_000));
        }
        runtime().block_on(async {
            // Each is compared row by row with what its log says.
            let (a, b) = (outcome(&once, one, usize::MAX).await, outcome(&shuffled, other, settle_every).await);
            prop_assert_eq!((a.digest, a.ids, a.customers), (b.digest, b.ids, b.customers));
            prop_assert_eq!((a.conflicts, a.documents), (b.conflicts, b.documents));
            Ok(())
        })?;
    }
}

/// The stock of a product, counted once more.
fn counted(day: i64) -> Draft {
    let counted =
        v1::StockCounted { product: "product:erp:P1".into(), quantity: day.to_string(), ..Default::default() };
    Draft::new("stock:wms:P1", counted).id(&format!("count {day}")).later(day * 86_400)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_more_event_about_a_subject_of_ten_thousand_costs_a_few_rows() {
    let mut hub = TestHub::on(&crate::engine(), Shape::default()).await;
    let store = CountedStore::<dyn ProjectStore>::new(Arc::clone(&hub.store) as _);
    let mut projector = Projector::new(
        Arc::clone(&hub.log),
        Arc::new(store.clone()),
        hub_keys(),
        ProjectorOptions { batch: 1_000, portion: 200 },
    );
    let days: Vec<Event> = (0..10_000).map(|day| counted(day).event()).collect();
    hub.append(&days).await;
    let mut project = async |hub: &mut TestHub, event: Option<Event>| {
        hub.append(&event.into_iter().collect::<Vec<_>>()).await;
        while hub.store.positions().await.unwrap() != hub.log.heads("events").await.unwrap() {
            projector.step().await.unwrap();
        }
        store.take()
    };
    let whole = project(&mut hub, None).await;
    // Each fact once, and the subject once a portion.
    assert!(whole.written < 10_000 + 100, "{whole:?}");

    let next = project(&mut hub, Some(counted(10_000).event())).await;
    assert_eq!((next.read, next.written), (1, 2), "its subject's row; that and its own");
    assert!(next.bytes < 200, "{next:?}");
    let again = project(&mut hub, Some(counted(77).event())).await;
    assert_eq!(again, Rows { read: 2, written: 0, bytes: 0 }, "its subject's row and the copy that is known");
    // Out of order too, since nothing that is kept of a stock depends on it.
    let late = project(&mut hub, Some(counted(-1).event())).await;
    assert_eq!((late.read, late.written), (1, 2));
    assert!(late.bytes < 200, "{late:?}");
    // What stands instead of something else is folded afresh, from all facts; it is written alone.
    let revised = project(&mut hub, Some(counted(5).revision(2).event())).await;
    assert_eq!((revised.read, revised.written), (2 + 10_002, 2));
    assert_eq!(hub.status().await.counts.subjects, 1);
    let verified = hub.verify().await;
    assert!(verified.is_equal(), "{verified:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_becomes_long_with_one_event_more_than_its_row_holds() {
    let mut hub = TestHub::on(&crate::engine(), Shape::default()).await;
    let subject = ["stock:wms:P1".to_owned()];
    for (day, long) in [(MOST_FACTS as i64 - 1, false), (MOST_FACTS as i64, true)] {
        let from = hub.status().await.counts.positions.iter().sum::<u64>() as i64;
        hub.append(&(from..=day).map(|day| counted(day).event()).collect::<Vec<_>>()).await;
        hub.settle().await;
        let state = hub.store.subjects(&subject).await.unwrap().remove(0).unwrap();
        assert_eq!((state.is_long(), state.facts.is_empty(), state.copy_count()), (long, long, day as u64 + 1));
        let verified = hub.verify().await;
        assert!(verified.is_equal(), "{verified:#?}");
    }
}
