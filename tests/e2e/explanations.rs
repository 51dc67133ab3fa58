//! Each value that `show --json` shows has an explanation, and of money and counts the parts add up to it: over a simulated company,
//! and over a customer of whom there is everything.

#[path = "explanation_checks.rs"]
mod explanation_checks;
#[path = "harness.rs"]
mod harness;

use std::sync::Arc;

use explanation_checks::{check, leaves};
use harness::{Home, connector, event, party};
use onefold_event::EmptyKeyRing;
use onefold_identity::IdentityRules;
use onefold_log_embedded::EmbeddedLog;
use onefold_service::{ClockTexts, CustomerReference, ReadClocks, Service};
use onefold_simulator::{CompanySettings, simulate};
use onefold_store_sqlite::SqliteStore;
use serde_json::{Value, json};

/// The day from which all is seen.
const TODAY: &str = "2026-03-31";
fn service_of(home: &Home) -> Service {
    let store = SqliteStore::open_read(&home.data().join("views.db")).expect("the read model");
    let log = Arc::new(EmbeddedLog::open_read(&home.data().join("log.db")).expect("the log"));
    Service::new(log, Arc::new(store), None, IdentityRules::default(), Arc::new(EmptyKeyRing))
}

/// Explains each value of a customer; how many there were.
async fn walk(service: &Service, reference: &str, clocks: Option<&ReadClocks>) -> usize {
    let of: CustomerReference = reference.parse().expect("a reference");
    let today = Some(onefold_service::day_number(TODAY.parse().expect("a day")));
    let shown = match clocks {
        Some(clocks) => service.past_show(&of, clocks, today).await.map(|past| serde_json::to_value(past.answer)),
        None => service.show(&of, today).await.map(serde_json::to_value),
    };
    let (shown, mut all) = (shown.expect("the customer").expect("JSON"), Vec::new());
    leaves("", &shown, &mut all);
    for (path, value) in &all {
        let explained = match clocks {
            Some(clocks) => service.past_explain(&of, path, clocks, today).await,
            None => service.explain(&of, path, today).await,
        };
        check(path, &shown, value, &explained.unwrap_or_else(|error| panic!("{reference} {path}: {error}")));
    }
    for name in shown.as_object().into_iter().flat_map(|members| members.keys()) {
        let group = service.explain(&of, name, today).await;
        assert!(clocks.is_some() || !group.expect("a group").sentence.is_empty(), "{name}");
    }
    all.len()
}

#[tokio::test]
async fn each_value_of_a_simulated_company_is_explained_and_its_parts_add_up() {
    let home = Home::new();
    let company = home.path("company");
    let summary =
        simulate(&company, &CompanySettings { customers: 10, ..CompanySettings::default() }).expect("a company");
    for feed in &summary.feeds {
        home.run(&["ingest", "--connector", &connector(feed.connector), &feed.path.display().to_string()]);
    }
    let service = service_of(&home);
    let mut parties: Vec<String> = Vec::new();
    for number in 0..10 {
        parties.push(format!("party:erp:K{number:05}"));
    }
    let (mut customers, mut values) = (0, 0);
    for party in parties {
        let of: CustomerReference = party.parse().expect("a party");
        if service.show(&of, None).await.is_ok() {
            values += walk(&service, &party, None).await;
            customers += 1;
        }
    }
    assert!(customers >= 5, "{customers} customers were found");
    eprintln!("{values} values of {customers} customers are explained");
}

fn money(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "CNY" })
}

fn role(role: &str, subject: &str) -> Value {
    json!({ "role": role, "subject": subject })
}

