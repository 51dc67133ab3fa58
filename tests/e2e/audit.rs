//! A hub whose log is sealed: by a command, by itself while it runs, killed in the middle, rebuilt, copied, put back from an older copy.

#[path = "harness.rs"]
mod harness;

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::{Duration, Instant};

use harness::{Answer, Home, Server, invoice, party};
use serde_json::Value;

const NAME: &str = "hub.example/e2e";

fn post(server: &Server, from: usize, to: usize) {
    for n in from..to {
        let who = format!("erp:K{n}");
        let events = [party(&who, "王伟", &[]), invoice(&format!("erp:I{n}"), &who, "10.00")];
        assert_eq!(server.batch(&events).status, 200);
    }
}

/// A hub that has taken in some customers.
fn filled(customers: usize) -> Home {
    let home = Home::new();
    let server = home.serve();
    post(&server, 0, customers);
    server.settle();
    assert_eq!(server.stop(), 0);
    home
}

fn public_key(home: &Home) -> String {
    home.run(&["audit", "key", NAME, "--json"]).exits(0).json()["public"].as_str().expect("a key").to_owned()
}

fn verified(home: &Home, words: &[&str]) -> Value {
    let answer = home.run(&[&["audit", "verify", "--json"], words].concat());
    answer.exits(0).json()
}

#[test]
fn a_log_is_sealed_by_a_command_and_verified_with_the_public_key_alone() {
    let home = filled(20);
    home.run(&["audit", "seal"]).exits(1).tells(&["there is no key", "onefold audit key NAME"]);
    let key = public_key(&home);
    assert!(key.starts_with("hub.example/e2e+"), "{key}");
    home.run(&["audit", "key", NAME]).exits(1).tells(&["is there already"]);
    assert_eq!(home.run(&["audit", "key"]).exits(0).out.trim(), key);
    home.run(&["audit", "verify"]).exits(1).tells(&["nothing of this log is sealed yet"]);
    let outside = home.path("outside.notes").display().to_string();
    home.run(&["audit", "seal", "--place", &outside]).exits(0).tells(&["40 records sealed"]);
    home.run(&["audit", "seal", "--place", &outside]).exits(0).tells(&["nothing new to seal"]);
    let file = home.file("hub.vkey", format!("{key}\n"));
    for key in [&key, &file] {
        let verdict = verified(&home, &["--key", key, "--outside", &outside]);
        assert_eq!(
            (&verdict["whole"], &verdict["verified"], &verdict["unsealed"]),
            (&true.into(), &40.into(), &0.into())
        );
    }
    home.run(&["audit", "verify"]).exits(0).tells(&["40 records are as", "every record is sealed", "whole:"]);
    let stranger = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    home.run(&["audit", "verify", "--key", stranger])
        .exits(4)
        .tells(&["NOT AS SEALED", "no valid signature of PeterNeumann"]);
}

#[test]
fn what_is_no_key_no_hub_and_no_place_is_said_and_writes_nothing() {
    let home = filled(2);
    for (name, says) in [("a name", "without blanks"), ("", "cannot name a key"), ("a+b", "cannot name a key")] {
        home.run(&["audit", "key", name]).exits(1).tells(&[says]);
    }
    assert!(!home.data().join("seal.key").exists());
    let key = public_key(&home);
    let private = std::fs::read_to_string(home.data().join("seal.key")).expect("a key");
    let answer = home.run(&["audit", "verify", "--key", private.trim()]).exits(1).tells(&["a private key"]);
    assert!(!answer.err.contains(private.trim()), "it is shown");
    let altered = key.replace("e2e", "e2f");
    let absent = home.path("absent").display().to_string();
    home.run(&["audit", "verify", "--key", &altered]).exits(1).tells(&["is damaged"]);
    home.run(&["audit", "verify", "--key", &absent]).exits(1).tells(&["neither a public key", "nor a file"]);
    home.run(&["audit", "verify", "--outside", &absent]).exits(1).tells(&["checkpoints outside", "cannot be read"]);
    let empty = home.file("empty", "");
    home.run(&["audit", "verify", "--outside", &empty]).exits(1).tells(&["holds no checkpoint"]);
    home.run_in("elsewhere", &["audit", "key", NAME]).exits(1).tells(&["there is no data directory"]);
    let place = home.path("no/such/directory/notes").display().to_string();
    home.run(&["audit", "seal", "--place", &place]).exits(1).tells(&["the place for checkpoints", "cannot be written"]);
    assert_eq!(verified(&home, &[])["verified"], 4, "sealed all the same");
    std::fs::write(home.data().join("seal.key"), "PRIVATE+KEY+nonsense").expect("a file");
    home.run(&["audit", "seal"]).exits(1).tells(&["seal.key", "not a private key"]);
}

