//! `onefold audit check FILE`.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use onefold_seal::{PackVerdict, check_pack};
use serde_json::{Value, json};

use super::{cloud_event, finding_lines};
use crate::args::{CheckArgs, Globals};
use crate::out::OutputWriter;
use crate::{NOT_AS_SEALED, sealing};

pub(crate) fn run(args: CheckArgs, globals: &Globals) -> Result<ExitCode> {
    let key = sealing::public_key(Some(&args.key), globals)?;
    let pack = std::fs::read(&args.file).with_context(|| format!("{} cannot be read", args.file.display()))?;
    let began = Instant::now();
    let mut verdict = check_pack(&pack, &key).with_context(|| args.file.display().to_string())?;
    check_events(&mut verdict);
    let (took, statement) = (began.elapsed().as_secs_f64() * 1_000.0, &verdict.statement);
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&json!({
            "whole": verdict.findings.is_empty(), "records": verdict.records.len(), "subjects": verdict.complete,
            "findings": verdict.findings, "statement": statement, "milliseconds": took,
        }))?;
    } else {
        out.write_line(format!(
            "{}, asked for by {} on {} (nobody has signed this line)",
            statement.reference, statement.asked_by, statement.asked_at
        ))?;
        out.write_line(format!(
            "{} records are as {} sealed them; of {} subjects these are all that had been sealed ({took:.0} ms)",
            verdict.records.len(),
            key.label(),
            verdict.complete
        ))?;
        if statement.unsealed > 0 {
            out.write_line(format!("{} more were not sealed yet, says the statement", statement.unsealed))?;
        }
        let whole = "every proof holds, and no record of these subjects is left out";
        finding_lines(&verdict.findings, whole).into_iter().try_for_each(|line| out.write_line(line))?;
    }
    out.finish()?;
    Ok(if verdict.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(NOT_AS_SEALED) })
}

/// Holds each line of `events.ndjson`, which people read, to the record that is proven.
pub(crate) fn check_events(verdict: &mut PackVerdict) {
    if verdict.events.len() != verdict.records.len() {
        verdict.findings.push(format!(
            "events.ndjson: it has {} lines, and {} records are proven",
            verdict.events.len(),
            verdict.records.len()
        ));
    }
    for (number, (line, record)) in verdict.events.iter().zip(&verdict.records).enumerate() {
        // As values: the order of members says nothing.
        if serde_json::from_str::<Value>(line).ok() != Some(cloud_event(record)) {
            verdict.findings.push(format!("events.ndjson: line {} is not the event of its record", number + 1));
        }
    }
}
