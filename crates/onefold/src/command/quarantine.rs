//! `onefold quarantine`: what could not be taken in, and what becomes of it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use futures_util::StreamExt;
use onefold_connect::RetryOutcome;
use onefold_mapping::Connector;
use onefold_store::{Quarantine, QuarantineEntry, QuarantineFilter};
use serde_json::json;

use crate::args::{Globals, QuarantineCommand};
use crate::command::ingest::wait_folded;
use crate::hub::{HubReader, RunningHub};
use crate::out::OutputWriter;
use crate::{QUARANTINED, connector, render};

/// Entries read at once.
const CHUNK: usize = 500;
/// Entries tried at once.
const AT_ONCE: usize = 64;

pub(crate) async fn run(command: QuarantineCommand, globals: Globals) -> Result<ExitCode> {
    match command {
        QuarantineCommand::List { all, of, code } => {
            list_entries(QuarantineFilter { all, connector: of, code }, globals).await
        }
        QuarantineCommand::Show { number } => show_entry(number, globals).await,
        QuarantineCommand::Retry { numbers, connector, code } => retry_entries(numbers, connector, code, globals).await,
        QuarantineCommand::Discard { numbers, why } => discard_entries(numbers, why, globals).await,
    }
}

async fn list_entries(filter: QuarantineFilter, globals: Globals) -> Result<ExitCode> {
    let reader = HubReader::open(&globals).await?;
    let (mut out, mut count) = (OutputWriter::open(), 0);
    for entry in read_entries(reader.store.as_ref(), &filter).await? {
        count += 1;
        if globals.json {
            out.json_line(&entry)?;
        } else {
            out.write_line(render::entry_line(&entry))?;
        }
    }
    if count == 0 && !globals.json {
        out.write_line("nothing is in quarantine")?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

async fn read_entries(store: &dyn Quarantine, filter: &QuarantineFilter) -> Result<Vec<QuarantineEntry>> {
    let mut all: Vec<QuarantineEntry> = Vec::new();
    loop {
        let page = store.list(filter, all.last().map_or(0, |entry| entry.number), CHUNK).await?;
        let full = page.len() == CHUNK;
        all.extend(page);
        if !full {
            return Ok(all);
        }
    }
}

async fn show_entry(number: u64, globals: Globals) -> Result<ExitCode> {
    let reader = HubReader::open(&globals).await?;
    let entry = find_entry(reader.store.as_ref(), number).await?;
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&entry)?;
    } else {
        out.write_line(render::whole_entry(&entry))?;
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
    let tell = &mut |entry: &QuarantineEntry, status: &str, told: &str| {
        tried += 1;
        match as_json {
            true => out.json_line(&json!({ "number": entry.number, "status": status, "message": told })),
            false => out.write_line(format!("q-{:04}  {told}", entry.number)),
        }
    };
    let still = if numbers.is_empty() {
        retry_open(hub, connector, code, tell).await?
    } else {
        let mut chosen = Vec::new();
        for number in numbers {
            chosen.push(find_entry(hub.store.as_ref(), *number).await?);
        }
        retry_chosen(hub, &chosen, connector, tell).await?
    };
    wait_folded(hub).await?;
    if !as_json {
        out.write_line(format!("{tried} tried, {still} still in quarantine"))?;
    }
    out.finish()?;
    Ok(if still > 0 { ExitCode::from(QUARANTINED) } else { ExitCode::SUCCESS })
}

/// Hears of each entry: its status in a word, and what became of it.
type TellEntry<'t> = &'t mut dyn FnMut(&QuarantineEntry, &str, &str) -> Result<()>;

/// Tries all open entries of a connector, or of what was posted, with that problem if one is named; answers how many stay.
pub(crate) async fn retry_open(
    hub: &RunningHub,
    connector: Option<&Connector>,
    code: Option<String>,
    tell: TellEntry<'_>,
) -> Result<u64> {
    let of = connector.map_or("events", |connector| connector.name()).to_owned();
    let filter = QuarantineFilter { all: false, connector: Some(of), code };
    retry_chosen(hub, &read_entries(hub.store.as_ref(), &filter).await?, connector, tell).await
}

/// Tries these; answers how many stay.
async fn retry_chosen(
    hub: &RunningHub,
    chosen: &[QuarantineEntry],
    connector: Option<&Connector>,
    tell: TellEntry<'_>,
) -> Result<u64> {
    let mut still = 0;
    let (door, store) = (hub.door()?, hub.store.as_ref());
    let tries = chosen.iter().map(|entry| onefold_connect::retry(entry, connector, door, store, "retried by hand"));
    // Many at a time, so that they share what a durable append costs; told in their order.
    let mut tries = futures_util::stream::iter(tries).buffered(AT_ONCE);
    for entry in chosen {
        let (status, told) = match tries.next().await.context("an entry was not tried")? {
            Ok(RetryOutcome::Taken(verdicts)) => ("taken", format!("taken in: {} events", verdicts.len())),
            Ok(RetryOutcome::Skipped(reason)) => ("skipped", format!("skipped: {reason}")),
            Ok(RetryOutcome::Again(problems)) => {
                let messages: Vec<_> = problems.iter().map(|p| format!("{} {}", p.code, p.message)).collect();
                ("quarantined", format!("still: {}", messages.join("; ")))
            }
            // The world's failures stop everything; an entry that cannot be tried stops itself alone.
            Err(onefold_connect::RetryError::Door(error)) => return Err(error.into()),
            Err(onefold_connect::RetryError::Quarantine(error)) => return Err(error.into()),
            Err(error) => ("not_tried", error.to_string()),
        };
        still += u64::from(matches!(status, "quarantined" | "not_tried"));
        tell(entry, status, &told)?;
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
    let mut out = OutputWriter::open();
    for entry in entries {
        let number = entry.number;
        hub.store.decide(number, "discarded", why).await?;
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
