//! The views folded again from the log: compared beside a hub that goes on.

#[path = "harness.rs"]
mod harness;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use harness::{Home, Server, invoice, party};

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
    let whole = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
    assert_eq!((&whole["events"], &whole["mismatched_rows"]), (&2.into(), &0.into()));
    let file = rusqlite::Connection::open(home.data().join("views.db")).expect("the read model");
    file.execute("UPDATE search SET text = '张三'", []).expect("altered by hand");
    let wrong = home.run(&["rebuild", "--verify", "--json"]).exits(1).json();
    assert_eq!(wrong["mismatches"][0]["party"], "party:erp:K1", "{wrong}");
    assert_eq!(home.run(&["rebuild", "--verify", "--memory", "0"]).exits(1).code, 1);
}
