//! What the commands answer about the past, and how they refuse what there was not.

mod harness;

use harness::{Answer, Home, event, party};
use serde_json::{Value, json};

const K1: &str = "party:erp:K1";

/// A customer of two parties: recorded, invoiced, paid, and the invoice given to another one.
fn told() -> Home {
    let home = Home::new();
    let server = home.serve();
    let tax = ("tax_number", "91110000600037341L", "CN");
    let money = |amount: &str| json!({ "amount": amount, "currency": "CNY" });
    let buyer = |who: &str| json!([{ "role": "buyer", "subject": who }]);
    let events = [
        party("erp:K1", "王伟", &[tax]),
        party("desk:D7", "Wang Wei", &[tax]),
        event(
            "finance.invoice_issued.v1",
            "invoice:erp:I1",
            "2026-02-10T09:00:00+08:00",
            json!({ "total": money("100.00"), "due_on": "2026-03-05", "references": buyer(K1) }),
        ),
        event(
            "finance.payment_received.v1",
            "payment:bank:P1",
            "2026-03-01T09:00:00+08:00",
            json!({
                "amount": money("40.00"),
                "allocations": [{ "invoice": "invoice:erp:I1", "amount": "40.00" }],
                "references": [{ "role": "payer", "subject": K1 }],
            }),
        ),
    ];
    assert_eq!(server.batch(&events).status, 200);
    server.settle();
    assert_eq!(server.stop(), 0);
    home
}

fn open(view: &Value) -> &Value {
    &view["receivable"]["by_currency"]["CNY"]["open"]
}

#[test]
fn what_was_open_on_a_day_is_shown_with_the_clocks_of_the_answer() {
    let home = told();
    let on = |day: &str| home.run(&["show", K1, "--json", "--as-of", day]).exits(0).json();
    let (before, after) = (on("2026-02-28"), on("2026-03-01"));
    assert_eq!((open(&before), open(&after)), (&json!("100.00"), &json!("60.00")));
    assert_eq!(before["clocks"]["as_of"], "2026-02-28T23:59:59.999999Z");
    assert_eq!((&before["clocks"]["known_at"], &before["clocks"]["settled"]), (&Value::Null, &json!(false)));
    assert_eq!(before["clocks"]["positions"].as_array().map(Vec::len), Some(8));
    assert_eq!(before["id"], home.run(&["show", K1, "--json"]).exits(0).json()["id"]);
    let text = home.run(&["show", K1, "--as-of", "2026-02-28"]).exits(0).out;
    assert!(text.starts_with("AS OF 2026-02-28T23:59:59.999999Z") && text.contains("not settled"), "{text}");
    let documents = home.run(&["documents", "party:desk:D7", "--json", "--as-of", "2026-02-28"]).exits(0).lines();
    assert_eq!((documents[0]["clocks"].is_object(), documents.len()), (true, 2));
    assert_eq!(documents[1]["subject"], "invoice:erp:I1");
    let events = home.run(&["events", K1, "--json", "--as-of", "2026-02-28"]).exits(0).lines();
    let now = home.run(&["events", K1, "--json"]).exits(0).lines().len();
    assert_eq!((now, events.len(), events[0]["clocks"].is_object()), (4, 1 + 3, true), "all but the payment");
    let found =
        home.run(&["find", "tax_number:CN:91110000600037341L", "--json", "--as-of", "2026-02-28"]).exits(0).json();
    assert_eq!(found["hits"][0]["parties"], json!(["party:desk:D7", K1]));
    let status = home.run(&["status", K1, "--json", "--as-of", "2026-02-28"]).exits(0).json();
    assert_eq!((&status["documents"], &status["money"]["CNY"]["invoiced"]), (&json!(1), &json!("100.00")));
}

#[test]
fn a_document_given_to_another_is_its_former_owners_at_the_time_before() {
    let home = told();
    let whose = |answer: Answer| answer.exits(0).json()["trade"]["customer"]["parties"].clone();
    let server = home.serve();
    assert_eq!(server.batch(&[party("shop:Z", "李娜", &[])]).status, 200);
    server.settle();
    assert_eq!(server.stop(), 0);
    home.run(&["identity", "reassign", "invoice:erp:I1", "--to", "party:shop:Z", "--why", "wrong customer"]).exits(0);
    let all = home.run(&["events", "invoice:erp:I1", "--json"]).exits(0).lines();
    let reassigned = all.iter().find(|e| e["type"] == "decision.document_reassigned.v1").expect("the decision");
    let recorded: jiff::Timestamp = reassigned["recorded_at"].as_str().expect("a time").parse().expect("a time");
    let known = (recorded - jiff::SignedDuration::from_micros(1)).to_string();
    assert_eq!(whose(home.run(&["show", "invoice:erp:I1", "--json"])), json!(["party:shop:Z"]));
    let then = home.run(&["show", "invoice:erp:I1", "--json", "--known-at", &known, "--identity-at", &known]);
    assert_eq!(whose(then), json!(["party:desk:D7", K1]));
    let view = home.run(&["show", K1, "--json", "--known-at", &known]).exits(0).json();
    assert_eq!(open(&view), "60.00");
    assert_eq!(open(&home.run(&["show", K1, "--json", "--as-of", "2026-03-01"]).exits(0).json()), &Value::Null);
}

