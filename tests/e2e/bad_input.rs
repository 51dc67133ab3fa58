//! Bad input: a clear message, nothing lost, nothing half done.

mod harness;

use std::io::Write;

use harness::{Home, connector};
use serde_json::Value;

const HEADING: &str = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n";

fn row(invoice: &str, quantity: &str, date: &str, price: &str) -> String {
    format!("{invoice},P1,METAL SIGN,{quantity},{date},{price},17865,United Kingdom\n")
}

fn good(from: u32, to: u32) -> String {
    (from..to).map(|n| row(&format!("{n}"), "2", "2009-12-01 10:49:00", "1.5")).collect()
}

fn ingest(home: &Home, path: &str) -> harness::Answer {
    home.run(&["ingest", "--json", "--connector", &connector("uci-online-retail"), path])
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut child = std::process::Command::new("gzip")
        .arg("-c")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output.stdout
}

fn counts(report: &Value) -> (i64, i64, i64) {
    let of = |name: &str| report[name].as_i64().unwrap();
    assert_eq!(of("records"), of("mapped") + of("skipped") + of("quarantined"));
    (of("accepted"), of("duplicates"), of("quarantined"))
}

#[test]
fn bad_records_wait_in_quarantine_and_the_others_go_on() {
    let home = Home::new();
    let text = format!(
        "{HEADING}{}{}{}{}{}",
        good(100, 110),
        row("200", "2", "2009-12-01 10:49:00", "\"2,1\""),
        row("201", "2", "2009-02-29 10:49:00", "2.1"),
        row("202", "two", "2009-12-01 10:49:00", "2.1"),
        row("X203", "2", "2009-12-01 10:49:00", "2.1"),
    );
    let path = home.file("invoices.csv", &text);
    let report = ingest(&home, &path).exits(3).json();
    assert_eq!(counts(&report), (10, 0, 4));
    let entries = home.run(&["quarantine", "list", "--json"]).exits(0).lines();
    assert_eq!(entries.iter().map(|e| e["first_line"].as_i64().unwrap()).collect::<Vec<_>>(), [12, 13, 14, 15]);
    assert_eq!(entries[0]["raw"], "200,P1,METAL SIGN,2,2009-12-01 10:49:00,\"2,1\",17865,United Kingdom");
    home.run(&["quarantine", "show", "q-0001"]).exits(0).tells(&["Price", "2,1", "invoices.csv"]);
    // A dry run writes nothing and says the same.
    let fresh = Home::new();
    let dry = fresh
        .run(&["ingest", "--json", "--dry-run", "--connector", &connector("uci-online-retail"), &path])
        .exits(3)
        .json();
    assert_eq!(
        (dry["mapped"].as_i64(), dry["accepted"].as_i64(), dry["quarantined"].as_i64()),
        (Some(10), Some(0), Some(4))
    );
    assert!(!fresh.data().exists());
}

#[test]
fn a_sample_shows_every_record_and_against_a_hub_what_is_known() {
    let home = Home::new();
    let text = format!("{HEADING}{}{}", good(100, 102), row("X200", "2", "2009-12-01 10:49:00", "1.5"));
    let (path, shipped) = (home.file("invoices.csv", text), connector("uci-online-retail"));
    // Without a hub, and none is made.
    let page = home.run(&["connector", "try", &shipped, &path]).exits(3);
    page.tells(&[
        "mapped 2   skipped 0   quarantined 1   = 3 records ✓",
        "= sum(lines.amount)",
        "R0403",
        "not listed: X (1)",
    ]);
    assert!(!home.data().exists());
    let html = home.run(&["connector", "try", &shipped, &path, "--html"]).exits(3);
    html.tells(&["<!doctype html>", "<td>total<td>", "= sum(lines.amount)", "</html>"]);
    let only = home.run(&["connector", "try", &shipped, &path, "--only", "rejected", "--json"]).exits(3).json();
    assert_eq!((only["selected"].as_i64(), only["records"][0]["number"].as_i64()), (Some(1), Some(3)));
    ingest(&home, &path).exits(3);
    let before = std::fs::read(home.data().join("log.db")).unwrap();
    let again = home.run(&["ingest", "--dry-run", "--show", "1", "--connector", &shipped, &path]).exits(3);
    again.tells(&["all duplicates", "DUPLICATE"]);
    assert_eq!(std::fs::read(home.data().join("log.db")).unwrap(), before);
    home.run(&["ingest", "--show", "1", "--connector", &shipped, &path]).exits(1).tells(&["add --dry-run"]);
}

