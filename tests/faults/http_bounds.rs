//! Callers that hold what others need: each is bounded by time, number or room, and whoever behaves is served meanwhile.

#[path = "../e2e/harness.rs"]
mod harness;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use harness::{Home, Server, invoice, party};
use serde_json::{Value, json};

/// A request that is not yet whole.
fn begin(server: &Server, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    stream.write_all(text.as_bytes()).expect("it takes what is sent");
    stream
}

/// The head of a post with a body of so many bytes.
fn head(length: &str) -> String {
    format!(
        "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cloudevents-batch+json\r\n{length}\r\n\r\n"
    )
}

/// Everything that comes until the other end closes.
fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    match stream.read_to_end(&mut text) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "it stays open: {error}"),
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Waits for something that comes to be.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what} never came to be");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_half_sent_request_holds_up_the_end_no_longer_than_its_bound_and_a_second_signal_not_at_all() {
    let home = Home::new();
    let server = home.serve_with(&[], &[("ONEFOLD_HTTP_DRAIN_MS", "500")]);
    assert_eq!(server.batch(&[invoice("erp:I1", "erp:K1", "1.00")]).body["accepted"], 1);
    let halves = ["GET /health HTTP/1.1\r\nhost", &head("content-length: 100")].map(|text| begin(&server, text));
    // Both have come to it before it is asked.
    server.settle();
    let began = Instant::now();
    assert_eq!(server.stop(), 0);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    halves.into_iter().for_each(|half| drop(rest(half)));

    let server = home.serve_with(&[], &[("ONEFOLD_HTTP_DRAIN_MS", "60000"), ("ONEFOLD_HTTP_HEAD_MS", "60000")]);
    let half = begin(&server, "GET /health HTTP/1.1\r\nhost");
    server.settle();
    server.ask_to_stop();
    until("an end to new connections", || TcpStream::connect(server.address()).is_err());
    let began = Instant::now();
    assert_eq!(server.stop(), 128 + 15);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    drop(half);
    home.run(&["rebuild", "--verify"]).exits(0);
}

#[test]
fn a_stage_that_hangs_holds_up_the_end_no_longer_than_its_bound() {
    let home = Home::new();
    let env = [("ONEFOLD_FAILPOINTS", "project.before_commit=sleep(60000)"), ("ONEFOLD_HTTP_DRAIN_MS", "500")];
    let server = home.serve_with(&[], &env);
    assert_eq!(server.batch(&[invoice("erp:I1", "erp:K1", "1.00")]).body["accepted"], 1);
    let began = Instant::now();
    server.ask_to_stop();
    until("a word about it", || server.said().contains("broken off"));
    assert_eq!(server.end(), 1);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    home.run(&["rebuild", "--verify"]).exits(0);
}

