//! Merge and unmerge of two customers, from the decision's append to both views consistent; and one more event for a
//! customer of very many documents.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use onefold_event::{Event, IdParts, Subject, v1};

use super::live::row_counts;
use super::measure::{BenchReport, peak_memory_mib};
use super::rig::{BenchRig, CHUNK};

const DOCUMENTS: [u64; 2] = [200, 20_000];
const LARGE: u64 = 100_000;
const ROUNDS: i64 = 20;

pub(crate) async fn run(rig: &mut BenchRig) -> Result<BenchReport> {
    let mut report = rig.new_report("unmerge");
    rig.fill_hub().await?;
    for documents in DOCUMENTS {
        append_invoices(rig, &format!("party:crm:A{documents}"), 0, documents / 2).await?;
        append_invoices(rig, &format!("party:crm:B{documents}"), 0, documents / 2).await?;
    }
    append_invoices(rig, "party:crm:L", 0, LARGE).await?;
    rig.caught_up().await?;
    for documents in DOCUMENTS {
        let (merged, unmerged) = time_decisions(rig, documents).await?;
        report
            .put_spread(&format!("merge_{documents}_documents"), merged)
            .put_spread(&format!("unmerge_{documents}_documents"), unmerged);
    }
    let (mut one_more, done) = (Vec::new(), rig.hub.work.work_done());
    for n in 0..100 {
        let event = make_invoice("party:crm:L", LARGE + n)?;
        let started = Instant::now();
        rig.append_events(&[event]).await?;
        rig.wait_for_backlog(0).await?;
        one_more.push(started.elapsed());
    }
    report.put_spread(&format!("one_more_event_after_{LARGE}"), one_more);
    report.put_figure("one_more_event_rows", row_counts(&rig.hub.work.work_done().since(&done)));
    report.put_figure("peak_memory_mib", peak_memory_mib());
    Ok(report)
}

async fn time_decisions(rig: &BenchRig, documents: u64) -> Result<(Vec<Duration>, Vec<Duration>)> {
    let (a, b) = (format!("party:crm:A{documents}"), format!("party:crm:B{documents}"));
    let (mut merged, mut unmerged) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        for undone in [false, true] {
            let body = v1::PartiesLinked { parties: vec![a.clone(), b.clone()], undone, ..Default::default() };
            let subject: Subject = format!("decision:onefold:{documents}").parse()?;
            let revision = round * 2 + i64::from(undone);
            let (parts, text) = ([documents.to_string()], revision.to_string());
            let ids = IdParts { source: "onefold", part: "", parts: &parts, revision: &text };
            let mut event = Event::new(ids.event_id(), ids.fact_id(), "onefold", subject, revision, body.into())?;
            event.header.revision_order = vec![revision];
            let started = Instant::now();
            rig.append_events(&[event]).await?;
            rig.caught_up().await?;
            let took = started.elapsed();
            let parties = rig.customers().customer(&a).await?.map_or(0, |rows| rows.parties.len());
            ensure!(parties == if undone { 1 } else { 2 }, "{parties} parties after a decision");
            if undone { unmerged.push(took) } else { merged.push(took) }
        }
    }
    Ok((merged, unmerged))
}

async fn append_invoices(rig: &BenchRig, party: &str, from: u64, to: u64) -> Result<()> {
    for from in (from..to).step_by(CHUNK as usize) {
        let events = (from..to.min(from + CHUNK)).map(|n| make_invoice(party, n)).collect::<Result<Vec<_>>>()?;
        rig.append_events(&events).await?;
    }
    Ok(())
}

fn make_invoice(party: &str, n: u64) -> Result<Event> {
    let total = Some(v1::Money { amount: "10.00".into(), currency: "CNY".into() });
    let subject: Subject = format!("invoice:crm:{party}-{n}").parse()?;
    let parts = [subject.to_string()];
    let ids = IdParts { source: "crm", part: "", parts: &parts, revision: "" };
    let at = 1_700_000_000_000_000 + i64::try_from(n)? * 1_000_000;
    let mut event = Event::new(
        ids.event_id(),
        ids.fact_id(),
        "crm",
        subject,
        at,
        v1::InvoiceIssued { total, ..Default::default() }.into(),
    )?;
    event.add_reference("buyer", party.parse()?)?;
    Ok(event)
}
