//! Errors of the world stop an ingest and are nobody's fault in quarantine; kills at each border lose and double nothing.
//! Failpoints are the process's, so these stand in a file, and a test, of their own.

#[path = "faults/hub.rs"]
#[allow(dead_code)]
mod hub;

use std::sync::Arc;

use hub::{Hub, gzip, invoices, key, table};
use onefold_connect::{IngestError, Input, RemapTo, ingest, remap_files};
use onefold_door::{Door, DoorError, DoorOptions};
use onefold_log::{Log, LogError};
use onefold_log_embedded::EmbeddedLog;
use onefold_store::{Quarantine, StoreError};
use onefold_store_sqlite::SqliteStore;

fn rows(count: usize) -> String {
    let row = |n: usize| {
        let day = if n % 50 == 7 { "2026-02-30" } else { "2026-03-09" };
        format!("{n},K{n},{day},{n}.00,fine")
    };
    let rows: Vec<String> = (0..count).map(row).collect();
    table(&rows.iter().map(String::as_str).collect::<Vec<_>>())
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_the_world_stop_and_a_kill_at_each_border_loses_and_doubles_nothing() {
    a_log_that_cannot_be_written_is_no_fault_of_a_record().await;
    quarantine_that_cannot_be_written_stops_before_the_events().await;
    a_remap_that_is_killed_at_each_border_and_begun_again_doubles_nothing().await;
    let undisturbed = {
        let hub = Hub::open().await;
        let report = hub.ingest(&invoices(""), "a.csv.gz", gzip(rows(5_000).as_bytes())).await;
        assert_eq!((report.accepted, report.quarantined), (4_900, 100));
        (hub.subjects().await, entries(&hub).await)
    };
    for point in ["door.before_append", "door.after_append", "ingest.after_quarantine"] {
        for passed in 0..3 {
            let mut hub = Hub::open().await;
            let input = Input::File(hub.write("a.csv.gz", gzip(rows(5_000).as_bytes())));
            fail::cfg(point, &format!("{passed}*off->1*panic(killed)->off")).unwrap();
            let (door, store, inputs) = (hub.door.clone(), hub.store.clone(), vec![input]);
            let killed = {
                let inputs = inputs.clone();
                tokio::spawn(async move { ingest(&invoices(""), &inputs, &door, &store, &|_| {}).await }).await
            };
            fail::remove(point);
            assert!(
                matches!(killed, Err(_) | Ok(Err(IngestError::Door(DoorError::Broken)))),
                "{point} {passed}: {killed:?}"
            );
            let survived = hub.events().await.len();
            if passed % 2 == 1 {
                hub.project().await;
            }
            hub.reopen_door().await;
            let report = hub.ingest_all(&invoices(""), &inputs).await;
            assert_eq!(
                (report.accepted + survived as u64, report.duplicates),
                (4_900, survived as u64),
                "{point} {passed}"
            );
            assert_eq!((hub.subjects().await, entries(&hub).await), undisturbed, "{point} {passed}");
        }
    }
}

/// The same of what is made anew: 4,900 events, a newer version of each, however often it was begun.
async fn a_remap_that_is_killed_at_each_border_and_begun_again_doubles_nothing() {
    let second = || {
        hub::parse(
            &hub::invoices_text("")
                .replace("source = \"t\"", "source = \"t\"\nmapping = 2")
                .replace("pick = \"sum\"", "pick = \"sum\", times = \"2\""),
        )
    };
    for point in ["door.before_append", "door.after_append"] {
        for passed in 0..2 {
            let mut hub = Hub::open().await;
            hub.ingest(&invoices(""), "a.csv.gz", gzip(rows(5_000).as_bytes())).await;
            hub.project().await;
            hub.reopen_door().await;
            let inputs = vec![Input::File(hub.dir.path().join("a.csv.gz"))];
            fail::cfg(point, &format!("{passed}*off->1*panic(killed)->off")).unwrap();
            let (door, store, log, again) = (hub.door.clone(), hub.store.clone(), hub.log.clone(), inputs.clone());
            let killed = tokio::spawn(async move {
                remap_files(&second(), &again, log.as_ref(), RemapTo::Hub(&door, &store), &|_| {}).await
            });
            let killed = killed.await;
            fail::remove(point);
            assert!(
                matches!(killed, Err(_) | Ok(Err(IngestError::Door(DoorError::Broken)))),
                "{point} {passed}: {killed:?}"
            );
            let survived = hub.events().await.len() as u64 - 4_900;
            if passed % 2 == 1 {
                hub.project().await;
            }
            hub.reopen_door().await;
            let to = RemapTo::Hub(&hub.door, &hub.store);
            let report = remap_files(&second(), &inputs, hub.log.as_ref(), to, &|_| {}).await.unwrap();
            let remapped = report.remap.unwrap().remapped;
            assert_eq!((remapped + survived, report.duplicates), (4_900, survived), "{point} {passed}");
            assert_eq!(hub.events().await.len(), 2 * 4_900, "{point} {passed}");
        }
    }
}

async fn entries(hub: &Hub) -> Vec<(String, Vec<u8>)> {
    hub.quarantined().await.into_iter().map(|entry| (entry.key, entry.raw)).collect()
}

async fn a_log_that_cannot_be_written_is_no_fault_of_a_record() {
    let hub = Hub::open().await;
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open_read(&hub.dir.path().join("log")).unwrap());
    let store = Arc::new(hub.store.clone());
    let door = Door::open(log, store.clone(), store, key(), DoorOptions::new(3, Default::default())).await.unwrap();
    let input = Input::File(hub.write("a.csv", rows(10)));
    let refused = ingest(&invoices(""), &[input], &door, &hub.store, &|_| {}).await.unwrap_err();
    assert!(matches!(&refused, IngestError::Door(DoorError::Log(LogError::Refused(_)))), "{refused}");
    assert!(!refused.retryable());
    assert_eq!(hub.quarantined().await.len(), 1);
    assert!(hub.events().await.is_empty());
    assert!(matches!(EmbeddedLog::open(&hub.dir.path().join("log"), Default::default()), Err(LogError::Locked(_))));
}

async fn quarantine_that_cannot_be_written_stops_before_the_events() {
    let hub = Hub::open().await;
    let shut = SqliteStore::open_read(&hub.dir.path().join("store")).unwrap();
    let input = Input::File(hub.write("a.csv", rows(10)));
    let stopped = ingest(&invoices(""), &[input], &hub.door, &shut, &|_| {}).await.unwrap_err();
    assert!(matches!(&stopped, IngestError::Quarantine(StoreError::Locked)), "{stopped}");
    assert!(stopped.retryable());
    assert!(hub.events().await.is_empty());
    assert_eq!(shut.open().await.unwrap(), 0);
}
