#![doc = include_str!("../README.md")]

mod args;
mod books;
mod command;
mod config;
mod connector;
mod data;
mod descriptors;
mod engine;
mod failpoints;
mod hub;
mod log_watch;
mod manifest;
mod out;
mod past;
mod progress;
mod rebuilding;
mod render;
mod sealing;
mod shutdown;
mod telemetry;
mod wal;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use onefold_service::{ErrorCode, ServiceError};

use crate::args::{Cli, Command};
use crate::out::OutputWriter;

/// Folding allocates small things by the million: a quarter faster than with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit code of a failure.
pub(crate) const FAILED: u8 = 1;
/// Exit code of wrong use; clap gives the same.
const WRONG_USE: u8 = 2;
/// Exit code of something done with records quarantined, or events left as another mapping made them.
pub(crate) const QUARANTINED: u8 = 3;

/// Exit code of a log or a pack that is not what was sealed.
pub(crate) const NOT_AS_SEALED: u8 = 4;

/// How long what still works in the background may take to end when the command has.
const LAST: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    // What it writes holds personal data: for its owner alone, whatever the shell says.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let cli = Cli::parse();
    telemetry::set_up(matches!(cli.command, Command::Run(_)));
    let json = cli.globals.json;
    match run_command(cli) {
        Ok(code) => code,
        Err(error) if out::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => report_error(&error, json),
    }
}

fn run_command(mut cli: Cli) -> Result<ExitCode> {
    cli.globals.configure()?;
    render::show_in(cli.globals.settings.hub.time_zone()?);
    failpoints::set_up()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime cannot be started")?;
    let done = runtime.block_on(async {
        // Beyond a file size limit the system kills whoever does not listen; so a write fails instead, and is told of.
        let beyond_limit = tokio::signal::unix::SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
        drop(tokio::signal::unix::signal(beyond_limit)?);
        command::run(cli).await
    });
    // What is still at work has been waited for as long as it was worth; it holds nothing that is not in the log.
    runtime.shutdown_timeout(LAST);
    done
}

/// One clear message; with JSON asked for, what the service refused as an object too.
fn report_error(error: &anyhow::Error, json: bool) -> ExitCode {
    let refused = error.downcast_ref::<ServiceError>();
    if let (Some(refused), true) = (refused, json) {
        let body =
            serde_json::json!({ "code": refused.code, "message": refused.message, "customers": refused.customers });
        let mut out = OutputWriter::open();
        // The exit code says it too, should nobody read this.
        let _ = out.write_json(&body).and_then(|()| out.finish());
    }
    eprintln!("onefold: {error:#}");
    match refused.map(|refused| refused.code) {
        Some(ErrorCode::Invalid) => ExitCode::from(WRONG_USE),
        _ => ExitCode::from(FAILED),
    }
}
