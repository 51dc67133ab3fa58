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
use crate::command::ingest::folding;
use crate::hub::{Hub, Reader};
use crate::out::Out;
use crate::{QUARANTINED, connector, render};

/// Entries read at once.
const CHUNK: usize = 500;
/// Entries tried at once.
const AT_ONCE: usize = 64;

pub(crate) async fn run(command: QuarantineCommand, globals: Globals) -> Result<ExitCode> {
    match command {
        QuarantineCommand::List { all, of, code } => list(QuarantineFilter { all, connector: of, code }, globals).await,
        QuarantineCommand::Show { number } => show(number, globals).await,
        QuarantineCommand::Retry { numbers, connector, code } => retry(numbers, connector, code, globals).await,
        QuarantineCommand::Discard { numbers, why } => discard(numbers, why, globals).await,
    }
}

async fn list(filter: QuarantineFilter, globals: Globals) -> Result<ExitCode> {
    let reader = Reader::open(&globals).await?;
    let (mut out, mut count) = (Out::open(), 0);
    for entry in entries(reader.store.as_ref(), &filter).await? {
        count += 1;
        if globals.json {
            out.json_line(&entry)?;
        } else {
            out.line(render::entry(&entry))?;
        }
    }
    if count == 0 && !globals.json {
        out.line("nothing is in quarantine")?;
    }
    out.done()?;
    Ok(ExitCode::SUCCESS)
}

async fn entries(store: &dyn Quarantine, filter: &QuarantineFilter) -> Result<Vec<QuarantineEntry>> {
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

async fn show(number: u64, globals: Globals) -> Result<ExitCode> {
    let reader = Reader::open(&globals).await?;
    let entry = one(reader.store.as_ref(), number).await?;
    let mut out = Out::open();
    if globals.json {
        out.json(&entry)?;
    } else {
        out.line(render::whole_entry(&entry))?;
    }
    out.done()?;
    Ok(ExitCode::SUCCESS)
}

async fn one(store: &dyn Quarantine, number: u64) -> Result<QuarantineEntry> {
    match store.get(number).await? {
        Some(entry) => Ok(entry),
        None => bail!("there is no entry q-{number:04}: see `onefold quarantine list`"),
    }
}

async fn retry(numbers: Vec<u64>, file: Option<PathBuf>, code: Option<String>, globals: Globals) -> Result<ExitCode> {
    let connector = file.as_deref().map(connector::tested).transpose()?;
    let hub = Hub::open(&globals).await?;
    let done = retry_all(&hub, &numbers, connector.as_ref(), code, globals.json).await;
    hub.close().await?;
    done
}

async fn retry_all(
    hub: &Hub,
    numbers: &[u64],
    connector: Option<&Connector>,
    code: Option<String>,
    as_json: bool,
) -> Result<ExitCode> {
    let chosen = if numbers.is_empty() {
        let of = connector.map_or("events", |connector| connector.name()).to_owned();
        entries(hub.store.as_ref(), &QuarantineFilter { all: false, connector: Some(of), code }).await?
    } else {
        let mut chosen = Vec::new();
        for number in numbers {
            chosen.push(one(hub.store.as_ref(), *number).await?);
        }
        chosen
    };
    let (mut out, mut still) = (Out::open(), 0u64);
    let (door, store) = (hub.door()?, hub.store.as_ref());
    let tries = chosen.iter().map(|entry| onefold_connect::retry(entry, connector, door, store, "retried by hand"));
    // Many at a time, so that they share what a durable append costs; told in their order.
    let mut tries = futures_util::stream::iter(tries).buffered(AT_ONCE);
    for entry in &chosen {
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
        if as_json {
            out.json_line(&json!({ "number": entry.number, "status": status, "message": told }))?;
        } else {
            out.line(format!("q-{:04}  {told}", entry.number))?;
        }
    }
    folding(hub).await?;
    if !as_json {
        out.line(format!("{} tried, {} still in quarantine", chosen.len(), still))?;
    }
    out.done()?;
    Ok(if still > 0 { ExitCode::from(QUARANTINED) } else { ExitCode::SUCCESS })
}

async fn discard(numbers: Vec<u64>, why: String, globals: Globals) -> Result<ExitCode> {
    if why.trim().is_empty() {
        bail!("discarding needs a reason: say --why");
    }
    let hub = Hub::open(&globals).await?;
    let done = discard_all(&hub, &numbers, &why, globals.json).await;
    hub.close().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn discard_all(hub: &Hub, numbers: &[u64], why: &str, as_json: bool) -> Result<()> {
    // All are looked up before any is closed.
    let mut entries = Vec::new();
    for number in numbers {
        let entry = one(hub.store.as_ref(), *number).await?;
        if !entry.decision.is_empty() {
            bail!("q-{number:04} was closed already: {} ({}); nothing was discarded", entry.decision, entry.why);
        }
        entries.push(entry);
    }
    let mut out = Out::open();
    for entry in entries {
        let number = entry.number;
        hub.store.decide(number, "discarded", why).await?;
        if as_json {
            out.json_line(&json!({ "number": number, "status": "discarded" }))?;
        } else if entry.is_of_log() {
            out.line(format!("q-{number:04}  discarded; the record stays in the log, passed over"))?;
        } else {
            out.line(format!("q-{number:04}  discarded"))?;
        }
    }
    out.done()
}
