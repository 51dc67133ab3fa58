//! SIGKILL at each commit border and at random moments, again and again while a company is taken in: what is there when
//! it is finished is what an undisturbed run leaves.
//!
//! 50 kills unless `ONEFOLD_KILLS` says otherwise, from the seed in `ONEFOLD_KILL_SEED` (1); where each landed is printed:
//! `cargo test -p onefold --test kills -- --nocapture`

#[path = "../e2e/harness.rs"]
mod harness;

use std::collections::{BTreeMap, VecDeque};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use harness::{Home, connector, party};
use onefold_simulator::{CompanySettings, ExportFeed, SimulationSummary, simulate};
use onefold_testkit::{Dice, asked};
use serde_json::Value;

/// On both sides of each commit that an ingest makes.
const BORDERS: [&str; 11] = [
    "door.before_append",
    "log.append.before_commit",
    "log.append.after_commit",
    "door.after_append",
    "ingest.after_quarantine",
    "project.before_commit",
    "project.after_commit",
    "resolve.before_commit",
    "resolve.after_commit",
    "assemble.before_commit",
    "assemble.after_commit",
];
const SIGKILL: i32 = 9;

/// When to kill.
#[derive(Debug, Clone, Copy)]
enum Plan {
    /// At a border, after so many passes.
    Border(&'static str, u64),
    /// After a share of the time that the feed took undisturbed, in thousandths.
    Moment(u64),
}

/// Every other one at a border, each border in turn.
fn plans(kills: u64, dice: &mut Dice) -> VecDeque<Plan> {
    let mut borders = BORDERS.iter().cycle();
    let mut plan = |n: u64| match borders.next().filter(|_| n % 3 != 2) {
        Some(border) => Plan::Border(border, dice.below(3)),
        None => Plan::Moment(dice.below(1000)),
    };
    (0..kills).map(&mut plan).collect()
}

fn ingest(home: &Home, feed: &ExportFeed) -> Command {
    let (connector, path) = (connector(feed.connector), feed.path.display().to_string());
    let mut command = home.command(&["ingest", "--json", "--connector", &connector, &path]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a feed under a plan; says where the kill landed, if it did.
fn run(home: &Home, feed: &ExportFeed, plan: Plan, whole: Duration) -> (Output, Option<String>) {
    let mut command = ingest(home, feed);
    let (output, place) = match plan {
        Plan::Border(border, passes) => {
            let output = command.env("ONEFOLD_FAILPOINTS", format!("{border}={passes}*off->kill")).output();
            (output, format!("{border} after {passes}"))
        }
        Plan::Moment(share) => {
            let moment = whole.mul_f64(share as f64 / 1000.0);
            let mut child = command.spawn().expect("the program starts");
            std::thread::sleep(moment);
            // It may be done already.
            let _ = child.kill();
            (child.wait_with_output(), format!("{} of {} ms", moment.as_millis(), whole.as_millis()))
        }
    };
    let output = output.expect("the program ends");
    let landed = (output.status.signal() == Some(SIGKILL)).then_some(place);
    (output, landed)
}

fn done(output: &Output, what: &str) {
    let code = output.status.code();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(code, Some(0 | 3)), "{what} ended with {code:?}: {said}");
}

/// What must be the same, however it came about.
fn outcome(home: &Home) -> Value {
    let mut status = home.run(&["status", "--json"]).exits(0).json();
    assert_eq!(status["lag"], 0, "{status}");
    let verified = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
    assert_eq!(verified["live_digest"], verified["rebuilt_digest"]);
    let held = home.run(&["quarantine", "list", "--json"]).exits(0).lines();
    let mut records: Vec<String> = held.iter().map(|entry| format!("{} {}", entry["key"], entry["raw"])).collect();
    records.sort_unstable();
    status["held"] = records.into();
    status
}

/// What the log and the views hold after a kill.
fn stands(home: &Home) -> String {
    if !home.data().join("views.db").exists() {
        return "before there was a read model".to_owned();
    }
    let answer = home.run(&["status", "--json"]);
    if answer.code != 0 {
        return answer.err.trim().to_owned();
    }
    let status = answer.json();
    format!("{} events in the log, {} things to do for the views", status["events"], status["lag"])
}

fn undisturbed(summary: &SimulationSummary) -> (Value, Vec<Duration>) {
    let home = Home::new();
    let mut times = Vec::new();
    for feed in &summary.feeds {
        let began = Instant::now();
        done(&ingest(&home, feed).output().expect("the program starts"), feed.connector);
        times.push(began.elapsed());
    }
    (outcome(&home), times)
}

#[test]
fn however_often_it_is_killed_what_is_finished_is_what_an_undisturbed_run_leaves() {
    let (kills, mut dice) = (asked("ONEFOLD_KILLS", 50), Dice::new(asked("ONEFOLD_KILL_SEED", 1)));
    let company = Home::new();
    let settings = CompanySettings { customers: 60, ..CompanySettings::default() };
    let summary = simulate(&company.path("company"), &settings).expect("a company");
    let (wanted, times) = undisturbed(&summary);

    let mut plans = plans(kills, &mut dice);
    let mut landed: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut count, mut hubs) = (0, 0);
    while !plans.is_empty() {
        let home = Home::new();
        hubs += 1;
        assert!(hubs <= kills.max(20), "{} kills never land: {plans:?}", plans.len());
        for (feed, whole) in summary.feeds.iter().zip(&times) {
            // Up to three kills in one feed, each on what the last one left behind.
            for _ in 0..3 {
                let Some(plan) = plans.pop_front() else { break };
                let (output, place) = run(&home, feed, plan, *whole);
                if let Some(place) = place {
                    count += 1;
                    *landed
                        .entry(if let Plan::Border(border, _) = plan { border } else { "any moment" })
                        .or_default() += 1;
                    eprintln!("kill {count}: {} at {place}: {}", feed.connector, stands(&home));
                    continue;
                }
                done(&output, feed.connector);
                // Not so often as that in this feed, or not so long: sooner in a later one.
                plans.push_back(match plan {
                    Plan::Border(border, passes) => Plan::Border(border, passes / 2),
                    Plan::Moment(share) => Plan::Moment(share / 2),
                });
                break;
            }
            done(&ingest(&home, feed).output().expect("the program starts"), feed.connector);
        }
        assert_eq!(outcome(&home), wanted, "hub {hubs}");
    }
    eprintln!("{count} kills over {hubs} hubs, all as undisturbed: {landed:?}");
    assert_eq!(count, kills);
    assert!(kills < 50 || BORDERS.iter().all(|border| landed.contains_key(border)), "{landed:?}");
}

/// Posts one party; none where nobody answers any more.
fn post(url: &str, number: u32) -> Option<String> {
    let body = party(&format!("erp:K{number}"), "王伟", &[]).to_string();
    let request = ureq::post(format!("{url}/v1/events")).header("content-type", "application/cloudevents+json");
    let mut answer = request.send(body.as_bytes()).ok()?;
    let text = answer.body_mut().read_to_string().ok()?;
    let reply: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    Some(reply["events"][0]["status"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned())
}

#[test]
fn every_event_that_was_acknowledged_is_there_after_a_kill() {
    for border in BORDERS.iter().filter(|border| border.starts_with("door") || border.starts_with("log")) {
        let home = Home::new();
        let server = home.serve_with(&[], &[("ONEFOLD_FAILPOINTS", &format!("{border}=7*off->kill"))]);
        let acknowledged: Vec<u32> =
            (1..=20).take_while(|n| post(&server.url, *n).as_deref() == Some("accepted")).collect();
        assert!((1..20).contains(&acknowledged.len()), "{border} killed after {} events", acknowledged.len());
        drop(server);

        let server = home.serve();
        for number in &acknowledged {
            server.until(&format!("/v1/customers/party:erp:K{number}"), |reply| reply.status == 200);
            assert_eq!(post(&server.url, *number).as_deref(), Some("duplicate"), "{border}, event {number}");
        }
        // Whoever got no answer asks again, and it is there once.
        let next = acknowledged.len() as u32 + 1;
        assert!(matches!(post(&server.url, next).as_deref(), Some("accepted" | "duplicate")), "{border}");
        assert_eq!(server.stop(), 0);
        let status = home.run(&["status", "--json"]).exits(0).json();
        assert_eq!(
            (status["events"].as_u64(), status["customers"].as_u64()),
            (Some(next.into()), Some(next.into())),
            "{border}"
        );
        home.run(&["rebuild", "--verify"]).exits(0);
    }
}

/// Invoices whose days are read in one of these forms.
fn invoices_connector(home: &Home, day: &str) -> String {
    let text = format!(
        r#"
[connector]
name = "invoices"
source = "erp"
[from]
kind = "file"
[read]
format = "csv"
group_by = ["No"]
[assume]
zone = "UTC"
date = "{day}"
number = "1234.56"
currency = "EUR"
[event.invoice]
type = "finance.invoice_issued.v1"
subject = "No"
id = ["No"]
occurred_at = {{ from = "Day", at = "00:00" }}
[event.invoice.refs]
bill_to = "Customer"
[event.invoice.set]
issued_on = "Day"
total = {{ from = "Amount", pick = "sum" }}
"#
    );
    home.file(&format!("{}.toml", day.len()), text)
}

/// Three pages of a retry, so that each kill below finds one that is not taken in, or not closed, yet.
const KEPT: u64 = 6_000;

#[test]
fn a_retry_that_is_killed_at_a_border_loses_no_entry_and_doubles_no_event() {
    // Each with the passes after which it kills.
    const RETRY_BORDERS: [(&str, u64); 6] = [
        ("door.before_append", 1),
        ("log.append.before_commit", 0),
        ("log.append.after_commit", 0),
        ("door.after_append", 0),
        ("retry.before_decide", 1),
        ("retry.after_decide", 0),
    ];
    let home = Home::new();
    let (wrong, mended) = (invoices_connector(&home, "yyyy-MM-dd"), invoices_connector(&home, "d.M.yyyy"));
    let mut rows = String::from("No,Customer,Day,Amount\n");
    (0..KEPT)
        .for_each(|n| rows.push_str(&format!("I{n},K{},09.03.2026,1.50\nI{n},K{},09.03.2026,2.00\n", n % 90, n % 90)));
    // One stays, whatever happens.
    rows.push_str("bad,K1,32.13.2026,1.00\n");
    let file = home.file("invoices.csv", rows);
    home.run(&["ingest", "--connector", &wrong, &file]).exits(3);
    let counts = || {
        let status = home.run(&["status", "--json"]).exits(0).json();
        let count = |name: &str| status[name].as_u64().unwrap_or_else(|| panic!("{status}"));
        (KEPT + 1 - count("quarantined"), count("events"))
    };
    let mut before = 0;
    for (border, passes) in RETRY_BORDERS {
        let mut command = home.command(&["quarantine", "retry", "--connector", &mended]);
        let output = command.env("ONEFOLD_FAILPOINTS", format!("{border}={passes}*off->kill")).output().unwrap();
        assert_eq!(
            output.status.signal(),
            Some(SIGKILL),
            "{border} after {passes}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let (closed, events) = counts();
        eprintln!("{border} after {passes}: {closed} entries closed, {events} events");
        assert!((before..=events).contains(&closed) && events <= KEPT, "{border} after {passes}: {closed}, {events}");
        before = closed;
    }
    home.run(&["quarantine", "retry", "--connector", &mended]).exits(3).tells(&["1 still in quarantine"]);
    assert_eq!(counts(), (KEPT, KEPT));
    home.run(&["rebuild", "--verify"]).exits(0);
}
