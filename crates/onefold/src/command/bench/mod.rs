//! `onefold bench`: what the hub does on this machine, over the real log, store and stages, with its conditions printed.

mod compare;
mod cpu;
mod hooks;
mod intake;
mod large;
mod live;
mod measure;
mod past;
mod publish;
mod read;
mod rebuild;
mod retry;
mod rig;
mod seal;
mod unmerge;
mod watch;
mod workload;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{BenchArgs, BenchCommand, BenchWhat, Globals};

/// Runs benchmarks on a hub of its own, which it removes; or has two programs run them.
pub(crate) async fn run(args: BenchArgs, globals: Globals) -> Result<ExitCode> {
    if let Some(BenchCommand::Compare(args)) = args.command {
        return compare::run(args, globals).await;
    }
    let mut rig = rig::BenchRig::new(&globals, &args.sizes).await?;
    let measured = run_all(&args.what, &mut rig, globals.json).await;
    // Removed whatever came of it.
    let closed = rig.close().await;
    measured.and(closed)?;
    Ok(ExitCode::SUCCESS)
}

async fn run_all(what: &[BenchWhat], rig: &mut rig::BenchRig, json: bool) -> Result<()> {
    for what in what {
        let report = match what {
            BenchWhat::Live => live::run(rig).await,
            BenchWhat::Rebuild => rebuild::run(rig).await,
            BenchWhat::Read => read::run(rig).await,
            BenchWhat::Unmerge => unmerge::run(rig).await,
            BenchWhat::Hooks => hooks::run(rig).await,
            BenchWhat::Intake => intake::run(rig).await,
            BenchWhat::Large => large::run(rig).await,
            BenchWhat::Past => past::run(rig).await,
            BenchWhat::Publish => publish::run(rig).await,
            BenchWhat::Retry => retry::run(rig).await,
            BenchWhat::Seal => seal::run(rig).await,
            BenchWhat::Watch => watch::run(rig).await,
        };
        measure::print_report(&report?, json);
    }
    Ok(())
}
