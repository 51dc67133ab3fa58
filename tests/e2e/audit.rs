//! A hub whose log is sealed: by a command, by itself while it runs, killed in the middle, rebuilt, copied, put back from an older copy.

#[path = "harness.rs"]
mod harness;

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use harness::{Answer, Home, Server, invoice, party, root};
use onefold_testkit::skipped;
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

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
    for border in ["log.append.before_commit", "log.append.after_commit"] {
        let home = filled(20);
        public_key(&home);
        let mut kills = 0;
        for passes in 0..6 {
            let mut command = home.command(&["audit", "seal"]);
            let killed =
                command.env("ONEFOLD_FAILPOINTS", format!("{border}={passes}*off->kill")).output().expect("it runs");
            let landed = killed.status.signal() == Some(9);
            assert!(landed || killed.status.success(), "{}", String::from_utf8_lossy(&killed.stderr));
            kills += u32::from(landed);
            let answer = home.run(&["audit", "verify", "--json"]);
            // Killed before its first seal, it has sealed nothing.
            assert!(answer.code == 0 || answer.err.contains("nothing of this log is sealed yet"), "{}", answer.err);
        }
        assert!(kills > 0, "none was killed at {border}");
        home.run(&["audit", "seal"]).exits(0);
        let verdict = verified(&home, &[]);
        assert_eq!((&verdict["verified"], &verdict["unsealed"]), (&40.into(), &0.into()), "{verdict}");
    }
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

/// A hub with a sealed log, and the evidence of one customer in a file.
fn with_evidence() -> (Home, String, String) {
    let home = filled(20);
    let (key, pack) = (public_key(&home), home.path("evidence.zip").display().to_string());
    home.run(&["audit", "seal"]).exits(0);
    home.run(&["audit", "evidence", "party:erp:K3", "--to", &pack, "--by", "Anna"])
        .exits(0)
        .tells(&["2 records about 2 subjects"]);
    (home, key, pack)
}

/// The pack without one of its records, of which the rest says nothing.
fn without_a_record(pack: &str) -> Vec<u8> {
    let mut zip = ZipArchive::new(Cursor::new(std::fs::read(pack).expect("the pack"))).expect("a ZIP");
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).expect("a file");
        let (name, mut bytes) = (file.name().expect("a name").into_owned(), Vec::new());
        file.read_to_end(&mut bytes).expect("its bytes");
        files.insert(name, bytes);
    }
    let leaf = files.keys().find(|name| name.starts_with("leaves/")).expect("a record").clone();
    files.remove(&leaf);
    files.remove(&leaf.replace("leaves/", "proofs/").replace(".leaf", ".tlog-proof"));
    let events = files.get_mut("events.ndjson").expect("the events");
    let first = events.iter().position(|byte| *byte == b'\n').expect("a line");
    events.drain(..=first);
    let mut statement: Value = serde_json::from_slice(&files["statement.json"]).expect("JSON");
    statement["records"] = 1.into();
    files.insert("statement.json".to_owned(), statement.to_string().into_bytes());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in &files {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).expect("a file");
        zip.write_all(bytes).expect("its bytes");
    }
    zip.finish().expect("a ZIP").into_inner()
}

#[test]
fn evidence_is_written_and_checked_without_a_hub_and_what_is_left_out_is_found() {
    let (home, key, pack) = with_evidence();
    let check = |pack: &str, key: &str| home.run_in("nowhere", &["audit", "check", pack, "--key", key]);
    check(&pack, &key).exits(0).tells(&[
        "asked for by Anna",
        "2 records are as hub.example/e2e+",
        "of 2 subjects",
        "whole:",
    ]);
    let fewer = home.file("fewer.zip", without_a_record(&pack));
    check(&fewer, &key).exits(4).tells(&["NOT AS SEALED", "1 records of it were sealed, and 0"]);
    let stranger = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    check(&pack, stranger).exits(4).tells(&["no valid signature of PeterNeumann"]);
    let bytes = std::fs::read(&pack).expect("the pack");
    let cut = home.file("cut.zip", &bytes[..bytes.len() / 2]);
    check(&cut, &key).exits(1).tells(&["cut.zip", "not a pack, or a part of one"]);
    check(&cut, "nonsense+key+x").exits(1).tells(&["not a public key"]);
    assert!(!home.path("nowhere").exists());

    home.run(&["audit", "evidence", "party:erp:K3", "--to", &pack]).exits(1).tells(&["is there already"]);
    let other = home.path("other.zip").display().to_string();
    home.run(&["audit", "evidence", "party:erp:K99", "--to", &other]).exits(1).tells(&["K99"]);
    home.run(&["audit", "evidence", "party:erp:K3", "--to", &other, "--key", stranger])
        .exits(1)
        .tells(&["cannot be relied on"]);
    assert!(!Path::new(&other).exists());

    // What came after the last seal is said, and not in it.
    let server = home.serve();
    assert_eq!(server.batch(&[invoice("erp:I-new", "erp:K3", "5.00")]).status, 200);
    server.settle();
    server.stop();
    let answer = home.run(&["audit", "evidence", "party:erp:K3", "--to", &other, "--json"]).exits(0).json();
    assert_eq!((&answer["statement"]["records"], &answer["statement"]["unsealed"]), (&2.into(), &1.into()), "{answer}");
    check(&other, &key).exits(0).tells(&["1 more were not sealed yet"]);
}

/// Checks a pack by somebody else's program; its exit code.
fn foreign(command: &mut Command, pack: &str, key: &str) -> (Option<i32>, String) {
    let output = command.args([pack, key]).output().expect("it runs");
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// Held to by both: what is whole, what lacks a record, and what another key has signed.
fn judges_as_we_do(command: impl Fn() -> Command) {
    let (home, key, pack) = with_evidence();
    let fewer = home.file("fewer.zip", without_a_record(&pack));
    let (code, said) = foreign(&mut command(), &pack, &key);
    assert_eq!((code, said.trim()), (Some(0), "2 records of 2 subjects"));
    let (code, said) = foreign(&mut command(), &fewer, &key);
    assert_eq!(code, Some(4), "{said}");
    let stranger = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let (code, said) = foreign(&mut command(), &pack, stranger);
    assert_eq!(code, Some(4), "{said}");
}

#[test]
fn a_go_program_on_the_libraries_of_transparency_logs_checks_a_pack() {
    let built = tempfile::TempDir::new().expect("a directory");
    let program = built.path().join("check");
    let mut go = Command::new("go");
    go.args(["build", "-o"]).arg(&program).arg(".").current_dir(root().join("tests/e2e/checkers"));
    if !go.output().is_ok_and(|output| output.status.success()) {
        return skipped(
            "a pack checked by a Go program",
            "install Go, and let it bring the modules of tests/e2e/checkers/go.mod",
        );
    }
    judges_as_we_do(|| Command::new(&program));
}

#[test]
fn a_python_script_with_one_signature_package_checks_a_pack() {
    let has = Command::new("python3").args(["-c", "import cryptography"]).output();
    if !has.is_ok_and(|output| output.status.success()) {
        return skipped("a pack checked by a Python script", "install python3 and its package `cryptography`");
    }
    judges_as_we_do(|| {
        let mut python = Command::new("python3");
        python.arg(root().join("tests/e2e/checkers/check.py"));
        python
    });
}
