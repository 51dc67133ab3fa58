//! Rows in a database.

use onefold_testkit::{Database, Engine};

use crate::{A, B, C, Fault, Hand, all, are_found, fault, hub};

impl Hand for Database {
    fn run(&self, sql: &str) {
        Database::run(self, &format!("{SCHEMA}; {sql}"));
    }

    fn alter(&self, sql: &str) {
        let none = format!("IF NOT FOUND THEN RAISE 'nothing was altered by: %', $sql${sql}$sql$; END IF");
        Hand::run(self, &format!("DO $$ BEGIN {sql}; {none}; END $$"));
    }
}

/// The one schema that a hub made.
const SCHEMA: &str = "SELECT set_config('search_path', (SELECT nspname FROM pg_namespace WHERE nspname ~ '^s'), false)";

/// What stands for keys in the statements.
fn statement(sql: &str) -> String {
    let quoted = |text: &str| format!("'{text}'");
    sql.replace("{key}", "key")
        .replace("{nothing}", "''")
        .replace("{zeros}", "decode(repeat('00', 32), 'hex')")
        .replace("{A}", &quoted(A))
        .replace("{B}", &quoted(B))
        .replace("{C}", &quoted(C))
        .replace("{set}", "(SELECT key FROM owner WHERE key LIKE 'set:%' AND length(bundle) > 0)")
        .replace("{emptied}", "(SELECT key FROM owner WHERE key LIKE 'set:%' AND length(bundle) = 0)")
        .replace("{given}", &quoted("invoice:erp:2"))
        .replace("{phone}", &quoted("phone:+8613800138000"))
        .replace("{invoice}", &quoted("invoice:erp:1"))
        .replace("{decision}", &quoted("decision:desk:1"))
}

/// What stands otherwise than in other engines.
const OWN: &[Fault] = &[
    fault("document", "documents", C, "UPDATE document SET subject = {invoice} WHERE owner = {C}"),
    fault("document", "documents", C, "UPDATE document SET at = at + 1 WHERE owner = {C}"),
    fault("document", "documents", A, "DELETE FROM document WHERE owner = {A} AND subject = {invoice}"),
    fault("document", "documents", C, "INSERT INTO document (owner, at, subject) VALUES ({C}, 1, {invoice})"),
    fault(
        "open_item",
        "open items",
        A,
        "UPDATE open_item SET item = (SELECT item FROM open_item WHERE owner = {C}) WHERE owner = {A}",
    ),
    fault("open_item", "open items", C, "UPDATE open_item SET due = due + 1 WHERE owner = {C}"),
    fault("open_item", "open items", A, "DELETE FROM open_item WHERE owner = {A}"),
    fault(
        "open_item",
        "open items",
        C,
        "INSERT INTO open_item SELECT owner, due, {invoice}, item FROM open_item WHERE owner = {C}",
    ),
    fault("owner", "keys", A, "UPDATE owner SET id = gen_random_uuid() WHERE key = {A}"),
    fault("owner", "keys", C, "UPDATE owner SET id = NULL WHERE key = {C}"),
    fault("search", "search", C, "UPDATE search SET text = convert_to('张三', 'UTF8') WHERE party = {C}"),
    fault("search", "search", C, "UPDATE search SET words = 'zhang'::tsvector WHERE party = {C}"),
    fault(
        "search",
        "search",
        A,
        "INSERT INTO search SELECT {A}, text, words FROM search WHERE party = {C} ON CONFLICT (party) DO UPDATE SET text = ''",
    ),
    Fault { table: "long_key", named: "owners", party: None, sql: "UPDATE long_key SET key = key || '|party:erp:Z'" },
    Fault { table: "long_key", named: "owners", party: None, sql: "DELETE FROM long_key" },
    Fault {
        table: "long_key",
        named: "owners",
        party: None,
        sql: "UPDATE long_key SET short = 'set#' || repeat('0', 64)",
    },
];

#[tokio::test]
async fn a_row_altered_taken_away_or_added_in_postgres_is_found_and_its_customer_named() {
    let engine = Engine::postgres();
    let Engine::Postgres(database) = &engine else { return };
    let hub = hub(&engine).await;
    are_found(&hub, database.as_ref(), OWN, statement).await;
}

