//! `onefold status`.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Globals;
use crate::hub::HubReader;
use crate::out::OutputWriter;
use crate::render;

pub(crate) async fn run(globals: Globals) -> Result<ExitCode> {
    let reader = HubReader::open(&globals).await?;
    let status = reader.service.status().await?;
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&status)?;
    } else {
        out.write_line(render::render_status(&status))?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
