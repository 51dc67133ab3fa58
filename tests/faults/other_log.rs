//! The log is another one than the views were made of: nothing is mixed from two, and one way leads on.

#[path = "../e2e/harness.rs"]
mod harness;

use harness::{Home, invoice, party};
use onefold_testkit::{Kafka, Postgres};
use serde_json::Value;

/// A customer with so many invoices.
fn customer(number: &str, invoices: usize) -> Vec<Value> {
    let mut events = vec![party(&format!("erp:{number}"), "Anna Berg", &[])];
    events.extend((0..invoices).map(|n| invoice(&format!("erp:{number}-{n}"), &format!("erp:{number}"), "10.00")));
    events
}

fn documents(home: &Home, number: &str) -> i64 {
    let shown = home.run(&["show", &format!("party:erp:{number}"), "--json"]).exits(0).json();
    shown["documents"].as_i64().unwrap()
}

#[test]
fn a_topic_made_anew_under_running_roles_is_refused_until_somebody_decides() {
    let test = "a_topic_made_anew_under_running_roles_is_refused_until_somebody_decides";
    let (Some(kafka), Some(postgres)) = (Kafka::shared(test), Postgres::shared(test)) else { return };
    let (database, prefix) = (postgres.database(), kafka.prefix());
    let home = Home::distributed(kafka.bootstrap(), &prefix, database.url());
    let roles = home.serve();
    assert_eq!(roles.batch(&customer("A", 40)).status, 200);
    roles.settle();
    assert_eq!(documents(&home, "A"), 40);

    kafka.make_again(&format!("{prefix}events"), 12);
    // Whether the append is the first to notice or the watch, and while the broker does not tell yet: nothing is accepted.
    let refused = std::iter::repeat_with(|| roles.batch(&customer("B", 40))).find(|refused| {
        assert!([500, 503].contains(&refused.status), "{}", refused.body);
        refused.status == 500
    });
    let refused = refused.unwrap();
    refused.is_problem(500);
    assert_eq!(refused.body["code"], "damaged", "{}", refused.body);
    let unwell = roles.until("/health", |reply| {
        reply.status == 503 && reply.body["still"].as_array().unwrap().contains(&"log".into())
    });
    let stages = unwell.body["stages"].as_array().unwrap();
    let log = stages.iter().find(|stage| stage["name"] == "log").unwrap();
    assert!(log["error"].as_str().unwrap_or_default().contains("not the one that was read"), "{}", unwell.body);
    let metrics = roles.get("/metrics").body;
    for told in ["onefold_stage_still_seconds{stage=\"log\"}", "onefold_lag_events{partition=\"0\"} NaN"] {
        assert!(metrics.as_str().is_some_and(|metrics| metrics.contains(told)), "{told}: {metrics}");
    }
    assert_eq!(documents(&home, "A"), 40);
    assert_eq!(roles.stop(), 0);

    let words = ["another log", "onefold rebuild --accept"];
    home.run(&["run", "--listen", "127.0.0.1:0"]).exits(1).tells(&words);
    home.run(&["rebuild", "--verify"]).exits(1).tells(&words);
    home.run(&["rebuild"]).exits(1).tells(&words);
    home.run(&["rebuild", "--accept"]).exits(0);
    let roles = home.serve();
    // Whoever sends it all again has it all again.
    let again = roles.batch(&[customer("A", 40), customer("B", 40)].concat());
    assert_eq!(again.status, 200, "{}", again.body);
    roles.settle();
    assert_eq!((documents(&home, "A"), documents(&home, "B")), (40, 40));
    home.run(&["rebuild", "--verify"]).exits(0);
    assert_eq!(roles.stop(), 0);
}

#[test]
fn a_log_put_back_from_an_older_copy_and_gone_on_with_is_not_taken_for_the_one_that_views_are_of() {
    let home = Home::new();
    let take = |when: &str, events: &[Value]| {
        let server = home.serve();
        assert_eq!(server.batch(events).status, 200, "{when}");
        server.settle();
        assert_eq!(server.stop(), 0);
    };
    let data = home.data();
    // A file of SQLite with what stands beside it.
    let copy = |name: &str| ["", "-wal"].map(|beside| std::fs::read(data.join(format!("{name}{beside}"))).ok());
    let put_back = |name: &str, copy: &[Option<Vec<u8>>; 2]| {
        for (beside, bytes) in ["", "-wal", "-shm"].iter().zip(copy.iter().chain([&None])) {
            let path = data.join(format!("{name}{beside}"));
            match bytes {
                Some(bytes) => std::fs::write(path, bytes).unwrap(),
                None => std::fs::remove_file(path).unwrap_or_default(),
            }
        }
    };
    take("before", &customer("A", 5));
    let older = copy("log.db");
    take("lost", &customer("B", 5));
    let views = copy("views.db");

    put_back("log.db", &older);
    let words = ["another log", "onefold rebuild --accept"];
    home.run(&["run", "--listen", "127.0.0.1:0"]).exits(1).tells(&words);
    home.run(&["rebuild", "--accept"]).exits(0);
    // As much as had been: heads alone tell nothing.
    take("after", &customer("B", 5));
    put_back("views.db", &views);
    home.run(&["run", "--listen", "127.0.0.1:0"]).exits(1).tells(&words);
    home.run(&["rebuild", "--verify"]).exits(1).tells(&words);
    home.run(&["rebuild"]).exits(1).tells(&words);
    home.run(&["rebuild", "--accept"]).exits(0);
    home.run(&["rebuild", "--verify"]).exits(0);
    assert_eq!((documents(&home, "A"), documents(&home, "B")), (5, 5));
}