#[tokio::test]
async fn every_derived_table_of_postgres_has_its_faults_and_every_sum_is_held_against_the_log() {
    let engine = Engine::postgres();
    let Engine::Postgres(database) = &engine else { return };
    let hub = hub(&engine).await;
    // Beside what is derived: where the program stands and which log it knows, how far sources were read, what waits or is to be
    // told, and the quarantine.
    let others = [
        "meta",
        "position",
        "fingerprint",
        "lease",
        "inbox",
        "mark",
        "quarantine",
        "intake",
        "source_item",
        "publishing",
        "outbox",
    ];
    let mut known: Vec<&str> = others.into();
    for fault in all(OWN) {
        let faults = all(OWN).filter(|other| other.table == fault.table).count();
        assert!(faults >= 3, "{} is altered by {faults} faults", fault.table);
        known.push(fault.table);
        let rows = format!("IF NOT EXISTS (SELECT 1 FROM {0}) THEN RAISE '{0} is empty'; END IF;", fault.table);
        Hand::run(database.as_ref(), &format!("DO $$ BEGIN {rows} END $$"));
    }
    let known = known.join("', '");
    let tables = "SELECT string_agg(tablename, ', ') FROM pg_tables WHERE schemaname = current_schema()";
    let unknown = format!("({tables} AND tablename NOT LIKE '%migration%' AND tablename NOT IN ('{known}'))");
    let raise = format!("IF {unknown} IS NOT NULL THEN RAISE 'nobody alters %', {unknown}; END IF;");
    Hand::run(database.as_ref(), &format!("DO $$ BEGIN {raise} END $$"));
    for (table, column) in [
        ("position", "bundles"),
        ("position", "clusters"),
        ("position", "ids"),
        ("lease", "clusters"),
        ("lease", "ids"),
    ] {
        let other = format!("UPDATE {table} SET {column} = set_byte({column}, 31, get_byte({column}, 31) # 1)");
        let one = match table {
            "position" => format!("{other} WHERE partition = 0"),
            _ => format!("{other} WHERE name = 'resolver'"),
        };
        database.alter(&one);
        assert!(!hub.verify().await.is_equal(), "{table} {column}");
        database.alter(&one);
    }
    assert!(hub.verify().await.is_equal());
}

#[tokio::test]
async fn a_row_in_postgres_that_is_not_what_it_was_stored_as_is_told_from_one_that_is() {
    let engine = Engine::postgres();
    let Engine::Postgres(database) = &engine else { return };
    let hub = hub(&engine).await;
    let put =
        |bundle: &str| database.alter(&statement(&format!("UPDATE owner SET bundle = {bundle} WHERE key = {{A}}")));
    put("bundle || bundle");
    let verified = hub.verify().await;
    assert_eq!(verified.torn_rows, 1);
    assert!(verified.advice().expect("advice").contains("altered outside the program"));
    put("substring(bundle FOR length(bundle) / 2)");
    assert!(hub.verify().await.is_equal(), "everything was put back");
    database.alter(&statement("UPDATE holder SET present = NOT present WHERE party = {C}"));
    let verified = hub.verify().await;
    assert!(verified.advice().expect("advice").contains("differs from itself"), "{verified:#?}");
}

// What a verification has read it lets go of beside what goes on here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_of_numbers_that_is_gone_or_leads_elsewhere_is_found() {
    let engine = Engine::postgres();
    let Engine::Postgres(database) = &engine else { return };
    let hub = hub(&engine).await;
    let run = |sql: &str| Hand::run(database.as_ref(), sql);
    run("CREATE TABLE kept_index AS SELECT pg_get_indexdef('subject_by_number'::regclass) AS sql");
    for altered in ["", "CREATE INDEX subject_by_number ON subject ((length(key)))"] {
        run(&format!("DROP INDEX subject_by_number; {altered}"));
        let verified = hub.verify().await;
        let wrong = ("keys", "the index of numbers");
        let found = verified.mismatches.iter().any(|row| (row.table, row.key.as_str()) == wrong);
        assert!(found && !verified.is_equal(), "{altered}: {verified:#?}");
        run("DROP INDEX IF EXISTS subject_by_number; DO $$ BEGIN EXECUTE (SELECT sql FROM kept_index); END $$");
        assert!(hub.verify().await.is_equal(), "it was put back after {altered}");
    }
}
