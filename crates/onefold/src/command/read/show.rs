//! `onefold show REF`.

use std::process::ExitCode;

use anyhow::Result;
use onefold_service::{ReadClocks, Shown, day_number};

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

/// From which day a past is looked at: the one that is named, else that of business time, else today.
fn past_day(clocks: &ReadClocks, globals: &Globals) -> Option<i64> {
    let business_day = clocks.business_day().filter(|_| globals.today.is_none());
    business_day.or_else(|| Some(day_number(globals.view_day())))
}
