//! Claims about what was said of subjects.

use std::collections::BTreeSet;

use onefold_event::v1;

use super::done;
use super::resolve::{A, B};
use super::rows::{party, project, state};
use crate::{HistoryStore, Store};

pub(super) async fn what_is_decided_comes_in_pages_each_once_until_it_is_undone(store: &dyn Store) {
    let to_a = |undone| v1::DocumentReassigned { to: A.to_owned(), undone, ..Default::default() };
    let keys: Vec<String> = (0..5).map(|n| format!("order:erp:{n}")).collect();
    let mut rows: Vec<_> = keys.iter().map(|key| (key.as_str(), state(key, to_a(false)))).collect();
    rows.extend([(A, party(A, "王伟", &[])), (B, party(B, "李娜", &[]))]);
    project(store, 0, &rows).await;
    assert_eq!(all(store).await, keys.iter().cloned().collect());
    project(store, 0, &[(keys[0].as_str(), state(&keys[0], to_a(true)))]).await;
    assert_eq!(all(store).await, keys[1..].iter().cloned().collect());
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
