//! A read model of an older format.

use std::sync::{Arc, Mutex};

use onefold_fold::{FOLD_VERSION, MOST_FACTS, SubjectState};
use onefold_store::{FactsOf, HistoryStore, ListingOrder, ReadStore, RowPrint, StoreError, StoredTable, VerifyStore};
use onefold_store_conformance::{facts, given, placed, reserved};
use onefold_store_postgres::{PostgresOptions, PostgresStore};
use onefold_testkit::Postgres;
use onefold_view::DocumentNumber;
use prost::Message;

fn hex(state: &SubjectState) -> String {
    state.encode_to_vec().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Leads a statement into the schema that a test made.
const THERE: &str =
    "SELECT set_config('search_path', (SELECT nspname FROM pg_namespace WHERE nspname ~ '^s[0-9a-f]+_'), false)";

fn options() -> PostgresOptions {
    PostgresOptions { partitions: 3, stage_connections: 3, read_connections: 3, ..PostgresOptions::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_of_another_fold_are_not_gone_on_with() {
    let Some(server) = Postgres::shared("views of another fold on PostgreSQL") else { return };
    let database = server.database();
    let url = database.schema();
    drop(PostgresStore::connect(&url, options()).await.unwrap());
    let known = FOLD_VERSION;
    // Views from before the version was kept have none.
    let alter = "DELETE FROM meta WHERE name = 'fold'; DROP INDEX subject_by_number; DROP TABLE fingerprint, former, written; DELETE FROM _sqlx_migrations WHERE version > 8";
    database.run(&format!("{THERE}; {alter}"));
    let older = PostgresStore::connect(&url, options()).await.err();
    assert_eq!(older, Some(StoreError::OlderFold { found: 1, known }));
    assert_eq!(PostgresStore::connect_read(&url, options()).await.unwrap().fold_version(), 1);
    database.run(&format!("{THERE}; UPDATE meta SET value = '{}' WHERE name = 'fold'", known + 1));
    let newer = PostgresStore::connect(&url, options()).await.err();
    assert_eq!(newer, Some(StoreError::NewerFold { found: known + 1, known }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_format_is_brought_to_the_present_one() {
    let Some(server) = Postgres::shared("an older format on PostgreSQL") else { return };
    let database = server.database();
    let url = database.schema();
    drop(PostgresStore::connect(&url, options()).await.unwrap());
    // The third format left members of a set that no longer had anything, had no index of decisions, all facts in a row,
    // references of stocks, and documents by subject.
    let (referring, plain) = reserved();
    let (order, place) = placed();
    let whole = SubjectState { facts: facts(), ..SubjectState::default() };
    database.run(&format!(
        "{THERE}; DROP INDEX subject_by_number; DROP TABLE decided, fact; DELETE FROM meta WHERE value = 'told';
        DROP TABLE fingerprint, former, written; DELETE FROM _sqlx_migrations WHERE version > 3;
        ALTER TABLE document DROP COLUMN at;
        ALTER TABLE document ADD PRIMARY KEY (owner, subject);
        INSERT INTO document VALUES ('party:erp:A', 'order:erp:2');
        INSERT INTO owner (key, digest, bundle) VALUES ('set:of:nothing', '', ''), ('set:of:something', '', '\\x01');
        INSERT INTO set_member VALUES ('party:erp:A', 'set:of:nothing'), ('party:erp:A', 'set:of:something');
        INSERT INTO subject VALUES ('stock:wms:P1', '\\x{}'), ('order:erp:1', '\\x{}'), ('stock:wms:P2', '\\x{}'),
        ('order:erp:2', '\\x{}')",
        hex(&whole),
        hex(&given()),
        hex(&referring),
        hex(&order)
    ));

    let store = PostgresStore::connect(&url, options()).await.unwrap();
    let keys = ["stock:wms:P1".to_owned(), "order:erp:1".to_owned()];
    assert_eq!(store.subjects(&["stock:wms:P2".to_owned()]).await.unwrap(), [Some(plain)]);
    assert_eq!(store.decided(None, 10).await.unwrap(), ["order:erp:1"]);
    let number = DocumentNumber::of("1").unwrap();
    assert_eq!(store.numbered(&number, 10).await.unwrap(), ["order:erp:1"]);
    let owners = ["party:erp:A".to_owned()];
    assert_eq!(
        store.begin_read().await.unwrap().documents(&owners, ListingOrder::NewestFirst, None, 10).await.unwrap(),
        [place]
    );
    let (row, further) = SubjectState::from_copies(facts()).split_rows();
    assert_eq!((store.subjects(&keys).await.unwrap(), further), (vec![Some(row), Some(given())], facts()));
    assert_eq!(store.facts(&[FactsOf::all(&keys[0])]).await.unwrap(), [facts()]);
    let snapshot = VerifyStore::snapshot(&store).await.unwrap();
    for (table, rows) in [(StoredTable::SetMembers, 1), (StoredTable::Facts, MOST_FACTS + 1), (StoredTable::Decided, 1)]
    {
        let found = Arc::new(Mutex::new(0));
        let count = Arc::clone(&found);
        let each = move |_: RowPrint, _: &dyn Fn() -> String| *count.lock().unwrap() += 1;
        snapshot.scan(table, Arc::new(each)).await.unwrap();
        assert_eq!(*found.lock().unwrap(), rows, "{}", table.name());
    }
}
