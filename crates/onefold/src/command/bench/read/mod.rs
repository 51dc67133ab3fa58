//! Views by id and by identifier, and customers by words, one after the other in this process; then by id over HTTP.

mod http;
mod reads;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use onefold_service::CustomerReference;

use crate::command::bench::measure::{BenchReport, peak_memory_mib};
use crate::command::bench::rig::BenchRig;
use crate::command::bench::workload::{customer_name, phone_number};

pub(crate) use reads::BackgroundReads;

const READS: u64 = 20_000;
const FINDS: u64 = 500;

pub(crate) async fn run(rig: &mut BenchRig) -> Result<BenchReport> {
    let mut report = rig.new_report("read");
    rig.fill_hub().await?;
    let customer = |n: u64| rig.workload.any_customer(n);
    let (mut by_id, mut by_phone, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..READS {
        by_id.push(reads::by_id(&rig.hub.service, &rig.workload, n).await?);
    }
    for n in 0..READS {
        let identifier: CustomerReference = format!("phone:+86{}", phone_number(customer(n))).parse()?;
        by_phone.push(reads::timed_read(&rig.hub.service, &identifier).await?);
    }
    for n in 0..FINDS {
        // Every tenth looks for 王伟, the others for a name or the last digits of a phone.
        let text = match n % 10 {
            0 => "王伟".to_owned(),
            odd if odd % 2 == 1 => customer_name(customer(n)),
            _ => phone_number(customer(n))[3..].to_owned(),
        };
        let started = Instant::now();
        let hits = rig.hub.service.find(&text, 20).await?;
        found.push(started.elapsed());
        ensure!(!hits.is_empty(), "`{text}` was not found");
    }
    let reads: Duration = by_id.iter().sum();
    report.put_rate("reads_per_second", READS, reads);
    report.put_spread("by_id", by_id).put_spread("by_identifier", by_phone).put_spread("find", found);
    let over_http = http::read_views(rig).await?;
    report.put_rate("http_requests_per_second", over_http.took.len() as u64, over_http.within);
    report
        .put_figure("http_clients", http::CLIENTS)
        .put_figure("http_bytes_per_view", over_http.bytes / over_http.took.len().max(1));
    report.put_spread("http", over_http.took);
    report.put_figure("peak_memory_mib", peak_memory_mib());
    Ok(report)
}
