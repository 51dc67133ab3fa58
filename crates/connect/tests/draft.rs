//! A first connector file from a sample can be used as it stands, and says what it guesses.

use std::io::Write;

use onefold_connect::{Input, SampleOptions, SampleReport, draft, try_sample};
use onefold_door::DoorForecast;
use onefold_event::EventLimits;
use onefold_mapping::Connector;

/// The draft of a sample, and what it makes of it.
async fn drafted(name: &str, bytes: &[u8]) -> (String, SampleReport) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    let input = Input::File(file);
    let text = draft(&input, "sample").unwrap();
    let connector = Connector::parse("sample.toml", &text, &|file| Err(format!("no file {file}")))
        .unwrap_or_else(|problems| panic!("{text}\n{}", problems.iter().map(ToString::to_string).collect::<String>()));
    let (forecast, options) =
        (DoorForecast::of_nothing(EventLimits::default()), SampleOptions { limit: 9, ..SampleOptions::default() });
    let report = try_sample(&connector, &[input], forecast, options, &|_| {}).await.unwrap();
    (text, report)
}

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

#[tokio::test]
async fn a_table_is_drafted_with_its_delimiter_its_numbers_and_days_and_its_keys() {
    let rows = "Order;Placed;Customer;Name;Zip;Total\nA-1;09.03.2026;K1;Anna Weber;01067;1.250,00\nA-2;28.02.2026;K1;Anna Weber;01067;80,50\nA-3;30.02.2026;K2;Bela Kiss;01069;1,00\n";
    let (text, report) = drafted("shop.csv", rows.as_bytes()).await;
    assert_eq!((report.counts.mapped, report.counts.quarantined, report.counts.events), (2, 1, 4), "{text}");
    says(
        &text,
        &[
            "delimiter = \";\"    # guess: it parts 4 of the first 4 rows into 6 cells",
            "date = \"dd.MM.yyyy\"    # guess: so are 2 of 3 values of Placed",
            "number = \"1.234,56\"    # guess",
            "may serve: Order, Placed, Total",
            "It may not: Customer (2 different in 3 of 3)",
            "buyer = \"Customer\"    # guess",
            "# FIELD = \"Zip\"    # code: digits, and no number; 3 of 3, 2 different: 01067 | 01069",
        ],
    );
}

#[tokio::test]
async fn columns_that_runs_of_blanks_part_are_drafted_so_and_texts_with_a_blank_are_not() {
    let report = " no    day       total\n 00001 20260309   11.77\n 00002 20260310  112.00\n 00003 20260310    9.50\n";
    let (text, tried) = drafted("report.txt", report.as_bytes()).await;
    assert_eq!((tried.counts.mapped, tried.counts.quarantined), (3, 0), "{text}");
    says(
        &text,
        &[
            "delimiter = \"blanks\"    # guess: runs of spaces and tabs part 4 of the first 4 rows into 3 cells",
            "3 of 3 values of day",
            "total = \"total\"",
        ],
    );
    let (text, tried) = drafted("names.txt", b"full name\nAnna Weber\nBela Kiss\n").await;
    assert_eq!(tried.counts.mapped, 2, "{text}");
    says(&text, &["# guess: one column, for no delimiter parts its rows", "# FIELD = \"full name\""]);
}

#[tokio::test]
async fn a_days_order_that_the_sample_does_not_tell_is_said_to_be_a_guess() {
    let (text, _) = drafted("a.csv", b"id,day,total\n1,03/04/2026,1.50\n2,05/06/2026,2.50\n").await;
    says(&text, &["date = \"dd/MM/yyyy\"    # guess: so are 2 of 2 values of day; they could be MM/dd/yyyy"]);
}

#[tokio::test]
async fn chinese_bytes_title_rows_and_headings_that_stand_twice_are_drafted_too() {
    let gbk = encoding_rs::GB18030.encode("沈阳华强板材有限公司\n单据编号,客户编号,开票日期,价税合计,备注,备注\nXS-1,K1,2026/3/9,\"1,250.00\",甲,乙\nXS-2,K1,2026/3/10,880.00,,\n").0;
    let (text, report) = drafted("erp.csv", &gbk).await;
    assert_eq!(report.counts.mapped, 2, "{text}");
    says(
        &text,
        &["charset = \"gb18030\"", "header = 2", "number = \"1,234.56\"", "\"#5\"", "\"#6\"", "total = \"价税合计\""],
    );
}

