//! Records of samples as tests of the connector file: they pass, say what another mapping does otherwise, and the file is otherwise as
//! it was.

mod harness;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use harness::{Answer, Home};
use serde_json::Value;

const HEAD: &str = "[connector]\nname = \"shop\"\nsource = \"shop\"\n[from]\nkind = \"file\"\n[assume]\nzone = \"UTC\"\ndate = \"yyyy-MM-dd\"\n\
                    number = \"1234.56\"\ncurrency = \"EUR\"\n";
const EVENT: &str = "[event.order]\ntype = \"sales.order_placed.v1\"\nsubject = \"no\"\nid = [\"no\"]\n\
                     occurred_at = { from = \"day\", at = \"00:00\" }\n[event.order.refs]\nbuyer = \"customer\"\n\
                     [event.order.set]\ntotal = \"total\"\n";

/// A connector file that reads so; what is not said of the event stays as in `EVENT`.
fn connector(home: &Home, read: &str, event: &str) -> String {
    home.file("shop.toml", format!("# Orders of the shop.\n{HEAD}[read]\n{read}\n\n{event}"))
}

fn accept(home: &Home, file: &str, sample: &str, name: &str, more: &[&str]) -> Answer {
    home.run(&[&["connector", "try", file, sample, "--accept", name], more].concat())
}

fn check(home: &Home, file: &str) -> Answer {
    home.run(&["connector", "check", file])
}

#[test]
fn a_record_becomes_a_test_and_another_mapping_fails_it() {
    let home = Home::new();
    let file = connector(&home, "format = \"csv\"", EVENT);
    let before = fs::read_to_string(&file).unwrap();
    let rows = "no,day,customer,total,note\n1,2026-03-09,K1,12.50,\"says \"\"so\"\",\ntwice\"\n2,2026-02-30,K2,x,\n";
    let sample = home.file("orders.csv", rows);
    // Of two records one must be named, and nothing is written before.
    let many = accept(&home, &file, &sample, "an order", &[]).exits(1);
    many.tells(&[
        "2 records are shown",
        "--record N",
        "record 1 (orders.csv:2, mapped)",
        "record 2 (orders.csv:4, rejected)",
    ]);
    accept(&home, &file, &sample, "an order", &["--record", "3"])
        .exits(1)
        .tells(&["no record is shown", "of 2 in the sample"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), before);

    let told = accept(&home, &file, &sample, "an order", &["--record", "1"]).exits(3);
    told.tells(&["test \"an order\" was added to", "it expects order", "the record's values stand there now"]);
    let rejected = accept(&home, &file, &sample, "no such day", &["--only", "rejected", "--json"]).exits(3).json();
    assert_eq!(
        (&rejected["accepted"]["name"], &rejected["accepted"]["file"]),
        (&"no such day".into(), &file.as_str().into())
    );
    let after = fs::read_to_string(&file).unwrap();
    let added = r#"
[test."an order"]
input = '''
no,day,customer,total,note
1,2026-03-09,K1,12.50,"says ""so"",
twice"
'''
emits = ["order"]
[test."an order".check]
"0.subject"     = "order:shop:1"
"0.occurred_at" = "2026-03-09"
"0.refs.buyer"  = "party:shop:K1"
"0.total"       = "12.50 EUR"

[test."no such day"]
input = '''
no,day,customer,total,note
2,2026-02-30,K2,x,
'''
rejects = ["day", "R0421", "total", "R0412"]
"#;
    assert_eq!(after, format!("{before}{added}"));
    check(&home, &file).exits(0).tells(&["sound, 2 tests passed"]);
    accept(&home, &file, &sample, "an order", &["--record", "2"])
        .exits(1)
        .tells(&["has a test \"an order\" already", "take that one out"]);

    let other =
        home.file("other.toml", after.replace("total = \"total\"", "total = { from = \"total\", negate = true }"));
    check(&home, &other).exits(1).tells(&[
        "test \"an order\" fails",
        "`0.total` is not what the test says",
        "-12.50 EUR",
        "12.50 EUR",
        "1 passed",
    ]);
    // A test is added to a file that passes.
    accept(&home, &other, &sample, "more", &["--record", "1"])
        .exits(1)
        .tells(&["fails its own test \"an order\"", "unchanged"]);
}

