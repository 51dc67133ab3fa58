//! Input as it comes: each fault is named with its place, costs its own record only, and nothing is lost or half done.

use crate::hub::{HEADING, Hub, gzip, invoices, parse, table};
use onefold_connect::{FileState, IngestError, Input, InputError, rehearse};
use onefold_event::EmptyKeyRing;
use sha2::{Digest, Sha256};

const GOOD: &str = "1,K1,2026-03-09,10.00,a";
const MORE: &str = "2,K2,2026-03-10,20.50,b";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[tokio::test]
async fn rows_become_events_with_the_place_they_were_read_from() {
    let hub = Hub::open().await;
    let report = hub.ingest(&invoices(""), "a.csv", table(&[GOOD, "", MORE, "3,K1,2026-03-11,5,draft"])).await;
    assert_eq!((report.records, report.lines, report.accepted, report.skipped, report.quarantined), (3, 3, 2, 1, 0));
    assert_eq!(report.skipped_by["draft"], 1);
    let events = hub.events().await;
    let at = events[1].1.header.locator.clone().unwrap();
    assert_eq!((at.resource.as_str(), at.first_line, at.last_line), ("a.csv", 4, 4));
    let offset = (HEADING.len() + 1 + GOOD.len() + 2) as u64;
    assert_eq!((at.offset, at.length), (offset, MORE.len() as u64));
}

#[tokio::test]
async fn a_second_reading_changes_nothing() {
    let mut hub = Hub::open().await;
    let file = table(&[GOOD, MORE, "3,K3,2026-02-30,1.00,no such day"]);
    let first = hub.ingest(&invoices(""), "a.csv", &file).await;
    assert_eq!((first.accepted, first.quarantined), (2, 1));
    let second = hub.ingest(&invoices(""), "a.csv", &file).await;
    assert_eq!((second.accepted, second.duplicates, second.quarantined), (0, 2, 1));
    hub.project().await;
    hub.reopen_door().await;
    let third = hub.ingest(&invoices(""), "b.csv", gzip(file.as_bytes())).await;
    assert_eq!((third.accepted, third.duplicates), (0, 2));
    assert_eq!(hub.events().await.len(), 2);
    let entries = hub.quarantined().await;
    assert_eq!(
        entries.iter().map(|e| (e.resource.as_str(), e.tries)).collect::<Vec<_>>(),
        [("a.csv", 2), ("b.csv", 1)]
    );
}

#[tokio::test]
async fn a_bad_value_costs_its_record_which_is_kept_byte_for_byte() {
    let hub = Hub::open().await;
    let bad = "7,K7,2026-03-09,\"1,5\",comma";
    let report = hub.ingest(&invoices(""), "a.csv", table(&[GOOD, bad, MORE])).await;
    assert_eq!((report.accepted, report.quarantined), (2, 1));
    let entry = &hub.quarantined().await[0];
    assert_eq!(entry.raw, bad.as_bytes());
    assert_eq!((entry.first_line, entry.last_line, entry.length), (3, 3, bad.len() as u64));
    assert_eq!(entry.sha256, hex(&Sha256::digest(bad)));
    assert_eq!(entry.codes, "R0412");
    assert_eq!(report.problems["R0412"].examples[0].problem.found, "1,5");
}

#[tokio::test]
async fn one_row_spoils_its_document_and_no_other() {
    let hub = Hub::open().await;
    let rows = [
        "1,K1,2026-03-09,10.00,a",
        "2,K2,2026-03-09,1.00,b",
        "1,K1,2026-03-09,x,a",
        "2,K2,2026-03-09,2.00,b",
        "1,K1,2026-03-09,3.00,c",
    ];
    let report = hub.ingest(&invoices("group_by = [\"no\"]"), "a.csv", table(&rows)).await;
    assert_eq!((report.records, report.lines, report.accepted, report.quarantined), (2, 5, 1, 1));
    let entry = &hub.quarantined().await[0];
    assert_eq!(String::from_utf8(entry.raw.clone()).unwrap(), [rows[0], rows[2], rows[4]].join("\n"));
    assert_eq!((entry.first_line, entry.last_line), (2, 6));
    assert_eq!(hub.subjects().await, ["invoice:t:2"]);
}

