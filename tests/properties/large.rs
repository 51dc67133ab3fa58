//! One large thing starves nobody: what it costs is counted in rows, and grows as it does.

use std::collections::BTreeSet;
use std::sync::Arc;

use onefold_event::Event;
use onefold_projector::{Options, Projector};
use onefold_resolver::Resolver;
use onefold_stage::{Progress, Stage};
use onefold_store::ResolveStore;
use onefold_testkit::{CountedStore, Draft, Rows, Shape, TestHub, hub_key, linked, party};

use crate::cases::parties;

/// Customers of a hub, each by its parties.
async fn customers(hub: &TestHub, all: usize) -> BTreeSet<Vec<String>> {
    let mut customers = BTreeSet::new();
    for n in 0..all {
        customers.insert(parties(hub, &format!("party:erp:{n:05}")).await);
    }
    customers
}

/// Party `n` of a chain: it shares a value with the one before it and another one with the one after it.
fn link(n: usize, name: &str) -> Draft {
    let (one, other) = (format!("club:{n:05}"), format!("club:{:05}", n + 1));
    party(&format!("party:erp:{n:05}"), name, &[("loyalty", &one), ("loyalty", &other)])
}

/// A hub whose resolver is stepped alone, with its rows counted.
struct Chain {
    hub: TestHub,
    projector: Projector,
    resolver: Resolver,
    store: CountedStore<dyn ResolveStore>,
}

impl Chain {
    async fn new(shape: Shape) -> Self {
        let hub = TestHub::on(&crate::engine(), shape).await;
        let store = CountedStore::<dyn ResolveStore>::new(Arc::clone(&hub.store) as _);
        let projector =
            Projector::new(Arc::clone(&hub.log), Arc::clone(&hub.store) as _, hub_key(), Options::default());
        let resolver = Resolver::new(Arc::new(store.clone()), shape.rules(), Default::default());
        Self { hub, projector, resolver, store }
    }

    /// What the resolver reads and writes for these, and in how many steps.
    async fn cost(&mut self, drafts: &[Draft]) -> (Rows, usize) {
        let events: Vec<Event> = drafts.iter().map(Draft::event).collect();
        self.hub.append(&events).await;
        while self.hub.store.positions().await.unwrap() != self.hub.log.heads("events").await.unwrap() {
            self.projector.step().await.unwrap();
        }
        self.store.take();
        let mut steps = 0;
        while self.resolver.step().await.unwrap() != Progress::Idle {
            steps += 1;
        }
        (self.store.take(), steps)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_clustering_a_chain_of_parties_costs_grows_with_their_number() {
    for n in [500, 1_000, 2_000] {
        let mut chain = Chain::new(Shape::default()).await;
        let (first, steps) = chain.cost(&(0..n).map(|n| link(n, "Alpha")).collect::<Vec<_>>()).await;
        assert_eq!(steps, 1, "whoever waits in a component is claimed with it");
        let n = n as u64;
        assert!(first.read <= 6 * n + 20 && first.written <= 4 * n, "{n}: {first:?}");
        let (again, _) = chain.cost(&[link(n as usize / 2, "Beta").revision(1)]).await;
        // Each party, each value with both its holders, and the customer twice.
        assert!(again.read <= 6 * n + 20, "{n}: {again:?}");
        assert!(again.written <= 2, "{n}: {again:?}");
        let (one_more, _) = chain.cost(&[link(n as usize, "Alpha")]).await;
        assert!(one_more.read <= 6 * n + 20 && one_more.written <= 6, "{n}: {one_more:?}");
        chain.hub.settle().await;
        assert_eq!(parties(&chain.hub, "party:erp:00000").await.len() as u64, n + 1);
        let verified = chain.hub.verify().await;
        assert!(verified.is_equal(), "{verified:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_that_is_full_is_the_same_in_any_order_and_is_shown() {
    let shape = Shape { full_from: Some(3), ..Shape::default() };
    let all: Vec<Draft> = (0..8).map(|n| link(n, "Alpha")).collect();
    let mut found = BTreeSet::new();
    for turn in 0..all.len() {
        for reversed in [false, true] {
            for at_once in [1, 3, 8] {
                let mut drafts = all.clone();
                drafts.rotate_left(turn);
                if reversed {
                    drafts.reverse();
                }
                let mut hub = TestHub::on(&crate::engine(), shape).await;
                for some in drafts.chunks(at_once) {
                    hub.append(&some.iter().map(Draft::event).collect::<Vec<_>>()).await;
                    hub.settle().await;
                }
                let verified = hub.verify().await;
                assert!(verified.is_equal(), "{verified:#?}");
                found.insert(customers(&hub, all.len()).await);
            }
        }
    }
    let customer = |parties: std::ops::Range<usize>| parties.map(|n| format!("party:erp:{n:05}")).collect::<Vec<_>>();
    assert_eq!(found, BTreeSet::from([BTreeSet::from([customer(0..3), customer(3..6), customer(6..8)])]));

    let mut hub = TestHub::on(&crate::engine(), shape).await;
    hub.append(&all.iter().map(Draft::event).collect::<Vec<_>>()).await;
    hub.settle().await;
    assert_eq!(hub.status().await.full_customers, 2);
    let full = async |hub: &TestHub, n: usize| {
        hub.customer(&format!("party:erp:{n:05}")).await.view(&shape.rules(), None, None).full
    };
    assert!(full(&hub, 0).await && full(&hub, 4).await && !full(&hub, 7).await);
    // A person may join them all the same.
    hub.append(&[linked(1, &["party:erp:00000", "party:erp:00007"]).event()]).await;
    hub.settle().await;
    let verified = hub.verify().await;
    assert!(verified.is_equal(), "{verified:#?}");
    assert!(parties(&hub, "party:erp:00007").await.contains(&"party:erp:00000".to_owned()));
}
