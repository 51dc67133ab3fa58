//! Invoices of a file whose days the mapping could not read, in quarantine, then tried again through the mended mapping and shown.

use std::io::{BufWriter, Write};

use anyhow::{Context, Result, anyhow, ensure};
use jiff::ToSpan;
use jiff::civil::date;
use onefold_connect::{Input, ingest};
use onefold_mapping::Connector;
use tempfile::NamedTempFile;

use super::measure::{BenchReport, peak_memory_mib, time_work};
use super::rig::BenchRig;
use super::workload::customer_number;
use crate::command::quarantine::retry_open;

/// A document of two lines in the file.
const CONNECTOR: &str = r#"
[connector]
name = "bench-invoices"
source = "erp"
[from]
kind = "file"
[read]
format = "csv"
group_by = ["No"]
[assume]
zone = "Asia/Shanghai"
dst = "earlier"
date = "DATE"
number = "1,234.56"
currency = "CNY"
[event.invoice]
type = "finance.invoice_issued.v1"
subject = "No"
id = ["No"]
occurred_at = { from = "Day", at = "00:00" }
[event.invoice.refs]
bill_to = "Customer"
[event.invoice.set]
issued_on = "Day"
total = { from = "Amount", pick = "sum" }
"#;

/// Stages follow meanwhile, as they do beside the command.
pub(crate) async fn run(rig: &mut BenchRig) -> Result<BenchReport> {
    let mut report = rig.new_report("retry");
    rig.record_customers().await?;
    let file = write_file(rig)?;
    let inputs = Input::expand(&[file.path().to_str().context("a temporary directory whose name is no text")?])?;
    let hub = &rig.hub;
    let (wrong, mended) = (make_connector("yyyy-MM-dd")?, make_connector("dd.MM.yyyy")?);
    let kept = ingest(&wrong, &inputs, hub.door()?, hub.store.as_ref(), &|_| {}).await?.quarantined;
    ensure!(kept == rig.events, "{kept} of {} invoices are in quarantine", rig.events);

    let (cpu, mut taken) = (rig.thread_times(), 0);
    let tell = &mut |_: u64, _: &str, _: &str| {
        taken += 1;
        Ok(())
    };
    let (still, took) = time_work(retry_open(hub, Some(&mended), None, tell)).await?;
    ensure!(still == 0 && taken == kept, "{still} of {taken} entries, of {kept}, are still in quarantine");
    let ((), behind) = time_work(rig.caught_up()).await?;
    report.put_rate("entries_per_second", taken, took).put_rate("entries_to_views_per_second", taken, took + behind);
    report
        .put_figure("cpu_us_per_entry", rig.thread_times().per_event(&cpu, taken))
        .put_figure("cpu_percent", rig.thread_times().shares_since(&cpu));
    report.put_figure("peak_memory_mib", peak_memory_mib());
    Ok(report)
}

fn make_connector(day: &str) -> Result<Connector> {
    let text = CONNECTOR.replace("DATE", day);
    let parsed = Connector::parse("bench.toml", &text, &|file| Err(format!("there is no file {file}")));
    parsed.map_err(|problems| anyhow!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

fn write_file(rig: &BenchRig) -> Result<NamedTempFile> {
    let file = NamedTempFile::with_suffix(".csv").context("a file to take in")?;
    let mut to = BufWriter::new(&file);
    writeln!(to, "No,Customer,Day,Amount")?;
    for n in 0..rig.events {
        let day = date(2024, 1, 1).checked_add(i64::try_from(n % 700)?.days())?.strftime("%d.%m.%Y");
        let (customer, cents) = (customer_number(rig.workload.any_customer(n)), n % 100);
        writeln!(to, "R{n},{customer},{day},{}.{cents:02}\nR{n},{customer},{day},7.50", n % 900)?;
    }
    to.flush()?;
    drop(to);
    Ok(file)
}
