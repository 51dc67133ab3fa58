//! What every adapter of [`Log`] must pass.
//!
//! An adapter hands in a function that opens the log of a name, making it when it is absent, and
//! runs [`all`] with 1, 3 and 8 partitions. The suite drops what it opened before it opens the
//! same name again, and uses each name for one claim only.

mod append;
mod fence;
mod group;
mod read;
mod wake;

use std::sync::Arc;

use bytes::Bytes;

use crate::{Fence, Log, LogError, LogRecord, StoredRecord, partition_of};

/// Runs every claim against logs of that many partitions; panics at the first that fails.
///
/// ```
/// # use std::sync::Arc;
/// # use onefold_log::{Log, conformance};
/// async fn keeps_the_contract<L: Log>(open: impl AsyncFn(&str) -> Arc<L>) {
///     for partitions in [1, 3, 8] {
///         conformance::all(&open, partitions).await;
///     }
/// }
/// ```
pub async fn all<L: Log>(open: impl AsyncFn(&str) -> Arc<L>, partitions: u32) {
    let fresh = async |claim: &str| {
        let log: Arc<dyn Log> = open(&format!("{claim}-{partitions}")).await;
        log
    };

    append::a_topic_keeps_its_first_number_of_partitions(fresh("topic").await, partitions).await;
    append::topics_do_not_share_offsets(fresh("topics").await, partitions).await;
    append::offsets_count_from_zero_without_a_gap(fresh("offsets").await, partitions).await;
    append::an_empty_batch_changes_nothing(fresh("empty").await, partitions).await;
    append::a_wrong_request_appends_nothing(fresh("wrong").await, partitions).await;
    append::appenders_at_once_keep_every_record_once(fresh("appenders").await, partitions).await;

    read::every_byte_of_a_record_survives(fresh("bytes").await, partitions).await;
    read::a_large_record_survives(fresh("large").await, partitions).await;
    read::each_partition_is_read_in_the_order_of_appending(fresh("order").await, partitions).await;
    read::reading_at_or_beyond_the_head_is_empty(fresh("beyond").await, partitions).await;
    read::fetch_answers_in_the_order_asked(fresh("fetch").await, partitions).await;
    read::what_is_not_there_is_said_so(fresh("absent").await, partitions).await;

    wake::wait_answers_at_once_when_there_is_more(fresh("more").await, partitions).await;
    wake::wait_wakes_at_an_append(fresh("wakes").await, partitions).await;
    wake::wait_ends_when_the_time_is_up(fresh("time").await, partitions).await;
    wake::a_follower_misses_nothing(fresh("follower").await, partitions).await;

    group::a_lone_member_has_every_partition(fresh("alone").await, partitions).await;
    group::every_partition_is_some_members(fresh("group").await, partitions).await;
    group::a_partition_moves_when_its_holder_has_been_told(fresh("moves").await, partitions).await;
    group::groups_do_not_share(fresh("groups").await, partitions).await;

    let log = fresh("reopen").await;
    let kept = append::fill_for_reopening(log, partitions).await;
    let log = fresh("reopen").await;
    append::reopening_keeps_everything(log, partitions, kept).await;

    let log = fresh("reader").await;
    let seen = read::read_while_appending(log, partitions).await;
    let log = fresh("reader").await;
    read::what_a_read_returned_stays(log, seen).await;
}

/// The same of a log that can be fenced; apart from [`all`], since not every log can.
pub async fn fenced<L: Log + Fence>(open: impl AsyncFn(&str) -> Arc<L>, partitions: u32) {
    let fresh = async |claim: &str| open(&format!("{claim}-{partitions}")).await;
    fence::what_is_appended_under_an_id_is_read_by_all(fresh("fenced").await, partitions).await;
    fence::whoever_came_before_appends_nothing_any_more(fresh("zombie").await, partitions).await;
    fence::a_wrong_batch_appends_nothing_to_any_topic(fresh("batch").await, partitions).await;
}

/// A record that differs from every other number's in each of its parts.
fn numbered(n: u64) -> LogRecord {
    LogRecord {
        key: Bytes::from(format!("order:erp:SO-{n}")),
        headers: vec![
            ("ce_id".to_owned(), Bytes::from(format!("id-{n}"))),
            ("ce_type".to_owned(), Bytes::from_static(b"order.placed")),
        ],
        value: Bytes::from(format!("value {n}")),
        time: 1_700_000_000_000_000 + n as i64,
    }
}

/// The record with the partition of its key, as a producer computes it.
fn placed(record: LogRecord, partitions: u32) -> (u32, LogRecord) {
    (partition_of(&record.key, partitions), record)
}

/// Everything that one partition holds, read in steps of `step`.
async fn drain(log: &dyn Log, topic: &str, partition: u32, step: usize) -> Vec<StoredRecord> {
    let mut all: Vec<StoredRecord> = Vec::new();
    loop {
        let more = read(log, topic, partition, all.len() as u64, step).await;
        assert!(more.len() <= step, "asked for {step}, got {}", more.len());
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

async fn read(log: &dyn Log, topic: &str, partition: u32, from: u64, max: usize) -> Vec<StoredRecord> {
    done(log.read(topic, partition, from, max).await, "read")
}

async fn append(log: &dyn Log, topic: &str, batch: Vec<(u32, LogRecord)>) -> Vec<u64> {
    done(log.append(topic, batch).await, "append")
}

async fn heads(log: &dyn Log, topic: &str) -> Vec<u64> {
    done(log.heads(topic).await, "heads")
}

async fn topic(log: &dyn Log, name: &str, partitions: u32) {
    assert_eq!(done(log.topic(name, partitions).await, "topic"), partitions);
}

fn done<T>(result: Result<T, LogError>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what} failed: {error}"),
    }
}