#[tokio::test]
async fn rows_that_cannot_be_read_spoil_the_document_that_they_belong_to() {
    let hub = Hub::open().await;
    let bytes = [
        table(&["1,K1,2026-03-09,10.00,a", "2,K2,2026-03-09,1.00,b", "3,K3,2026-03-09,1.00,c"]).as_bytes(),
        b"1,K1,2026-03-09,3.00,\xC3(\r\n3,K3\r\n2,K2,2026-03-09,1.00,b",
    ]
    .concat();
    let report = hub.ingest(&invoices("group_by = [\"no\"]"), "a.csv", &bytes).await;
    assert_eq!((report.accepted, report.quarantined), (1, 2));
    let entries = hub.quarantined().await;
    assert_eq!(entries[0].raw, b"1,K1,2026-03-09,10.00,a\n1,K1,2026-03-09,3.00,\xC3(");
    assert_eq!((entries[0].codes.as_str(), entries[1].codes.as_str()), ("R0302", "R0303"));
    assert_eq!(entries[1].raw, b"3,K3,2026-03-09,1.00,c\n3,K3");
    let problem = &report.problems["R0302"].examples[0].problem;
    assert_eq!((problem.found.as_str(), problem.lines.as_slice()), ("C3 at byte 22 of the line", &[5][..]));
    assert_eq!(report.problems["R0303"].examples[0].problem.found, "2 fields");
}

#[tokio::test]
async fn a_quote_that_is_never_closed_spoils_what_it_swallows() {
    let hub = Hub::open().await;
    let rows =
        ["1,K1,2026-03-09,10.00,a", "2,K2,2026-03-09,1.00,b", "3,K3,2026-03-09,1.00,\"c", "2,K2,2026-03-09,1.00,b"];
    let report = hub.ingest(&invoices("group_by = [\"no\"]"), "a.csv", table(&rows)).await;
    assert_eq!((report.accepted, report.quarantined), (1, 2));
    assert_eq!(hub.subjects().await, ["invoice:t:1"]);
    let entries = hub.quarantined().await;
    assert_eq!(entries.iter().map(|e| e.codes.as_str()).collect::<Vec<_>>(), ["R0308", "R0305"]);
    assert_eq!(report.problems["R0305"].examples[0].problem.found, "lines 4 to 5 as one row");
}

#[tokio::test]
async fn a_quote_that_swallows_more_than_a_record_may_have_stops_the_file_where_it_opens() {
    let hub = Hub::open().await;
    let rows = |quote: &str| {
        let row = |n: usize| format!("{n},K{n},2026-03-09,1.00,{}b", if n == 3 { quote } else { "" });
        table(&(1..3_000).map(row).collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>())
    };
    let report = hub.ingest(&invoices(""), "a.csv", rows("\"")).await;
    assert_eq!((report.accepted, report.quarantined), (2, 0));
    let [file] = &report.files[..] else { panic!("{report:?}") };
    let problem = &file.problems[0];
    assert_eq!((file.state, &*problem.code), (FileState::Incomplete, "R0320"));
    assert_eq!((problem.lines.as_slice(), problem.found.as_str()), (&[4][..], "lines 4 to 1004 as one row"));
    // Mended, what was taken in is known.
    let report = hub.ingest(&invoices(""), "a.csv", rows("")).await;
    assert_eq!((report.accepted, report.duplicates), (2_997, 2));

    let long = format!("9000,K1,2026-03-09,1.00,\"{}\"", "x\n".repeat(999));
    let read = hub.ingest(&invoices(""), "b.csv", table(&[&long])).await;
    assert_eq!(read.accepted, 1, "{read:?}");
    let heading = hub.ingest(&invoices(""), "c.csv", format!("\"{HEADING}\n{}", "1,2\n".repeat(2_000))).await;
    assert_eq!((heading.accepted, &*heading.files[0].problems[0].code), (0, "R0320"), "{heading:?}");
}

