//! Bytes of a data directory flipped at random, in each file in turn: nothing that is answered is wrong, and what is flipped is
//! found, unless nothing uses it.
//!
//! A dozen flips in each file unless `ONEFOLD_FLIPS` says otherwise, from the seed in `ONEFOLD_FLIP_SEED` (1), or in
//! `ONEFOLD_FLIP_FILE` alone; what became of them is printed: `cargo test -p onefold --test flips -- --nocapture`

#[path = "../e2e/harness.rs"]
mod harness;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use harness::{Answer, Home, Server, event, invoice, party};
use onefold_testkit::{Dice, asked};
use serde_json::{Value, json};

/// What one may ask of the hub; none of it writes.
const QUESTIONS: [&[&str]; 14] = [
    &["show", "party:erp:K1"],
    &["show", "party:erp:K7"],
    &["show", "party:crm:C3"],
    &["show", "phone:+8613900000004"],
    &["show", "invoice:erp:I11"],
    &["documents", "party:erp:K1", "--limit", "0"],
    &["documents", "party:erp:K9", "--limit", "0"],
    &["documents", "--unattributed", "--limit", "0"],
    &["events", "party:erp:K1"],
    &["events", "invoice:erp:I5"],
    &["find", "王"],
    &["find", "139"],
    &["quarantine", "list"],
    &["status"],
];
/// Files of a directory that a hub has left.
const FILES: [&str; 6] = ["log.db", "views.db", "log.db-wal", "views.db-wal", "hub.key", "FORMAT"];

/// Customers of two sources that are one by phone, with invoices, an owner of many, one that nobody is, and one refused record.
fn company(server: &Server) {
    for n in 0..30 {
        let phone = format!("139{n:08}");
        let name = if n % 2 == 0 { "王伟" } else { "李娜" };
        let mut events = vec![
            party(&format!("erp:K{n}"), name, &[("phone", &phone, "CN")]),
            party(&format!("crm:C{n}"), name, &[("phone", &phone, "CN"), ("email", &format!("a{n}@example.com"), "")]),
        ];
        events.extend((0..6).map(|m| invoice(&format!("erp:I{}", 6 * n + m), &format!("erp:K{n}"), "10.00")));
        assert_eq!(server.batch(&events).status, 200);
    }
    let many: Vec<Value> = (0..200).map(|n| invoice(&format!("erp:M{n}"), "erp:K9", "1.25")).collect();
    assert_eq!(server.batch(&many).status, 200);
    let nobodys = json!({ "issued_on": "2026-02-03", "total": { "amount": "7.00", "currency": "CNY" } });
    let nobodys = event("finance.invoice_issued.v1", "invoice:erp:X1", "2026-02-03T09:00:00Z", nobodys);
    assert_eq!(server.batch(&[nobodys]).status, 200);
    let refused =
        event("finance.invoice_issued.v1", "invoice:erp:X2", "2026-02-03T09:00:00Z", json!({ "total": "much" }));
    server.batch(&[refused]);
    server.settle();
}

fn copy(from: &Path, to: &Path) {
    let _absent = fs::remove_dir_all(to);
    fs::create_dir(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        // What readers share is made again.
        if !entry.file_name().to_string_lossy().ends_with("-shm") {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    }
}

/// What became of a flip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// A command said so.
    Told,
    /// Answers were right, and a verification said so.
    Verified,
    /// Answers and verification were right: nothing uses the byte.
    Unused,
}

/// An answer that was given, or none where the program said why not.
fn given(home: &Home, words: &[&str]) -> Option<String> {
    let words: Vec<&str> = words.iter().copied().chain(["--today", "2026-03-09", "--json"]).collect();
    let Answer { code, out, err } = home.run_in("flipped", &words);
    let told = err.lines().any(|line| line.starts_with("onefold: ")) || words.contains(&"--verify");
    assert!(!err.contains("panicked") && (code == 0 || told), "{words:?} ends with {code}\n{out}\n{err}");
    // What is found comes as it was met, which says nothing.
    let mut out = out;
    if let (["find", ..], Ok(Value::Array(mut hits))) = (words.as_slice(), serde_json::from_str(&out)) {
        hits.sort_by_key(|hit: &Value| hit["id"].to_string());
        out = Value::Array(hits).to_string();
    }
    (code == 0).then_some(out)
}

/// Whether a verification finds the views to be what the log says.
fn verifies(home: &Home) -> bool {
    given(home, &["rebuild", "--verify"]).is_some()
}

