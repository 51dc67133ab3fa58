//! `onefold events REF`.

use std::process::ExitCode;

use anyhow::Result;
use onefold_service::Reference;

use crate::args::{Globals, RefArgs};
use crate::hub::Reader;
use crate::out::Out;
use crate::render;

pub(crate) async fn run(args: RefArgs, globals: Globals) -> Result<ExitCode> {
    let reference: Reference = args.reference.parse()?;
    let reader = Reader::open(&globals)?;
    let lines = reader.service.events(&reference).await?;
    let mut out = Out::open();
    for line in &lines {
        if globals.json {
            out.json_line(line)?;
        } else {
            out.line(render::event(line))?;
        }
    }
    out.done()?;
    Ok(ExitCode::SUCCESS)
}
