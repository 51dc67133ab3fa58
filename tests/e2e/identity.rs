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
