//! Views by id and by identifier, and customers by words, one after the other in this process.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use onefold_service::Reference;

use super::measure::{Report, peak_memory_mib};
use super::rig::Rig;
use super::workload::{name, phone};

const READS: u64 = 20_000;
const FINDS: u64 = 500;

pub(crate) async fn run(rig: &Rig) -> Result<Report> {
    let mut report = rig.report("read");
    rig.record_customers().await?;
    rig.tell(0, rig.events.saturating_sub(rig.workload.customers)).await?;
    rig.caught_up().await?;
    let customer = |n: u64| rig.workload.anyone(n);
    let (mut by_id, mut by_phone, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..READS {
        by_id.push(rig.read_by_id(n).await?);
    }
    for n in 0..READS {
        let identifier: Reference = format!("phone:+86{}", phone(customer(n))).parse()?;
        by_phone.push(rig.read(&identifier).await?);
    }
    for n in 0..FINDS {
        // Every tenth looks for 王伟, the others for a name or the last digits of a phone.
        let text = match n % 10 {
            0 => "王伟".to_owned(),
            odd if odd % 2 == 1 => name(customer(n)),
            _ => phone(customer(n))[3..].to_owned(),
        };
        let started = Instant::now();
        let hits = rig.hub.service.find(&text, 20).await?;
        found.push(started.elapsed());
        ensure!(!hits.is_empty(), "`{text}` was not found");
    }
    let reads: Duration = by_id.iter().sum();
    report.rate("reads_per_second", READS, reads);
    report.spread("by_id", by_id).spread("by_identifier", by_phone).spread("find", found);
    report.put("peak_memory_mib", peak_memory_mib());
    Ok(report)
}