#[tokio::test]
async fn quotes_hold_line_breaks_and_offsets_stay_exact() {
    let hub = Hub::open().await;
    let file = format!("{HEADING}\r\n1,K1,2026-03-09,10.00,\"two\r\nlines, \"\"here\"\"\"\r\n{MORE}\r\n");
    let report = hub.ingest(&invoices(""), "a.csv", &file).await;
    assert_eq!((report.records, report.lines, report.accepted), (2, 2, 2));
    let events = hub.events().await;
    let at = events[0].1.header.locator.clone().unwrap();
    let row = &file.as_bytes()[at.offset as usize..(at.offset + at.length) as usize];
    assert_eq!(row, b"1,K1,2026-03-09,10.00,\"two\r\nlines, \"\"here\"\"\"");
    assert_eq!((at.first_line, at.last_line), (2, 3));
    assert_eq!(events[1].1.header.locator.clone().unwrap().first_line, 4);
    assert!(format!("{:?}", events[0].1.read(&EmptyKeyRing).unwrap().body).contains("two\\nlines, \\\"here\\\""));
}

#[tokio::test]
async fn a_cut_off_gzip_gives_what_was_whole_and_says_so() {
    let hub = Hub::open().await;
    let rows: Vec<String> =
        (0..20_000).map(|n| format!("{0},K{0},2026-03-09,{n}.25,{1}", n / 2, n * 7919 % 10_007)).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let file = gzip(table(&rows).as_bytes());
    let grouped = invoices("group_by = [\"no\"]\ngroup_within = 100").clone();
    let report = hub.ingest(&grouped, "a.csv.gz", &file[..file.len() / 2]).await;
    let told = &report.files[0];
    assert_eq!(told.state, FileState::Incomplete);
    assert!(!report.is_complete());
    assert_eq!(told.problems[0].code, "R0309");
    // Rows of documents that were still in the window, and the line that was cut, are not in.
    assert!(report.withheld > 40 && report.accepted > 1_000, "{report:?}");
    assert!(
        report.lines / 2 <= report.records + report.withheld
            && report.records + report.withheld <= report.lines / 2 + 1
    );
    assert_eq!(report.quarantined, report.records - report.mapped);
    let again = hub.ingest(&grouped, "a.csv.gz", &file).await;
    assert!(again.is_complete());
    assert_eq!((again.records, again.accepted + again.duplicates + again.quarantined), (10_000, 10_000));
    assert_eq!(again.duplicates, report.accepted);
}

#[tokio::test]
async fn a_gzip_cut_within_its_first_bytes_or_with_a_wrong_checksum_is_incomplete() {
    let hub = Hub::open().await;
    let file = gzip(table(&[GOOD, MORE]).as_bytes());
    for damaged in [file[..5].to_vec(), file[..file.len() - 20].to_vec(), [&file[..file.len() - 8], &[0; 8]].concat()] {
        let report = hub.ingest(&invoices("group_by = [\"no\"]"), "a.csv.gz", &damaged).await;
        assert_eq!((report.files[0].state, report.accepted), (FileState::Incomplete, 0));
    }
    assert!(hub.events().await.is_empty());
}

#[tokio::test]
async fn a_mark_that_contradicts_the_charset_refuses_the_file() {
    let hub = Hub::open().await;
    let file = [b"\xEF\xBB\xBF", table(&[GOOD]).as_bytes()].concat();
    let report = hub.ingest(&invoices("charset = \"gb18030\""), "a.csv", &file).await;
    assert_eq!(
        (report.files[0].state, report.records, report.quarantined, report.accepted),
        (FileState::Refused, 1, 1, 0)
    );
    let problem = &report.files[0].problems[0];
    assert_eq!(problem.code, "R0301");
    assert!(problem.found.starts_with("EF BB BF 6E"), "{}", problem.found);
    assert_eq!(hub.quarantined().await[0].raw, [b"\xEF\xBB\xBF", HEADING.as_bytes()].concat());
    let both = invoices("charset = [\"gb18030\", \"utf-8-bom\"]");
    assert_eq!(hub.ingest(&both, "a.csv", &file).await.accepted, 1);
    let (gbk, _, _) = encoding_rs::GB18030.encode("2,沈阳,2026-03-09,1,华强");
    let report = hub.ingest(&both, "b.csv", [HEADING.as_bytes(), b"\n", &gbk].concat()).await;
    assert_eq!(report.accepted, 1);
    assert_eq!(hub.subjects().await, ["invoice:t:1", "invoice:t:2"]);
}

