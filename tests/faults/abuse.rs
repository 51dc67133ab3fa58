//! What somebody who behaves meets while others do not: reads and posts each 50 ms beside one abuse after the other, all from one
//! address, with the answers' times and the program's memory in a table.
//!
//! Each abuse lasts 3 s, and 99 of 100 answers take less than two seconds, unless `ONEFOLD_TEST_ABUSE_SECONDS` says how long:
//! then they take less than 100 ms, which is asked of a release build on a machine of its own:
//! `ONEFOLD_TEST_ABUSE_SECONDS=30 cargo test --release -p onefold --test abuse -- --nocapture`

#[path = "../e2e/harness.rs"]
mod harness;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use harness::{Home, Server, invoice, party};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Beyond what the program holds at rest, in MiB.
const MOST_MEMORY: u64 = 512;
const EACH: Duration = Duration::from_millis(50);
/// Documents of the customer whose pages are read.
const DOCUMENTS: usize = 600;

/// Callers that all do the same.
struct Abuse {
    name: &'static str,
    callers: usize,
    /// What each says at once.
    says: Vec<u8>,
    /// What it says each second from then on.
    drips: &'static [u8],
    /// Whether it takes what is answered; then it begins anew once it has.
    listens: bool,
}

fn abuses() -> Vec<Abuse> {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").into_bytes();
    let head = |length: &str| {
        let media = "content-type: application/cloudevents-batch+json";
        format!("POST /v1/events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{media}\r\n{length}\r\n\r\n")
    };
    let most = 16_usize << 20;
    let sized = |sent: &[u8]| [head(&format!("content-length: {most}")).as_bytes(), sent].concat();
    let numbers = format!("[{}1]", "1,".repeat(most / 2 - 2)).into_bytes();
    let page = get("/v1/customers/party:erp:K1/timeline?limit=500");
    let abuse = |name, callers, says, drips, listens| Abuse { name, callers, says, drips, listens };
    vec![
        abuse("nobody", 0, Vec::new(), b"", true),
        abuse("1,000 that say nothing", 1_000, Vec::new(), b"", true),
        abuse("1,000 half heads, a byte a second", 1_000, b"GET /health HTTP/1.1\r\nx: ".to_vec(), b"a", true),
        abuse(
            "1,000 bodies, a byte a second",
            1_000,
            head("transfer-encoding: chunked").into_bytes(),
            b"1\r\n \r\n",
            true,
        ),
        abuse("64 bodies that lack their last byte", 64, sized(&vec![b' '; most - 1]), b"", true),
        abuse("4 lists of 8 million numbers", 4, sized(&numbers), b"", true),
        abuse("600 readers of 500-row pages", 600, page.clone(), b"", true),
        abuse("600 that never take their pages", 600, page.repeat(20), b"", false),
    ]
}

/// One caller until it is told to stop.
async fn call(address: String, abuse: Arc<Abuse>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        if let Ok(stream) = tokio::net::TcpStream::connect(&address).await {
            let (mut from, mut to) = stream.into_split();
            let listen = async {
                let mut taken = vec![0; 64 << 10];
                while abuse.listens && from.read(&mut taken).await.is_ok_and(|bytes| bytes > 0) {}
                if !abuse.listens {
                    std::future::pending::<()>().await;
                }
            };
            let speak = async {
                let _ = to.write_all(&abuse.says).await;
                while !abuse.drips.is_empty() && to.write_all(abuse.drips).await.is_ok() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                std::future::pending::<()>().await;
            };
            let told = async {
                while !stop.load(Ordering::Relaxed) {
                    tokio::time::sleep(EACH).await;
                }
            };
            tokio::select! { () = listen => {}, () = speak => {}, () = told => {} }
        }
        tokio::time::sleep(EACH).await;
    }
}

/// Somebody who behaves: one request each 50 ms on a connection that is kept; answers how long each took.
fn behave(server: &Server, until: Instant, request: impl Fn(u64) -> String) -> Vec<Duration> {
    let connect = || BufReader::new(TcpStream::connect(server.address()).expect("a connection"));
    let (mut connection, mut took) = (connect(), Vec::new());
    while Instant::now() < until {
        let (began, request) = (Instant::now(), request(took.len() as u64));
        // One that was closed while it rested is opened again, as every client does.
        let status = ask(&mut connection, &request).or_else(|_| {
            connection = connect();
            ask(&mut connection, &request)
        });
        took.push(began.elapsed());
        assert_eq!(status.expect("an answer"), 200, "after {} answers", took.len());
        std::thread::sleep(EACH.saturating_sub(began.elapsed()));
    }
    took
}

