//! The port's contract, kept by a real server.

use std::sync::Arc;

use onefold_store::{StoreError, conformance};
use onefold_store_postgres::{Options, PostgresStore};
use onefold_testkit::Postgres;

fn options() -> Options {
    Options { partitions: conformance::PARTITIONS, stage_connections: 3, read_connections: 3, ..Options::default() }
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
    assert!(matches!(PostgresStore::connect_read(&url, options()).await.err(), Some(StoreError::Corrupt(_))));
    PostgresStore::connect(&url, options()).await.unwrap();
    let mut other = options();
    other.rules.hub.weak += 1;
    assert_eq!(PostgresStore::connect(&url, other.clone()).await.err(), Some(StoreError::OtherRules));
    let reader = PostgresStore::connect_read(&url, other).await.unwrap();
    assert_eq!(reader.rules(), &options().rules);
    let nobody = PostgresStore::connect("postgres://127.0.0.1:9/x", options()).await.err();
    assert!(nobody.is_some_and(|error| error.retryable()));
}