/// A customer of two parties of whom there is everything that a view shows.
fn told() -> Home {
    let home = Home::new();
    let server = home.serve();
    let (buyer, payer) = (role("buyer", "party:erp:K1"), role("payer", "party:erp:K1"));
    let of = |subject: &str| role("order", subject);
    let lines = json!([
        { "product": "A", "name": "board", "category": "wood", "quantity": "2", "amount": "60.00" },
        { "product": "B", "name": "glue", "category": "paint", "quantity": "1", "amount": "40.00" },
        { "product": "C", "quantity": "1", "amount": "1.00" }, { "product": "D", "quantity": "1", "amount": "1.00" },
        { "product": "E", "quantity": "1", "amount": "1.00" }, { "product": "F", "quantity": "1", "amount": "1.00" },
        { "product": "G", "quantity": "1", "amount": "1.00" },
    ]);
    let tax = ("tax_number", "91110000600037341L", "CN");
    let day = |n: u32| format!("2026-01-{n:02}T09:00:00+08:00");
    let allocation = |invoice: &str, amount: &str, taken: &str| json!({ "invoice": invoice, "amount": amount, "deductions": [{ "amount": taken, "reason": "CASH_DISCOUNT" }] });
    let invoice = |total: &str, order: &str| json!({ "total": money(total), "due_on": "2026-02-05", "lines": lines, "references": [buyer, of(order)] });
    let events = [
        party("erp:K1", "王伟", &[tax, ("phone", "+8613800138000", "")]),
        party("desk:D7", "Wang Wei", &[tax]),
        party("shop:Z", "李娜", &[]),
        event(
            "party.recorded.v1",
            "party:crm:C9",
            &day(1),
            json!({
                "name": { "full": "王伟先生" }, "identifiers": [{ "kind": "tax_number", "text": tax.1, "issuer": "CN" }],
                "attributes": [{ "name": "price.group", "text": "B" }], "contacts": [{ "name": "周舟", "email": "z@example.cn" }],
                "kind": "ORGANISATION", "industry": "wood",
            }),
        ),
        event(
            "party.merged_at_source.v1",
            "party:crm:C9",
            &day(2),
            json!({ "into": "party:crm:C8", "reason": "twice" }),
        ),
        event("product.described.v1", "product:erp:A", &day(1), json!({ "name": "Board 18 mm" })),
        event(
            "sales.order_placed.v1",
            "order:erp:O1",
            &day(2),
            json!({ "total": money("105.00"), "lines": lines, "references": [buyer] }),
        ),
        event(
            "sales.order_placed.v1",
            "order:erp:O2",
            &day(9),
            json!({ "total": money("50.00"), "references": [buyer] }),
        ),
        event(
            "sales.order_placed.v1",
            "order:erp:O3",
            &day(12),
            json!({ "total": money("7.00"), "references": [buyer] }),
        ),
        event("sales.order_cancelled.v1", "order:erp:O3", &day(13), json!({ "reason": "changed" })),
        event("finance.invoice_issued.v1", "invoice:erp:I1", &day(3), invoice("105.00", "order:erp:O1")),
        event("finance.invoice_issued.v1", "invoice:erp:I2", &day(10), invoice("50.00", "order:erp:O9")),
        event("finance.invoice_issued.v1", "invoice:erp:I3", &day(11), invoice("30.00", "order:erp:O9")),
        event("finance.invoice_issued.v1", "invoice:erp:I4", &day(11), invoice("11.00", "order:erp:O9")),
        event("finance.document_voided.v1", "invoice:erp:I4", &day(12), json!({ "reason": "wrong" })),
        event(
            "finance.dispute_opened.v1",
            "invoice:erp:I2",
            &day(14),
            json!({ "number": "D1", "reason": "broken", "amount": money("5.00") }),
        ),
        event(
            "finance.payment_received.v1",
            "payment:bank:P1",
            &day(15),
            json!({
                "amount": money("80.00"), "references": [payer],
                "allocations": [allocation("invoice:erp:I1", "60.00", "1.50"), allocation("invoice:erp:I3", "10.00", "0.00")],
            }),
        ),
        event(
            "finance.payment_received.v1",
            "payment:bank:P2",
            &day(16),
            json!({ "amount": money("20.00"), "references": [payer, of("order:erp:O2")] }),
        ),
        event(
            "finance.payment_received.v1",
            "payment:bank:P3",
            &day(17),
            json!({ "amount": money("3.00"), "references": [payer] }),
        ),
        event("finance.payment_reversed.v1", "payment:bank:P3", &day(18), json!({ "reason": "no cover" })),
        event(
            "finance.payment_received.v1",
            "payment:bank:P4",
            &day(19),
            json!({ "amount": { "amount": "9.00", "currency": "EUR" }, "references": [payer], "allocations": [{ "invoice": "invoice:erp:I3", "amount": "9.00" }] }),
        ),
        event(
            "finance.credit_note_issued.v1",
            "credit_note:erp:C1",
            &day(20),
            json!({ "total": money("30.00"), "references": [buyer], "allocations": [{ "invoice": "invoice:erp:I3", "amount": "20.00" }] }),
        ),
        event(
            "finance.refund_paid.v1",
            "refund:erp:R1",
            &day(21),
            json!({ "amount": money("4.00"), "references": [role("payee", "party:erp:K1"), role("credit_note", "credit_note:erp:C1")] }),
        ),
        event(
            "finance.adjustment_posted.v1",
            "adjustment:erp:A1",
            &day(22),
            json!({ "amount": money("-2.00"), "references": [buyer, role("invoice", "invoice:erp:I2")] }),
        ),
        event(
            "warehouse.goods_issued.v1",
            "delivery:wms:L1",
            &day(4),
            json!({ "references": [of("order:erp:O1"), role("tracking", "track:sf:T1")] }),
        ),
        event(
            "shipping.dispatched.v1",
            "delivery:wms:L1",
            &day(5),
            json!({ "promised_on": "2026-01-07", "references": [role("tracking", "track:sf:T1")] }),
        ),
        event("shipping.delivered.v1", "track:sf:T1", &day(6), json!({ "tracking_number": "T1" })),
        event("shipping.damaged.v1", "track:sf:T1", &day(6), json!({ "text": "wet" })),
        event(
            "shipping.dispatched.v1",
            "delivery:wms:L2",
            &day(14),
            json!({ "promised_on": "2026-01-20", "references": [of("order:erp:O2")] }),
        ),
        event(
            "warehouse.goods_returned.v1",
            "return:wms:X1",
            &day(23),
            json!({ "reason": "wrong", "references": [of("order:erp:O1")] }),
        ),
        event(
            "service.case_opened.v1",
            "case:desk:S1",
            &day(24),
            json!({ "title": "wet board", "references": [role("customer", "party:desk:D7")] }),
        ),
        event(
            "service.action_requested.v1",
            "case:desk:S1",
            &day(25),
            json!({ "action": "A1", "department": "warehouse", "what": "send again" }),
        ),
        event(
            "service.case_opened.v1",
            "case:desk:S2",
            &day(24),
            json!({ "title": "late", "references": [role("customer", "party:desk:D7")] }),
        ),
        event("service.case_resolved.v1", "case:desk:S2", &day(25), json!({})),
        event("service.case_closed.v1", "case:desk:S2", &day(26), json!({})),
        event("service.satisfaction_rated.v1", "case:desk:S2", &day(27), json!({ "score": 4, "of": 5 })),
        event(
            "sales.contact_made.v1",
            "contact:desk:N1",
            &day(24),
            json!({ "channel": "phone", "direction": "in", "topic": "wet", "references": [role("customer", "party:desk:D7")] }),
        ),
        event(
            "sales.contact_made.v1",
            "contact:desk:N2",
            &day(25),
            json!({ "channel": "letter", "direction": "out", "references": [role("customer", "party:desk:D7")] }),
        ),
    ];
    let reply = server.batch(&events);
    assert_eq!(reply.status, 200, "{}", reply.body);
    server.settle();
    assert_eq!(server.stop(), 0);
    home
}

