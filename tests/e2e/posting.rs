//! `POST /v1/events`: in which forms events come, and what each is answered.

mod harness;

use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use harness::{Home, invoice, party};
use serde_json::json;

const SINGLE: (&str, &str) = ("content-type", "application/cloudevents+json");

#[test]
fn each_event_of_a_batch_is_answered_for_itself() {
    let home = Home::new();
    let server = home.serve();
    let good = invoice("erp:I1", "erp:K1", "100.00");
    let reply = server.batch(&[good.clone(), party("erp:K1", "王伟", &[])]);
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.body["accepted"], 2);
    assert_eq!(
        (reply.body["events"][1]["index"].as_i64(), reply.body["events"][1]["status"].as_str()),
        (Some(1), Some("accepted"))
    );

    let mut other = good.clone();
    other["data"]["total"]["amount"] = json!("99.00");
    let mut bad = good.clone();
    bad["data"]["total"]["amount"] = json!("1,00");
    bad["id"] = json!("bad");
    bad["revison"] = json!("x");
    let reply = server.batch(&[good, other, bad, invoice("erp:I2", "erp:K1", "1.00")]);
    assert_eq!(reply.status, 207, "{}", reply.body);
    let events = reply.body["events"].as_array().unwrap();
    assert_eq!(
        events.iter().map(|e| e["status"].as_str().unwrap()).collect::<Vec<_>>(),
        ["duplicate", "conflict", "rejected", "accepted"]
    );
    let problems = events[2]["problems"].to_string();
    assert!(problems.contains("revison") && problems.contains("1,00"), "all that is wrong at once: {problems}");

    let view = server.until("/v1/customers/party:erp:K1", |reply| reply.body["documents"] == 2);
    assert_eq!(view.body["trade"]["by_currency"]["CNY"]["net"], "101.00");
    assert_eq!(server.stop(), 0);
    let entries = home.run(&["quarantine", "list", "--json"]).exits(0).lines();
    assert_eq!(entries.len(), 2, "what contradicts and what is no event: {entries:?}");
    assert_eq!(home.run(&["status", "--json"]).exits(0).json()["quarantined"], 2);
    home.run(&["quarantine", "discard", "1", "2", "--why", "tests"]).exits(0);
    assert_eq!(home.run(&["status", "--json"]).exits(0).json()["quarantined"], 0);
}

#[test]
fn each_kind_of_problem_is_told_once_with_how_often_and_by_both_ids() {
    let home = Home::new();
    let server = home.serve();
    let good = invoice("erp:I0", "erp:K1", "1.00");
    let bad = |n: usize| {
        let mut event = invoice(&format!("erp:I{n}"), "erp:K1", "1,00");
        if n == 3 {
            event["data"]["total"]["currency"] = json!("XXQ");
        }
        event
    };
    let reply = server.batch(&[bad(1), bad(2), bad(3)]);
    assert_eq!(reply.status, 422, "{}", reply.body);
    let kinds = reply.body["problems"].as_array().unwrap();
    assert_eq!((&kinds[0]["count"], &kinds[1]["first"]), (&json!(2), &json!(2)), "{kinds:?}");
    assert_eq!(kinds.len(), 2, "three events, two kinds: {kinds:?}");
    let detail = reply.body["detail"].as_str().unwrap();
    assert!(detail.contains("1,00") && detail.contains("in 2 of 3 events, the first at index 0"), "{detail}");
    assert!(detail.contains("one other kind"), "{detail}");
    assert!(reply.body["hub_id"].as_str().is_some_and(|id| id.len() == 36), "{}", reply.body);
    let one = &reply.body["events"][1];
    assert_eq!(
        (one["sender_id"].as_str(), one["quarantine"].as_str()),
        (bad(2)["id"].as_str(), Some("q-0002")),
        "{one}"
    );

    let reply = server.post("/v1/events", &[SINGLE], bad(1).to_string().as_bytes());
    assert_eq!((reply.status, reply.body["sender_id"].as_str()), (422, bad(1)["id"].as_str()), "{}", reply.body);
    assert_eq!(reply.body["quarantine"], "q-0001");
    let detail = reply.body["detail"].as_str().unwrap();
    assert!(detail.contains("1,00") && !detail.contains("events"), "{detail}");

    assert_eq!(server.batch(std::slice::from_ref(&good)).status, 200);
    let mut other = good;
    other["data"]["total"]["amount"] = json!("2.00");
    let reply = server.batch(&[other.clone(), invoice("erp:I9", "erp:K1", "1.00"), bad(1)]);
    assert_eq!(reply.status, 207, "{}", reply.body);
    let conflict = &reply.body["events"][0];
    assert_eq!(conflict["sender_id"], other["id"]);
    assert!(conflict["id"] != other["id"] && conflict["quarantine"] == "q-0004", "{conflict}");
    let codes: Vec<&str> =
        reply.body["problems"].as_array().unwrap().iter().map(|kind| kind["code"].as_str().unwrap()).collect();
    assert_eq!((codes.len(), codes[0]), (2, "conflict"), "{codes:?}");

    let broken = server.post("/v1/events", &[SINGLE, ("ce-id", "evt-7")], b"{");
    assert_eq!((broken.status, broken.body["sender_id"].as_str()), (400, Some("evt-7")), "{}", broken.body);
    assert!(broken.body["hub_id"].is_string());
}

