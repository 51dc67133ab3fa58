//! `onefold connector remap` and `ingest --remap`: what an older mapping made, made anew.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::Timestamp;
use onefold_connect::{FileState, IngestReport, Input, RemapTo, remap_files, remap_topics};
use onefold_door::DoorForecast;
use onefold_event::Micros;
use onefold_log::Log;
use onefold_mapping::Connector;
use onefold_store::IntakeStore;

use crate::args::Globals;
use crate::command::ingest::{explain_error, show_progress, wait_folded};
use crate::engine::{HubAccess, HubEngine};
use crate::hub::RunningHub;
use crate::out::OutputWriter;
use crate::render::render_remap;
use crate::{FAILED, QUARANTINED, connector, progress};

/// What is read again.
enum RemapSource<'s> {
    Files(&'s [Input]),
    /// What the hub keeps, from this time on.
    Kept(Option<Micros>),
}

/// `onefold connector remap`.
pub(crate) async fn remap_kept(name: &Path, since: Option<&str>, dry_run: bool, globals: &Globals) -> Result<ExitCode> {
    let connector = match name.is_file() {
        true => connector::load_connector(name)?,
        false => connector::find_by_name(&globals.settings.connect.files, &name.to_string_lossy())?,
    };
    let since = since.map(|text| read_since(text, globals)).transpose()?;
    remap(&connector, &RemapSource::Kept(since), dry_run, globals).await
}

/// `onefold ingest --remap`.
pub(crate) async fn remap_inputs(
    connector: &Connector,
    inputs: &[Input],
    dry_run: bool,
    globals: &Globals,
) -> Result<ExitCode> {
    remap(connector, &RemapSource::Files(inputs), dry_run, globals).await
}

async fn remap(connector: &Connector, source: &RemapSource<'_>, dry_run: bool, globals: &Globals) -> Result<ExitCode> {
    let report =
        if dry_run { rehearse(connector, source, globals).await? } else { write(connector, source, globals).await? };
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&report)?;
    } else {
        out.write_line(render_remap(&report, dry_run))?;
    }
    out.finish()?;
    Ok(remap_code(&report))
}

/// Beside whoever writes; nothing is held.
async fn rehearse(connector: &Connector, source: &RemapSource<'_>, globals: &Globals) -> Result<IngestReport> {
    let HubEngine { log, store, key, .. } = HubEngine::open(globals, HubAccess::Read).await?;
    let key = key.context("the hub's key cannot be read")?;
    let (known, limits) = (Arc::clone(&store) as _, globals.settings.limits);
    let forecast = DoorForecast::of_hub(Arc::clone(&log), known, store.as_ref(), key, limits).await?;
    let to = RemapTo::Nowhere(Box::new(forecast));
    read_again(connector, source, (log.as_ref(), store.as_ref() as _), to).await
}

async fn write(connector: &Connector, source: &RemapSource<'_>, globals: &Globals) -> Result<IngestReport> {
    let hub = RunningHub::open(globals).await?;
    let done = write_to(&hub, connector, source).await;
    // Closed before a failure is told, so that what was acknowledged is projected as far as it can be.
    let closed = hub.close().await;
    let report = done?;
    closed?;
    Ok(report)
}

async fn write_to(hub: &RunningHub, connector: &Connector, source: &RemapSource<'_>) -> Result<IngestReport> {
    // The door knows versions by what is projected.
    wait_folded(hub).await?;
    let to = RemapTo::Hub(hub.door()?, hub.store.as_ref());
    let report = read_again(connector, source, (hub.log.as_ref(), hub.store.as_ref() as _), to).await?;
    wait_folded(hub).await?;
    Ok(report)
}

/// Reads files, or what the hub keeps, with a bar.
async fn read_again(
    connector: &Connector,
    source: &RemapSource<'_>,
    kept: (&dyn Log, &dyn IntakeStore),
    to: RemapTo<'_>,
) -> Result<IngestReport> {
    let bar = progress::byte_bar(0, "reading again");
    let tell = |at| show_progress(&bar, at);
    let report = match source {
        RemapSource::Files(inputs) => remap_files(connector, inputs, kept.0, to, &tell).await,
        RemapSource::Kept(since) => remap_topics(connector, kept, *since, to, &tell).await,
    };
    bar.finish_and_clear();
    report.map_err(explain_error)
}

/// Failed where an input was not read to its end; done, with something left that a person has to see, or without.
fn remap_code(report: &IngestReport) -> ExitCode {
    if report.files.iter().any(|file| file.state != FileState::Complete) {
        return ExitCode::from(FAILED);
    }
    let of_remap = report.remap.as_ref().map_or(0, |remap| {
        remap.unmoved + remap.left + remap.originals.as_ref().map_or(0, |originals| originals.unkept)
    });
    let stays = report.quarantined + report.conflicts + report.older_mapping + of_remap;
    if stays > 0 { ExitCode::from(QUARANTINED) } else { ExitCode::SUCCESS }
}

/// A day, which begins in the hub's zone, or an instant with its offset.
fn read_since(text: &str, globals: &Globals) -> Result<Micros> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant.as_microsecond());
    }
    let expected = || {
        format!("--since {text}: expected a day such as 2026-03-09, or an instant such as 2026-03-09T08:00:00+01:00")
    };
    let day: jiff::civil::Date = text.parse().with_context(expected)?;
    Ok(day.to_zoned(globals.zone()?).with_context(expected)?.timestamp().as_microsecond())
}