#[test]
fn heads_bodies_answers_and_rest_have_their_time() {
    let home = Home::new();
    let env = [
        ("ONEFOLD_HTTP_HEAD_MS", "1000"),
        ("ONEFOLD_HTTP_IDLE_MS", "1000"),
        ("ONEFOLD_HTTP_BODY_MS", "1000"),
        ("ONEFOLD_HTTP_BYTES_PER_SECOND", "1000000"),
    ];
    let server = home.serve_with(&[], &env);
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[])]).body["accepted"], 1);
    server.settle();
    let silent = begin(&server, "");
    let half = begin(&server, "GET /health HTTP/1.1\r\nhost: localh");
    let idle = begin(&server, "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let slow = begin(&server, &format!("{}[", head("content-length: 1000")));
    let mut trickling = begin(&server, &head("transfer-encoding: chunked"));
    for _ in 0..40 {
        std::thread::sleep(Duration::from_millis(50));
        if trickling.write_all(b"1\r\n \r\n").is_err() {
            break;
        }
    }
    assert_eq!((rest(silent), rest(half)), (String::new(), String::new()));
    assert!(rest(idle).starts_with("HTTP/1.1 200"));
    for late in [rest(slow), rest(trickling)] {
        assert!(late.starts_with("HTTP/1.1 408") && late.contains("bytes per second"), "{late}");
    }
    // Many answers that nobody takes: more than the sockets between hold.
    let mut deaf = begin(&server, "");
    deaf.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let asked = "GET /v1/customers/party:erp:K1 HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(1_000);
    until("an end of who takes nothing", || match deaf.write_all(asked.as_bytes()) {
        Ok(()) => false,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    });
    assert_eq!(server.get("/health").status, 200);
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_body_that_breaks_off_is_told_from_one_that_is_too_large() {
    let home = Home::new();
    let server = home.serve();
    for (framing, sent) in [
        ("transfer-encoding: chunked", "zz\r\n[]\r\n"),
        ("transfer-encoding: chunked", "2\r\n[]garbage\r\n0\r\n\r\n"),
        ("transfer-encoding: chunked", "ffffffffffffffffff\r\n"),
    ] {
        let answer = rest(begin(&server, &format!("{}{sent}", head(framing))));
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("malformed"), "{sent:?}: {answer}");
    }
    let cut = begin(&server, &format!("{}[", head("content-length: 100")));
    cut.shutdown(std::net::Shutdown::Write).unwrap();
    let answer = rest(cut);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    let large = rest(begin(&server, &head("content-length: 99999999")));
    assert!(large.starts_with("HTTP/1.1 413"), "{large}");
    let chunk = format!("100000\r\n{}\r\n", " ".repeat(1 << 20));
    let mut stream = begin(&server, &head("transfer-encoding: chunked"));
    (0..18).take_while(|_| stream.write_all(chunk.as_bytes()).is_ok()).for_each(drop);
    let large = rest(stream);
    assert!(large.is_empty() || large.starts_with("HTTP/1.1 413"), "{large}");
    assert_eq!(server.batch(&[invoice("erp:I1", "erp:K1", "1.00")]).body["accepted"], 1);
}

#[test]
fn idle_connections_give_way_to_whoever_asks_and_the_system_s_limit_is_kept() {
    let home = Home::new();
    for descriptors in [1_024, 300] {
        let server = home.serve_within(&format!("-n {descriptors}"), &[]);
        let held: Vec<TcpStream> = (0..800)
            .filter_map(|n| {
                let text =
                    ["", "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n", "POST /v1/events HTTP/1.1\r\nhos"][n % 3];
                let mut stream = TcpStream::connect(server.address()).ok()?;
                stream.write_all(text.as_bytes()).ok()?;
                Some(stream)
            })
            .collect();
        assert!(held.len() > 700, "the system takes what the program has not met yet: {}", held.len());
        for n in 0..20 {
            let began = Instant::now();
            assert_eq!(server.get("/health").status, 200);
            let no = format!("erp:I{descriptors}-{n}");
            assert_eq!(server.batch(&[invoice(&no, "erp:K1", "1.00")]).body["accepted"], 1);
            assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        }
        drop(held);
        assert_eq!(server.stop(), 0);
    }
}

#[test]
fn while_reads_wait_for_their_turn_health_answers_and_who_waits_too_long_is_told_when_to_come_back() {
    let home = Home::new();
    let env = [
        ("ONEFOLD_HTTP_READS", "1"),
        ("ONEFOLD_HTTP_LARGE_READS", "1"),
        ("ONEFOLD_HTTP_WAIT_MS", "50"),
        ("ONEFOLD_FAILPOINTS", "api.read=sleep(100)"),
    ];
    let server = home.serve_with(&[], &env);
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[])]).body["accepted"], 1);
    server.settle();
    let path = "/v1/customers/party:erp:K1/timeline?limit=500";
    let asked = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(|| server.get(path))).collect();
        assert_eq!(server.get("/health").status, 200);
        asking.into_iter().map(|one| one.join().expect("an answer")).collect::<Vec<_>>()
    });
    let busy: Vec<_> = asked.iter().filter(|reply| reply.status == 503).collect();
    assert!(!busy.is_empty() && busy.len() < asked.len(), "{} of {}", busy.len(), asked.len());
    for reply in busy {
        reply.is_problem(503);
        assert_eq!((reply.body["code"].as_str(), reply.retry_after.as_deref()), (Some("busy"), Some("1")));
    }
    assert_eq!(server.get(path).status, 200);
}

/// Connections that the program has open, as the system counts them (Linux).
fn open_connections(server: &Server) -> usize {
    let port: u16 = server.address().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let (table, own) = (std::fs::read_to_string("/proc/net/tcp").expect("sockets"), format!(":{port:04X}"));
    // Neither the socket that listens (0A) nor what is left of connections that have ended (06).
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.get(1).is_some_and(|at| at.ends_with(&own)) && !["0A", "06"].contains(&row[3])).count()
}

