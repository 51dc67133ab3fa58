//! Files as real exports write them: merged cells, padded gzip, a charset that is another, rows of every make.

use crate::hub::{HEADING, Hub, gzip, invoices, invoices_text, parse, retry, table};
use onefold_connect::{FileState, IngestReport, RetryOutcome, again};
use onefold_event::{Body, EmptyKeyRing, Event};
use onefold_mapping::{Connector, MappingOutcome};
use proptest::prelude::*;

fn total(event: &Event) -> String {
    match &event.read(&EmptyKeyRing).unwrap().body {
        Body::InvoiceIssued(invoice) => invoice.total.as_ref().unwrap().amount.clone(),
        other => panic!("{}", other.name()),
    }
}

async fn totals(hub: &Hub) -> Vec<(String, String)> {
    let of = |event: &Event| (event.header.subject.number().to_owned(), total(event));
    let mut all: Vec<_> = hub.events().await.iter().map(|(_, event)| of(event)).collect();
    all.sort();
    all
}

fn counts(report: &IngestReport) -> (u64, u64, u64) {
    (report.records, report.accepted, report.quarantined)
}

const MERGED: [&str; 5] =
    ["I1,K1,2026-03-09,500,a", ",,,100,b", "I2,K2,2026-03-10,7,c", "I3,K3,2026-03-10,1,d", ",,,2,e"];
const GROUPED: &str = "group_by = [\"no\"]";
const FILLED: &str = "group_by = [\"no\"]\nfill_down = [\"no\", \"who\", \"day\"]";

#[tokio::test]
async fn merged_cells_take_the_value_above_and_without_that_their_document_waits_whole() {
    let hub = Hub::open().await;
    let report = hub.ingest(&invoices(GROUPED), "a.csv", table(&MERGED)).await;
    assert_eq!(counts(&report), (3, 1, 2));
    let problem = &report.problems["R0314"].examples[0].problem;
    assert_eq!((problem.found.as_str(), problem.lines.as_slice()), ("line 3 has nothing in no", &[3][..]));
    assert!(problem.help.iter().any(|help| help.contains("fill_down = [\"no\"]")), "{problem}");
    assert_eq!(totals(&hub).await, [("I2".into(), "7".into())]);
    // As it says: corrected, the entries that wait are taken in, whole.
    let waiting = hub.quarantined().await;
    assert_eq!(waiting[0].raw, [MERGED[0], MERGED[1]].join("\n").as_bytes());
    assert!(
        matches!(again(&waiting[0], Some(&invoices(GROUPED))), Ok(MappingOutcome::Quarantined(_))),
        "the same mapping, the same end"
    );
    for entry in &waiting {
        let retried = retry(entry, Some(&invoices(FILLED)), &hub.door, &hub.store, "corrected").await.unwrap();
        assert!(matches!(retried, RetryOutcome::Taken(_)), "{retried:?}");
    }
    let wanted = [("I1".to_owned(), "600".to_owned()), ("I2".into(), "7".into()), ("I3".into(), "3".into())];
    assert_eq!(totals(&hub).await, wanted);
    let fresh = Hub::open().await;
    let report = fresh.ingest(&invoices(FILLED), "a.csv", table(&MERGED)).await;
    assert_eq!((counts(&report), totals(&fresh).await), ((3, 3, 0), wanted.to_vec()));
}

/// Invoices of which `-` is blank.
fn with_blank(read: &str) -> Connector {
    parse(&invoices_text(read).replace("[assume]", "[assume]\nblank = [\"\", \"-\"]"))
}

