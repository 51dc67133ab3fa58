//! Claims about reading.

use onefold_event::{Micros, party_id};
use onefold_identity::IdentifierKey;
use onefold_view::{DocumentNumber, MoneyMeasure};

use crate::answer::{customers, done, some};
use crate::assemble::assemble;
use crate::resolve::{A, B, cluster, resolve};
use crate::rows::{invoice, invoice_at, party, project, set};
use onefold_store::{
    ClusterChange, DocumentPlace, DocumentRow, ListingOrder, NumberRow, ProjectStore, RowChanges, Store,
};

const PHONE: &str = "13800138000";
const KEY: &str = "identifier:phone:+8613800138000";

fn phone() -> IdentifierKey {
    some("phone:+8613800138000".parse().ok())
}

pub(crate) async fn a_customer_is_all_that_its_parties_own(store: &dyn Store) {
    let of_both = set(&[A, B]);
    let rows = [
        (A, party(A, "王伟", &[PHONE])),
        (B, party(B, "王伟", &[])),
        ("invoice:erp:1", invoice("invoice:erp:1", "60.00", A)),
        ("invoice:erp:2", invoice("invoice:erp:2", "30.00", KEY)),
        ("invoice:erp:3", invoice("invoice:erp:3", "10.00", &of_both)),
    ];
    project(store, 0, &rows).await;
    let alone = some(done(customers(store).customer(A).await));
    assert_eq!(alone.bundles.keys().collect::<Vec<_>>(), [KEY, A]);
    assert_eq!(done(customers(store).status().await).unattributed.money.amount(MoneyMeasure::Owed, "CNY"), "10.00");
    resolve(store, ClusterChange { formed: vec![cluster(&[A, B])], ..Default::default() }).await;
    for asked in [A, B] {
        let rows = some(done(customers(store).customer(asked).await));
        assert_eq!(rows.parties.keys().collect::<Vec<_>>(), [B, A]);
        assert_eq!(rows.bundles.keys().cloned().collect::<Vec<_>>(), [KEY, B, A, of_both.as_str()]);
        let open: Vec<&str> = rows.open.iter().map(|item| item.invoice.as_str()).collect();
        assert_eq!(open, ["invoice:erp:1", "invoice:erp:2", "invoice:erp:3"]);
    }
    let status = done(customers(store).status().await);
    assert_eq!((status.counts.customers, status.unattributed.documents), (1, 0));
    assert_eq!(status.owned().money.amount(MoneyMeasure::Owed, "CNY"), "100.00");
}

pub(crate) async fn a_value_held_by_others_too_is_nobodys(store: &dyn Store) {
    let invoices = [("invoice:erp:2", invoice("invoice:erp:2", "30.00", KEY))];
    project(store, 0, &[(A, party(A, "王伟", &[PHONE])), (B, party(B, "李娜", &[PHONE]))]).await;
    project(store, 0, &invoices).await;
    assert!(!some(done(customers(store).customer(A).await)).bundles.contains_key(KEY));
    let holding = done(customers(store).holding(&phone()).await);
    assert_eq!((holding.parties.len(), holding.ever), (2, 2));
    assert_eq!(done(customers(store).status().await).unattributed.documents, 1);
    resolve(store, ClusterChange { formed: vec![cluster(&[A, B])], ..Default::default() }).await;
    assert_eq!(done(customers(store).holding(&phone()).await).parties.len(), 1, "one party of each customer");
    assert!(some(done(customers(store).customer(A).await)).bundles.contains_key(KEY));
    // A value of more parties than may share one links nobody and is nobody's.
    let crowd: Vec<String> = (0..25).map(|n| format!("party:desk:{n}")).collect();
    let crowd: Vec<_> = crowd.iter().map(|key| (key.as_str(), party(key, "", &[PHONE]))).collect();
    project(store, 0, &crowd).await;
    let rows = some(done(customers(store).customer(A).await));
    assert!(rows.hubs.contains(&phone()) && !rows.bundles.contains_key(KEY));
    assert_eq!(done(customers(store).holding(&phone()).await).ever, 27);
}