#[tokio::test]
async fn the_wrong_charset_costs_the_records_it_makes_unreadable() {
    let hub = Hub::open().await;
    let (gbk, _, _) = encoding_rs::GBK.encode("2,K2,2026-03-09,1,华强板材");
    let file = [HEADING.as_bytes(), b"\n", GOOD.as_bytes(), b"\n", &gbk, b"\n"].concat();
    let report = hub.ingest(&invoices(""), "a.csv", &file).await;
    assert_eq!((report.accepted, report.quarantined), (1, 1));
    let entry = &hub.quarantined().await[0];
    assert_eq!((entry.raw.as_slice(), entry.codes.as_str()), (&*gbk, "R0302"));
    let text = format!("{:?}", hub.events().await);
    assert!(!text.contains('\u{FFFD}'));
}

#[tokio::test]
async fn utf_16_is_read_and_quarantined_byte_for_byte() {
    let hub = Hub::open().await;
    let encode = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let bad = "2,K2,2026-13-09,1,\"华\r\n强\"";
    let file = [
        b"\xFF\xFE".to_vec(),
        encode(&format!("{HEADING}\r\n1,K1,2026-03-09,1,\u{0A0A}\r\n{bad}\r\n3,K3,2026-03-09,1,c")),
    ]
    .concat();
    let report = hub.ingest(&invoices("charset = \"utf-16\""), "a.csv", &file).await;
    assert_eq!((report.accepted, report.quarantined), (2, 1));
    let entry = &hub.quarantined().await[0];
    assert_eq!(entry.raw, encode(bad));
    assert_eq!((entry.first_line, entry.last_line), (3, 4));
    let at = hub.events().await[1].1.header.locator.clone().unwrap();
    assert_eq!(&file[at.offset as usize..(at.offset + at.length) as usize], encode("3,K3,2026-03-09,1,c"));
}

#[tokio::test]
async fn a_line_beyond_the_limit_is_read_through_and_kept_cut_off() {
    let hub = Hub::open().await;
    let long = format!("9,K9,2026-03-09,1.00,{}", "x".repeat(64 << 20));
    let connector = invoices("limits = { record_bytes = 65536 }");
    let report = hub.ingest(&connector, "a.csv", table(&[GOOD, &long, MORE])).await;
    assert_eq!((report.accepted, report.quarantined), (2, 1));
    let entry = &hub.quarantined().await[0];
    assert_eq!((entry.raw.len(), entry.length, entry.codes.as_str()), (65536, long.len() as u64, "R0304"));
    assert_eq!(entry.sha256, hex(&Sha256::digest(&long)));
    assert_eq!((entry.first_line, entry.last_line), (3, 3));
    // The same as JSON, without an end of line.
    let json = parse(&DESK.replace("format = \"ndjson\"", "format = \"ndjson\"\nlimits = { record_bytes = 1000 }"));
    let value = format!("{{\"no\":\"{}\"}}", "x".repeat(100_000));
    let report = hub.ingest(&json, "b.ndjson", &value).await;
    assert_eq!(report.quarantined, 1);
    assert_eq!(hub.quarantined().await[1].sha256, hex(&Sha256::digest(&value)));
}

#[tokio::test]
async fn ragged_rows_are_rejected_or_filled_up() {
    let hub = Hub::open().await;
    let file = table(&["1,K1,2026-03-09,10.00", "2,K2,2026-03-10,20.50,b,more", "3,K3,2026-03-10,1,c"]);
    let report = hub.ingest(&invoices(""), "a.csv", &file).await;
    assert_eq!((report.accepted, report.quarantined, report.problems["R0303"].records), (1, 2, 2));
    let report = hub.ingest(&invoices("ragged = \"pad\""), "a.csv", &file).await;
    assert_eq!((report.accepted, report.quarantined), (1, 1));
}

