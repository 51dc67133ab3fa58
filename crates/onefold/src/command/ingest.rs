//! `onefold ingest`: files in, and views up to date.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};
use indicatif::ProgressBar;
use onefold_connect::{FileState, IngestError, IngestProgress, IngestReport, Input};
use onefold_mapping::Connector;

use crate::args::{Globals, IngestArgs};
use crate::command::connector::{remap_inputs, try_samples};
use crate::hub::RunningHub;
use crate::out::OutputWriter;
use crate::render::RemapAdvice;
use crate::{FAILED, QUARANTINED, connector, progress, render};

pub(crate) async fn run(args: IngestArgs, globals: Globals) -> Result<ExitCode> {
    if args.remap {
        if args.sample.is_given() {
            bail!(
                "--limit (--show), --only, --field and --html show records, and a remap tells what changes: leave them out"
            );
        }
        let connector = connector::load_connector(&args.connector)?;
        return remap_inputs(&connector, &named_inputs(&args)?, args.dry_run, &globals).await;
    }
    if args.dry_run {
        return try_samples(&args.connector, &args.paths, (&args.sample, None), &globals).await;
    }
    if args.sample.is_given() {
        bail!(
            "--limit (--show), --only, --field and --html say what a rehearsal shows: add --dry-run, or leave them out"
        );
    }
    let connector = connector::load_connector(&args.connector)?;
    let inputs = named_inputs(&args)?;
    let hub = RunningHub::make(&globals).await?;
    let taken = ingest_inputs(&hub, &connector, &inputs).await;
    // Closed before a failure is told, so that what was acknowledged is projected as far as it can be.
    let closed = hub.close().await;
    let report = taken?;
    closed?;
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&report)?;
    } else {
        let advice = remap_advice(&args, &connector, &globals);
        out.write_line(format!("{}{}", render::render_report(&report), advice.lines(&report)))?;
    }
    out.finish()?;
    Ok(report_code(&report))
}

fn named_inputs(args: &IngestArgs) -> Result<Vec<Input>> {
    let paths: Vec<String> = args.paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    Ok(Input::expand(&paths)?)
}

/// The same command, as one that makes anew what an older mapping made.
fn remap_advice(args: &IngestArgs, connector: &Connector, globals: &Globals) -> RemapAdvice {
    let mut words = vec!["onefold ingest --remap".to_owned()];
    // Not the database's URL, which may hold a password.
    for (option, path) in [("--config", &globals.config), ("--data", &globals.data)] {
        words.extend(path.iter().map(|path| format!("{option} {}", quoted(path))));
    }
    words.extend(globals.kafka.iter().map(|kafka| format!("--kafka {}", quoted(Path::new(kafka)))));
    words.push(format!("--connector {}", quoted(&args.connector)));
    words.extend(args.paths.iter().map(|path| quoted(path)));
    RemapAdvice { command: words.join(" "), file: args.connector.display().to_string(), mapping: connector.mapping() }
}

/// As a shell takes it for one word.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:+,@".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Takes inputs in and waits until the views show them.
async fn ingest_inputs(hub: &RunningHub, connector: &Connector, inputs: &[Input]) -> Result<IngestReport> {
    let began = Instant::now();
    let mut report = take_in(hub, connector, inputs, "reading").await?;
    wait_folded(hub).await?;
    report.seconds = began.elapsed().as_secs_f64();
    Ok(report)
}

/// Takes inputs in; the views follow.
pub(crate) async fn take_in(
    hub: &RunningHub,
    connector: &Connector,
    inputs: &[Input],
    what: &str,
) -> Result<IngestReport> {
    let bar = progress::byte_bar(0, what);
    let report =
        onefold_connect::ingest(connector, inputs, hub.door()?, hub.store.as_ref(), &|at| show_progress(&bar, at))
            .await;
    bar.finish_and_clear();
    report.map_err(explain_error)
}

/// Waits until the views show what is in the log.
pub(crate) async fn wait_folded(hub: &RunningHub) -> Result<()> {
    let bar = progress::count_bar(0, "folding");
    let waited = hub
        .caught_up(&|behind| {
            let length = bar.length().unwrap_or(0).max(behind);
            bar.set_length(length);
            bar.set_position(length - behind);
        })
        .await;
    bar.finish_and_clear();
    waited
}

pub(crate) fn show_progress(bar: &ProgressBar, at: IngestProgress) {
    if let Some(of) = at.of_bytes {
        bar.set_length(of);
    }
    bar.set_position(at.bytes);
}

/// A mapping that fails its own tests says which, and how.
pub(crate) fn explain_error(error: IngestError) -> anyhow::Error {
    let IngestError::Tests(failed) = &error else { return anyhow!(error) };
    let mut text = error.to_string();
    for test in failed {
        text.push_str(&format!("\n\ntest \"{}\"", test.name));
        for problem in &test.problems {
            text.push_str(&format!("\n{problem}"));
        }
    }
    anyhow!(text)
}

/// Failed where an input was not read to its end, else done, with something that waits for a person or without.
pub(crate) fn report_code(report: &IngestReport) -> ExitCode {
    if report.files.iter().any(|file| file.state != FileState::Complete) {
        return ExitCode::from(FAILED);
    }
    if report.quarantined + report.conflicts + report.older_mapping > 0 {
        ExitCode::from(QUARANTINED)
    } else {
        ExitCode::SUCCESS
    }
}
