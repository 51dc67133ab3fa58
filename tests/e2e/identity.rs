//! Decisions of people: what they change, and that undoing them gives everything back.

mod harness;

use harness::{Home, event, invoice, party};
use serde_json::{Value, json};

fn told() -> Home {
    let home = Home::new();
    let server = home.serve();
    let tax = ("tax_number", "91110000600037341L", "CN");
    let events = [
        party("erp:K1", "王伟", &[("phone", "13800138000", "CN"), tax]),
        party("desk:D7", "王伟", &[tax]),
        party("web:W3", "Wang W.", &[("email", "w@example.com", "")]),
        invoice("erp:I1", "erp:K1", "100.00"),
        invoice("web:I2", "web:W3", "25.00"),
        invoice("desk:I3", "desk:D7", "4.00"),
        event(
            "sales.contact_made.v1",
            "contact:desk:C1",
            "2026-02-05T09:00:00Z",
            json!({
            "direction": "in", "identifiers": [{ "kind": "email", "text": "w@example.com", "role": "caller" }] }),
        ),
    ];
    let reply = server.batch(&events);
    assert_eq!(reply.status, 200, "{}", reply.body);
    server.settle();
    server.stop();
    home
}

fn digests(home: &Home) -> (Value, Value) {
    let verified = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
    (verified["live_digest"].clone(), verified["live_ids_digest"].clone())
}

fn net(home: &Home, reference: &str) -> String {
    let view = home.run(&["show", reference, "--json"]).exits(0).json();
    view["trade"]["by_currency"]["CNY"]["net"].as_str().unwrap_or("0").to_owned()
}

#[test]
fn a_link_adds_the_money_and_its_undoing_takes_it_away_again() {
    let home = told();
    let before = digests(&home);
    let done = home
        .run(&["identity", "link", "party:erp:K1", "party:web:W3", "--why", "same person", "--by", "ann", "--json"])
        .exits(0)
        .json();
    assert_eq!((done["before"].as_array().map(Vec::len), done["after"].as_array().map(Vec::len)), (Some(2), Some(1)));
    assert_eq!(net(&home, "party:web:W3"), "129.00");
    assert_ne!(digests(&home), before);
    let decision = done["undo"].as_str().unwrap();
    let events = home.run(&["events", decision, "--json"]).exits(0).lines();
    assert_eq!(
        (&events[0]["event"]["data"]["by"], &events[0]["event"]["data"]["why"]),
        (&json!("ann"), &json!("same person"))
    );
    home.run(&["identity", "undo", decision, "--why", "mistaken"]).exits(0);
    assert_eq!(net(&home, "party:web:W3"), "25.00");
    assert_eq!(digests(&home), before);
    home.run(&["identity", "undo", decision, "--why", "again"]).exits(1).tells(&["nothing to undo"]);
}

#[test]
fn a_link_that_cannot_be_honoured_is_told_to_whoever_asks_for_it_and_shown_at_both_customers() {
    let home = told();
    let server = home.serve();
    let other = party("shop:S9", "王伟", &[("tax_number", "121200004013590816", "CN")]);
    assert_eq!(server.batch(&[other]).status, 200);
    server.settle();
    server.stop();
    let link = |one: &str, other: &str| home.run(&["identity", "link", one, other, "--why", "same person"]).exits(0);
    link("party:erp:K1", "party:web:W3");
    link("party:web:W3", "party:shop:S9").tells(&[
        "kept apart: party:shop:S9 and party:web:W3, though this decision says same",
        "different values of tax_number:CN, of which a customer has only one",
    ]);
    for (reference, other) in [("party:shop:S9", "party:web:W3"), ("party:erp:K1", "party:shop:S9")] {
        home.run(&["show", reference]).exits(0).tells(&["kept apart here"]);
        let view = home.run(&["show", reference, "--json"]).exits(0).json();
        assert_eq!(view["kept_apart"][0]["others"], json!([other]));
    }
    digests(&home);
    // Whoever names all whom it concerns is heard.
    link("party:erp:K1", "party:shop:S9");
    assert_eq!(net(&home, "party:shop:S9"), "125.00");
}