#[tokio::test]
async fn rows_without_a_key_that_the_mapping_skips_or_that_say_nothing_cost_no_document() {
    let hub = Hub::open().await;
    let rows = ["I1,K1,2026-03-09,500,a", ",,,500,draft", ",,,,", "I2,K2,2026-03-10,7,c"];
    let report = hub.ingest(&invoices(GROUPED), "a.csv", table(&rows)).await;
    assert_eq!((counts(&report), report.skipped), ((4, 2, 1), 1));
    // What is blank by the mapping, or by characters that nobody sees, is as blank as nothing.
    for blank in ["-", "\u{200b}", "\u{feff} "] {
        let hub = Hub::open().await;
        let below = format!("{blank},{blank},,100,b");
        let mapping = with_blank(GROUPED);
        let report = hub.ingest(&mapping, "a.csv", table(&["I1,K1,2026-03-09,500,a", &below])).await;
        assert_eq!(report.accepted, 0, "{blank:?}");
        let filled = with_blank(FILLED);
        hub.ingest(&filled, "a.csv", table(&["I1,K1,2026-03-09,500,a", &below])).await;
        assert_eq!(totals(&hub).await, [("I1".into(), "600".into())], "{blank:?}");
    }
    // Above the first document there is none.
    let hub = Hub::open().await;
    let report = hub.ingest(&invoices(FILLED), "a.csv", table(&[",,,5,x", "I1,K1,2026-03-09,500,a"])).await;
    assert_eq!((counts(&report), report.problems["R0314"].examples[0].first_line), ((2, 1, 1), 2));
}

#[tokio::test]
async fn below_a_row_that_cannot_be_read_nothing_is_filled() {
    let hub = Hub::open().await;
    let rows = [
        b"I1,K1,2026-03-09,500,a".to_vec(),
        b"I\xC3(,K2,2026-03-09,1,b".to_vec(),
        b",,,100,c".to_vec(),
        b"I3,K3,2026-03-09,1,d".to_vec(),
        b",K3".to_vec(),
        b",,,2,e".to_vec(),
    ];
    let file = [HEADING.as_bytes().to_vec(), rows.join(&b'\n')].join(&b'\n');
    let report = hub.ingest(&invoices(FILLED), "a.csv", &file).await;
    assert_eq!(totals(&hub).await, [("I1".into(), "500".into())], "{report:?}");
    assert_eq!(counts(&report), (4, 1, 3));
}

#[tokio::test]
async fn a_block_that_begins_does_not_take_the_customer_of_the_one_above() {
    let hub = Hub::open().await;
    let rows = ["I1,K1,2026-03-09,500,a", "I2,,2026-03-10,7,c", ",,,1,d"];
    hub.ingest(&invoices(FILLED), "a.csv", table(&rows)).await;
    let events = hub.events().await;
    let buyers: Vec<_> = events.iter().map(|(_, event)| event.header.references.len()).collect();
    assert_eq!(
        (totals(&hub).await, buyers),
        (vec![("I1".into(), "500".into()), ("I2".into(), "8".into())], vec![1, 0])
    );
}

