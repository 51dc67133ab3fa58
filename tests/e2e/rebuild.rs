//! The views folded again from the log: compared beside a hub that goes on, or taken for good.

#[path = "harness.rs"]
mod harness;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use harness::{Home, Server, connector, count, invoice, party};
use onefold_simulator::{CompanySettings, ExportFeed, SimulationSummary, simulate};
use serde_json::Value;

/// One customer after the other with an invoice each, until told to stop.
fn keep_posting(server: &Server, stop: &AtomicBool, posted: &AtomicU64) {
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let (who, phone) = (format!("erp:K{n}"), format!("139{:08}", n % 900));
        let events = [
            party(&who, "王伟", &[("phone", &phone, "CN")]),
            invoice(&format!("erp:I{n}"), &who, "10.00"),
            invoice(&format!("erp:J{n}"), &format!("erp:K{}", n / 2), "12.50"),
        ];
        assert_eq!(server.batch(&events).status, 200);
        posted.fetch_add(events.len() as u64, Ordering::Relaxed);
    }
}

#[test]
fn a_hub_that_goes_on_taking_in_is_verified_beside_it_as_it_stood_at_one_moment() {
    let home = Home::new();
    let server = home.serve();
    let (stop, posted) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut at: Vec<u64> = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| keep_posting(&server, &stop, &posted));
        while posted.load(Ordering::Relaxed) < 300 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        for _ in 0..4 {
            let before = posted.load(Ordering::Relaxed);
            let verified = home.run(&["rebuild", "--verify", "--json"]);
            at.push(if verified.code == 0 { verified.json()["events"].as_u64().unwrap_or(0) } else { 0 });
            if verified.code != 0 || posted.load(Ordering::Relaxed) == before {
                stop.store(true, Ordering::Relaxed);
                panic!("code {}, {} posted: {}{}", verified.code, before, verified.out, verified.err);
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(at.windows(2).all(|pair| pair[0] < pair[1]), "it went on meanwhile: {at:?}");
    server.stop();
    let whole = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
    assert_eq!(whole["events"], posted.load(Ordering::Relaxed));
}

#[test]
fn a_row_altered_beside_a_running_hub_is_found_there_too() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[]), invoice("erp:I1", "erp:K1", "10.00")]).status, 200);
    server.settle();
    let whole = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
    assert_eq!((&whole["events"], &whole["mismatched_rows"]), (&2.into(), &0.into()));
    let file = rusqlite::Connection::open(home.data().join("views.db")).expect("the read model");
    file.execute("UPDATE search SET text = '张三'", []).expect("altered by hand");
    let wrong = home.run(&["rebuild", "--verify", "--json"]).exits(1).json();
    assert_eq!(wrong["mismatches"][0]["party"], "party:erp:K1", "{wrong}");
    assert_eq!(home.run(&["rebuild", "--verify", "--memory", "0"]).exits(1).code, 1);
}

fn company(home: &Home) -> SimulationSummary {
    simulate(&home.path("company"), &CompanySettings { customers: 40, ..CompanySettings::default() })
        .expect("a company")
}

fn ingest(home: &Home, feed: &ExportFeed) {
    let (connector, path) = (connector(feed.connector), feed.path.display().to_string());
    let answer = home.run(&["ingest", "--connector", &connector, &path]);
    assert!(matches!(answer.code, 0 | 3), "{}", answer.err);
}

/// In no particular order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(all) => {
            let mut all: Vec<Value> = all.into_iter().map(sorted).collect();
            all.sort_by_key(ToString::to_string);
            Value::Array(all)
        }
        Value::Object(all) => Value::Object(all.into_iter().map(|(name, value)| (name, sorted(value))).collect()),
        other => other,
    }
}

/// All that one may ask of everybody.
fn said(home: &Home) -> Value {
    let mut status = home.run(&["status", "--json"]).exits(0).json();
    let ask = |words: &[&str]| sorted(home.run(words).exits(0).lines().into());
    status["held"] = home.run(&["quarantine", "list", "--json"]).exits(0).lines().into();
    status["nobodys"] = ask(&["documents", "--unattributed", "--limit", "0", "--json"]);
    status["found"] = sorted(home.run(&["find", "王", "--limit", "1000", "--json"]).exits(0).json());
    let file = rusqlite::Connection::open(home.data().join("views.db")).expect("the read model");
    let mut parties = file.prepare("SELECT key FROM owner WHERE first_seen IS NOT NULL ORDER BY key").expect("parties");
    let parties: Vec<String> =
        parties.query_map([], |r| r.get(0)).expect("keys").map(|key| key.expect("a key")).collect();
    for party in parties.iter().step_by(7) {
        status["views"][party] = home.run(&["show", party, "--today", "2026-03-01", "--json"]).exits(0).json();
        status["listed"][party] = ask(&["documents", party, "--limit", "0", "--json"]);
    }
    status
}

