//! Customers published: everybody, then those that events have changed.

use std::time::Duration;

use anyhow::Result;
use onefold_publisher::{Publisher, PublisherOptions};
use onefold_stage::{Stage, StepProgress};

use super::measure::{Report, peak_memory_mib, timed};
use super::rig::Rig;

/// Events that change customers afterwards, at most.
const CHANGES: u64 = 50_000;

/// Stages have nothing to do meanwhile, so that what is measured is publishing.
pub(crate) async fn run(rig: &mut Rig) -> Result<Report> {
    let mut report = rig.report("publish");
    rig.fill().await?;
    rig.hub.store.publish(true).await?;
    let options = PublisherOptions { enabled: true, every_ms: 0, ..rig.config().publish };
    let mut publisher = rig.hub.publisher(options);
    report.put("batch", options.batch);

    let (cpu, bytes) = (rig.cpu(), rig.bytes());
    let (everybody, took) = publish(&mut publisher).await?;
    report.rate("customers_per_second", everybody, took);
    report.put("cpu_us_per_customer", rig.cpu().per_event(&cpu, everybody)).put("cpu_percent", rig.cpu().shares(&cpu));
    if let (Some((now, _)), Some((before, _))) = (rig.bytes(), bytes) {
        report.put("log_bytes_per_customer", now.saturating_sub(before) / everybody.max(1));
    }

    let changes = rig.events.min(CHANGES);
    rig.tell_more(changes).await?;
    rig.caught_up().await?;
    let cpu = rig.cpu();
    let (followed, took) = publish(&mut publisher).await?;
    report.rate("events_followed_per_second", followed, took);
    report.put("events_followed", followed).put("cpu_us_per_event", rig.cpu().per_event(&cpu, followed));
    rig.hub.store.publish(false).await?;
    report.put("peak_memory_mib", peak_memory_mib());
    Ok(report)
}

/// Publishes until nothing waits: through how many parties, events and notes it went, and how long it took.
async fn publish(publisher: &mut Publisher) -> Result<(u64, Duration)> {
    timed(async {
        let mut done = 0;
        while let StepProgress::Worked(some) = publisher.step().await? {
            done += some;
        }
        Ok(done)
    })
    .await
}
