//! Every claim, against a fresh read model each.

use std::sync::Arc;

use onefold_store::Store;

use crate::{assemble, fence, history, intake, project, publish, quarantine, read, resolve, verify};

/// Partitions of each read model.
pub const PARTITIONS: u32 = 3;

/// Runs every claim against a fresh read model of [`PARTITIONS`]; panics at the first that fails.
///
/// ```
/// # use std::sync::Arc;
/// # use onefold_store::Store;
/// async fn keeps_the_contract<S: Store>(open: impl AsyncFn(&str) -> Arc<S>) {
///     onefold_store_conformance::all(open).await;
/// }
/// ```
pub async fn all<S: Store>(open: impl AsyncFn(&str) -> Arc<S>) {
    let fresh = async |claim: &str| {
        let store: Arc<dyn Store> = open(claim).await;
        store
    };

    project::what_is_saved_is_read_back_in_the_order_asked(&*fresh("saved").await).await;
    project::what_is_saved_in_portions_adds_up(&*fresh("portions").await).await;
    project::a_transaction_that_is_dropped_leaves_no_trace(&*fresh("dropped").await).await;
    project::nobody_sees_a_transaction_before_its_end(&*fresh("isolated").await).await;
    project::an_owner_key_of_any_length_is_kept(&*fresh("long").await).await;

    fence::a_position_moves_only_from_where_it_stands(&*fresh("fence").await).await;
    fence::one_position_that_has_moved_stops_all(&*fresh("all").await).await;

    fence::a_fingerprint_gives_way_to_a_later_one_of_its_partition(&*fresh("fingerprints").await).await;

    intake::topics::readers_stand_each_for_itself_and_move_only_from_where_they_stand(&*fresh("intake").await).await;
    intake::topics::one_position_of_intake_that_has_moved_stops_all(&*fresh("intake_all").await).await;

    intake::items::items_move_only_from_the_state_that_they_are_in(&*fresh("items").await).await;
    intake::items::one_item_that_has_moved_stops_all(&*fresh("items_all").await).await;

    resolve::what_waits_is_claimed_once_and_stays_where_the_claim_is_dropped(&*fresh("inbox").await).await;
    resolve::holders_are_counted_who_ever_asserted_and_who_waits(&*fresh("holders").await).await;
    resolve::who_waits_and_is_read_is_claimed(&*fresh("waits").await).await;
    resolve::whoever_shares_a_value_that_is_taken_back_is_looked_at_again(&*fresh("gone").await).await;
    resolve::clusters_are_what_was_written_last(&*fresh("clusters").await).await;

    assemble::a_mark_is_claimed_with_its_customer_and_stays_where_the_claim_is_dropped(&*fresh("marks").await).await;
    assemble::a_merge_leaves_one_search_row_and_a_split_two(&*fresh("search").await).await;

    read::a_customer_is_all_that_its_parties_own(&*fresh("customer").await).await;
    read::a_value_held_by_others_too_is_nobodys(&*fresh("shared").await).await;
    read::a_reading_shows_one_state_whatever_is_written_meanwhile(&*fresh("one_state").await).await;
    read::every_party_is_found_by_its_id_and_an_unknown_one_is_not(&*fresh("ids").await).await;
    read::documents_come_in_pages_by_time_from_either_end(&*fresh("pages").await).await;
    read::a_document_that_moves_to_another_time_stands_there_alone(&*fresh("moved").await).await;
    read::status_counts_what_was_committed(&*fresh("status").await).await;
    read::found_are_two_characters_unfinished_words_and_numbers_without_their_code(&*fresh("find").await).await;
    read::a_number_is_found_among_any_that_end_alike(&*fresh("alike").await).await;
    read::documents_are_found_by_their_numbers_as_they_are_said(&*fresh("numbers").await).await;
    read::documents_are_found_by_the_numbers_that_stand_on_them(&*fresh("written").await).await;
    read::subjects_are_found_by_what_they_once_named(&*fresh("former").await).await;
    read::parties_were_first_seen_when_the_first_event_named_them(&*fresh("first_seen").await).await;

    history::facts_of_a_long_history_stand_in_rows_of_their_own(&*fresh("further").await).await;
    history::decisions_on_parties_come_in_pages_each_once_taken_back_or_not(&*fresh("decisions").await).await;
    history::what_is_decided_comes_in_pages_each_once_until_it_is_undone(&*fresh("decided_about").await).await;

    publish::notes_are_kept_only_while_somebody_publishes(&*fresh("notes").await).await;
    publish::a_version_rises_and_what_is_done_is_done_once(&*fresh("turns").await).await;
    publish::all_parties_come_in_pages_each_once(&*fresh("sweep").await).await;
    publish::customers_are_found_by_what_they_own(&*fresh("owned").await).await;
    publish::around_a_party_is_whoever_shares_a_value_until_so_many_do_that_it_says_nothing(&*fresh("around").await)
        .await;

    quarantine::the_same_key_again_keeps_one_entry(&*fresh("again").await).await;
    quarantine::entries_are_listed_by_what_is_asked(&*fresh("list").await).await;
    quarantine::an_entry_is_decided_once(&*fresh("decided").await).await;
    quarantine::entries_are_decided_together_each_with_its_reason(&*fresh("decided_together").await).await;
    quarantine::what_the_projector_refuses_is_there_with_its_position_and_once(&*fresh("refused").await).await;

    verify::a_snapshot_shows_each_row_once_and_nothing_later(&*fresh("snapshot").await).await;
    verify::sums_are_those_of_the_rows(&*fresh("sums").await).await;
}
