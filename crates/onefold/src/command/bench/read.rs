//! Views by id and by identifier, and customers by words, one after the other in this process; then by id over HTTP.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use onefold_service::CustomerReference;

use super::measure::{Report, peak_memory_mib};
use super::rig::Rig;
use super::workload::{name, phone};
use super::{http, reads};

const READS: u64 = 20_000;
const FINDS: u64 = 500;

pub(crate) async fn run(rig: &mut Rig) -> Result<Report> {
    let mut report = rig.report("read");
    rig.fill().await?;
    let customer = |n: u64| rig.workload.anyone(n);
    let (mut by_id, mut by_phone, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..READS {
        by_id.push(reads::by_id(&rig.hub.service, &rig.workload, n).await?);
    }
    for n in 0..READS {
        let identifier: CustomerReference = format!("phone:+86{}", phone(customer(n))).parse()?;
        by_phone.push(reads::read(&rig.hub.service, &identifier).await?);
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
    let over_http = http::read(rig).await?;
    report.rate("http_requests_per_second", over_http.took.len() as u64, over_http.within);
    report.put("http_clients", http::CLIENTS).put("http_bytes_per_view", over_http.bytes / over_http.took.len().max(1));
    report.spread("http", over_http.took);
    report.put("peak_memory_mib", peak_memory_mib());
    Ok(report)
}