#[tokio::test]
async fn documents_and_lines_of_json_are_drafted_with_the_path_of_their_records() {
    let one = r#"{"id": 7, "email": "a@b.example", "created_at": "2026-03-09T08:00:00Z", "total_price": "10.50", "lines": [{"sku": 1}]}"#;
    let other = one.replace("7", "8").replace("a@b", "c@d");
    let document = format!("{{\"meta\": {{\"page\": 1}}, \"data\": {{\"orders\": [{one}, {other}]}}}}");
    for (name, bytes, read) in [
        ("a.json", document, "records = \"data.orders\""),
        ("b.json", format!("[{one}, {other}]"), "format = \"json\""),
        ("c.ndjson", format!("{one}\n{other}\n"), "format = \"ndjson\""),
        (
            "d.json",
            format!("{{\"orders\": {{\"first\": {one}, \"all\": [{one}, {other}]}}}}"),
            "records = \"orders.all\"",
        ),
    ] {
        let (text, report) = drafted(name, bytes.as_bytes()).await;
        assert_eq!((report.counts.mapped, report.counts.quarantined), (2, 0), "{name}\n{text}");
        says(
            &text,
            &[read, "time = \"iso8601\"", "total = \"total_price\"", "# FIELD = \"lines[].sku\"    # several values"],
        );
    }
}

#[tokio::test]
async fn one_document_with_lines_is_one_record_and_its_lines_are_parts_of_it() {
    let order = br#"{"order": {"id": 7, "created_at": "2026-03-09T08:00:00Z", "lines": [{"sku": 1}, {"sku": 2}]}}"#;
    let (text, report) = drafted("order.json", order).await;
    assert_eq!(report.counts.mapped, 1, "{text}");
    says(&text, &["drafted from the 1 record of", "records = \"order\"", "# FIELD = \"lines[].sku\""]);
}

#[tokio::test]
async fn without_a_column_that_is_unique_ids_are_places_and_the_draft_says_so() {
    let (text, report) = drafted("a.csv", b"name,mood\nAnna,good\nAnna,good\n").await;
    assert_eq!(report.counts.mapped, 2, "{text}");
    says(
        &text,
        &[
            "No column has another value in every record",
            "ids are made of the place in the file",
            "no column is a time",
        ],
    );
}

#[test]
fn what_holds_no_records_is_refused_with_why() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in [("empty.csv", &b""[..]), ("heading.csv", b"a,b\n"), ("broken.json", b"{\"a\": ")] {
        let file = dir.path().join(name);
        std::fs::File::create(&file).unwrap().write_all(bytes).unwrap();
        let refused = draft(&Input::File(file), "sample").unwrap_err().to_string();
        let why = refused.split_once("holds nothing that a connector file could be drafted from: ");
        assert!(why.is_some_and(|(_, why)| !why.is_empty()), "{refused}");
    }
}

#[tokio::test]
async fn sixteen_bits_to_a_character_are_drafted_and_read_so() {
    let rows = "id;name;total\n1;Zoë;1,50\n2;Åsa;2,50\n";
    let bytes: Vec<u8> = [0xff, 0xfe].into_iter().chain(rows.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let (text, report) = drafted("a.csv", &bytes).await;
    assert_eq!((report.counts.mapped, report.counts.quarantined), (2, 0), "{text}");
    says(&text, &["charset = \"utf-16", "delimiter = \";\"", "2 different: Zoë | Åsa"]);
}

#[tokio::test]
async fn a_key_is_one_however_many_records_there_are() {
    let mut rows = "no,kind\n".to_owned();
    (0..100_050).for_each(|n| rows.push_str(&format!("{n},x\n")));
    let (text, _) = drafted("a.csv", rows.as_bytes()).await;
    says(&text, &["may serve: no", "It may not: kind"]);
}

#[tokio::test]
async fn a_key_with_a_line_break_stays_in_its_comment() {
    let body = r#"[{"id": 1, "a\nkind": "x"}, {"id": 2, "a\nkind": "x"}]"#;
    let (text, report) = drafted("a.json", body.as_bytes()).await;
    assert_eq!(report.counts.mapped, 2, "{text}");
    says(&text, &["It may not: a kind"]);
}