#[test]
fn what_there_was_not_is_refused_with_what_there_is() {
    let home = told();
    for (clock, why) in [
        (["--as-of", "2126-01-01"], "has not come yet"),
        (["--known-at", "2126-01-01T00:00:00Z"], "has not come yet"),
        (["--identity-at", "2026-02-30"], "is not a time"),
        (["--as-of", "2026-02-01T09:00"], "is not a time"),
        (["--known-at", "2020-01-01"], "took in its first event at"),
    ] {
        home.run(&["show", K1, clock[0], clock[1]]).exits(2).tells(&[why]);
    }
    let id = home.run(&["show", K1, "--json"]).exits(0).json()["id"].as_str().expect("an id").to_owned();
    let absent = home.run(&["show", &id, "--as-of", "1999-12-31"]).exits(1);
    absent.tells(&["was not there yet", &id, "王伟", "the first event happened at 2026"]);
    let refused = home.run(&["show", &id, "--as-of", "1999-12-31", "--json"]).exits(1).json();
    assert_eq!(refused["code"], "not_found");
    home.run(&["show", "invoice:erp:I1", "--as-of", "1999-12-31"]).exits(1).tells(&["nothing was known"]);
    home.run(&["find", "王伟", "--as-of", "2026-02-28"]).exits(2).tells(&["words are found as they are now alone"]);
    home.run(&["documents", "--unattributed", "--as-of", "2026-02-28"]).exits(2).tells(&["as it is now alone"]);
    home.run(&["status", "--as-of", "2026-02-28"]).exits(2).tells(&["as it is now alone"]);
    let wrong_zone = Home::configured("[hub]\nzone = 'Mars/Olympus'");
    wrong_zone.run(&["show", K1, "--as-of", "2026-02-28"]).exits(1).tells(&["hub.zone", "Mars/Olympus"]);
}

#[test]
fn http_answers_at_the_same_clocks_as_the_commands() {
    let home = told();
    let server = home.serve();
    let get = |path: &str| {
        let reply = server.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.body
    };
    let at = "as_of=2026-02-28";
    let view = get(&format!("/v1/customers/{K1}?{at}"));
    assert_eq!((open(&view), &view["clocks"]["as_of"]), (&json!("100.00"), &json!("2026-02-28T23:59:59.999999Z")));
    assert_eq!(get(&format!("/v1/customers/invoice:erp:I1?{at}"))["id"], view["id"], "a document serves as id");
    assert!(get(&format!("/v1/customers/{K1}"))["clocks"].is_null(), "now has no clocks");
    let offset = get(&format!("/v1/customers/{K1}?as_of=2026-03-01T08:59:59+08:00"));
    assert_eq!(open(&offset), &json!("100.00"), "a plus sign of an offset may stand as it is");
    for list in ["timeline", "documents", "events"] {
        let (then, now) = (get(&format!("/v1/customers/{K1}/{list}?{at}")), get(&format!("/v1/customers/{K1}/{list}")));
        let count = |page: &Value| page["items"].as_array().map(Vec::len);
        assert!(count(&then) < count(&now) && then["clocks"].is_object() && now["clocks"].is_null(), "{list}");
    }
    let pages: Vec<Value> =
        std::iter::successors(Some(get(&format!("/v1/customers/{K1}/events?limit=1&{at}"))), |page| {
            let next = page["next"].as_str()?.to_owned();
            Some(get(&format!("/v1/customers/{K1}/events?limit=1&{at}&cursor={next}")))
        })
        .collect();
    let whole = get(&format!("/v1/customers/{K1}/events?{at}"));
    let paged: Vec<&Value> = pages.iter().filter_map(|page| page["items"].as_array()).flatten().collect();
    assert_eq!(whole["items"].as_array().map(|items| items.iter().collect()), Some(paged), "page by page");
    assert_eq!(whole["items"].as_array().map(Vec::len), Some(3));
    let invoice = get(&format!("/v1/documents/invoice:erp:I1?{at}"));
    assert_eq!((&invoice["clocks"]["known_at"], &invoice["subject"]), (&Value::Null, &json!("invoice:erp:I1")));
    assert_eq!(get("/v1/documents/invoice:erp:I1/events")["items"].as_array().map(Vec::len), Some(1));
    let found = get(&format!("/v1/customers?identifier=tax_number:CN:91110000600037341L&{at}"));
    assert_eq!(found["items"][0]["parties"], json!(["party:desk:D7", K1]));
    let counted = get(&format!("/v1/customers/{K1}/status?{at}"));
    assert_eq!((&counted["documents"], &counted["money"]["CNY"]["invoiced"]), (&json!(1), &json!("100.00")));
    for (path, status, said) in [
        (format!("/v1/customers/{K1}?as_of=2999-01-01"), 400, "not come yet"),
        (format!("/v1/customers/{K1}?known_at=2001-01-01"), 400, "knew nothing"),
        (format!("/v1/customers/{K1}?as_of=yesterday"), 400, "not a time"),
        (format!("/v1/customers/{K1}?asof=2026-02-28"), 400, "asof"),
        (format!("/v1/customers?q=wang&{at}"), 400, "words are found as they are now"),
        (format!("/v1/documents/{K1}?{at}"), 400, "not a document"),
        (format!("/v1/customers/{K1}/events?cursor=7"), 400, "cursor"),
        ("/v1/documents/payment:bank:P1?as_of=2026-02-28".to_owned(), 404, "nothing was known"),
    ] {
        let reply = server.get(&path);
        assert!(
            reply.status == status && reply.body.to_string().contains(said),
            "{path}: {} {}",
            reply.status,
            reply.body
        );
    }
    assert_eq!(server.stop(), 0);
}

