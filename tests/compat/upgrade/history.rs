//! One small history in which there is something of everything that a read model holds.

use serde_json::{Value, json};

use crate::answers::Answers;
use crate::harness::{Home, Server, connector, count, event, invoice, party};

/// A day on which some of it is overdue.
pub(crate) const TODAY: &str = "2026-03-20";
/// Everybody there is, the guest among them.
pub(crate) const PARTIES: [&str; 12] = [
    "party:erp:K1",
    "party:desk:D7",
    "party:erp:K2",
    "party:erp:K3",
    "party:desk:D3",
    "party:erp:K4",
    "party:desk:D4",
    "party:erp:K5",
    "party:desk:D5",
    "party:erp:K6",
    "party:shop:guest:email:anna@example.com",
    "party:uci:17865",
];
/// Rows of a shop's export, the last of them with a price that is none.
const RETAIL: &str = "\
Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
489434,P1,METAL SIGN,2,2009-12-01 10:49:00,1.5,17865,United Kingdom
489434,P1,METAL SIGN,3,2009-12-01 10:49:00,2.1,17865,United Kingdom
489435,P1,METAL SIGN,1,2009-12-01 10:49:00,6.75,17865,United Kingdom
C489436,P1,METAL SIGN,-1,2009-12-01 10:49:00,1.5,17865,United Kingdom
489437,P1,METAL SIGN,2,2009-12-01 10:49:00,\"2,1\",17865,United Kingdom
";

/// All that is posted, in batches: a long history comes in several, since the first of them stands in its subject's row.
pub(crate) fn batches() -> Vec<Vec<Value>> {
    let counts: Vec<Value> = (0..40).map(count).collect();
    let scans: Vec<Value> = (0..40).map(|n| scan("T2", "S2", n)).collect();
    let many = (0..40).map(|n| invoice(&format!("erp:L{n}"), "erp:K6", &format!("{n}.50"))).collect();
    vec![
        parties(),
        money(),
        goods(),
        (0..40).map(|n| scan("T1", "S1", n)).collect(),
        scans[..20].to_vec(),
        scans[20..].to_vec(),
        counts[..25].to_vec(),
        counts[25..].to_vec(),
        many,
    ]
}

fn parties() -> Vec<Value> {
    let tax = ("tax_number", "91110000600037341L", "CN");
    let other = ("tax_number", "91350100M000100Y43", "CN");
    vec![
        party("erp:K1", "王伟", &[("phone", "13800138000", "CN"), tax]),
        party("desk:D7", "Wang Wei", &[tax]),
        party("erp:K2", "王芳", &[("phone", "13800138000", "CN"), ("email", "fang@example.com", "")]),
        party("erp:K3", "李娜", &[("phone", "13911112222", "CN")]),
        party("desk:D3", "Li Na", &[("email", "lina@example.com", "")]),
        party("erp:K4", "赵敏", &[("phone", "13933334444", "CN")]),
        party("desk:D4", "Zhao Min", &[("email", "zhao@example.com", "")]),
        party("erp:K5", "福建贸易有限公司", &[other]),
        party("desk:D5", "福建贸易", &[other]),
        party("erp:K6", "陈强", &[("phone", "13955556666", "CN")]),
    ]
}

fn refers(role: &str, subject: &str) -> Value {
    json!({ "role": role, "subject": subject })
}

fn cny(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "CNY" })
}

/// The second invoice of K2 in two revisions, and one invoice of nobody.
fn money() -> Vec<Value> {
    let (mut first, mut second) = (invoice("erp:I2", "erp:K2", "40.00"), invoice("erp:I2", "erp:K2", "45.00"));
    for (revised, revision) in [(&mut first, "1"), (&mut second, "2")] {
        (revised["id"], revised["fact"], revised["revision"]) =
            (format!("I2/{revision}").into(), "I2".into(), revision.into());
    }
    let mut nobodys = invoice("erp:I3", "erp:K1", "1.00");
    nobodys["data"]["references"] = json!([]);
    let paid = |number: &str, day: &str, amount: &str, invoice: (&str, &str), payer: &str| {
        let allocations = json!([{ "invoice": invoice.0, "amount": invoice.1 }]);
        let data = json!({ "amount": cny(amount), "allocations": allocations, "references": [refers("payer", payer)] });
        event("finance.payment_received.v1", &format!("payment:erp:{number}"), day, data)
    };
    vec![
        invoice("erp:I1", "erp:K1", "100.00"),
        first,
        second,
        nobodys,
        invoice("erp:I4", "erp:K3", "30.00"),
        invoice("desk:I5", "desk:D3", "7.00"),
        invoice("erp:I6", "erp:K4", "11.00"),
        invoice("desk:I7", "desk:D4", "13.00"),
        invoice("erp:I8", "erp:K5", "17.00"),
        invoice("desk:I9", "desk:D5", "19.00"),
        paid("Y1", "2026-02-10T09:00:00Z", "60.00", ("invoice:erp:I1", "60.00"), "party:erp:K1"),
        paid("Y2", "2026-02-11T09:00:00Z", "50.00", ("invoice:erp:I2", "45.00"), "party:erp:K2"),
        event(
            "finance.credit_note_issued.v1",
            "credit_note:erp:C1",
            "2026-02-12T09:00:00Z",
            json!({ "issued_on": "2026-02-12", "total": cny("10.00"),
                "references": [refers("buyer", "party:erp:K1"), refers("invoice", "invoice:erp:I1")] }),
        ),
        event(
            "finance.refund_paid.v1",
            "refund:erp:R1",
            "2026-02-13T09:00:00Z",
            json!({ "amount": cny("5.00"),
                "references": [refers("payee", "party:erp:K2"), refers("payment", "payment:erp:Y2")] }),
        ),
    ]
}