#[test]
fn a_separation_beats_a_shared_tax_number_until_it_is_undone() {
    let home = told();
    let before = digests(&home);
    let merged = home.run(&["show", "party:desk:D7", "--json"]).exits(0).json()["id"].clone();
    let done =
        home.run(&["identity", "separate", "party:desk:D7", "--why", "father and son", "--json"]).exits(0).json();
    assert_eq!(done["after"].as_array().map(Vec::len), Some(2));
    assert_eq!((net(&home, "party:desk:D7"), net(&home, "party:erp:K1")), ("4.00".to_owned(), "100.00".to_owned()));
    // The id that both bore stays with the earliest party.
    let kept = home.run(&["show", merged.as_str().unwrap(), "--json"]).exits(0).json();
    assert_eq!(kept["parties"], json!(["party:erp:K1"]));
    home.run(&["identity", "undo", done["undo"].as_str().unwrap(), "--why", "one person after all"]).exits(0);
    assert_eq!(digests(&home), before);
    assert_eq!(net(&home, "party:desk:D7"), "104.00");
}

#[test]
fn a_document_goes_where_it_is_sent_and_back() {
    let home = told();
    let before = digests(&home);
    home.run(&["identity", "reassign", "invoice:web:I2", "--to", "party:erp:K1", "--why", "wrong shop account"])
        .exits(0)
        .tells(&["before", "after"]);
    assert_eq!((net(&home, "party:erp:K1"), net(&home, "party:web:W3")), ("129.00".to_owned(), "0".to_owned()));
    home.run(&["identity", "undo", "invoice:web:I2", "--why", "right after all"]).exits(0);
    assert_eq!(digests(&home), before);
}

#[test]
fn a_guest_is_shown_found_taken_over_and_parted_from_like_anybody() {
    let home = told();
    let server = home.serve();
    let order = |subject: &str, total: &str| {
        let identifiers = json!([{ "kind": "email", "text": "gast@example.com", "role": "buyer" }]);
        let total = json!({ "amount": total, "currency": "CNY" });
        let data = json!({ "total": total, "buyer": { "name": "Anna Gast" }, "identifiers": identifiers });
        event("sales.order_placed.v1", subject, "2026-02-06T09:00:00Z", data)
    };
    let reply = server.batch(&[order("order:web:O1", "7.00"), order("order:web:O2", "8.00")]);
    assert_eq!(reply.status, 200, "{}", reply.body);
    server.settle();
    server.stop();

    let guest = "party:web:guest:email:gast@example.com";
    let view = home.run(&["show", "email:gast@example.com", "--json"]).exits(0).json();
    assert_eq!((&view["parties"], &view["trade"]["orders"]), (&json!([guest]), &json!(2)));
    assert_eq!(view["profile"]["name"]["value"], "Anna Gast");
    assert_eq!(view["identifiers"][0]["key"], "email:gast@example.com");
    // What is found follows; the digests wait for it.
    let before = digests(&home);
    home.run(&["find", "gast"]).exits(0).tells(&["Anna Gast"]);

    let done = home.run(&["identity", "link", guest, "party:web:W3", "--why", "she said so", "--json"]).exits(0).json();
    let both = home.run(&["show", view["id"].as_str().unwrap(), "--json"]).exits(0).json();
    assert_eq!(both["parties"], json!(["party:web:W3", guest]));
    home.run(&["identity", "undo", done["undo"].as_str().unwrap(), "--why", "another Anna"]).exits(0);
    assert_eq!(digests(&home), before);

    home.run(&["identity", "withdraw", guest, "email:gast@example.com", "--why", "the shop's own"]).exits(0);
    home.run(&["show", "email:gast@example.com"]).exits(1);
    let kept = home.run(&["show", guest, "--json"]).exits(0).json();
    assert_eq!((&kept["id"], &kept["identifiers"][0]["state"]), (&view["id"], &json!("withdrawn")));
    assert_eq!(home.run(&["rebuild", "--verify", "--json"]).exits(0).json()["live_digest"], digests(&home).0);
}

