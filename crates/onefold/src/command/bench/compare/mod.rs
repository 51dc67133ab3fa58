//! `onefold bench compare`: this program and another one in turns on the same work.

mod figures;
mod program;
mod table;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use serde::Serialize;

use crate::args::{CompareArgs, Globals};
use crate::out::OutputWriter;
use crate::{progress, shutdown};
use figures::{ComparedBench, RoundFigures, compare_rounds};
use program::CompareWork;

/// What was compared, as it is printed.
#[derive(Debug, Serialize)]
struct Comparison {
    this: PathBuf,
    other: PathBuf,
    /// Rounds that were run to their end.
    rounds: usize,
    benches: Vec<ComparedBench>,
}

/// Runs both programs in rounds and prints what both printed. Asked to stop, it tells of the rounds that are whole.
pub(crate) async fn run(args: CompareArgs, globals: Globals) -> Result<ExitCode> {
    let this = std::env::current_exe().context("where this program stands")?;
    let work = CompareWork::new(command_words(&args, &globals)?, &globals, Duration::from_secs(args.timeout));
    let stop = shutdown::shutdown_requested()?;
    tokio::pin!(stop);
    let bar = progress::count_bar(u64::from(args.rounds) * 2, "runs");
    let mut rounds = Vec::new();
    for round in 0..args.rounds {
        let run_both = async {
            // The other one first, so that what is wrong with it is told at once.
            let first = if round % 2 == 0 { &args.with } else { &this };
            let second = if round % 2 == 0 { &this } else { &args.with };
            let first = work.run(first).await?;
            bar.inc(1);
            let second = work.run(second).await?;
            bar.inc(1);
            let (this, other) = if round % 2 == 0 { (second, first) } else { (first, second) };
            anyhow::Ok(RoundFigures { this, other })
        };
        let done = tokio::select! {
            () = &mut stop => None,
            done = run_both => Some(done),
        };
        match done {
            Some(done) => rounds.push(done.with_context(|| format!("round {} of {}", round + 1, args.rounds))?),
            None => break,
        }
    }
    bar.finish_and_clear();
    ensure!(!rounds.is_empty(), "asked to stop before a round was whole: nothing is compared");
    let is_whole = rounds.len() == args.rounds as usize;
    let comparison = Comparison { this, other: args.with, rounds: rounds.len(), benches: compare_rounds(&rounds) };
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&comparison)?;
    } else {
        out.write_line(table::render_comparison(&comparison))?;
    }
    out.finish()?;
    ensure!(is_whole, "asked to stop after {} of {} rounds", rounds.len(), args.rounds);
    if comparison.benches.iter().all(|bench| bench.figures.is_empty()) {
        bail!("no figure was printed by both programs: compare builds that know the same benches");
    }
    Ok(ExitCode::SUCCESS)
}

/// What both programs are given. Options that are as they are by default are left out, since an earlier build may not know them.
fn command_words(args: &CompareArgs, globals: &Globals) -> Result<Vec<OsString>> {
    let mut words: Vec<OsString> = vec!["bench".into()];
    for (n, what) in args.what.iter().enumerate() {
        let name = what.to_possible_value().context("a bench without a name")?;
        ensure!(!args.what.iter().take(n).any(|before| before == what), "{} is named twice", name.get_name());
        words.push(name.get_name().into());
    }
    let sizes = &args.sizes;
    let mut option = |name: &str, value: String| words.extend([name.into(), value.into()]);
    option("--events", sizes.events.to_string());
    option("--customers", sizes.customers.to_string());
    if sizes.rate != 10_000 {
        option("--rate", sizes.rate.to_string());
    }
    if sizes.projectors != 1 {
        option("--projectors", sizes.projectors.to_string());
    }
    if let Some(partitions) = globals.partitions {
        option("--partitions", partitions.to_string());
    }
    if sizes.hot {
        words.push("--hot".into());
    }
    words.push("--json".into());
    Ok(words)
}
