//! `onefold show REF`.

use std::process::ExitCode;

use anyhow::Result;
use onefold_service::{CustomerReference, ReadClocks, Shown, day_number};

use crate::args::{Globals, RefArgs};
use crate::hub::Reader;
use crate::out::Out;
use crate::past::clocks_line;
use crate::render;

pub(crate) async fn run(args: RefArgs, globals: Globals) -> Result<ExitCode> {
    let reference: CustomerReference = args.reference.parse()?;
    let reader = Reader::open(&globals).await?;
    let mut out = Out::open();
    let shown = if args.clocks.is_given() {
        let clocks = args.clocks.read_clocks(&globals)?;
        let past = reader.service.past_show(&reference, &clocks, past_day(&clocks, &globals)).await?;
        if globals.json {
            out.json(&past)?;
            out.done()?;
            return Ok(ExitCode::SUCCESS);
        }
        out.line(clocks_line(&past.clocks))?;
        past.answer
    } else {
        reader.service.show(&reference, Some(day_number(globals.day()))).await?
    };
    if globals.json {
        out.json(&shown)?;
    } else {
        match &shown {
            Shown::Customer(view) => out.line(render::customer(view))?,
            Shown::Document(whose) => out.line(render::document(whose))?,
        }
    }
    out.done()?;
    Ok(ExitCode::SUCCESS)
}

/// From which day a past is looked at: the one that is named, else that of business time, else today.
fn past_day(clocks: &ReadClocks, globals: &Globals) -> Option<i64> {
    let business_day = clocks.business_day().filter(|_| globals.today.is_none());
    business_day.or_else(|| Some(day_number(globals.day())))
}
