//! Views made again beside the live ones.

use std::time::Duration;

use onefold_store::StoreError;
use onefold_store_postgres::{Beside, PostgresOptions, PostgresStore};
use onefold_testkit::Postgres;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_makes_views_again_and_the_next_waits_until_the_server_has_noticed_that_it_ended() {
    let Some(server) = Postgres::shared("views made again on PostgreSQL") else { return };
    let database = server.database();
    let url = database.schema();
    let open = || Beside::open(&url, PostgresOptions::default());
    drop(PostgresStore::connect(&url, PostgresOptions::default()).await.unwrap());
    let first = open().await.unwrap();
    assert_eq!(open().await.err(), Some(StoreError::Locked));
    let ends = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(first);
    };
    let (second, ()) = tokio::join!(open(), ends);
    assert!(second.is_ok(), "{second:?}");
}
