//! Whatever comes in, mapping ends in events, a skip or errors: never in a panic.

mod support;

use std::sync::LazyLock;

use onefold_mapping::{Connector, MappingOutcome, NumberedRow, SourceRecord, SourceRow};
use proptest::prelude::*;
use support::{good, parse};

const EVERYTHING: &str = r##"
[connector]
name = "all"
source = "all"
[from]
kind = "file"
[read]
format = "csv"
[assume]
zone = { from = "Z", default = "Europe/London" }
dst = "later"
date = ["yyyy/M/d", "dd.MM.yyyy", "excel"]
time = ["yyyy-MM-dd HH:mm", "MM/dd/yyyy hh:mm a", "iso8601", "epoch-s", "epoch-ms"]
number = "1,234.56"
currency = { from = "C", default = "EUR" }
region = { from = "C" }
blank = ["NULL"]
[enum.w]
else = "keep"
fold = "all"
[enum.w.values]
A = "a"
[let]
n = { from = "A", as = "decimal", on_bad = "absent" }
d = { from = "D", as = "date", pick = "min", on_bad = "absent" }
t = { from = "T", as = "time", pick = "max", on_bad = "absent" }
w = { from = "W", enum = "w", slice = [2, 3], fold = "all" }
[let.rows]
each = "#rows"
when = "a is present"
a = { from = "A", as = "decimal", negative = "1-" }
b = { from = "B", as = "money", minor = true }
[skip]
s = "w == 'skip' or t < t"
[event.e]
type = "finance.invoice_issued.v1"
when = "n is absent or n / 3 != 1"
subject = { first_of = ["W", "A"], match = "(.+)" }
id = ["W", { from = "A", part = { by = "-", n = -1 } }]
revision = { by = "content", order = { from = "N", as = "decimal" } }
occurred_at = { from = "T", pick = "min" }
[event.e.refs]
buyer = { from = "W", pick = "list" }
phone = { from = "A", pick = "first" }
[event.e.set]
total = { calc = "sum(rows.b)" }
tax = { calc = "if count(rows) > 1 then money(round(sum(rows.a) * 1.19, 2), 'EUR') else money(abs(n), 'EUR')" }
due_on = { use = "d", add_days = 99999 }
issued_on = { use = "t" }
buyer.name = { join = ["W", "#line", "#index", "#rows", "#2"], with = ",", max_length = 40 }
[event.e.set.lines]
each = "#rows"
quantity = { from = "A", times = "-0.000001", on_bad = "absent" }
amount = { calc = "coalesce(quantity, 1) * n" }
product = { from = "W", like = "^.*$" }
[event.e.expect]
near = "near(total, sum(lines.amount), 1000000) or any(lines, amount is present)"
"##;

static CONNECTOR: LazyLock<Connector> = LazyLock::new(|| good(EVERYTHING));
static OTHER: LazyLock<Connector> = LazyLock::new(|| good(EVERYTHING));

fn map(connector: &Connector, rows: &[Vec<String>]) -> MappingOutcome {
    let heading = ["A", "B", "C", "D", "T", "W", "N", "Z"].map(str::to_owned);
    let plan = connector.plan_heading(&heading).unwrap();
    let rows: Vec<NumberedRow> = rows.iter().map(|r| NumberedRow { row: SourceRow::Table(r), line: 1 }).collect();
    plan.map(&SourceRecord { resource: "r", rows: &rows, last_line: 0, offset: 0, length: 0 })
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        "-?[0-9,.]{1,24}-?",
        "(19|20|99)[0-9]{2}[-/][0-9]{1,2}[-/][0-9]{1,2}( [0-9]{2}:[0-9]{2})?",
        "[0-9]{8,20}",
        Just("2010-03-28 01:30".to_owned()),
        Just("2010-10-31 01:30".to_owned()),
        Just("79228162514264337593543950335".to_owned()),
        Just("-0".to_owned()),
        Just("EUR".to_owned()),
        Just("America/Sao_Paulo".to_owned()),
        Just("2026-03-09T10:00:00Z".to_owned()),
        Just(String::new()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn mapping_never_panics_on_any_rows(rows in prop::collection::vec(prop::collection::vec(field(), 0..9), 0..4)) {
        if let MappingOutcome::Quarantined(problems) = map(&CONNECTOR, &rows) {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                prop_assert!(problem.code.starts_with('R'), "{problem}");
                // printing must not fail either
                prop_assert!(problem.to_string().starts_with("error[R"));
            }
        }
    }

    #[test]
    fn mapping_the_same_rows_again_gives_the_same(rows in prop::collection::vec(prop::collection::vec(field(), 8), 1..3)) {
        prop_assert_eq!(map(&CONNECTOR, &rows), map(&OTHER, &rows));
    }

    #[test]
    fn reading_a_damaged_connector_never_panics(cut in 0..EVERYTHING.len(), insert in "[\\[\\]{}=\"'#.a-z0-9 \n-]{0,6}", length in 0..30_usize) {
        let mut text: String = EVERYTHING.chars().take(cut).collect();
        text.push_str(&insert);
        text.extend(EVERYTHING.chars().skip(cut + length));
        if let Err(problems) = parse(&text) {
            prop_assert!(!problems.is_empty());
            problems.iter().for_each(|p| assert!(p.to_string().starts_with("error[M")));
        }
    }
}

#[test]
fn a_whole_good_record_passes_through_everything() {
    let row = ["1,200.50", "999", "EUR", "2026/3/9", "2026-03-09 10:00", "xAb", "1.5", "Asia/Shanghai"]
        .map(str::to_owned)
        .to_vec();
    match map(
        &good(
            &EVERYTHING
                .replace(", negative = \"1-\"", "")
                .replace("add_days = 99999", "add_days = 9")
                .replace("-0.000001", "2"),
        ),
        &[row.clone(), row],
    ) {
        MappingOutcome::Mapped { events, .. } => {
            let onefold_event::Body::InvoiceIssued(invoice) =
                &events[0].read(&onefold_event::EmptyKeyRing).unwrap().body
            else {
                panic!()
            };
            assert_eq!(invoice.total.as_ref().unwrap().amount, "19.98");
            assert_eq!(invoice.tax.as_ref().unwrap().amount, "2857.19");
            assert_eq!((invoice.due_on.as_str(), invoice.issued_on.as_str()), ("2026-03-18", "2026-03-09"));
            assert_eq!(events[0].header.revision_order, [1, 500_000_000]);
            assert_eq!(onefold_event::format_micros(events[0].header.occurred_at), "2026-03-09T02:00:00Z");
        }
        MappingOutcome::Quarantined(problems) => {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<String>())
        }
        MappingOutcome::Skipped { reason } => panic!("{reason}"),
    }
}
