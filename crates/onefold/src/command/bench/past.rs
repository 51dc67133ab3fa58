//! Views of customers as they were, one after the other in this process. With 1,000 events per customer:
//! `--events 100000 --customers 100`.

use std::time::Instant;

use anyhow::{Result, ensure};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use onefold_event::format_micros;
use onefold_service::{ClockTexts, CustomerReference, ReadClocks, Shown};

use super::measure::{BenchReport, peak_memory_mib};
use super::rig::BenchRig;
use super::workload::{START, party_key};

const READS: u64 = 300;

pub(crate) async fn run(rig: &mut BenchRig) -> Result<BenchReport> {
    let mut report = rig.new_report("past");
    rig.fill_hub().await?;
    let (events, customers) = (rig.events, rig.workload.customers);
    // Events happen a second apart: half of them count.
    let half = format_micros(START + i64::try_from(events / 2)? * 1_000_000);
    let texts = ClockTexts { as_of: Some(&half), ..ClockTexts::default() };
    let clocks = ReadClocks::read(texts, TimeZone::UTC, Timestamp::now().as_microsecond())?;
    let mut took = Vec::new();
    for n in 0..READS {
        let reference: CustomerReference = party_key(rig.workload.any_customer(n)).parse()?;
        let started = Instant::now();
        let shown = rig.hub.service.past_show(&reference, &clocks, None).await?;
        took.push(started.elapsed());
        ensure!(matches!(shown.answer, Shown::Customer(_)), "{reference} is no customer");
    }
    report.put_figure("events_per_customer", events / customers.max(1));
    report.put_spread("as_of_view", took).put_figure("peak_memory_mib", peak_memory_mib());
    Ok(report)
}