#[tokio::test]
async fn what_was_filled_from_another_document_is_filled_so_again_by_a_retry() {
    let hub = Hub::open().await;
    let read = "group_by = [\"no\"]\nfill_down = [\"who\"]";
    let rows = ["I1,K1,2026-03-09,500,a", "I2,,2026-03-10,x,b", "I2,,2026-03-10,1,c"];
    assert_eq!(counts(&hub.ingest(&invoices(read), "a.csv", table(&rows)).await), (2, 1, 1));
    let entry = hub.quarantined().await.remove(0);
    let lenient = parse(
        &crate::hub::invoices_text(read)
            .replace("amount = \"amount\"", "amount = { from = \"amount\", on_bad = \"absent\" }")
            .replace("total = { from = \"amount\", pick = \"sum\" }", "total = { from = \"amount\", pick = \"last\" }"),
    );
    match again(&entry, Some(&lenient)).unwrap() {
        MappingOutcome::Mapped { events, .. } => {
            assert_eq!(events[0].header.references[0].subject.as_str(), "party:t:K1")
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn zeros_after_packed_members_are_padding_and_other_bytes_are_a_warning() {
    let file = table(&["1,K1,2026-03-09,10.00,a", "2,K2,2026-03-10,20.50,b"]);
    let (first, second) = file.as_bytes().split_at(40);
    let padded = [gzip(first), gzip(second), vec![0; 512]].concat();
    let hub = Hub::open().await;
    let report = hub.ingest(&invoices(GROUPED), "a.csv.gz", &padded).await;
    assert_eq!((report.files[0].state, report.accepted, report.withheld), (FileState::Complete, 2, 0));
    assert!(report.warnings.is_empty());
    let followed = [&padded[..], b"-----BEGIN SIGNATURE-----"].concat();
    let report = hub.ingest(&invoices(GROUPED), "a.csv.gz", &followed).await;
    assert_eq!((report.files[0].state, report.duplicates), (FileState::Complete, 2));
    assert_eq!(report.warnings["R0316"].examples[0].problem.found, "25 bytes: 2D 2D 2D 2D 2D 42 45 47 49 4E 20 53 …");
}

#[tokio::test]
async fn a_file_that_is_utf_8_and_declared_as_something_else_is_refused_whole() {
    let file = table(&["1,K1,2026-03-09,10.00,plain", "2,K2,2026-03-09,1.00,Jürgen Müller / Köln Öl"]);
    for charset in ["gb18030", "windows-1252"] {
        let hub = Hub::open().await;
        for (name, bytes) in [("a.csv", file.clone().into_bytes()), ("b.csv.gz", gzip(file.as_bytes()))] {
            let report = hub.ingest(&invoices(&format!("charset = \"{charset}\"")), name, bytes).await;
            assert_eq!((report.files[0].state, report.accepted), (FileState::Refused, 0), "{charset}");
            let problem = &report.files[0].problems[0];
            assert_eq!((problem.code.as_ref(), problem.lines.as_slice()), ("R0315", &[3][..]));
            assert!(problem.found.starts_with("Jürgen Müller in UTF-8, J"), "{}", problem.found);
        }
        assert!(hub.events().await.is_empty());
        let sure = invoices(&format!("charset = \"{charset}\"\ncharset_sure = true"));
        assert_eq!(hub.ingest(&sure, "a.csv", &file).await.accepted, 2);
    }
    // Far behind the beginning, one sequence that is not UTF-8 decides.
    let hub = Hub::open().await;
    let mut rows: Vec<String> = (0..9_000).map(|n| format!("{n},K1,2026-03-09,1.00,plain")).collect();
    rows.push("9000,K1,2026-03-09,1.00,é".to_owned());
    let utf8 = table(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    let latin = invoices("charset = \"windows-1252\"");
    assert_eq!(hub.ingest(&latin, "a.csv", &utf8).await.files[0].state, FileState::Refused);
    let other = [utf8.as_bytes(), b"9001,K1,2026-03-09,1.00,M\xFCller\n"].concat();
    let report = hub.ingest(&latin, "a.csv", &other).await;
    assert_eq!((report.files[0].state, report.accepted), (FileState::Complete, 9_002));
}

#[tokio::test]
async fn tables_of_every_make_give_the_rows_of_the_plain_one() {
    let plain = table(&["1,K1,2026-03-09,10.00,\"5\"\" nail, long\"", "2,K2,2026-03-10,20.50,", "3,K3,2026-03-10,x,b"]);
    let escaped = plain.replace("\"\"", "\\\"");
    let closed = plain.replacen('\n', "\r", 1).replace('\n', ",\n").replacen('\r', "\n", 1);
    let files = [
        ("plain", "", plain.clone()),
        ("backslash", "escape = \"\\\\\"", escaped),
        ("carriage returns", "", plain.replace('\n', "\r")),
        ("end of text", "", format!("{}\r\n\x1A", plain.trim_end().replace('\n', "\r\n"))),
        ("closed", "", closed),
    ];
    let mut wanted = None;
    for (name, read, file) in files {
        let hub = Hub::open().await;
        let report = hub.ingest(&invoices(read), "a.csv", &file).await;
        assert_eq!((counts(&report), report.lines), ((3, 2, 1), 3), "{name}: {report:?}");
        let bodies: Vec<_> =
            hub.events().await.into_iter().map(|(_, event)| event.read(&EmptyKeyRing).unwrap().body).collect();
        assert_eq!(&bodies, wanted.get_or_insert_with(|| bodies.clone()), "{name}");
        assert_eq!(report.warnings.contains_key("R0317"), name == "closed", "{name}");
        // What waits is read again as it was read.
        let entry = hub.quarantined().await.remove(0);
        assert_eq!(entry.codes, "R0412", "{name}");
        match again(&entry, Some(&invoices(read))).unwrap() {
            MappingOutcome::Quarantined(problems) => assert_eq!(problems[0].code, "R0412", "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn one_row_with_a_field_too_many_is_no_table_with_closed_rows() {
    let hub = Hub::open().await;
    let file = table(&["1,K1,2026-03-09,10.00,a", "2,Miller, Ltd,2026-03-10,20.50,", "3,K3,2026-03-10,1,b"]);
    assert_eq!(counts(&hub.ingest(&invoices(""), "a.csv", file).await), (3, 2, 1));
}

#[tokio::test]
async fn backslashes_before_quotes_are_told_of_where_nothing_says_what_they_are() {
    let hub = Hub::open().await;
    let report = hub.ingest(&invoices(""), "a.csv", table(&["1,K1,2026-03-09,10.00,\"a \\\"b\\\" c\""])).await;
    assert_eq!(report.warnings["R0318"].examples[0].first_line, 2);
    let report = hub.ingest(&invoices(""), "b.csv", table(&["1,K1,2026-03-09,10.00,\"a \\\"b, c\\\" d\""])).await;
    assert!(report.problems["R0303"].examples[0].problem.help.iter().any(|help| help.contains("escape")), "{report:?}");
}

#[tokio::test]
async fn findings_of_what_was_taken_in_stand_in_the_report() {
    let hub = Hub::open().await;
    let report = hub.ingest(&invoices(""), "a.csv", table(&["6222021234567890000,K1,2026-03-09,1,a"])).await;
    assert_eq!((report.accepted, report.findings, report.warnings["R0433"].records), (1, 1, 1));
    let damaged = hub.ingest(&invoices(""), "b.csv", table(&["2.4952E+19,K1,2026-03-09,1,a"])).await;
    assert_eq!((damaged.quarantined, damaged.problems["R0432"].records), (1, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Blocks of rows, each written with its key in every row or in the first alone, give the same documents.
    #[test]
    fn merged_cells_give_the_documents_of_the_table_that_repeats_them(
        blocks in prop::collection::vec((0_u8..4, 1_usize..4), 1..8),
    ) {
        let row = |key: String, day: &str, n: usize| format!("{key},,{day},{n}.00,x");
        let (mut full, mut merged) = (Vec::new(), Vec::new());
        for (n, (key, rows)) in blocks.iter().enumerate() {
            for at in 0..*rows {
                full.push(row(format!("I{key}"), "2026-03-09", n * 10 + at));
                let (key, day) = if at == 0 { (format!("I{key}"), "2026-03-09") } else { (String::new(), "") };
                merged.push(row(key, day, n * 10 + at));
            }
        }
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let of = |rows: &[String], read: &str| runtime.block_on(async {
            let hub = Hub::open().await;
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            let report = hub.ingest(&invoices(read), "a.csv", table(&rows)).await;
            (counts(&report), totals(&hub).await)
        });
        prop_assert_eq!(of(&merged, "group_by = [\"no\"]\nfill_down = [\"no\", \"day\"]"), of(&full, GROUPED));
    }
}
