//! One large thing, and how long strangers wait beside it: parties that are all one candidate component, an event of very many
//! references, a subject of very many facts, and a customer of very many documents.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use onefold_event::{Body, Event, IdParts, Subject, v1};
use serde_json::json;

use super::measure::{BenchReport, peak_memory_mib, to_millis};
use super::rig::{BenchRig, CHUNK};

/// Parties of a component.
const CHAINS: [u64; 5] = [500, 1_000, 2_000, 5_000, 20_000];
const REFERENCES: [u64; 2] = [1_000, 10_000];
const FACTS: [u64; 2] = [5_000, 20_000];
const DOCUMENTS: u64 = 100_000;

pub(crate) async fn run(rig: &mut BenchRig) -> Result<BenchReport> {
    let mut report = rig.new_report("large");
    let strangers = AtomicU64::default();
    for parties in CHAINS {
        let records = (0..parties).map(|n| link_of_chain(parties, n, 0)).collect::<Result<Vec<_>>>()?;
        put_spread(
            &mut report,
            &format!("{parties}_parties_clustered"),
            read_beside(rig, &strangers, fold_events(rig, &records)).await?,
        );
        let again = [link_of_chain(parties, parties / 2, 1)?];
        put_spread(
            &mut report,
            &format!("{parties}_parties_one_changes"),
            read_beside(rig, &strangers, fold_events(rig, &again)).await?,
        );
        let customer = format!("party:chain{parties}:{:06}", 0);
        let asked = Instant::now();
        let rows = rig.customers().customer(&customer).await?;
        report.put_figure(&format!("{parties}_parties_read_ms"), to_millis(&asked.elapsed()));
        let found = rows.map_or(0, |rows| rows.parties.len());
        ensure!(
            found as u64 == parties || rig.rules().is_full(parties as usize),
            "{found} of {parties} parties are one customer"
        );
    }
    for references in REFERENCES {
        let delivery = [make_delivery(references)?];
        put_spread(
            &mut report,
            &format!("{references}_references"),
            read_beside(rig, &strangers, fold_events(rig, &delivery)).await?,
        );
    }
    for facts in FACTS {
        let track = |place: fn(u64, u64) -> u64| move |n| make_scan(facts, place(n, facts), 0);
        let in_order = (0..facts).map(track(|n, _| n)).collect::<Result<Vec<_>>>()?;
        put_spread(
            &mut report,
            &format!("{facts}_scans_in_order"),
            read_beside(rig, &strangers, fold_events(rig, &in_order)).await?,
        );
        let revised = (0..facts).map(|n| make_scan(facts, n, 1)).collect::<Result<Vec<_>>>()?;
        put_spread(
            &mut report,
            &format!("{facts}_scans_each_revised"),
            read_beside(rig, &strangers, fold_events(rig, &revised)).await?,
        );
        // Another parcel, latest first.
        let latest_first = (0..facts).rev().map(|n| make_scan(facts + 1, n, 0)).collect::<Result<Vec<_>>>()?;
        put_spread(
            &mut report,
            &format!("{facts}_scans_latest_first"),
            read_beside(rig, &strangers, fold_events(rig, &latest_first)).await?,
        );
    }
    let (one, other) = ("party:crm:large", "party:crm:other");
    let invoices =
        (0..DOCUMENTS).map(|n| make_invoice(if n % 2 == 0 { one } else { other }, n)).collect::<Result<Vec<_>>>()?;
    fold_events(rig, &invoices).await?;
    for (n, name) in ["merged", "unmerged"].into_iter().enumerate() {
        let decided = [make_decision("large", &[one, other], n as i64)?];
        put_spread(
            &mut report,
            &format!("{DOCUMENTS}_documents_{name}"),
            read_beside(rig, &strangers, fold_events(rig, &decided)).await?,
        );
    }
    report.put_figure("peak_memory_mib", peak_memory_mib());
    Ok(report)
}

fn put_spread(report: &mut BenchReport, name: &str, (took, mut waited): (Duration, Vec<Duration>)) {
    waited.sort_unstable();
    let longest = waited.last().map_or(0.0, to_millis);
    report
        .put_figure(name, json!({"took_ms": to_millis(&took), "strangers": waited.len(), "longest_wait_ms": longest}));
}

