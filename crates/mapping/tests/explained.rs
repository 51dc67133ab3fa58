//! What a record became, value by value, and how: the same outcome as mapping it, told.

mod support;

use onefold_mapping::{Connector, MappingOutcome, NumberedRow, RecordExplanation, SourceRecord, SourceRow};
use serde_json::{Value, json};
use support::{good, orders, with};

/// Explains one record of a table, and holds its outcome against that of mapping it.
fn explain(connector: &Connector, csv: &str) -> RecordExplanation {
    let mut lines = csv.lines().map(|line| line.split(';').map(str::to_owned).collect::<Vec<_>>());
    let plan = connector.plan_heading(&lines.next().unwrap()).unwrap();
    let rows: Vec<Vec<String>> = lines.collect();
    let rows: Vec<NumberedRow> =
        (2..).zip(&rows).map(|(line, row)| NumberedRow { row: SourceRow::Table(row), line }).collect();
    let record = SourceRecord { resource: "f.csv", rows: &rows, last_line: 0, offset: 0, length: 0 };
    let told = plan.explain(&record, true);
    assert_eq!(told.outcome, plan.map(&record));
    let untold = plan.explain(&record, false);
    assert!(untold.events.iter().flat_map(|event| &event.fields).all(|field| field.how.is_empty()));
    told
}

/// Value and way of a field of the first event.
fn field(told: &RecordExplanation, name: &str) -> (String, String) {
    let fields = &told.events[0].fields;
    let found = fields.iter().find(|f| f.field == name).unwrap_or_else(|| panic!("{name}: {fields:?}"));
    (found.value.clone(), found.how.clone())
}

fn pair(value: &str, how: &str) -> (String, String) {
    (value.to_owned(), how.to_owned())
}

const CELLS: &str = r##"
promised_on = { from = "Due", default = { use = "placed", add_days = 30 } }
channel = { from = "Kind", enum = "kind" }
[event.order.set.lines]
each = "#rows"
product = "Item"
quantity = { from = "Qty", strip = ["pcs"], times = "0.5" }
amount = { calc = "quantity * 2" }
[event.order.refs]
buyer = { first_of = ["Buyer", "Payer"] }
[event.order.expect]
"something is ordered" = "count(lines) > 0"
[let]
placed = { from = "At", as = "date", time = "dd.MM.yyyy HH:mm" }
[enum.kind]
else = { value = "other" }
[enum.kind.values]
W = "web"
S = "store"
"##;

fn told_cells() -> Connector {
    let text = orders("total = \"Total\"", "total = { from = \"Total\", pick = \"sum\", abs = true }");
    good(&(text + CELLS))
}

#[test]
fn each_value_says_how_it_came() {
    let told = explain(
        &told_cells(),
        "No;At;Total;Due;Kind;Item;Qty;Buyer;Payer\nA;09.03.2026 10:00;-1,50;;W;P1;4 pcs;;K7\nA;09.03.2026 10:00;-2,00;;W;P2;2;;K7\n",
    );
    assert!(matches!(told.outcome, MappingOutcome::Mapped { .. }), "{:?}", told.outcome);
    assert_eq!(field(&told, "subject"), pair("order:erp:A", "No"));
    assert_eq!(field(&told, "total"), pair("3.50 EUR", "sum of 2 × Total, without its sign"));
    assert_eq!(field(&told, "promised_on"), pair("2026-04-08", "default: At, + 30 d (Due is blank)"));
    assert_eq!(field(&told, "channel"), pair("web", "Kind, [enum.kind] of \"W\""));
    assert_eq!(field(&told, "lines[1].quantity"), pair("1.0", "Qty, strip pcs, × 0.5"));
    assert_eq!(field(&told, "lines[0].amount"), pair("4.0", "= quantity * 2"));
    assert_eq!(field(&told, "refs.buyer"), pair("party:erp:K7", "Payer (Buyer is blank)"));
    assert_eq!(told.events[0].expectations, ["something is ordered"]);
    assert_eq!(told.words.iter().map(|w| (w.table, w.word.as_str(), w.known)).collect::<Vec<_>>(), [(0, "W", true)]);
}

#[test]
fn words_that_nobody_listed_are_told_of_records_that_are_refused_too() {
    let told = explain(&told_cells(), "No;At;Total;Due;Kind;Item;Qty;Buyer;Payer\nA;never;1;;X;P1;4;K1;\n");
    assert!(matches!(told.outcome, MappingOutcome::Quarantined(_)) && told.events.is_empty());
    assert_eq!(told.words.iter().map(|w| (w.word.as_str(), w.known)).collect::<Vec<_>>(), [("X", false)]);
}

#[test]
fn an_item_that_says_nothing_is_not_told_and_shifts_no_place() {
    let told = explain(
        &told_cells(),
        "No;At;Total;Due;Kind;Item;Qty;Buyer;Payer\nA;09.03.2026 10:00;1;;W;;;K1;\nA;09.03.2026 10:00;1;;W;P2;2;K1;\n",
    );
    assert_eq!(field(&told, "lines[0].product"), pair("P2", "Item"));
    assert!(!told.events[0].fields.iter().any(|f| f.field.starts_with("lines[1]")));
}

#[test]
fn what_a_mapping_never_reads_is_known_without_a_record() {
    let heading = ["No", "At", "Total", "Extra"].map(str::to_owned);
    let plan = good(&with("")).plan_heading(&heading).unwrap();
    assert_eq!((0..4).map(|n| plan.reads_column(n)).collect::<Vec<_>>(), [true, true, true, false]);

    let tree = r##"
[connector]
name = "t"
source = "erp"
[from]
kind = "file"
[read]
format = "json"
records = "body.orders"
[assume]
time = "iso8601"
currency = "EUR"
[event.order]
type = "sales.order_placed.v1"
subject = "no"
id = ["no"]
occurred_at = "$.sent"
[event.order.set]
total = "sum.amount"
[event.order.set.lines]
each = "lines"
product = "sku"
"##;
    let plan = good(tree).plan_heading(&[]).unwrap();
    let read = ["sent", "body.orders[].no", "body.orders[].sum.amount", "body.orders[].lines[].sku"];
    assert!(read.iter().all(|path| plan.reads_json(path)));
    let unread = ["at", "body.orders[].sent", "body.orders[].sum.currency", "body.orders[].lines[].quantity"];
    assert_eq!(unread.iter().filter(|path| plan.reads_json(path)).count(), 0);
    let body: Value =
        json!({"sent": "2026-03-09T08:00:00Z", "no": "1", "sum": {"amount": 5}, "lines": [{"sku": "P"}, {}]});
    let rows = [NumberedRow { row: SourceRow::Json(&body, &body), line: 1 }];
    let told = plan.explain(&SourceRecord { resource: "f", rows: &rows, last_line: 1, offset: 0, length: 0 }, true);
    assert_eq!(field(&told, "lines[0].product"), pair("P", "sku"));
    assert_eq!(field(&told, "occurred_at"), pair("2026-03-09T08:00:00Z", "$.sent"));
}
