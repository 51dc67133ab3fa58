//! Messages of a topic, mapped, taken in and shown, by one connector in this process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use onefold_connect::{Intake, IntakeOptions};
use onefold_log::{Record, partition_of};
use onefold_mapping::Connector;
use onefold_stage::{Progress, Stage};

use super::measure::{Report, peak_memory_mib, timed};
use super::rig::{CHUNK, Rig};
use super::workload::party;

const TOPIC: &str = "intake.bench";
/// A broker that brings nothing for so long is not waited for.
const LONGEST: Duration = Duration::from_secs(60);
/// A service desk's calls, as small as messages are.
const CONNECTOR: &str = r##"
[connector]
name = "bench"
source = "desk"
[from]
kind = "kafka"
topics = ["intake.bench"]
[read]
format = "json"
[assume]
time = "iso8601"
[event.call]
type = "sales.contact_made.v1"
subject = "no"
id = ["no"]
occurred_at = "at"
[event.call.refs]
customer = { from = "who", source = "erp" }
[event.call.set]
channel = "how"
topic = "about"
"##;

/// Sends all messages first, so that what is measured is taking them in.
pub(crate) async fn run(rig: &mut Rig) -> Result<Report> {
    let mut report = rig.report("intake");
    rig.record_customers().await?;
    send(rig).await?;
    let connector = Connector::parse("bench.toml", CONNECTOR, &|file| Err(format!("no file {file}")))
        .map_err(|faults| anyhow!("{faults:?}"))?;
    let (log, store) = (Arc::clone(&rig.hub.log), Arc::clone(&rig.hub.store));
    let door = rig.hub.door()?.clone();
    let options = IntakeOptions { batch: rig.config().connect.batch };
    let mut intake = Intake::new(connector, door, log, Arc::clone(&store) as _, store as _, options);
    let (cpu, began, mut taken, mut last) = (rig.cpu(), Instant::now(), 0, Instant::now());
    while taken < rig.events {
        match intake.step().await? {
            Progress::Worked(messages) => (taken, last) = (taken + messages, Instant::now()),
            Progress::Idle => ensure!(last.elapsed() < LONGEST, "{taken} of {} messages came", rig.events),
        }
    }
    let took = began.elapsed();
    let ((), behind) = timed(rig.caught_up()).await?;
    report.rate("messages_per_second", taken, took).rate("messages_to_views_per_second", taken, took + behind);
    report.put("messages_per_batch", options.batch);
    report.put("cpu_us_per_message", rig.cpu().per_event(&cpu, taken)).put("cpu_percent", rig.cpu().shares(&cpu));
    report.put("peak_memory_mib", peak_memory_mib());
    Ok(report)
}

async fn send(rig: &Rig) -> Result<()> {
    let partitions = rig.hub.log.topic(TOPIC, u32::try_from(rig.heads().await?.len())?).await?;
    for from in (0..rig.events).step_by(CHUNK as usize) {
        let message = |n: u64| {
            let (key, who) = (format!("contact:desk:{n}"), party(rig.workload.anyone(n)));
            let who = who.rsplit(':').next().unwrap_or_default();
            let at = jiff::Timestamp::from_second(1_700_000_000 + i64::try_from(n).unwrap_or(0)).unwrap_or_default();
            let value = format!(r#"{{"no":"{n}","who":"{who}","at":"{at}","how":"phone","about":"delivery"}}"#);
            (partition_of(key.as_bytes(), partitions), Record::new(key, value, at.as_microsecond()))
        };
        rig.hub.log.append(TOPIC, (from..rig.events.min(from + CHUNK)).map(message).collect()).await?;
    }
    Ok(())
}
