//! Claims about following a log live.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{append, done, heads, numbered, placed, read, topic};
use crate::Log;

const LONG: Duration = Duration::from_secs(30);

pub(super) async fn wait_answers_at_once_when_there_is_more(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    append(&*log, "events", vec![(n - 1, numbered(1))]).await;
    let began = Instant::now();
    let seen = vec![0; n as usize];
    assert!(done(log.wait("events", &seen, LONG).await, "wait"));
    assert!(done(log.wait("events", &[], LONG).await, "wait"));
    assert!(began.elapsed() < LONG);
}

pub(super) async fn wait_wakes_at_an_append(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    append(&*log, "events", vec![(0, numbered(0))]).await;
    for partition in [0, n - 1] {
        let seen = heads(&*log, "events").await;
        let waiters: Vec<_> = (0..4)
            .map(|_| {
                let (log, seen) = (Arc::clone(&log), seen.clone());
                tokio::spawn(async move { log.wait("events", &seen, LONG).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(waiters.iter().all(|w| !w.is_finished()), "nothing is new");
        let began = Instant::now();
        append(&*log, "events", vec![(partition, numbered(1))]).await;
        for waiter in waiters {
            match waiter.await {
                Ok(woken) => assert!(done(woken, "wait")),
                Err(error) => panic!("a waiter failed: {error}"),
            }
        }
        assert!(began.elapsed() < LONG);
    }
}

pub(super) async fn wait_ends_when_the_time_is_up(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    append(&*log, "events", vec![(0, numbered(1))]).await;
    let seen = heads(&*log, "events").await;
    let short = Duration::from_millis(80);
    let began = Instant::now();
    assert!(!done(log.wait("events", &seen, short).await, "wait"));
    assert!(began.elapsed() >= short);
    assert!(!done(log.wait("events", &seen, Duration::ZERO).await, "wait"));
}

pub(super) async fn a_follower_misses_nothing(log: Arc<dyn Log>, n: u32) {
    const RECORDS: u64 = 300;
    topic(&*log, "events", n).await;
    let follower = tokio::spawn({
        let log = Arc::clone(&log);
        async move {
            let mut seen = vec![0u64; n as usize];
            while seen.iter().sum::<u64>() < RECORDS {
                let woken = done(log.wait("events", &seen, LONG).await, "wait");
                assert!(woken, "nothing came after {seen:?}");
                for (partition, seen) in seen.iter_mut().enumerate() {
                    let more = read(&*log, "events", partition as u32, *seen, 1_000).await;
                    *seen += more.len() as u64;
                }
            }
            seen
        }
    });
    for k in 0..RECORDS {
        append(&*log, "events", vec![placed(numbered(k), n)]).await;
    }
    match follower.await {
        Ok(seen) => assert_eq!(seen, heads(&*log, "events").await),
        Err(error) => panic!("the follower failed: {error}"),
    }
}