#[test]
fn views_made_again_say_the_same_and_live_goes_on_from_them() {
    let (home, other) = (Home::new(), Home::new());
    let summary = company(&home);
    let (first, rest) = summary.feeds.split_at(3);
    for feed in first {
        ingest(&home, feed);
        ingest(&other, feed);
    }
    let before = said(&home);
    let rebuilt = home.run(&["rebuild", "--json"]).exits(0).json();
    assert_eq!((&rebuilt["swapped"], &rebuilt["mismatched_rows"]), (&true.into(), &0.into()), "{rebuilt}");
    assert_eq!(rebuilt["rebuilt_digest"], before["digest"]);
    assert_eq!(said(&home), before);
    home.run(&["rebuild", "--verify"]).exits(0);
    // Each hub has its own stamps, so ids are compared with those of the same hub only.
    for feed in rest {
        ingest(&home, feed);
        ingest(&other, feed);
    }
    let digest = |home: &Home| home.run(&["rebuild", "--verify", "--json"]).exits(0).json()["live_digest"].clone();
    assert_eq!(digest(&home), digest(&other));
    // Without views there is nothing to compare with, and all of the log is taken.
    let whole = said(&home);
    for file in ["views.db", "views.db-wal", "views.db-shm"] {
        let _absent = std::fs::remove_file(home.data().join(file));
    }
    let rebuilt = home.run(&["rebuild", "--memory", "0", "--json"]).exits(0).json();
    assert_eq!((&rebuilt["swapped"], &rebuilt["live_digest"]), (&true.into(), &Value::Null), "{rebuilt}");
    let again = said(&home);
    for same in ["digest", "ids_digest", "events", "customers", "documents", "money", "views", "found", "nobodys"] {
        assert_eq!(again[same], whole[same], "{same}");
    }
    home.run(&["rebuild", "--verify"]).exits(0);
}

#[test]
fn a_long_history_is_loaded_as_live_wrote_it() {
    let home = Home::new();
    let counts: Vec<Value> = (0..100).map(count).collect();
    let server = home.serve();
    for some in counts.chunks(30) {
        assert_eq!(server.batch(some).status, 200);
        server.settle();
    }
    server.stop();
    let before = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
    let rebuilt = home.run(&["rebuild", "--json"]).exits(0).json();
    assert_eq!((&rebuilt["swapped"], &rebuilt["mismatched_rows"]), (&true.into(), &0.into()), "{rebuilt}");
    home.run(&["rebuild", "--verify"]).exits(0);
    // What is loaded knows every event, and takes in one more.
    let server = home.serve();
    assert_eq!(server.batch(&counts).status, 200);
    assert_eq!(server.batch(&[count(100)]).status, 200);
    server.settle();
    server.stop();
    let after = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
    assert_eq!((&before["events"], &after["events"]), (&100.into(), &101.into()));
    assert_eq!(home.run(&["events", "stock:wms:P1", "--json"]).exits(0).lines().len(), 101);
}

#[test]
fn a_rebuild_that_is_killed_leaves_the_old_views_or_the_new_ones_whole() {
    let home = Home::new();
    let summary = company(&home);
    ingest(&home, &summary.feeds[0]);
    let before = said(&home);
    for border in ["rebuild.loaded", "rebuild.before_swap", "rebuild.after_swap"] {
        let mut killed = home.command(&["rebuild"]);
        let killed = killed.env("ONEFOLD_FAILPOINTS", format!("{border}=kill")).output().expect("the program");
        assert!(!killed.status.success(), "{border}");
        assert_eq!(home.data().join("views.db.new").exists(), border != "rebuild.after_swap", "{border}");
        assert_eq!(said(&home), before, "{border}");
        home.run(&["rebuild", "--verify"]).exits(0);
    }
    home.run(&["rebuild"]).exits(0).tells(&["equal", "new views stand"]);
    assert!(!home.data().join("views.db.new").exists());
    assert_eq!(said(&home), before);
}

#[test]
fn views_that_differ_from_the_log_are_named_and_replaced_only_when_that_is_accepted() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[]), invoice("erp:I1", "erp:K1", "10.00")]).status, 200);
    home.run(&["rebuild"]).exits(1).tells(&["another process", "writes to"]);
    server.settle();
    server.stop();
    let alter = || {
        let file = rusqlite::Connection::open(home.data().join("views.db")).expect("the read model");
        assert_eq!(file.execute("UPDATE owner SET few = x'' WHERE length(few) > 0", []).expect("altered by hand"), 1);
    };
    alter();
    home.run(&["rebuild"]).exits(1).tells(&["NOT EQUAL", "party:erp:K1", "NOT TAKEN", "--accept"]);
    home.run(&["rebuild", "--verify"]).exits(1);
    let rebuilt = home.run(&["rebuild", "--accept", "--json"]).exits(0).json();
    // The invoice among the documents, and among the open items.
    assert_eq!((&rebuilt["swapped"], &rebuilt["mismatched_rows"]), (&true.into(), &2.into()), "{rebuilt}");
    home.run(&["rebuild", "--verify"]).exits(0);
}

#[test]
fn views_of_an_older_fold_are_refused_until_they_are_made_again_and_the_quarantine_is_taken_over() {
    let home = Home::new();
    let summary = company(&home);
    summary.feeds.iter().for_each(|feed| ingest(&home, feed));
    let before = said(&home);
    let file = rusqlite::Connection::open(home.data().join("views.db")).expect("the read model");
    assert_eq!(file.execute("DELETE FROM meta WHERE name = 'fold'", []).expect("as an older program left it"), 1);
    drop(file);
    for refused in [&["status"][..], &["show", "party:erp:K1"], &["rebuild", "--verify"]] {
        home.run(refused).exits(1).tells(&["views.db", "derived by an older program", "onefold rebuild"]);
    }
    let rebuilt = home.run(&["rebuild", "--json"]).exits(0).json();
    assert_eq!((&rebuilt["swapped"], &rebuilt["live_digest"]), (&true.into(), &Value::Null), "{rebuilt}");
    assert_eq!(said(&home), before);
    home.run(&["rebuild", "--verify"]).exits(0);
}
