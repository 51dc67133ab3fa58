//! The log folded again and compared with every row.

use std::sync::Arc;

use anyhow::{Result, ensure};
use onefold_audit::{Progress, verify};
use onefold_store::VerifyStore;

use super::measure::{Report, peak_memory_mib, timed};
use super::rig::Rig;

pub(crate) async fn run(rig: &Rig) -> Result<Report> {
    let mut report = rig.report("rebuild");
    let ((), live) = timed(async {
        rig.record_customers().await?;
        rig.tell(0, rig.events.saturating_sub(rig.workload.customers)).await?;
        rig.caught_up().await
    })
    .await?;
    report.rate("live_events_per_second", rig.events, live).put("live_peak_memory_mib", peak_memory_mib());
    let store: Arc<dyn VerifyStore> = Arc::clone(&rig.hub.store) as _;
    let verified = verify(&rig.hub.log, &store, &rig.hub.writer.key, &rig.hub.rules, &Progress::default()).await?;
    ensure!(verified.is_equal(), "live is not what the log says: {verified:?}");
    report.put("verified_events", verified.events).put("seconds", verified.seconds);
    report.put("verify_events_per_second", verified.events_per_second.round());
    report.put("peak_memory_mib", peak_memory_mib());
    Ok(report)
}
