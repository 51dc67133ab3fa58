//! Calls of a service desk, sent to its topic, mapped, taken in and shown, by one connector in this process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use onefold_connect::{Intake, IntakeOptions};
use onefold_log::{LogRecord, partition_of};
use onefold_stage::{Stage, StepProgress};
use serde_json::json;

use super::measure::{BenchReport, peak_memory_mib, time_work};
use super::rig::{BenchRig, CHUNK};
use super::workload::customer_number;
use crate::connector::compiled_in;

const CONNECTOR: &str = "desk-events";
/// A broker that brings nothing for so long is not waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// Sends all messages first, so that what is measured is taking them in.
pub(crate) async fn run(rig: &mut BenchRig) -> Result<BenchReport> {
    let mut report = rig.new_report("intake");
    rig.record_customers().await?;
    let connector = compiled_in(CONNECTOR)?;
    send_file(rig, connector.input_settings().topics.first().context("a connector without a topic")?).await?;
    let (log, store) = (Arc::clone(&rig.hub.log), Arc::clone(&rig.hub.store));
    let options = IntakeOptions { batch: rig.config().connect.batch };
    let mut intake = Intake::new(connector, rig.hub.door()?.clone(), log, Arc::clone(&store) as _, store as _, options);
    let (cpu, began, mut taken, mut last) = (rig.thread_times(), Instant::now(), 0, Instant::now());
    while taken < rig.events {
        match intake.step().await? {
            StepProgress::Worked(messages) => (taken, last) = (taken + messages, Instant::now()),
            StepProgress::Idle => ensure!(last.elapsed() < LONGEST, "{taken} of {} messages came", rig.events),
        }
    }
    let took = began.elapsed();
    let ((), behind) = time_work(rig.caught_up()).await?;
    let kept = rig.hub.service.status().await?.quarantined;
    ensure!(kept == 0, "{kept} messages could not be mapped");
    report.put_rate("messages_per_second", taken, took).put_rate("messages_to_views_per_second", taken, took + behind);
    report.put_figure("messages_per_batch", options.batch);
    report
        .put_figure("cpu_us_per_message", rig.thread_times().per_event(&cpu, taken))
        .put_figure("cpu_percent", rig.thread_times().shares_since(&cpu));
    report.put_figure("peak_memory_mib", peak_memory_mib());
    Ok(report)
}

async fn send_file(rig: &BenchRig, topic: &str) -> Result<()> {
    let partitions = rig.hub.log.topic(topic, u32::try_from(rig.heads().await?.len())?).await?;
    let call = |n: u64| -> Result<(u32, LogRecord)> {
        let (key, at) = (format!("contact:desk:T{n}"), Timestamp::from_second(1_700_000_000 + i64::try_from(n)?)?);
        let call = json!({
            "kind": "call", "entry": format!("E{n}"), "call": format!("T{n}"), "at": at.to_string(),
            "erp_no": customer_number(rig.workload.any_customer(n)), "channel": "phone", "direction": "in", "topic": "delivery",
        });
        Ok((partition_of(key.as_bytes(), partitions), LogRecord::new(key, call.to_string(), at.as_microsecond())))
    };
    for from in (0..rig.events).step_by(CHUNK as usize) {
        let calls = (from..rig.events.min(from + CHUNK)).map(call).collect::<Result<Vec<_>>>()?;
        rig.hub.log.append(topic, calls).await?;
    }
    Ok(())
}
