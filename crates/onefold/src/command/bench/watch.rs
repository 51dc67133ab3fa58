//! A directory that is watched: how long it takes to begin with 10,000 files, and again once all were read; then one large file, read
//! and mapped alone, and taken in. Its mapping fills twelve fields.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};
use onefold_connect::{FileWatch, Input, WatchOptions, rehearse, summarise_source};
use onefold_mapping::Connector;
use onefold_stage::{Stage, StepProgress};
use tempfile::TempDir;

use super::measure::{BenchReport, forget_peak_memory, memory_mib, peak_memory_mib};
use super::rig::BenchRig;
use super::workload::customer_number;

const FILES: u64 = 10_000;
/// Twelve fields of the event, `occurred_at` and the references among them.
const CONNECTOR: &str = include_str!("watch.toml");
const HEADING: &str = "No,Customer,Order,Mail,Day,Due,Name,Amount,Product,Note,Pieces\n";

pub(crate) async fn run(rig: &mut BenchRig) -> Result<BenchReport> {
    let mut report = rig.new_report("watch");
    rig.record_customers().await?;
    let place = TempDir::new().context("a directory to watch")?;
    begin_small(rig, place.path(), &mut report).await?;
    read_large(rig, place.path(), &mut report).await?;
    rig.caught_up().await?;
    Ok(report)
}

/// The directory of small files.
async fn begin_small(rig: &BenchRig, place: &Path, report: &mut BenchReport) -> Result<()> {
    let directory = place.join("small");
    std::fs::create_dir(&directory)?;
    for n in 0..FILES {
        let mut text = HEADING.to_owned();
        write_row(&mut text, rig, n)?;
        std::fs::write(directory.join(format!("{n}.csv")), text)?;
    }
    let connector = make_connector("small", &directory)?;
    report.put_figure("files", FILES);
    for begun in ["start_ms", "start_again_ms"] {
        let (began, mut watch) = (Instant::now(), open_watch(rig, &connector)?);
        // Until the first records are in, or nothing is left to be read.
        while let StepProgress::Worked(0) = watch.step().await? {}
        report.put_figure(begun, began.elapsed().as_millis() as u64);
        drain(rig, &mut watch, &connector, FILES).await?;
        if begun == "start_ms" {
            report.put_rate("files_per_second", FILES, began.elapsed());
        }
    }
    Ok(())
}

/// One file of as many records as there are events.
async fn read_large(rig: &BenchRig, place: &Path, report: &mut BenchReport) -> Result<()> {
    let directory = place.join("large");
    std::fs::create_dir(&directory)?;
    let path = directory.join("large.csv");
    let mut to = BufWriter::new(std::fs::File::create(&path)?);
    to.write_all(HEADING.as_bytes())?;
    let mut row = String::new();
    for n in 0..rig.events {
        row.clear();
        write_row(&mut row, rig, FILES + n)?;
        to.write_all(row.as_bytes())?;
    }
    to.flush()?;
    report.put_figure("large_file_mib", path.metadata()?.len() >> 20);
    let connector = make_connector("large", &directory)?;
    forget_peak_memory();
    let (before, cpu) = (memory_mib(), rig.thread_times());
    let inputs = [Input::File(path)];
    let began = Instant::now();
    let read = rehearse(&connector, &inputs, rig.config().limits, &|_| {}).await?;
    ensure!(read.mapped == rig.events, "{} of {} records are mapped", read.mapped, rig.events);
    report.put_rate("records_mapped_per_second", rig.events, began.elapsed());
    report.put_figure("cpu_us_per_record_mapped", rig.thread_times().per_event(&cpu, rig.events));
    report.put_figure("memory_before_mib", before).put_figure("peak_memory_mapped_mib", peak_memory_mib());
    forget_peak_memory();
    let (cpu, began) = (rig.thread_times(), Instant::now());
    drain(rig, &mut open_watch(rig, &connector)?, &connector, 1).await?;
    report.put_rate("records_taken_in_per_second", rig.events, began.elapsed());
    report.put_figure("cpu_us_per_record_taken_in", rig.thread_times().per_event(&cpu, rig.events));
    report.put_figure("peak_memory_taken_in_mib", peak_memory_mib());
    Ok(())
}

/// Takes in until so many files were read to their end.
async fn drain(rig: &BenchRig, watch: &mut FileWatch, connector: &Connector, files: u64) -> Result<()> {
    loop {
        if watch.step().await? != StepProgress::Idle {
            continue;
        }
        let summary = summarise_source(rig.hub.store.as_ref(), connector.name()).await?;
        ensure!(summary.files_wrong == 0 && summary.counts.quarantined == 0, "{:?}", summary.last_problem);
        if summary.files_done == files {
            return Ok(());
        }
    }
}

fn open_watch(rig: &BenchRig, connector: &Connector) -> Result<FileWatch> {
    let store = Arc::clone(&rig.hub.store);
    let (door, options) = (rig.hub.door()?.clone(), WatchOptions { alone: !rig.config().is_distributed() });
    Ok(FileWatch::new(connector.clone(), door, Arc::clone(&store) as _, store as _, options))
}

fn make_connector(name: &str, directory: &Path) -> Result<Connector> {
    let text = CONNECTOR.replace("NAME", name).replace("PATH", &directory.to_string_lossy());
    let parsed = Connector::parse("bench.toml", &text, &|file| Err(format!("there is no file {file}")));
    parsed.map_err(|problems| anyhow!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

fn write_row(to: &mut String, rig: &BenchRig, n: u64) -> Result<()> {
    let (customer, day, cents) = (customer_number(rig.workload.any_customer(n)), n % 28 + 1, n % 100);
    writeln!(
        to,
        "W{n},{customer},O{n},k{customer}@example.com,2024-03-{day:02},2024-04-{day:02},Kunde {customer},{}.{cents:02},P-{},Ware,{}",
        n % 900,
        n % 5_000,
        n % 9 + 1
    )?;
    Ok(())
}
