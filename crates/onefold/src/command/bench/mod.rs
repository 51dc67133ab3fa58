//! `onefold bench`: what the hub does on this machine, over the real log, store and stages, with its conditions printed.

mod cpu;
mod live;
mod measure;
mod read;
mod rebuild;
mod rig;
mod unmerge;
mod workload;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{BenchArgs, BenchWhat, Globals};

/// Runs one benchmark on a hub of its own, which it removes.
pub(crate) async fn run(args: BenchArgs, globals: Globals) -> Result<ExitCode> {
    let rig = rig::Rig::new(&globals, &args).await?;
    let report = match args.what {
        BenchWhat::Live => live::run(&rig).await,
        BenchWhat::Rebuild => rebuild::run(&rig).await,
        BenchWhat::Read => read::run(&rig).await,
        BenchWhat::Unmerge => unmerge::run(&rig).await,
    };
    // Removed whatever came of it.
    let closed = rig.close().await;
    measure::print(&report?, globals.json);
    closed?;
    Ok(ExitCode::SUCCESS)
}
