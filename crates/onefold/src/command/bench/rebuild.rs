//! The log folded again and compared with every row.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use onefold_audit::{ReplayProgress, ReplaySource, at_rest, rebuild, verify};
use onefold_event::EmptyKeyRing;

use super::measure::{BenchReport, forget_peak_memory, peak_memory_mib};
use super::rig::BenchRig;
use crate::rebuilding::open_loader;

/// Memory that a rebuild has for what waits between two steps.
const MEMORY: usize = 1 << 30;

pub(crate) async fn run(rig: &mut BenchRig) -> Result<BenchReport> {
    let mut report = rig.new_report("rebuild");
    rig.fill_hub().await?;
    forget_peak_memory();
    let (log, key, rules) = (Arc::clone(&rig.hub.log), rig.hub.key.clone(), rig.hub.rules.clone());
    let source = ReplaySource {
        log,
        key,
        keys: Arc::new(EmptyKeyRing),
        rules,
        memory: MEMORY,
        progress: ReplayProgress::default(),
    };
    let verified = verify(&source, rig.hub.store.as_ref(), Duration::ZERO).await?;
    ensure!(verified.is_equal(), "live is not what the log says: {verified:?}");
    report.put_figure("verified_events", verified.events).put_figure("verify_seconds", verified.seconds);
    report.put_figure("verify_events_per_second", verified.events_per_second.round());
    report.put_figure("verify_split_seconds", serde_json::to_value(&verified.split)?);
    report.put_figure("verify_peak_memory_mib", peak_memory_mib());
    forget_peak_memory();
    // Beside the live views and compared with them, as `onefold rebuild` does before it swaps.
    let live = at_rest(rig.hub.store.as_ref(), Duration::ZERO).await?;
    let positions = live.kept().positions.clone();
    let into = open_loader(rig.config(), positions.len(), &source.rules).await?;
    let rebuilt = rebuild(&source, &positions, Some(live), into).await?;
    ensure!(rebuilt.is_equal(), "live is not what the log says: {rebuilt:?}");
    report.put_figure("rebuild_seconds", rebuilt.seconds);
    report.put_figure("rebuild_events_per_second", rebuilt.events_per_second.round());
    report.put_figure("rebuild_split_seconds", serde_json::to_value(&rebuilt.split)?);
    report.put_figure("rebuild_peak_memory_mib", peak_memory_mib());
    Ok(report)
}
