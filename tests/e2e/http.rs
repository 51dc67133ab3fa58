//! The HTTP face: events in, views out, and every error a problem detail.

mod harness;

use std::io::Write;
use std::net::TcpListener;

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
fn every_error_is_a_problem_detail() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(
        server
            .batch(&[
                party("erp:K1", "a", &[("phone", "13800138000", "CN")]),
                party("erp:K2", "b", &[("phone", "13800138000", "CN")])
            ])
            .status,
        200
    );
    server.settle();
    server.get("/nowhere").is_problem(404);
    server.get("/v1/customers/00000000-0000-5000-8000-000000000000").is_problem(404);
    server.get("/v1/customers/party:erp:none").is_problem(404);
    server.get("/v1/customers/18102").is_problem(404);
    server.get("/v1/customers/phone:none").is_problem(400);
    server.get("/v1/customers").is_problem(400);
    server.get("/v1/customers?limit=many&q=a").is_problem(400);
    server.get("/v1/customers/party:erp:K1?today=yesterday").is_problem(400);
    server.get("/v1/customers/party:erp:K1/timeline?cursor=7").is_problem(400);
    server.post("/v1/customers", &[SINGLE], b"{}").is_problem(405);
    server.post("/v1/events", &[SINGLE], b"{\"specversion\":").is_problem(400);
    server.post("/v1/events", &[("content-type", "text/plain")], b"{}").is_problem(415);
    server.post("/v1/events", &[("content-type", "application/cloudevents-batch+json")], b"{}").is_problem(400);
    let rejected = server.post("/v1/events", &[SINGLE], b"{\"specversion\":\"1.0\"}");
    rejected.is_problem(422);
    assert_eq!(rejected.body["events"][0]["status"], "rejected");
    let both = server.get("/v1/customers/phone:+8613800138000");
    both.is_problem(409);
    assert_eq!(both.body["customers"].as_array().map(Vec::len), Some(2));
    server.post("/v1/events", &[SINGLE, ("host", "evil.example")], b"{}").is_problem(421);
    let too_many: Vec<_> = (0..10_001).map(|n| json!(n)).collect();
    server.batch(&too_many).is_problem(413);
}

#[test]
fn customers_are_found_by_identifier_and_by_words() {
    let home = Home::new();
    let server = home.serve();
    server.batch(&[
        party("erp:K1", "王伟", &[("phone", "13800138000", "CN"), ("email", "w@example.com", "")]),
        party("erp:K2", "李娜", &[("phone", "13800138000", "CN")]),
    ]);
    let found = server.until("/v1/customers?q=%E6%9D%8E%E5%A8%9C", |reply| {
        reply.body["items"].as_array().is_some_and(|items| !items.is_empty())
    });
    assert_eq!(found.body["items"][0]["name"], "李娜");
    let by =
        |text: &str| server.get(&format!("/v1/customers?identifier={text}")).body["items"].as_array().map(Vec::len);
    assert_eq!(
        (
            by("phone:%2B8613800138000"),
            by("phone:+8613800138000"),
            by("email:W@example.com"),
            by("email:x@example.com")
        ),
        (Some(2), Some(2), Some(1), Some(0))
    );
}

