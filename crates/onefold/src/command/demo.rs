//! `onefold demo`: a company in a box, taken in, checked against its own books, shown and served.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use onefold_connect::Input;
use onefold_console::ConsoleOptions;
use onefold_log::EVENTS_TOPIC;
use onefold_service::{CustomerReference, HubStatus, Shown, day_number};
use onefold_simulator::{CompanySettings, ExportFeed, SimulationSummary, simulate};
use serde::Serialize;
use tokio::net::TcpListener;

use crate::args::{DemoArgs, Globals};
use crate::command::{ingest, serve};
use crate::config::HubRole;
use crate::data::{DEMO, DataDir};
use crate::hub::RunningHub;
use crate::out::OutputWriter;
use crate::render::{self, amount_text};
use crate::{books, connector};

/// Where the demo lives unless it is told otherwise.
const DEFAULT: &str = "onefold-demo";

/// Records taken in, added up over all feeds.
#[derive(Debug, Default, Serialize)]
struct IngestTotals {
    records: u64,
    lines: u64,
    events: u64,
    accepted: u64,
    duplicates: u64,
    conflicts: u64,
    skipped: u64,
    quarantined: u64,
    seconds: f64,
}

pub(crate) async fn run(args: DemoArgs, mut globals: Globals) -> Result<ExitCode> {
    let path = globals.data_directory().map_or_else(|_| PathBuf::from(DEFAULT), Path::to_owned);
    if !globals.settings.is_distributed() {
        globals = globals.in_directory(path.clone());
    }
    // What may be refused comes first: nothing is recreated for a port that is taken.
    let listener = if args.no_serve { None } else { Some(serve::bind_listener(args.listen).await?) };
    let address = listener.as_ref().map(TcpListener::local_addr).transpose()?;
    check_empty(&path)?;
    let hub = RunningHub::serve(&globals, &HubRole::ALL).await?;
    if hub.log.heads(EVENTS_TOPIC).await?.iter().any(|head| *head > 0) {
        bail!(
            "{} holds events already: the demo is checked against its own books and takes a hub of its own",
            hub.place
        );
    }
    let settings = CompanySettings { customers: args.customers, seed: args.seed, ..CompanySettings::default() };
    let day = globals.today.unwrap_or(settings.today);
    let done = show_demo(&hub, &path, &settings, day_number(day), address, globals.json).await;
    let Some(listener) = listener.filter(|_| done.is_ok()) else {
        hub.close().await?;
        return done.map(|()| ExitCode::SUCCESS);
    };
    let said = |address| {
        eprintln!(
            "\nserving on http://{address}: open it in a browser and look for 王伟, a phone or an order; Ctrl-C stops"
        );
    };
    let pages = ConsoleOptions { today: Some(day) };
    serve::serve_hub(listener, hub, crate::telemetry::install_metrics()?, pages, &globals.settings.http, &said).await
}

async fn show_demo(
    hub: &RunningHub,
    path: &Path,
    settings: &CompanySettings,
    day: i64,
    address: Option<SocketAddr>,
    json: bool,
) -> Result<()> {
    let company = path.join("simulated");
    let (began, settings_used) = (Instant::now(), settings.clone());
    let into = company.clone();
    let summary = tokio::task::spawn_blocking(move || simulate(&into, &settings_used)).await??;
    let simulated = began.elapsed();

    let taken = take_in(hub, &summary.feeds).await?;
    let status = hub.service.status().await?;
    let truth = company.join("truth");
    let totals = books::compare_totals(&truth, &status)?;
    let (customers, wrong) = books::compare_customers(&truth, &hub.service).await?;

    let mut out = OutputWriter::open();
    if json {
        let agrees = wrong.is_empty() && totals.iter().all(books::FigureComparison::agrees);
        out.write_json(
            &serde_json::json!({ "ingest": taken, "status": status, "customers_checked": customers, "agrees": agrees }),
        )?;
    } else {
        out.write_line(format!(
            "a company of {} customers, simulated in {:.1} s: {} records in {} files of five systems, {} of them corrupted on purpose",
            amount_text(&settings.customers.to_string()), simulated.as_secs_f64(), amount_text(&summary.records.to_string()), summary.feeds.len(), summary.corrupted
        ))?;
        out.write_line(format!(
            "taken in within {:.1} s: {} events accepted, {} known already, {} skipped as drafts, {} in quarantine, {} conflicts\n",
            taken.seconds, amount_text(&taken.accepted.to_string()), taken.duplicates, taken.skipped, taken.quarantined, taken.conflicts
        ))?;
        compare_books(&mut out, &status, &totals, customers, &wrong)?;
        show_two(&mut out, hub, &summary, day).await?;
        print_next_steps(&mut out, path, settings, &summary, address)?;
    }
    out.finish()
}

