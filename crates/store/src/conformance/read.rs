//! Claims about reading.

use std::collections::BTreeSet;

use onefold_event::party_id;
use onefold_identity::IdentifierKey;
use onefold_view::Measure;

use super::assemble::assemble;
use super::resolve::{A, B, cluster, resolve};
use super::rows::{invoice, party, project, set};
use super::{done, some};
use crate::{ClusterChange, Store};

const PHONE: &str = "13800138000";
const KEY: &str = "identifier:phone:+8613800138000";

fn phone() -> IdentifierKey {
    some("phone:+8613800138000".parse().ok())
}

pub(super) async fn a_customer_is_all_that_its_parties_own(store: &dyn Store) {
    let of_both = set(&[A, B]);
    let rows = [
        (A, party(A, "王伟", &[PHONE])),
        (B, party(B, "王伟", &[])),
        ("invoice:erp:1", invoice("invoice:erp:1", "60.00", A)),
        ("invoice:erp:2", invoice("invoice:erp:2", "30.00", KEY)),
        ("invoice:erp:3", invoice("invoice:erp:3", "10.00", &of_both)),
    ];
    project(store, 0, &rows).await;
    let alone = some(done(store.customer(A).await));
    assert_eq!(alone.bundles.keys().collect::<Vec<_>>(), [KEY, A]);
    assert_eq!(done(store.status().await).unattributed.money.amount(Measure::Owed, "CNY"), "10.00");
    resolve(store, ClusterChange { formed: vec![cluster(&[A, B])], ..Default::default() }).await;
    for asked in [A, B] {
        let rows = some(done(store.customer(asked).await));
        assert_eq!(rows.parties.keys().collect::<Vec<_>>(), [B, A]);
        assert_eq!(rows.bundles.keys().cloned().collect::<Vec<_>>(), [KEY, B, A, of_both.as_str()]);
        let open: Vec<&str> = rows.open.iter().map(|item| item.invoice.as_str()).collect();
        assert_eq!(open, ["invoice:erp:1", "invoice:erp:2", "invoice:erp:3"]);
    }
    let status = done(store.status().await);
    assert_eq!((status.customers, status.unattributed.documents), (1, 0));
    assert_eq!(status.owned.money.amount(Measure::Owed, "CNY"), "100.00");
}

pub(super) async fn a_value_held_by_others_too_is_nobodys(store: &dyn Store) {
    let invoices = [("invoice:erp:2", invoice("invoice:erp:2", "30.00", KEY))];
    project(store, 0, &[(A, party(A, "王伟", &[PHONE])), (B, party(B, "李娜", &[PHONE]))]).await;
    project(store, 0, &invoices).await;
    assert!(!some(done(store.customer(A).await)).bundles.contains_key(KEY));
    let holding = done(store.holders(&phone()).await);
    assert_eq!((holding.parties.len(), holding.ever), (2, 2));
    assert_eq!(done(store.status().await).unattributed.documents, 1);
    resolve(store, ClusterChange { formed: vec![cluster(&[A, B])], ..Default::default() }).await;
    assert_eq!(done(store.holders(&phone()).await).parties.len(), 1, "one party of each customer");
    assert!(some(done(store.customer(A).await)).bundles.contains_key(KEY));
    // A value of more parties than may share one links nobody and is nobody's.
    let crowd: Vec<String> = (0..25).map(|n| format!("party:desk:{n}")).collect();
    let crowd: Vec<_> = crowd.iter().map(|key| (key.as_str(), party(key, "", &[PHONE]))).collect();
    project(store, 0, &crowd).await;
    let rows = some(done(store.customer(A).await));
    assert!(rows.hubs.contains(&phone()) && !rows.bundles.contains_key(KEY));
    assert_eq!(done(store.holders(&phone()).await).ever, 27);
}

pub(super) async fn every_party_is_found_by_its_id_and_an_unknown_one_is_not(store: &dyn Store) {
    project(store, 0, &[(A, party(A, "王伟", &[])), (B, party(B, "李娜", &[]))]).await;
    for key in [A, B] {
        let rows = some(done(store.customer_by_id(party_id(key)).await));
        assert!(rows.parties.contains_key(key));
        assert_eq!(done(store.customer(key).await), Some(rows));
    }
    assert_eq!(done(store.customer_by_id(party_id("party:erp:none")).await), None);
    assert_eq!(done(store.customer("party:erp:none").await), None);
}

pub(super) async fn documents_come_in_pages_each_once(store: &dyn Store) {
    let keys: Vec<String> = (0..25).map(|n| format!("invoice:erp:{n}")).collect();
    let rows: Vec<_> = keys.iter().map(|key| (key.as_str(), invoice(key, "1.00", A))).collect();
    project(store, 0, &rows).await;
    project(store, 0, &[(A, party(A, "王伟", &[]))]).await;
    let (mut seen, mut after) = (BTreeSet::new(), None);
    loop {
        let page = done(store.documents(&[A.to_owned()], after.as_deref(), 7).await);
        let Some((_, last)) = page.last() else { break };
        assert!(page.len() <= 7);
        after = Some(last.clone());
        for (owner, subject) in page {
            assert_eq!(owner, A);
            assert!(seen.insert(subject.clone()), "{subject} came twice");
        }
    }
    assert_eq!(seen, keys.into_iter().collect());
    assert_eq!(done(store.documents(&[], None, 10).await), []);
}

pub(super) async fn status_counts_what_was_committed(store: &dyn Store) {
    let invoiced = |total: &str| ("invoice:erp:1", invoice("invoice:erp:1", total, A));
    project(store, 0, &[(A, party(A, "王伟", &[])), invoiced("60.00")]).await;
    project(store, 2, &[(B, party(B, "李娜", &[]))]).await;
    project(store, 1, &[invoiced("35.00")]).await;
    let status = done(store.status().await);
    assert_eq!(status.positions, [1, 1, 1]);
    assert_eq!((status.subjects, status.parties, status.customers), (3, 2, 2));
    assert_eq!((status.conflicts, status.waiting), (0, 4));
    assert_eq!((status.owned.documents, status.unattributed.documents), (1, 0));
    assert_eq!(status.owned.money.amount(Measure::Owed, "CNY"), "35.00");
}

pub(super) async fn found_are_two_characters_unfinished_words_and_numbers_without_their_code(store: &dyn Store) {
    project(store, 0, &[(A, party(A, "王伟", &[PHONE])), (B, party(B, "Jörg Müller", &[]))]).await;
    assemble(store).await;
    for (asked, party) in [("王伟", A), ("13800138000", A), ("muller jo", B), ("JÖRG", B)] {
        let found = done(store.find(asked, 10).await);
        assert_eq!(found.iter().flat_map(|found| found.parties.clone()).collect::<Vec<_>>(), [party], "{asked}");
    }
    for asked in ["伟王", "mullerx", "' | ", ""] {
        assert_eq!(done(store.find(asked, 10).await), [], "{asked}");
    }
}
