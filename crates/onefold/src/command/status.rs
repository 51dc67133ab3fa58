//! `onefold status`.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Globals;
use crate::hub::Reader;
use crate::out::Out;
use crate::render;

pub(crate) async fn run(globals: Globals) -> Result<ExitCode> {
    let reader = Reader::open(&globals).await?;
    let status = reader.service.status().await?;
    let mut out = Out::open();
    if globals.json {
        out.json(&status)?;
    } else {
        out.line(render::status(&status))?;
    }
    out.done()?;
    Ok(ExitCode::SUCCESS)
}
