//! Values that look right and are not: keys that lost digits, years that are never meant, shapes that are others.

mod support;

use onefold_mapping::{MappingOutcome, NumberedRow, SourceRecord, SourceRow};
use serde_json::{Value, json};
use support::{Mapped, ORDERS, errors, event, faults, good, mapped, order, orders, parse, with};

const HEAD: &str = "No,At,Total,X,Y\n";

fn row(no: &str, x: &str) -> String {
    format!("{HEAD}{no},09.03.2026 10:00,1,{x},\n")
}

#[test]
fn a_key_that_lost_digits_names_no_record() {
    let revised = good(&orders("id = [\"No\"]", "id = [\"No\"]\nrevision = { from = \"Y\", as = \"integer\" }"));
    for (no, version) in [("2.4952E+19", "1"), ("2.4952E+19", "2"), ("489434.0", "1"), ("1E+05", "1")] {
        let problems = errors(&revised, &format!("{HEAD}{no},09.03.2026 10:00,1,,{version}\n"));
        assert!(problems.iter().all(|p| p.code == "R0432" && p.found == no), "{problems:?}");
        assert!(
            problems.iter().any(|p| p.target == "order.subject") && problems.iter().any(|p| p.target == "order.id")
        );
    }
    assert!(errors(&revised, &row("489434.0", ""))[0].help[1].contains("match"), "the way out of pandas' .0 is told");
    let cut = good(
        &orders("[event.order]", "[let]\nno = { from = \"No\", match = '^([0-9]+)(?:\\.0)?$' }\n[event.order]")
            .replace("subject = \"No\"\nid = [\"No\"]", "subject = { use = \"no\" }\nid = [{ use = \"no\" }]"),
    );
    assert_eq!(event(&cut, &row("489434.0", "")).header.subject.as_str(), "order:erp:489434");
}

#[test]
fn damaged_references_and_identifiers_are_refused_and_can_be_left_out() {
    for reference in
        ["buyer = \"X\"", "account = \"X\"", "phone = \"X\"", "number = { from = \"X\", issuer = \"crm\" }"]
    {
        let text = orders("[event.order.set]", &format!("[event.order.refs]\n{reference}\n[event.order.set]"));
        let text = text.replace("blank =", "region = \"DE\"\nblank =");
        assert_eq!(faults(&good(&text), &row("A1", "8.61385E+12")), ["R0432"], "{reference}");
        assert_eq!(faults(&good(&text), &row("A1", "4711.0")), ["R0432"], "{reference}");
        let whole = mapped(&good(&text), &row("A1", "4711"));
        assert!(whole.findings.is_empty(), "{reference}");
    }
    let lenient = orders(
        "[event.order.set]",
        "[event.order.refs]\nbuyer = { from = \"X\", on_bad = \"absent\" }\n[event.order.set]",
    );
    let Mapped { events, findings } = mapped(&good(&lenient), &row("A1", "4711.0"));
    assert!(events[0].header.references.is_empty());
    assert_eq!(findings[0].code, "R0432");
}

#[test]
fn a_key_of_many_digits_that_end_in_zeros_is_a_finding() {
    let Mapped { events, findings } = mapped(&good(ORDERS), &row("6222021234567890000", ""));
    assert_eq!(events[0].header.subject.as_str(), "order:erp:6222021234567890000");
    assert_eq!(findings.iter().map(|f| f.code.as_ref()).collect::<Vec<_>>(), ["R0433"]);
    // What a source numbers so: codes, versions, amounts.
    for no in ["12E3", "INV-1.0", "1.10", "622202123456789012", "0012"] {
        assert!(mapped(&good(ORDERS), &row(no, "")).findings.is_empty(), "{no}");
    }
}

#[test]
fn impossible_years_are_problems_unless_the_mapping_means_them() {
    let text = with("promised_on = \"X\"\n");
    for (day, help) in
        [("01.03.0026", "two digits"), ("01.03.2569", "is 2026"), ("9999-12-31", "blank"), ("31.12.1899", "years")]
    {
        let problems = errors(&good(&text), &row("A1", day));
        assert_eq!((problems.len(), problems[0].code.as_ref(), problems[0].found.as_str()), (1, "R0424", day));
        assert_eq!(problems[0].expected, "a year from 1900 to 2100");
        assert!(problems[0].help.join("\n").contains(help), "{problems:?}");
    }
    assert_eq!(faults(&good(ORDERS), &format!("{HEAD}A1,09.03.2569 10:00,1,,\n")), ["R0424"]);
    let wide = good(&text.replace("blank =", "years = [1, 9999]\nblank ="));
    assert_eq!(order(&event(&wide, &row("A1", "9999-12-31"))).promised_on, "9999-12-31");
    let one = good(&with("promised_on = { from = \"X\", years = [1800, 2100] }\n"));
    assert_eq!(order(&event(&one, &row("A1", "31.12.1899"))).promised_on, "1899-12-31");
    assert_eq!(faults(&one, &format!("{HEAD}A1,31.12.1899 10:00,1,,\n")), ["R0424"]);
    for years in ["[1900]", "1900", "[2100, 1900]", "[0, 99999]", "[\"1900\", \"2100\"]"] {
        let wrong = parse(&text.replace("blank =", &format!("years = {years}\nblank ="))).unwrap_err();
        assert!(wrong.iter().all(|p| p.code == "M0103"), "{years}: {wrong:?}");
    }
}

