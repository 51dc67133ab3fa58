//! Claims about inbox, holders and clusters.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use onefold_identity::IdentifierKey;

use crate::answer::{customers, done, some};
use crate::rows::{party, project};
use onefold_store::{ClusterChange, ClusterRow, ResolveStore, ResolveTx, Store};

pub(crate) const A: &str = "party:erp:A";
pub(crate) const B: &str = "party:crm:B";
const PHONE: &str = "13800138000";

fn phone() -> IdentifierKey {
    match "phone:+8613800138000".parse() {
        Ok(key) => key,
        Err(error) => panic!("{error}"),
    }
}

pub(crate) fn cluster(parties: &[&str]) -> ClusterRow {
    let head = parties.first().copied().unwrap_or_default().to_owned();
    ClusterRow { head, parties: parties.iter().map(|party| (*party).to_owned()).collect() }
}

/// Claims of what waits. What a dropped transaction held is free soon, not at once.
async fn begin_soon(store: &dyn Store, max: usize) -> Box<dyn ResolveTx> {
    let began = Instant::now();
    loop {
        match done(ResolveStore::begin(store, max).await) {
            None if began.elapsed() < Duration::from_secs(10) => drop(done(store.backlog().await)),
            begun => return some(begun),
        }
    }
}

/// Writes a change over whatever waits.
pub(crate) async fn resolve(store: &dyn Store, change: ClusterChange) -> Vec<String> {
    let mut tx = begin_soon(store, 100).await;
    let claimed = tx.claimed().to_vec();
    done(tx.save(change).await);
    done(tx.commit().await);
    claimed
}

pub(crate) async fn what_waits_is_claimed_once_and_stays_where_the_claim_is_dropped(store: &dyn Store) {
    assert!(done(ResolveStore::begin(store, 10).await).is_none());
    project(store, 0, &[(A, party(A, "王伟", &[])), (B, party(B, "李娜", &[]))]).await;
    project(store, 1, &[(A, party(A, "王伟", &[PHONE]))]).await;
    assert_eq!(done(store.backlog().await).inbox, 2);
    let dropped = some(done(ResolveStore::begin(store, 1).await));
    assert_eq!(dropped.claimed().len(), 1);
    drop(dropped);
    let claimed: BTreeSet<String> = resolve(store, ClusterChange::default()).await.into_iter().collect();
    assert_eq!(claimed, BTreeSet::from([A.to_owned(), B.to_owned()]));
    assert!(done(ResolveStore::begin(store, 10).await).is_none());
}

pub(crate) async fn holders_are_counted_who_ever_asserted_and_who_waits(store: &dyn Store) {
    project(store, 0, &[(A, party(A, "王伟", &[PHONE]))]).await;
    resolve(store, ClusterChange::default()).await;
    project(store, 0, &[(B, party(B, "李娜", &[PHONE]))]).await;
    project(store, 1, &[("party:desk:C", party("party:desk:C", "李娜", &[PHONE]))]).await;
    let mut tx = some(done(ResolveStore::begin(store, 1).await));
    let unknown = some("phone:+8613900139000".parse::<IdentifierKey>().ok());
    let holders = done(tx.holders(&[unknown, phone()], 10).await);
    assert_eq!((holders[0].ever, holders[0].waiting, holders[0].present.len()), (0, 0, 0));
    // One of the two that waited has been claimed here.
    assert_eq!((holders[1].ever, holders[1].waiting, holders[1].present.len()), (3, 1, 3));
    assert_eq!(done(tx.holders(&[phone()], 1).await)[0].present.len(), 2, "the limit, and who waits");
    let rows = done(tx.parties(&[B.to_owned(), "party:erp:none".to_owned()]).await);
    assert!(rows[0].state.is_some() && rows[0].first_seen < i64::MAX);
    assert_eq!((rows[1].state.is_none(), rows[1].first_seen), (true, i64::MAX));
}

pub(crate) async fn who_waits_and_is_read_is_claimed(store: &dyn Store) {
    project(store, 0, &[(A, party(A, "王伟", &[PHONE])), (B, party(B, "李娜", &[PHONE]))]).await;
    let both = [A.to_owned(), B.to_owned()];
    for keep in [false, true] {
        let mut tx = begin_soon(store, 1).await;
        let claimed = tx.claimed().to_vec();
        assert_eq!(done(tx.holders(&[phone()], 10).await)[0].waiting, 1);
        let rows = done(tx.parties(&both).await);
        for row in &rows {
            assert_eq!(row.waited, !claimed.contains(&row.key), "the one that was not claimed before");
        }
        assert_eq!(done(tx.holders(&[phone()], 10).await)[0].waiting, 0);
        assert!(done(tx.parties(&both).await).iter().all(|row| !row.waited), "once");
        // Dropped, both wait again.
        if keep {
            done(tx.save(ClusterChange::default()).await);
            done(tx.commit().await);
        }
    }
    assert!(done(ResolveStore::begin(store, 10).await).is_none());
}

pub(crate) async fn whoever_shares_a_value_that_is_taken_back_is_looked_at_again(store: &dyn Store) {
    project(store, 0, &[(A, party(A, "王伟", &[PHONE])), (B, party(B, "李娜", &[PHONE]))]).await;
    resolve(store, ClusterChange::default()).await;
    project(store, 0, &[(A, party(A, "王伟", &[]))]).await;
    let mut tx = some(done(ResolveStore::begin(store, 10).await));
    assert!(tx.claimed().contains(&B.to_owned()), "{:?}", tx.claimed());
    let holders = done(tx.holders(&[phone()], 10).await).remove(0);
    assert_eq!((holders.ever, holders.present), (1, vec![B.to_owned()]));
}

pub(crate) async fn clusters_are_what_was_written_last(store: &dyn Store) {
    let c = "party:desk:C";
    let three = [A, B, c].map(|key| (key, party(key, "王伟", &[])));
    project(store, 0, &three).await;
    resolve(store, ClusterChange { formed: vec![cluster(&[A, B])], ..Default::default() }).await;
    project(store, 0, &three).await;
    let gone = ClusterChange {
        dissolved: BTreeSet::from([A.to_owned(), B.to_owned()]),
        formed: vec![cluster(&[c, B])],
        ..Default::default()
    };
    resolve(store, gone).await;
    project(store, 0, &three).await;
    let mut tx = some(done(ResolveStore::begin(store, 10).await));
    assert_eq!(done(tx.clusters(&[A.to_owned(), B.to_owned(), c.to_owned()]).await), [cluster(&[c, B])]);
    assert_eq!(done(tx.clusters(&[A.to_owned()]).await), []);
    drop(tx);
    assert_eq!(done(customers(store).status().await).counts.customers, 2);
}
