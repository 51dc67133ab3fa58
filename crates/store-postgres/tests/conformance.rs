//! The port's contract, kept by a real server.

use std::sync::Arc;

use onefold_store::{FollowStore, ProjectStore, Queue, RowChanges, StoreError};
use onefold_store_conformance as conformance;
use onefold_store_postgres::{PostgresOptions, PostgresStore};
use onefold_testkit::Postgres;

fn options() -> PostgresOptions {
    PostgresOptions {
        partitions: conformance::PARTITIONS,
        stage_connections: 3,
        read_connections: 3,
        ..PostgresOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_keeps_the_contract() {
    let Some(server) = Postgres::shared("the contract of the read model on PostgreSQL") else { return };
    let database = server.database();
    let fresh = async |_: &str| Arc::new(PostgresStore::connect(&database.schema(), options()).await.unwrap());
    conformance::all(fresh).await;
}

#[tokio::test]
async fn other_rules_and_no_read_model_are_refused_and_what_is_there_is_taken_as_it_is() {
    let Some(server) = Postgres::shared("opening a read model on PostgreSQL") else { return };
    let database = server.database();
    let url = database.schema();
    assert_eq!(PostgresStore::connect_read(&url, options()).await.err(), Some(StoreError::Absent));
    PostgresStore::connect(&url, options()).await.unwrap();
    let mut other = options();
    other.rules.hub.weak += 1;
    assert_eq!(PostgresStore::connect(&url, other.clone()).await.err(), Some(StoreError::OtherRules));
    let reader = PostgresStore::connect_read(&url, other).await.unwrap();
    assert_eq!(reader.rules(), &options().rules);
    let nobody = PostgresStore::connect("postgres://127.0.0.1:9/x", options()).await.err();
    assert!(nobody.is_some_and(|error| error.retryable()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_puts_into_a_queue_another_one_hears_of() {
    let Some(server) = Postgres::shared("notifications between processes") else { return };
    let database = server.database();
    let url = database.schema();
    let one = PostgresStore::connect(&url, options()).await.unwrap();
    let other = PostgresStore::connect(&url, options()).await.unwrap();
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let ear = tokio::spawn(async move { other.hear(&|queue| assert!(told.send(queue).is_ok())).await });
    // First it is told to look whether anything waits already.
    assert_eq!([heard.recv().await, heard.recv().await], [Some(Queue::Inbox), Some(Queue::Marks)]);
    let put = async |offset: u64, changes: RowChanges| {
        let mut tx = one.begin(&[(0, offset, offset + 1)]).await.unwrap();
        tx.save(changes).await.unwrap();
        tx.commit().await.unwrap();
    };
    let parties = std::collections::BTreeSet::from(["party:erp:K1".to_owned()]);
    put(0, RowChanges { inbox: parties.clone(), ..RowChanges::default() }).await;
    assert_eq!(heard.recv().await, Some(Queue::Inbox));
    put(1, RowChanges { marks: parties, ..RowChanges::default() }).await;
    assert_eq!(heard.recv().await, Some(Queue::Marks));
    ear.abort();
}
