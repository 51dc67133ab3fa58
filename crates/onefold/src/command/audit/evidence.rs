//! `onefold audit evidence REF`.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use onefold_log::Log;
use onefold_seal::{NoteKey, PACK_FORMAT, PackContent, PackStatement, check_pack, read_leaf, write_pack};
use onefold_sealer::gather_evidence;
use onefold_service::{CustomerReference, Service, Shown, day_number};
use serde_json::json;

use super::cloud_event;
use crate::args::{EvidenceArgs, Globals};
use crate::data::write_new;
use crate::engine::open_hub_log;
use crate::hub::HubReader;
use crate::out::{OutputWriter, user_name};
use crate::sealing;

/// Events in memory at once.
const CHUNK: usize = 1_000;

/// What is asked, by whom, as of which day.
pub(crate) struct EvidenceRequest {
    pub(crate) reference: CustomerReference,
    pub(crate) asked_by: String,
    pub(crate) today: i64,
}

pub(crate) async fn run(args: EvidenceArgs, globals: Globals) -> Result<ExitCode> {
    if args.to.exists() {
        bail!("{} is there already: name a file that is not", args.to.display());
    }
    let key = sealing::public_key(args.key.as_deref(), &globals)?;
    let (reader, log) = (HubReader::open(&globals).await?, open_hub_log(&globals)?);
    let reference = reader.service.read_reference(&args.reference).await?;
    let asked_by = args.by.unwrap_or_else(user_name);
    let request = EvidenceRequest { reference, asked_by, today: day_number(globals.view_day()) };
    let began = Instant::now();
    let content = gather_pack(&reader.service, log.as_ref(), &key, request).await?;
    let pack = write_pack(&content)?;
    // Nobody is given what does not stand the check that they will make.
    if let Some(finding) = check_pack(&pack, &key)?.findings.first() {
        bail!("log and seals do not go together ({finding}): `onefold audit verify` says more; nothing was written");
    }
    // For its owner alone: it holds personal data.
    write_new(&args.to, &pack).with_context(|| format!("{} cannot be written", args.to.display()))?;
    let (seconds, statement) = (began.elapsed().as_secs_f64(), &content.statement);
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&json!({ "file": args.to, "bytes": pack.len(), "seconds": seconds, "statement": statement }))?;
    } else {
        let newer = match statement.unsealed {
            0 => String::new(),
            newer => format!("; {newer} more are not sealed yet and not in it"),
        };
        out.write_line(format!(
            "{} records about {} subjects in {}, {} bytes, {seconds:.1} s{newer}",
            statement.records,
            statement.subjects,
            args.to.display(),
            pack.len()
        ))?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// Everything that is sealed behind a customer or a document, and what the hub shows of it.
pub(crate) async fn gather_pack(
    service: &Service,
    log: &dyn Log,
    key: &NoteKey,
    request: EvidenceRequest,
) -> Result<PackContent> {
    let shown = service.show(&request.reference, Some(request.today)).await?;
    let mut subjects = BTreeSet::new();
    for some in service.events(&request.reference).await?.chunks(CHUNK) {
        subjects.extend(service.event_lines(some).await?.into_iter().map(|line| line.subject));
    }
    let mut evidence = gather_evidence(log, key, &subjects).await?;
    for record in &mut evidence.records {
        record.event = read_leaf(&record.leaf).as_ref().map_or(serde_json::Value::Null, cloud_event);
    }
    let customer = match &shown {
        Shown::Customer(view) => Some(view.id.to_string()),
        Shown::Document(_) => None,
    };
    let statement = PackStatement {
        format: PACK_FORMAT,
        reference: request.reference.to_string(),
        asked_by: request.asked_by,
        asked_at: Timestamp::now().to_string(),
        program: format!("onefold {}", env!("CARGO_PKG_VERSION")),
        customer,
        records: evidence.records.len() as u64,
        subjects: evidence.subjects.len() as u64,
        unsealed: evidence.unsealed,
        positions: evidence.positions,
    };
    Ok(PackContent {
        statement,
        records: evidence.records,
        subjects: evidence.subjects,
        checkpoints: evidence.checkpoints,
        view: serde_json::to_value(&shown)?,
        key: key.text(),
    })
}
