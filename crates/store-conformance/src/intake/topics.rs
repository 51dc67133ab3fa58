//! Claims about how far intake was read.

use std::collections::BTreeMap;

use crate::answer::done;
use onefold_store::{Store, StoreError};

const TOPIC: &str = "intake.finance";

pub(crate) async fn readers_stand_each_for_itself_and_move_only_from_where_they_stand(store: &dyn Store) {
    assert_eq!(done(store.intake("invoices", TOPIC).await), BTreeMap::new());
    done(store.move_intake("invoices", TOPIC, &[(0, 0, 7), (70_000, 0, 3)]).await);
    done(store.move_intake("payments", TOPIC, &[(0, 0, 2)]).await);
    done(store.move_intake("invoices", "intake.sales", &[(0, 0, 9)]).await);
    for (from, to) in [(0, 8), (6, 8), (9, 10)] {
        let late = store.move_intake("invoices", TOPIC, &[(0, from, to)]).await.err();
        assert_eq!(late, Some(StoreError::Fenced { partition: 0, expected: from }));
    }
    let never = store.move_intake("invoices", TOPIC, &[(1, 5, 6)]).await.err();
    assert_eq!(never, Some(StoreError::Fenced { partition: 1, expected: 5 }));
    done(store.move_intake("invoices", TOPIC, &[(0, 7, 1 << 40)]).await);
    assert_eq!(done(store.intake("invoices", TOPIC).await), BTreeMap::from([(0, 1 << 40), (70_000, 3)]));
    assert_eq!(done(store.intake("payments", TOPIC).await), BTreeMap::from([(0, 2)]));
    assert_eq!(done(store.intake("invoices", "intake.sales").await), BTreeMap::from([(0, 9)]));
}

pub(crate) async fn one_position_of_intake_that_has_moved_stops_all(store: &dyn Store) {
    done(store.move_intake("invoices", TOPIC, &[(0, 0, 3), (2, 0, 4)]).await);
    let late = store.move_intake("invoices", TOPIC, &[(0, 3, 5), (1, 0, 5), (2, 0, 5)]).await.err();
    assert_eq!(late, Some(StoreError::Fenced { partition: 2, expected: 0 }));
    assert_eq!(done(store.intake("invoices", TOPIC).await), BTreeMap::from([(0, 3), (2, 4)]));
}
