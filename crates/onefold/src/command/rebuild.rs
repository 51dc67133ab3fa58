//! `onefold rebuild`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use onefold_audit::{AuditError, ReplayProgress, ReplaySource, VerificationReport, at_rest, rebuild, verify};
use onefold_event::EmptyKeyRing;
use onefold_log::EVENTS_TOPIC;
use onefold_store::StoreError;
use serde::Serialize;

use crate::args::{Globals, RebuildArgs};
use crate::data::DataDir;
use crate::engine::{HubAccess, HubEngine};
use crate::hub::RunningHub;
use crate::log_watch;
use crate::out::OutputWriter;
use crate::progress::count_bar;
use crate::rebuilding::ViewRebuild;

/// Mismatches that are printed as text; all that are named stand in the JSON.
const SHOWN: usize = 20;

/// What a rebuild for good found and did.
#[derive(Debug, Serialize)]
struct RebuildAnswer {
    #[serde(flatten)]
    verified: VerificationReport,
    /// The new views stand in the place of the old ones.
    swapped: bool,
}

/// Folds the log again and compares, or takes what comes out for good.
pub(crate) async fn run(args: RebuildArgs, globals: Globals) -> Result<ExitCode> {
    let memory = usize::try_from(args.memory << 20).unwrap_or(usize::MAX);
    if args.verify {
        return compare_views(&args, &globals, memory).await;
    }
    match replace_views(&args, &globals, memory, false).await {
        Err(error) if args.accept && is_damage(&error) => {
            tracing::warn!("the views are damaged and cannot be compared with new ones: {error:#}");
            replace_views(&args, &globals, memory, true).await
        }
        Err(error) if is_damage(&error) => Err(error.context(
            "the views cannot be compared with new ones, since they are damaged; `onefold rebuild --accept` makes them again from \
             the log, and takes over of the old ones what can be read",
        )),
        other => other,
    }
}

/// Whether it is the views that cannot be read.
fn is_damage(error: &anyhow::Error) -> bool {
    let of_store =
        |error: &StoreError| matches!(error, StoreError::Corrupt(_) | StoreError::Engine(_) | StoreError::Absent);
    error.chain().any(|cause| match (cause.downcast_ref(), cause.downcast_ref()) {
        (Some(error), _) => of_store(error),
        (_, Some(AuditError::Store(error))) => of_store(error),
        _ => false,
    })
}

/// Beside whoever writes. Where nobody does, live is brought to rest first.
async fn compare_views(args: &RebuildArgs, globals: &Globals, memory: usize) -> Result<ExitCode> {
    if !globals.settings.is_distributed() && !DataDir::open(globals.data_directory()?)?.is_written() {
        settle_hub(globals).await?;
    }
    let HubEngine { log, store, rules, key, .. } = HubEngine::open(globals, HubAccess::Read).await?;
    if let Some(why) = log_watch::find_other(log.as_ref(), store.as_ref()).await? {
        bail!(log_watch::replaced_advice(&why));
    }
    let key = key.context("the hub's key, by which duplicates are known, cannot be read")?;
    let source =
        ReplaySource { log, key, keys: Arc::new(EmptyKeyRing), rules, memory, progress: ReplayProgress::default() };
    let verified =
        with_progress(&source.progress, verify(&source, store.as_ref(), Duration::from_secs(args.wait))).await?;
    print_answer(globals, &verified, report_text(&verified))?;
    Ok(if verified.is_equal() { ExitCode::SUCCESS } else { ExitCode::from(crate::FAILED) })
}

/// Into a file or a schema of its own, which takes the place of the old one where both say the same, or where that is
/// accepted.
async fn replace_views(args: &RebuildArgs, globals: &Globals, memory: usize, damaged: bool) -> Result<ExitCode> {
    if !damaged && ViewRebuild::is_waiting(globals).await? {
        settle_hub(globals).await?;
    }
    let rebuilding = ViewRebuild::begin_rebuild(globals, damaged).await?;
    let heads = rebuilding.log.heads(EVENTS_TOPIC).await?;
    if let (Some(why), false) = (&rebuilding.other_log, args.accept) {
        bail!(log_watch::replaced_advice(why));
    }
    let live = match &rebuilding.live {
        // Views of an older fold differ by design, and those of another log have nothing to say of this one.
        Some(_) if !rebuilding.same_fold || rebuilding.other_log.is_some() => None,
        Some(store) => Some(at_rest(store.as_ref(), Duration::from_secs(args.wait)).await?),
        None => None,
    };
    // What has projected nothing yet has nothing to compare with.
    let live = live.filter(|live| live.kept().positions.iter().any(|at| *at > 0));
    let positions = live.as_ref().map_or(heads, |live| live.kept().positions.clone());
    if live.is_some() && !rebuilding.same_rules && !args.accept {
        bail!(
            "the views were made under other rules of identity than those configured now, so that new ones will differ: \
             say --accept to have them, or put the rules back"
        );
    }
    let (log, key, rules) = (rebuilding.log.clone(), rebuilding.key.clone(), globals.settings.identity.clone());
    let source =
        ReplaySource { log, key, keys: Arc::new(EmptyKeyRing), rules, memory, progress: ReplayProgress::default() };
    let compared = live.is_some();
    let into = rebuilding.open_load(positions.len()).await?;
    let verified = with_progress(&source.progress, rebuild(&source, &positions, live, into)).await?;
    let swapped = !compared || verified.is_equal() || args.accept;
    if swapped {
        rebuilding.swap_in().await?;
    } else {
        rebuilding.discard_rows().await?;
    }
    let said = if compared { report_text(&verified) } else { folded_text(&verified) };
    let end = match swapped {
        true => "the new views stand in the place of the old ones",
        false => "NOT TAKEN: the views stay as they are; say --accept to have the new ones all the same",
    };
    print_answer(globals, &RebuildAnswer { verified, swapped }, format!("{said}\n{end}"))?;
    Ok(if swapped { ExitCode::SUCCESS } else { ExitCode::from(crate::FAILED) })
}

/// Lets live finish what it has begun.
async fn settle_hub(globals: &Globals) -> Result<()> {
    let hub = RunningHub::open(globals).await?;
    hub.caught_up(&|_| {}).await?;
    hub.close().await
}

/// Does the work while a bar shows how far it is.
async fn with_progress<T, E>(progress: &ReplayProgress, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let bar = count_bar(0, "folding the log again");
    tokio::pin!(work);
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            () = tokio::time::sleep(Duration::from_millis(200)) => {
                bar.set_length(progress.total());
                bar.set_position(progress.records());
            }
        }
    };
    bar.finish_and_clear();
    done
}

fn print_answer(globals: &Globals, answer: &impl Serialize, text: String) -> Result<()> {
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(answer)?;
    } else {
        out.write_line(text)?;
    }
    out.finish()
}

fn folded_text(verified: &VerificationReport) -> String {
    let refused = match verified.refused {
        0 => String::new(),
        refused => {
            format!("; {refused} records in the log are no events: see `onefold quarantine list --of log --all`")
        }
    };
    format!(
        "{} events folded again into {} customers in {:.1} s ({:.0} events/s){refused}",
        verified.events, verified.customers, verified.seconds, verified.events_per_second
    )
}

fn report_text(verified: &VerificationReport) -> String {
    let mut lines = vec![folded_text(verified)];
    lines.push(format!("live     {}", verified.live_digest.as_deref().unwrap_or("none")));
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
    lines.extend(verified.advice());
    lines.join("\n")
}