/// Gives one facet of an invoice to another customer; answers the decision's event.
fn facet_moved(home: &Home, facet: &str) -> String {
    let moved = ["identity", "reassign", "invoice:web:I2", "--to", "party:erp:K1", "--facet", facet];
    let words = [&moved[..], &["--why", "he pays", "--json"]].concat();
    home.run(&words).exits(0).json()["event"].as_str().unwrap().to_owned()
}

#[test]
fn one_facet_moves_alone() {
    let home = told();
    facet_moved(&home, "receivable");
    let payer = home.run(&["show", "party:erp:K1", "--json"]).exits(0).json();
    assert_eq!(payer["receivable"]["by_currency"]["CNY"]["open"], "129.00");
    assert_eq!((net(&home, "party:erp:K1"), net(&home, "party:web:W3")), ("104.00".to_owned(), "25.00".to_owned()));
}

#[test]
fn of_two_decisions_about_one_document_each_is_undone_by_its_own_event() {
    let home = told();
    let before = digests(&home);
    let (trade, receivable) = (facet_moved(&home, "trade"), facet_moved(&home, "receivable"));
    let undo = |what: &str| home.run(&["identity", "undo", what, "--why", "mistaken"]);
    undo("invoice:web:I2").exits(1).tells(&["several decisions", &trade, &receivable]);
    undo(&trade).exits(0);
    assert_eq!((net(&home, "party:erp:K1"), net(&home, "party:web:W3")), ("104.00".to_owned(), "25.00".to_owned()));
    undo(&trade).exits(1).tells(&["nothing to undo"]);
    undo(&receivable).exits(0);
    assert_eq!(digests(&home), before);
    undo(&receivable).exits(1).tells(&["nothing to undo"]);
}

#[test]
fn a_withdrawn_identifier_links_nobody_until_it_is_given_back() {
    let home = told();
    let before = digests(&home);
    home.run(&["identity", "withdraw", "party:desk:D7", "phone:+8613800138000", "--why", "x"])
        .exits(1)
        .tells(&["does not hold phone:+8613800138000", "tax_number:CN:91110000600037341L"]);
    let done = home
        .run(&[
            "identity",
            "withdraw",
            "party:desk:D7",
            "tax_number:CN:91110000600037341L",
            "--why",
            "typed from a letterhead",
            "--json",
        ])
        .exits(0)
        .json();
    assert_eq!(done["after"].as_array().map(Vec::len), Some(2));
    assert_eq!(net(&home, "party:desk:D7"), "4.00");
    // By the event's own id.
    home.run(&["identity", "undo", done["event"].as_str().unwrap(), "--why", "it was right"]).exits(0);
    assert_eq!(digests(&home), before);
}

#[test]
fn a_decision_about_nobody_is_refused_and_leaves_nothing() {
    let home = told();
    let events = home.run(&["status", "--json"]).exits(0).json()["events"].clone();
    home.run(&["identity", "link", "party:erp:K1", "party:erp:typo", "--why", "x"])
        .exits(1)
        .tells(&["nothing is known of party:erp:typo"]);
    home.run(&["identity", "link", "party:erp:K1", "party:erp:K1", "--why", "x"]).exits(2).tells(&["two at least"]);
    home.run(&["identity", "separate", "party:web:W3", "--why", "x"]).exits(2).tells(&["nothing to separate"]);
    home.run(&["identity", "reassign", "party:erp:K1", "--to", "party:web:W3", "--why", "x"])
        .exits(2)
        .tells(&["no document"]);
    home.run(&["identity", "link", "party:erp:K1", "party:web:W3"]).exits(2).tells(&["--why"]);
    assert_eq!(home.run(&["status", "--json"]).exits(0).json()["events"], events);
}

