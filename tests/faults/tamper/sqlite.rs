//! Rows in a file.

use std::path::{Path, PathBuf};

use onefold_store::SEARCH_INDEX;
use onefold_testkit::Engine;
use rusqlite::Connection;

use crate::{A, B, C, Fault, Hand, all, are_found, fault, hub};

impl Hand for PathBuf {
    fn run(&self, sql: &str) {
        open(self).execute_batch(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    }

    fn alter(&self, sql: &str) {
        let rows = open(self).execute(sql, []).unwrap_or_else(|e| panic!("{sql}: {e}"));
        assert!(rows > 0, "nothing was altered by: {sql}");
    }

    /// The full-text index has several, and keeps no text by which it could be read.
    fn stored(&self, table: &str) -> Vec<String> {
        match table {
            "search_index" => ["data", "idx", "docsize", "config"].map(|part| format!("search_index_{part}")).to_vec(),
            _ => vec![table.to_owned()],
        }
    }
}

/// The read model, anew: the full-text index remembers what it read.
fn open(path: &Path) -> Connection {
    Connection::open(path).expect("the read model")
}

/// Numbers of keys, as the file has them: `{A}` and the like in the statements.
fn statement(sql: &str) -> String {
    let owner = |key: &str| format!("(SELECT num FROM owner WHERE key = '{key}')");
    let subject = |key: &str| format!("(SELECT num FROM subject WHERE key = '{key}')");
    sql.replace("{key}", "num")
        .replace("{nothing}", "x''")
        .replace("{zeros}", "zeroblob(32)")
        .replace("{A}", &owner(A))
        .replace("{B}", &owner(B))
        .replace("{C}", &owner(C))
        .replace("{set}", "(SELECT num FROM owner WHERE key LIKE 'set:%' AND length(bundle) > 0 AND length(key) < 500)")
        .replace("{emptied}", "(SELECT num FROM owner WHERE key LIKE 'set:%' AND length(bundle) = 0)")
        .replace("{phone}", &owner("identifier:phone:+8613800138000"))
        .replace("{invoice}", &subject("invoice:erp:1"))
        .replace("{given}", &subject("invoice:erp:2"))
        .replace("{decision}", &subject("decision:desk:1"))
}

/// What stands otherwise than in other engines.
const OWN: &[Fault] = &[
    fault(
        "subject",
        "subjects",
        A,
        "INSERT INTO subject SELECT 999999, 'party:erp:A', state FROM subject WHERE num = {invoice}",
    ),
    fault(
        "owner",
        "owners",
        C,
        "INSERT INTO owner SELECT 999999, key, first_seen, bundle, zeroblob(32), x'' FROM owner WHERE num = {C}",
    ),
    // A's documents and open items stand in rows, C's in the row of C.
    fault("owned", "documents", A, "UPDATE owned SET subject = {given} WHERE subject = {invoice} AND list = 0"),
    fault("owned", "documents", A, "UPDATE owned SET at = at + 1 WHERE owner = {A} AND list = 0"),
    fault("owned", "documents", A, "DELETE FROM owned WHERE owner = {A} AND list = 0 AND subject = {invoice}"),
    fault("owned", "documents", C, "INSERT INTO owned VALUES ({C}, 0, 1, {invoice}, NULL)"),
    fault("owned", "open items", A, "UPDATE owned SET item = x'' WHERE owner = {A} AND list = 1"),
    fault("owned", "open items", A, "UPDATE owned SET at = at + 1 WHERE owner = {A} AND list = 1"),
    fault("owned", "open items", A, "DELETE FROM owned WHERE owner = {A} AND list = 1"),
    fault(
        "owned",
        "open items",
        A,
        "INSERT INTO owned SELECT owner, 1, at, {given}, item FROM owned WHERE owner = {A} AND list = 1",
    ),
    fault("owner", "documents", C, "UPDATE owner SET few = x'' WHERE num = {C}"),
    fault("owner", "open items", C, "UPDATE owner SET few = x'' WHERE num = {C}"),
    fault("owner", "documents", C, "UPDATE owner SET few = NULL WHERE num = {C}"),
    fault("owner", "documents", C, "UPDATE owner SET few = CAST(few || few AS BLOB) WHERE num = {C}"),
    fault("owner", "documents", C, "UPDATE owner SET few = CAST(few AS TEXT) WHERE num = {C}"),
    fault("owner", "open items", C, "UPDATE owner SET few = x'FF' WHERE num = {C}"),
    fault("owner", "documents", A, "UPDATE owner SET few = x'' WHERE num = {A}"),
    fault("owner", "documents", A, "UPDATE owner SET few = (SELECT few FROM owner WHERE num = {C}) WHERE num = {A}"),
    fault("search", "search", C, "UPDATE search SET text = '张三' WHERE party = {C}"),
    fault("search", "search", A, "INSERT OR REPLACE INTO search SELECT {A}, text FROM search WHERE party = {C}"),
    fault("search_index", "search", C, "UPDATE search_index SET words = '张三' WHERE rowid = {C}"),
    fault("search_index", "search", C, "DELETE FROM search_index WHERE rowid = {C}"),
    fault("search_index", "search", A, "INSERT INTO search_index (rowid, words) VALUES ({A}, '李娜')"),
    fault("key", "keys", A, "UPDATE key SET num = {C} WHERE num = {A}"),
    fault("key", "keys", A, "UPDATE key SET place = place + 1 WHERE num = {invoice}"),
    fault("key", "keys", C, "DELETE FROM key WHERE num = {C}"),
    fault("number", "keys", A, "UPDATE number SET place = place + 1 WHERE subject = {invoice}"),
    fault("number", "keys", A, "DELETE FROM number WHERE subject = {invoice}"),
    fault("number", "keys", A, "INSERT INTO number SELECT place + 7, subject FROM number WHERE subject = {invoice}"),
];

#[tokio::test]
async fn a_row_altered_taken_away_or_added_is_found_and_its_customer_named() {
    let hub = hub(&Engine::Sqlite).await;
    are_found(&hub, &hub.views(), OWN, statement).await;
}

#[tokio::test]
async fn every_derived_table_has_its_faults() {
    let hub = hub(&Engine::Sqlite).await;
    let file = open(&hub.views());
    let mut tables = file
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .expect("tables");
    let names: Vec<String> =
        tables.query_map([], |r| r.get(0)).expect("names").map(|name| name.expect("a name")).collect();
    // Beside what is derived: where the program stands and which log it knows, how far sources were read, what waits or is to be
    // told, the quarantine. Parts of the full-text index are altered through it.
    let others = [
        "meta",
        "position",
        "fingerprint",
        "digest",
        "inbox",
        "mark",
        "quarantine",
        "intake",
        "source_item",
        "publishing",
        "followed",
        "outbox",
    ];
    for name in names.iter().filter(|name| !others.contains(&name.as_str()) && !name.starts_with("search_index_")) {
        let faults = all(OWN).filter(|fault| fault.table == name).count();
        assert!(faults >= 3, "{name} is altered by {faults} faults");
        let rows: i64 = file.query_row(&format!("SELECT count(*) FROM {name}"), [], |r| r.get(0)).expect("a count");
        assert!(rows > 0, "{name} is empty in this hub");
    }
}

#[tokio::test]
async fn a_digest_altered_by_hand_is_not_that_of_the_log() {
    let hub = hub(&Engine::Sqlite).await;
    let file = open(&hub.views());
    for name in ["bundles", "clusters", "ids"] {
        let kept: Vec<u8> =
            file.query_row("SELECT sum FROM digest WHERE name = ?1", [name], |r| r.get(0)).expect("a digest");
        let mut other = kept.clone();
        other[31] ^= 1;
        file.execute("UPDATE digest SET sum = ?2 WHERE name = ?1", (name, other)).expect("altered");
        assert!(!hub.verify().await.is_equal(), "{name}");
        file.execute("UPDATE digest SET sum = ?2 WHERE name = ?1", (name, kept)).expect("put back");
    }
    assert!(hub.verify().await.is_equal());
}

/// Blocks of the full-text index, each with its place.
fn blocks(path: &Path) -> Vec<(i64, Vec<u8>)> {
    let file = open(path);
    // Below 11 stand how long texts are on the whole, and where the segments are.
    let mut all = file.prepare("SELECT id, block FROM search_index_data WHERE id > 10").expect("blocks");
    all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("blocks").map(|row| row.expect("a block")).collect()
}

#[tokio::test]
async fn a_changed_block_of_the_full_text_index_is_found_and_said_to_be_of_it() {
    let hub = hub(&Engine::Sqlite).await;
    let path = hub.views();
    let put = |id: i64, block: &[u8]| {
        open(&path).execute("UPDATE search_index_data SET block = ?2 WHERE id = ?1", (id, block)).expect("altered");
    };
    let (mut changed, mut missed) = (0, Vec::new());
    for (id, block) in blocks(&path) {
        // Words and their beginnings stand in letters and digits.
        let letters = block.iter().enumerate().filter(|(_, byte)| byte.is_ascii_alphanumeric());
        for (at, _) in letters.step_by(7) {
            let mut other = block.clone();
            other[at] ^= 1;
            put(id, &other);
            let verified = hub.verify().await;
            changed += 1;
            if verified.is_equal() || !verified.mismatches.iter().any(|wrong| wrong.table == "search") {
                missed.push((id, at, block[at] as char));
            }
            put(id, &block);
        }
        put(id, &block[..block.len() / 2]);
        let verified = hub.verify().await;
        assert!(verified.mismatches.iter().any(|wrong| wrong.key == SEARCH_INDEX), "{:#?}", verified.mismatches);
        assert!(verified.advice().expect("advice").contains("full-text index"), "{:?}", verified.advice());
        put(id, &block);
    }
    assert!(changed > 5 && missed.is_empty(), "{} of {changed} were missed: {missed:?}", missed.len());
    assert!(hub.verify().await.is_equal(), "everything was put back");
}

#[tokio::test]
async fn a_row_that_is_not_what_it_was_stored_as_is_told_from_a_program_that_differs_from_itself() {
    let hub = hub(&Engine::Sqlite).await;
    assert_eq!(hub.verify().await.advice(), None);
    let file = open(&hub.views());
    file.execute("UPDATE owner SET bundle = x'' WHERE key = ?1", [A]).expect("altered");
    let verified = hub.verify().await;
    assert_eq!(verified.torn_rows, 1);
    let advice = verified.advice().expect("advice");
    assert!(advice.contains("altered outside the program") && !advice.contains("differs from itself"), "{advice}");
}

#[tokio::test]
async fn where_every_digest_holds_the_program_is_said_to_differ_from_itself_and_how_to_report_it() {
    let mut hub = hub(&Engine::Sqlite).await;
    // As a program would leave it that forgot a holder.
    open(&hub.views()).execute(&statement("DELETE FROM holder WHERE party = {B}"), []).expect("altered");
    hub.settle().await;
    let verified = hub.verify().await;
    assert!(!verified.is_equal() && verified.torn_rows == 0, "{verified:#?}");
    let advice = verified.advice().expect("advice");
    for words in ["differs from itself", "report it", "--version", "--verify --json"] {
        assert!(advice.contains(words), "{words}: {advice}");
    }
    assert!(!advice.contains("altered outside"), "{advice}");
}
