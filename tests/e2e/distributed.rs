//! The same hub on a real Kafka and a real PostgreSQL.

mod harness;

use harness::{Answer, Home, connector, count, invoice, party};
use onefold_event::{encode, from_cloudevent};
use onefold_log::{Log, LogRecord, partition_of};
use onefold_log_embedded::EmbeddedLog;
use onefold_simulator::{CompanySettings, ExportFeed, simulate};
use onefold_testkit::{Kafka, Postgres};
use serde_json::Value;

/// What two hubs that were told the same have in common.
const SAME: [&str; 9] = [
    "events",
    "subjects",
    "parties",
    "customers",
    "documents",
    "unattributed_documents",
    "quarantined",
    "digest",
    "ids_digest",
];

fn company(home: &Home) -> Vec<ExportFeed> {
    let settings = CompanySettings { customers: 40, seed: 7, ..CompanySettings::default() };
    simulate(&home.path("simulated"), &settings).expect("a simulated company").feeds
}

fn ingest(home: &Home, feed: &ExportFeed) -> Answer {
    let (connector, path) = (connector(feed.connector), feed.path.display().to_string());
    home.run(&["ingest", "--json", "--connector", &connector, &path])
}

fn status(home: &Home) -> Value {
    home.run(&["status", "--json"]).exits(0).json()
}

fn assert_same(a: &Value, b: &Value) {
    for name in SAME {
        assert_eq!(a[name], b[name], "{name}");
    }
    assert_eq!(a["money"], b["money"]);
}

#[test]
fn kafka_and_postgres_give_the_same_views_ids_and_answers_as_one_directory() {
    let test = "kafka_and_postgres_give_the_same_views_ids_and_answers_as_one_directory";
    let (Some(kafka), Some(postgres)) = (Kafka::shared(test), Postgres::shared(test)) else { return };
    let database = postgres.database();
    let (one, many) = (Home::new(), Home::distributed(kafka.bootstrap(), &kafka.prefix(), database.url()));
    let feeds = company(&one);
    let roles = many.serve_with(&["--role", "project,resolve,assemble"], &[]);
    for feed in &feeds {
        let (one, many) = (ingest(&one, feed), ingest(&many, feed));
        assert_eq!(one.code, many.code, "{}", many.err);
        for count in ["records", "lines", "events", "accepted", "duplicates", "conflicts", "skipped", "quarantined"] {
            assert_eq!(one.json()[count], many.json()[count], "{count} of {}", feed.connector);
        }
    }
    assert_same(&status(&one), &status(&many));
    many.run(&["rebuild", "--verify"]).exits(0);

    // Which of two that match alike comes first is the engine's own.
    let hits = |home: &Home| {
        let found = home.run(&["find", "王", "--limit", "100", "--json"]).exits(0).json();
        let mut hits = found.as_array().expect("hits").clone();
        hits.sort_by_key(|hit| hit["id"].to_string());
        hits
    };
    let found = hits(&one);
    assert!(!found.is_empty());
    assert_eq!(found, hits(&many));
    for hit in &found {
        let id = hit["id"].as_str().unwrap();
        for words in [&["show", id, "--today", "2026-06-30", "--json"][..], &["documents", id, "--json"]] {
            assert_eq!(one.run(words).exits(0).out, many.run(words).exits(0).out, "{words:?}");
        }
    }

    // A second time changes nothing.
    let again = ingest(&many, &feeds[0]).exits(ingest(&one, &feeds[0]).code).json();
    assert_eq!((&again["accepted"], again["duplicates"].as_u64() > Some(0)), (&0.into(), true));
    assert_same(&status(&one), &status(&many));
    assert_eq!(roles.stop(), 0);
}

#[test]
fn a_hub_grows_into_kafka_and_back_with_the_same_views_and_ids() {
    let test = "a_hub_grows_into_kafka_and_back_with_the_same_views_and_ids";
    let (Some(kafka), Some(postgres)) = (Kafka::shared(test), Postgres::shared(test)) else { return };
    let database = postgres.database();
    let (one, many) = (Home::new(), Home::distributed(kafka.bootstrap(), &kafka.prefix(), database.url()));
    for feed in &company(&one) {
        ingest(&one, feed);
    }
    let before = status(&one);
    let (from, to) = (one.data().display().to_string(), kafka.bootstrap().to_owned());
    let copied = many.run(&["copy", "--from", &from, "--to", &to, "--json"]).exits(0).json();
    assert_eq!((&copied["records"], &copied["partitions"]), (&before["events"], &12.into()));
    let roles = many.serve();
    roles.settle();
    let mut grown = status(&many);
    // What is in quarantine is not in the log.
    grown["quarantined"] = before["quarantined"].clone();
    assert_same(&before, &grown);
    assert_eq!(roles.stop(), 0);

    let back = one.path("back").display().to_string();
    many.run(&["copy", "--from", &to, "--to", &back, "--partitions", "3"]).exits(0);
    one.run_in("back", &["rebuild", "--verify"]).exits(0);
    let again = one.run_in("back", &["status", "--json"]).exits(0).json();
    assert_eq!((&again["digest"], &again["ids_digest"]), (&before["digest"], &before["ids_digest"]));
}

