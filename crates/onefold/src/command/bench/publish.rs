//! Customers published: everybody, then those that events have changed.

use std::time::Duration;

use anyhow::Result;
use onefold_publisher::{Publisher, PublisherOptions};
use onefold_stage::{Stage, StepProgress};

use super::measure::{BenchReport, peak_memory_mib, time_work};
use super::rig::BenchRig;

/// Events that change customers afterwards, at most.
const CHANGES: u64 = 50_000;

/// Stages have nothing to do meanwhile, so that what is measured is publishing.
pub(crate) async fn run(rig: &mut BenchRig) -> Result<BenchReport> {
    let mut report = rig.new_report("publish");
    rig.fill_hub().await?;
    rig.hub.store.publish(true).await?;
    let options = PublisherOptions { enabled: true, every_ms: 0, ..rig.config().publish };
    let mut publisher = rig.hub.publisher(options);
    report.put_figure("batch", options.batch);

    let (cpu, bytes) = (rig.thread_times(), rig.file_bytes());
    let (everybody, took) = publish_all(&mut publisher).await?;
    report.put_rate("customers_per_second", everybody, took);
    report
        .put_figure("cpu_us_per_customer", rig.thread_times().per_event(&cpu, everybody))
        .put_figure("cpu_percent", rig.thread_times().shares_since(&cpu));
    if let (Some((now, _)), Some((before, _))) = (rig.file_bytes(), bytes) {
        report.put_figure("log_bytes_per_customer", now.saturating_sub(before) / everybody.max(1));
    }

    let changes = rig.events.min(CHANGES);
    rig.tell_more(changes).await?;
    rig.caught_up().await?;
    let cpu = rig.thread_times();
    let (followed, took) = publish_all(&mut publisher).await?;
    report.put_rate("events_followed_per_second", followed, took);
    report
        .put_figure("events_followed", followed)
        .put_figure("cpu_us_per_event", rig.thread_times().per_event(&cpu, followed));
    rig.hub.store.publish(false).await?;
    report.put_figure("peak_memory_mib", peak_memory_mib());
    Ok(report)
}

/// Publishes until nothing waits: through how many parties, events and notes it went, and how long it took.
async fn publish_all(publisher: &mut Publisher) -> Result<(u64, Duration)> {
    time_work(async {
        let mut done = 0;
        while let StepProgress::Worked(some) = publisher.step().await? {
            done += some;
        }
        Ok(done)
    })
    .await
}