#[test]
fn the_end_of_a_day_gets_the_right_help() {
    let problems = errors(&good(ORDERS), &format!("{HEAD}A1,09.03.2026 24:00,1,,\n"));
    assert_eq!((problems.len(), problems[0].code.as_ref()), (1, "R0421"));
    assert_eq!(problems[0].message, "this time of day does not exist");
    assert!(problems[0].help[0].contains("00:00 of the next day"), "{}", problems[0]);
}

#[test]
fn amounts_bear_the_everyday_marks_of_their_currency() {
    let of = |currency: &str, total: &str| {
        let text =
            orders("number = \"1.234,56\"", "number = \"1,234.56\"").replace("\"EUR\"", &format!("\"{currency}\""));
        match support::outcome(&good(&text), &format!("No,At,Total\nA1,09.03.2026 10:00,\"{total}\"\n")) {
            MappingOutcome::Mapped { events, .. } => order(&events[0]).total.clone().unwrap().amount,
            MappingOutcome::Quarantined(problems) => problems[0].code.to_string(),
            MappingOutcome::Skipped { reason } => reason,
        }
    };
    assert_eq!(of("CNY", "￥1,100.00"), "1100.00");
    assert_eq!(of("USD", "US$1,100.00"), "1100.00");
    assert_eq!((of("USD", "￥1,100.00").as_str(), of("EUR", "US$5").as_str()), ("R0415", "R0415"));
}

#[test]
fn smallest_units_may_differ_from_iso() {
    let of = |currency: &str, minor: &str| {
        let text = orders(
            "total = \"Total\"",
            &format!("total = {{ from = \"Total\", minor = true, currency = \"{currency}\" }}"),
        );
        let text = text.replace("blank =", &format!("{minor}\nblank ="));
        order(&event(&good(&text), "No,At,Total\nA,09.03.2026 10:00,1250\n")).total.clone().unwrap().amount
    };
    let minor = "minor = { ISK = 2, MGA = 0 }";
    assert_eq!((of("ISK", ""), of("ISK", minor)), ("1250".into(), "12.50".into()));
    assert_eq!((of("MGA", ""), of("MGA", minor)), ("12.50".into(), "1250".into()));
    assert_eq!(of("EUR", minor), "12.50");
    assert_eq!(of("ISK", "minor = { isk = 2 }"), "12.50");
    // A line's amount has no currency of its own: it is one of the document's.
    let line = with("[event.order.set.lines]\neach = \"#rows\"\namount = { from = \"Total\", minor = true }\n");
    assert_eq!(order(&event(&good(&line), "No,At,Total\nA,09.03.2026 10:00,1250\n")).lines[0].amount, "12.50");
    for (minor, code) in
        [("{ XQQ = 2 }", "M0406"), ("{ EUR = 9 }", "M0103"), ("{ EUR = \"2\" }", "M0103"), ("2", "M0103")]
    {
        let wrong = parse(&orders("blank =", &format!("minor = {minor}\nblank ="))).unwrap_err();
        assert_eq!(wrong.iter().map(|p| p.code.as_ref()).collect::<Vec<_>>(), [code], "{minor}");
    }
}

const TREE: &str = r#"
[connector]
name = "t"
source = "shop"
[from]
kind = "file"
[read]
format = "ndjson"
[assume]
time = "iso8601"
currency = "EUR"
[event.order]
type = "sales.order_placed.v1"
subject = "id"
id = ["id"]
occurred_at = "at"
[event.order.refs]
buyer = "customer.id"
[event.order.set]
total = "total"
[event.order.set.lines]
each = "cart.lines"
product = "sku.code"
"#;

fn tree(connector: &str, value: Value) -> MappingOutcome {
    let connector = good(connector);
    let plan = connector.plan_heading(&[]).unwrap();
    let rows = [NumberedRow { row: SourceRow::Json(&value, &value), line: 1 }];
    plan.map(&SourceRecord { resource: "f", rows: &rows, last_line: 1, offset: 0, length: 0 })
}