#[test]
fn topics_are_made_once_and_one_that_differs_is_told_of() {
    let test = "topics_are_made_once_and_one_that_differs_is_told_of";
    let Some(kafka) = Kafka::shared(test) else { return };
    let home = Home::distributed(kafka.bootstrap(), &kafka.prefix(), "postgres://unused/unused");
    home.run(&["topics", "check"]).exits(1).tells(&["events: it is absent", "onefold topics apply"]);
    let made = home.run(&["topics", "apply", "--partitions", "3", "--json"]).exits(0).json();
    assert!(made["made"].as_array().is_some_and(|made| made.len() > 5), "{made}");
    let again = home.run(&["topics", "apply", "--partitions", "3", "--json"]).exits(0).json();
    assert_eq!(again["made"], serde_json::json!([]));
    home.run(&["topics", "check", "--partitions", "5"]).exits(1).tells(&["must have 5 partitions and has 3"]);
}

#[test]
fn servers_that_do_not_answer_are_named_and_passwords_are_not() {
    let home = Home::distributed("127.0.0.1:9", "t.", "postgres://hub:geheim@127.0.0.1:9/onefold");
    let told = home.run(&["status"]).exits(1);
    assert!(!told.err.contains("geheim"), "{}", told.err);
    let alone = home.command(&["status"]).env_remove("ONEFOLD_POSTGRES").output().expect("the program");
    assert!(String::from_utf8_lossy(&alone.stderr).contains("which database?"));
    home.run(&["status", "--data", "x"]).exits(1).tells(&["name one of them"]);
}

#[test]
fn what_is_misspelt_is_told_without_the_secrets_that_stand_there() {
    let secret = |answer: Answer, code: i32, words: &[&str]| {
        let answer = answer.exits(code).tells(words);
        assert!(!answer.err.contains("hunter2") && !answer.out.contains("hunter2"), "{}{}", answer.err, answer.out);
    };
    let with = |text: &str| Home::configured(text).run(&["status"]);
    secret(with("[postgres]\nurl = \"postgres://a:hunter2@h/d"), 1, &["onefold.toml:2:", "is no TOML"]);
    let servers =
        "[postgres]\nurl = 'postgres://a:hunter2@127.0.0.1:9/d?passwrod=hunter2'\n[kafka]\nbootstrap = '127.0.0.1:9'";
    secret(with(servers), 1, &["`passwrod` means nothing here"]);
    let property = "[kafka]\nbootstrap = '127.0.0.1:9'\nproperties = { \"sasl.pasword\" = \"hunter2\" }";
    secret(Home::configured(property).run(&["topics", "check"]), 1, &["sasl.pasword", "kafka.properties"]);
    let home = Home::new();
    for words in [
        &["copy", "--from", "postgres://a:hunter2@h/d", "--to", "x"][..],
        &["copy", "--from", "x", "--to", "kafka://a:hunter2@h:9"],
    ] {
        secret(home.run(words), 1, &["expected a directory, or brokers as HOST:PORT"]);
    }
    let words = ["status", "--kafka", "127.0.0.1:9", "--postgres", "-"];
    secret(Home::configured("").feed(&words, b"postgres://a:hunter2@127.0.0.1:9/d?x=hunter2\n"), 1, &["parameter"]);
}

#[test]
fn views_in_postgres_are_made_again_beside_a_hub_that_goes_on_and_take_the_place_of_the_old_ones() {
    let test = "views_in_postgres_are_made_again_beside_a_hub_that_goes_on_and_take_the_place_of_the_old_ones";
    let (Some(kafka), Some(postgres)) = (Kafka::shared(test), Postgres::shared(test)) else { return };
    let database = postgres.database();
    let (one, many) = (Home::new(), Home::distributed(kafka.bootstrap(), &kafka.prefix(), database.url()));
    for feed in &company(&one) {
        ingest(&one, feed);
    }
    many.run(&["copy", "--from", &one.data().display().to_string(), "--to", kafka.bootstrap()]).exits(0);
    let roles = many.serve();
    // A history that is longer than its subject's row.
    assert_eq!(roles.batch(&(0..100).map(count).collect::<Vec<_>>()).status, 200);
    roles.settle();
    let before = status(&many);
    let rebuilt = many.run(&["rebuild", "--json"]).exits(0).json();
    assert_eq!((&rebuilt["swapped"], &rebuilt["mismatched_rows"]), (&true.into(), &0.into()), "{rebuilt}");
    assert_eq!(status(&many), before);
    many.run(&["rebuild", "--verify"]).exits(0);

    // A row altered by hand is told of, and goes only when that is accepted; the stages go on with the new views.
    let alter = "DELETE FROM document WHERE (owner, subject) = (SELECT owner, subject FROM document ORDER BY owner, subject LIMIT 1)";
    database.run(alter);
    many.run(&["rebuild"]).exits(1).tells(&["NOT EQUAL", "NOT TAKEN", "--accept"]);
    many.run(&["rebuild", "--verify"]).exits(1);
    let accepted = many.run(&["rebuild", "--accept", "--json"]).exits(0).json();
    assert_eq!((&accepted["swapped"], &accepted["mismatched_rows"]), (&true.into(), &1.into()), "{accepted}");
    let more = [party("erp:NEW", "新客户", &[("phone", "13900001111", "CN")]), invoice("erp:NEW-1", "erp:NEW", "8.00")];
    assert_eq!(roles.batch(&more).status, 200);
    roles.settle();
    assert_eq!(many.run(&["show", "party:erp:NEW", "--json"]).exits(0).json()["documents"], 1);
    many.run(&["rebuild", "--verify"]).exits(0);
    assert_eq!(roles.stop(), 0);
}

