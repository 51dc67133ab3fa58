//! The complaint is told in full, over four systems and in order.

mod support;

use serde_json::Value;
use support::{Company, company};

fn number(complaint: &Value, key: &str) -> String {
    let subject = complaint[key].as_str().expect("a subject");
    subject.rsplit([':', '/']).next().expect("a number").to_owned()
}

fn at(record: &Value) -> &str {
    record["at"].as_str().expect("a time")
}

fn told(company: &Company) {
    let complaint = company.json("complaint.json");
    assert_eq!(complaint["name"], "陈美玲");
    let parties = complaint["parties"].as_array().expect("parties");
    assert_eq!(parties.len(), 4, "{parties:?}");
    assert_eq!(company.summary.complaint.as_deref(), parties[0].as_str());

    let customer = company.ndjson("customers.ndjson").into_iter().find(|line| line["parties"] == complaint["parties"]);
    let customer = customer.expect("the customer");
    assert_eq!(customer["orders"], 28, "27 and the replacement");
    let erp = parties[0].as_str().and_then(|party| party.rsplit(':').next()).expect("a number").to_owned();

    let replacement = number(&complaint, "replacement");
    let orders = company.rows("erp-orders");
    let mut years: Vec<&str> =
        orders.iter().filter(|row| row["客户编号"] == erp).map(|row| &row["单据时间"][..4]).collect();
    years.sort_unstable();
    years.dedup();
    assert!(years.len() >= 5, "{years:?}");
    let free = orders.iter().find(|row| row["订单编号"] == replacement).expect("the replacement");
    assert_eq!(free["金额"], "0.00");
    assert_eq!(free["折扣额"], free["含税单价"]);

    let case = number(&complaint, "case");
    let mut journal: Vec<Value> =
        company.records("desk-events").into_iter().filter(|record| record["case"] == case.as_str()).collect();
    journal.sort_by_key(|record| (at(record).to_owned(), record["entry"].to_string()));
    journal.dedup();
    let kinds: Vec<&str> = journal.iter().filter_map(|record| record["kind"].as_str()).collect();
    assert_eq!(
        kinds,
        [
            "call",
            "opened",
            "noted",
            "action_requested",
            "action_completed",
            "action_requested",
            "action_completed",
            "action_requested",
            "action_completed",
            "call",
            "resolved",
            "closed",
            "rated",
        ]
    );
    assert!(journal.iter().any(|record| record["department"] == "finance"));

    let stock = company.records("wms-movements");
    let counted = stock.iter().find(|record| record["case"] == case.as_str()).expect("stock looked up");
    assert_eq!(counted["sku"], "P-0201");
    let of_order: Vec<&Value> = stock.iter().filter(|record| record["order"] == replacement.as_str()).collect();
    for kind in ["reserved", "issued", "dispatched"] {
        assert!(of_order.iter().any(|record| record["type"] == kind), "{kind}");
    }
    let waybill = number(&complaint, "replacement_track");
    let scans = company.rows("carrier-scans");
    let delivered =
        scans.iter().find(|row| row["waybill"] == waybill && row["status"] == "DELIVERED").expect("delivered");
    let call_back = journal.iter().rfind(|record| record["kind"] == "call").expect("a call back");
    let day = |text: &str| text[..10].parse::<jiff::civil::Date>().expect("a date");
    let days = day(&delivered["time"]).until((jiff::Unit::Day, day(at(call_back)))).expect("a span").get_days();
    assert_eq!(days, 3);
    assert_eq!(call_back["direction"], "out");
}

#[test]
fn the_complaint_is_told_in_a_company_of_any_size_from_ten() {
    for (customers, seed) in [(10, 1), (10, 2), (250, 3)] {
        told(&company(customers, seed, 10_000));
    }
}
