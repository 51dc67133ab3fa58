//! Claims about what a verification reads.

use std::sync::{Arc, Mutex, PoisonError};

use onefold_view::{Bundle, Digest, DigestSum};
use prost::Message;

use crate::answer::{customers, done};
use crate::resolve::{A, B};
use crate::rows::{invoice, party, project};
use onefold_store::{KeyPrint, ProjectStore, RowPrint, Store, StoredTable, VerifySnapshot, VerifyStore};

/// Rows of a table: prints and keys.
async fn rows(snapshot: &dyn VerifySnapshot, table: StoredTable) -> Vec<(RowPrint, String)> {
    let found = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&found);
    let each = move |print: RowPrint, key: &dyn Fn() -> String| {
        into.lock().unwrap_or_else(PoisonError::into_inner).push((print, key()));
    };
    done(snapshot.scan(table, Arc::new(each)).await);
    let mut found = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    found.sort();
    found
}

pub(crate) async fn a_snapshot_shows_each_row_once_and_nothing_later(store: &dyn Store) {
    let (of_a, bill) = (party(A, "王伟", &["13800138000"]), invoice("invoice:erp:1", "60.00", A));
    project(store, 0, &[(A, of_a.clone()), ("invoice:erp:1", bill.clone())]).await;
    let snapshot = done(VerifyStore::snapshot(store).await);
    project(store, 1, &[(B, party(B, "李娜", &[]))]).await;
    assert_eq!(snapshot.kept().positions, [1, 0, 0]);
    assert!(snapshot.kept().waiting);
    let mut expected: Vec<(RowPrint, String)> = [(A, &of_a), ("invoice:erp:1", &bill)]
        .map(|(key, state)| {
            let print = RowPrint::of(StoredTable::Subjects, KeyPrint::of(key), &[&state.encode_to_vec()]);
            (print, key.to_owned())
        })
        .to_vec();
    expected.sort();
    assert_eq!(rows(snapshot.as_ref(), StoredTable::Subjects).await, expected);
    let (of, at) = (KeyPrint::of("invoice:erp:1").bytes(), bill.at().to_be_bytes());
    let document = RowPrint::of(StoredTable::Documents, KeyPrint::of(A), &[&of, &at]);
    assert_eq!(rows(snapshot.as_ref(), StoredTable::Documents).await, [(document, A.to_owned())]);
    for (table, count) in
        [(StoredTable::Owners, 1), (StoredTable::OpenItems, 1), (StoredTable::Keys, 0), (StoredTable::Members, 0)]
    {
        assert_eq!(rows(snapshot.as_ref(), table).await.len(), count, "{}", table.name());
    }
    let later = done(VerifyStore::snapshot(store).await);
    assert_eq!(rows(later.as_ref(), StoredTable::Subjects).await.len(), 3);
}

pub(crate) async fn sums_are_those_of_the_rows(store: &dyn Store) {
    let bill = |total: &str, owner: &str| ("invoice:erp:1", invoice("invoice:erp:1", total, owner));
    project(store, 0, &[(A, party(A, "王伟", &[])), (B, party(B, "李娜", &[])), bill("60.00", A)]).await;
    project(store, 1, &[bill("35.00", B)]).await;
    let keys = [A.to_owned(), B.to_owned()];
    let mut tx = done(ProjectStore::begin(store, &[(2, 0, 1)]).await);
    let (mut digest, mut ids) = (DigestSum::default(), DigestSum::default());
    for (key, row) in keys.iter().zip(done(tx.owners(&keys).await)) {
        let bytes = row.map(|row| row.bundle.encode_to_vec()).unwrap_or_default();
        if !bytes.is_empty() {
            digest.add(&Bundle::digest(key, &bytes));
        }
        digest.add(&Digest::of_cluster([key.as_str()]));
        ids.add(&Digest::of_id(key, [key.as_str()]));
    }
    drop(tx);
    let snapshot = done(VerifyStore::snapshot(store).await);
    assert_eq!((snapshot.kept().digest, snapshot.kept().ids_digest), (digest, ids));
    let status = done(customers(store).status().await);
    assert_eq!((status.counts.digest, status.counts.ids_digest), (digest, ids));
}
