//! JSON: paths, lists, bodies parted into records, numbers read from their text.

mod support;

use onefold_event::{EmptyKeyRing, Event, format_micros};
use onefold_mapping::{MappingOutcome, NumberedRow, SourceRecord, SourceRow};
use serde_json::Value;
use support::good;

const TRACKING: &str = r#"
[connector]
name = "easypost-tracking"
source = "easypost"
[from]
kind = "file"
[read]
format = "ndjson"
only = { "$.description" = ["tracker.created", "tracker.updated"] }
records = "result.tracking_details"
[assume]
time = "iso8601"
[enum.step]
else = "reject"
[enum.step.values]
pre_transit = "announced"
in_transit = "moved"
delivered = "delivered"
[let]
step = { from = "status", enum = "step" }
parcel = "$.result.tracking_code"
carrier = { from = "$.result.carrier", fold = "case" }
[skip]
"label only" = "step == 'announced'"
[common]
subject = { use = "parcel", source = { use = "carrier" } }
id = [{ use = "carrier" }, { use = "parcel" }, "datetime", "status", "status_detail"]
revision = { by = "content", order = "$.result.updated_at" }
occurred_at = "datetime"
[common.set]
tracking_number = { use = "parcel" }
[event.scanned]
type = "shipping.scanned.v1"
when = "step == 'moved'"
[event.scanned.set]
text = "message"
place.city = "tracking_location.city"
[event.delivered]
type = "shipping.delivered.v1"
when = "step == 'delivered'"
[event.delivered.set]
signed_by = "$.result.signed_by"
[test."three scans, one of them a label"]
input = '''
{"description": "tracker.updated", "result": {"tracking_code": "EZ1", "carrier": "USPS", "updated_at": "2026-03-09T12:00:00Z", "signed_by": "A. Smith", "tracking_details": [
  {"status": "pre_transit", "datetime": "2026-03-08T10:00:00Z", "message": "label"},
  {"status": "in_transit", "datetime": "2026-03-08T20:00:00Z", "message": "left", "tracking_location": {"city": "Berlin"}},
  {"status": "delivered", "datetime": "2026-03-09T11:00:00+01:00", "message": "done", "tracking_location": {"city": null}}]}}
{"description": "batch.created", "result": {}}
'''
emits = ["scanned", "delivered"]
skips = ["label only"]
[test."three scans, one of them a label".check]
"0.subject" = "track:usps:EZ1"
"0.place.city" = "Berlin"
"1.occurred_at" = "2026-03-09T10:00:00Z"
"1.place.city" = ""
"1.signed_by" = "A. Smith"
"#;

const ORDERS: &str = r##"
[connector]
name = "shop"
source = "shop"
[from]
kind = "file"
[read]
format = "ndjson"
[assume]
time = "iso8601"
currency = { from = "currency" }
[event.order]
type = "sales.order_placed.v1"
subject = "id"
id = ["id"]
occurred_at = "at"
[event.order.set]
total = "total"
[event.order.set.lines]
each = "lines"
product = "sku"
quantity = "n"
name = "$.id"
category = "'odd.key'[0]"
"##;

fn map(connector: &str, json: &str) -> Result<Event, Vec<String>> {
    let connector = good(connector);
    let plan = connector.plan_heading(&[]).unwrap();
    let value: Value = serde_json::from_str(json).unwrap();
    let rows = [NumberedRow { row: SourceRow::Json(&value, &value), line: 1 }];
    match plan.map(&SourceRecord { resource: "f", rows: &rows, last_line: 1, offset: 0, length: 0 }) {
        MappingOutcome::Mapped { mut events, .. } => Ok(events.remove(0)),
        MappingOutcome::Quarantined(problems) => {
            Err(problems.iter().map(|p| format!("{} {}", p.code, p.path)).collect())
        }
        MappingOutcome::Skipped { reason } => panic!("{reason}"),
    }
}

#[test]
fn a_body_is_parted_into_records() {
    for outcome in good(TRACKING).run_tests() {
        assert!(
            outcome.problems.is_empty(),
            "{}",
            outcome.problems.iter().map(ToString::to_string).collect::<String>()
        );
    }
}