pub(crate) async fn a_reading_shows_one_state_whatever_is_written_meanwhile(store: &dyn Store) {
    let rows = [(A, party(A, "王伟", &[PHONE])), (B, party(B, "王伟", &[]))];
    project(store, 0, &rows).await;
    let parties = [A.to_owned(), B.to_owned(), "party:erp:none".to_owned()];
    let mut reading = done(store.begin_read().await);
    let before = done(reading.bundles(&parties).await);
    project(store, 0, &[("invoice:erp:1", invoice("invoice:erp:1", "60.00", A))]).await;
    resolve(store, ClusterChange { formed: vec![cluster(&[A, B])], ..Default::default() }).await;
    assert_eq!(done(reading.heads(&parties).await), parties);
    assert_eq!(done(reading.customers(&parties).await).len(), 2);
    assert_eq!(done(reading.bundles(&parties).await), before);
    assert_eq!(done(reading.counts(10).await).customers, 2);
    drop(reading);
    let mut after = done(store.begin_read().await);
    let heads = done(after.heads(&parties).await);
    assert_eq!((&heads[0], heads[2].as_str()), (&heads[1], "party:erp:none"));
    assert_eq!(done(after.customers(&parties).await).len(), 1);
    assert_ne!(done(after.bundles(&parties).await), before);
}

pub(crate) async fn every_party_is_found_by_its_id_and_an_unknown_one_is_not(store: &dyn Store) {
    project(store, 0, &[(A, party(A, "王伟", &[])), (B, party(B, "李娜", &[]))]).await;
    for key in [A, B] {
        let rows = some(done(customers(store).customer_by_id(party_id(key)).await));
        assert!(rows.parties.contains_key(key));
        assert_eq!(done(customers(store).customer(key).await), Some(rows));
    }
    assert_eq!(done(customers(store).customer_by_id(party_id("party:erp:none")).await), None);
    assert_eq!(done(customers(store).customer("party:erp:none").await), None);
}

pub(crate) async fn documents_come_in_pages_by_time_from_either_end(store: &dyn Store) {
    let (mut rows, mut expected) = (Vec::new(), Vec::new());
    let mut stand = |subject: &str, at: Micros, owner: &str, under: &[&str]| {
        rows.push((subject.to_owned(), invoice_at(at, subject, "1.00", owner)));
        let place = DocumentPlace { at, subject: subject.to_owned() };
        expected.extend(under.iter().map(|owner| DocumentRow { place: place.clone(), owner: (*owner).to_owned() }));
    };
    for n in 0..25 {
        // Five at each time, met in another order.
        let owner = if n % 3 == 0 { B } else { A };
        stand(&format!("invoice:erp:{n}"), n * 7 % 5, owner, &[owner]);
    }
    stand("invoice:erp:both", 2, &set(&[A, B]), &[A, B]);
    expected.sort();
    project(store, 0, &[(A, party(A, "王伟", &[])), (B, party(B, "李娜", &[]))]).await;
    project(store, 0, &rows.iter().map(|(key, state)| (key.as_str(), state.clone())).collect::<Vec<_>>()).await;
    for listing in [ListingOrder::OldestFirst, ListingOrder::NewestFirst] {
        for rows in [2, 7, 50] {
            assert_eq!(listed(store, listing, rows).await, expected, "{listing:?}, {rows} at a time");
        }
        expected.reverse();
    }
    // What is both's is nobody's alone.
    let nobodys = done(customers(store).unattributed_documents(ListingOrder::OldestFirst, None, 10).await);
    assert_eq!(nobodys.iter().map(|row| row.owner.as_str()).collect::<Vec<_>>(), [set(&[A, B])]);
}