#[test]
fn one_event_may_come_structured_or_binary() {
    let home = Home::new();
    let server = home.serve();
    let event = invoice("erp:I1", "erp:K1", "100.00");
    let structured = server.post("/v1/events", &[SINGLE], event.to_string().as_bytes());
    assert_eq!((structured.status, structured.body["events"][0]["status"].as_str()), (200, Some("accepted")));
    let text = |name: &str| event[name].as_str().unwrap().to_owned();
    let (id, source, ty, subject, time) = (text("id"), text("source"), text("type"), text("subject"), text("time"));
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        ("ce-specversion", "1.0"),
        ("ce-id", &id),
        ("ce-source", &source),
        ("ce-type", &ty),
        ("ce-subject", &subject),
        ("ce-time", &time),
    ];
    let binary = server.post("/v1/events", &headers, event["data"].to_string().as_bytes());
    // The very same event, so it is known.
    assert_eq!(
        (binary.status, binary.body["events"][0]["status"].as_str()),
        (200, Some("duplicate")),
        "{}",
        binary.body
    );
    assert_eq!(binary.body["events"][0]["id"], structured.body["events"][0]["id"]);
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    let home = Home::new();
    let server = home.serve();
    for n in 0..20 {
        let reply = server.batch(&[invoice(&format!("erp:I{n}"), "erp:K1", "3.00")]);
        assert_eq!(reply.body["accepted"], 1, "{}", reply.body);
    }
    server.kill();
    let server = home.serve();
    let view = server.until("/v1/customers/party:erp:K1", |reply| reply.body["documents"] == 20);
    assert_eq!(view.body["trade"]["by_currency"]["CNY"]["net"], "60.00");
    assert_eq!(server.batch(&[invoice("erp:I7", "erp:K1", "3.00")]).body["duplicates"], 1);
}

#[test]
fn the_example_of_the_law_of_change_is_an_event() {
    let text = std::fs::read_to_string(harness::root().join("proto/README.md")).unwrap();
    let example = text.split("```json").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let home = Home::new();
    let server = home.serve();
    let reply = server.post("/v1/events", &[SINGLE], example.as_bytes());
    assert_eq!((reply.status, reply.body["accepted"].as_i64()), (200, Some(1)), "{}", reply.body);
    server.until("/v1/customers/party:erp:K00417", |reply| {
        reply.body["trade"]["by_currency"]["CNY"]["invoiced"] == "50880.00"
    });
    // Shown again attribute by attribute, and accepted again as the same.
    assert_eq!(server.stop(), 0);
    let shown = home.run(&["events", "invoice:erp:SI-2026-0417", "--json"]).exits(0).lines().remove(0)["event"].clone();
    let given: serde_json::Value = serde_json::from_str(example).unwrap();
    for attribute in ["specversion", "source", "type", "subject", "time", "data"] {
        let (mut shown, mut given) = (shown[attribute].clone(), given[attribute].clone());
        for data in [&mut shown, &mut given] {
            if let Some(list) = data.get_mut("references").and_then(|list| list.as_array_mut()) {
                list.sort_by_key(|r| r["role"].to_string());
            }
        }
        assert_eq!(shown, given, "{attribute}");
    }
}

