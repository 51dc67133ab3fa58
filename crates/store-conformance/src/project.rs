//! Claims about what the projector saves.

use crate::answer::{customers, done, some};
use crate::rows::{changes, invoice, party, project, set};
use onefold_store::{ListingOrder, ProjectStore, ReadStore, Store};

const A: &str = "party:erp:A";

pub(crate) async fn what_is_saved_is_read_back_in_the_order_asked(store: &dyn Store) {
    let (of_a, first) = (party(A, "王伟", &["13800138000"]), invoice("invoice:erp:1", "60.00", A));
    project(store, 0, &[(A, of_a.clone()), ("invoice:erp:1", first.clone())]).await;
    let mut tx = done(ProjectStore::begin(store, &[(1, 0, 1)]).await);
    let asked = ["invoice:erp:1", "order:erp:none", A, "invoice:erp:1"].map(str::to_owned);
    let expected = vec![Some(first.clone()), None, Some(of_a), Some(first.clone())];
    assert_eq!(done(tx.subjects(&asked).await), expected);
    let owners = done(tx.owners(&["party:erp:none".to_owned(), A.to_owned()]).await);
    assert_eq!(owners[0], None);
    assert_eq!(owners[1].as_ref().map(|row| row.bundle.document_count()), Some(1));
    assert!(owners[1].as_ref().is_some_and(|row| row.digest.is_some() && row.first_seen.is_some()));
    assert_eq!(done(tx.documents(A).await), ["invoice:erp:1"]);
    // Written again under another owner: it leaves the one and enters the other.
    let moved = invoice("invoice:erp:1", "35.00", "party:erp:B");
    let changed = changes(tx.as_mut(), &[("invoice:erp:1", moved.clone())]).await;
    done(tx.save(changed).await);
    assert_eq!(done(tx.documents(A).await), Vec::<String>::new());
    done(tx.commit().await);
    assert_eq!(done(ReadStore::subjects(store, &asked[..1]).await), [Some(moved)]);
    assert_eq!(done(ProjectStore::positions(store).await), [1, 1, 0]);
    assert!(some(done(customers(store).customer(A).await)).open.is_empty());
}

pub(crate) async fn a_transaction_that_is_dropped_leaves_no_trace(store: &dyn Store) {
    for commit in [false, true] {
        let mut tx = done(ProjectStore::begin(store, &[(0, 0, 5)]).await);
        let changed = changes(tx.as_mut(), &[(A, party(A, "王伟", &["13800138000"]))]).await;
        done(tx.save(changed).await);
        if commit {
            done(tx.commit().await);
        } else {
            drop(tx);
            assert_eq!(done(ProjectStore::positions(store).await), [0, 0, 0]);
            assert_eq!(done(customers(store).customer(A).await), None);
            assert!(!done(store.followed().await).waiting);
        }
    }
    assert_eq!(done(ProjectStore::positions(store).await), [5, 0, 0]);
    let status = done(customers(store).status().await);
    assert_eq!((status.counts.parties, status.counts.subjects, status.counts.customers), (1, 1, 1));
}

pub(crate) async fn nobody_sees_a_transaction_before_its_end(store: &dyn Store) {
    project(store, 0, &[(A, party(A, "王伟", &[]))]).await;
    let before = done(customers(store).status().await);
    let mut tx = done(ProjectStore::begin(store, &[(0, 1, 2)]).await);
    let changed = changes(tx.as_mut(), &[("invoice:erp:1", invoice("invoice:erp:1", "60.00", A))]).await;
    done(tx.save(changed).await);
    assert_eq!(done(customers(store).status().await), before);
    assert_eq!(done(ReadStore::subjects(store, &["invoice:erp:1".to_owned()]).await), [None]);
    done(tx.commit().await);
    let after = done(customers(store).status().await);
    assert_eq!((after.counts.positions[0], after.counts.subjects, after.owned().documents), (2, 2, 1));
}

pub(crate) async fn an_owner_key_of_any_length_is_kept(store: &dyn Store) {
    let parties: Vec<String> = (0..200).map(|n| format!("party:erp:a-number-of-some-length-{n:04}")).collect();
    let all: Vec<&str> = parties.iter().map(String::as_str).collect();
    let owner = set(&all);
    assert!(owner.len() > 5000);
    let rows: Vec<_> = all.iter().map(|key| (*key, party(key, "王伟", &[]))).collect();
    project(store, 0, &rows).await;
    project(store, 0, &[("invoice:erp:1", invoice("invoice:erp:1", "60.00", &owner))]).await;
    let mut tx = done(ProjectStore::begin(store, &[(1, 0, 1)]).await);
    let row = done(tx.owners(std::slice::from_ref(&owner)).await).remove(0);
    assert_eq!(row.map(|row| row.bundle.document_count()), Some(1));
    assert_eq!(done(tx.documents(&owner).await), ["invoice:erp:1"]);
    drop(tx);
    assert_eq!(done(customers(store).status().await).unattributed.documents, 1);
    let page = done(customers(store).unattributed_documents(ListingOrder::OldestFirst, None, 10).await);
    assert!(page.iter().any(|row| row.owner == owner && row.place.subject == "invoice:erp:1"), "{page:?}");
}

pub(crate) async fn what_is_saved_in_portions_adds_up(store: &dyn Store) {
    let mut tx = done(ProjectStore::begin(store, &[(0, 0, 3)]).await);
    for (number, total) in [("1", "60.00"), ("2", "40.00"), ("1", "35.00")] {
        let key = format!("invoice:erp:{number}");
        let changed = changes(tx.as_mut(), &[(&key, invoice(&key, total, A))]).await;
        done(tx.save(changed).await);
        let row = done(tx.subjects(std::slice::from_ref(&key)).await).remove(0);
        assert_eq!(row, Some(invoice(&key, total, A)));
    }
    assert_eq!(done(customers(store).status().await).counts.subjects, 0);
    done(tx.commit().await);
    let status = done(customers(store).status().await);
    assert_eq!((status.counts.positions[0], status.counts.subjects, status.owned().documents), (3, 2, 2));
    let open: Vec<String> =
        some(done(customers(store).customer(A).await)).open.into_iter().map(|item| item.open).collect();
    assert_eq!(open, ["35.00", "40.00"]);
}