/// Appends events, and waits until their views stand.
async fn fold_events(rig: &BenchRig, events: &[Event]) -> Result<()> {
    for chunk in events.chunks(CHUNK as usize) {
        rig.append_events(chunk).await?;
    }
    rig.wait_for_backlog(0).await?;
    while rig.hub.store.followed().await?.waiting {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// How long something took, and how long strangers who were linked meanwhile, pair after pair, waited until they were one.
async fn read_beside(
    rig: &BenchRig,
    strangers: &AtomicU64,
    work: impl Future<Output = Result<()>>,
) -> Result<(Duration, Vec<Duration>)> {
    let done = AtomicBool::new(false);
    let started = Instant::now();
    let work = async {
        let worked = work.await;
        done.store(true, Ordering::Relaxed);
        worked.map(|()| started.elapsed())
    };
    let link = async {
        let mut waited = Vec::new();
        while !done.load(Ordering::Relaxed) {
            let n = strangers.fetch_add(1, Ordering::Relaxed);
            let pair = [format!("party:crm:stranger-{n}"), format!("party:erp:stranger-{n}")];
            let asked = Instant::now();
            rig.append_events(&[make_decision(&format!("stranger-{n}"), &[&pair[0], &pair[1]], 0)?]).await?;
            while rig.customers().customer(&pair[0]).await?.is_none_or(|rows| rows.parties.len() < 2) {
                ensure!(asked.elapsed() < Duration::from_secs(600), "strangers wait for ten minutes");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            waited.push(asked.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok::<_, anyhow::Error>(waited)
    };
    // The work's own wait ends once no stranger is on the way either.
    let (took, waited) = tokio::join!(work, link);
    Ok((took?, waited?))
}

fn make_event(subject: &str, part: &str, revision: i64, at: u64, body: impl Into<Body>) -> Result<Event> {
    let subject: Subject = subject.parse()?;
    let (parts, text) = ([subject.to_string(), part.to_owned()], revision.to_string());
    let ids = IdParts { source: "bench", part: "", parts: &parts, revision: &text };
    let at = 1_700_000_000_000_000 + i64::try_from(at)? * 1_000_000;
    let mut event = Event::new(ids.event_id(), ids.fact_id(), "bench", subject, at, body.into())?;
    event.header.revision_order = vec![revision];
    Ok(event)
}

/// A party that shares a value with the one before it and another one with the one after it.
fn link_of_chain(parties: u64, n: u64, revision: i64) -> Result<Event> {
    let value = |n: u64| v1::Identifier {
        kind: "loyalty".into(),
        text: format!("C{parties}L{n}"),
        issuer: "club".into(),
        role: String::new(),
    };
    let name = Some(v1::Name { full: format!("Link {n} {revision}"), ..v1::Name::default() });
    let body = v1::PartyRecorded { name, identifiers: vec![value(n), value(n + 1)], ..v1::PartyRecorded::default() };
    make_event(&format!("party:chain{parties}:{n:06}"), "", revision, n, body)
}

fn make_decision(number: &str, parties: &[&str], revision: i64) -> Result<Event> {
    let parties = parties.iter().map(|party| (*party).to_owned()).collect();
    let body = v1::PartiesLinked { parties, undone: revision % 2 == 1, ..v1::PartiesLinked::default() };
    make_event(&format!("decision:onefold:{number}"), "", revision, 0, body)
}

/// A delivery that names so many orders.
fn make_delivery(references: u64) -> Result<Event> {
    let mut delivery = make_event(&format!("delivery:wms:{references}"), "", 0, 0, v1::Dispatched::default())?;
    for n in 0..references {
        delivery.add_reference("order", format!("order:erp:{references}-{n}").parse()?)?;
    }
    Ok(delivery)
}

fn make_scan(parcel: u64, n: u64, revision: i64) -> Result<Event> {
    make_event(&format!("track:carrier:{parcel}"), &n.to_string(), revision, n, v1::Scanned::default())
}

fn make_invoice(party: &str, n: u64) -> Result<Event> {
    let total = Some(v1::Money { amount: "10.00".into(), currency: "CNY".into() });
    let mut invoice = make_event(
        &format!("invoice:crm:large-{n}"),
        "",
        0,
        n,
        v1::InvoiceIssued { total, ..v1::InvoiceIssued::default() },
    )?;
    invoice.add_reference("buyer", party.parse()?)?;
    Ok(invoice)
}