#[test]
fn one_event_is_the_same_however_its_sender_writes_it() {
    let home = Home::new();
    let server = home.serve();
    let mut plain = invoice("erp:发-é1", "erp:K1", "100.00");
    plain["id"] = json!("é1");
    let first = server.post("/v1/events", &[SINGLE], plain.to_string().as_bytes());
    assert_eq!((first.status, first.body["accepted"].as_i64()), (200, Some(1)), "{}", first.body);

    let mut extended = plain.clone();
    extended["traceparent"] = json!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    extended["partitionkey"] = json!("7");
    extended["comexampleextension"] = json!(true);
    let mut decomposed = plain.clone();
    decomposed["subject"] = json!("invoice:erp:\u{200b}发-e\u{301}1\u{feff}");
    decomposed["id"] = json!("e\u{301}1 ");
    let mut packed = plain.clone();
    packed["data_base64"] = json!(BASE64_STANDARD.encode(plain["data"].to_string()));
    packed.as_object_mut().unwrap().remove("data");
    let mut escaped = plain.clone();
    escaped["subject"] = json!("invoice:erp:%E5%8F%91-%C3%A91");
    let marked = [&b"\xEF\xBB\xBF"[..], plain.to_string().as_bytes()].concat();
    let zipped = gzip(plain.to_string().as_bytes());
    let bodies = [
        (vec![SINGLE], extended.to_string().into_bytes()),
        (vec![SINGLE], decomposed.to_string().into_bytes()),
        (vec![SINGLE], packed.to_string().into_bytes()),
        (vec![SINGLE], escaped.to_string().into_bytes()),
        (vec![SINGLE], marked),
        (vec![SINGLE, ("content-encoding", "gzip")], zipped.clone()),
        (
            vec![("content-type", "application/cloudevents-batch+json"), ("content-encoding", "gzip")],
            gzip(format!("[{plain}]").as_bytes()),
        ),
    ];
    for (n, (headers, body)) in bodies.iter().enumerate() {
        let reply = server.post("/v1/events", headers, body);
        assert_eq!((reply.status, reply.body["duplicates"].as_i64()), (200, Some(1)), "{n}: {}", reply.body);
    }
    server.post("/v1/events", &[SINGLE, ("content-encoding", "br")], &zipped).is_problem(415);
    server.post("/v1/events", &[SINGLE, ("content-encoding", "gzip")], &zipped[..zipped.len() / 2]).is_problem(400);
    server.post("/v1/events", &[SINGLE, ("content-encoding", "gzip")], &gzip(&vec![b' '; 17 << 20])).is_problem(413);
}

#[test]
fn a_source_that_is_a_uri_is_one_sender_however_it_stands_in_subjects() {
    let home = Home::new();
    let server = home.serve();
    for (n, (source, word)) in [
        ("/erp/cn", "/erp/cn"),
        ("https://erp.example/de", "https%3A//erp.example/de"),
        ("urn:acme:erp", "urn%3Aacme%3Aerp"),
    ]
    .into_iter()
    .enumerate()
    {
        for (status, subject) in
            [("accepted", format!("invoice:{source}:I{n}")), ("duplicate", format!("invoice:{word}:I{n}"))]
        {
            let mut event = invoice(&format!("erp:I{n}"), "erp:K1", "100.00");
            (event["source"], event["subject"], event["id"]) = (json!(source), json!(subject), json!("1"));
            let reply = server.post("/v1/events", &[SINGLE], event.to_string().as_bytes());
            assert_eq!(reply.body["events"][0]["status"], status, "{source}: {}", reply.body);
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).expect("memory");
    packed.finish().expect("memory")
}
