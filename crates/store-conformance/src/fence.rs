//! Claims about positions, and by which records the log is known.

use crate::answer::done;
use crate::rows::{party, project};
use onefold_log::Fingerprint;
use onefold_store::{ProjectStore, Store, StoreError};

pub(crate) async fn a_position_moves_only_from_where_it_stands(store: &dyn Store) {
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

pub(crate) async fn one_position_that_has_moved_stops_all(store: &dyn Store) {
    done(done(ProjectStore::begin(store, &[(0, 0, 3), (2, 0, 4)]).await).commit().await);
    let late = ProjectStore::begin(store, &[(0, 3, 5), (1, 0, 5), (2, 0, 5)]).await.err();
    assert_eq!(late, Some(StoreError::Fenced { partition: 2, expected: 0 }));
    assert_eq!(done(ProjectStore::positions(store).await), [3, 0, 4]);
}

pub(crate) async fn a_fingerprint_gives_way_to_a_later_one_of_its_partition(store: &dyn Store) {
    let at = |partition, offset, digest| Fingerprint { partition, offset, digest: [digest; 32] };
    assert_eq!(done(store.fingerprints().await), []);
    done(store.keep_fingerprints(&[at(1, 1 << 40, 1), at(0, 7, 2)]).await);
    done(store.keep_fingerprints(&[at(0, 8, 3), at(1, 9, 4), at(2, 0, 5)]).await);
    assert_eq!(done(store.fingerprints().await), [at(0, 8, 3), at(1, 1 << 40, 1), at(2, 0, 5)]);
    done(store.keep_fingerprints(&[]).await);
}
