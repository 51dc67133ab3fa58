//! What the commands answer, by whatever a customer is called, and how they end.

mod harness;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use harness::{Home, event, invoice, party};
use serde_json::{Value, json};

/// Two customers who share a phone, one of them with two parties and an invoice.
fn told() -> Home {
    let home = Home::new();
    let server = home.serve();
    let tax = ("tax_number", "91110000600037341L", "CN");
    let events = [
        party("erp:K1", "王伟", &[("phone", "13800138000", "CN"), tax]),
        party("desk:D7", "Wang Wei", &[tax]),
        party("erp:K2", "王芳", &[("phone", "+86 138 0013 8000", "CN"), ("email", "fang@example.com", "")]),
        invoice("erp:I1", "erp:K1", "100.00"),
        invoice("erp:I2", "erp:K9", "7.50"),
        event(
            "finance.invoice_issued.v1",
            "invoice:erp:I3",
            "2026-02-04T09:00:00Z",
            json!({ "total": { "amount": "1.00", "currency": "CNY" } }),
        ),
    ];
    assert_eq!(server.batch(&events).status, 200);
    server.settle();
    assert_eq!(server.stop(), 0);
    home
}

#[test]
fn a_customer_answers_to_every_id_identifier_and_party() {
    let home = told();
    let by_party = home.run(&["show", "party:erp:K1", "--json"]).exits(0).json();
    assert_eq!(by_party["parties"], json!(["party:desk:D7", "party:erp:K1"]));
    assert_eq!(by_party["profile"]["name"]["value"], "王伟");
    assert_eq!(by_party["receivable"]["by_currency"]["CNY"]["open"], "100.00");
    let id = by_party["id"].as_str().unwrap().to_owned();
    // The id of each of its parties, of any form of its tax number, and of its invoice's owner.
    let other = "party:desk:D7";
    for reference in [id.as_str(), other, "tax_number:CN:9111 0000 6000 3734 1l"] {
        assert_eq!(home.run(&["show", reference, "--json"]).exits(0).json()["id"], id.as_str(), "{reference}");
    }
    let whose = home.run(&["show", "invoice:erp:I1", "--json"]).exits(0).json();
    assert_eq!(whose["trade"]["customer"]["id"], id.as_str());
    let text = home.run(&["show", &id]).exits(0).out;
    assert!(text.starts_with("王伟") && text.contains("100.00"), "{text}");
}

#[test]
fn an_identifier_of_two_customers_names_both_and_fails() {
    let home = told();
    let answer = home.run(&["show", "phone:+8613800138000"]).exits(1).tells(&["held by 2 customers", "王伟", "王芳"]);
    assert_eq!(answer.out, "");
    let answer = home.run(&["show", "phone:+8613800138000", "--json"]).exits(1).json();
    assert_eq!((answer["code"].as_str(), answer["customers"].as_array().map(Vec::len)), (Some("ambiguous"), Some(2)));
}

#[test]
fn what_is_unknown_fails_and_what_is_no_reference_is_wrong_use() {
    let home = told();
    home.run(&["show", "party:erp:nobody"]).exits(1).tells(&["nothing is known of party:erp:nobody"]);
    home.run(&["show", "18102"]).exits(1).tells(&["no document has the number `18102`", "expected a customer id"]);
    home.run(&["show", "nobody"]).exits(2).tells(&["nobody", "expected a customer id"]);
    home.run(&["show"]).exits(2);
    home.run(&["ingest"]).exits(2);
    home.run(&["show", "party:erp:K1", "--today", "2026-02-30"]).exits(2);
    home.run(&["--help"]).exits(0).tells(&["0 done, 1 failed, 2 wrong use, 3 done with records quarantined"]);
    Home::new().run(&["status"]).exits(1).tells(&["there is no data directory"]);
}

#[test]
fn today_decides_what_is_overdue_and_nothing_else() {
    let home = told();
    let on = |day: &str| home.run(&["show", "party:erp:K1", "--json", "--today", day]).exits(0).json();
    let (before, after) = (on("2026-03-05"), on("2026-03-06"));
    assert_eq!(before["receivable"]["by_currency"]["CNY"]["overdue"], "0.00");
    assert_eq!(after["receivable"]["by_currency"]["CNY"]["overdue"], "100.00");
    assert_eq!((&before["trade"], &before["latest"]), (&after["trade"], &after["latest"]));
}