#[tokio::test]
async fn excels_own_first_line_sets_the_delimiter() {
    let hub = Hub::open().await;
    for (n, mark) in ["", "\u{FEFF}"].into_iter().enumerate() {
        let file =
            format!("{mark}sep=;\r\n{}\r\n{n},K1,2026-03-09,10.00,\"a;b\"\r\n", HEADING.replace(',', ";").to_owned())
                .replace("K1,", "K1;");
        let file =
            file.replace(&format!("{n},K1"), &format!("{n};K1")).replace("2026-03-09,10.00,", "2026-03-09;10.00;");
        let report = hub.ingest(&invoices(""), "a.csv", &file).await;
        assert_eq!((report.accepted, report.lines), (1, 1), "{file}");
        assert_eq!(hub.events().await[n].1.header.locator.clone().unwrap().first_line, 3);
    }
}

#[tokio::test]
async fn a_heading_that_is_not_what_the_mapping_reads_refuses_the_file() {
    let hub = Hub::open().await;
    let twice = "no,no,who,day,amount,note\n1,1,K1,2026-03-09,1,a\n";
    let report = hub.ingest(&invoices(""), "a.csv", twice).await;
    assert_eq!((report.files[0].state, report.files[0].problems[0].code.as_ref()), (FileState::Refused, "R0202"));
    let renamed = "no,who,date,amount,note\n1,K1,2026-03-09,1,a\n";
    let report = hub.ingest(&invoices(""), "b.csv", renamed).await;
    assert_eq!((report.files[0].state, report.files[0].problems[0].code.as_ref()), (FileState::Refused, "R0201"));
    let more = "no,who,day,amount,note,print count\n1,K1,2026-03-09,1,a,4\n";
    let report = hub.ingest(&invoices("columns = \"exact\""), "c.csv", more).await;
    assert_eq!((report.files[0].state, report.files[0].problems[0].code.as_ref()), (FileState::Refused, "R0203"));
    assert_eq!(hub.ingest(&invoices(""), "c.csv", more).await.accepted, 1);
    assert_eq!(hub.quarantined().await.len(), 3);
    let empty = hub.ingest(&invoices(""), "d.csv", "").await;
    assert_eq!((empty.files[0].state, empty.records), (FileState::Complete, 0));
}

#[tokio::test]
async fn a_document_that_goes_on_beyond_the_window_is_an_error_that_says_so() {
    let hub = Hub::open().await;
    let mut rows = vec!["X,K1,2026-03-09,10.00,a".to_owned(), "X,K1,2026-03-09,5.00,b".to_owned()];
    rows.extend((0..30).map(|n| format!("{n},K2,2026-03-09,1,c")));
    rows.push("X,K1,2026-03-09,7.00,late".to_owned());
    rows.push("X,K1,2026-03-09,8.00,later".to_owned());
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let report = hub.ingest(&invoices("group_by = [\"no\"]\ngroup_within = 20"), "a.csv", table(&rows)).await;
    assert_eq!((report.records, report.accepted, report.quarantined, report.lines), (32, 31, 1, 34));
    let problem = &report.problems["R0307"].examples[0].problem;
    assert_eq!(problem.found, "document X continues at line 34, more than 20 rows after line 3");
    let entry = &hub.quarantined().await[0];
    assert_eq!(entry.raw, b"X,K1,2026-03-09,7.00,late\nX,K1,2026-03-09,8.00,later");
    // Over the whole file it is one document.
    let hub = Hub::open().await;
    let report = hub.ingest(&invoices("group_by = [\"no\"]\ngroup_within = \"file\""), "a.csv", table(&rows)).await;
    assert_eq!((report.records, report.accepted, report.quarantined), (31, 31, 0));
}

