//! `onefold show REF`.

use std::process::ExitCode;

use anyhow::Result;
use onefold_service::{Shown, day_number};

use super::past_day;
use crate::args::{Globals, RefArgs};
use crate::hub::HubReader;
use crate::out::OutputWriter;
use crate::past::clocks_line;
use crate::render;

pub(crate) async fn run(args: RefArgs, globals: Globals) -> Result<ExitCode> {
    let reader = HubReader::open(&globals).await?;
    let reference = reader.service.read_reference(&args.reference).await?;
    let mut out = OutputWriter::open();
    let shown = if args.clocks.is_given() {
        let clocks = args.clocks.read_clocks(&reader.service)?;
        let past = reader.service.past_show(&reference, &clocks, past_day(&clocks, &globals)).await?;
        if globals.json {
            out.write_json(&past)?;
            out.finish()?;
            return Ok(ExitCode::SUCCESS);
        }
        out.write_line(clocks_line(&past.clocks))?;
        past.answer
    } else {
        reader.service.show(&reference, Some(day_number(globals.view_day()))).await?
    };
    if globals.json {
        out.write_json(&shown)?;
    } else {
        match &shown {
            Shown::Customer(view) => out.write_line(render::render_customer(view))?,
            Shown::Document(document) => out.write_line(render::render_document(document))?,
        }
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