#[test]
fn events_documents_and_words_lead_to_the_same_customer() {
    let home = told();
    let events = home.run(&["events", "party:erp:K1", "--json"]).exits(0).lines();
    let subjects: Vec<_> = events.iter().map(|e| e["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["party:erp:K1", "party:desk:D7", "invoice:erp:I1"]);
    assert!(
        events.iter().all(|e| e["connector"] == "events" && e["standing"] == "stands" && e["offset"].is_u64()),
        "{events:?}"
    );
    let documents = home.run(&["documents", "party:desk:D7", "--json"]).exits(0).lines();
    assert_eq!(documents.iter().map(|d| d["subject"].as_str().unwrap()).collect::<Vec<_>>(), ["invoice:erp:I1"]);
    let unattributed = home.run(&["documents", "--unattributed", "--json"]).exits(0).lines();
    assert_eq!(unattributed.iter().map(|d| d["subject"].as_str().unwrap()).collect::<Vec<_>>(), ["invoice:erp:I3"]);
    for words in ["王伟", "wang", "Wang Wei", "K1", "138001380"] {
        let hits = home.run(&["find", words, "--json"]).exits(0).json();
        assert!(
            hits.as_array().unwrap().iter().any(|hit| hit["name"] == "王伟" || hit["name"] == "王芳"),
            "{words}: {hits}"
        );
    }
    assert_eq!(home.run(&["find", "nobody", "--json"]).exits(0).json(), json!([]));
}

#[test]
fn what_is_counted_as_nobodys_is_what_is_listed_as_nobodys() {
    let home = Home::new();
    let server = home.serve();
    let by = |role: &str, subject: &str| json!([{ "role": role, "subject": subject }]);
    let total = json!({ "amount": "10.00", "currency": "CNY" });
    let order = |number: &str, buyer: &str| {
        let data = json!({ "total": total, "references": by("buyer", buyer) });
        event("sales.order_placed.v1", &format!("order:shop:{number}"), "2026-02-03T09:00:00Z", data)
    };
    let delivery = |number: &str, orders: &[&str]| {
        let items: Vec<Value> = orders.iter().map(|order| json!({ "product": "P", "order": order })).collect();
        event(
            "shipping.dispatched.v1",
            &format!("delivery:wms:{number}"),
            "2026-02-04T09:00:00Z",
            json!({ "items": items }),
        )
    };
    let invoice = |number: &str, references: Value| {
        let data = json!({ "total": total, "references": references });
        event("finance.invoice_issued.v1", &format!("invoice:erp:{number}"), "2026-02-05T09:00:00Z", data)
    };
    let paid = json!({
        "amount": { "amount": "9.00", "currency": "CNY" },
        "allocations": [{ "invoice": "invoice:erp:1", "amount": "5.00" }]
    });
    let walk_in = json!({ "intermediary": "WALK_IN" });
    let events = [
        order("1", "party:erp:A"),
        order("2", "party:erp:B"),
        // By lines: each has its own; one has a line of an order that nobody knows, which is of neither alone.
        delivery("1", &["order:shop:1", "order:shop:2"]),
        delivery("2", &["order:shop:1", "order:shop:2", "order:shop:9"]),
        // Bought by somebody, owed by nobody; and the other way round.
        invoice(
            "1",
            json!([{ "role": "end_customer", "subject": "party:erp:A" }, { "role": "debtor", "subject": "party:erp:CASH" }]),
        ),
        event("party.flagged_intermediary.v1", "party:erp:CASH", "2026-02-01T09:00:00Z", walk_in),
        event("finance.payment_received.v1", "payment:bank:1", "2026-02-06T09:00:00Z", paid),
    ];
    let reply = server.batch(&events);
    assert_eq!(reply.status, 200, "{}", reply.body);
    server.settle();
    assert_eq!(server.stop(), 0);
    let status = home.run(&["status", "--json"]).exits(0).json();
    let listed = home.run(&["documents", "--unattributed", "--json"]).exits(0).lines();
    let listed: Vec<&str> = listed.iter().map(|row| row["subject"].as_str().unwrap()).collect();
    assert_eq!(status["unattributed_documents"], listed.len(), "{listed:?}");
    assert_eq!(status["documents"], 6);
    assert_eq!(listed, ["payment:bank:1", "delivery:wms:2"]);
}

#[test]
fn the_nearest_name_is_found_first_however_few_are_asked_for() {
    let home = Home::new();
    let server = home.serve();
    let names = ["王伟磊", "王伟", "Anna Gastberger", "Anna von Gast", "Anna Gast"];
    // One after the other, so that they stand in the read model in this order.
    for (n, name) in names.into_iter().enumerate() {
        assert_eq!(server.batch(&[party(&format!("erp:K{n}"), name, &[])]).status, 200);
        server.settle();
    }
    assert_eq!(server.stop(), 0);
    let found = |words: &str, limit: &str| -> Vec<Value> {
        let hits = home.run(&["find", words, "--limit", limit, "--json"]).exits(0).json();
        hits.as_array().unwrap().iter().map(|hit| hit["name"].clone()).collect()
    };
    assert_eq!(found("王伟", "10"), ["王伟", "王伟磊"]);
    assert_eq!(found("anna gast", "10"), ["Anna Gast", "Anna von Gast", "Anna Gastberger"]);
    assert_eq!(found("anna gast", "1"), ["Anna Gast"]);
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let home = told();
    let events: Vec<_> = (0..3_000).map(|n| invoice(&format!("erp:L{n}"), "erp:K1", "1.00")).collect();
    let server = home.serve();
    assert_eq!(server.batch(&events).status, 200);
    server.settle();
    server.stop();
    let mut child = home
        .command(&["events", "party:erp:K1", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(first.starts_with('{'));
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
}

/// A record that is taken in, and one that goes into quarantine.
const CALLS: &str = "{\"no\": \"1\", \"at\": \"2026-02-03T09:00:00Z\"}\n{\"no\": \"2\", \"at\": \"never\"}\n";
const CALLS_CONNECTOR: &str = r#"
[connector]
name = "calls"
source = "desk"
[from]
kind = "file"
path = "calls.ndjson"
[read]
format = "ndjson"
[assume]
time = "iso8601"
[event.call]
type = "sales.contact_made.v1"
subject = "no"
id = ["no"]
occurred_at = "at"
"#;

#[test]
fn json_is_one_value_on_one_line_for_a_program_and_laid_out_on_a_terminal() {
    let home = told();
    let (calls, connector) = (home.file("calls.ndjson", CALLS), home.file("calls.toml", CALLS_CONNECTOR));
    let other = home.path("other").display().to_string();
    let data = home.data().display().to_string();
    let of_one_value: &[(i32, &[&str])] = &[
        (0, &["show", "party:erp:K1"]),
        (0, &["show", "invoice:erp:I1"]),
        (1, &["show", "phone:+8613800138000"]),
        (0, &["find", "王伟"]),
        (0, &["status"]),
        (3, &["ingest", "--dry-run", "--connector", &connector, &calls]),
        (3, &["ingest", "--connector", &connector, &calls]),
        (0, &["quarantine", "show", "q-0001"]),
        (0, &["identity", "link", "party:erp:K1", "party:erp:K2", "--why", "one person"]),
        (0, &["rebuild", "--verify"]),
        (0, &["rebuild"]),
        (0, &["copy", "--from", &data, "--to", &other]),
        (0, &["config", "check"]),
        (0, &["config", "default"]),
    ];
    for (code, words) in of_one_value {
        let answer = home.run(&[words, ["--json"].as_slice()].concat());
        let out = answer.exits(*code).out;
        assert!(out.ends_with('\n') && out.lines().count() == 1, "{words:?}: {out}");
        assert!(serde_json::from_str::<Value>(&out).is_ok(), "{words:?}: {out}");
    }
    let of_many: &[(i32, &[&str], usize)] = &[
        (0, &["events", "party:erp:K1"], 4),
        (0, &["documents", "party:erp:K1"], 1),
        (0, &["quarantine", "list"], 1),
        (3, &["quarantine", "retry", "--connector", &connector], 1),
        (0, &["quarantine", "discard", "q-0001", "--why", "a test"], 1),
    ];
    for (code, words, least) in of_many {
        let lines = home.run(&[words, ["--json"].as_slice()].concat()).exits(*code).lines();
        assert!(lines.len() >= *least && lines.iter().all(Value::is_object), "{words:?}: {lines:?}");
    }
    // What util-linux gives a program for a terminal.
    let program = format!("{} status --json --data {data}", env!("CARGO_BIN_EXE_onefold"));
    let Ok(shown) = Command::new("script").args(["-qec", &program, "/dev/null"]).stdin(Stdio::null()).output() else {
        return eprintln!("SKIPPED JSON on a terminal: no `script` (Debian: apt-get install bsdutils)");
    };
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.lines().count() > 10 && serde_json::from_str::<Value>(&shown).is_ok(), "{shown}");
}

#[test]
fn many_read_while_one_writes_and_a_second_writer_is_told_who() {
    let home = told();
    let server = home.serve();
    for _ in 0..3 {
        home.run(&["status", "--json"]).exits(0);
        home.run(&["show", "party:erp:K1"]).exits(0);
    }
    let pid = format!("pid {}", server.pid());
    home.run(&["identity", "link", "party:erp:K1", "party:erp:K2", "--why", "x"]).exits(1).tells(&["writes to", &pid]);
    home.run(&["run", "--listen", "127.0.0.1:0"]).exits(1).tells(&[&pid]);
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_newer_data_format_is_refused_before_anything_is_touched() {
    let home = told();
    std::fs::write(home.data().join("FORMAT"), "2\n").unwrap();
    for words in [&["status"][..], &["run", "--listen", "127.0.0.1:0"], &["show", "party:erp:K1"]] {
        home.run(words).exits(1).tells(&["data format 2", "newer version"]);
    }
}

#[test]
fn one_or_three_partitions_give_the_same_views() {
    let digest = |partitions: &str| {
        let home = Home::new();
        let server = home.serve_with(&["--partitions", partitions], &[]);
        let events: Vec<_> =
            (0..40).map(|n| invoice(&format!("erp:P{n}"), &format!("erp:K{}", n % 7), "2.00")).collect();
        assert_eq!(server.batch(&events).status, 200);
        server.stop();
        let verified = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
        verified["live_digest"].as_str().unwrap().to_owned()
    };
    let one = digest("1");
    assert_eq!((digest("3"), digest("8")), (one.clone(), one));
}

#[test]
fn a_log_copied_into_another_number_of_partitions_gives_the_same_views_and_ids() {
    let home = told();
    let (from, to) = (home.data().display().to_string(), home.path("grown").display().to_string());
    let copied = home.run(&["copy", "--from", &from, "--to", &to, "--partitions", "3", "--json"]).exits(0).json();
    assert_eq!(copied["partitions"], 3);
    let before = home.run(&["status", "--json"]).exits(0).json();
    assert_eq!(copied["records"], before["events"]);
    let again = home.run(&["copy", "--from", &from, "--to", &to, "--json"]).exits(0).json();
    assert_eq!((&again["records"], &again["partitions"]), (&0.into(), &3.into()));

    let grown = |words: &[&str]| home.run_in("grown", words).exits(0);
    grown(&["rebuild", "--verify"]);
    let after = grown(&["status", "--json"]).json();
    for same in ["events", "digest", "ids_digest", "money", "customers", "unattributed_documents"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    home.run(&["copy", "--from", "absent", "--to", &to]).exits(1).tells(&["no data directory absent"]);
}

#[test]
fn a_configuration_is_checked_whole_before_anything_is_touched() {
    let home = Home::new();
    let wrong = home.file("wrong.toml", "[projct]\nbatch = 1\n[hub]\npartitions = 'many'\n");
    home.run(&["status", "--config", &wrong])
        .exits(1)
        .tells(&["projct is no key: did you mean `project`?", "hub.partitions: expected an integer, found a string"]);
    assert!(!home.data().exists());
    let sample = home.file("sample.toml", home.run(&["config", "default"]).exits(0).out);
    home.run(&["config", "check", "--config", &sample]).exits(0).tells(&["embedded", "project 20000"]);
    home.run(&["config", "check", "--config", "absent.toml"]).exits(1).tells(&["absent.toml cannot be read"]);
}

#[test]
fn views_made_under_other_rules_of_identity_are_refused_until_they_are_made_again() {
    let home = Home::new();
    let one_phone = |n: u32| party(&format!("erp:K{n}"), "王伟", &[("phone", "+8613800138000", "CN")]);
    let strict = home.file("strict.toml", "[identity.hub.kinds]\nphone = 1\n");
    let server = home.serve();
    assert_eq!(server.batch(&[one_phone(1), one_phone(2)]).status, 200);
    server.settle();
    server.stop();
    let customers = |home: &Home| home.run(&["status", "--json"]).exits(0).json()["customers"].clone();
    assert_eq!(customers(&home), 1);
    home.run(&["rebuild", "--verify", "--config", &strict]).exits(1).tells(&["other rules of identity"]);
    assert_eq!(customers(&home), 1);
    for file in ["views.db", "views.db-wal", "views.db-shm"] {
        let _ = std::fs::remove_file(home.data().join(file));
    }
    home.run(&["rebuild", "--verify", "--config", &strict]).exits(0);
    // Who reads takes the rules that the views were made under.
    assert_eq!(customers(&home), 2);
}

#[test]
fn a_lost_read_model_comes_again_from_the_log() {
    let home = told();
    let before = home.run(&["status", "--json"]).exits(0).json();
    for file in ["views.db", "views.db-wal", "views.db-shm"] {
        let _ = std::fs::remove_file(home.data().join(file));
    }
    home.run(&["status"]).exits(1).tells(&["views.db", "again from the log"]);
    home.run(&["rebuild", "--verify"]).exits(0);
    assert_eq!(home.run(&["status", "--json"]).exits(0).json(), before);
}

#[test]
fn without_its_key_or_its_log_a_directory_is_refused_by_name() {
    let home = told();
    let key = home.data().join("hub.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    home.run(&["rebuild", "--verify"]).exits(1).tells(&["hub.key is missing", "from a copy"]);
    std::fs::write(&key, &kept[..31]).unwrap();
    home.run(&["rebuild", "--verify"]).exits(1).tells(&["31 bytes", "expected 32"]);
    std::fs::write(&key, &kept).unwrap();
    for file in ["log.db", "log.db-wal", "log.db-shm"] {
        let _ = std::fs::remove_file(home.data().join(file));
    }
    home.run(&["show", "party:erp:K1"]).exits(1).tells(&["log.db"]);
    // A log that begins anew under views that go further would make both wrong.
    home.run(&["rebuild", "--verify"]).exits(1).tells(&["log.db is missing", "from a copy"]);
    assert!(!home.data().join("log.db").exists());
    let other = told();
    let copy = |file: &str| std::fs::copy(other.data().join(file), home.data().join(file)).unwrap();
    copy("log.db");
    copy("hub.key");
    let server = other.serve();
    server.batch(&(0..20).map(|n| invoice(&format!("erp:M{n}"), "erp:K1", "1.00")).collect::<Vec<_>>());
    server.settle();
    server.stop();
    copy("views.db");
    home.run(&["rebuild", "--verify"]).exits(1).tells(&["more of it than there is", "rebuild --accept"]);
}

#[test]
fn whoever_asks_it_to_stop_as_soon_as_it_says_where_it_serves_is_heard() {
    let home = Home::new();
    // Each time another thread may come first.
    for _ in 0..20 {
        assert_eq!(home.serve().stop(), 0);
    }
}

/// Blocks of a page in Markdown that are of a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

#[test]
fn the_page_of_the_first_connector_is_true_as_it_stands() {
    let page = include_str!("../../deploy/FIRST-CONNECTOR.md");
    let home = Home::new();
    home.file("orders.csv", &blocks(page, "csv")[0]);
    home.file("orders.toml", &blocks(page, "toml")[0]);
    let lines: Vec<String> = blocks(page, "sh").iter().flat_map(|block| block.lines().map(str::to_owned)).collect();
    let run = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let output =
            Command::new(env!("CARGO_BIN_EXE_onefold")).args(words).current_dir(home.path("")).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), told + &String::from_utf8_lossy(&output.stderr))
    };
    let answers: Vec<_> = lines.iter().map(|line| (line, run(line))).collect();
    let expected: &[(&str, i32, &[&str])] = &[
        ("connector new", 0, &["delimiter = \";\"", "may serve: Order", "buyer = \"Customer\"    # guess"]),
        ("connector schema", 0, &["json-schema.org"]),
        ("connector check orders.toml", 0, &["sound, 1 test passed"]),
        ("connector try orders.toml", 3, &["mapped 2   skipped 0   quarantined 1   = 3 records ✓", "30.02.2026"]),
        ("connector try orders.toml", 3, &["record 2 of 3", "test \"bela\" was added to orders.toml"]),
        ("connector check orders.toml", 0, &["sound, 2 tests passed"]),
        ("ingest", 3, &["2 mapped", "1 quarantined"]),
        ("find", 0, &["Anna Weber"]),
        ("show", 0, &["Anna Weber", "1,250.00 EUR"]),
        ("connector try --data", 3, &["all duplicates", "DUPLICATE"]),
        ("quarantine list", 0, &["R0421"]),
    ];
    assert_eq!(answers.len(), expected.len(), "{lines:?}");
    for ((line, (code, told)), (begins, exits, tells)) in answers.iter().zip(expected) {
        assert!(line.starts_with(&format!("onefold {begins}")), "{line}");
        assert_eq!(*code, Some(*exits), "{line}\n{told}");
        assert!(tells.iter().all(|part| told.contains(part)), "{line}: {tells:?}\n{told}");
    }
}