#[test]
fn items_have_paths_of_their_own_and_the_whole_body_is_in_reach() {
    let event = map(ORDERS, r#"{"id": 77, "at": "2026-03-09T10:00:00Z", "total": "1.50", "currency": "EUR", "lines": [{"sku": "a", "n": 2, "odd.key": ["x"]}, {"sku": "b", "n": 1}]}"#).unwrap();
    let onefold_event::Body::OrderPlaced(order) = &event.read(&EmptyKeyRing).unwrap().body else { panic!() };
    assert_eq!(event.header.subject.as_str(), "order:shop:77");
    let lines: Vec<_> =
        order.lines.iter().map(|l| [&l.product, &l.quantity, &l.name, &l.category].map(String::as_str)).collect();
    assert_eq!(lines, [["a", "2", "77", "x"], ["b", "1", "77", ""]]);
    assert_eq!(format_micros(event.header.occurred_at), "2026-03-09T10:00:00Z");
}

#[test]
fn lists_within_lists_and_lists_of_plain_texts_give_every_item() {
    let at = |lines: &str, json: &str| {
        let text = ORDERS.replace(
            "each = \"lines\"\nproduct = \"sku\"\nquantity = \"n\"\nname = \"$.id\"\ncategory = \"'odd.key'[0]\"",
            lines,
        );
        let json = format!(r#"{{"id": "1", "at": "2026-03-09T10:00:00Z", "total": 1, "currency": "EUR", {json}}}"#);
        map(&text, &json).map(|event| match event.read(&EmptyKeyRing).unwrap().body {
            onefold_event::Body::OrderPlaced(order) => {
                order.lines.into_iter().map(|l| format!("{}/{}", l.product, l.name)).collect::<Vec<_>>()
            }
            _ => Vec::new(),
        })
    };
    let nested = r#""parcels": [{"items": [{"sku": "a"}, {"sku": "b"}]}, {"items": null}, {"items": [{"sku": "c"}]}]"#;
    for path in ["parcels[].items", "parcels[].items[]"] {
        let lines = format!("each = \"{path}\"\nproduct = \"sku\"\nname = \"#index\"");
        assert_eq!(at(&lines, nested).unwrap(), ["a/1", "b/2", "c/3"]);
    }
    assert_eq!(at("each = \"tags\"\nproduct = \"#item\"", r#""tags": ["x", 7]"#).unwrap(), ["x/", "7/"]);
    assert_eq!(at("each = \"tags\"\nproduct = \"#item\"", r#""tags": [{}]"#), Err(vec!["R0431 #item".into()]));
    let one = "each = \"parcels\"\nproduct = { from = \"items[].sku\", pick = \"first\" }\nname = { from = \"items[].sku\", pick = \"last\" }";
    assert_eq!(at(one, nested).unwrap(), ["a/b", "c/c"]);
    let all = "each = \"parcels\"\nproduct = \"items[].sku\"";
    assert_eq!(at(all, nested), Err(vec!["R0405 items[].sku".into()]));
    assert_eq!(
        at("each = \"parcels[].x[]\"\nproduct = \"#item\"", r#""parcels": [{"x": 1}]"#),
        Err(vec!["R0431 parcels[].x[]".into()])
    );
}

#[test]
fn numbers_are_read_from_their_text() {
    let of = |total: &str| {
        let json = format!(r#"{{"id": "1", "at": "2026-03-09T10:00:00Z", "total": {total}, "currency": "EUR"}}"#);
        map(ORDERS, &json).map(|e| match e.read(&EmptyKeyRing).unwrap().body {
            onefold_event::Body::OrderPlaced(o) => o.total.unwrap().amount,
            _ => String::new(),
        })
    };
    assert_eq!(of("0.10"), Ok("0.10".into()));
    assert_eq!(of("123456789012.345678901"), Ok("123456789012.345678901".into()));
    assert_eq!(of("1.5e3"), Ok("1500".into()));
    assert_eq!(of("\"1,50\""), Err(vec!["R0412 total".into()]));
}

#[test]
fn a_value_of_another_shape_is_an_error() {
    let of = |total: &str, lines: &str| {
        map(
            ORDERS,
            &format!(
                r#"{{"id": "1", "at": "2026-03-09T10:00:00Z", "total": {total}, "currency": "EUR", "lines": {lines}}}"#
            ),
        )
        .err()
    };
    assert_eq!(of("{}", "[]"), Some(vec!["R0431 total".into()]));
    assert_eq!(of("[1, 2]", "[]"), Some(vec!["R0405 total".into()]));
    assert_eq!(of("1", "5"), Some(vec!["R0431 lines".into()]));
    assert_eq!(of("null", "[]"), Some(vec!["R0402 total".into()]));
    assert_eq!(of("true", "[]"), Some(vec!["R0412 total".into()]));
}
