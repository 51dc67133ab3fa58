//! Claims about publishing.

use std::collections::BTreeSet;

use crate::answer::{customers, done, some};
use crate::resolve::{A, B, cluster, resolve};
use crate::rows::{changes, invoice, party, project, set};
use onefold_customer::CustomerRows;
use onefold_store::{
    ClusterChange, IdentityChange, Members, Note, ProjectStore, Published, PublisherLease, Store, StoreError,
};

const C: &str = "party:desk:C";
const PHONE: &str = "13800138000";
const KEY: &str = "identifier:phone:+8613800138000";

fn owner(key: &str) -> Note {
    Note::Owner(key.to_owned())
}

fn opened(key: &str) -> Note {
    let customer = Members { head: key.to_owned(), parties: vec![key.to_owned()] };
    Note::Identity(IdentityChange::Opened { customer })
}

/// Projects one party with notes.
async fn noted(store: &dyn Store, key: &str, notes: Vec<Note>) -> bool {
    let at = done(ProjectStore::positions(store).await)[0];
    let mut tx = done(ProjectStore::begin(store, &[(0, at, at + 1)]).await);
    let publishes = tx.publishes();
    let mut changes = changes(tx.as_mut(), &[(key, party(key, "王伟", &[]))]).await;
    changes.notes = notes;
    done(tx.save(changes).await);
    done(tx.commit().await);
    publishes
}

async fn waiting(store: &dyn Store) -> Vec<Note> {
    done(store.notes(100).await).into_iter().map(|(_, note)| note).collect()
}

async fn turn(store: &dyn Store, now: i64) -> PublisherLease {
    some(done(store.turn(now).await))
}

fn parties(rows: &[CustomerRows]) -> BTreeSet<Vec<&str>> {
    rows.iter().map(|rows| rows.parties.keys().map(String::as_str).collect()).collect()
}

pub(crate) async fn notes_are_kept_only_while_somebody_publishes(store: &dyn Store) {
    assert!(!noted(store, A, vec![owner(A)]).await);
    assert!(done(store.turn(1).await).is_none() && waiting(store).await.is_empty());
    assert_eq!(done(store.unpublished().await), onefold_store::Unpublished::default());
    done(store.publish(true).await);
    done(store.publish(true).await);
    assert!(noted(store, B, vec![opened(B), owner(B)]).await);
    resolve(store, ClusterChange { notes: vec![owner(A)], ..Default::default() }).await;
    assert_eq!(waiting(store).await, [opened(B), owner(B), owner(A)]);
    let waits = done(store.unpublished().await);
    assert_eq!((waits.enabled, waits.notes, waits.sweeping, waits.is_done()), (true, 3, true, false));
    // What was there before is gone through, what came since is followed.
    assert_eq!((waits.behind, turn(store, 1).await.sweep), (vec![1, 0, 0], Some(String::new())));
    done(store.publish(false).await);
    assert!(waiting(store).await.is_empty() && !noted(store, C, vec![owner(C)]).await);
    done(store.publish(true).await);
    assert!(waiting(store).await.is_empty());
}

pub(crate) async fn a_version_rises_and_what_is_done_is_done_once(store: &dyn Store) {
    done(store.publish(true).await);
    noted(store, A, vec![owner(A)]).await;
    let first = turn(store, 1000).await;
    let second = turn(store, 500).await;
    assert_eq!((first.version, second.version, second.epoch), (1000, 1001, first.epoch));
    assert_eq!((second.positions.clone(), second.projected.clone()), (vec![0, 0, 0], vec![1, 0, 0]));
    let notes: Vec<u64> = done(store.notes(100).await).into_iter().map(|(number, _)| number).collect();
    noted(store, B, vec![owner(B)]).await;
    let published = Published { positions: vec![1, 0, 0], notes, sweep: None };
    done(store.published(&second, &published).await);
    assert_eq!(waiting(store).await, [owner(B)]);
    let third = turn(store, 2000).await;
    assert_eq!((third.version, third.positions.clone(), third.sweep.clone()), (2000, vec![1, 0, 0], None));
    done(store.publish(false).await);
    done(store.publish(true).await);
    assert_eq!(store.published(&third, &published).await, Err(StoreError::Superseded), "of an earlier run");
    assert!(turn(store, 1).await.version > third.version);
}

pub(crate) async fn all_parties_come_in_pages_each_once(store: &dyn Store) {
    project(store, 0, &[A, B, C].map(|key| (key, party(key, "王伟", &[])))).await;
    project(store, 0, &[("invoice:erp:1", invoice("invoice:erp:1", "60.00", KEY))]).await;
    let (mut from, mut seen) = (String::new(), Vec::new());
    loop {
        let page = done(store.party_page(&from, 2).await);
        seen.extend(page.parties);
        let Some(next) = page.next else { break };
        from = next;
    }
    seen.sort();
    assert_eq!(seen, [B, C, A]);
}

pub(crate) async fn customers_are_found_by_what_they_own(store: &dyn Store) {
    let of_both = set(&[A, B]);
    let rows = [
        (A, party(A, "王伟", &[PHONE])),
        (B, party(B, "王伟", &[])),
        ("invoice:erp:2", invoice("invoice:erp:2", "30.00", KEY)),
        ("invoice:erp:3", invoice("invoice:erp:3", "10.00", &of_both)),
    ];
    project(store, 0, &rows).await;
    let of = async |keys: &[&str]| {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        done(customers(store).customers_of(&keys, &[]).await)
    };
    assert_eq!(parties(&of(&[KEY]).await), BTreeSet::from([vec![A]]));
    assert!(of(&[&of_both, "party:erp:nobody", "identifier:phone:+8613900139000"]).await.is_empty());
    resolve(store, ClusterChange { formed: vec![cluster(&[A, B])], ..Default::default() }).await;
    let found = of(&[KEY, A, &of_both]).await;
    assert_eq!(parties(&found), BTreeSet::from([vec![B, A]]));
    assert_eq!(found[0], some(done(customers(store).customer(A).await)));
}

pub(crate) async fn around_a_party_is_whoever_shares_a_value_until_so_many_do_that_it_says_nothing(store: &dyn Store) {
    done(store.publish(true).await);
    let shared = set(&[KEY, C]);
    let rows = [
        (A, party(A, "王伟", &[PHONE])),
        (B, party(B, "李娜", &[PHONE])),
        (C, party(C, "李娜", &[])),
        ("invoice:erp:3", invoice("invoice:erp:3", "10.00", &shared)),
    ];
    project(store, 0, &rows).await;
    let around = async |key: &str| done(customers(store).customers_of(&[], &[key.to_owned()]).await);
    assert_eq!(parties(&around(A).await), BTreeSet::from([vec![A], vec![B], vec![C]]));
    assert_eq!(parties(&around(C).await), BTreeSet::from([vec![C]]));
    // Twenty more, of which the notes wait: the last one to be looked at still has to tell the first two.
    let many: Vec<String> = (0..20).map(|n| format!("party:shop:{n:02}")).collect();
    let rows: Vec<_> = many.iter().map(|key| (key.as_str(), party(key, key, &[PHONE]))).collect();
    project(store, 0, &rows).await;
    let last = &many[19];
    assert_eq!(parties(&around(last).await), BTreeSet::from([vec![last.as_str()]]), "21 linked nobody before");
    noted(store, "party:erp:Z", many.iter().map(|key| owner(key)).collect()).await;
    assert_eq!(around(last).await.len(), 23);
}
