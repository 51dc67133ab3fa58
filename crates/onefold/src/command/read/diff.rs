//! `onefold diff REF`.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{DiffArgs, Globals};
use crate::hub::HubReader;
use crate::out::OutputWriter;
use crate::past::read_span;
use crate::render;

pub(crate) async fn run(args: DiffArgs, globals: Globals) -> Result<ExitCode> {
    let reader = HubReader::open(&globals).await?;
    let reference = reader.service.read_reference(&args.reference).await?;
    let span = read_span(&reader.service, args.known, args.from.as_deref(), args.to.as_deref())?;
    let difference = reader.service.difference(&reference, &span).await?;
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&difference)?;
    } else {
        out.write_line(render::render_difference(&difference))?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
