//! A document from inside, as whoever is on the phone asks for it.

mod harness;

use harness::{Home, event, party};
use serde_json::{Value, json};

fn reference(role: &str, subject: &str) -> Value {
    json!({ "role": role, "subject": subject })
}

/// An order that was sent in one parcel, billed, paid and complained about.
fn told() -> Home {
    let home = Home::new();
    let server = home.serve();
    let money = |amount: &str| json!({ "amount": amount, "currency": "CNY" });
    let events = [
        party("erp:K1", "王伟", &[("phone", "13800138000", "CN")]),
        event("product.described.v1", "product:erp:P7", "2026-01-01T08:00:00Z", json!({ "name": "木蜡油 1L" })),
        event(
            "sales.order_placed.v1",
            "order:erp:SO-1",
            "2026-02-01T08:00:00Z",
            json!({ "references": [reference("buyer", "party:erp:K1")], "total": money("318.00"), "channel": "web",
                "lines": [{ "product": "P7", "quantity": "2", "unit": "桶", "unit_price": "159.00", "amount": "318.00" }] }),
        ),
        event(
            "shipping.dispatched.v1",
            "delivery:wms:DN-1",
            "2026-02-02T08:00:00Z",
            json!({ "carrier": "sf", "promised_on": "2026-02-05", "items": [{ "product": "P7", "quantity": "2", "order": "order:erp:SO-1" }],
                "references": [reference("order", "order:erp:SO-1"), reference("tracking", "track:sf:SF1")] }),
        ),
        event(
            "shipping.scanned.v1",
            "track:sf:SF1",
            "2026-02-03T08:00:00Z",
            json!({ "text": "到达派送网点", "place": { "city": "沈阳" } }),
        ),
        event("shipping.delivered.v1", "track:sf:SF1", "2026-02-04T09:30:00Z", json!({ "signed_by": "前台" })),
        event(
            "finance.invoice_issued.v1",
            "invoice:erp:I1",
            "2026-02-04T10:00:00Z",
            json!({ "references": [reference("buyer", "party:erp:K1"), reference("order", "order:erp:SO-1")], "total": money("318.00") }),
        ),
        event(
            "finance.payment_received.v1",
            "payment:bank:P1",
            "2026-02-06T10:00:00Z",
            json!({ "amount": money("300.00"), "text": "货款 I1", "payer": { "name": "王伟" },
                "allocations": [{ "invoice": "invoice:erp:I1", "amount": "300.00" }] }),
        ),
        event(
            "service.case_opened.v1",
            "case:desk:C1",
            "2026-02-07T10:00:00Z",
            json!({ "references": [reference("order", "order:erp:SO-1")], "title": "漏液", "words": "有一桶漏了" }),
        ),
        event(
            "service.case_noted.v1",
            "case:desk:C1",
            "2026-02-07T11:00:00Z",
            json!({ "by": "周舟", "words": "发来照片" }),
        ),
    ];
    assert_eq!(server.batch(&events).status, 200);
    server.settle();
    let (status, inside) = {
        let reply = server.get("/v1/documents/order:erp:SO-1");
        (reply.status, reply.body)
    };
    assert_eq!((status, inside["content"]["channel"].as_str()), (200, Some("web")));
    server.get("/v1/documents/order:erp:none").is_problem(404);
    server.get("/v1/documents/phone:+8613800138000").is_problem(400);
    assert_eq!(server.stop(), 0);
    home
}