#[test]
fn a_connector_file_is_told_all_that_is_wrong_with_it() {
    let home = Home::new();
    let shipped = connector("uci-online-retail");
    home.run(&["connector", "check", &shipped]).exits(0).tells(&["sound", "passed"]);
    let text = std::fs::read_to_string(&shipped).unwrap();
    let slips = home.file("slips.toml", text.replace("subject", "subjekt").replace("group_by", "grup_by"));
    home.run(&["connector", "check", &slips, &shipped]).exits(1).tells(&[
        "slips.toml:",
        "did you mean `subject`?",
        "did you mean `group_by`?",
        "it cannot run",
        "2 connector files: 1 cannot run",
    ]);
    let schema = home.run(&["connector", "schema"]).exits(0).json();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    home.run(&["connector", "reference"]).exits(0).tells(&[
        "### [read]",
        "`group_by`",
        "### finance.invoice_issued.v1",
    ]);
    let told = home.run(&["connector", "check", "--json", &slips]).exits(1).json();
    assert_eq!((told["sound"].as_bool(), told["problems"][0]["mapping"]["line"].is_number()), (Some(false), true));
}

#[test]
fn a_corrected_mapping_takes_quarantined_records_in() {
    let home = Home::new();
    let path = home
        .file("invoices.csv", format!("{HEADING}{}{}", good(100, 103), row("X200", "2", "2009-12-01 10:49:00", "1.5")));
    ingest(&home, &path).exits(3);
    let shipped = connector("uci-online-retail");
    home.run(&["quarantine", "retry", "--connector", &shipped]).exits(3).tells(&["still"]);
    let entries = home.run(&["quarantine", "list", "--json"]).exits(0).lines();
    assert_eq!((entries.len(), entries[0]["tries"].as_i64()), (1, Some(2)));

    let mapping = std::fs::read_to_string(&shipped).unwrap();
    // X is an invoice too, but the file's own test still says that it is none: such a mapping takes nothing in.
    let half = mapping.replace("A = \"adjustment\"", "A = \"adjustment\"\nX = \"invoice\"");
    let refused = home.run(&["quarantine", "retry", "--connector", &home.file("half.toml", &half)]).exits(1);
    refused.tells(&["half.toml fails its own test", "nothing was read"]);
    // What it rejects is another letter now.
    let corrected = half.replace("X489461", "Y489461");
    assert_ne!(corrected, half);
    let corrected = home.file("corrected.toml", corrected);
    home.run(&["quarantine", "retry", "--connector", &corrected]).exits(0).tells(&["taken in: 1 events"]);
    assert_eq!(home.run(&["show", "invoice:uci:X200", "--json"]).exits(0).json()["amount"], "3.0");
    let status = home.run(&["status", "--json"]).exits(0).json();
    assert_eq!((status["events"].as_i64(), status["quarantined"].as_i64()), (Some(4), Some(0)));
    let events = home.run(&["events", "invoice:uci:X200", "--json"]).exits(0).lines();
    assert_eq!((events[0]["file"].as_str(), events[0]["line"].as_i64()), (Some("invoices.csv"), Some(5)));
    home.run(&["quarantine", "discard", "1", "--why", "too late"]).exits(1).tells(&["closed already"]);
}

#[test]
fn a_truncated_gzip_gives_what_was_whole_and_the_rest_when_it_comes_whole() {
    let home = Home::new();
    let text = format!("{HEADING}{}", good(10_000, 40_000));
    let packed = gzip(text.as_bytes());
    let cut = home.file("invoices.csv.gz", &packed[..packed.len() / 2]);
    let answer = ingest(&home, &cut).exits(1);
    let report = answer.json();
    assert_eq!(report["files"][0]["state"], "incomplete");
    let (accepted, _, quarantined) = counts(&report);
    assert!(accepted > 0 && accepted < 30_000 && quarantined == 0, "{accepted}");
    let whole = home.file("invoices.csv.gz", &packed);
    assert_eq!(counts(&ingest(&home, &whole).exits(0).json()), (30_000 - accepted, accepted, 0));
}

#[test]
fn a_wrong_charset_and_missing_columns_refuse_the_whole_file_once() {
    let home = Home::new();
    let mut bytes = vec![0xFF, 0xFE];
    bytes.extend(format!("{HEADING}{}", good(1, 3)).encode_utf16().flat_map(u16::to_le_bytes));
    let utf16 = home.file("utf16.csv", bytes);
    let report = ingest(&home, &utf16).exits(1).json();
    assert_eq!((report["files"][0]["state"].as_str(), report["accepted"].as_i64()), (Some("refused"), Some(0)));
    let renamed = home.file("renamed.csv", format!("{}{}", HEADING.replace("Price", "UnitPrice"), good(1, 3)));
    ingest(&home, &renamed).exits(1).tells(&["Price", "UnitPrice"]);
    assert_eq!(home.run(&["status", "--json"]).exits(0).json()["events"], 0);
}