fn ask(connection: &mut BufReader<TcpStream>, request: &str) -> std::io::Result<u16> {
    connection.get_mut().write_all(request.as_bytes())?;
    let (mut status, mut length, mut line) = (0, 0, String::new());
    while line != "\r\n" {
        line.clear();
        if connection.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(rest) = lower.strip_prefix("http/1.1 ") {
            status = rest.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0);
        } else if let Some(rest) = lower.strip_prefix("content-length:") {
            length = rest.trim().parse().unwrap_or(0);
        }
    }
    connection.read_exact(&mut vec![0; length])?;
    Ok(status)
}

/// Resident memory of the program in MiB (Linux).
fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("its status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    line.split_whitespace().nth(1).expect("a number").parse::<u64>().expect("a number") / 1_024
}

fn percentile(took: &mut [Duration], share: usize) -> u128 {
    took.sort_unstable();
    took.get((took.len() - 1) * share / 100).map_or(0, Duration::as_millis)
}

#[test]
fn whoever_behaves_is_served_while_others_do_not_and_memory_stays_bounded() {
    let seconds = std::env::var("ONEFOLD_TEST_ABUSE_SECONDS").ok().map(|text| text.parse().expect("seconds"));
    let (lasts, most) = (Duration::from_secs(seconds.unwrap_or(3)), if seconds.is_some() { 100 } else { 2_000 });
    let descriptors = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: descriptors, maximum: descriptors }).expect("descriptors");

    let home = Home::new();
    let server = home.serve_within("-n 1024", &[]);
    let documents: Vec<Value> = (0..DOCUMENTS).map(|n| invoice(&format!("erp:D{n}"), "erp:K1", "1.00")).collect();
    assert_eq!(server.batch(&documents).body["accepted"], DOCUMENTS);
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[]), party("erp:K2", "李娜", &[])]).body["accepted"], 2);
    server.settle();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (idle, posted) = (memory(&server), AtomicU64::new(0));
    let mut wrong = Vec::new();
    eprintln!("each for {} s; answers in ms, memory in MiB above the {idle} at rest", lasts.as_secs());
    eprintln!(
        "{:<38} {:>9} {:>9} {:>9} {:>9} {:>6} {:>6}",
        "beside", "read p50", "read p99", "post p50", "post p99", "most", "after"
    );
    for abuse in abuses().into_iter().map(Arc::new) {
        let (stop, until) = (Arc::new(AtomicBool::new(false)), Instant::now() + lasts);
        let calls = (0..abuse.callers)
            .map(|_| runtime.spawn(call(server.address().to_owned(), Arc::clone(&abuse), Arc::clone(&stop))));
        let calls: Vec<_> = calls.collect();
        let (mut reads, mut posts, held) = std::thread::scope(|scope| {
            let get = "GET /v1/customers/party:erp:K2 HTTP/1.1\r\nhost: localhost\r\n\r\n";
            let reads = scope.spawn(|| behave(&server, until, |_| get.to_owned()));
            let posts = scope.spawn(|| {
                behave(&server, until, |_| {
                    let number = posted.fetch_add(1, Ordering::Relaxed);
                    let body = invoice(&format!("erp:P{number}"), "erp:K2", "1.00").to_string();
                    let media = "content-type: application/cloudevents+json";
                    let length = format!("content-length: {}", body.len());
                    format!("POST /v1/events HTTP/1.1\r\nhost: localhost\r\n{media}\r\n{length}\r\n\r\n{body}")
                })
            });
            let held = scope.spawn(|| {
                let mut held = 0;
                while Instant::now() < until {
                    held = memory(&server).max(held);
                    std::thread::sleep(EACH);
                }
                held
            });
            (reads.join().expect("reads"), posts.join().expect("posts"), held.join().expect("memory"))
        });
        stop.store(true, Ordering::Relaxed);
        runtime.block_on(async {
            for one in calls {
                one.await.expect("a caller");
            }
        });
        // Spare connections are for health, which is asked for last.
        assert_eq!(server.get("/health").status, 200, "{}", abuse.name);
        let (most_memory, after) = (held.saturating_sub(idle), memory(&server).saturating_sub(idle));
        let [read50, read99] = [50, 99].map(|share| percentile(&mut reads, share));
        let [post50, post99] = [50, 99].map(|share| percentile(&mut posts, share));
        eprintln!("{:<38} {read50:>9} {read99:>9} {post50:>9} {post99:>9} {most_memory:>6} {after:>6}", abuse.name);
        if read99 >= most || post99 >= most || most_memory >= MOST_MEMORY {
            wrong.push(abuse.name);
        }
    }
    assert!(wrong.is_empty(), "beyond {most} ms or {MOST_MEMORY} MiB beside: {wrong:?}");
    server.settle();
    assert_eq!(server.stop(), 0);
    assert_eq!(home.run(&["rebuild", "--verify"]).exits(0).code, 0);
}