#[tokio::test]
async fn each_value_of_a_customer_of_whom_there_is_everything_is_explained_now_and_at_another_time() {
    let home = told();
    home.run(&["identity", "separate", "party:desk:D7", "--from", "party:shop:Z", "--why", "father and son"]).exits(0);
    home.run(&["identity", "reassign", "case:desk:S2", "--to", "party:erp:K1", "--why", "his own"]).exits(0);
    let service = service_of(&home);
    let now = walk(&service, "party:erp:K1", None).await;
    let texts = ClockTexts { as_of: Some("2026-01-20"), ..ClockTexts::default() };
    let clocks = service.read_clocks(texts).expect("clocks");
    let then = walk(&service, "party:erp:K1", Some(&clocks)).await;
    assert!(now > 150 && then > 100, "{now} values now, {then} then");
}

#[test]
fn an_explanation_says_what_a_value_comes_of_what_lost_and_what_there_is_where_there_is_no_such_value() {
    let home = told();
    let explain = |path: &str| home.run(&["explain", "party:erp:K1", path, "--json", "--today", TODAY]).exits(0).json();
    let open = explain("receivable.by_currency.CNY.open");
    let part = |of: &str| open["parts"].as_array().unwrap().iter().find(|part| part["subject"] == of).cloned().unwrap();
    let i1 = part("invoice:erp:I1");
    assert_eq!((&i1["value"], &i1["why"]), (&json!("43.50"), &json!("the invoice names party:erp:K1 as buyer")));
    let terms: Vec<String> =
        i1["terms"].as_array().unwrap().iter().map(|t| format!("{} {}", t["what"], t["amount"])).collect();
    assert_eq!(terms, ["\"total\" \"105.00\"", "\"payment\" \"-60.00\"", "\"deduction\" \"-1.50\""]);
    let lost = |of: &str| {
        let lost = open["lost"].as_array().unwrap().iter().find(|lost| lost["subject"] == of).expect("lost");
        lost["why"].as_str().unwrap().to_owned()
    };
    assert!(lost("invoice:erp:I4").contains("A9"), "{open}");
    let events = open["events"].as_array().unwrap();
    assert!(events.iter().any(|event| event["subject"] == "payment:bank:P1" && event["connector"] == "events"));
    let owed = explain("receivable.by_currency.CNY.owed");
    assert_eq!(owed["formula"], "open - unapplied_credit - unallocated");
    assert_eq!(owed["figures"][1], json!({ "name": "unapplied_credit", "value": "6.00" }));
    let name = explain("profile.name");
    assert_eq!(name["statements"][2]["lost_by"], "the other was said later", "{name}");
    let joined = explain("customer");
    assert!(
        joined["links"].as_array().unwrap().iter().any(|link| link["path"][0]["by"].as_str().is_some()),
        "{joined}"
    );
    let invoice = home.run(&["explain", "invoice:erp:I1", "open", "--json"]).exits(0).json();
    assert_eq!((&invoice["value"], &invoice["terms"][1]["by"]), (&json!("43.50"), &json!("payment:bank:P1")));
    home.run(&["explain", "invoice:erp:I1", "trade.customer.name"]).exits(0).tells(&["names party:erp:K1 as buyer"]);

    let text =
        home.run(&["explain", "party:erp:K1", "receivable.by_currency.CNY.overdue", "--today", TODAY]).exits(0).out;
    assert!(text.contains("payment -60.00 (payment:bank:P1)") && text.contains("RESTS ON"), "{text}");
    home.run(&["explain", "party:erp:K1", "receivable.by_currency.USD"]).exits(1).tells(&["there is CNY, EUR"]);
    home.run(&["explain", "party:erp:K1", "profil"]).exits(1).tells(&["identifiers", "receivable"]);

    let server = home.serve();
    let get = |query: &str| server.get(&format!("/v1/customers/party:erp:K1/explain?{query}"));
    let over = get(&format!("path=receivable.by_currency.CNY.open&today={TODAY}"));
    assert_eq!((over.status, &over.body), (200, &open));
    let then = get("path=receivable.by_currency.CNY.open&as_of=2026-01-14");
    assert_eq!((then.status, &then.body["clocks"]["as_of"]), (200, &json!("2026-01-14T23:59:59.999999Z")));
    let phone = get("path=identifiers[phone:+8613800138000].state");
    assert_eq!((phone.status, &phone.body["value"]), (200, &json!("weak")), "{}", phone.body);
    assert_eq!((get("").status, get("path=nope").status, get("pfad=id").status), (400, 404, 400));
    assert_eq!(server.get("/v1/documents/invoice:erp:I1/explain?path=open").body["value"], "43.50");
    assert_eq!(server.stop(), 0);
}

