//! `onefold audit seal`.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{Globals, SealArgs};
use crate::engine::LogTarget;
use crate::out::OutputWriter;
use crate::sealing;

pub(crate) async fn run(args: SealArgs, globals: Globals) -> Result<ExitCode> {
    // Before the hub is opened for it.
    let signer = sealing::read_signer(&sealing::key_path(&globals)?)?;
    let target = LogTarget::of_hub(&globals)?;
    let mut sealer = sealing::new_sealer(target.log.clone(), signer, &globals, &args.place);
    let summary = sealer.seal_all().await?;
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&summary)?;
    } else {
        out.write_line(match summary.records {
            0 => format!("nothing new to seal; {} partitions are sealed", summary.checkpoints.len()),
            records => format!("{records} records sealed in {} seals", summary.seals),
        })?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