#[test]
fn a_mapping_with_a_spelling_mistake_reads_nothing_and_says_what_was_meant() {
    let home = Home::new();
    let mapping = std::fs::read_to_string(connector("uci-online-retail")).unwrap();
    let path = home.file("invoices.csv", format!("{HEADING}{}", good(1, 3)));
    let wrong = home.file("wrong.toml", mapping.replace("issued_on =", "issue_date ="));
    home.run(&["ingest", "--connector", &wrong, &path]).exits(1).tells(&["issue_date", "issued_on", "wrong.toml"]);
    let failing = home.file("failing.toml", mapping.replace("\"37.800 GBP\"", "\"37.900 GBP\""));
    home.run(&["ingest", "--connector", &failing, &path]).exits(1).tells(&["its own tests", "37.900"]);
    assert!(!home.data().exists() || home.run(&["status", "--json"]).json()["events"] == 0);
}

#[test]
fn a_line_of_a_gigabyte_is_kept_cut_off_with_its_length_and_digest() {
    let home = Home::new();
    // Packed by ourselves in pieces: a gigabyte is read, never held.
    let path = home.path("long.csv.gz");
    let file = std::fs::File::create(&path).unwrap();
    let mut child = std::process::Command::new("gzip")
        .args(["-1", "-c"])
        .stdin(std::process::Stdio::piped())
        .stdout(file)
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(format!("{HEADING}{}777,P1,", good(1, 3)).as_bytes()).unwrap();
    let piece = vec![b'x'; 1 << 20];
    (0..1024).for_each(|_| input.write_all(&piece).unwrap());
    input.write_all(format!(",2,2009-12-01 10:49:00,1.5,17865,United Kingdom\n{}", good(3, 5)).as_bytes()).unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    let report = ingest(&home, path.to_str().unwrap()).exits(3).json();
    assert_eq!(counts(&report), (4, 0, 1));
    let entry = home.run(&["quarantine", "list", "--json"]).exits(0).lines().remove(0);
    let (length, kept) = (entry["length"].as_u64().unwrap(), entry["raw"].as_str().unwrap().len() as u64);
    assert!(length > 1 << 30 && kept <= 16 << 20, "{length} {kept}");
    assert_eq!((entry["first_line"].as_i64(), entry["sha256"].as_str().map(str::len)), (Some(4), Some(64)));
}

#[test]
fn standard_input_is_a_file_like_any_other() {
    let home = Home::new();
    let text = format!("{HEADING}{}", good(1, 6));
    let words = ["ingest", "--json", "--connector", &connector("uci-online-retail"), "-"];
    assert_eq!(counts(&home.feed(&words, text.as_bytes()).exits(0).json()), (5, 0, 0));
    assert_eq!(counts(&home.feed(&words, &gzip(text.as_bytes())).exits(0).json()), (0, 5, 0));
    home.run(&["ingest", "--connector", &connector("uci-online-retail"), "/nowhere/x.csv"])
        .exits(1)
        .tells(&["there is no file /nowhere/x.csv"]);
}