#[test]
fn pages_follow_each_other_without_a_gap_or_an_overlap() {
    let home = Home::new();
    let server = home.serve();
    let invoices: Vec<_> = (0..25)
        .map(|n| {
            let mut invoice = invoice(&format!("erp:I{n}"), "erp:K1", "1.00");
            // Five at each instant: the place on the page must not hang on the time alone.
            invoice["time"] = json!(format!("2026-02-{:02}T09:00:00Z", 1 + n / 5));
            invoice
        })
        .collect();
    server.batch(&invoices);
    server.settle();
    for kind in ["timeline", "documents"] {
        let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = server.get(&format!("/v1/customers/party:erp:K1/{kind}?limit=4{cursor}"));
            assert_eq!(page.status, 200, "{}", page.body);
            seen.extend(
                page.body["items"].as_array().unwrap().iter().map(|d| (d["at"].to_string(), d["subject"].to_string())),
            );
            pages += 1;
            match page.body["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut expected: Vec<_> = seen.clone();
        expected.sort();
        expected.dedup();
        if kind == "timeline" {
            expected.reverse();
        }
        assert_eq!((seen.len(), pages), (25, 7), "{kind}");
        assert_eq!(seen, expected, "{kind}");
    }
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
fn a_stage_that_stands_still_is_named_by_health_within_ten_seconds() {
    let home = Home::new();
    let server = home.serve();
    let well = server.get("/health");
    assert_eq!((well.status, well.body["status"].as_str()), (200, Some("ok")));
    let stages: Vec<&str> = well.body["stages"].as_array().unwrap().iter().flat_map(|s| s["name"].as_str()).collect();
    assert_eq!(stages, ["log", "projector", "resolver", "assembler"]);
    server.stop();
    // The projector sleeps where it would commit.
    let server = home.serve_with(&[], &[("ONEFOLD_FAILPOINTS", "project.before_commit=sleep(60000)")]);
    assert_eq!(server.batch(&[invoice("erp:I1", "erp:K1", "3.00")]).body["accepted"], 1);
    let began = std::time::Instant::now();
    // Those that wait for what it holds are named beside it, some milliseconds earlier or later.
    let named = |still: &serde_json::Value| still.as_array().is_some_and(|still| still.contains(&json!("projector")));
    let ill = server.until("/health", |reply| reply.status == 503 && named(&reply.body["still"]));
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    ill.is_problem(503);
    server.kill();
}

#[test]
fn a_disk_without_room_makes_the_hub_unwell_until_it_can_write_again() {
    let home = Home::new();
    // Blocks of 512 bytes or of 1 KiB: a few MiB, whatever the shell.
    let server = home.serve_within("-S -f 6000", &[]);
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[])]).body["accepted"], 1);
    let mut large = invoice("erp:I1", "erp:K1", "1.00");
    large["data"]["number"] = json!("n".repeat(1 << 20));
    let full = (0..60).map(|n| {
        large["id"] = json!(format!("I{n}"));
        server.post("/v1/events", &[SINGLE], large.to_string().as_bytes())
    });
    let full = full.into_iter().find(|reply| reply.status != 200).expect("the room ends");
    full.is_problem(507);
    let ill = server.get("/health");
    ill.is_problem(503);
    let why = ill.body["not_written"].as_str().expect("why");
    assert!(why.contains("no room") && ill.body["detail"].to_string().contains(why), "{}", ill.body);
    // What is asked for is answered meanwhile, and what is known needs no room.
    assert_eq!(server.get("/v1/customers/party:erp:K1").status, 200);
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[])]).body["duplicates"], 1);
    assert_eq!(server.get("/health").body["not_written"].as_str(), Some(why));

    let pid = rustix::process::Pid::from_raw(server.pid().try_into().unwrap());
    let unlimited = rustix::process::Rlimit { current: None, maximum: None };
    rustix::process::prlimit(pid, rustix::process::Resource::Fsize, unlimited).unwrap();
    assert_eq!(server.batch(&[invoice("erp:I2", "erp:K1", "1.00")]).body["accepted"], 1);
    server.until("/health", |reply| reply.status == 200);
    server.settle();
    assert_eq!(server.stop(), 0);
    home.run(&["rebuild", "--verify"]).exits(0);
}

#[test]
fn a_port_in_use_and_an_open_address_are_refused_before_anything_is_made() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    home.run(&["run", "--listen", &address]).exits(1).tells(&["in use", "--listen"]);
    home.run(&["run", "--listen", "0.0.0.0:0"]).exits(1).tells(&["refused", "access control"]);
    home.run(&["demo", "--listen", &address]).exits(1).tells(&["in use"]);
    assert!(!home.data().exists());
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
fn metrics_tell_of_lag_stages_quarantine_and_requests() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.batch(&[invoice("erp:I1", "erp:K1", "100.00"), party("erp:K1", "王伟", &[])]).status, 200);
    assert_eq!(server.post("/v1/events", &[SINGLE], b"{}").status, 422);
    server.settle();
    let reply = server.get("/metrics");
    let text = reply.body.as_str().unwrap();
    let sum = |name: &str| {
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum::<f64>()
    };
    assert_eq!(sum("onefold_log_events{"), 2.0, "{text}");
    assert_eq!(sum("onefold_lag_events{"), 0.0);
    assert_eq!(sum("onefold_quarantine_open "), 1.0);
    assert_eq!(sum("onefold_stage_handled_total{stage=\"projector\"}"), 2.0);
    assert!(sum("onefold_stage_step_seconds_count{stage=\"projector\"}") >= 1.0);
    assert_eq!(
        sum("onefold_http_seconds_count{route=\"/v1/events\",method=\"POST\",status=\"200\"}")
            + sum("onefold_http_seconds_count{route=\"/v1/events\",method=\"POST\",status=\"422\"}"),
        2.0
    );
    assert_eq!(server.stop(), 0);
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

