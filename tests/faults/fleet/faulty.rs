//! Every message twice, in any order, out of a log that does the worst that its port allows.

use std::sync::Arc;
use std::time::Duration;

use onefold_assembler::Assembler;
use onefold_customer::{CustomerReader, StatusRows};
use onefold_event::{EmptyKeyRing, HubKey};
use onefold_identity::IdentityRules;
use onefold_log::{Log, LogRecord, partition_of};
use onefold_log_embedded::EmbeddedLog;
use onefold_projector::Projector;
use onefold_resolver::Resolver;
use onefold_stage::{HealthRegistry, Stage, StopSignal, spawn};
use onefold_store::Store;
use onefold_store_postgres::PostgresStore;
use onefold_store_sqlite::SqliteStore;
use onefold_testkit::{FaultyLog, Postgres};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::company::Company;
use crate::fleet::PARTITIONS;

/// Two of each stage, each over its own store, fold what comes in; answers what the first store says in the end.
async fn folded(stores: [Arc<dyn Store>; 2], records: &[LogRecord], seed: u64) -> StatusRows {
    let directory = TempDir::new().expect("a directory");
    let embedded = EmbeddedLog::open(&directory.path().join("log.db"), Default::default()).expect("a log");
    embedded.topic("events", PARTITIONS).await.expect("a topic");
    let sound: Arc<dyn Log> = Arc::new(embedded);
    let log: Arc<dyn Log> = Arc::new(FaultyLog::new(Arc::clone(&sound), seed));
    let (health, stop) = ([(); 2].map(|()| HealthRegistry::default()), StopSignal::default());
    let mut threads = Vec::new();
    for (store, health) in stores.iter().zip(&health) {
        let projector = Projector::new(
            Arc::clone(&log),
            Arc::clone(store) as _,
            (HubKey::new(&[7; 32]), Arc::new(EmptyKeyRing)),
            onefold_projector::ProjectorOptions { batch: 200, portion: 50 },
        );
        let resolver = Resolver::new(
            Arc::clone(store) as _,
            IdentityRules::default(),
            onefold_resolver::ResolverOptions { batch: 20 },
        );
        let assembler = Assembler::new(Arc::clone(store) as _, onefold_assembler::AssemblerOptions { batch: 20 });
        let stages: [Box<dyn Stage>; 3] = [Box::new(projector), Box::new(resolver), Box::new(assembler)];
        for stage in stages {
            let wake = (stage.name() != "projector").then(|| Arc::new(Notify::new()));
            threads.push(spawn(stage, wake, None, health.clone(), stop.clone()).expect("a thread"));
        }
    }
    for records in records.chunks(40) {
        let placed = |record: &LogRecord| (partition_of(&record.key, PARTITIONS), record.clone());
        let batch: Vec<(u32, LogRecord)> = records.iter().map(placed).collect();
        while log.append("events", batch.clone()).await.is_err() {}
    }
    let (heads, began) = (sound.heads("events").await.expect("heads"), Instant::now());
    assert!(heads.iter().sum::<u64>() >= 2 * records.len() as u64, "{heads:?}");
    loop {
        let followed = stores[0].followed().await.expect("positions");
        if followed.positions == heads && !followed.waiting {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(90), "{followed:?} of {heads:?}: {health:?}");
        sleep(Duration::from_millis(20)).await;
    }
    stop.stop();
    tokio::task::spawn_blocking(move || threads.into_iter().for_each(|thread| thread.join().expect("a stage")))
        .await
        .expect("all end");
    CustomerReader::new(&*stores[0], &IdentityRules::default()).status().await.expect("a status")
}

/// All events, in an order of no meaning, each at its own time.
fn shuffled(company: &Company, seed: u64) -> Vec<LogRecord> {
    let mut keyed: Vec<(u64, LogRecord)> = Vec::new();
    for (n, record) in (0u64..).zip(&company.records) {
        keyed.push(((n + seed).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31), record.clone()));
    }
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, record)| record).collect()
}

fn is_as(found: &StatusRows, company: &Company) {
    let wanted = &company.status;
    assert_eq!(found.counts.digest.to_string(), wanted["digest"]);
    assert_eq!(found.counts.ids_digest.to_string(), wanted["ids_digest"]);
    assert_eq!((found.counts.conflicts, found.counts.waiting), (0, 0));
    assert_eq!(
        (Some(found.counts.subjects), Some(found.counts.customers), Some(found.counts.totals.documents)),
        (wanted["subjects"].as_u64(), wanted["customers"].as_u64(), wanted["documents"].as_i64())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_twice_and_in_any_order_gives_the_same_views_in_a_file() {
    let company = tokio::task::spawn_blocking(Company::get).await.expect("a company");
    let directory = TempDir::new().expect("a directory");
    let options = onefold_store_sqlite::SqliteOptions { partitions: PARTITIONS, ..Default::default() };
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open(&directory.path().join("views.db"), options).expect("a store"));
    is_as(&folded([Arc::clone(&store), store], &shuffled(company, 3), 3).await, company);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_twice_and_in_any_order_gives_the_same_views_in_postgres() {
    let company = tokio::task::spawn_blocking(Company::get).await.expect("a company");
    let Some(postgres) = Postgres::shared("every message twice and in any order, in PostgreSQL") else { return };
    let database = postgres.database();
    let options = || onefold_store_postgres::PostgresOptions { partitions: PARTITIONS, ..Default::default() };
    let one = PostgresStore::connect(database.url(), options()).await.expect("a store");
    let two = PostgresStore::connect(database.url(), options()).await.expect("a store");
    is_as(&folded([Arc::new(one), Arc::new(two)], &shuffled(company, 5), 5).await, company);
}
