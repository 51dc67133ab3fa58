//! Claims about positions.

use super::done;
use super::rows::{party, project};
use crate::{ProjectStore, Store, StoreError};

pub(super) async fn a_position_moves_only_from_where_it_stands(store: &dyn Store) {
    project(store, 1, &[("party:erp:A", party("party:erp:A", "王伟", &[]))]).await;
    for (from, to) in [(0, 1), (2, 3), (7, 8)] {
        let late = ProjectStore::begin(store, &[(1, from, to)]).await.err();
        assert_eq!(late, Some(StoreError::Fenced { partition: 1, expected: from }));
    }
    assert_eq!(done(ProjectStore::positions(store).await), [0, 1, 0]);
    done(done(ProjectStore::begin(store, &[(1, 1, 9)]).await).commit().await);
    assert_eq!(done(ProjectStore::positions(store).await), [0, 9, 0]);
    assert_eq!(done(store.followed().await).positions, [0, 9, 0]);
}

pub(super) async fn one_position_that_has_moved_stops_all(store: &dyn Store) {
    done(done(ProjectStore::begin(store, &[(0, 0, 3), (2, 0, 4)]).await).commit().await);
    let late = ProjectStore::begin(store, &[(0, 3, 5), (1, 0, 5), (2, 0, 5)]).await.err();
    assert_eq!(late, Some(StoreError::Fenced { partition: 2, expected: 0 }));
    assert_eq!(done(ProjectStore::positions(store).await), [3, 0, 4]);
}
