//! What the door lets in, what it drops, and what it says against the rest.

mod hub;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hub::Hub;
use onefold_door::{DoorForecast, DoorVerdict, EventForecast};
use onefold_event::{Event, EventLimits, decode, encode, from_cloudevent};
use onefold_fold::MOST_FACTS;
use onefold_log::{Log, LogRecord};
use onefold_testkit::posted_invoice;
use serde_json::json;

fn event(no: &str, total: &str) -> Event {
    from_cloudevent(&posted_invoice(no, total)).unwrap()
}

fn mapped_by(mapping: u8, mut event: Event) -> Event {
    event.header.mapping = vec![mapping; 8];
    event
}

/// Whether an event counts as taken in, now or before.
fn is_in(verdict: &DoorVerdict) -> bool {
    matches!(verdict, DoorVerdict::Accepted { .. } | DoorVerdict::Duplicate)
}

#[tokio::test]
async fn a_copy_is_dropped_whether_it_is_in_the_batch_on_its_way_or_stored() {
    let mut hub = Hub::open().await;
    let verdicts = hub.door.accept(vec![event("1", "1"), event("1", "1"), event("2", "1")]).await.unwrap();
    assert!(
        matches!(verdicts[..], [DoorVerdict::Accepted { .. }, DoorVerdict::Duplicate, DoorVerdict::Accepted { .. }]),
        "{verdicts:?}"
    );
    for stored in [false, true] {
        if stored {
            hub.project().await;
            hub.reopen_door().await;
        }
        assert_eq!(hub.door.accept(vec![event("2", "1")]).await.unwrap(), [DoorVerdict::Duplicate]);
    }
    assert_eq!(hub.events().await.len(), 2);
}

#[tokio::test]
async fn what_the_door_would_say_is_what_it_says_and_nothing_is_written_for_it() {
    let hub = Hub::open().await;
    let revised = |total: &str, revision: &str| {
        let mut event = mapped_by(1, event("1", total));
        let mut id = [0; 16];
        id[0] = revision.as_bytes()[0];
        (event.header.id, event.header.revision) = (onefold_event::EventId(id), revision.to_owned());
        event
    };
    let first = revised("1", "a");
    hub.door.accept(vec![first.clone()]).await.unwrap();
    for stored in [false, true] {
        if stored {
            hub.project().await;
        }
        let mut forecast = hub.forecast().await;
        assert!(forecast.has_hub());
        let other = revised("2", "a");
        let asked =
            vec![first.clone(), other.clone(), mapped_by(2, other), event("9", "1"), event("9", "1"), event("9", "2")];
        let told = forecast.foresee(asked).await.unwrap();
        assert_eq!(told[0], EventForecast::Duplicate);
        // Asked about together, what comes second is held against the first; alone, against the log.
        assert!(matches!(&told[1], EventForecast::Contradicted(_)), "{told:?}");
        assert!(
            matches!(&told[3..], [EventForecast::New, EventForecast::Repeated(_), EventForecast::Contradicted(_)]),
            "{told:?}"
        );
        let alone = hub.forecast().await.foresee(vec![revised("2", "a")]).await.unwrap();
        assert!(matches!(&alone[..], [EventForecast::Conflict(_)]), "{alone:?}");
        let older = hub.forecast().await.foresee(vec![mapped_by(2, revised("2", "a"))]).await.unwrap();
        assert!(matches!(&older[..], [EventForecast::OlderMapping(_)]), "{older:?}");
        if stored {
            let later = hub.forecast().await.foresee(vec![revised("3", "b")]).await.unwrap();
            assert_eq!(later, [EventForecast::Amendment]);
        }
    }
    let mut nothing = DoorForecast::of_nothing(EventLimits::default());
    assert_eq!(
        nothing.foresee(vec![first, revised("3", "b")]).await.unwrap(),
        [EventForecast::New, EventForecast::Amendment]
    );
    assert_eq!(hub.events().await.len(), 1);
}

#[tokio::test]
async fn a_copy_is_dropped_and_a_conflict_told_however_long_the_history_of_its_subject() {
    let mut hub = Hub::open().await;
    let about_one = |n: i32, total: &str| {
        let mut cloud = posted_invoice("1", total);
        cloud["id"] = json!(format!("change-{n}"));
        from_cloudevent(&cloud).unwrap()
    };
    let many: Vec<Event> = (0..100).map(|n| about_one(n, "1")).collect();
    assert!(many.len() > MOST_FACTS);
    hub.door.accept(many.clone()).await.unwrap();
    hub.project().await;
    hub.reopen_door().await;
    for event in [&many[0], &many[99]] {
        assert!(hub.door.shows(event).await.unwrap(), "{}", event.header.id);
    }
    assert!(!hub.door.shows(&about_one(100, "1")).await.unwrap());
    let verdicts = hub.door.accept(many).await.unwrap();
    assert!(verdicts.iter().all(|verdict| *verdict == DoorVerdict::Duplicate), "{verdicts:?}");
    assert!(matches!(hub.door.accept(vec![about_one(7, "2")]).await.unwrap()[..], [DoorVerdict::Conflict(_)]));
    assert_eq!(hub.events().await.len(), 100);
}