#[test]
fn a_command_that_waits_for_views_says_so_when_nobody_makes_them() {
    let test = "a_command_that_waits_for_views_says_so_when_nobody_makes_them";
    let (Some(kafka), Some(postgres)) = (Kafka::shared(test), Postgres::shared(test)) else { return };
    let database = postgres.database();
    let home = Home::distributed(kafka.bootstrap(), &kafka.prefix(), database.url());
    let roles = home.serve_with(&["--role", "serve"], &[]);
    assert_eq!(roles.batch(&[party("erp:K1", "王伟", &[]), party("erp:K2", "王芳", &[])]).status, 200);
    assert_eq!(roles.stop(), 0);
    let words = ["identity", "link", "party:erp:K1", "party:erp:K2", "--why", "one person"];
    home.run(&words).exits(1).tells(&["nobody folds: 2 events behind", "safe in the log", "onefold run"]);
}

/// An event of so many bytes, as a log may hold it that was written before events had a bound.
fn large(number: &str, bytes: usize) -> LogRecord {
    let mut event = invoice(&format!("erp:{number}"), "erp:K1", "1.00");
    event["data"]["number"] = "n".repeat(bytes).into();
    let event = from_cloudevent(&event).expect("an event");
    LogRecord::new(event.header.subject.to_string(), encode(&event), 1_800_000_000_000_000)
}

#[test]
fn what_kafka_is_too_narrow_for_is_named_by_a_copy_and_kept_in_a_file_by_decision() {
    let test = "what_kafka_is_too_narrow_for_is_named_by_a_copy_and_kept_in_a_file_by_decision";
    let (Some(kafka), Some(postgres)) = (Kafka::shared(test), Postgres::shared(test)) else { return };
    let database = postgres.database();
    let (one, many) = (Home::new(), Home::distributed(kafka.bootstrap(), &kafka.prefix(), database.url()));
    let server = one.serve();
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[]), invoice("erp:I1", "erp:K1", "1.00")]).body["accepted"], 2);
    assert_eq!(server.stop(), 0);
    {
        let log = EmbeddedLog::open(&one.data().join("log.db"), Default::default()).expect("the log");
        let record = large("L", 9 << 20);
        let partitions = u32::try_from(wait(log.heads("events")).expect("heads").len()).expect("few");
        wait(log.append("events", vec![(partition_of(&record.key, partitions), record)])).expect("it is appended");
    }
    let (from, to) = (one.data().display().to_string(), kafka.bootstrap().to_owned());
    let words = ["copy", "--from", &from, "--to", &to, "--json"];
    many.run(&words).exits(1).tells(&["invoice:erp:L", "offset", "bytes", "max.message.bytes", "--skip-too-large"]);
    let file = many.path("left-out.ndjson").display().to_string();
    let copied = many.run(&[&words[..], &["--skip-too-large", &file]].concat()).exits(3).json();
    assert_eq!((copied["records"].as_u64(), copied["left_out"].as_u64()), (Some(3), Some(1)), "{copied}");
    let kept: Value = serde_json::from_str(std::fs::read_to_string(&file).expect("the file").trim()).expect("one line");
    assert_eq!((&kept["key"], &kept["event"]["subject"]), (&"invoice:erp:L".into(), &"invoice:erp:L".into()));
    assert_eq!(many.run(&words).exits(0).json()["records"], 0, "it is done");

    // Whoever folds the copy says what is not there.
    let roles = many.serve_with(&["--role", "project,resolve,assemble,serve"], &[]);
    roles.settle();
    let entries = many.run(&["quarantine", "list", "--json"]).exits(0).lines();
    assert_eq!(entries.len(), 1, "{entries:?}");
    let shown = many.run(&["quarantine", "show", "1"]).exits(0).out;
    assert!(shown.contains("left out of a copy"), "{shown}");
    many.run(&["rebuild", "--verify"]).exits(0);

    // Here too an event beyond the bound is refused alone.
    let mut event = invoice("erp:I9", "erp:K1", "1.00");
    event["data"]["number"] = "n".repeat(9 << 20).into();
    let reply = roles.batch(&[event, invoice("erp:I2", "erp:K1", "1.00")]);
    assert_eq!((reply.status, reply.body["accepted"].as_i64()), (207, Some(1)), "{}", reply.body["events"][1]);
    assert!(reply.body["events"][0]["problems"].to_string().contains("R0436"));
    assert_eq!(roles.stop(), 0);
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}