/// What the page with this byte is of.
fn page_of(file: &Path, at: u64) -> String {
    let of = |file: &Path| -> rusqlite::Result<String> {
        let file = rusqlite::Connection::open(file)?;
        let size: u64 = file.query_row("PRAGMA page_size", [], |row| row.get::<_, u32>(0))?.into();
        let (page, within) = (at / size + 1, at % size);
        let of = "SELECT name || ' ' || pagetype FROM dbstat WHERE pageno = ?1";
        let of: String = file.query_row(of, [page as i64], |row| row.get(0))?;
        Ok(format!("byte {within} of a page of {of}"))
    };
    of(file).unwrap_or_default()
}

/// Flips a byte of a file of the directory, and asks.
fn flip(home: &Home, pristine: &Path, right: &[Option<String>], file: &str, at: u64, by: u8) -> Result<Fate, String> {
    let flipped = home.path("flipped");
    copy(pristine, &flipped);
    let path = flipped.join(file);
    let mut bytes = fs::read(&path).expect("a file");
    bytes[usize::try_from(at).expect("an offset")] ^= by;
    fs::write(&path, bytes).expect("flipped");
    if file.ends_with("-wal") {
        // Whoever writes goes on from where the file says that it stands, or says why not.
        let Answer { code, err, .. } = home.run_in("flipped", &["quarantine", "retry"]);
        assert!(!err.contains("panicked"), "{err}");
        if code != 0 || err.contains("is not what was written") {
            return Ok(Fate::Told);
        }
    }
    // The full-text index bears no checksums: it is compared with the texts whenever a verification runs.
    let of_index = page_of(&pristine.join(file), at).contains("search_index");
    let answers: Vec<Option<String>> = QUESTIONS.iter().map(|words| given(home, words)).collect();
    for ((words, answer), right) in QUESTIONS.iter().zip(&answers).zip(right) {
        let differs = answer.is_some() && answer != right;
        if differs && !(of_index && words.first() == Some(&"find") && !verifies(home)) {
            let lines = |answer: &Option<String>| -> BTreeSet<String> {
                answer.iter().flat_map(|text| text.split_inclusive(['\n', '{'])).map(str::to_owned).collect()
            };
            let (answer, right) = (lines(answer), lines(right));
            let differ: Vec<&String> = answer.symmetric_difference(&right).collect();
            let of = page_of(&pristine.join(file), at);
            return Err(format!("{file}: byte {at} xor {by:#04x} ({of}): {words:?} differs in {differ:?}"));
        }
    }
    let (told, whole) = (answers.iter().any(Option::is_none), verifies(home));
    if file == "views.db" && (told || !whole) {
        // What the program advises.
        let made = home.run_in("flipped", &["rebuild", "--accept"]);
        if made.code != 0 || !verifies(home) {
            return Err(format!(
                "{file}: byte {at} xor {by:#04x}: `rebuild --accept` does not mend it\n{}{}",
                made.out, made.err
            ));
        }
    }
    Ok(match (told, whole) {
        (true, _) => Fate::Told,
        (false, false) => Fate::Verified,
        (false, true) => Fate::Unused,
    })
}

#[test]
fn no_flipped_byte_gives_a_wrong_answer_and_each_is_found_or_unused() {
    let home = Home::new();
    let server = home.serve();
    company(&server);
    // As a kill leaves it: all that is new stands in the write-ahead files.
    let killed = home.path("killed");
    server.kill();
    copy(&home.data(), &killed);
    home.run(&["rebuild", "--verify"]).exits(0);
    let stopped = home.path("stopped");
    copy(&home.data(), &stopped);
    copy(&stopped, &home.path("flipped"));
    let right: Vec<Option<String>> = QUESTIONS.iter().map(|words| given(&home, words)).collect();
    assert!(right.iter().all(Option::is_some), "{right:?}");
    assert!(verifies(&home));

    let (flips, mut dice) = (asked("ONEFOLD_FLIPS", 12), Dice::new(asked("ONEFOLD_FLIP_SEED", 1)));
    let (mut wrong, mut fates) = (Vec::new(), BTreeMap::new());
    let only = std::env::var("ONEFOLD_FLIP_FILE").ok();
    for file in FILES.into_iter().filter(|file| only.as_deref().is_none_or(|only| only == *file)) {
        let pristine = if file.ends_with("-wal") { &killed } else { &stopped };
        let length = fs::metadata(pristine.join(file)).expect("a file").len();
        assert!(length > 0, "{file} holds nothing");
        for _ in 0..flips {
            let (at, by) = (dice.below(length), 1 + dice.below(255) as u8);
            match flip(&home, pristine, &right, file, at, by) {
                Ok(fate) => *fates.entry((file, fate)).or_insert(0u64) += 1,
                Err(told) => wrong.push(told),
            }
        }
    }
    for ((file, fate), count) in &fates {
        eprintln!("{file}: {count} {fate:?}");
    }
    assert!(wrong.is_empty(), "{} wrong answers\n{}", wrong.len(), wrong.join("\n"));
}