#[tokio::test]
async fn a_door_that_opens_again_knows_what_nobody_has_projected() {
    let mut hub = Hub::open().await;
    hub.door.accept(vec![event("1", "1")]).await.unwrap();
    hub.reopen_door().await;
    assert_eq!(hub.door.accept(vec![event("1", "1")]).await.unwrap(), [DoorVerdict::Duplicate]);
    assert!(matches!(hub.door.accept(vec![event("1", "2")]).await.unwrap()[..], [DoorVerdict::Conflict(_)]));
}

#[tokio::test]
async fn another_content_is_a_conflict_under_the_same_mapping_only() {
    let mut hub = Hub::open().await;
    hub.door.accept(vec![mapped_by(1, event("1", "1"))]).await.unwrap();
    for stored in [false, true] {
        if stored {
            hub.project().await;
            hub.reopen_door().await;
        }
        let verdicts = hub
            .door
            .accept(vec![mapped_by(1, event("1", "2")), mapped_by(2, event("1", "2")), mapped_by(2, event("1", "1"))])
            .await
            .unwrap();
        let [DoorVerdict::Conflict(earlier), DoorVerdict::OlderMapping(_), DoorVerdict::Duplicate] = &verdicts[..]
        else {
            panic!("{verdicts:?}")
        };
        let stored = hub.log.fetch("events", &[(earlier.partition, earlier.offset)]).await.unwrap();
        assert_eq!(decode(&stored[0].record.value).unwrap().header.id, earlier.id);
    }
    let verdicts = hub
        .door
        .accept(vec![mapped_by(1, event("9", "1")), mapped_by(1, event("9", "2")), mapped_by(2, event("9", "3"))])
        .await
        .unwrap();
    assert!(
        matches!(verdicts[..], [DoorVerdict::Accepted { .. }, DoorVerdict::Conflict(_), DoorVerdict::OlderMapping(_)]),
        "{verdicts:?}"
    );
    assert_eq!(hub.events().await.len(), 2);
}

#[tokio::test]
async fn stamps_rise_whatever_the_clock_does_and_one_that_was_years_ahead_is_not_followed() {
    const NOON: i64 = 1_780_000_000_000_000;
    let time = Arc::new(AtomicI64::new(NOON));
    let clock = Arc::clone(&time);
    let mut hub = Hub::by(Arc::new(move || clock.load(Ordering::Relaxed))).await;
    let mut given = Vec::new();
    // It stands still, is set back by a second, and goes on.
    for (round, at) in [NOON, NOON - 1_000_000, NOON + 5_000_000].into_iter().enumerate() {
        time.store(at, Ordering::Relaxed);
        hub.door.accept((0..3).map(|n| event(&format!("{round}-{n}"), "1")).collect()).await.unwrap();
        hub.reopen_door().await;
    }
    given.extend([0, 1, 2, 3, 4, 5, 5_000_000, 5_000_001, 5_000_002].map(|after| NOON + after));
    assert_eq!(hub.times().await, given);
    // A clock that was far ahead and was set back: the log holds a stamp from the future.
    let far = LogRecord::new("invoice:erp:far", encode(&event("far", "1")), i64::MAX / 2);
    hub.log.append("events", vec![(0, far)]).await.unwrap();
    hub.reopen_door().await;
    hub.door.accept(vec![event("after", "1")]).await.unwrap();
    given.extend([NOON + 5_000_003, i64::MAX / 2]);
    assert_eq!(hub.times().await, given);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_at_once_each_hear_of_their_own_and_one_copy_stays() {
    let hub = Arc::new(Hub::open().await);
    let callers = (0..40).map(|caller| {
        let hub = Arc::clone(&hub);
        tokio::spawn(async move {
            hub.door.accept((0..25).map(|n| event(&format!("{}", (caller + n) % 50), "1")).collect()).await.unwrap()
        })
    });
    let mut accepted = 0;
    for caller in callers.collect::<Vec<_>>() {
        let verdicts = caller.await.unwrap();
        assert_eq!(verdicts.len(), 25);
        assert!(verdicts.iter().all(is_in));
        accepted += verdicts.iter().filter(|v| matches!(v, DoorVerdict::Accepted { .. })).count();
    }
    assert_eq!((accepted, hub.events().await.len()), (50, 50));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_leaves_the_door_working() {
    let hub = Hub::open().await;
    for n in 0..20 {
        let call = hub.door.accept(vec![event(&n.to_string(), "1")]);
        let _ = tokio::time::timeout(Duration::from_micros(n * 50), call).await;
    }
    let verdicts = hub.door.accept((0..20).map(|n| event(&n.to_string(), "1")).collect()).await.unwrap();
    assert!(verdicts.iter().all(is_in));
    assert_eq!(hub.events().await.len(), 20);
}