/// Orders, one of them by a guest; a delivery of two customers' goods, which a set of both owns; a case.
fn goods() -> Vec<Value> {
    let order = |number: &str, amount: &str, buyer: &str| {
        let lines = json!([{ "product": "P1", "quantity": "2", "amount": amount }]);
        let data = json!({ "total": cny(amount), "lines": lines, "references": [refers("buyer", buyer)] });
        event("sales.order_placed.v1", &format!("order:erp:{number}"), "2026-02-01T09:00:00Z", data)
    };
    let sent = |number: &str, references: Value| {
        let data = json!({ "carrier": "SF", "parcels": 1, "promised_on": "2026-02-06", "references": references });
        event("shipping.dispatched.v1", &format!("delivery:wms:{number}"), "2026-02-04T09:00:00Z", data)
    };
    let (first, second) = (refers("order", "order:erp:O1"), refers("order", "order:erp:O2"));
    vec![
        event("product.described.v1", "product:erp:P1", "2026-01-02T08:00:00Z", json!({ "name": "中纤板" })),
        order("O1", "100.00", "party:erp:K1"),
        order("O2", "45.00", "party:erp:K2"),
        event(
            "sales.order_placed.v1",
            "order:shop:G1",
            "2026-02-02T10:00:00Z",
            json!({ "total": cny("23.00"), "buyer": { "name": "Anna Berg" },
                "identifiers": [{ "kind": "email", "text": "anna@example.com", "role": "buyer" }] }),
        ),
        sent("S1", json!([first, second, refers("tracking", "track:wms:T1")])),
        sent("S2", json!([first, refers("tracking", "track:wms:T2")])),
        event(
            "service.case_opened.v1",
            "case:desk:C1",
            "2026-02-08T09:00:00Z",
            json!({ "title": "包装破损", "severity": "high", "references": [refers("customer", "party:desk:D7"), first] }),
        ),
        event(
            "service.action_requested.v1",
            "case:desk:C1",
            "2026-02-08T10:00:00Z",
            json!({ "action": "1", "department": "warehouse", "what": "send another", "due_on": "2026-02-12" }),
        ),
        event(
            "sales.contact_made.v1",
            "contact:desk:M1",
            "2026-02-05T09:00:00Z",
            json!({ "direction": "in",
                "identifiers": [{ "kind": "email", "text": "zhao@example.com", "role": "caller" }] }),
        ),
    ]
}

fn scan(track: &str, delivery: &str, minute: usize) -> Value {
    let data = json!({ "place": { "city": "北京", "country": "CN" },
        "references": [refers("delivery", &format!("delivery:wms:{delivery}"))] });
    let time = format!("2026-02-05T09:{minute:02}:00Z");
    let mut event = event("shipping.scanned.v1", &format!("track:wms:{track}"), &time, data);
    event["id"] = format!("scan {track} {minute}").into();
    event
}

/// Has the program of this hub live through all of it.
pub(crate) fn tell(home: &Home, distributed: bool) -> Answers {
    let server = home.serve();
    for batch in batches() {
        let reply = server.batch(&batch);
        assert_eq!(reply.status, 200, "{}", reply.body);
        server.settle();
    }
    let reply = server.batch(&[invoice("erp:B1", "erp:K1", "forty")]);
    assert_ne!(reply.status, 200, "an amount that is none: {}", reply.body);
    // A directory has one writer at a time, and roles on servers must show what a command waits for.
    if distributed {
        let decisions = decide(home, Some(&server));
        let answers = Answers::of(home, decisions);
        assert_eq!(server.stop(), 0);
        return answers;
    }
    assert_eq!(server.stop(), 0);
    let decisions = decide(home, None);
    Answers::of(home, decisions)
}

/// A link and its undoing, and two decisions that stand, whose ids are answered; before them what came in a file.
fn decide(home: &Home, server: Option<&Server>) -> Vec<String> {
    home.file("retail.csv", RETAIL);
    let ingest = ["ingest", "--connector", &connector("uci-online-retail"), "retail.csv"];
    // A path that is said in the answers must not be this machine's.
    let taken = home.command(&ingest).current_dir(home.path("")).output().expect("the program starts");
    assert_eq!(taken.status.code(), Some(3), "{}", String::from_utf8_lossy(&taken.stderr));
    let decide = |words: &[&str]| {
        let words = [&["identity"], words, &["--by", "ann", "--json"]].concat();
        home.run(&words).exits(0).json()["undo"].as_str().map(str::to_owned)
    };
    let undone = decide(&["link", "party:erp:K3", "party:desk:D3", "--why", "one person"]).expect("an id");
    decide(&["undo", &undone, "--why", "mistaken"]);
    let linked = decide(&["link", "party:erp:K4", "party:desk:D4", "--why", "one person"]).expect("an id");
    let parted = decide(&["separate", "party:desk:D5", "--why", "a branch of its own"]).expect("an id");
    if let Some(server) = server {
        server.settle();
    }
    vec![linked, parted]
}
