//! Claims about appending under an id.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{append, done, numbered, placed, read, topic};
use crate::{Fence, FencedAppender, Log, LogError, LogRecord};

/// Kept by key, and written under an id alone: what a topic must be for offsets to have gaps.
const TOPIC: &str = "customers";
/// How long it may take until all is shown.
const SOON: Duration = Duration::from_secs(30);

fn batch(numbers: std::ops::Range<u64>, partitions: u32) -> Vec<(String, u32, LogRecord)> {
    let place = |n| {
        let (partition, record) = placed(numbered(n), partitions);
        (TOPIC.to_owned(), partition, record)
    };
    numbers.map(place).collect()
}

/// Values of all records, by the number that they were given, read past every gap.
async fn values(log: &dyn Log, partitions: u32) -> Vec<String> {
    let mut all = Vec::new();
    for partition in 0..partitions {
        let mut from = 0;
        loop {
            let records = read(log, TOPIC, partition, from, 7).await;
            let Some(last) = records.last() else { break };
            from = last.offset + 1;
            all.extend(records.iter().map(|stored| String::from_utf8_lossy(&stored.record.value).into_owned()));
        }
    }
    all.sort_by_key(|value| value.trim_start_matches("value ").parse::<u64>().ok());
    all
}

/// Waits until exactly these are there: a log may show what was appended a moment later.
async fn settled(log: &dyn Log, partitions: u32, numbers: std::ops::Range<u64>) {
    let expected: Vec<String> = numbers.map(|n| format!("value {n}")).collect();
    let began = Instant::now();
    loop {
        let found = values(log, partitions).await;
        if found == expected {
            return;
        }
        assert!(found.len() < expected.len() && began.elapsed() < SOON, "{found:?}, expected {expected:?}");
    }
}

async fn appender<L: Fence>(log: &Arc<L>, id: &str) -> Box<dyn FencedAppender> {
    done(Arc::clone(log).fenced(id).await, "fenced")
}

pub(super) async fn what_is_appended_under_an_id_is_read_by_all<L: Log + Fence>(log: Arc<L>, n: u32) {
    topic(&*log, TOPIC, n).await;
    let mut one = appender(&log, "publisher").await;
    done(one.append(batch(0..20, n)).await, "append");
    settled(&*log, n, 0..20).await;
    done(one.append(Vec::new()).await, "an empty append");
    done(one.append(batch(20..25, n)).await, "append");
    // Others may append too, and another id is another's.
    append(&*log, TOPIC, vec![placed(numbered(25), n)]).await;
    let mut other = appender(&log, "sealer").await;
    done(other.append(batch(26..28, n)).await, "append");
    done(one.append(batch(28..30, n)).await, "append");
    settled(&*log, n, 0..30).await;
}

pub(super) async fn whoever_came_before_appends_nothing_any_more<L: Log + Fence>(log: Arc<L>, n: u32) {
    topic(&*log, TOPIC, n).await;
    let mut one = appender(&log, "publisher").await;
    done(one.append(batch(0..3, n)).await, "append");
    let mut two = appender(&log, "publisher").await;
    let late = one.append(batch(100..103, n)).await;
    assert_eq!(late, Err(LogError::Fenced("publisher".to_owned())));
    done(two.append(batch(3..6, n)).await, "append");
    assert!(one.append(batch(103..104, n)).await.is_err());
    settled(&*log, n, 0..6).await;
    // The one that was fenced may come again, and is then the last.
    let mut again = appender(&log, "publisher").await;
    done(again.append(batch(6..7, n)).await, "append");
    assert_eq!(two.append(batch(104..105, n)).await, Err(LogError::Fenced("publisher".to_owned())));
    settled(&*log, n, 0..7).await;
}

pub(super) async fn a_wrong_batch_appends_nothing_to_any_topic<L: Log + Fence>(log: Arc<L>, n: u32) {
    topic(&*log, TOPIC, n).await;
    let mut one = appender(&log, "publisher").await;
    let mut wrong = batch(0..3, n);
    wrong.push(("none".to_owned(), 0, numbered(3)));
    assert_eq!(one.append(wrong).await, Err(LogError::UnknownTopic("none".to_owned())));
    let mut wrong = batch(0..3, n);
    wrong.push((TOPIC.to_owned(), n, numbered(3)));
    assert!(matches!(one.append(wrong).await, Err(LogError::Refused(_))));
    assert!(values(&*log, n).await.is_empty());
    done(one.append(batch(0..3, n)).await, "append");
    settled(&*log, n, 0..3).await;
}
