//! `onefold find TEXT`.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{FindArgs, Globals};
use crate::hub::HubReader;
use crate::out::OutputWriter;
use crate::render;

pub(crate) async fn run(args: FindArgs, globals: Globals) -> Result<ExitCode> {
    let reader = HubReader::open(&globals).await?;
    let hits = reader.service.find(&args.text.join(" "), args.limit).await?;
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&hits)?;
    } else {
        for hit in &hits {
            out.write_line(render::hit_line(hit))?;
        }
        if hits.is_empty() {
            out.write_line("nobody is found by these words")?;
        }
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