/// All documents of both, in pages of so many rows.
async fn listed(store: &dyn Store, listing: ListingOrder, rows: usize) -> Vec<DocumentRow> {
    let owners = [A.to_owned(), B.to_owned()];
    let mut all: Vec<DocumentRow> = Vec::new();
    loop {
        let after = all.last().map(|last| last.place.clone());
        let mut page = done(customers(store).documents(&owners, listing, after.as_ref(), rows).await);
        assert!(page.len() <= rows);
        if let [.., before, last] = &page[..]
            && page.len() == rows
            && before.place != last.place
        {
            // Its other owner may come next.
            page.pop();
        }
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

pub(crate) async fn a_document_that_moves_to_another_time_stands_there_alone(store: &dyn Store) {
    for at in [5, 3, 3, 4] {
        project(store, 0, &[("invoice:erp:1", invoice_at(at, "invoice:erp:1", "1.00", A))]).await;
        let place = DocumentPlace { at, subject: "invoice:erp:1".to_owned() };
        let found = done(customers(store).documents(&[A.to_owned()], ListingOrder::NewestFirst, None, 10).await);
        assert_eq!(found, [DocumentRow { place, owner: A.to_owned() }]);
    }
}

pub(crate) async fn status_counts_what_was_committed(store: &dyn Store) {
    let invoiced = |total: &str| ("invoice:erp:1", invoice("invoice:erp:1", total, A));
    project(store, 0, &[(A, party(A, "王伟", &[])), invoiced("60.00")]).await;
    project(store, 2, &[(B, party(B, "李娜", &[]))]).await;
    project(store, 1, &[invoiced("35.00")]).await;
    let status = done(customers(store).status().await);
    assert_eq!(status.counts.positions, [1, 1, 1]);
    assert_eq!((status.counts.subjects, status.counts.parties, status.counts.customers), (3, 2, 2));
    assert_eq!((status.counts.conflicts, status.counts.waiting), (0, 4));
    assert_eq!((status.owned().documents, status.unattributed.documents), (1, 0));
    assert_eq!(status.owned().money.amount(MoneyMeasure::Owed, "CNY"), "35.00");
}

pub(crate) async fn found_are_two_characters_unfinished_words_and_numbers_without_their_code(store: &dyn Store) {
    project(store, 0, &[(A, party(A, "王伟", &[PHONE])), (B, party(B, "Jörg Müller", &[]))]).await;
    assemble(store).await;
    for (asked, party) in [("王伟", A), ("13800138000", A), ("muller jo", B), ("JÖRG", B)] {
        let found = done(store.find(asked, 10).await);
        assert_eq!(found.iter().flat_map(|found| found.parties.clone()).collect::<Vec<_>>(), [party], "{asked}");
    }
    let (c, d) = ("party:crm:90", "party:crm:91");
    let address = "email:info@xn--strae-oqa.de";
    project(store, 1, &[(c, party(c, "Γεώργιος Łukasz", &[address])), (d, party(d, "Mueller", &[]))]).await;
    assemble(store).await;
    for (asked, parties) in [
        ("γεωργιος", &[c][..]),
        ("ΓΕΩΡΓ lukasz", &[c]),
        ("info@straße.de", &[c]),
        ("info@xn--strae-oqa.de", &[c]),
        ("mueller", &[B, d]),
        ("müller", &[B, d]),
        ("muller", &[B]),
    ] {
        let mut found: Vec<_> = done(store.find(asked, 10).await).into_iter().flat_map(|found| found.parties).collect();
        found.sort();
        let mut parties = parties.to_vec();
        parties.sort_unstable();
        assert_eq!(found, parties, "{asked}");
    }
    for asked in ["伟王", "mullerx", "' | ", ""] {
        assert_eq!(done(store.find(asked, 10).await), [], "{asked}");
    }
}

pub(crate) async fn documents_are_found_by_their_numbers_as_they_are_said(store: &dyn Store) {
    let keys = [
        "invoice:erp:INV-2026-000123",
        "invoice:erp:INV-2025-000123",
        "invoice:shop:#1001",
        "invoice:shop:1001/2",
        "invoice:sf:SF1400000001221",
        "invoice:ups:1Z999AA10123456784",
        "invoice:web:9f3a-77e1",
        "invoice:kd:\u{53d1}\u{7968} 0007",
        "invoice:a:b:00000000000000000000042",
    ];
    let rows: Vec<_> = keys.iter().map(|key| (*key, invoice(key, "1.00", A))).collect();
    // A number of a party's own leads to no document.
    project(store, 0, &[("party:erp:123", party("party:erp:123", "", &[]))]).await;
    project(store, 0, &rows).await;
    for (asked, found) in [
        ("INV-2026-000123", &keys[..1]),
        ("123", &keys[..2]),
        ("1001", &keys[2..3]),
        ("#1001", &keys[2..3]),
        ("1001/2", &keys[3..4]),
        ("sf 1400 0000 01221", &keys[4..5]),
        ("1z999aa10123456784", &keys[5..6]),
        ("9F3A-77e1", &keys[6..7]),
        ("7", &keys[7..8]),
        ("42", &keys[8..]),
        ("124", &[]),
        ("6784", &[]),
    ] {
        let number = some(DocumentNumber::of(asked));
        let mut numbered = done(store.numbered(&number, 10).await);
        numbered.sort();
        let mut found: Vec<&str> = found.to_vec();
        found.sort_unstable();
        assert_eq!(numbered, found, "{asked}");
    }
    assert_eq!(done(store.numbered(&some(DocumentNumber::of("123")), 1).await).len(), 1);
}

pub(crate) async fn a_number_is_found_among_any_that_end_alike(store: &dyn Store) {
    let keys: Vec<String> = (0..600).map(|n| format!("invoice:erp:D{n}-1")).collect();
    let rows: Vec<_> = keys.iter().map(|key| (key.as_str(), invoice(key, "1.00", A))).collect();
    project(store, 0, &rows).await;
    for n in [5, 299, 599] {
        let number = some(DocumentNumber::of(&format!("D{n}-1")));
        assert_eq!(done(store.numbered(&number, 10).await), [format!("invoice:erp:D{n}-1")]);
    }
    assert_eq!(done(store.numbered(&some(DocumentNumber::of("1")), 10).await).len(), 10);
}

pub(crate) async fn subjects_are_found_by_what_they_once_named(store: &dyn Store) {
    let bills = ["invoice:erp:1", "invoice:erp:2"].map(|key| (key, invoice(key, "1.00", B)));
    project(store, 0, &[(A, party(A, "王伟", &[])), (B, party(B, "李娜", &[]))]).await;
    project(store, 0, &bills).await;
    let named = |key: &str, subject: &str| (key.to_owned(), subject.to_owned());
    let pairs = [named(A, "invoice:erp:1"), named(A, "invoice:erp:2"), named(KEY, "invoice:erp:2")];
    let former_added = pairs.to_vec();
    save(store, RowChanges { former_added, ..RowChanges::default() }).await;
    let keys = [B, KEY, "party:erp:none", A].map(str::to_owned);
    let found = async |limit| done(done(store.begin_read().await).former_subjects(&keys, limit).await);
    let [one, two] = ["invoice:erp:1", "invoice:erp:2"].map(str::to_owned);
    assert_eq!(found(10).await, [vec![], vec![two.clone()], vec![], vec![one.clone(), two.clone()]]);
    assert_eq!(found(1).await[3], std::slice::from_ref(&one));
    // Said again, and taken back.
    let (former_added, former_removed) = (pairs[..1].to_vec(), pairs[1..].to_vec());
    save(store, RowChanges { former_added, former_removed, ..RowChanges::default() }).await;
    assert_eq!(found(10).await, [vec![], vec![], vec![], vec![one]]);
}

pub(crate) async fn parties_were_first_seen_when_the_first_event_named_them(store: &dyn Store) {
    project(store, 0, &[(A, party(A, "王伟", &[PHONE]))]).await;
    let keys = ["party:erp:none", A, KEY].map(str::to_owned);
    let seen = done(done(store.begin_read().await).first_seen(&keys).await);
    let rows = some(done(customers(store).customer(A).await));
    assert_eq!(seen, [None, Some(rows.parties[A]), None]);
}

pub(crate) async fn documents_are_found_by_the_numbers_that_stand_on_them(store: &dyn Store) {
    let keys = ["invoice:erp:5000001", "invoice:erp:5000002"];
    project(store, 0, &keys.map(|key| (key, invoice(key, "1.00", A)))).await;
    let row = |text: &str, key: &str| {
        let number = some(DocumentNumber::of(text));
        NumberRow { place: number.place(), prefix: number.prefix().to_owned(), subject: key.to_owned() }
    };
    let rows = [
        row("RE-2026-000123", keys[0]),
        row("RE-2025-000123", keys[1]),
        row("9f3a-77e1", keys[1]),
        row("RE-5000002", keys[1]),
    ];
    save(store, RowChanges { numbers_added: rows.to_vec(), ..RowChanges::default() }).await;
    let found = async |asked: &str| {
        let mut found = done(store.numbered(&some(DocumentNumber::of(asked)), 10).await);
        found.sort();
        found
    };
    for (asked, expected) in [
        ("123", &keys[..]),
        ("2026-123", &keys[..1]),
        ("9F3A-77e1", &keys[1..]),
        ("SO-123", &[]),
        ("5000001", &keys[..1]),
        ("124", &[]),
        ("RE-5000002", &keys[1..]),
        // By its own number and by the one that stands on it.
        ("5000002", &keys[1..]),
    ] {
        assert_eq!(found(asked).await, expected, "{asked}");
    }
    save(store, RowChanges { numbers_removed: rows[..1].to_vec(), ..RowChanges::default() }).await;
    assert_eq!(found("123").await, &keys[1..]);
}

/// Saves as one record of a partition.
async fn save(store: &dyn Store, changes: RowChanges) {
    let at = done(ProjectStore::positions(store).await)[1];
    let mut tx = done(ProjectStore::begin(store, &[(1, at, at + 1)]).await);
    done(tx.save(changes).await);
    done(tx.commit().await);
}