#[test]
fn a_file_size_limit_stops_the_writer_with_a_message_and_loses_nothing() {
    let home = Home::new();
    let path = home.file("invoices.csv", format!("{HEADING}{}", good(10_000, 30_000)));
    ingest(&home, &home.file("first.csv", format!("{HEADING}{}", good(1, 3)))).exits(0);
    let mut limited = std::process::Command::new("sh");
    let line = format!(
        "ulimit -f 1500; exec {} ingest --data {} --connector {} {path}",
        env!("CARGO_BIN_EXE_onefold"),
        home.data().display(),
        connector("uci-online-retail")
    );
    let output = limited.args(["-c", &line]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("room") || said.contains("full"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    let report = ingest(&home, &path).exits(0).json();
    let (accepted, duplicates, _) = counts(&report);
    assert_eq!(accepted + duplicates, 20_000);
    let status = home.run(&["status", "--json"]).exits(0).json();
    assert_eq!(
        (status["events"].as_i64(), status["documents"].as_i64(), status["conflicts"].as_i64()),
        (Some(20_002), Some(20_002), Some(0))
    );
    home.run(&["rebuild", "--verify"]).exits(0);
}

#[test]
fn what_stands_behind_a_packed_file_is_a_warning_in_text_and_json() {
    let home = Home::new();
    let packed = [gzip(format!("{HEADING}{}", good(100, 103)).as_bytes()), vec![0; 512], b"tail".to_vec()].concat();
    let path = home.file("invoices.csv.gz", &packed);
    let report = ingest(&home, &path).exits(0).json();
    assert_eq!(counts(&report), (3, 0, 0));
    assert_eq!(report["warnings"]["R0316"]["examples"][0]["problem"]["found"], "4 bytes: 74 61 69 6C");
    let text = home.run(&["ingest", "--connector", &connector("uci-online-retail"), &path]).exits(0);
    text.tells(&["warning[R0316]", "74 61 69 6C"]);
}

#[test]
fn what_waits_is_counted_by_connector_and_problem_with_its_dates_before_it_is_listed() {
    let home = Home::new();
    let bad = |n: u32| row(&format!("{n}"), "2", "2009-02-29 10:49:00", "2.1");
    let text = format!("{HEADING}{}{}{}", bad(1), bad(2), row("3", "two", "2009-12-01 10:49:00", "2.1"));
    let path = home.file("invoices.csv", &text);
    ingest(&home, &path).exits(3);
    ingest(&home, &path).exits(3);
    let listed = home.run(&["quarantine", "list"]).exits(0).out;
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].starts_with("3 entries (times in "), "{listed}");
    let kinds: Vec<Vec<&str>> = lines[2..4].iter().map(|line| line.split_whitespace().take(3).collect()).collect();
    assert_eq!(kinds, [["2", "uci-online-retail", "R0421"], ["1", "uci-online-retail", "R0412"]], "{listed}");
    assert!(lines[5].starts_with("q-0001  R0421     20") && lines[5].contains("seen 2 times, last 20"), "{listed}");
    let counts = home.run(&["quarantine", "list", "--counts", "--json"]).exits(0).lines();
    assert_eq!((&counts[0]["entries"], counts.len()), (&Value::from(2), 2));
    assert!(counts[0]["first_seen"].as_i64() < counts[0]["last_seen"].as_i64());
    let none = home.run(&["quarantine", "list", "--counts", "--code", "R0999"]).exits(0).out;
    assert_eq!(none, "nothing is in quarantine\n");
}

#[test]
fn a_record_that_waits_is_shown_in_its_charset_and_its_bytes_are_given_as_they_stand() {
    let home = Home::new();
    // 沈阳 and a day that there is not, as GBK.
    let head = "[connector]\nname = \"erp\"\nsource = \"erp\"\n[from]\nkind = \"file\"\n[read]\nformat = \"csv\"\ncharset = \"gb18030\"\n";
    let rest = "[assume]\ndate = \"yyyy-MM-dd\"\nzone = \"Asia/Shanghai\"\n[event.party]\ntype = \"party.recorded.v1\"\nsubject = \"no\"\nid = [\"no\"]\noccurred_at = { from = \"day\", at = \"00:00\" }\nset.name.full = \"name\"\n";
    let connector = home.file("erp.toml", format!("{head}{rest}"));
    let bytes = b"no,name,day\n1,\xc9\xf2\xd1\xf4,2026-02-30\n";
    let path = home.file("erp.csv", bytes);
    home.run(&["ingest", "--connector", &connector, &path]).exits(3);
    let shown = home.run(&["quarantine", "show", "1"]).exits(0).out;
    assert!(shown.contains("1,沈阳,2026-02-30") && shown.contains("shown as gb18030"), "{shown}");
    let raw = home.command(&["quarantine", "show", "--bytes", "q-0001"]).output().unwrap();
    assert_eq!(raw.stdout, b"1,\xc9\xf2\xd1\xf4,2026-02-30");
}

#[test]
fn status_counts_the_contradictions_that_wait() {
    let home = Home::new();
    let file =
        |price: &str| home.file("invoices.csv", format!("{HEADING}{}", row("1", "2", "2009-12-01 10:49:00", price)));
    ingest(&home, &file("1.5")).exits(0);
    assert!(home.run(&["status"]).exits(0).out.contains("0 open, no conflict waits"));
    ingest(&home, &file("9.5")).exits(3);
    assert!(home.run(&["status"]).exits(0).out.contains("1 open, of which 1 contradicts an event that stands"));
    assert_eq!(home.run(&["status", "--json"]).exits(0).json()["quarantined_conflicts"], 1);
}
