//! The HTTP face: views out, every error a problem detail, and how it is with the hub. What comes in is in `posting.rs`.

mod harness;

use std::net::TcpListener;

use harness::{Home, invoice, party};
use serde_json::json;

const SINGLE: (&str, &str) = ("content-type", "application/cloudevents+json");

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
