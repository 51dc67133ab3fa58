//! Hubs on servers: a log that is copied into Kafka, and the database of its views.

use std::fs;

use onefold_fold::FOLD_VERSION;
use onefold_testkit::{Database, Kafka, Postgres};
use serde_json::Value;

use crate::directories::{goes_on, says_the_same};
use crate::frozen::{Formats, Kind, each, freeze, older_program, rest};
use crate::harness::{Home, root};
use crate::history::tell;

/// A hub on fresh topics and this database, and the word by which a copy names the brokers.
fn hub(kafka: &Kafka, database: &Database) -> (Home, String) {
    (Home::distributed(kafka.bootstrap(), &kafka.prefix(), database.url()), kafka.bootstrap().to_owned())
}

/// The present formats. The database need not be asked: each step to the present layout is a file.
fn present() -> Formats {
    let steps = fs::read_dir(root().join("crates/store-postgres/migrations")).expect("the steps").count();
    Formats(vec![("tables", u32::try_from(steps).expect("few")), ("fold", FOLD_VERSION)])
}

#[test]
fn each_layout_of_the_tables_before_the_present_one_is_frozen() {
    let test = "each_layout_of_the_tables_before_the_present_one_is_frozen";
    if let Some(program) = older_program() {
        let (kafka, postgres) = (Kafka::shared(test).expect("Kafka"), Postgres::shared(test).expect("PostgreSQL"));
        let database = postgres.database();
        let (home, brokers) = hub(&kafka, &database);
        let home = home.under(program);
        let answers = tell(&home, true);
        let log = home.path("log").display().to_string();
        // As many partitions as in Kafka, so that each record keeps its place.
        home.run(&["copy", "--from", &brokers, "--to", &log, "--partitions", "12"]).exits(0);
        rest(&home.path("log"));
        home.file("answers.json", answers.text());
        home.file("database.sql", database.dump());
        let found = Formats::of_database(&database);
        if found != present() {
            freeze(&found.name(Kind::Servers), &home.path(""), &["answers.json", "database.sql", "log"]);
        }
    }
    let missing = present().missing(Kind::Servers);
    assert!(missing.is_empty(), "{missing:?} are not frozen: tests/compat/hubs/README.md says how");
}

#[test]
fn tables_of_each_older_layout_are_gone_on_with() {
    let test = "tables_of_each_older_layout_are_gone_on_with";
    let (Some(kafka), Some(postgres)) = (Kafka::shared(test), Postgres::shared(test)) else { return };
    each(Kind::Servers, |one| {
        let database = postgres.database();
        let (home, brokers) = hub(&kafka, &database);
        let answers = one.unpack(&home.path(""));
        database.restore(&home.path("database.sql"));
        let found = Formats::of_database(&database);
        assert_eq!(found.name(Kind::Servers), one.name);
        let log = home.path("log").display().to_string();
        home.run(&["copy", "--from", &log, "--to", &brokers, "--partitions", "12"]).exits(0);

        let same_fold = found.get("fold") == FOLD_VERSION;
        if found.get("tables") < present().get("tables") {
            // Tables are altered by whoever opens them to write, beside whom others may read.
            home.run(&["status"]).exits(1).tells(&["read model's format is", "onefold run"]);
        }
        if same_fold {
            let roles = home.serve();
            roles.settle();
            assert_eq!(roles.stop(), 0);
        } else {
            made_again(&home);
        }
        home.run(&["rebuild", "--verify"]).exits(0);
        says_the_same(&home, &answers, same_fold);
        equals_a_fresh_one(&home, &kafka, &postgres, &log);
        assert_eq!(Formats::of_database(&database), present());
        goes_on(&home, &answers, true);
    });
}

/// Views of an older fold are refused by everybody until they are made again.
fn made_again(home: &Home) {
    let words = ["derived by an older program", "onefold rebuild"];
    home.run(&["run", "--listen", "127.0.0.1:0"]).exits(1).tells(&words);
    for refused in [&["status"][..], &["rebuild", "--verify"]] {
        home.run(refused).exits(1).tells(&words);
    }
    let rebuilt = home.run(&["rebuild", "--json"]).exits(0).json();
    assert_eq!((&rebuilt["swapped"], &rebuilt["live_digest"]), (&true.into(), &Value::Null), "{rebuilt}");
}

/// The same log in a hub that has nothing else gives the same views.
fn equals_a_fresh_one(home: &Home, kafka: &Kafka, postgres: &Postgres, log: &str) {
    let database = postgres.database();
    let (fresh, brokers) = hub(kafka, &database);
    fresh.run(&["copy", "--from", log, "--to", &brokers, "--partitions", "12"]).exits(0);
    let roles = fresh.serve();
    roles.settle();
    let status = |home: &Home| home.run(&["status", "--json"]).exits(0).json();
    let (mut there, here) = (status(&fresh), status(home));
    // What waits in quarantine is not in the log.
    there["quarantined"] = here["quarantined"].clone();
    assert_eq!(there, here);
    assert_eq!(roles.stop(), 0);
}
