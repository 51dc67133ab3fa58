//! The log sealed, verified, and the evidence of customers made and checked, in this process.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use onefold_seal::{NoteSigner, check_pack, write_pack};
use onefold_sealer::{Sealer, SealerOptions, verify_log};

use super::measure::{BenchReport, peak_memory_mib, time_work};
use super::rig::BenchRig;
use super::workload::party_key;
use crate::command::audit::{EvidenceRequest, check_events, gather_pack};

/// Times that the log is verified, and customers whose evidence is made.
const ROUNDS: u64 = 5;

pub(crate) async fn run(rig: &mut BenchRig) -> Result<BenchReport> {
    let mut report = rig.new_report("seal");
    rig.fill_hub().await?;
    let signer = NoteSigner::from_seed("hub.example/bench", &[1; 32])?;
    let key = signer.public().clone();
    let mut sealer = Sealer::new(Arc::clone(&rig.hub.log), signer, Vec::new(), SealerOptions::default());
    let cpu = rig.thread_times();
    let (sealed, took) = time_work(async { Ok(sealer.seal_all().await?) }).await?;
    report.put_rate("sealed_per_second", sealed.records, took);
    report.put_figure("sealing_cpu_us_per_record", rig.thread_times().per_event(&cpu, sealed.records));
    let (mut best, cpu) = (None, rig.thread_times());
    for _ in 0..ROUNDS {
        let (verdict, took) =
            time_work(async { Ok(verify_log(Arc::clone(&rig.hub.log), &key, Vec::new()).await?) }).await?;
        ensure!(verdict.is_whole(), "an untouched log raises an alarm: {verdict:?}");
        best = best.into_iter().chain([took]).min();
    }
    if let Some(took) = best {
        report.put_rate("verified_per_second_best", sealed.records, took);
    }
    // The one figure that others who use the machine do not disturb.
    report.put_figure("verify_cpu_us_per_record", rig.thread_times().per_event(&cpu, ROUNDS * sealed.records));
    let (mut made, mut checked, mut bytes, mut records) = (Vec::new(), Vec::new(), 0, 0);
    for n in 0..ROUNDS {
        let reference = party_key(rig.workload.any_customer(n)).parse()?;
        let request = EvidenceRequest { reference, asked_by: "bench".to_owned(), today: 20_000 };
        let started = Instant::now();
        let content = gather_pack(&rig.hub.service, rig.hub.log.as_ref(), &key, request).await?;
        let pack = write_pack(&content)?;
        made.push(started.elapsed());
        let started = Instant::now();
        let mut verdict = check_pack(&pack, &key)?;
        check_events(&mut verdict);
        checked.push(started.elapsed());
        ensure!(verdict.findings.is_empty(), "{:?}", verdict.findings);
        (bytes, records) = (bytes + pack.len(), records + verdict.records.len());
    }
    report.put_figure("evidence_records_each", records as u64 / ROUNDS);
    report.put_figure("evidence_bytes_each", bytes as u64 / ROUNDS);
    report.put_spread("evidence_made", made).put_spread("evidence_checked", checked);
    report.put_figure("peak_memory_mib", peak_memory_mib());
    Ok(report)
}
