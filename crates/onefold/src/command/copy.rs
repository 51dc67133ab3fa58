//! `onefold copy`: a log moved into another hub.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use onefold_event::{EmptyKeyRing, decode, to_cloudevent};
use onefold_log::{CopyError, EVENTS_TOPIC, Larger, StoredRecord, copy};
use serde::Serialize;

use crate::QUARANTINED;
use crate::args::{CopyArgs, Globals};
use crate::engine::{LogTarget, no_url, open_source};
use crate::out::OutputWriter;
use crate::progress::count_bar;

#[derive(Debug, Serialize)]
struct CopyAnswer {
    records: u64,
    resumed: u64,
    left_out: u64,
    partitions: u32,
    seconds: f64,
}

/// Views are made from the log by whoever runs the target next; what is in quarantine stays where it is.
pub(crate) async fn run(args: CopyArgs, globals: Globals) -> Result<ExitCode> {
    [&args.from, &args.to].into_iter().try_for_each(|place| no_url(place))?;
    let from = open_source(&args.from, &globals.settings)?;
    let LogTarget { log, partitions, .. } = &LogTarget::open(&args.to, &globals.settings)?;
    let named = args.skip_too_large.is_some();
    let (began, bar) = (Instant::now(), count_bar(0, "copying"));
    let told = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let mut kept = args.skip_too_large.map(CopyGaps::open).transpose()?;
    let mut keep = |stored: &StoredRecord| kept.as_mut().map_or(Ok(()), |kept| kept.put_record(stored));
    let larger = if named { Larger::Keep(&mut keep) } else { Larger::Stop };
    let copied = copy(from.as_ref(), log.as_ref(), EVENTS_TOPIC, *partitions, larger, &told).await;
    bar.finish_and_clear();
    let copied = copied.map_err(|error| match error {
        CopyError::TooLarge { .. } => anyhow!("{error}: --skip-too-large FILE writes them there"),
        other => other.into(),
    })?;
    let told = CopyAnswer {
        records: copied.records,
        resumed: copied.resumed,
        left_out: copied.left_out,
        partitions: copied.partitions,
        seconds: began.elapsed().as_secs_f64(),
    };
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&told)?;
    } else {
        let earlier =
            if told.resumed > 0 { format!(", after {} of an earlier run", told.resumed) } else { String::new() };
        let left =
            if told.left_out > 0 { format!(", {} of them left out and noted", told.left_out) } else { String::new() };
        out.write_line(format!(
            "{} events copied into {} partitions in {:.1} s{earlier}{left}",
            told.records, told.partitions, told.seconds
        ))?;
    }
    out.finish()?;
    Ok(if told.left_out > 0 { ExitCode::from(QUARANTINED) } else { ExitCode::SUCCESS })
}

/// Records that the target is too narrow for, one JSON object a line: where it stood, key, time, headers and bytes, and the
/// event in it as a CloudEvent.
struct CopyGaps {
    path: PathBuf,
    file: File,
}

impl CopyGaps {
    /// Opens the file, or makes it; what an earlier run wrote stays.
    fn open(path: PathBuf) -> Result<Self> {
        let file = File::options().create(true).append(true).open(&path);
        let file = file.with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { path, file })
    }

    /// Durable when it returns.
    fn put_record(&mut self, stored: &StoredRecord) -> Result<(), String> {
        let record = &stored.record;
        let headers: Vec<_> =
            record.headers.iter().map(|(name, value)| (name, BASE64_STANDARD.encode(value))).collect();
        let line = serde_json::json!({
            "topic": EVENTS_TOPIC, "partition": stored.partition, "offset": stored.offset,
            "key": String::from_utf8_lossy(&record.key), "time": record.time, "headers": headers,
            "event": decode(&record.value).ok().map(|event| to_cloudevent(&event, &EmptyKeyRing)),
            "value": BASE64_STANDARD.encode(&record.value),
        });
        let written = writeln!(self.file, "{line}").and_then(|()| self.file.sync_data());
        written.map_err(|error| format!("{}: {error}", self.path.display()))
    }
}
