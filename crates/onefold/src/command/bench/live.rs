//! From append to queryable view: as fast as it goes, then paced.

use std::time::{Duration, Instant};

use anyhow::Result;
use onefold_event::Event;
use onefold_projector::{Done, Part};
use serde_json::{Map, Value, json};

use super::cpu::Cpu;
use super::measure::{Report, peak_memory_mib, timed};
use super::rig::Rig;

/// Paced: so many events per second, in batches of so many, for so long.
const RATE: u64 = 10_000;
const BATCH: u64 = 200;
const PACED: Duration = Duration::from_secs(20);

pub(crate) async fn run(rig: &Rig) -> Result<Report> {
    let mut report = rig.report("live");
    let cpu = Cpu::now();
    let ((), recorded) = timed(rig.record_customers()).await?;
    report.rate("customers_recorded_per_second", rig.workload.customers, recorded);
    report.put("cpu_us_per_customer", Cpu::now().per_event(&cpu, rig.workload.customers));
    let (cpu, done, bytes) = (Cpu::now(), rig.hub.work.done(), rig.bytes());
    let ((), told) = timed(async {
        rig.tell(0, rig.events).await?;
        rig.caught_up().await
    })
    .await?;
    report.rate("events_per_second", rig.events, told);
    report.put("cpu_us_per_event", Cpu::now().per_event(&cpu, rig.events));
    let done = rig.hub.work.done().since(&done);
    report.put("projector_us_per_event", parts(&done)).put("events_per_batch", done.events / done.batches.max(1));
    report.put("rows_per_event", (done.rows as f64 / done.events.max(1) as f64 * 100.0).round() / 100.0);
    let grown = |now: u64, before: u64| now.saturating_sub(before) / rig.events.max(1);
    let (log, views) = rig.bytes();
    report.put("log_bytes_per_event", grown(log, bytes.0)).put("view_bytes_per_event", grown(views, bytes.1));
    report.spread("paced_latency", paced(rig).await?);
    report.put("paced", format!("{RATE}/s in batches of {BATCH} for {} s", PACED.as_secs()));
    report.put("peak_memory_mib", peak_memory_mib());
    Ok(report)
}

/// Microseconds per event of each part of the projector's work.
fn parts(done: &Done) -> Value {
    let micros = |part: Part| (done.spent(part).as_secs_f64() * 1e7 / done.events.max(1) as f64).round() / 10.0;
    Part::ALL.into_iter().map(|part| (part.name().to_owned(), json!(micros(part)))).collect::<Map<_, _>>().into()
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
