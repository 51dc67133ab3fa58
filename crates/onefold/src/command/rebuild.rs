//! `onefold rebuild --verify`.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use onefold_audit::{Progress, Verified, verify};
use onefold_store::VerifyStore;

use crate::args::{Globals, RebuildArgs};
use crate::engine::EVENTS;
use crate::hub::Hub;
use crate::out::Out;
use crate::progress::bar;

/// Mismatches that are printed as text; all that are named stand in the JSON.
const SHOWN: usize = 20;

/// Brings live to rest, folds the log again and compares. Needs the directory for itself, so that nothing moves meanwhile.
pub(crate) async fn run(_args: RebuildArgs, globals: Globals) -> Result<ExitCode> {
    let hub = Hub::open(&globals).await?;
    hub.caught_up(&|_| {}).await?;
    let bar = bar(hub.log.heads(EVENTS).await?.iter().sum(), "folding the log again");
    let progress = Progress::default();
    let verified = {
        let store: Arc<dyn VerifyStore> = Arc::clone(&hub.store) as _;
        let work = verify(&hub.log, &store, &hub.writer.key, &hub.rules, &progress);
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => break done?,
                () = tokio::time::sleep(std::time::Duration::from_millis(200)) => bar.set_position(progress.records()),
            }
        }
    };
    bar.finish_and_clear();
    hub.close().await?;
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
