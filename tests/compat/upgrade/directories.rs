//! Data directories.

use serde_json::Value;

use crate::answers::Answers;
use crate::frozen::{Formats, Kind, each, freeze, older_program, rest};
use crate::harness::{Home, invoice};
use crate::history::{batches, tell};

/// The present formats, as the program writes them.
fn present() -> Formats {
    let home = Home::new();
    assert_eq!(home.serve().stop(), 0);
    Formats::of_directory(&home.data())
}

#[test]
fn each_format_of_a_directory_before_the_present_one_is_frozen() {
    let present = present();
    if let Some(program) = older_program() {
        let home = Home::new().under(program);
        let answers = tell(&home, false);
        home.file("answers.json", answers.text());
        rest(&home.data());
        let found = Formats::of_directory(&home.data());
        if found != present {
            freeze(&found.name(Kind::Directory), &home.path(""), &["answers.json", "data"]);
        }
    }
    let missing = present.missing(Kind::Directory);
    assert!(missing.is_empty(), "{missing:?} are not frozen: tests/compat/hubs/README.md says how");
}

#[test]
fn a_directory_of_each_older_format_is_gone_on_with() {
    let present = present();
    each(Kind::Directory, |one| {
        let home = Home::new();
        let answers = one.unpack(&home.path(""));
        let found = Formats::of_directory(&home.data());
        assert_eq!(found.name(Kind::Directory), one.name);
        let same_fold = found.get("fold") == present.get("fold");
        if same_fold {
            home.run(&["status"]).exits(0);
        } else {
            made_again(&home);
        }
        home.run(&["rebuild", "--verify"]).exits(0);
        says_the_same(&home, &answers, same_fold);
        equals_a_fresh_one(&home);
        assert_eq!(Formats::of_directory(&home.data()), present);
        goes_on(&home, &answers, false);
    });
}

/// Views of an older fold are refused by everybody, and as they were, until they are made again.
fn made_again(home: &Home) {
    for refused in
        [&["status"][..], &["show", "party:erp:K1"], &["run", "--listen", "127.0.0.1:0"], &["rebuild", "--verify"]]
    {
        home.run(refused).exits(1).tells(&["derived by an older program", "onefold rebuild"]);
    }
    let rebuilt = home.run(&["rebuild", "--json"]).exits(0).json();
    assert_eq!((&rebuilt["swapped"], &rebuilt["live_digest"]), (&true.into(), &Value::Null), "{rebuilt}");
}

/// As the program that wrote it said: who is one customer, what they bought and owe, what waits in quarantine.
pub(crate) fn says_the_same(home: &Home, answers: &Answers, same_fold: bool) {
    let now = Answers::of(home, Vec::new());
    for part in ["counts", "money", "customers", "quarantine"] {
        assert_eq!(now.get(part), answers.get(part), "{part}");
    }
    if same_fold {
        assert_eq!(now.get("digests"), answers.get("digests"));
    }
    // By the id itself, too.
    let server = home.serve();
    for (party, id) in answers.ids() {
        let shown = server.get(&format!("/v1/customers/{id}")).body;
        assert_eq!(shown["parties"], answers.get("customers")[party]["parties"], "{id}: {shown}");
    }
    assert_eq!(server.stop(), 0);
}

/// The same log in a hub that has nothing else gives the same views.
fn equals_a_fresh_one(home: &Home) {
    let (from, to) = (home.data().display().to_string(), home.path("fresh").display().to_string());
    home.run_in("fresh", &["copy", "--from", &from, "--to", &to]).exits(0);
    home.run_in("fresh", &["rebuild"]).exits(0);
    let status = |answer: crate::harness::Answer| answer.exits(0).json();
    let (mut fresh, here) =
        (status(home.run_in("fresh", &["status", "--json"])), status(home.run(&["status", "--json"])));
    // What waits in quarantine is not in the log.
    fresh["quarantined"] = here["quarantined"].clone();
    assert_eq!(fresh, here);
}

/// What was told before is known, what is new comes in, and a decision from before is undone.
pub(crate) fn goes_on(home: &Home, answers: &Answers, distributed: bool) {
    let documents =
        |party: &str| home.run(&["show", party, "--json"]).exits(0).json()["documents"].as_u64().expect("a number");
    let before = documents("party:erp:K1");
    let server = home.serve();
    for batch in batches() {
        let reply = server.batch(&batch);
        assert_eq!((reply.status, &reply.body["accepted"]), (200, &0.into()), "{}", reply.body);
    }
    assert_eq!(server.batch(&[invoice("erp:NEW", "erp:K1", "8.00")]).body["accepted"], 1);
    server.settle();
    assert_eq!(documents("party:erp:K1"), before + 1);
    // A directory has one writer at a time, and on servers a command waits until roles show what it did.
    let roles = if distributed {
        Some(server)
    } else {
        assert_eq!(server.stop(), 0);
        None
    };
    for decision in &answers.decisions() {
        home.run(&["identity", "undo", decision, "--why", "mistaken"]).exits(0);
    }
    let parties =
        |party: &str| home.run(&["show", party, "--json"]).exits(0).json()["parties"].as_array().map(Vec::len);
    assert_eq!((parties("party:erp:K4"), parties("party:erp:K5")), (Some(1), Some(2)));
    home.run(&["rebuild", "--verify"]).exits(0);
    assert!(roles.is_none_or(|roles| roles.stop() == 0));
}