#[tokio::test]
async fn a_file_that_would_be_held_in_memory_beyond_the_limit_stops_and_says_what_to_do() {
    let rows: Vec<String> = (0..5_000).map(|n| format!("{},K1,2026-03-09,1.00,a", n / 2)).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let grouped = |within: &str, limit: &str| {
        invoices(&format!("group_by = [\"no\"]\ngroup_within = {within}\nlimits = {{ open_bytes = {limit} }}"))
    };
    let hub = Hub::open().await;
    let report = hub.ingest(&grouped("\"file\"", "100000"), "a.csv", table(&rows)).await;
    assert_eq!((report.accepted, report.files[0].state), (0, FileState::Incomplete));
    let problem = &report.files[0].problems[0];
    assert_eq!(problem.code, "R0313");
    assert!(problem.help.iter().any(|help| help.contains("sort the file") && help.contains("group_within")));
    // As it says: with fewer rows held back, or with more memory, the same file is taken in.
    let report = hub.ingest(&grouped("10", "100000"), "a.csv", table(&rows)).await;
    assert_eq!((report.accepted, report.files[0].state), (2_500, FileState::Complete));
    let hub = Hub::open().await;
    let report = hub.ingest(&grouped("\"file\"", "10000000"), "a.csv", table(&rows)).await;
    assert_eq!((report.accepted, report.files[0].state), (2_500, FileState::Complete));
}

#[tokio::test]
async fn a_file_of_another_kind_makes_one_entry() {
    let hub = Hub::open().await;
    let mut rows: Vec<String> = (0..10).map(|n| format!("{n},K{n},2026-03-09,1.00,fine")).collect();
    rows.extend((10..5_000).map(|n| format!("{n},K{n},09.03.2026,1.00,moved")));
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let connector = invoices("stop_after = { share = \"5%\", of = 1000 }");
    let report = hub.ingest(&connector, "a.csv", table(&rows)).await;
    assert_eq!((report.accepted, report.quarantined, report.files[0].state), (10, 1, FileState::Stopped));
    let entries = hub.quarantined().await;
    assert_eq!((entries.len(), entries[0].codes.as_str()), (1, "R0310"));
    let why = &report.files[0].problems[0];
    assert!(why.found.starts_with("51 of 61 records fail: 51 × R04"), "{}", why.found);
}

const DESK: &str = r#"
[connector]
name = "desk"
source = "desk"

[from]
kind = "file"
path = "/drop/*.ndjson"

[read]
format = "ndjson"

[assume]
date = "yyyy-MM-dd"
zone = "UTC"
number = "1234.56"
currency = "EUR"

[event.invoice]
type = "finance.invoice_issued.v1"
subject = "no"
id = ["no"]
occurred_at = { from = "day", at = "00:00" }

[event.invoice.refs]
bill_to = "who"

[event.invoice.set]
issued_on = "day"
total = "amount"
"#;

#[tokio::test]
async fn lines_of_json_fail_alone() {
    let hub = Hub::open().await;
    let lines: [&[u8]; 6] = [
        b"\xEF\xBB\xBF{\"no\":\"1\",\"who\":\"K1\",\"day\":\"2026-03-09\",\"amount\":10.10}",
        b"{\"no\":\"2\",\"who\":\"K2\"",
        b"{\"no\":\"3\",\"who\":\"K3\",\"day\":\"\xC3(\",\"amount\":1}",
        b"",
        b"{\"no\":\"4\",\"who\":\"K4\",\"day\":\"2026-03-09\",\"amount\":\"1,5\"}",
        b"{\"no\":\"5\",\"who\":\"K5\",\"day\":\"2026-03-09\",\"amount\":0.1}",
    ];
    let report = hub.ingest(&parse(DESK), "a.ndjson", lines.join(&b"\n"[..])).await;
    assert_eq!((report.records, report.lines, report.accepted, report.quarantined), (5, 5, 2, 3));
    let entries = hub.quarantined().await;
    assert_eq!(
        entries.iter().map(|e| (e.first_line, e.codes.as_str())).collect::<Vec<_>>(),
        [(2, "R0306"), (3, "R0302"), (5, "R0412")]
    );
    assert_eq!(entries.iter().map(|e| e.raw.as_slice()).collect::<Vec<_>>(), [lines[1], lines[2], lines[4]]);
    assert!(format!("{:?}", hub.events().await[0].1.read(&EmptyKeyRing).unwrap().body).contains("10.10"));
}