fn shop(more: Value) -> Value {
    let mut value = json!({"id": "7", "at": "2026-03-09T10:00:00Z", "total": "1.50"});
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

#[test]
fn a_json_path_that_meets_another_shape_is_a_problem_and_absence_is_none() {
    for (more, path, found) in [
        (json!({"customer": [{"id": "K1"}]}), "customer.id", "`customer` is a list"),
        (json!({"customer": "K1"}), "customer.id", "`customer` is a text"),
        (json!({"customer": 7}), "customer.id", "`customer` is a number"),
        (json!({"cart": [1]}), "cart.lines", "`cart` is a list"),
        (json!({"cart": {"lines": [{"sku": "a"}]}}), "sku.code", "`sku` is a text"),
    ] {
        match tree(TREE, shop(more)) {
            MappingOutcome::Quarantined(problems) => {
                let told =
                    (problems.len(), problems[0].code.as_ref(), problems[0].path.as_str(), problems[0].found.as_str());
                assert_eq!(told, (1, "R0431", path, found));
                assert_eq!(problems[0].lines, [1]);
            }
            other => panic!("{path}: {other:?}"),
        }
    }
    for more in
        [json!({}), json!({"customer": null}), json!({"customer": {}}), json!({"customer": {"id": null}, "cart": null})]
    {
        assert!(matches!(tree(TREE, shop(more.clone())), MappingOutcome::Mapped { .. }), "{more}");
    }
}

#[test]
fn a_body_of_another_shape_is_a_problem_and_not_empty() {
    let text = TREE.replace(
        "format = \"ndjson\"",
        "format = \"ndjson\"\nrecords = \"data.list\"\nonly = { \"$.kind\" = [\"new\", \"7\"] }",
    );
    let connector = good(&text);
    let of =
        |body: Value| connector.select_records(&body).map(|found| found.map(|list| list.len())).map_err(|p| p.found);
    assert_eq!(of(json!({"kind": "new", "data": {"list": [1, 2]}})), Ok(Some(2)));
    assert_eq!(of(json!({"kind": 7, "data": {"list": []}})), Ok(Some(0)));
    assert_eq!(of(json!({"kind": "new", "data": null})), Ok(Some(0)));
    assert_eq!(of(json!({"kind": "old"})), Ok(None));
    assert_eq!(of(json!({"kind": "new", "data": {"list": {"id": 1}}})), Ok(Some(1)));
    assert_eq!(of(json!({"kind": "new", "data": {"list": "none"}})), Err("a text".into()));
    assert_eq!(of(json!({"kind": "new", "data": [1]})), Err("`data` is a list".into()));
    assert_eq!(of(json!({"kind": ["new"]})), Err("a list".into()));
}

#[test]
fn json_numbers_in_float_notation_are_no_keys_and_long_ones_are_read_from_their_text() {
    let of = |id: &str| {
        let text = format!(r#"{{"id": {id}, "at": "2026-03-09T10:00:00Z", "total": 1}}"#);
        match tree(TREE, serde_json::from_str(&text).unwrap()) {
            MappingOutcome::Mapped { events, .. } => events[0].header.subject.number().to_owned(),
            MappingOutcome::Quarantined(problems) => problems[0].code.to_string(),
            MappingOutcome::Skipped { reason } => reason,
        }
    };
    assert_eq!(of("24952000000000000017"), "24952000000000000017");
    for id in ["2.4952e19", "7.0", "1E5", "9007199254740993.0"] {
        assert_eq!(of(id), "R0432", "{id}");
    }
}

#[test]
fn cells_that_merged_take_the_value_above_in_a_connectors_own_tests_too() {
    let text = orders("group_by = [\"No\"]", "group_by = [\"No\"]\nfill_down = [\"No\", \"At\"]")
        .replace("total = \"Total\"", "total = { from = \"Total\", pick = \"sum\" }");
    let text = format!(
        "{text}\n[test.merged]\ninput = '''\nNo,At,Total\nI1,09.03.2026 10:00,500\n,,100\nI2,09.03.2026 11:00,7\n'''\nemits = [\"order\", \"order\"]\n[test.merged.check]\n\"0.total\" = \"600 EUR\"\n"
    );
    let outcome = good(&text).run_tests().remove(0);
    assert!(outcome.problems.is_empty(), "{:?}", outcome.problems);
    let wrong = parse(&text.replace("fill_down", "fill_dwon")).unwrap_err();
    assert!(wrong[0].help[0].contains("fill_down"), "{wrong:?}");
}