/// All feeds, the files of one connector together.
async fn take_in(hub: &RunningHub, feeds: &[ExportFeed]) -> Result<IngestTotals> {
    let began = Instant::now();
    let mut order: Vec<&'static str> = Vec::new();
    feeds.iter().for_each(|feed| {
        if !order.contains(&feed.connector) {
            order.push(feed.connector)
        }
    });
    let mut taken = IngestTotals::default();
    for name in order {
        let connector = connector::compiled_in(name)?;
        let inputs: Vec<Input> =
            feeds.iter().filter(|feed| feed.connector == name).map(|feed| Input::File(feed.path.clone())).collect();
        let report = ingest::take_in(hub, &connector, &inputs, name).await?;
        taken.records += report.records;
        taken.lines += report.lines;
        taken.events += report.events;
        taken.accepted += report.accepted;
        taken.duplicates += report.duplicates;
        taken.conflicts += report.conflicts;
        taken.skipped += report.skipped;
        taken.quarantined += report.quarantined;
    }
    ingest::wait_folded(hub).await?;
    taken.seconds = began.elapsed().as_secs_f64();
    Ok(taken)
}

fn compare_books(
    out: &mut OutputWriter,
    status: &HubStatus,
    totals: &[books::FigureComparison],
    customers: usize,
    wrong: &[books::FigureComparison],
) -> Result<()> {
    out.write_line(render::render_status(status))?;
    out.write_line("\nagainst the company's own books")?;
    for compared in totals {
        let verdict = if compared.agrees() { "=" } else { "DIFFERS FROM" };
        out.write_line(format!(
            "  {:<18} {} {verdict} {}",
            compared.what,
            amount_text(&compared.hub),
            amount_text(&compared.books)
        ))?;
    }
    for compared in wrong.iter().take(10) {
        out.write_line(format!("  {}: {} DIFFERS FROM {}", compared.what, compared.hub, compared.books))?;
    }
    let verdict = if wrong.is_empty() {
        "agree to the cent".to_owned()
    } else {
        format!("do not: {} figures differ", wrong.len())
    };
    out.write_line(format!("  each of {} customers: parties and money {verdict}", amount_text(&customers.to_string())))
}

/// Two customers worth looking at.
async fn show_two(out: &mut OutputWriter, hub: &RunningHub, summary: &SimulationSummary, day: i64) -> Result<()> {
    let worth = [
        (
            &summary.complaint,
            "a complaint told in full: stock looked up, a replacement released, issued, delivered, and a call after three days",
        ),
        (&summary.merged, "one customer, known to four systems under five numbers"),
    ];
    for (party, why) in worth {
        let Some(party) = party else { continue };
        let reference: CustomerReference = party.parse()?;
        if let Shown::Customer(view) = hub.service.show(&reference, Some(day)).await? {
            out.write_line(format!("\n--- {why} ---\n"))?;
            out.write_line(render::render_customer(&view))?;
        }
    }
    Ok(())
}

fn print_next_steps(
    out: &mut OutputWriter,
    path: &Path,
    settings: &CompanySettings,
    summary: &SimulationSummary,
    address: Option<SocketAddr>,
) -> Result<()> {
    // As it was called just now, so that the lines can be copied.
    let program = std::env::args().next().unwrap_or_else(|| "onefold".to_owned());
    let (data, today) = (format!("--data {}", path.display()), settings.today);
    let (merged, complaint) =
        (summary.merged.as_deref().unwrap_or_default(), summary.complaint.as_deref().unwrap_or_default());
    out.write_line(if address.is_some() { "\ntry next, beside this process" } else { "\ntry next" })?;
    out.write_line(format!("  {program} events {complaint} {data}"))?;
    out.write_line(format!("  {program} show {merged} {data} --today {today} --json"))?;
    out.write_line(format!("  {program} find 王伟 {data}"))?;
    out.write_line(format!("  {program} documents --unattributed {data}"))?;
    out.write_line(format!("  {program} quarantine list {data}"))?;
    if let Some(address) = address {
        out.write_line(format!("  curl 'http://{address}/v1/customers/{complaint}?today={today}'"))?;
        out.write_line("and once it has stopped")?;
    }
    out.write_line(format!("  {program} identity separate {merged} --why 'two people after all' {data}"))?;
    out.write_line(format!("  {program} rebuild --verify {data}"))
}

/// An empty directory for the demo; one of an earlier demo is emptied, any other is left alone.
fn check_empty(path: &Path) -> Result<()> {
    let told = || format!("the demo directory {} cannot be made", path.display());
    if path.is_dir() && fs::read_dir(path).with_context(told)?.next().is_some() {
        if !path.join(DEMO).exists() {
            bail!(
                "{} holds something that is no demo: it is left alone; name another directory with --data",
                path.display()
            );
        }
        if let Ok(earlier) = DataDir::open(path) {
            // Nobody may be at work in it; from here to its removal nobody begins either, since the lock is held.
            let _lock = earlier.lock_writer()?;
            fs::remove_dir_all(path).with_context(told)?;
        } else {
            fs::remove_dir_all(path).with_context(told)?;
        }
    }
    fs::create_dir_all(path).with_context(told)?;
    fs::write(path.join(DEMO), "made by `onefold demo`, which empties it when it runs again\n").with_context(told)
}