#[test]
fn a_sealer_that_is_killed_at_a_commit_border_leaves_nothing_that_raises_an_alarm() {
    let home = filled(20);
    public_key(&home);
    for border in ["log.append.before_commit", "log.append.after_commit"] {
        for passes in 0..6 {
            let mut command = home.command(&["audit", "seal"]);
            let killed =
                command.env("ONEFOLD_FAILPOINTS", format!("{border}={passes}*off->kill")).output().expect("it runs");
            let landed = killed.status.signal() == Some(9);
            assert!(landed || killed.status.success(), "{}", String::from_utf8_lossy(&killed.stderr));
            let answer = home.run(&["audit", "verify", "--json"]);
            // Killed before its first seal, it has sealed nothing.
            assert!(answer.code == 0 || answer.err.contains("nothing of this log is sealed yet"), "{}", answer.err);
        }
    }
    home.run(&["audit", "seal"]).exits(0);
    let verdict = verified(&home, &[]);
    assert_eq!((&verdict["verified"], &verdict["unsealed"]), (&40.into(), &0.into()), "{verdict}");
}

/// Verifies until nothing is left to seal.
fn until_sealed(home: &Home, outside: &str) -> Value {
    let began = Instant::now();
    loop {
        let answer = home.run(&["audit", "verify", "--json"]);
        if answer.code == 0 && Path::new(outside).exists() && answer.json()["unsealed"] == 0 {
            return answer.json();
        }
        assert!(answer.code != 4, "{}", answer.out);
        assert!(began.elapsed() < Duration::from_secs(60), "{}{}", answer.out, answer.err);
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_hub_that_runs_seals_by_itself_and_goes_on_after_it_is_killed() {
    let home = filled(1);
    public_key(&home);
    let outside = home.path("outside.notes").display().to_string();
    let settings = [("ONEFOLD_SEAL_EVERY_SECONDS", "1"), ("ONEFOLD_SEAL_PLACES", outside.as_str())];
    let mut customers = 1;
    for _ in 0..3 {
        let server = home.serve_with(&[], &settings);
        post(&server, customers, customers + 10);
        customers += 10;
        let verdict = until_sealed(&home, &outside);
        assert_eq!(verdict["verified"], 2 * customers);
        let health = server.get("/health");
        assert!(health.body.to_string().contains("\"seal\""), "{}", health.body);
        post(&server, customers, customers + 1);
        customers += 1;
        server.kill();
    }
    let verdict = verified(&home, &["--outside", &outside]);
    assert!(verdict["outside"].as_u64() > Some(0), "{verdict}");
}

#[test]
fn a_rebuild_and_a_copy_raise_no_alarm_and_an_older_copy_of_the_log_does() {
    let home = filled(10);
    public_key(&home);
    let outside = home.path("outside.notes").display().to_string();
    home.run(&["audit", "seal", "--place", &outside]).exits(0);
    home.run(&["rebuild"]).exits(0);
    assert_eq!(verified(&home, &["--outside", &outside])["verified"], 20);

    let (from, copy) = (home.data().display().to_string(), home.path("copy").display().to_string());
    home.run(&["copy", "--from", &from, "--to", &copy, "--partitions", "3"]).exits(0);
    home.run_in("copy", &["audit", "key", "hub.example/copy"]).exits(0);
    home.run_in("copy", &["audit", "verify"]).exits(1).tells(&["nothing of this log is sealed yet"]);
    home.run_in("copy", &["audit", "seal"]).exits(0).tells(&["20 records sealed in"]);
    home.run_in("copy", &["audit", "verify"]).exits(0).tells(&["20 records are as hub.example/copy"]);

    let backup = home.path("backup").display().to_string();
    home.run(&["backup", "--to", &backup]).exits(0);
    assert!(!home.path("backup").join("seal.key").exists(), "the private key is in no backup");
    let server = home.serve();
    post(&server, 10, 20);
    server.settle();
    server.stop();
    home.run(&["audit", "seal", "--place", &outside]).exits(0);
    home.run_in("older", &["restore", "--from", &backup]).exits(0);
    std::fs::copy(home.data().join("seal.key"), home.path("older").join("seal.key")).expect("a copy");
    home.run_in("older", &["audit", "verify"]).exits(0);
    let older: Answer = home.run_in("older", &["audit", "verify", "--outside", &outside]).exits(4);
    older.tells(&["NOT AS SEALED", "seals were cut off", "the log ends there"]);
}