/// Accepts every record of a sample but those that are named as unreadable, each under its number, and answers the file's text.
fn accept_all(home: &Home, file: &str, sample: &str, unreadable: &[u64]) -> String {
    let report: Value = serde_json::from_str(&home.run(&["connector", "try", file, sample, "--json"]).out).unwrap();
    let count = report["records"].as_array().map_or(0, Vec::len);
    assert!(count > 0, "{report}");
    for number in 1..=count as u64 {
        let name = number.to_string();
        let before = fs::read_to_string(file).unwrap();
        let answer = accept(home, file, sample, &name, &["--record", &name]);
        if unreadable.contains(&number) {
            answer.exits(1).tells(&["cannot be a test", "before anything of it is mapped", "unchanged"]);
            assert_eq!(fs::read_to_string(file).unwrap(), before);
        } else {
            assert!(answer.code == 0 || answer.code == 3, "{sample} {number}: {}{}", answer.out, answer.err);
            assert!(fs::read_to_string(file).unwrap().starts_with(&before));
        }
    }
    check(home, file).exits(0);
    fs::read_to_string(file).unwrap()
}

#[test]
fn every_form_of_a_table_is_kept_by_its_values() {
    let home = Home::new();
    let heading = "no,day,customer,total";
    let rows = |delimiter: &str, end: &str| {
        format!("{heading}\n1,2026-03-09,K1,1.50\n2,2026-03-10,,2\n").replace(',', delimiter).replace('\n', end)
    };
    for (read, sample) in [
        ("format = \"csv\"", format!("sep=;\n{}", rows(";", "\n"))),
        ("format = \"csv\"", rows(",", "\r\n")),
        ("format = \"csv\"", rows(",", "\r")),
        ("format = \"csv\"", rows(",", ",\n").replacen(",\n", "\n", 1)),
        ("format = \"csv\"\ndelimiter = \"\\t\"\nheader = 3", format!("Orders\n\nof March\n{}", rows("\t", "\n"))),
        (
            "format = \"csv\"\nheader = [\"no\", \"day\", \"customer\", \"total\"]",
            rows(",", "\n").split_once('\n').unwrap().1.to_owned(),
        ),
        ("format = \"csv\"\nescape = \"\\\\\"", format!("{heading}\n1,2026-03-09,\"K\\\"1\\\\\",1\n")),
        ("format = \"csv\"\nragged = \"pad\"", format!("{heading}\n1,2026-03-09\n")),
        (
            "format = \"csv\"\ndelimiter = \"blanks\"",
            format!("{}\n  1  2026-03-09 \"K 1\"   7\n", heading.replace(',', "   ")),
        ),
        (
            "format = \"csv\"\ngroup_by = [\"no\"]\nfill_down = [\"no\", \"day\", \"customer\"]",
            format!("{heading}\n1,2026-03-09,K1,5\n2,2026-03-09,K2,5\n,,,5\n"),
        ),
    ] {
        let file = connector(&home, read, EVENT);
        accept_all(&home, &file, &home.file("orders.csv", sample), &[]);
    }
    let gbk = [
        &b"no,day,customer,total\n1,2026-03-09,\xcd\xf5\xce\xb0,1\n"[..],
        b"2,2026-03-09,\xff,1\n3,2026-03-09,K,1,9\n",
    ]
    .concat();
    let file = connector(&home, "format = \"csv\"\ncharset = \"gb18030\"", EVENT);
    let text = accept_all(&home, &file, &home.file("orders.csv", gbk), &[2, 3]);
    assert!(text.contains("1,2026-03-09,王伟,1"), "{text}");
}

#[test]
fn every_form_of_json_is_kept_as_its_source_writes_it() {
    let home = Home::new();
    let order = r#"{"no": "1", "total": 1.50, "day": "2026-03-09",
  "customer": "K1", "note": "'''"}"#;
    let line = order.replace('\n', "");
    let with_shop = EVENT.replace("buyer = \"customer\"", "buyer = \"$.shop.owner\"");
    for (read, event, sample) in [
        ("format = \"ndjson\"", EVENT, format!("{line}\n{}\n", line.replace("1.50", "\"x\""))),
        ("format = \"json\"", EVENT, order.to_owned()),
        ("format = \"json\"", EVENT, format!("[{order}, {order}]")),
        (
            "format = \"json\"\nrecords = \"data.orders\"",
            EVENT,
            format!("{{\"data\": {{\"orders\": [{order}, {order}]}}}}"),
        ),
        (
            "format = \"json\"\nrecords = \"data.orders\"",
            with_shop.as_str(),
            format!("{{\"shop\": {{\"owner\": \"K7\"}}, \"data\": {{\"orders\": [{order}, {order}]}}}}"),
        ),
        (
            "format = \"ndjson\"\nrecords = \"orders\"",
            with_shop.as_str(),
            format!("{{\"shop\": {{\"owner\": \"K7\"}}, \"orders\": [{line}, {line}]}}\n"),
        ),
        (
            "format = \"json\"\nonly = { kind = [\"order\"] }",
            EVENT,
            format!("[{}, {order}]", order.replacen('{', "{\"kind\": \"order\", ", 1)),
        ),
        (
            "format = \"json\"\nrecords = \"data.orders\"\nonly = { \"$.data.orders.no\" = [\"1\"] }",
            EVENT,
            format!("[{{\"data\": {{\"orders\": {order}}}}}, {{\"data\": {{\"orders\": {order}}}}}]"),
        ),
    ] {
        let file = connector(&home, read, event);
        let text = accept_all(&home, &file, &home.file("orders.json", &sample), &[]);
        assert!(
            text.contains("\"total\": 1.50, \"day\": \"2026-03-09\"") || read.contains("ndjson\"\nrecords")
                // One of several in a body that was read whole is written anew.
                || read.contains("$.data"),
            "{text}"
        );
    }
}

