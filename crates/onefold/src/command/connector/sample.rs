//! `onefold connector try` and `ingest --dry-run`: what a connector makes of a sample.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use onefold_connect::{Input, SampleOptions, SampleReport, try_sample};
use onefold_door::DoorForecast;
use serde::Serialize;

use crate::args::{Globals, SampleArgs};
use crate::command::connector::accept::{AcceptedTest, TestTarget};
use crate::command::ingest::{explain_error, report_code, show_progress};
use crate::engine::{HubAccess, HubEngine};
use crate::out::OutputWriter;
use crate::render::{PageStyle, render_html, render_sample};
use crate::{FAILED, connector, progress};

/// Shows what becomes of samples; with a name the one record that is shown becomes the connector file's test of that name.
pub(crate) async fn try_samples(
    file: &Path,
    samples: &[PathBuf],
    (shown, accept): (&SampleArgs, Option<&str>),
    globals: &Globals,
) -> Result<ExitCode> {
    if shown.html && globals.json {
        bail!("--html and --json print one report in two forms: name one of them");
    }
    let connector = connector::load_connector(file)?;
    // Before a sample is read, which may be large.
    let accept = accept.map(|name| TestTarget::open(file, &connector, name)).transpose()?;
    let paths: Vec<String> = samples.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let inputs = Input::expand(&paths)?;
    let forecast = open_forecast(globals).await?;
    let bar = progress::byte_bar(0, "reading");
    let options = SampleOptions { drafts_test: accept.is_some(), ..shown.options() };
    let report = try_sample(&connector, &inputs, forecast, options, &|at| show_progress(&bar, at)).await;
    bar.finish_and_clear();
    let report = report.map_err(explain_error)?;
    let accepted = accept.map(|target| target.add(&report)).transpose()?;
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&TriedSample { report: &report, accepted: accepted.as_ref() })?;
    } else if shown.html {
        out.write_line(render_html(&report))?;
    } else {
        let style = PageStyle::of_output(out.is_terminal());
        out.write_line(render_sample(&report, &style))?;
        if let Some(accepted) = &accepted {
            out.write_line(format!("\n{}", accepted.to_text()))?;
        }
    }
    out.finish()?;
    Ok(exit_code(&report))
}

/// The report as JSON, and which test was added.
#[derive(Debug, Serialize)]
struct TriedSample<'r> {
    #[serde(flatten)]
    report: &'r SampleReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<&'r AcceptedTest>,
}

/// As of an ingest; a connector that fails its own tests would take nothing in.
fn exit_code(report: &SampleReport) -> ExitCode {
    if report.failed_tests.is_empty() { report_code(&report.counts) } else { ExitCode::from(FAILED) }
}

/// What the hub in a directory knows, read beside whoever writes. A hub on servers is not asked, since that would need the network;
/// one that is not there yet knows nothing.
async fn open_forecast(globals: &Globals) -> Result<DoorForecast> {
    let limits = globals.settings.limits;
    let directory = &globals.settings.hub.data;
    if globals.settings.is_distributed() || directory.as_os_str().is_empty() || !directory.exists() {
        return Ok(DoorForecast::of_nothing(limits));
    }
    // For reading: beside a hub that runs, and without a lock.
    let HubEngine { log, store, key, .. } = HubEngine::open(globals, HubAccess::Read).await?;
    let key = key.with_context(|| format!("the key of {} cannot be read", directory.display()))?;
    let known = Arc::clone(&store) as _;
    let forecast = DoorForecast::of_hub(log, known, store.as_ref(), key, limits).await;
    forecast.with_context(|| format!("what {} knows cannot be looked up", directory.display()))
}
