//! From append to queryable view: as fast as it goes, then paced.

use std::time::{Duration, Instant};

use anyhow::Result;
use onefold_event::Event;
use onefold_projector::{WorkDone, WorkPart};
use serde_json::{Map, Value, json};

use super::measure::{BenchReport, memory_mib, peak_memory_mib, time_work};
use super::read::BackgroundReads;
use super::rig::BenchRig;

/// Paced: in batches of so many events, for so long.
const BATCH: u64 = 200;
const PACED: Duration = Duration::from_secs(20);

pub(crate) async fn run(rig: &mut BenchRig) -> Result<BenchReport> {
    let mut report = rig.new_report("live");
    let cpu = rig.thread_times();
    let ((), recorded) = time_work(rig.record_customers()).await?;
    report.put_rate("customers_recorded_per_second", rig.workload.customers, recorded);
    report.put_figure("cpu_us_per_customer", rig.thread_times().per_event(&cpu, rig.workload.customers));
    let (cpu, done, bytes, mut memory) =
        (rig.thread_times(), rig.hub.work.work_done(), rig.file_bytes(), vec![memory_mib()]);
    let reads = BackgroundReads::begin(rig);
    let ((), told) = time_work(async {
        for quarter in 0..4 {
            rig.fold_events(rig.events * (quarter + 1) / 4).await?;
            memory.push(memory_mib());
        }
        rig.caught_up().await
    })
    .await?;
    let read = reads.end().await?;
    report.put_rate("events_per_second", rig.events, told).put_figure("seconds", told.as_secs_f64().round());
    report.put_figure("cpu_us_per_event", rig.thread_times().per_event(&cpu, rig.events));
    report.put_figure("cpu_percent", rig.thread_times().shares_since(&cpu)).put_figure("memory_mib_by_quarter", memory);
    report.put_spread("read_by_id", read);
    let done = rig.hub.work.work_done().since(&done);
    let per_batch = done.events / done.batches.max(1);
    report.put_figure("projector_us_per_event", work_parts(&done)).put_figure("events_per_batch", per_batch);
    report.put_figure("events_per_customer_and_batch", rig.workload.per_customer(per_batch));
    report.put_figure("rows_per_event", row_counts(&done));
    if let (Some(now), Some(before)) = (rig.file_bytes(), bytes) {
        let grown = |now: u64, before: u64| now.saturating_sub(before) / rig.events.max(1);
        report
            .put_figure("log_bytes_per_event", grown(now.0, before.0))
            .put_figure("view_bytes_per_event", grown(now.1, before.1));
    }
    let (took, read) = run_paced(rig).await?;
    report.put_spread("paced_latency", took).put_spread("paced_read_by_id", read);
    report.put_figure("paced", format!("{}/s in batches of {BATCH} for {} s", rig.rate, PACED.as_secs()));
    report.put_figure("peak_memory_mib", peak_memory_mib());
    Ok(report)
}

/// Microseconds per event of each part of the projector's work.
fn work_parts(done: &WorkDone) -> Value {
    let micros =
        |part: WorkPart| (done.time_spent(part).as_secs_f64() * 1e7 / done.events.max(1) as f64).round() / 10.0;
    WorkPart::ALL.into_iter().map(|part| (part.name().to_owned(), json!(micros(part)))).collect::<Map<_, _>>().into()
}

/// Rows per event.
pub(super) fn row_counts(done: &WorkDone) -> Value {
    let each = |rows: u64| (rows as f64 / done.events.max(1) as f64 * 100.0).round() / 100.0;
    json!({"read": each(done.read), "written": each(done.written)})
}

/// Latencies from when each batch was due until its views stand, and of views read meanwhile. The next batch does not wait for
/// the one before.
async fn run_paced(rig: &mut BenchRig) -> Result<(Vec<Duration>, Vec<Duration>)> {
    let batches = PACED.as_secs() * rig.rate / BATCH;
    let gap = Duration::from_secs_f64(BATCH as f64 / rig.rate as f64);
    let first = rig.take_numbers(batches * BATCH).start;
    let (rig, started) = (&*rig, Instant::now());
    let (to, mut from) = tokio::sync::mpsc::unbounded_channel::<(Instant, Vec<u64>)>();
    let append = async move {
        for n in 0..batches {
            let events = (first + n * BATCH..first + (n + 1) * BATCH)
                .map(|n| rig.workload.nth_event(n))
                .collect::<Result<Vec<Event>>>()?;
            let due = started + gap * u32::try_from(n).unwrap_or(u32::MAX);
            tokio::time::sleep_until(due.into()).await;
            rig.append_events(&events).await?;
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
    let reads = BackgroundReads::begin(rig);
    let ((), took) = tokio::try_join!(append, follow)?;
    Ok((took, reads.end().await?))
}
