//! From append to queryable view: as fast as it goes, then paced.

use std::time::{Duration, Instant};

use anyhow::Result;
use onefold_event::Event;
use onefold_projector::{WorkDone, WorkPart};
use serde_json::{Map, Value, json};

use super::measure::{Report, memory_mib, peak_memory_mib, timed};
use super::reads::Reads;
use super::rig::Rig;

/// Paced: in batches of so many events, for so long.
const BATCH: u64 = 200;
const PACED: Duration = Duration::from_secs(20);

pub(crate) async fn run(rig: &mut Rig) -> Result<Report> {
    let mut report = rig.report("live");
    let cpu = rig.cpu();
    let ((), recorded) = timed(rig.record_customers()).await?;
    report.rate("customers_recorded_per_second", rig.workload.customers, recorded);
    report.put("cpu_us_per_customer", rig.cpu().per_event(&cpu, rig.workload.customers));
    let (cpu, done, bytes, mut memory) = (rig.cpu(), rig.hub.work.work_done(), rig.bytes(), vec![memory_mib()]);
    let reads = Reads::begin(rig);
    let ((), told) = timed(async {
        for quarter in 0..4 {
            rig.tell(rig.events * (quarter + 1) / 4).await?;
            memory.push(memory_mib());
        }
        rig.caught_up().await
    })
    .await?;
    let read = reads.end().await?;
    report.rate("events_per_second", rig.events, told).put("seconds", told.as_secs_f64().round());
    report.put("cpu_us_per_event", rig.cpu().per_event(&cpu, rig.events));
    report.put("cpu_percent", rig.cpu().shares(&cpu)).put("memory_mib_by_quarter", memory);
    report.spread("read_by_id", read);
    let done = rig.hub.work.work_done().since(&done);
    let per_batch = done.events / done.batches.max(1);
    report.put("projector_us_per_event", parts(&done)).put("events_per_batch", per_batch);
    report.put("events_per_customer_and_batch", rig.workload.per_customer(per_batch));
    report.put("rows_per_event", rows(&done));
    if let (Some(now), Some(before)) = (rig.bytes(), bytes) {
        let grown = |now: u64, before: u64| now.saturating_sub(before) / rig.events.max(1);
        report.put("log_bytes_per_event", grown(now.0, before.0)).put("view_bytes_per_event", grown(now.1, before.1));
    }
    let (took, read) = paced(rig).await?;
    report.spread("paced_latency", took).spread("paced_read_by_id", read);
    report.put("paced", format!("{}/s in batches of {BATCH} for {} s", rig.rate, PACED.as_secs()));
    report.put("peak_memory_mib", peak_memory_mib());
    Ok(report)
}

/// Microseconds per event of each part of the projector's work.
fn parts(done: &WorkDone) -> Value {
    let micros =
        |part: WorkPart| (done.time_spent(part).as_secs_f64() * 1e7 / done.events.max(1) as f64).round() / 10.0;
    WorkPart::ALL.into_iter().map(|part| (part.name().to_owned(), json!(micros(part)))).collect::<Map<_, _>>().into()
}

/// Rows per event.
pub(super) fn rows(done: &WorkDone) -> Value {
    let each = |rows: u64| (rows as f64 / done.events.max(1) as f64 * 100.0).round() / 100.0;
    json!({"read": each(done.read), "written": each(done.written)})
}

/// Latencies from when each batch was due until its views stand, and of views read meanwhile. The next batch does not wait for
/// the one before.
async fn paced(rig: &mut Rig) -> Result<(Vec<Duration>, Vec<Duration>)> {
    let batches = PACED.as_secs() * rig.rate / BATCH;
    let gap = Duration::from_secs_f64(BATCH as f64 / rig.rate as f64);
    let first = rig.take(batches * BATCH).start;
    let (rig, started) = (&*rig, Instant::now());
    let (to, mut from) = tokio::sync::mpsc::unbounded_channel::<(Instant, Vec<u64>)>();
    let append = async move {
        for n in 0..batches {
            let events = (first + n * BATCH..first + (n + 1) * BATCH)
                .map(|n| rig.workload.event(n))
                .collect::<Result<Vec<Event>>>()?;
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
    let reads = Reads::begin(rig);
    let ((), took) = tokio::try_join!(append, follow)?;
    Ok((took, reads.end().await?))
}
