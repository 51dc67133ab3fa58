//! Claims about marks and what is found.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::answer::{done, some};
use crate::resolve::{A, B, cluster, resolve};
use crate::rows::{party, project};
use onefold_store::{AssembleStore, AssembleTx, ClusterChange, PartyBundles, SearchRow, Store};

/// Materialises all that is marked.
pub(crate) async fn assemble(store: &dyn Store) -> Vec<PartyBundles> {
    materialise(some(done(AssembleStore::begin(store, 100).await))).await
}

async fn materialise(mut tx: Box<dyn AssembleTx>) -> Vec<PartyBundles> {
    let claimed = tx.claimed().to_vec();
    let customers = done(tx.customers(&claimed).await);
    done(tx.save(customers.iter().map(SearchRow::of).collect()).await);
    done(tx.commit().await);
    customers
}

pub(crate) async fn a_mark_is_claimed_with_its_customer_and_stays_where_the_claim_is_dropped(store: &dyn Store) {
    assert!(done(AssembleStore::begin(store, 10).await).is_none());
    project(store, 0, &[(A, party(A, "王伟", &[])), (B, party(B, "李娜", &[]))]).await;
    let mut dropped = some(done(AssembleStore::begin(store, 1).await));
    assert_eq!(dropped.claimed().len(), 1);
    let claimed = dropped.claimed().to_vec();
    assert_eq!(done(dropped.customers(&claimed).await).len(), 1);
    drop(dropped);
    // What a dropped transaction held is free soon, not at once.
    let (began, mut parties) = (Instant::now(), BTreeSet::new());
    while parties.len() < 2 && began.elapsed() < Duration::from_secs(10) {
        match done(AssembleStore::begin(store, 100).await) {
            Some(tx) => parties.extend(materialise(tx).await.into_iter().flat_map(PartyBundles::into_keys)),
            None => drop(done(store.backlog().await)),
        }
    }
    assert_eq!(parties, BTreeSet::from([A.to_owned(), B.to_owned()]));
    assert!(done(AssembleStore::begin(store, 10).await).is_none());
}

pub(crate) async fn a_merge_leaves_one_search_row_and_a_split_two(store: &dyn Store) {
    let two = [(A, party(A, "王伟", &[])), (B, party(B, "李娜", &[]))];
    let marks = BTreeSet::from([A.to_owned(), B.to_owned()]);
    project(store, 0, &two).await;
    assemble(store).await;
    resolve(store, ClusterChange { formed: vec![cluster(&[A, B])], marks: marks.clone(), ..Default::default() }).await;
    assert_eq!(assemble(store).await.len(), 1, "one customer, once");
    for name in ["王伟", "李娜"] {
        let found = done(store.find(name, 10).await);
        let parties: Vec<BTreeSet<String>> =
            found.into_iter().map(|found| found.parties.into_iter().collect()).collect();
        assert!(parties.len() == 1 && parties.contains(&marks), "{name}: {parties:?}");
    }
    project(store, 0, &two).await;
    resolve(store, ClusterChange { dissolved: marks.clone(), marks, ..Default::default() }).await;
    assert_eq!(assemble(store).await.len(), 2);
    for (name, party) in [("王伟", A), ("李娜", B)] {
        let found = done(store.find(name, 10).await);
        assert_eq!(found.iter().flat_map(|found| found.parties.clone()).collect::<Vec<_>>(), [party], "{name}");
    }
}
