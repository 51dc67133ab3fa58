//! The door killed: what it acknowledged is there, what it did not is there once when it is given again.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::company::{Company, held, ingest, placed, taken_in};
use crate::fleet::{Fleet, same};
use crate::harness::{Home, connector, event, party};
use crate::process::Process;

const SIGKILL: i32 = 9;

#[test]
fn an_ingest_killed_on_any_side_of_an_append_is_given_again_and_all_is_there_once() {
    let test = "an_ingest_killed_on_any_side_of_an_append_is_given_again_and_all_is_there_once";
    let Some(fleet) = Fleet::shared(test) else { return };
    let company = Company::get();
    let roles = fleet.start("project,resolve,assemble,serve");
    let borders = ["door.before_append", "door.after_append", "ingest.after_quarantine"];
    let mut killed = 0usize;
    for (n, feed) in company.feeds.iter().enumerate() {
        // Until each border has had its kills; a feed that holds nothing wrong never comes to the quarantine.
        if killed < 2 * borders.len() {
            let (connector, path) = (connector(feed.connector), feed.path.display().to_string());
            let mut command = fleet.home.command(&["ingest", "--json", "--connector", &connector, &path]);
            command.env("ONEFOLD_FAILPOINTS", format!("{}=kill", borders[n % borders.len()]));
            let ended = command.output().expect("the program").status;
            killed += usize::from(ended.signal() == Some(SIGKILL));
        }
        taken_in(&ingest(&fleet.home, feed));
    }
    assert_eq!(killed, 2 * borders.len());
    fleet.settle(&roles);
    let status = fleet.is_sound();
    same(&status, &company.status);
    for name in ["events", "conflicts", "quarantined"] {
        assert_eq!(status[name], company.status[name], "{name}");
    }
    assert_eq!(held(&fleet.home), placed(&company.held));
}

/// Told one after the other: a party, and one in five times something that is no event.
fn told() -> Vec<Vec<Value>> {
    let one = |n: u32| {
        let mut batch = vec![party(&format!("erp:D{n}"), "王伟", &[("phone", &format!("1380013{:04}", n / 2), "CN")])];
        if n.is_multiple_of(5) {
            batch.push(event("no.such_type.v1", &format!("party:erp:D{n}"), "2026-01-02T08:00:00Z", json!({})));
        }
        batch
    };
    (0..30).map(one).collect()
}

#[test]
fn what_a_server_acknowledged_before_it_was_killed_is_there_and_what_it_did_not_comes_in_once() {
    let test = "what_a_server_acknowledged_before_it_was_killed_is_there_and_what_it_did_not_comes_in_once";
    let Some(fleet) = Fleet::shared(test) else { return };
    let _roles = fleet.start("project,resolve,assemble");
    let next = |fault: Option<&str>| match fault {
        Some(border) => fleet.start_with("serve", &format!("{border}=6*off->kill")),
        None => fleet.start("serve"),
    };
    let mut faults = ["door.before_append", "door.after_append", "door.before_append", "door.after_append"].into_iter();
    let mut server: Process = next(faults.next());
    let mut kills = 0;
    for batch in told() {
        // Given again until it is acknowledged; a batch of nothing but what is known is so too.
        while server.post(&batch).is_none() {
            server.dies(Duration::from_secs(20));
            kills += 1;
            server = next(faults.next());
        }
    }
    assert_eq!(kills, 4);
    fleet.settle(&server);
    let status = fleet.is_sound();

    let alone = Home::new();
    let undisturbed = alone.serve();
    for batch in told() {
        assert!(matches!(undisturbed.batch(&batch).status, 200 | 207));
    }
    undisturbed.settle();
    assert_eq!(undisturbed.stop(), 0);
    let wanted = alone.run(&["status", "--json"]).exits(0).json();
    same(&status, &wanted);
    assert_eq!((&status["events"], &status["quarantined"]), (&wanted["events"], &wanted["quarantined"]));
    assert_eq!((status["events"].as_u64(), status["quarantined"].as_u64()), (Some(30), Some(6)));
    assert_eq!(held(&fleet.home), held(&alone));
}
