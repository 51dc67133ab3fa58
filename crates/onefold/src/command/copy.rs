//! `onefold copy`: a log moved into another hub.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use onefold_log::copy;
use serde::Serialize;

use crate::args::{CopyArgs, Globals};
use crate::engine::{EVENTS, Target, source};
use crate::out::Out;
use crate::progress::bar;

#[derive(Debug, Serialize)]
struct Told {
    records: u64,
    resumed: u64,
    partitions: u32,
    seconds: f64,
}

/// Views are made from the log by whoever runs the target next; what is in quarantine stays where it is.
pub(crate) async fn run(args: CopyArgs, globals: Globals) -> Result<ExitCode> {
    let from = source(&args.from, &globals.settings)?;
    let Target { log, partitions, .. } = &Target::open(&args.to, &globals.settings)?;
    let (began, bar) = (Instant::now(), bar(0, "copying"));
    let told = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let copied = copy(from.as_ref(), log.as_ref(), EVENTS, *partitions, &told).await;
    bar.finish_and_clear();
    let copied = copied?;
    let told = Told {
        records: copied.records,
        resumed: copied.resumed,
        partitions: copied.partitions,
        seconds: began.elapsed().as_secs_f64(),
    };
    let mut out = Out::open();
    if globals.json {
        out.json(&told)?;
    } else {
        let earlier =
            if told.resumed > 0 { format!(", after {} of an earlier run", told.resumed) } else { String::new() };
        out.line(format!(
            "{} events copied into {} partitions in {:.1} s{earlier}",
            told.records, told.partitions, told.seconds
        ))?;
    }
    out.done()?;
    Ok(ExitCode::SUCCESS)
}