#[tokio::test]
async fn each_item_of_a_body_fails_alone() {
    let hub = Hub::open().await;
    let connector =
        parse(&DESK.replace(
            "format = \"ndjson\"",
            "format = \"ndjson\"\nrecords = \"list\"\nonly = { \"$.kind\" = [\"new\"] }",
        ));
    let line = r#"{"kind":"new","list":[{"no":"1","who":"K1","day":"2026-03-09","amount":1},{"no":"2","who":"K1","day":"09.03.2026","amount":1},{"no":"3","who":"K1","day":"2026-03-09","amount":1}]}"#;
    let report = hub
        .ingest(&connector, "a.ndjson", format!("{line}\n{{\"kind\":\"ping\"}}\n{{\"kind\":\"new\",\"list\":[]}}\n"))
        .await;
    assert_eq!((report.records, report.accepted, report.skipped, report.quarantined), (5, 2, 2, 1));
    assert_eq!(report.skipped_by["not for us"], 1);
    let entry = &hub.quarantined().await[0];
    assert_eq!(entry.raw, line.as_bytes());
    let text = DESK.replace("format = \"ndjson\"", "format = \"ndjson\"\nrecords = \"list\"");
    let any_day = parse(&text.replace("date = \"yyyy-MM-dd\"", "date = [\"yyyy-MM-dd\", \"dd.MM.yyyy\"]"));
    let tried = onefold_connect::again(entry, Some(&any_day)).unwrap();
    let onefold_mapping::MappingOutcome::Mapped { events, .. } = tried else { panic!("{tried:?}") };
    assert_eq!(events.iter().map(|e| e.header.subject.to_string()).collect::<Vec<_>>(), ["invoice:desk:2"]);
}

#[tokio::test]
async fn a_rehearsal_says_the_same_and_writes_nothing() {
    let hub = Hub::open().await;
    let input = Input::File(hub.write("a.csv", table(&[GOOD, "x", MORE])));
    let report = rehearse(&invoices(""), &[input], Default::default(), &|_| {}).await.unwrap();
    assert_eq!((report.records, report.mapped, report.events, report.accepted, report.quarantined), (3, 2, 2, 0, 1));
    assert!(hub.events().await.is_empty() && hub.quarantined().await.is_empty());
}

#[tokio::test]
async fn a_mapping_that_fails_its_own_test_reads_nothing() {
    let hub = Hub::open().await;
    let text = format!(
        "{DESK}\n[test.wrong]\ninput = '''\n{{\"no\":\"1\",\"who\":\"K1\",\"day\":\"2026-03-09\",\"amount\":1}}\n'''\nemits = [\"invoice\"]\n[test.wrong.check]\n\"0.total\" = \"2 EUR\"\n"
    );
    let input = Input::File(hub.write("a.ndjson", "{\"no\":\"1\",\"who\":\"K1\",\"day\":\"2026-03-09\",\"amount\":1}"));
    let failed = onefold_connect::ingest(&parse(&text), &[input], &hub.door, &hub.store, &|_| {}).await;
    assert!(
        matches!(&failed, Err(IngestError::Tests(tests)) if tests.len() == 1 && tests[0].name == "wrong"),
        "{failed:?}"
    );
    assert!(hub.events().await.is_empty());
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let hub = Hub::open().await;
    assert!(matches!(Input::expand(&["/nowhere/a.csv"]), Err(InputError::Absent(path)) if path == "/nowhere/a.csv"));
    let gone = Input::File(hub.dir.path().join("gone.csv"));
    let failed = onefold_connect::ingest(&invoices(""), &[gone], &hub.door, &hub.store, &|_| {}).await.unwrap_err();
    assert!(failed.to_string().contains("gone.csv could not be read"), "{failed}");
    assert!(!failed.retryable());
}
