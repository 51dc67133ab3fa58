//! `onefold show REF`.

use std::process::ExitCode;

use anyhow::Result;
use onefold_service::{CustomerReference, Shown, day_number};

use crate::args::{Globals, RefArgs};
use crate::hub::HubReader;
use crate::out::OutputWriter;
use crate::render;

pub(crate) async fn run(args: RefArgs, globals: Globals) -> Result<ExitCode> {
    let reference: CustomerReference = args.reference.parse()?;
    let reader = HubReader::open(&globals).await?;
    let shown = reader.service.show(&reference, Some(day_number(globals.view_day()))).await?;
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&shown)?;
    } else {
        match &shown {
            Shown::Customer(view) => out.write_line(render::render_customer(view))?,
            Shown::Document(whose) => out.write_line(render::owner_lines(whose))?,
        }
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
