//! Claims about what is kept of the log.

use onefold_log::Fingerprint;

use super::done;
use crate::Store;

pub(super) async fn a_fingerprint_gives_way_to_a_later_one_of_its_partition(store: &dyn Store) {
    let at = |partition, offset, digest| Fingerprint { partition, offset, digest: [digest; 32] };
    assert_eq!(done(store.fingerprints().await), []);
    done(store.keep_fingerprints(&[at(1, 1 << 40, 1), at(0, 7, 2)]).await);
    done(store.keep_fingerprints(&[at(0, 8, 3), at(1, 9, 4), at(2, 0, 5)]).await);
    assert_eq!(done(store.fingerprints().await), [at(0, 8, 3), at(1, 1 << 40, 1), at(2, 0, 5)]);
    done(store.keep_fingerprints(&[]).await);
}