#[test]
fn what_changed_between_two_moments_is_told_with_the_events_that_did_it_and_what_days_alone_did() {
    let home = told();
    let path = "receivable.by_currency.CNY.open";
    let change_of = |changes: &Value, path: &str| {
        let change = changes.as_array().into_iter().flatten().find(|change| change["path"] == path).cloned();
        change.map(|change| (change["before"].clone(), change["after"].clone()))
    };
    let diff = home.run(&["diff", K1, "--from", "2026-02-28", "--to", "2026-03-06", "--json"]).exits(0).json();
    assert_eq!(change_of(&diff["changes"], path), Some((json!("100.00"), json!("60.00"))));
    let steps = diff["steps"].as_array().unwrap();
    let paid: Vec<&Value> = steps.iter().filter(|step| change_of(&step["changes"], path).is_some()).collect();
    assert_eq!(paid.len(), 1, "{diff}");
    assert_eq!((&paid[0]["by"], &paid[0]["events"][0]["subject"]), (&json!("events"), &json!("payment:bank:P1")));
    let overdue = "receivable.by_currency.CNY.overdue";
    let aged: Vec<&Value> = steps.iter().filter(|step| change_of(&step["changes"], overdue).is_some()).collect();
    assert_eq!((aged.len(), &aged[0]["by"]), (1, &json!("time")), "the invoice fell due on the fifth: {diff}");
    let text = home.run(&["diff", K1, "--from", "2026-02-28", "--to", "2026-03-06"]).exits(0).out;
    assert!(text.contains("100.00 -> 60.00") && text.contains("days passed"), "{text}");

    let whole = home.run(&["diff", K1, "--json"]).exits(0).json();
    assert_eq!(whole["from"], Value::Null);
    assert_eq!(change_of(&whole["changes"], "documents"), Some((Value::Null, json!(2))));
    let about = |steps: &Value| -> usize {
        steps.as_array().into_iter().flatten().filter_map(|step| step["events"].as_array()).map(Vec::len).sum()
    };
    assert_eq!(about(&whole["steps"]), 4, "each of its events did something: {whole}");

    let server = home.serve();
    assert_eq!(server.batch(&[party("shop:Z", "李娜", &[])]).status, 200);
    let known = server.until("/v1/customers/party:shop:Z/events", |reply| reply.status == 200).body;
    let known = known["items"][0]["recorded_at"].as_str().unwrap().to_owned();
    assert_eq!(server.stop(), 0);
    home.run(&["identity", "reassign", "invoice:erp:I1", "--to", "party:shop:Z", "--why", "wrong customer"]).exits(0);
    let server = home.serve();
    server.settle();
    let lost = server.get(&format!("/v1/customers/{K1}/diff?from={known}&clock=known_at"));
    assert_eq!(lost.status, 200, "{}", lost.body);
    let who = lost.body["steps"].as_array().unwrap().iter().find(|step| change_of(&step["changes"], path).is_some());
    let ty = who.map(|step| step["events"][0]["type"].clone());
    assert_eq!(ty, Some(json!("decision.document_reassigned.v1")), "{}", lost.body);
    let invoice = server.get("/v1/documents/invoice:erp:I1/diff?clock=known_at");
    assert_eq!((invoice.status, about(&invoice.body["steps"])), (200, 2), "{}", invoice.body);
    for (query, said) in [("clock=tomorrow", "as_of"), ("from=2026-03-02&to=2026-03-01", "earlier moment first")] {
        let reply = server.get(&format!("/v1/customers/{K1}/diff?{query}"));
        assert!(reply.status == 400 && reply.body.to_string().contains(said), "{query}: {}", reply.body);
    }
    assert_eq!(server.stop(), 0);
}
