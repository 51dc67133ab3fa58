//! Claims about what sources remember.

use crate::answer::done;
use onefold_store::{SourceItem, SourceMove, Store, StoreError};

fn step(item: &str, from: Option<&str>, to: Option<&str>) -> SourceMove {
    SourceMove { item: item.to_owned(), from: from.map(str::to_owned), to: to.map(str::to_owned) }
}

fn item(item: &str, state: &str) -> SourceItem {
    SourceItem { item: item.to_owned(), state: state.to_owned() }
}

pub(crate) async fn items_move_only_from_the_state_that_they_are_in(store: &dyn Store) {
    assert_eq!(done(store.source_names().await), Vec::<String>::new());
    done(store.move_items("bank", &[step("b.csv", None, Some("1")), step("", None, Some("王 %"))]).await);
    done(store.move_items("desk", &[step("b.csv", None, Some("7"))]).await);
    assert_eq!(done(store.source_names().await), ["bank", "desk"]);
    for (from, to) in [(None, Some("2")), (Some("2"), Some("3")), (Some("2"), None)] {
        let late = store.move_items("bank", &[step("b.csv", from, to)]).await.err();
        assert_eq!(late, Some(StoreError::Conflict));
    }
    let never = store.move_items("bank", &[step("c.csv", Some("1"), Some("2"))]).await.err();
    assert_eq!(never, Some(StoreError::Conflict));
    done(store.move_items("bank", &[step("b.csv", Some("1"), Some("2"))]).await);
    assert_eq!(done(store.source_items("bank").await), [item("", "王 %"), item("b.csv", "2")]);
    assert_eq!(done(store.source_item("bank", "b.csv").await).as_deref(), Some("2"));
    done(store.move_items("bank", &[step("b.csv", Some("2"), None), step("", Some("王 %"), None)]).await);
    assert_eq!(done(store.source_item("bank", "b.csv").await), None);
    assert_eq!(done(store.source_names().await), ["desk"]);
}

pub(crate) async fn one_item_that_has_moved_stops_all(store: &dyn Store) {
    done(store.move_items("bank", &[step("a", None, Some("1")), step("b", None, Some("1"))]).await);
    let moves = [step("a", Some("1"), Some("2")), step("c", None, Some("1")), step("b", Some("0"), None)];
    assert_eq!(store.move_items("bank", &moves).await.err(), Some(StoreError::Conflict));
    let moves = [step("a", Some("1"), Some("2")), step("b", None, Some("1"))];
    assert_eq!(store.move_items("bank", &moves).await.err(), Some(StoreError::Conflict));
    assert_eq!(done(store.source_items("bank").await), [item("a", "1"), item("b", "1")]);
}