#[test]
fn a_document_shows_what_stands_on_it_whose_it_is_and_what_belongs_to_it() {
    let home = told();
    let inside = |subject: &str| home.run(&["show", subject, "--json"]).exits(0).json();
    let order = inside("order:erp:SO-1");
    assert_eq!(order["content"]["lines"][0]["name"], "木蜡油 1L", "its source described the product: {order}");
    assert_eq!(order["why"]["trade"], "the order names party:erp:K1 as buyer");
    assert_eq!((&order["names"][0]["role"], &order["names"][0]["name"]), (&json!("buyer"), &json!("王伟")));
    let subjects = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|one| one["subject"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(subjects(&order["named_by"]), ["case:desk:C1", "delivery:wms:DN-1", "invoice:erp:I1"]);
    assert_eq!(subjects(&order["shipments"]), ["delivery:wms:DN-1", "track:sf:SF1"]);

    let payment = inside("payment:bank:P1");
    assert_eq!(
        (&payment["content"]["text"], &payment["content"]["payer"]["name"]),
        (&json!("货款 I1"), &json!("王伟"))
    );
    assert_eq!(inside("invoice:erp:I1")["open"], "18.00");
    let case = home.run(&["show", "case:desk:C1"]).exits(0).out;
    assert!(case.contains("有一桶漏了") && case.contains("发来照片") && case.contains("order:erp:SO-1"), "{case}");
    let track = home.run(&["show", "track:sf:SF1"]).exits(0).out;
    assert!(track.contains("沈阳") && track.contains("signed by 前台"), "{track}");
    home.run(&["show", "order:erp:SO-2"]).exits(1).tells(&["nothing is known of order:erp:SO-2"]);
}

#[test]
fn what_was_delivered_is_dated_by_it_and_its_delivery_is_not_open() {
    let home = told();
    for subject in ["delivery:wms:DN-1", "track:sf:SF1"] {
        let shown = home.run(&["show", subject, "--json"]).exits(0).json();
        let delivered = (shown["status"].as_str(), shown["delivered_at"].as_str());
        assert_eq!(delivered, (Some("delivered"), Some("2026-02-04T09:30:00Z")), "{subject}");
    }
    let listed = home.run(&["documents", "party:erp:K1", "--json"]).exits(0).lines();
    let delivery = listed.iter().find(|row| row["subject"] == "delivery:wms:DN-1").unwrap();
    assert_eq!(delivery["status"], "delivered");
    let view = home.run(&["show", "party:erp:K1"]).exits(0).out;
    assert!(view.contains("delivered 2026-02-04 09:30Z"), "{view}");
}

#[test]
fn a_document_of_the_past_has_what_had_happened_by_then_inside() {
    let home = told();
    let past = home.run(&["show", "track:sf:SF1", "--json", "--as-of", "2026-02-03"]).exits(0).json();
    assert_eq!((past["status"].as_str(), past["events"].as_array().map(Vec::len)), (Some("open"), Some(1)));
    let past = home.run(&["show", "case:desk:C1", "--json", "--as-of", "2026-02-07T10:30:00Z"]).exits(0).json();
    assert_eq!((&past["content"]["words"], &past["named_by"]), (&json!("有一桶漏了"), &json!([])));
}

#[test]
fn whatever_stands_on_a_paper_finds_whose_it_is() {
    let home = told();
    let found = |words: &[&str]| {
        let mut asked = vec!["find", "--json"];
        asked.extend(words);
        home.run(&asked).exits(0).json()
    };
    for (asked, subject) in [
        (&["SO-1"][..], "order:erp:SO-1"),
        (&["so", "1"], "order:erp:SO-1"),
        (&["#SO", "1"], "order:erp:SO-1"),
        (&["SF1"], "track:sf:SF1"),
        (&["dn-0001"], "delivery:wms:DN-1"),
    ] {
        let hits = found(asked);
        assert_eq!((&hits[0]["document"]["subject"], &hits[0]["name"]), (&json!(subject), &json!("王伟")), "{asked:?}");
    }
    let of_one = found(&["1"]);
    let mut subjects: Vec<&str> =
        of_one.as_array().unwrap().iter().filter_map(|hit| hit["document"]["subject"].as_str()).collect();
    subjects.sort_unstable();
    assert_eq!(
        subjects,
        ["case:desk:C1", "delivery:wms:DN-1", "invoice:erp:I1", "order:erp:SO-1", "payment:bank:P1", "track:sf:SF1"]
    );
    for words in [&["138", "0013", "8000"][..], &["王", "伟"], &["王伟", "138-0013-8000"], &["\u{2ea9}伟"]] {
        let hits = found(words);
        assert_eq!(
            (&hits[0]["name"], &hits[0]["reached_by"][0]),
            (&json!("王伟"), &json!("+8613800138000")),
            "{words:?}"
        );
        assert_eq!(hits[0]["last"]["subject"], "case:desk:C1");
    }
    assert_eq!(home.run(&["show", "so-1", "--json"]).exits(0).json()["subject"], "order:erp:SO-1");
    home.run(&["show", "1"]).exits(1).tells(&["`1` is the number of 6 documents", "order:erp:SO-1"]);
    assert_eq!(home.run(&["events", "SO-1", "--json"]).exits(0).lines().len(), 1);
}

#[test]
fn a_waybill_of_which_the_carrier_is_silent_leads_to_its_delivery_and_an_address_to_its_customer() {
    let home = Home::new();
    let server = home.serve();
    let mut far = party("erp:K2", "李娜", &[]);
    far["data"]["addresses"] = json!([{ "line": "人民路 1", "city": "沈阳" }]);
    let dispatched = |delivery: &str, at: &str, track: &str| {
        let references = [reference("buyer", "party:erp:K2"), reference("tracking", track)];
        event("shipping.dispatched.v1", delivery, at, json!({ "references": references }))
    };
    let told = [
        far,
        party("erp:K3", "李娜", &[]),
        dispatched("delivery:wms:DN-9", "2026-02-02T08:00:00Z", "track:sf:SF99"),
        // Found by its waybill and by its own number, less near than which another one comes in between.
        dispatched("delivery:wms:DN-7", "2026-02-03T08:00:00.5Z", "track:sf:7"),
        dispatched("delivery:wms:DN-07", "2026-02-04T08:00:00Z", "track:sf:SF98"),
        // Later by a fraction, which is written as if it were earlier.
        dispatched("delivery:wms:AN-7", "2026-02-03T08:00:00Z", "track:sf:SF97"),
        dispatched("delivery:wms:CN-7", "2026-02-03T08:00:00.25Z", "track:sf:SF96"),
    ];
    assert_eq!(server.batch(&told).status, 200);
    server.settle();
    let reply = server.get("/v1/documents/sf99");
    assert_eq!((reply.status, &reply.body["subject"]), (200, &json!("delivery:wms:DN-9")), "{}", reply.body);
    let reply = server.get("/v1/customers?q=7");
    let hits = reply.body["items"].as_array().unwrap();
    let found: Vec<&str> = hits.iter().filter_map(|hit| hit["document"]["subject"].as_str()).collect();
    let expected = ["delivery:wms:DN-7", "delivery:wms:DN-07", "delivery:wms:CN-7", "delivery:wms:AN-7"];
    assert_eq!(found, expected, "{}", reply.body);
    let reply = server.get("/v1/customers?q=%E6%9D%8E%E5%A8%9C+%E6%B2%88%E9%98%B3");
    let hits = reply.body["items"].as_array().unwrap();
    assert_eq!((hits.len(), &hits[0]["address"]), (1, &json!("人民路 1, 沈阳")), "{}", reply.body);
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_customer_is_shown_with_the_names_of_what_it_buys() {
    let home = told();
    let view = home.run(&["show", "party:erp:K1", "--json"]).exits(0).json();
    let preferred = &view["trade"]["products"][0];
    assert_eq!((&preferred["name"], &preferred["title"]), (&json!("P7"), &json!("木蜡油 1L")));
    home.run(&["show", "party:erp:K1"]).exits(0).tells(&["木蜡油 1L (1x)"]);
}