#[test]
fn health_answers_on_a_spare_connection_while_the_hub_is_at_work_for_all_others() {
    let home = Home::new();
    let env = [
        ("ONEFOLD_HTTP_CONNECTIONS", "2"),
        ("ONEFOLD_HTTP_SPARE_CONNECTIONS", "2"),
        ("ONEFOLD_HTTP_LARGE_READS", "2"),
        ("ONEFOLD_FAILPOINTS", "api.read=sleep(5000)"),
    ];
    let server = home.serve_with(&[], &env);
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[])]).body["accepted"], 1);
    server.settle();
    let page =
        "GET /v1/customers/party:erp:K1/timeline?limit=500 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let began = Instant::now();
    until("an end of earlier connections", || open_connections(&server) == 0);
    let at_work = [(); 2].map(|()| begin(&server, page));
    // Until it works for them they would give way.
    std::thread::sleep(Duration::from_millis(500));
    let ask = |path: &str| {
        rest(begin(&server, &format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")))
    };
    until("work for both", || ask("/v1/customers/party:erp:K1").starts_with("HTTP/1.1 503"));
    for path in ["/health", "/metrics"] {
        let answer = ask(path);
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    let refused = ask("/v1/customers/party:erp:K1").to_ascii_lowercase();
    assert!(refused.starts_with("http/1.1 503") && refused.contains("retry-after: 1"), "{refused}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    for one in at_work {
        assert!(rest(one).starts_with("HTTP/1.1 200"), "whoever was let in is answered");
    }
}

/// Resident memory of the program, in MiB: the most that it ever held, or what it holds now (Linux).
fn memory(server: &Server, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("its status");
    let line = status.lines().find(|line| line.starts_with(name)).expect("its memory");
    line.split_whitespace().nth(1).expect("a number").parse::<u64>().expect("a number") / 1_024
}

/// Posts a body as it stands, and answers what came back.
fn post(server: &Server, body: &[u8]) -> String {
    let mut stream = begin(server, &head(&format!("connection: close\r\ncontent-length: {}", body.len())));
    // Whoever is refused early may be cut off.
    let _ = stream.write_all(body);
    rest(stream)
}

/// Bodies of 16 MiB that would take many times as much if all of it were made into values.
fn swelling() -> Vec<(&'static str, Vec<u8>)> {
    let most = 16 << 20;
    let event = |data: &str| {
        let mut event = invoice("erp:big", "erp:K1", "1.00");
        event["data"]["swells"] = json!("HERE");
        event.to_string().replace("\"HERE\"", data)
    };
    let filled =
        |unit: &str, bytes: usize| format!("[{}{unit}]", format!("{unit},").repeat(bytes / (unit.len() + 1) - 1));
    let many = |bytes: usize| filled(&event(&filled("{\"a\":1}", bytes)), most - bytes);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(filled("1", most - 100).as_bytes()).expect("memory");
    vec![
        ("numbers in the place of events", filled("1", most - 100).into_bytes()),
        ("lists in the place of events", filled("[]", most - 100).into_bytes()),
        ("numbers in one event", format!("[{}]", event(&filled("1", most - 2_000))).into_bytes()),
        ("objects in one event", format!("[{}]", event(&filled("{\"a\":1}", most - 2_000))).into_bytes()),
        ("objects in several events", many(1_500_000).into_bytes()),
        ("the same packed", packed.finish().expect("memory")),
    ]
}

#[test]
fn no_body_takes_many_times_its_room_and_small_ones_are_taken_meanwhile() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[])]).body["accepted"], 1);
    server.settle();
    let before = memory(&server, "VmRSS:");
    for (kind, (what, body)) in swelling().into_iter().enumerate() {
        std::thread::scope(|scope| {
            let large: Vec<_> = (0..4).map(|_| scope.spawn(|| post(&server, &body))).collect();
            for n in 0..5 {
                let began = Instant::now();
                let reply = server.batch(&[invoice(&format!("erp:{kind}-{n}"), "erp:K1", "1.00")]);
                assert_eq!(reply.body["accepted"], 1, "{what}: {}", reply.body);
                assert!(began.elapsed() < Duration::from_secs(5), "{what}: {:?}", began.elapsed());
            }
            for answer in large.into_iter().map(|one| one.join().expect("an answer")) {
                let status = answer.get(9..12).unwrap_or_default();
                assert!(["", "413", "422", "503"].contains(&status), "{what}: {answer}");
            }
        });
        let held = memory(&server, "VmHWM:").saturating_sub(before);
        eprintln!("{what}: {held} MiB more than at rest at most");
        assert!(held < 450, "{what}: {held} MiB more than at rest");
    }
    assert_eq!(server.stop(), 0);
}