#[test]
fn a_record_that_is_left_out_is_expected_to_be() {
    let home = Home::new();
    let event = format!("[let]\nkind = \"customer\"\n[skip]\n\"own use\" = \"kind == 'US'\"\n{EVENT}");
    let file = connector(&home, "format = \"csv\"", &event);
    let sample = home.file("orders.csv", "no,day,customer,total\n1,2026-03-09,US,1\n");
    accept(&home, &file, &sample, "own use", &[]).exits(0).tells(&["it expects that it is left out"]);
    assert!(fs::read_to_string(&file).unwrap().ends_with("skips = [\"own use\"]\n"));
    check(&home, &file).exits(0).tells(&["1 test passed"]);
}

#[test]
fn the_place_of_a_record_is_that_of_the_test() {
    let home = Home::new();
    let event = EVENT
        .replace("id = [\"no\"]", "id = [\"#file\", \"#line\"]")
        .replace("subject = \"no\"", "subject = \"#line\"");
    let file = connector(&home, "format = \"csv\"", &event);
    let sample = home.file("orders.csv", "no,day,customer,total\n1,2026-03-09,K,1\n2,2026-03-09,K,1\n");
    accept(&home, &file, &sample, "by line", &["--record", "2"]).exits(0);
    assert!(fs::read_to_string(&file).unwrap().contains("\"0.subject\"     = \"order:shop:2\""));
    // Where it decides what becomes of it, no test can say so.
    let event = format!("[let]\nfile = \"#file\"\n[skip]\n\"of the shop\" = \"file == 'orders.csv'\"\n{EVENT}");
    let file = connector(&home, "format = \"csv\"", &event);
    accept(&home, &file, &sample, "by file", &["--record", "2"]).exits(1).tells(&["cannot be a test", "#file, #line"]);
}

#[test]
fn the_file_is_changed_whole_or_not_at_all() {
    let home = Home::new();
    let file = connector(&home, "format = \"csv\"", EVENT);
    let sample = home.file("orders.csv", "no,day,customer,total\n1,2026-03-09,K1,\"a\nb\"\n");
    let text = fs::read_to_string(&file).unwrap();
    let permit = |mode: u32| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    // No newline at its end, lines that end as elsewhere, a link, and permissions.
    for before in
        [text.trim_end().to_owned(), text.replace('\n', "\r\n"), text.replace('\n', "\r\n").trim_end().to_owned()]
    {
        fs::write(&file, &before).unwrap();
        permit(0o640);
        let link = home.path("link.toml");
        let _ = fs::remove_file(&link);
        symlink(&file, &link).unwrap();
        accept(&home, &link.display().to_string(), &sample, "rejected", &[])
            .exits(3)
            .tells(&["rejected for total, R0412"]);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        let after = fs::read_to_string(&file).unwrap();
        assert!(after.starts_with(&before));
        assert_eq!(after.matches("\r\n").count() > 0, before.contains('\r'));
        assert!(!after.contains('\r') || after.matches('\n').count() == after.matches("\r\n").count(), "{after:?}");
        check(&home, &file).exits(0).tells(&["1 test passed"]);
    }
    // Where nobody may write, and where a table cannot be added.
    fs::write(&file, &text).unwrap();
    permit(0o440);
    accept(&home, &file, &sample, "rejected", &[]).exits(1).tells(&["is for reading only", "chmod u+w"]);
    permit(0o640);
    let inline = format!("test = {{ \"one\" = {{ input = \"no,day,customer,total\\n\", emits = [] }} }}\n{text}");
    fs::write(&file, &inline).unwrap();
    accept(&home, &file, &sample, "rejected", &[]).exits(1).tells(&["could not be read", "unchanged"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), inline);
    accept(&home, &file, &sample, "", &[]).exits(2);
    // Nothing is left beside it.
    let names: Vec<_> = fs::read_dir(home.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}