#[test]
fn a_day_is_shown_as_itself_and_an_instant_with_its_offset() {
    let home = Home::new();
    for (n, zone) in
        ["Asia/Shanghai", "America/Los_Angeles", "Pacific/Apia", "Pacific/Kiritimati"].into_iter().enumerate()
    {
        let connector = home.file(
            "days.toml",
            format!(
                "[connector]\nname = \"days{n}\"\nsource = \"s{n}\"\n[from]\nkind = \"file\"\npath = \"*.csv\"\n[read]\nformat = \"csv\"\n[assume]\nzone = \"{zone}\"\ndate = \"yyyy-MM-dd\"\ncurrency = \"EUR\"\n\
                 [event.order]\ntype = \"sales.order_placed.v1\"\nsubject = \"no\"\nid = [\"no\"]\noccurred_at = {{ from = \"day\", at = \"00:00\" }}\n\
                 [event.order.refs]\nbuyer = \"who\"\n[event.order.set]\ntotal = \"sum\"\n"
            ),
        );
        let rows = home.file("days.csv", "no,who,day,sum\n1,K,2026-01-01,1.00\n2,K,2026-03-01,1.00\n");
        home.run(&["ingest", "--connector", &connector, &rows]).exits(0);
    }
    let server = home.serve();
    for (n, offset) in ["+08:00", "-08:00", "+13:00", "+14:00"].into_iter().enumerate() {
        for (number, day) in [(1, "2026-01-01"), (2, "2026-03-01")] {
            let mut event = invoice(&format!("p{n}:{number}"), &format!("p{n}:K"), "1.00");
            (event["time"], event["precision"]) = (json!(format!("{day}T00:00:00{offset}")), json!("day"));
            assert_eq!(server.post("/v1/events", &[SINGLE], event.to_string().as_bytes()).status, 200);
        }
    }
    let mut evening = invoice("p9:1", "p9:K", "1.00");
    evening["time"] = json!("2026-03-01T23:30:00-08:00");
    assert_eq!(server.post("/v1/events", &[SINGLE], evening.to_string().as_bytes()).status, 200);
    server.settle();
    for customer in ["s0", "s1", "s2", "s3", "p0", "p1", "p2", "p3"] {
        let view = server.get(&format!("/v1/customers/party:{customer}:K")).body;
        let trade = &view["trade"];
        assert_eq!(
            (&trade["first_at"], &trade["last_at"]),
            (&json!("2026-01-01"), &json!("2026-03-01")),
            "{customer}: {view}"
        );
        let page = server.get(&format!("/v1/customers/party:{customer}:K/timeline")).body;
        assert_eq!(
            (&page["items"][0]["at"], &page["items"][1]["at"]),
            (&json!("2026-03-01"), &json!("2026-01-01")),
            "{customer}"
        );
    }
    assert_eq!(server.get("/v1/customers/party:p9:K").body["trade"]["last_at"], "2026-03-01T23:30:00-08:00");
    assert_eq!(server.stop(), 0);
    let text = home.run(&["show", "party:s0:K"]).exits(0).out;
    assert!(text.contains("2026-01-01") && text.contains("2026-03-01") && !text.contains("2026-02-28"), "{text}");
    let line = home.run(&["events", "order:s0:1", "--json"]).exits(0).lines().remove(0);
    assert_eq!(
        (&line["occurred_at"], &line["event"]["time"]),
        (&json!("2026-01-01"), &json!("2026-01-01T00:00:00+08:00"))
    );
    // As text in the hub's zone, which is named where it is another than UTC.
    home.run(&["show", "party:p9:K"]).exits(0).tells(&["2026-03-02 07:30Z", "to 2026-03-02"]);
    let config = home.file("west.toml", "[hub]\nzone = \"America/Los_Angeles\"\n");
    let west = home.run(&["--config", &config, "show", "party:p9:K"]).exits(0);
    west.tells(&["2026-03-01 23:30-08:00", "to 2026-03-01", "times are in America/Los_Angeles"]);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).expect("memory");
    packed.finish().expect("memory")
}