#[test]
fn of_many_events_the_latest_are_told_and_what_was_decided_however_long_ago() {
    let home = Home::new();
    let customer = json!([role("customer", "party:desk:D7")]);
    let opened = event(
        "service.case_opened.v1",
        "case:desk:S1",
        "2026-01-01T09:00:00+08:00",
        json!({ "title": "wet", "references": customer }),
    );
    let server = home.serve();
    assert_eq!(server.batch(&[party("desk:D7", "Wang Wei", &[]), party("erp:K1", "王伟", &[]), opened]).status, 200);
    server.settle();
    assert_eq!(server.stop(), 0);
    home.run(&["identity", "reassign", "case:desk:S1", "--to", "party:erp:K1", "--why", "his own"]).exits(0);
    let server = home.serve();
    // Later than the decision, whenever this runs.
    let note = |n: u32| {
        let time = format!("2099-01-01T{:02}:{:02}:00Z", n / 60, n % 60);
        let mut note = event("service.case_noted.v1", "case:desk:S1", &time, json!({ "with": "warehouse" }));
        note["id"] = json!(format!("note {n}"));
        note
    };
    let notes: Vec<Value> = (0..520).map(note).collect();
    let reply = server.batch(&notes);
    assert_eq!(reply.status, 200, "{}", reply.body);
    server.settle();
    assert_eq!(server.stop(), 0);
    for (of, path) in [("party:erp:K1", "cases.total"), ("case:desk:S1", "status")] {
        let told = home.run(&["explain", of, path, "--json"]).exits(0).json();
        let ids: Vec<&str> =
            told["events"].as_array().unwrap().iter().map(|e| e["event"]["id"].as_str().unwrap()).collect();
        assert_eq!((ids.len(), &told["more_events"]), (500, &json!(22)), "{of}");
        let times: Vec<&str> =
            told["events"].as_array().unwrap().iter().map(|e| e["event"]["time"].as_str().unwrap()).collect();
        assert!(times.is_sorted() && times.last().is_some_and(|last| last.starts_with("2099-01-01T08:39")), "{of}");
        assert_eq!(
            (&told["decisions"][0]["what"], &told["decisions"][0]["why"]),
            (&json!("reassigned"), &json!("his own")),
            "{of}"
        );
    }
    let told = home.run(&["explain", "party:erp:K1", "cases.total", "--json"]).exits(0).json();
    assert!(told["parts"][0]["why"].as_str().unwrap().ends_with("gave it to them: his own"), "{told}");
}