#[test]
fn unfinished_bodies_share_one_room_and_leave_small_ones_theirs() {
    let home = Home::new();
    let env = [("ONEFOLD_HTTP_BODY_MS", "4000"), ("ONEFOLD_HTTP_BYTES_PER_SECOND", "100000000")];
    let server = home.serve_with(&[], &env);
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[])]).body["accepted"], 1);
    server.settle();
    let (before, most) = (memory(&server, "VmRSS:"), 16 << 20);
    let (all_but_one, large) = (vec![b' '; most - 1], vec![b' '; 1 << 20]);
    let batch = ("content-type", "application/cloudevents-batch+json");
    std::thread::scope(|scope| {
        // Whoever found no room comes again, so that there is none in the end.
        let unfinished = || {
            let mut answers = Vec::new();
            while !answers.iter().any(|answer: &String| answer.starts_with("HTTP/1.1 408")) {
                let mut stream = begin(&server, &head(&format!("content-length: {most}")));
                let _ = stream.write_all(&all_but_one);
                answers.push(rest(stream));
            }
            answers
        };
        let held: Vec<_> = (0..8).map(|_| scope.spawn(unfinished)).collect();
        let mut full = None;
        until("an end of the room", || {
            full = Some(server.post("/v1/events", &[batch], &large)).filter(|reply| reply.status == 503);
            full.is_some()
        });
        let full = full.expect("an answer");
        full.is_problem(503);
        assert_eq!((full.body["code"].as_str(), full.retry_after.as_deref()), (Some("busy"), Some("1")));
        assert_eq!(server.batch(&[invoice("erp:I1", "erp:K1", "1.00")]).body["accepted"], 1);
        let answers: Vec<String> = held.into_iter().flat_map(|one| one.join().expect("an end")).collect();
        assert!(answers.iter().any(|answer| answer.starts_with("HTTP/1.1 503")), "{answers:?}");
    });
    let more = memory(&server, "VmHWM:").saturating_sub(before);
    assert!(more < 300, "{more} MiB more than at rest");
    until("room again", || server.post("/v1/events", &[batch], &large).status == 400);
}

#[test]
fn an_event_beyond_a_limit_is_told_of_with_what_where_and_what_to_do_and_the_others_are_taken() {
    let home = Home::new();
    let env = [("ONEFOLD_LIMITS_REFERENCES", "3"), ("ONEFOLD_LIMITS_EVENT_BYTES", "2000")];
    let server = home.serve_with(&[], &env);
    let mut crowded = invoice("erp:I2", "erp:K1", "1.00");
    let order = |n: usize| json!({ "role": "order", "subject": format!("order:erp:{n}") });
    crowded["data"]["references"] = (0..4).map(order).collect();
    let mut large = invoice("erp:I3", "erp:K1", "1.00");
    large["data"]["number"] = json!("n".repeat(3_000));
    let mut long = invoice("erp:I4", "erp:K1", "1.00");
    long["id"] = json!("i".repeat(600));
    let reply = server.batch(&[invoice("erp:I1", "erp:K1", "1.00"), crowded, large, long]);
    assert_eq!(
        (reply.status, reply.body["accepted"].as_i64(), reply.body["rejected"].as_i64()),
        (207, Some(1), Some(3))
    );
    let told = |n: usize| reply.body["events"][n]["problems"].to_string();
    for (n, words) in [
        (1, ["R0435", "data.references", "4 references", "at most 3", "[limits]"]),
        (2, ["R0436", "`data`", "bytes", "at most 2000", "[limits]"]),
        (3, ["R0434", "id", "600 bytes", "at most 512", "number"]),
    ] {
        for word in words {
            assert!(told(n).contains(word.trim_matches('`')), "{word}: {}", told(n));
        }
    }
    assert_eq!(server.stop(), 0);
    let codes: Vec<Value> = home.run(&["quarantine", "list", "--json"]).exits(0).lines();
    assert_eq!(codes.len(), 3);
}
