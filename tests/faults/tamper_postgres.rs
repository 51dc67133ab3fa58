//! The same in PostgreSQL: what stands there otherwise than in a file.

mod tampered;

use onefold_testkit::Engine;

use tampered::{A, B, C, Fault, fault, hub, misses};

/// Rows that are kept apart from those of other tables: words beside their text, sets, and what a party is found by.
const FAULTS: &[Fault] = &[
    fault("subject", "subjects", C, "UPDATE subject SET state = '' WHERE key = 'party:erp:C'"),
    fault(
        "fact",
        "facts",
        A,
        "UPDATE fact SET state = (SELECT state FROM fact ORDER BY state DESC LIMIT 1) WHERE id = (SELECT id FROM fact ORDER BY state LIMIT 1)",
    ),
    fault("fact", "facts", A, "DELETE FROM fact WHERE id = (SELECT id FROM fact LIMIT 1)"),
    fault("fact", "facts", C, "INSERT INTO fact SELECT 'party:erp:C', id, state FROM fact LIMIT 1"),
    fault("owner", "keys", C, "UPDATE owner SET id = gen_random_uuid() WHERE key = 'party:erp:C'"),
    fault(
        "search",
        "search",
        C,
        "UPDATE search SET words = array_to_tsvector(ARRAY['张三']) WHERE party = 'party:erp:C'",
    ),
    fault("search", "search", C, "UPDATE search SET text = '张三' WHERE party = 'party:erp:C'"),
    fault("search", "search", C, "DELETE FROM search WHERE party = 'party:erp:C'"),
    fault(
        "search",
        "search",
        A,
        "INSERT INTO search SELECT 'party:erp:A', text, words FROM search WHERE party = 'party:erp:C'",
    ),
    fault("set_member", "set members", A, "UPDATE set_member SET atom = 'party:erp:C' WHERE atom = 'party:erp:A'"),
    fault("set_member", "set members", B, "DELETE FROM set_member WHERE atom = 'party:crm:B'"),
    fault("set_member", "set members", C, "INSERT INTO set_member SELECT 'party:erp:C', owner FROM set_member LIMIT 1"),
    fault("decided", "decided", C, "UPDATE decided SET subject = 'invoice:erp:1' WHERE subject = 'invoice:erp:2'"),
    fault("decided", "decided", C, "DELETE FROM decided WHERE subject = 'invoice:erp:2'"),
    fault("decided", "decided", A, "INSERT INTO decided VALUES ('invoice:erp:1')"),
    fault(
        "set_member",
        "set members",
        C,
        "INSERT INTO set_member SELECT 'party:erp:C', key FROM owner WHERE key LIKE 'set:%' AND length(bundle) = 0",
    ),
];

#[tokio::test]
async fn a_row_altered_taken_away_or_added_is_found_and_its_customer_named() {
    let engine = Engine::postgres();
    let Engine::Postgres(database) = &engine else { return };
    let hub = hub(&engine).await;
    // The one schema of this test's database that is ours.
    let there =
        "SELECT set_config('search_path', (SELECT nspname FROM pg_namespace WHERE nspname ~ '^s[0-9a-f]+_'), false)";
    let mut missed = Vec::new();
    for fault @ Fault { table, sql, .. } in FAULTS {
        // The rows are put back after each fault, so that each stands alone.
        database.run(&format!("{there}; CREATE TABLE public.kept AS TABLE {table}; {sql}"));
        missed.extend(misses(&hub, fault).await.map(|found| format!("{sql}\n{found}")));
        database.run(&format!(
            "{there}; DELETE FROM {table}; INSERT INTO {table} TABLE public.kept; DROP TABLE public.kept"
        ));
    }
    assert!(missed.is_empty(), "{} faults of {} were missed:\n{}", missed.len(), FAULTS.len(), missed.join("\n\n"));
    assert!(hub.verify().await.is_equal(), "everything was put back");
}