#[test]
fn decisions_are_seen_with_who_why_and_what_became_of_them() {
    let home = told();
    let decide = |words: &[&str]| {
        let mut all = vec!["identity"];
        all.extend(words);
        all.extend(["--by", "ann", "--json"]);
        home.run(&all).exits(0).json()["undo"].as_str().unwrap().to_owned()
    };
    let undone = decide(&["link", "party:erp:K1", "party:web:W3", "--why", "same person"]);
    decide(&["undo", &undone, "--why", "they are two"]);
    let apart = decide(&["separate", "party:desk:D7", "--why", "father and son"]);
    decide(&["reassign", "invoice:web:I2", "--to", "party:erp:K1", "--why", "her order"]);
    let listed = home.run(&["identity", "list", "--json"]).exits(0).lines();
    let told: Vec<[&str; 4]> =
        listed.iter().map(|one| ["what", "state", "by", "why"].map(|field| one[field].as_str().unwrap())).collect();
    assert_eq!(
        told,
        [
            ["reassigned", "standing", "ann", "her order"],
            ["separated", "standing", "ann", "father and son"],
            ["linked", "withdrawn", "ann", "same person"],
        ]
    );
    assert_eq!(listed[2]["withdrawn"]["why"], "they are two");
    home.run(&["identity", "list", "--limit", "1"]).exits(0).tells(&["invoice:web:I2 is of party:erp:K1", "her order"]);
    // Whoever reads the events of a customer meets what was decided of it, taken back or not.
    let events = home.run(&["events", "party:erp:K1", "--json"]).exits(0).lines();
    let of = |subject: &str| events.iter().filter(|event| event["subject"] == subject).count();
    assert_eq!((of(&undone), of(&apart)), (2, 1));
}

#[test]
fn a_link_that_cannot_be_honoured_says_so_in_the_list() {
    let home = told();
    let server = home.serve();
    assert_eq!(server.batch(&[party("shop:S1", "别家", &[])]).status, 200);
    server.settle();
    server.stop();
    home.run(&["identity", "link", "party:web:W3", "party:shop:S1", "--why", "one shop"]).exits(0);
    home.run(&["identity", "separate", "party:erp:K1", "--from", "party:web:W3", "--why", "two people"]).exits(0);
    home.run(&["identity", "link", "party:shop:S1", "party:erp:K1", "--why", "one card"]).exits(0);
    let listed = home.run(&["identity", "list", "--json"]).exits(0).lines();
    let states: Vec<&str> = listed.iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states.iter().filter(|state| **state == "not_honoured").count(), 1, "{listed:?}");
    home.run(&["identity", "list"]).exits(0).tells(&["NOT HONOURED", "kept apart"]);
    let text = home.run(&["identity", "why", "party:erp:K1", "party:web:W3"]).exits(0).out;
    assert!(
        text.contains("two customers") && text.contains("kept apart: ") && text.contains("decision:onefold:"),
        "{text}"
    );
}

#[test]
fn what_joins_two_parties_is_told_and_who_else_could_be() {
    let home = told();
    let server = home.serve();
    let more = [party("shop:S2", "李娜", &[("phone", "138 0013 8000", "CN")])];
    assert_eq!(server.batch(&more).status, 200);
    server.settle();
    let reply = server.get("/v1/joins?one=party:erp:K1&other=party:desk:D7");
    assert_eq!((reply.status, &reply.body["joined"]), (200, &json!(true)), "{}", reply.body);
    let step = &reply.body["path"][0];
    assert_eq!(
        (step["from"].as_str(), step["to"].as_str(), step["by"].as_str()),
        (Some("party:erp:K1"), Some("party:desk:D7"), Some("tax_number:CN:91110000600037341L"))
    );
    let reply = server.get("/v1/customers/party:erp:K1/candidates");
    let items = reply.body["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["name"]), (1, &json!("李娜")), "{}", reply.body);
    assert_eq!(items[0]["shared"][0]["value"], "phone:+8613800138000");
    assert_eq!(server.get("/v1/decisions").body["items"], json!([]));
    server.get("/v1/joins?one=party:erp:K1").is_problem(400);
    assert_eq!(server.stop(), 0);
    home.run(&["identity", "candidates", "party:erp:K1"]).exits(0).tells(&["李娜", "theirs differ"]);
    home.run(&["identity", "why", "party:erp:K1", "party:web:W3"]).exits(0).tells(&["they share no value"]);
}
