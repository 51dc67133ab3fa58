//! `onefold quarantine`: what could not be taken in, and what becomes of it.

use std::future::ready;
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;

use anyhow::{Result, bail};
use futures_util::{Stream, TryStreamExt, stream};
use onefold_connect::{RetryOutcome, TriedEntry};
use onefold_mapping::Connector;
use onefold_store::{Quarantine, QuarantineDecision, QuarantineEntry, QuarantineFilter, StoreError};
use serde_json::json;

use crate::args::{Globals, QuarantineCommand};
use crate::command::ingest::wait_folded;
use crate::hub::{HubReader, RunningHub};
use crate::out::OutputWriter;
use crate::{QUARANTINED, connector, render};

/// Entries read at once.
const CHUNK: usize = 500;
/// Entries of a page, and bytes of their records after which it is full: enough that what a page costs is shared by many.
const PAGE: usize = 2_000;
const PAGE_BYTES: usize = 8 << 20;

pub(crate) async fn run(command: QuarantineCommand, globals: Globals) -> Result<ExitCode> {
    match command {
        QuarantineCommand::List { counts, all, of, code } => {
            list_entries(QuarantineFilter { all, connector: of, code }, counts, globals).await
        }
        QuarantineCommand::Show { bytes, number } => show_entry(number, bytes, globals).await,
        QuarantineCommand::Retry { numbers, connector, code } => retry_entries(numbers, connector, code, globals).await,
        QuarantineCommand::Discard { numbers, why } => discard_entries(numbers, why, globals).await,
    }
}

