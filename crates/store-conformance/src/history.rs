//! Claims about what was said of subjects.

use std::collections::BTreeSet;
use std::sync::Arc;

use onefold_event::v1;
use onefold_fold::{FactState, SubjectState};

use crate::answer::{customers, done};
use crate::resolve::{A, B};
use crate::rows::{party, project, state};
use onefold_store::{FactsOf, HistoryStore, ProjectStore, ReadStore, RowChanges, Store};

pub(crate) async fn what_is_decided_comes_in_pages_each_once_until_it_is_undone(store: &dyn Store) {
    let to_a = |undone| v1::DocumentReassigned { to: A.to_owned(), undone, ..Default::default() };
    let keys: Vec<String> = (0..5).map(|n| format!("order:erp:{n}")).collect();
    let mut rows: Vec<_> = keys.iter().map(|key| (key.as_str(), state(key, to_a(false)))).collect();
    rows.extend([(A, party(A, "王伟", &[])), (B, party(B, "李娜", &[]))]);
    project(store, 0, &rows).await;
    assert_eq!(all(store).await, keys.iter().cloned().collect());
    project(store, 0, &[(keys[0].as_str(), state(&keys[0], to_a(true)))]).await;
    assert_eq!(all(store).await, keys[1..].iter().cloned().collect());
}

pub(crate) async fn decisions_on_parties_come_in_pages_each_once_taken_back_or_not(store: &dyn Store) {
    let parties = vec![A.to_owned(), B.to_owned()];
    let said = |undone| v1::PartiesLinked { parties: parties.clone(), undone, ..Default::default() };
    let keys: Vec<String> = (0..5).map(|n| format!("decision:onefold:{n}")).collect();
    project(store, 0, &[(A, party(A, "王伟", &[])), (B, party(B, "李娜", &[]))]).await;
    for key in &keys {
        let at = done(ProjectStore::positions(store).await)[0];
        let mut tx = done(ProjectStore::begin(store, &[(0, at, at + 1)]).await);
        let subjects = vec![(key.clone(), Arc::new(state(key, said(key.ends_with('3')))))];
        let named = parties.iter().map(|party| (key.clone(), party.clone())).collect();
        done(tx.save(RowChanges { subjects, decisions_added: named, ..RowChanges::default() }).await);
        done(tx.commit().await);
    }
    let (mut seen, mut after) = (Vec::new(), None);
    while let page @ [_, ..] = &done(store.party_decisions(after.as_deref(), 2).await)[..] {
        assert!(page.len() <= 2);
        after = page.last().cloned();
        seen.extend(page.iter().cloned());
    }
    seen.sort();
    assert_eq!(seen, keys);
}

pub(crate) async fn facts_of_a_long_history_stand_in_rows_of_their_own(store: &dyn Store) {
    let long = SubjectState::from_copies((0..40).map(fact).collect());
    let (row, facts) = long.clone().split_rows();
    assert!(row.is_long() && row.facts.is_empty() && facts.len() == 40);
    let short = party(A, "王伟", &[]);
    project(store, 0, &[("stock:wms:P1", long), (A, short.clone())]).await;
    let keys = ["stock:wms:P1".to_owned()];
    assert_eq!(done(ReadStore::subjects(store, &keys).await), [Some(row)]);
    assert_eq!(done(customers(store).status().await).counts.conflicts, 10);

    let (all, one) = (FactsOf::all(&keys[0]), FactsOf::one(&keys[0], [3; 16]));
    let of_one: Vec<FactState> = facts.iter().filter(|fact| fact.fact == [3; 16]).cloned().collect();
    assert_eq!(of_one.len(), 4);
    let asked = [one.clone(), FactsOf::all(A), all.clone(), FactsOf::one(A, [3; 16]), FactsOf::all("stock:wms:none")];
    let found = done(HistoryStore::facts(store, &asked).await);
    assert_eq!(found, [of_one.clone(), short.facts, facts.clone(), Vec::new(), Vec::new()], "wherever they stand");

    // Written anew, and one more beside; nobody sees it before it is committed.
    let mut tx = done(ProjectStore::begin(store, &[(1, 0, 1)]).await);
    let further = done(tx.facts(&[all.clone(), FactsOf::all(A), one.clone()]).await);
    assert_eq!(further, [facts.clone(), Vec::new(), of_one], "of the row of a party there is nothing further");
    let (mut earlier, new) = (facts[0].clone(), fact(40));
    earlier.recorded_at -= 1;
    let written = vec![(keys[0].clone(), earlier.clone()), (keys[0].clone(), new.clone())];
    done(tx.save(RowChanges { facts: written, ..RowChanges::default() }).await);
    let before = done(HistoryStore::facts(store, std::slice::from_ref(&all)).await);
    assert_eq!(before.concat(), facts);
    done(tx.commit().await);
    let mut expected = SubjectState::from_copies(facts.into_iter().skip(1).chain([earlier, new]).collect());
    expected.further = None;
    assert_eq!(done(HistoryStore::facts(store, &[all]).await), [expected.facts]);
}

/// Ten facts, of each four versions or more, of these one in two copies that contradict each other.
fn fact(n: u8) -> FactState {
    let version = if n / 10 == 3 { 2 } else { n / 10 };
    let (mut id, recorded_at) = ([n % 10; 16], 1_750_000_000_000_000 + i64::from(n));
    id[15] = version;
    FactState { id, fact: [n % 10; 16], digest: [n; 16], recorded_at, offset: u64::from(n), ..FactState::default() }
}

async fn all(store: &dyn Store) -> BTreeSet<String> {
    let (mut seen, mut after) = (BTreeSet::new(), None);
    loop {
        let page = done(HistoryStore::decided(store, after.as_deref(), 2).await);
        let Some(last) = page.last() else { return seen };
        assert!(page.len() <= 2);
        after = Some(last.clone());
        for key in page {
            assert!(seen.insert(key.clone()), "{key} came twice");
        }
    }
}
