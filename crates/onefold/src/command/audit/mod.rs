//! `onefold audit`.

mod check;
mod evidence;
mod key;
mod seal;
mod verify;

pub(crate) use check::check_events;
pub(crate) use evidence::{EvidenceRequest, gather_pack};

use std::process::ExitCode;

use anyhow::Result;
use onefold_event::{EmptyKeyRing, decode, to_cloudevent};
use onefold_log::LogRecord;
use serde_json::Value;

use crate::args::{AuditCommand, Globals};

pub(crate) async fn run(command: AuditCommand, globals: Globals) -> Result<ExitCode> {
    match command {
        AuditCommand::Evidence(args) => evidence::run(args, globals).await,
        AuditCommand::Check(args) => check::run(args, &globals),
        AuditCommand::Key(args) => key::run(args, &globals),
        AuditCommand::Seal(args) => seal::run(args, globals).await,
        AuditCommand::Verify(args) => verify::run(args, globals).await,
    }
}

/// Findings that are printed; JSON has all.
const SHOWN: usize = 20;

/// What was found, in lines for people; without any, that all is whole.
fn finding_lines(findings: &[String], whole: &str) -> Vec<String> {
    if findings.is_empty() {
        return vec![format!("whole: {whole}")];
    }
    let mut lines = vec![format!("NOT AS SEALED: {} findings", findings.len())];
    lines.extend(findings.iter().take(SHOWN).map(|finding| format!("  {finding}")));
    if findings.len() > SHOWN {
        lines.push(format!("  and {} more: --json has all", findings.len() - SHOWN));
    }
    lines
}

/// The event that a record holds as a CloudEvent; null where it holds none.
fn cloud_event(record: &LogRecord) -> Value {
    decode(&record.value).map_or(Value::Null, |event| to_cloudevent(&event, &EmptyKeyRing))
}
