//! `onefold rebuild --verify`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use onefold_audit::{Progress, Source, Verified, verify};

use crate::args::{Globals, RebuildArgs};
use crate::data::DataDir;
use crate::engine::Engine;
use crate::hub::Hub;
use crate::out::Out;
use crate::progress::bar;

/// Mismatches that are printed as text; all that are named stand in the JSON.
const SHOWN: usize = 20;

/// Folds the log again beside whoever writes, and compares. Where nobody does, live is brought to rest first.
pub(crate) async fn run(args: RebuildArgs, globals: Globals) -> Result<ExitCode> {
    let data = DataDir::open(globals.directory()?)?;
    if !data.is_written() {
        let hub = Hub::open(&globals).await?;
        hub.caught_up(&|_| {}).await?;
        hub.close().await?;
    }
    let Engine { log, store, rules, .. } = Engine::embedded_read(&data)?;
    let memory = usize::try_from(args.memory << 20).unwrap_or(usize::MAX);
    let source = Source { log, key: data.key()?, rules, memory, progress: Progress::default() };
    let bar = bar(0, "folding the log again");
    let verified = {
        let work = verify(&source, store.as_ref(), Duration::from_secs(args.wait));
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => break done?,
                () = tokio::time::sleep(Duration::from_millis(200)) => {
                    bar.set_length(source.progress.total());
                    bar.set_position(source.progress.records());
                }
            }
        }
    };
    bar.finish_and_clear();
    let mut out = Out::open();
    if globals.json {
        out.json(&verified)?;
    } else {
        out.line(text(&verified))?;
    }
    out.done()?;
    Ok(if verified.is_equal() { ExitCode::SUCCESS } else { ExitCode::from(crate::FAILED) })
}

fn text(verified: &Verified) -> String {
    let mut lines = vec![format!(
        "{} events folded again into {} customers in {:.1} s ({:.0} events/s)",
        verified.events, verified.customers, verified.seconds, verified.events_per_second
    )];
    lines.push(format!("live     {}", verified.live_digest));
    lines.push(format!("rebuilt  {}", verified.rebuilt_digest));
    if verified.is_equal() {
        lines.push("equal: every derived row is what the log says".to_owned());
        return lines.join("\n");
    }
    lines.push(format!("NOT EQUAL: {} rows are not what the log says", verified.mismatched_rows));
    for wrong in verified.mismatches.iter().take(SHOWN) {
        let customer = match (&wrong.customer, &wrong.party) {
            (Some(customer), Some(party)) => format!("customer {customer} ({party})"),
            _ => "no customer".to_owned(),
        };
        lines.push(format!("  {}: {} in {}: {customer}", wrong.what, wrong.key, wrong.table));
    }
    lines.join("\n")
}
