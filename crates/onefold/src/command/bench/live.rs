//! From append to queryable view: as fast as it goes, then paced.

use std::time::{Duration, Instant};

use anyhow::Result;
use onefold_event::Event;

use super::measure::{Report, peak_memory_mib, timed};
use super::rig::Rig;

/// Paced: so many events per second, in batches of so many, for so long.
const RATE: u64 = 10_000;
const BATCH: u64 = 200;
const PACED: Duration = Duration::from_secs(20);

pub(crate) async fn run(rig: &Rig) -> Result<Report> {
    let mut report = rig.report("live");
    let ((), recorded) = timed(rig.record_customers()).await?;
    report.rate("customers_recorded_per_second", rig.workload.customers, recorded);
    let ((), told) = timed(async {
        rig.tell(0, rig.events).await?;
        rig.caught_up().await
    })
    .await?;
    report.rate("events_per_second", rig.events, told);
    report.spread("paced_latency", paced(rig).await?);
    report.put("paced", format!("{RATE}/s in batches of {BATCH} for {} s", PACED.as_secs()));
    let all = rig.workload.customers + rig.events + RATE * PACED.as_secs();
    let (log, views) = rig.bytes();
    report.put("log_bytes_per_event", log / all).put("view_bytes_per_event", views / all);
    report.put("peak_memory_mib", peak_memory_mib());
    Ok(report)
}

/// Latencies from when each batch was due until its views stand. The next batch does not wait for the one before.
async fn paced(rig: &Rig) -> Result<Vec<Duration>> {
    let batches = PACED.as_secs() * RATE / BATCH;
    let gap = Duration::from_secs_f64(BATCH as f64 / RATE as f64);
    let started = Instant::now();
    let (to, mut from) = tokio::sync::mpsc::unbounded_channel::<(Instant, Vec<u64>)>();
    let append = async move {
        for n in 0..batches {
            let first = rig.events + n * BATCH;
            let events = (first..first + BATCH).map(|n| rig.workload.event(n)).collect::<Result<Vec<Event>>>()?;
            let due = started + gap * u32::try_from(n).unwrap_or(u32::MAX);
            tokio::time::sleep_until(due.into()).await;
            rig.append(&events).await?;
            to.send((due, rig.heads().await?))?;
        }
        anyhow::Ok(())
    };
    let follow = async {
        let mut took = Vec::new();
        while let Some((due, heads)) = from.recv().await {
            rig.wait_for(&heads, 0).await?;
            took.push(due.elapsed());
        }
        anyhow::Ok(took)
    };
    let ((), took) = tokio::try_join!(append, follow)?;
    Ok(took)
}