async fn list_entries(filter: QuarantineFilter, counts_alone: bool, globals: Globals) -> Result<ExitCode> {
    let reader = HubReader::open(&globals).await?;
    let zone = globals.zone()?;
    let mut out = OutputWriter::open();
    // A list of one value a line is as it is without counts before it.
    if counts_alone || !globals.json {
        // A pass of its own, so that no entry is held until all are counted.
        let mut counts = render::EntryCounts::default();
        let mut pages = pin!(list_pages(reader.store.as_ref(), &filter));
        while let Some(page) = pages.try_next().await? {
            page.iter().for_each(|entry| counts.note(entry));
        }
        if globals.json {
            counts.kinds().into_iter().try_for_each(|kind| out.json_line(kind))?;
        } else if counts.is_empty() {
            out.write_line("nothing is in quarantine")?;
        } else {
            out.write_line(counts.render(&zone))?;
            out.write_line("")?;
        }
    }
    if !counts_alone {
        let mut pages = pin!(list_pages(reader.store.as_ref(), &filter));
        while let Some(page) = pages.try_next().await? {
            for entry in page {
                if globals.json {
                    out.json_line(&entry)?;
                } else {
                    out.write_line(render::entry_line(&entry, &zone))?;
                }
            }
        }
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

async fn show_entry(number: u64, bytes: bool, globals: Globals) -> Result<ExitCode> {
    let reader = HubReader::open(&globals).await?;
    let entry = find_entry(reader.store.as_ref(), number).await?;
    let mut out = OutputWriter::open();
    if bytes {
        out.write_bytes(&entry.raw)?;
    } else if globals.json {
        out.write_json(&entry)?;
    } else {
        out.write_line(render::whole_entry(&entry, &globals.zone()?))?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

async fn find_entry(store: &dyn Quarantine, number: u64) -> Result<QuarantineEntry> {
    match store.get(number).await? {
        Some(entry) => Ok(entry),
        None => bail!("there is no entry q-{number:04}: see `onefold quarantine list`"),
    }
}

async fn retry_entries(
    numbers: Vec<u64>,
    file: Option<PathBuf>,
    code: Option<String>,
    globals: Globals,
) -> Result<ExitCode> {
    let connector = file.as_deref().map(connector::load_tested).transpose()?;
    let hub = RunningHub::open(&globals).await?;
    let done = retry_all(&hub, &numbers, connector.as_ref(), code, globals.json).await;
    hub.close().await?;
    done
}

async fn retry_all(
    hub: &RunningHub,
    numbers: &[u64],
    connector: Option<&Connector>,
    code: Option<String>,
    as_json: bool,
) -> Result<ExitCode> {
    let (mut out, mut tried) = (OutputWriter::open(), 0u64);
    let tell = &mut |number: u64, status: &str, told: &str| {
        tried += 1;
        match as_json {
            true => out.json_line(&json!({ "number": number, "status": status, "message": told })),
            false => out.write_line(format!("q-{number:04}  {told}")),
        }
    };
    let still = if numbers.is_empty() {
        retry_open(hub, connector, code, tell).await?
    } else {
        let mut chosen = Vec::new();
        for number in numbers {
            chosen.push(find_entry(hub.store.as_ref(), *number).await?);
        }
        retry_pages(hub, stream::once(ready(Ok(chosen))), connector, tell).await?
    };
    wait_folded(hub).await?;
    if !as_json {
        out.write_line(format!("{tried} tried, {still} still in quarantine"))?;
    }
    out.finish()?;
    Ok(if still > 0 { ExitCode::from(QUARANTINED) } else { ExitCode::SUCCESS })
}

/// Hears of each entry: its number, its status in a word, and what became of it.
type TellEntry<'t> = &'t mut dyn FnMut(u64, &str, &str) -> Result<()>;

/// Tries all open entries of a connector, or of what was posted, with that problem if one is named; answers how many stay.
pub(crate) async fn retry_open(
    hub: &RunningHub,
    connector: Option<&Connector>,
    code: Option<String>,
    tell: TellEntry<'_>,
) -> Result<u64> {
    let of = connector.map_or("events", |connector| connector.name()).to_owned();
    let filter = QuarantineFilter { all: false, connector: Some(of), code };
    retry_pages(hub, list_pages(hub.store.as_ref(), &filter), connector, tell).await
}

/// Pages of entries in the order of their numbers; entries that are put meanwhile too, as long as reading goes on.
fn list_pages<'s>(
    store: &'s dyn Quarantine,
    filter: &'s QuarantineFilter,
) -> impl Stream<Item = Result<Vec<QuarantineEntry>, StoreError>> + 's {
    stream::try_unfold(Some(0), async move |mut after| {
        let (mut page, mut bytes) = (Vec::new(), 0);
        while let Some(last) = after.filter(|_| page.len() < PAGE && bytes < PAGE_BYTES) {
            let read = store.list(filter, last, CHUNK).await?;
            after = read.last().filter(|_| read.len() == CHUNK).map(|entry| entry.number);
            bytes += read.iter().map(|entry| entry.raw.len() + entry.context.to_string().len()).sum::<usize>();
            page.extend(read);
        }
        Ok(Some((page, after)).filter(|(page, _)| !page.is_empty()))
    })
}

/// Tries these; answers how many stay.
async fn retry_pages(
    hub: &RunningHub,
    pages: impl Stream<Item = Result<Vec<QuarantineEntry>, StoreError>>,
    connector: Option<&Connector>,
    tell: TellEntry<'_>,
) -> Result<u64> {
    let mut still = 0;
    let mut tried = pin!(onefold_connect::retry(pages, connector, hub.door()?, hub.store.as_ref(), "retried by hand"));
    // The world's failures stop everything; an entry that cannot be tried stops itself alone.
    while let Some(page) = tried.try_next().await? {
        for TriedEntry { number, outcome } in page {
            let (status, told) = match outcome {
                Ok(RetryOutcome::Taken(verdicts)) => ("taken", format!("taken in: {} events", verdicts.len())),
                Ok(RetryOutcome::Skipped(reason)) => ("skipped", format!("skipped: {reason}")),
                Ok(RetryOutcome::Again(problems)) => {
                    let messages: Vec<_> = problems.iter().map(|p| format!("{} {}", p.code, p.message)).collect();
                    ("quarantined", format!("still: {}", messages.join("; ")))
                }
                Err(error) => ("not_tried", error.to_string()),
            };
            still += u64::from(matches!(status, "quarantined" | "not_tried"));
            tell(number, status, &told)?;
        }
    }
    Ok(still)
}

async fn discard_entries(numbers: Vec<u64>, why: String, globals: Globals) -> Result<ExitCode> {
    if why.trim().is_empty() {
        bail!("discarding needs a reason: say --why");
    }
    let hub = RunningHub::open(&globals).await?;
    let done = discard_all(&hub, &numbers, &why, globals.json).await;
    hub.close().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn discard_all(hub: &RunningHub, numbers: &[u64], why: &str, as_json: bool) -> Result<()> {
    // All are looked up before any is closed.
    let mut entries = Vec::new();
    for number in numbers {
        let entry = find_entry(hub.store.as_ref(), *number).await?;
        if !entry.decision.is_empty() {
            bail!("q-{number:04} was closed already: {} ({}); nothing was discarded", entry.decision, entry.why);
        }
        entries.push(entry);
    }
    let decision = |entry: &QuarantineEntry| QuarantineDecision {
        number: entry.number,
        decision: "discarded",
        why: why.to_owned(),
    };
    hub.store.decide(entries.iter().map(decision).collect()).await?;
    let mut out = OutputWriter::open();
    for entry in entries {
        let number = entry.number;
        if as_json {
            out.json_line(&json!({ "number": number, "status": "discarded" }))?;
        } else if entry.is_of_log() {
            out.write_line(format!("q-{number:04}  discarded; the record stays in the log, passed over"))?;
        } else {
            out.write_line(format!("q-{number:04}  discarded"))?;
        }
    }
    out.finish()
}
