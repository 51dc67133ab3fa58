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

#[test]
fn what_no_field_is_for_stands_with_the_customer_and_the_document() {
    let home = Home::new();
    let server = home.serve();
    let attribute = |name: &str, text: &str| json!({ "name": name, "text": text });
    let mut organisation = party("crm:ALFKI", "Alfreds Futterkiste", &[]);
    organisation["data"]["attributes"] = json!([attribute("plan", "gold"), attribute("colour", "red")]);
    organisation["data"]["contacts"] =
        json!([{ "name": "Maria Anders", "function": "Sales", "phone": "030-0074321", "email": "maria@example.com" }]);
    let buyer = json!([reference("buyer", "party:crm:ALFKI")]);
    let amount = |amount: &str| json!({ "amount": amount, "currency": "EUR" });
    let placed = json!({ "total": amount("318.00"), "freight": amount("12.50"), "discount_codes": ["SPRING"],
        "attributes": [attribute("gift", "for Anna"), attribute("via", "web")], "references": buyer });
    let amended = json!({ "attributes": [attribute("gift", "for Eva"), attribute("via", "")] });
    let scanned = json!({ "expected_on": "2026-03-12", "tracking_number": "1Z", "references": [reference("order", "order:erp:1")] });
    let mut taken_back = party("crm:ALFKI", "Alfreds Futterkiste", &[]);
    taken_back["id"] = json!("later");
    taken_back["time"] = json!("2026-03-01T08:00:00Z");
    taken_back["data"]["attributes"] = json!([{ "name": "colour" }]);
    let events = [
        organisation,
        taken_back,
        event("sales.order_placed.v1", "order:erp:1", "2026-03-09T08:00:00Z", placed),
        event("sales.order_amended.v1", "order:erp:1", "2026-03-08T08:00:00Z", amended),
        event("shipping.scanned.v1", "track:ups:1Z", "2026-03-10T08:00:00Z", scanned),
    ];
    assert_eq!(server.batch(&events).body["accepted"], events.len());
    server.settle();
    let customer = server.get("/v1/customers/party:crm:ALFKI").body;
    assert_eq!(customer["attributes"], json!({ "plan": { "value": "gold", "source": "crm", "others": [] } }));
    assert_eq!(customer["contact_persons"][0]["function"], "Sales");
    let mut long = party("crm:LONG", "Long", &[]);
    long["data"]["attributes"] = json!([attribute("plan", &"x".repeat(5_000))]);
    let refused = server.batch(&[long]).body.to_string();
    assert!(refused.contains("R0437") && refused.contains("data.attributes[0].text"), "{refused}");
    server.stop();
    let order = home.run(&["show", "order:erp:1", "--json"]).exits(0).json();
    assert_eq!(order["content"]["attributes"], json!([attribute("gift", "for Eva")]), "an amendment beats the placing");
    home.run(&["show", "order:erp:1"]).exits(0).tells(&["freight     12.50 EUR", "SPRING", "gift: for Eva"]);
    home.run(&["show", "track:ups:1Z"]).exits(0).tells(&["expected 2026-03-12"]);
    let shown = home.run(&["show", "party:crm:ALFKI"]).exits(0);
    shown.tells(&["plan: gold (crm)", "Maria Anders, Sales, 030-0074321, maria@example.com (crm)"]);
    for words in ["Maria Anders", "030 0074321", "maria@example.com"] {
        home.run(&["find", words]).exits(0).tells(&["Alfreds Futterkiste"]);
    }
}

#[test]
fn a_guest_is_found_by_what_it_left_and_what_is_nobodys_says_whose_it_may_be() {
    let home = Home::new();
    let config = home.file("onefold.toml", "[hub]\nzone = \"Asia/Shanghai\"\nregion = \"CN\"\n");
    let run = |words: &[&str]| home.run(&[&["--config", config.as_str()], words].concat());
    let server = home.serve();
    let known_by = |kind: &str, text: &str| json!({ "kind": kind, "text": text, "issuer": "CN" });
    let amount = json!({ "amount": "70", "currency": "CNY" });
    let placed = json!({ "total": amount, "buyer": { "name": "王伟" },
        "identifiers": [known_by("email", "wang@example.com"), known_by("phone", "138 0013 8000")] });
    let paid = json!({ "amount": amount, "text": "invoice 4711, thanks", "payer": { "name": "李娜" },
        "identifiers": [known_by("account", "6222020200112233")] });
    let events = [
        event("sales.order_placed.v1", "order:shop:1", "2026-03-09T18:30:00Z", placed),
        event("finance.payment_received.v1", "payment:bank:P1", "2026-03-09T20:00:00Z", paid),
    ];
    assert_eq!(server.batch(&events).body["accepted"], 2);
    server.settle();
    server.stop();
    for words in ["王伟", "138 0013 8000", "wang@example.com"] {
        let found = run(&["find", words]).exits(0);
        found.tells(&["王伟", "2026-03-10 02:30+08:00  order:shop:1", "times are in Asia/Shanghai"]);
    }
    run(&["show", "party:shop:guest:email:wang@example.com"])
        .exits(0)
        .tells(&["on orders   phone:+8613800138000", "from 2026-03-10 to 2026-03-10"]);
    let listed = run(&["documents", "--unattributed", "--json"]).exits(0).lines();
    let stated = json!({ "name": "李娜", "identifiers": ["account 6222020200112233"], "text": "invoice 4711, thanks" });
    assert_eq!((&listed[0]["at"], &listed[0]["stated"]), (&json!("2026-03-09T20:00:00Z"), &stated));
    run(&["documents", "--unattributed"]).exits(0).tells(&["李娜  account 6222020200112233", "invoice 4711"]);
    run(&["find", "P1"]).exits(0).tells(&["nobody: unattributed", "李娜"]);
}

#[test]
fn other_rules_of_what_counts_are_other_rules_until_the_views_are_made_again() {
    let home = Home::new();
    let server = home.serve();
    let tax = [("tax_number", "91110000600037341L", "CN")];
    let mut later = party("crm:1", "ANNA GMBH", &tax);
    later["time"] = json!("2026-03-01T08:00:00Z");
    assert_eq!(server.batch(&[party("erp:1", "Anna GmbH", &tax), later]).body["accepted"], 2);
    server.settle();
    server.stop();
    let config = home.file("other.toml", "[identity.profile]\ncapitals_last = true\n");
    let run = |words: &[&str]| home.run(&[&["--config", config.as_str()], words].concat());
    home.run(&["show", "party:erp:1"]).exits(0).tells(&["ANNA GMBH\n", "also called Anna GmbH (erp)"]);
    run(&["rebuild"]).exits(1).tells(&["other rules"]);
    run(&["rebuild", "--accept"]).exits(0);
    run(&["show", "party:erp:1"]).exits(0).tells(&["Anna GmbH\n", "also called ANNA GMBH (crm)"]);
    run(&["rebuild", "--verify"]).exits(0);
}
